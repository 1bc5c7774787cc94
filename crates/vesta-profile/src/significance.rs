//! Whether a difference between two sets of samples is more than chance.
//!
//! # What is assumed
//!
//! A profiler takes samples at times that have nothing to do with what the program does, so the number of samples that
//! hit a function in a period is a Poisson variable: its variance is its mean. Nothing else is known of a sample here
//! than that it was taken; values only scale it. So both questions are about counts:
//!
//! - **Share**: of all samples of A some part hit the function, and of all samples of B. If both are the same program,
//!   the samples that hit it are a random choice among the samples of both, and how many of them fall on B's side is
//!   hypergeometric. This is the test of a table of two by two (Fisher's, with the variance of Mantel and Haenszel).
//! - **Rate**: in `t_a` seconds of A and `t_b` seconds of B, two Poisson counts. Given their sum, B's is binomial with the
//!   probability `t_b / (t_a + t_b)` if the rates are the same (Przyborowski and Wilenski, "Homogeneity of results in
//!   testing samples from Poisson series", Biometrika 31, 1940).
//!
//! Both are told as a distance from what is expected in standard deviations, `z`, with half a sample taken off because
//! counts go in whole steps (Yates, "Contingency tables involving small numbers and the χ² test", 1934). Without that,
//! four samples on one side and none on the other would pass for a difference.
//!
//! # What it means
//!
//! `|z| < 2` is noise: as much happens by chance in one of twenty cases when nothing has changed. Among hundreds of
//! functions some will be beyond 2 by chance; beyond 4 hardly any. Nothing is said of fewer than [`FEWEST`] samples.
//!
//! # What it does not see
//!
//! Samples that come in bursts (one slow request hit many times), and hosts that differ among themselves, vary more
//! than Poisson says, so `z` is then too far from 0. Where samples weigh differently (allocations of all sizes), `z`
//! is about how often, not about how much.

/// Fewer samples than this on both sides together are no evidence of anything.
pub const FEWEST: u64 = 5;

/// By how many standard deviations the share of B is above that of A: each side is how many samples hit the function,
/// and how many there are in all. `None` if there is no evidence.
pub fn z_of_share(a: (u64, u64), b: (u64, u64)) -> Option<f64> {
    let (hits, all) = (a.0 + b.0, a.1 + b.1);
    if hits < FEWEST || a.1 == 0 || b.1 == 0 {
        return None;
    }
    let (hits, all, own) = (float(hits), float(all), float(b.1));
    let chance = own / all;
    let variance = hits * chance * (1.0 - chance) * (all - hits).max(0.0) / (all - 1.0);
    Some(distance(float(b.0), hits * chance, variance))
}

/// By how many standard deviations the rate of B is above that of A: each side is how many samples hit the function, and
/// in how many seconds. `None` if there is no evidence.
pub fn z_of_rate(a: (u64, f64), b: (u64, f64)) -> Option<f64> {
    let hits = a.0 + b.0;
    let is_time = |seconds: f64| seconds.is_finite() && seconds > 0.0;
    if hits < FEWEST || !is_time(a.1) || !is_time(b.1) {
        return None;
    }
    let (hits, chance) = (float(hits), b.1 / (a.1 + b.1));
    Some(distance(float(b.0), hits * chance, hits * chance * (1.0 - chance)))
}

fn distance(found: f64, expected: f64, variance: f64) -> f64 {
    if variance <= 0.0 {
        // All samples hit it on both sides: there is nothing else that they could have hit.
        return 0.0;
    }
    let difference = found - expected;
    let beyond = (difference.abs() - 0.5).max(0.0);
    (beyond / variance.sqrt()).copysign(difference)
}

#[expect(clippy::cast_precision_loss, reason = "of counts beyond 2^53 the last digit does not matter")]
fn float(count: u64) -> f64 {
    count as f64
}
