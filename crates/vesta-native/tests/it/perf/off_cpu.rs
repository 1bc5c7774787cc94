//! Blocked time: sums and shares.

use super::program::{Running, Seen, drain_for, sampler};
use std::time::{Duration, Instant};
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::off_cpu::{AheadOf, OffCpu, OffCpuOptions};
use vesta_native::perf::{Record, Sample, SamplerOptions, Target};

/// Which of two functions a thread is blocked in: the first of their addresses on the stack.
fn function_of(sample: &Sample<'_>, functions: [u64; 2]) -> Option<usize> {
    let words = sample.stack.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().unwrap()));
    let within = |word: u64| functions.iter().position(|start| (*start..*start + 96).contains(&word));
    words.take(64).find_map(within)
}

/// Four threads, each with some hundred short waits and a long one, again and again: both sums are within 5 % of what the
/// program measured itself. Some 350 samples are of short waits, which is 5 % of them by chance alone and 2 % of the sum;
/// so there are three attempts, which a bias would not pass. On a machine that is busy, sums may have the time in it that
/// threads were ready.
pub(super) fn check_mixed_waits(test: &str) {
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let Some((sampled, measured)) = sample_mixed_waits(test) else { return };
        let [blocked, ready] = [&measured[..2], &measured[2..]];
        let total: u64 = blocked.iter().sum();
        // Of the whole: a share of 40 % may be sampled as 35 % to 45 %.
        let margin = total / 20;
        let is_close = |sampled: u64, blocked: u64, ready: u64| {
            (blocked.saturating_sub(margin)..=blocked + ready + margin).contains(&sampled)
        };
        let each = (0..2).all(|kind| is_close(sampled[kind], blocked[kind], ready[kind]));
        if each && is_close(sampled.iter().sum(), total, ready.iter().sum()) {
            return;
        }
        attempts.push((sampled, measured));
    }
    panic!("sampled, and measured as blocked and ready: {attempts:?}");
}

fn sample_mixed_waits(test: &str) -> Option<([u64; 2], Vec<u64>)> {
    let mut running = Running::start(&["waits", "300", "60000", "4"]);
    let line = running.line();
    let address = |word: &str| u64::from_str_radix(word.trim_start_matches("0x"), 16).ok();
    let functions: Vec<u64> = line.split(' ').skip(1).filter_map(address).collect();
    let functions: [u64; 2] = functions.try_into().unwrap();
    let options = SamplerOptions::new(Target::Processes(vec![running.pid()]), vec![EventSpec::off_cpu(49)]);
    let mut sampler = sampler(test, &options)?;
    // The main thread waits for its input: that is elsewhere.
    let mut sums = [0; 2];
    let mut count = 0;
    let mut add = |record: Record<'_>| {
        if let Record::Sample(sample) = record {
            count += 1;
            if let Some(function) = function_of(&sample, functions) {
                sums[function] += sample.period;
            }
        }
    };
    let start = std::time::Instant::now();
    while start.elapsed() < Duration::from_secs(8) {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut add);
    }
    running.close_input();
    while sampler.is_alive() {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut add);
    }
    sampler.settle(&mut add);
    let measured = running.numbers();
    println!("{test}: sampled {sums:?} in {count} samples, measured {measured:?}, {:?}", sampler.losses());
    Some((sums, measured))
}

#[test]
fn long_and_short_waits_of_one_thread_have_their_shares() {
    check_mixed_waits("waits");
}

/// A thousand threads and the first slept for a time between these two, within 5 %.
#[track_caller]
fn assert_slept(total_ns: u64, least: Duration, most: Duration) {
    let slept = Duration::from_nanos(total_ns / 1001);
    let holds = slept >= least.mul_f64(0.95) && slept <= most.mul_f64(1.05);
    assert!(holds, "{slept:?}, at least {least:?}, at most {most:?}");
}

#[test]
fn a_thousand_threads_that_sleep_count_for_all_of_the_window() {
    let mut running = Running::start(&["sleepers", "1000", "60"]);
    assert_eq!(running.line(), "ready");
    let options = SamplerOptions::new(Target::Processes(vec![running.pid()]), vec![EventSpec::off_cpu(49)]);
    // The window begins and ends somewhere within opening and settling.
    let before = Instant::now();
    let Some(mut sampler) = sampler("sleepers", &options) else { return };
    let mut seen = Seen::default();
    let begun = Instant::now();
    let mut usage = vesta_native::perf::CpuUsage::start();
    drain_for(&mut sampler, Duration::from_secs(2), &mut seen);
    let ending = Instant::now();
    sampler.settle(&mut |record| seen.add(&record));
    let ended = Instant::now();
    let (cpu, share) = usage.lap();
    println!("1,001 threads: {cpu:?} of CPU time, {:.2} % of a CPU", share * 100.0);
    assert_slept(seen.total(), ending - begun, ended - before);
    // The next window begins where this one ended.
    let mut next = Seen::default();
    let (before, begun) = (ending, ended);
    drain_for(&mut sampler, Duration::from_secs(1), &mut next);
    let ending = Instant::now();
    sampler.settle(&mut |record| next.add(&record));
    assert_slept(next.total(), ending - begun, before.elapsed());
    assert_eq!(next.by_tid.len(), 1001);
}

#[test]
fn a_storm_of_switches_is_not_followed_but_sampled() {
    let mut running = Running::waiting(&["switches", "400000"]);
    let options = SamplerOptions::new(Target::Command(running.pid()), vec![EventSpec::off_cpu(49)]);
    let Some(mut sampler) = sampler("a storm", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    let start = std::time::Instant::now();
    let mut usage = vesta_native::perf::CpuUsage::start();
    super::program::drain_to_end(&mut sampler, &mut seen);
    let window = start.elapsed();
    println!("storm: {window:?}, own {:?}, {} samples, {:?}", usage.lap(), seen.samples, sampler.warnings());
    // Where the machine is too slow for a storm there is none.
    if sampler.warnings().is_empty() {
        return;
    }
    assert!(sampler.warnings()[0].contains("switches between threads"), "{:?}", sampler.warnings());
    // Of two threads one is blocked most of the time, but for some microseconds, which is less than a look takes.
    let share = seen.total() as f64 / 1e9 / window.as_secs_f64();
    assert!(share < 1.7, "{share} {seen:?}");
}

const MILLISECOND: u64 = 1_000_000;

/// What a random mixture of waits sums up to: true durations against those that the machine counts.
fn simulate(seed: u64, sampled_switches: bool, looks_per_tick: usize, threads: u32) -> [(f64, f64); 2] {
    let options =
        OffCpuOptions { sampled_switches, ticks: true, threshold_ns: MILLISECOND, max_threads: 1000 };
    let mut random = 88_172_645_463_325_252_u64 ^ seed;
    let mut next = move || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random >> 11
    };
    // Waits of some 0.4 ms and of some 30 ms, a few of them in place 1.
    let mut events: Vec<(u64, u32, u64, usize)> = Vec::new();
    let mut truth = [0.0; 2];
    for tid in 1..=threads {
        let mut time = next() % (50 * MILLISECOND);
        while time < 60_000 * MILLISECOND {
            let place = usize::from(next() % 80 == 0);
            let duration = if place == 0 { next() % 800_000 } else { next() % (60 * MILLISECOND) };
            events.push((time, tid, duration, place));
            truth[place] += duration as f64;
            time += duration + 50_000 + next() % 100_000;
        }
    }
    let mut timeline: Vec<(u64, u8, u32, usize)> = Vec::new();
    for (start, tid, duration, place) in events {
        timeline.push((start, 0, tid, place));
        timeline.push((start + duration, 1, tid, place));
    }
    let tick = 20 * MILLISECOND;
    timeline.extend((1..3000).map(|index| (index * tick + 777_777, 2, 0, 0)));
    timeline.sort_unstable();
    let mut machine = OffCpu::new(options, 0);
    let mut counted = [0.0; 2];
    let mut places = vec![0; usize::try_from(threads).unwrap() + 1];
    let mut switches = 0;
    let mut looks = Vec::new();
    for (time, kind, tid, place) in timeline {
        match kind {
            0 => {
                places[usize::try_from(tid).unwrap()] = place;
                switches += 1;
                if sampled_switches && switches % 37 == 0 {
                    machine.sampled(1, tid, 37, place);
                }
                machine.switched_out(1, tid, time, false);
            }
            1 => machine
                .switched_in(tid, time, &mut |blocked| counted[*blocked.place] += blocked.weight_ns as f64),
            _ => {
                let tick = machine.tick(time, &AheadOf::default(), looks_per_tick, &mut looks);
                for look in looks.drain(..) {
                    let place = places[usize::try_from(look.tid).unwrap()];
                    machine.looked_at(look.tid, time, time, tick, (!look.place_is_known).then_some(place));
                }
            }
        }
    }
    machine.settle(60_000 * MILLISECOND, &mut |blocked| counted[*blocked.place] += blocked.weight_ns as f64);
    [(truth[0], counted[0]), (truth[1], counted[1])]
}

#[test]
fn sums_are_not_biased_whatever_the_mix_of_short_and_long_waits() {
    // With few looks, which threads are looked at is left to chance: one simulation is off by 2 % (standard deviation).
    const SIMULATIONS: u64 = 8;
    for (switches, looks, threads) in [(true, 100, 8), (false, 100, 8), (true, 3, 20), (false, 3, 20)] {
        let mut sums = [(0.0, 0.0); 2];
        for seed in 0..SIMULATIONS {
            let simulated = simulate(seed << 32, switches, looks, threads);
            for (sum, (truth, counted)) in sums.iter_mut().zip(simulated) {
                *sum = (sum.0 + truth, sum.1 + counted);
            }
        }
        for (place, (truth, counted)) in sums.into_iter().enumerate() {
            let off = counted / truth - 1.0;
            println!(
                "switches {switches}, {looks} looks, {threads} threads, place {place}: {:+.2} %",
                off * 100.0
            );
            assert!(off.abs() < 0.05, "switches {switches}, {looks} looks, place {place}: {truth} {counted}");
        }
    }
}

#[test]
fn a_wait_over_several_windows_counts_once_and_preemption_does_not() {
    let options = OffCpuOptions { sampled_switches: true, ticks: true, threshold_ns: 0, max_threads: 2 };
    let mut machine = OffCpu::new(options, 0);
    let mut sums = Vec::new();
    machine.sampled(1, 7, 5, "read");
    machine.switched_out(1, 7, 100, false);
    machine.sampled(1, 8, 5, "preempted");
    machine.switched_out(1, 8, 100, true);
    machine.switched_out(1, 9, 100, false);
    machine.switched_out(1, 10, 100, false);
    assert_eq!(machine.dropped_threads, 1);
    let mut looks = Vec::new();
    let tick = machine.tick(500, &AheadOf::default(), 10, &mut looks);
    looks.sort_unstable_by_key(|look| look.tid);
    let known: Vec<(u32, bool)> = looks.iter().map(|look| (look.tid, look.place_is_known)).collect();
    assert_eq!(known, [(7, true), (9, false)]);
    machine.looked_at(7, 500, 500, tick, None);
    // It woke up and is blocked elsewhere when the look is over.
    machine.switched_in(9, 501, &mut |blocked| sums.push((blocked.tid, blocked.weight_ns)));
    machine.switched_out(1, 9, 502, false);
    machine.looked_at(9, 500, 503, tick, Some("wrong"));
    machine.settle(1000, &mut |blocked| sums.push((blocked.tid, blocked.weight_ns)));
    machine.settle(1500, &mut |blocked| sums.push((blocked.tid, blocked.weight_ns)));
    machine.switched_in(7, 1700, &mut |blocked| sums.push((blocked.tid, blocked.weight_ns)));
    machine.switched_in(9, 1700, &mut |blocked| sums.push((blocked.tid, blocked.weight_ns)));
    assert_eq!(sums, [(7, 900), (7, 500), (7, 200)]);
    assert!(machine.is_empty());
}
