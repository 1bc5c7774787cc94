//! The profiler's own memory.

use super::program::{Running, program, session};
use std::ops::RangeInclusive;
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::{SamplerOptions, Target};
use vesta_native::{EngineOptions, SessionOptions};

const ALONE: &str = "VESTA_TEST_ALONE";

/// Resident memory that counts against this process alone.
fn private_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
}

#[test]
fn ten_thousand_processes_that_live_for_a_moment_leave_nothing_behind() {
    let test = "ten_thousand_processes_that_live_for_a_moment_leave_nothing_behind";
    // Other tests take memory of the same process meanwhile.
    if std::env::var_os(ALONE).is_none() {
        let name = format!("session::memory::{test}");
        let mut again = Command::new(std::env::current_exe().unwrap());
        // On a busy machine threads get heaps of their own from the allocator, some megabytes at once.
        let again = again.env(ALONE, "1").env("MALLOC_ARENA_MAX", "1");
        let output = again.args(["--exact", &name, "--nocapture"]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        return print!("{text}");
    }
    let path = program().to_str().unwrap();
    let running = Running::start(program(), &["short", "10000", path], None);
    let events = EventSpec::parse("sCPU freq=1999 stack_sample_size=4096").unwrap();
    let options = SamplerOptions::new(Target::Command(running.pid()), events);
    let options = SessionOptions { sampler: Some(options), hooks: None, engine: EngineOptions::default() };
    let Some(mut session) = session(test, options) else { return };
    running.go_on();
    // Processes so far, and memory.
    let mut readings = vec![(0, 0)];
    loop {
        let status = session.run_for(Instant::now() + Duration::from_millis(500), &AtomicBool::new(false));
        let windows = session.rotate();
        let statistics = &windows[0].statistics;
        // At twenty times the usual rate, on a machine that may be busy.
        assert!(statistics.lost * 100 <= statistics.events, "{statistics:?}");
        assert_eq!(statistics.over_limit, 0, "{statistics:?}");
        readings.push((readings.last().unwrap().0 + windows[0].pids.len(), private_bytes()));
        if !status.targets_alive {
            break;
        }
    }
    running.finish();
    let all = readings.last().unwrap().0;
    let of = |range: RangeInclusive<usize>| {
        readings.iter().filter(move |(count, _)| range.contains(count)).map(|(_, bytes)| *bytes)
    };
    // What is in use for a moment differs from window to window; what is left behind never gets less.
    let most_before = of(0..=all / 2).max().unwrap();
    let least_after = of(all * 3 / 4..=all).min().unwrap();
    eprintln!(
        "{all} processes sampled; at most {most_before} bytes in the first half, at least {least_after} at the end"
    );
    assert!(all > 100, "{readings:?}");
    assert!(least_after < most_before + (1 << 20), "{readings:?}");
}
