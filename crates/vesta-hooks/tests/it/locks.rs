//! Waits for locks.

use crate::support::{Programs, Seen, watch_well};
use std::process::Command;
use vesta_hooks::{LockKind, Options};

fn options(threshold_ns: u64) -> Options {
    Options {
        allocation_interval_bytes: 0,
        locks: true,
        lock_threshold_ns: threshold_ns,
        stack_bytes: 1024,
        ring_bytes: 32 << 20,
        ..Options::default()
    }
}

/// Waited nanoseconds by kind: as the program measured, and as the samples say. The latter knows one wait of a mutex more
/// or less, when the other thread waits to hold it again.
fn measure(threshold_ns: u64, rounds: &str, hold_us: &str) -> (Seen, Vec<(LockKind, f64, f64)>) {
    let programs = Programs::new();
    let program = programs.c("locks.c");
    let mut command = Command::new(program);
    let (seen, output) = watch_well(&options(threshold_ns), command.args([rounds, hold_us]));
    let kinds = [LockKind::Mutex, LockKind::Read, LockKind::Write];
    let sums = kinds.into_iter().zip(output.split_whitespace()).map(|(kind, text)| {
        let sampled = seen.locks.iter().filter(|wait| wait.kind == kind);
        (kind, text.parse().unwrap(), sampled.map(|wait| wait.wait_ns as f64 * wait.weight).sum())
    });
    let sums = sums.collect();
    (seen, sums)
}

#[test]
fn long_waits_are_all_reported_with_their_length() {
    let (seen, sums) = measure(1_000_000, "10", "20000");
    for (kind, measured, sampled) in sums {
        assert!((sampled / measured - 1.0).abs() < 0.1, "{kind:?}: {sampled} instead of {measured}");
        assert_eq!(seen.locks.iter().filter(|wait| wait.kind == kind && wait.weight == 1.0).count(), 10);
    }
    assert!(seen.locks.iter().all(|wait| wait.ip != 0 && wait.address != 0));
    assert!(seen.allocations.is_empty());
}

#[test]
fn short_waits_are_sampled_without_bias() {
    // Some 1,500 waits of 1 ms with a threshold of 5 ms: a fifth is sampled, 17 standard deviations fit in the margin.
    let (seen, sums) = measure(5_000_000, "500", "1000");
    let (mut measured, mut sampled) = (0.0, 0.0);
    for (_, by_program, by_samples) in sums {
        measured += by_program;
        sampled += by_samples;
    }
    assert!((sampled / measured - 1.0).abs() < 0.3, "{sampled} instead of {measured}");
    let short = seen.locks.iter().filter(|wait| wait.wait_ns < 5_000_000);
    assert!(short.clone().count() < 900, "not all are taken");
    assert!(short.clone().all(|wait| wait.weight > 1.0));
}

#[test]
fn every_kind_of_lock_behaves_as_without() {
    let programs = Programs::new();
    let program = programs.c("locks.c");
    let status = Command::new(&program).status().unwrap();
    assert!(status.success(), "without hooks");
    let (seen, _) = watch_well(&options(1), &mut Command::new(&program));
    // The two that wait for 100 ms in vain.
    assert_eq!(seen.locks.iter().filter(|wait| wait.wait_ns > 50_000_000).count(), 2);
}
