//! Whether differences are real, on made-up samples of which we know it.

use vesta_profile::significance::{FEWEST, Measured, z_of_rate, z_of_share};

/// Numbers that look random and are the same every time (SplitMix64).
struct Draws(u64);

impl Draws {
    /// From 0 up to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        (bits >> 11) as f64 / (1u64 << 53) as f64
    }

    /// How many of `samples` hit each function, for these shares.
    fn hits(&mut self, samples: u64, shares: &[f64]) -> Vec<u64> {
        let mut hits = vec![0; shares.len()];
        for _ in 0..samples {
            let mut at = self.next();
            let found = shares.iter().position(|share| {
                at -= share;
                at < 0.0
            });
            hits[found.unwrap_or(shares.len() - 1)] += 1;
        }
        hits
    }

    /// How many samples are taken while `mean` are expected.
    fn poisson(&mut self, mean: f64) -> u64 {
        let (mut count, mut time) = (0, 0.0);
        loop {
            time -= (1.0 - self.next()).ln();
            if time > mean {
                return count;
            }
            count += 1;
        }
    }
}

/// So many samples, each of which stands for 10 ms.
fn taken(samples: u64) -> Measured {
    Measured { value: value_of(samples), samples }
}

fn value_of(samples: u64) -> i64 {
    i64::try_from(samples).unwrap() * 10_000_000
}

fn share((hits_a, all_a): (u64, u64), (hits_b, all_b): (u64, u64)) -> Option<f64> {
    z_of_share(taken(hits_a), taken(hits_b), (value_of(all_a), value_of(all_b)))
}

fn rate((hits_a, seconds_a): (u64, f64), (hits_b, seconds_b): (u64, f64)) -> Option<f64> {
    z_of_rate(taken(hits_a), taken(hits_b), (seconds_a, seconds_b))
}

/// Functions like those of a real program: few large ones and many small ones.
fn shares() -> Vec<f64> {
    let weights: Vec<f64> = (1..=60).map(|rank| 1.0 / f64::from(rank)).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[test]
fn the_same_program_differs_from_itself_in_less_than_one_case_of_twenty() {
    let (mut draws, shares) = (Draws(7), shares());
    for (a, b) in [(200, 200), (2000, 2000), (5000, 300), (300, 5000), (9000, 6000), (20_000, 100)] {
        let (mut cases, mut far) = (0u32, 0u32);
        for _ in 0..200 {
            let (hits_a, hits_b) = (draws.hits(a, &shares), draws.hits(b, &shares));
            for (hit_a, hit_b) in hits_a.into_iter().zip(hits_b) {
                let Some(z) = share((hit_a, a), (hit_b, b)) else { continue };
                cases += 1;
                far += u32::from(z.abs() >= 2.0);
            }
        }
        assert!(cases > 1000, "{a} {b}: {cases}");
        assert!(f64::from(far) / f64::from(cases) < 0.05, "{a} and {b} samples: {far} of {cases}");
    }
}

#[test]
fn the_same_load_differs_from_itself_in_less_than_one_case_of_twenty() {
    let mut draws = Draws(11);
    for (seconds_a, seconds_b) in [(60.0, 60.0), (3600.0, 60.0), (60.0, 900.0), (600.0, 500.0)] {
        for mean in [0.02, 0.1, 0.5, 3.0] {
            let (mut cases, mut far) = (0u32, 0u32);
            for _ in 0..2000 {
                let (a, b) = (draws.poisson(mean * seconds_a), draws.poisson(mean * seconds_b));
                let Some(z) = rate((a, seconds_a), (b, seconds_b)) else { continue };
                cases += 1;
                far += u32::from(z.abs() >= 2.0);
            }
            let rate_of_false = f64::from(far) / f64::from(cases.max(1));
            assert!(rate_of_false < 0.05, "{mean}/s for {seconds_a} and {seconds_b} s: {far} of {cases}");
        }
    }
}

#[test]
fn a_real_change_is_found() {
    let mut draws = Draws(13);
    let (before, after) = ([0.10, 0.30, 0.60], [0.13, 0.30, 0.57]);
    let (mut found, mut noise) = (0, 0);
    for _ in 0..200 {
        let (a, b) = (draws.hits(4000, &before), draws.hits(4000, &after));
        found += u32::from(share((a[0], 4000), (b[0], 4000)).unwrap() >= 2.0);
        noise += u32::from(share((a[1], 4000), (b[1], 4000)).unwrap().abs() >= 2.0);
    }
    assert!(found > 190, "a share that grew from 10 % to 13 % was found in {found} of 200 cases");
    assert!(noise < 20, "{noise}");
    let mut found = 0;
    for _ in 0..200 {
        let (a, b) = (draws.poisson(2.0 * 600.0), draws.poisson(1.7 * 600.0));
        found += u32::from(rate((a, 600.0), (b, 600.0)).unwrap() <= -2.0);
    }
    assert!(found > 180, "a rate that fell by 15 % was found in {found} of 200 cases");
}

#[test]
fn little_is_no_evidence() {
    assert_eq!(share((0, 1000), (FEWEST - 1, 1000)), None);
    assert_eq!(share((0, 0), (50, 1000)), None);
    assert_eq!(rate((10, 0.0), (50, 60.0)), None);
    assert_eq!(rate((0, 60.0), (0, 60.0)), None);
    // All samples are of the function on both sides.
    assert_eq!(share((500, 500), (700, 700)), Some(0.0));
    // What is new and has many samples is real, and has the sign of B.
    assert!(share((0, 1000), (50, 1000)).unwrap() > 4.0);
    assert!(share((50, 1000), (0, 1000)).unwrap() < -4.0);
}

#[test]
fn a_profiler_that_samples_less_often_is_no_change() {
    // The same 60 s of CPU time, told by 13,000 samples and by 12,000 heavier ones.
    let a = Measured { value: 60_000_000_000, samples: 13_000 };
    let b = Measured { value: 60_000_000_000, samples: 12_000 };
    assert_eq!(z_of_rate(a, b, (240.0, 240.0)), Some(0.0));
    assert_eq!(z_of_share(a, b, (70_000_000_000, 70_000_000_000)), Some(0.0));
    // A tenth more is a change, whatever the samples say.
    let more = Measured { value: 66_000_000_000, samples: 12_000 };
    assert!(z_of_rate(a, more, (240.0, 240.0)).unwrap() > 4.0);
    assert!(z_of_rate(more, a, (240.0, 240.0)).unwrap() < -4.0);
}
