//! Processes that fork, execute, end, load and delete.

use super::program::{
    Running, Seen, assert_share, compile, folder, profile, profile_of, program, run_to_end, session,
};
use crate::copies::copy_program;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::{SamplerOptions, Target};
use vesta_native::{EngineOptions, SessionOptions};

#[test]
fn forks_and_what_they_execute_are_samples_of_their_own_processes() {
    let test = "forks_and_what_they_execute_are_samples_of_their_own_processes";
    let Some(seen) = profile(test, &["tree", "300"], "sCPU freq=999", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-time");
    let functions = ["in_parent", "in_fork", "in_exec"];
    let total: i64 = functions.iter().map(|function| seen.of("cpu-time", function)).sum();
    let mut pids = std::collections::BTreeSet::new();
    for function in functions {
        assert_share(seen.of("cpu-time", function), total, 1.0 / 3.0, &text);
        let rows = seen.rows("cpu-time");
        let of: Vec<_> = rows.iter().filter(|row| row.has(function)).collect();
        let pid = of[0].label("process_id").to_owned();
        assert!(of.iter().all(|row| row.label("process_id") == pid), "{text}");
        assert!(of.iter().all(|row| row.stack.starts_with("program;")), "{text}");
        pids.insert(pid);
    }
    assert_eq!(pids.len(), 3, "{text}");
    // The kernel names a process after what was executed: the link in `/proc`.
    let executed = seen.rows("cpu-time").into_iter().find(|row| row.has("in_exec")).unwrap();
    assert_eq!(executed.label("process_name"), "exe", "{text}");
}

#[test]
fn processes_that_live_for_a_moment_have_whole_stacks() {
    let test = "processes_that_live_for_a_moment_have_whole_stacks";
    let Some(seen) = profile(test, &["briefly", "40"], "sCPU freq=999", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-time");
    let rows = seen.rows("cpu-time");
    let pids: std::collections::BTreeSet<_> = rows.iter().map(|row| row.label("process_id")).collect();
    assert!(pids.len() > 30, "{text}");
    assert!(seen.of("cpu-time", "in_fork") as f64 > 0.8 * seen.total("cpu-time") as f64, "{text}");
}

/// As daemons do: nothing of the command is left when the profiler reads its first record.
#[test]
fn what_a_command_leaves_behind_is_followed_though_it_ends_at_once() {
    let test = "what_a_command_leaves_behind_is_followed_though_it_ends_at_once";
    let mut command = Running::start(program(), &["daemon", "300"], None);
    let target = Target::Command(command.pid());
    let sampler = SamplerOptions::new(target, EventSpec::parse("sCPU freq=499").unwrap());
    let options = SessionOptions { sampler: Some(sampler), hooks: None, engine: EngineOptions::default() };
    let Some(mut session) = session(test, options) else { return };
    command.go_on();
    assert!(command.child.wait().unwrap().success());
    assert!(!run_to_end(&mut session), "all of it has ended");
    let seen = Seen::new(session.finish());
    let text = seen.text("cpu-time");
    assert!(seen.of("cpu-time", "in_fork") as f64 > 0.9 * seen.total("cpu-time") as f64, "{text}");
}

#[test]
fn libraries_loaded_later_have_names() {
    let test = "libraries_loaded_later_have_names";
    let library = folder().join("libplugin.so");
    let source = b"static volatile unsigned long sink;\n\
        __attribute__((noinline)) static void plugin_inner(unsigned long n) { for (unsigned long i = 0; i < n; i++) sink += i; sink++; }\n\
        void plugin_work(int n) { plugin_inner(n * 1000000ul); sink++; }\n";
    compile(source, &library, &["-O1", "-g", "-shared", "-fPIC"]);
    let arguments = ["plugin", "1000", library.to_str().unwrap()];
    let Some(seen) = profile(test, &arguments, "sCPU freq=499", EngineOptions::default()) else { return };
    let text = seen.text("cpu-time");
    let whole: i64 = seen
        .rows("cpu-time")
        .iter()
        .filter(|row| row.has("plugin_inner") && row.has("plugin_work") && row.has("main"))
        .map(|row| row.value)
        .sum();
    assert!(whole as f64 > 0.9 * seen.total("cpu-time") as f64, "{text}");
}

#[test]
fn a_binary_that_is_deleted_while_it_runs_has_names() {
    let test = "a_binary_that_is_deleted_while_it_runs_has_names";
    let copy = folder().join("gone");
    copy_program(program(), &copy);
    let Some(seen) = profile_of(test, &copy, &["delete", "500"], "sCPU freq=499", EngineOptions::default())
    else {
        return;
    };
    assert!(!copy.exists());
    let text = seen.text("cpu-time");
    assert!(seen.of("cpu-time", "in_parent") as f64 > 0.9 * seen.total("cpu-time") as f64, "{text}");
    assert!(seen.rows("cpu-time").iter().any(|row| row.stack.starts_with("gone;_start;")), "{text}");
}

#[test]
fn a_binary_that_was_replaced_before_the_profiler_came_is_not_taken_for_the_new_one() {
    let test = "a_binary_that_was_replaced_before_the_profiler_came_is_not_taken_for_the_new_one";
    let copy = folder().join("replaced");
    copy_program(program(), &copy);
    let mut running = Running::start(&copy, &["forever"], None);
    running.go_on();
    running.wait_for_line("running");
    std::fs::remove_file(&copy).unwrap();
    std::fs::copy("/bin/true", &copy).unwrap();
    let Some(seen) = attach(test, &running, 40) else { return };
    let text = seen.text("cpu-time");
    // Its file is still there through `/proc/PID/exe`.
    assert!(seen.of("cpu-time", "in_parent") as f64 > 0.8 * seen.total("cpu-time") as f64, "{text}");
}

#[test]
fn a_binary_in_another_root_has_names() {
    let test = "a_binary_in_another_root_has_names";
    if std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() != 0) {
        return crate::skip::skip(test, "only root may change the root");
    }
    let root = folder();
    std::fs::create_dir(root.join("inner")).unwrap();
    compile(
        include_bytes!("program.c"),
        &root.join("inner/contained"),
        &["-O1", "-g", "-pthread", "-static"],
    );
    let chroot = std::path::Path::new("/usr/sbin/chroot");
    let arguments = [root.to_str().unwrap(), "/inner/contained", "split", "20"];
    let Some(seen) = profile_of(test, chroot, &arguments, "sCPU freq=499", EngineOptions::default()) else {
        return;
    };
    let text = seen.text("cpu-time");
    let (a, b) = (seen.of("cpu-time", "part_a"), seen.of("cpu-time", "part_b"));
    assert_share(a, a + b, 2.0 / 3.0, &text);
    assert!(seen.rows("cpu-time").iter().any(|row| row.stack.starts_with("contained;_start;")), "{text}");
}

#[test]
fn a_process_that_runs_already_has_whole_stacks_and_its_end_ends_the_session() {
    let test = "a_process_that_runs_already_has_whole_stacks_and_its_end_ends_the_session";
    let mut running = Running::start(program(), &["forever"], None);
    running.go_on();
    running.wait_for_line("running");
    let Some(seen) = attach(test, &running, 40) else { return };
    let text = seen.text("cpu-time");
    let whole = seen.rows("cpu-time").iter().filter(|row| row.stack.starts_with("program;_start;")).count();
    assert!(whole > 0, "{text}");

    let options = SamplerOptions::new(Target::Processes(vec![running.pid()]), vec![EventSpec::cpu(99)]);
    let options = SessionOptions { sampler: Some(options), hooks: None, engine: EngineOptions::default() };
    let Some(mut session) = session(test, options) else { return };
    running.child.kill().unwrap();
    assert!(!run_to_end(&mut session));
}

#[test]
fn processes_beyond_the_limit_are_counted_and_their_samples_kept() {
    let test = "processes_beyond_the_limit_are_counted_and_their_samples_kept";
    let engine = EngineOptions { maximum_pids: Some(1), ..EngineOptions::default() };
    let Some(seen) = profile(test, &["tree", "100"], "sCPU freq=499", engine) else { return };
    let text = seen.text("cpu-samples");
    let beyond = seen.of("cpu-samples", "[processes over limit]");
    assert!(beyond > 0, "{text}");
    let statistics = &seen.windows[0].statistics;
    assert_eq!(statistics.over_limit, beyond.unsigned_abs(), "{text}");
    assert_eq!(statistics.samples, seen.total("cpu-samples").unsigned_abs(), "{text}");
}

#[test]
fn processes_that_have_ended_take_no_place_of_others() {
    let test = "processes_that_have_ended_take_no_place_of_others";
    // The program itself and one child at a time.
    let engine = EngineOptions { maximum_pids: Some(2), ..EngineOptions::default() };
    let Some(seen) = profile(test, &["briefly", "30"], "sCPU freq=999", engine) else { return };
    let text = seen.text("cpu-samples");
    let beyond = seen.of("cpu-samples", "[processes over limit]");
    assert!(beyond * 20 < seen.total("cpu-samples"), "{text}");
}

#[test]
fn the_host_is_split_by_service() {
    let test = "the_host_is_split_by_service";
    let mut named = std::process::Command::new(program());
    named
        .args(["forever"])
        .env("DD_SERVICE", "vesta-test-shop")
        .env("DD_ENV", "test")
        .env("DD_VERSION", "1.2");
    let mut named = Running::of(&mut named);
    named.wait_for_line("running");
    let options = SamplerOptions::new(Target::Host, vec![EventSpec::cpu(199)]);
    let engine = EngineOptions { split_by_service: true, maximum_pids: None, ..EngineOptions::default() };
    let options = SessionOptions { sampler: Some(options), hooks: None, engine };
    let Some(mut session) = session(test, options) else { return };
    let mut windows = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(60);
    while windows.is_empty() && Instant::now() < deadline {
        session.run_for(Instant::now() + Duration::from_millis(500), &AtomicBool::new(false));
        windows = session.rotate();
        windows.retain(|window| {
            window.service.as_ref().is_some_and(|service| service.name == "vesta-test-shop")
        });
    }
    let window = windows.first().expect("the service was sampled");
    let service = window.service.clone().unwrap();
    assert!(!service.inferred);
    assert_eq!((service.environment.as_deref(), service.version.as_deref()), (Some("test"), Some("1.2")));
    assert_eq!(window.pids, [named.pid()]);
    let seen = Seen::new(windows);
    assert!(seen.of("cpu-time", "in_parent") > 0, "{}", seen.text("cpu-time"));
}

/// Attaches until there are so many samples.
fn attach(test: &str, running: &Running, samples: u64) -> Option<Seen> {
    let options = SamplerOptions::new(Target::Processes(vec![running.pid()]), vec![EventSpec::cpu(499)]);
    let options = SessionOptions { sampler: Some(options), hooks: None, engine: EngineOptions::default() };
    let mut session = session(test, options)?;
    let mut windows = Vec::new();
    let mut seen = 0;
    while seen < samples {
        session.run_for(Instant::now() + Duration::from_millis(100), &AtomicBool::new(false));
        let new = session.rotate();
        seen += new.iter().map(|window| window.statistics.samples).sum::<u64>();
        windows.extend(new);
    }
    Some(Seen::new(windows))
}
