//! Processes that come and go, and libraries that do.

use crate::checker::Samples;
use crate::process::{Running, signal, text};
use crate::profiler::{Profiler, vesta};
use crate::program::Workshop;
use crate::user::{User, anyone, users};
use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn a_tree_of_processes_is_followed_and_told_apart() {
    let test = "a_tree_of_processes_is_followed_and_told_apart";
    let workshop = Workshop::new();
    let program = workshop.c("tree", &["tree.c"], &[]);
    for user in users(test, &workshop) {
        // Processes that share a CPU take each other's turns to be sampled: more of them make shares exact.
        let profiled = Profiler::new(&workshop, user).cpu(499).run(&program, &[]);
        profiled.expect("tree.json");
        let mut all = BTreeSet::new();
        for work in ["parent_work", "child_work", "grandchild_work"] {
            let ids: BTreeSet<_> = profiled
                .samples
                .rows
                .iter()
                .filter(|row| row.stack.contains(&format!(";{work}")))
                .filter_map(|row| row.labels.get("process_id").cloned())
                .collect();
            profiled.ensure(ids.len() == 1, &format!("{work} is in one process"), "cpu-time");
            all.extend(ids);
        }
        profiled.ensure(all.len() == 3, "three processes work", "cpu-time");
    }
}

#[test]
fn processes_that_live_for_a_moment_are_attributed() {
    const PROCESSES: usize = 200;
    let test = "processes_that_live_for_a_moment_are_attributed";
    let workshop = Workshop::new();
    let program = workshop.c("short_lived", &["short_lived.c"], &[]);
    for user in users(test, &workshop) {
        // Half a period is lost with each process, and again when it changes the CPU.
        let profiler = Profiler::new(&workshop, user).cpu(1999).options(&["--stack-sample-size", "2048"]);
        let profiled = profiler.run(&program, &[&PROCESSES.to_string()]);
        profiled.expect("short_lived.json");
        let ids: BTreeSet<_> = profiled
            .samples
            .rows
            .iter()
            .filter(|row| row.stack.contains(";main;short_work"))
            .filter_map(|row| row.labels.get("process_id"))
            .collect();
        let what = format!("{} of {PROCESSES} processes are seen", ids.len());
        profiled.ensure(ids.len() * 100 >= PROCESSES * 97, &what, "cpu-time");
    }
}

#[test]
fn libraries_loaded_one_after_the_other_keep_their_names() {
    let test = "libraries_loaded_one_after_the_other_keep_their_names";
    let workshop = Workshop::new();
    let flags = |name: &'static str, seconds: &'static str| ["-shared", "-fPIC", name, seconds];
    let first = workshop.c("first.so", &["plugin.c"], &flags("-DNAME=first_plugin", "-DSECONDS=1.0"));
    let second = workshop.c("second.so", &["plugin.c"], &flags("-DNAME=second_plugin", "-DSECONDS=0.5"));
    let program = workshop.c("plugins", &["plugins.c"], &["-ldl"]);
    let libraries = [first.to_string_lossy(), second.to_string_lossy()];
    for user in users(test, &workshop) {
        let profiler = Profiler::new(&workshop, user).cpu(99);
        profiler.run(&program, &[&libraries[0], &libraries[1]]).expect("plugins.json");
    }
}

/// Processes that run already: one that is named, and all there are.
#[test]
fn processes_that_run_already_are_profiled() {
    const PATIENCE: Duration = Duration::from_secs(30);
    let test = "processes_that_run_already_are_profiled";
    let workshop = Workshop::new();
    let program = workshop.c("dialog", &["dialog.c"], &[]);
    let host = |user: &User| *user == User::Root || everybody_may_watch_the_host();
    for user in users(test, &workshop) {
        for how in ["attach", "host"] {
            if how == "host" && !host(&user) {
                continue;
            }
            let mut target = Running::start(user.command(&program).stdin(Stdio::piped())).unwrap();
            let ready = target.hear(PATIENCE);
            let pid = ready.strip_prefix("ready ").unwrap();
            let file = workshop.shared("attached.pb.gz");
            let _ = std::fs::remove_file(&file);
            let mut command = vesta(&workshop, user);
            command.arg(how).arg("-o").arg(&file).args(["--event", "sCPU freq=199"]);
            if how == "attach" {
                command.args(["--pid", pid]);
            }
            let mut profiler = Running::start(&mut command).unwrap();
            while !profiler.hear_aside(PATIENCE).contains("profiling") {}
            target.say("1000\n");
            assert_eq!(target.hear(PATIENCE), "done");
            signal("INT", &profiler.pid().to_string());
            let output = profiler.finish(PATIENCE).unwrap();
            assert!(output.status.success(), "{}", text(&output.stderr));
            assert_eq!(target.finish(PATIENCE).unwrap().status.code(), Some(7));

            let samples = Samples::read(&file).unwrap();
            let asked = samples.matching("cpu-time", "^dialog;_start;.*;main;asked_for(;|$)");
            let off = (asked - 1_000_000_000).abs();
            assert!(off < 80_000_000, "{how} as {user:?}: {}", samples.top("cpu-time"));
            let of_others = samples.sum("cpu-time", |row| !row.stack.starts_with("dialog"));
            assert!((of_others > 0) == (how == "host"), "{how} as {user:?}: {}", samples.top("cpu-time"));
        }
    }
}

/// Whether everybody may watch everything here.
fn everybody_may_watch_the_host() -> bool {
    let paranoid = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid").unwrap_or_default();
    paranoid.trim().parse::<i32>().is_ok_and(|paranoid| paranoid < 0)
}

#[test]
fn a_thousand_threads_are_all_seen() {
    const THREADS: usize = 1000;
    let test = "a_thousand_threads_are_all_seen";
    let workshop = Workshop::new();
    let program = workshop.c("crowd", &["crowd.c"], &[]);
    if let Some(user) = anyone(test, &workshop) {
        // With a thousand threads before it in the queue for two CPUs, the profiler may wait for a second, and what does not
        // fit into its rings until then is lost. Stacks are small here, so that a smaller copy lets rings hold more of them;
        // and who profiles such a machine gives the profiler the priority, if he may.
        let mut profiler = Profiler::new(&workshop, user).cpu(499).options(&["--stack-sample-size", "2048"]);
        if user == User::Root {
            profiler = profiler.options(&["--nice", "-15"]);
        }
        let profiled = profiler.run(&program, &[&THREADS.to_string()]);
        let ids: BTreeSet<_> = profiled
            .samples
            .rows
            .iter()
            .filter(|row| row.stack.contains(";member;own_share"))
            .filter_map(|row| row.labels.get("thread id"))
            .collect();
        // Each works for four periods; what is missing of its samples then is what a machine under load lost.
        let what = format!("{} of {THREADS} threads are seen", ids.len());
        profiled.ensure(ids.len() * 100 >= THREADS * 95, &what, "cpu-time");
    }
}
