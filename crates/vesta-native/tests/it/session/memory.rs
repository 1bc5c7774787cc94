//! The profiler's own memory.

use super::program::{Running, program, session};
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
        let output = again.args(["--exact", &name, "--nocapture"]).env(ALONE, "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        return print!("{text}");
    }
    let path = program().to_str().unwrap();
    let running = Running::start(program(), &["short", "10000", path], None);
    let options = SamplerOptions::new(Target::Command(running.pid()), vec![EventSpec::cpu(1999)]);
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
    let half = readings.last().unwrap().0 / 2;
    let most = |is_wanted: &dyn Fn(usize) -> bool| {
        readings.iter().filter(|(count, _)| is_wanted(*count)).map(|(_, bytes)| *bytes).max().unwrap()
    };
    let (before, after) = (most(&|count| count <= half), most(&|count| count > half));
    eprintln!("{} processes sampled; {before} bytes in the first half, {after} in the second", half * 2);
    assert!(half > 50, "{readings:?}");
    assert!(after < before + (4 << 20), "{readings:?}");
}
