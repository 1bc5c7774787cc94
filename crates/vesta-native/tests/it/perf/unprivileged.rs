//! As a user with no rights at all, at whatever `perf_event_paranoid` is (2 by default), and under other conditions: the
//! test runs itself again.

use super::program::{Running, Seen, drain_to_end, open_to_all, sampler};
use crate::copies::copy_program;
use std::process::Command;
use std::time::Duration;
use vesta_native::event_spec::EventSpec;
use vesta_native::perf::{Record, Sampler, SamplerOptions, Target};

const AS_NOBODY: &str = "VESTA_TEST_AS_NOBODY";

/// Runs the named test again without any privilege, and asserts that it passes. Returns true in that run.
pub(super) fn is_nobody(test: &str) -> bool {
    use std::os::unix::fs::MetadataExt;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    // Without being root there is no privilege to drop.
    !is_root
        || is_again(
            test,
            AS_NOBODY,
            &["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--no-new-privs", "--"],
        )
}

/// Runs the named test again by way of a command, and asserts that it passes. Returns true in that run.
fn is_again(test: &str, mark: &str, command: &[&str]) -> bool {
    if std::env::var_os(mark).is_some() {
        return true;
    }
    let folder = tempfile::Builder::new().prefix("vesta-again-").tempdir().unwrap();
    open_to_all(folder.path());
    let copy = folder.path().join("it");
    copy_program(&std::env::current_exe().unwrap(), &copy);
    open_to_all(&copy);
    let output = Command::new(command[0])
        .args(&command[1..])
        .arg(&copy)
        .args(["--exact", &format!("perf::unprivileged::{test}"), "--nocapture"])
        .env(mark, "1")
        .env("TMPDIR", "/tmp")
        .output();
    match output {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && text.contains("1 passed"), "{text}");
            print!("{text}");
        }
        Err(error) => crate::skip::skip(test, &format!("{}: {error}", command[0])),
    }
    false
}

#[test]
fn a_user_samples_the_own_command_without_the_kernel() {
    if !is_nobody("a_user_samples_the_own_command_without_the_kernel") {
        return;
    }
    let mut running = Running::waiting(&["tree", "4", "200"]);
    let mut options = SamplerOptions::new(Target::Command(running.pid()), vec![EventSpec::cpu(999)]);
    // Rings are small for a user, and others may have some of them.
    options.stack_bytes = 1024;
    let Some(mut sampler) = sampler("nobody's command", &options) else { return };
    running.go();
    let mut seen = Seen::default();
    drain_to_end(&mut sampler, &mut seen);
    assert!(seen.with_stack > 0 && seen.with_stack == seen.samples, "{seen:?}");
    if !sampler.includes_kernel() {
        assert_eq!(seen.with_kernel, 0);
        // What happens in the kernel, reading clocks most of all, is not seen.
        assert!(seen.total() > 500_000_000 && seen.total() < 850_000_000, "{seen:?}");
    }
    assert_eq!(seen.lost, 0);
}

#[test]
fn a_user_attaches_to_an_own_process_and_not_to_those_of_others() {
    if !is_nobody("a_user_attaches_to_an_own_process_and_not_to_those_of_others") {
        return;
    }
    let running = Running::start(&["burn", "60000"]);
    let options = SamplerOptions::new(Target::Processes(vec![running.pid()]), vec![EventSpec::cpu(999)]);
    let Some(mut sampler) = sampler("nobody's process", &options) else { return };
    let mut seen = Seen::default();
    while seen.samples < 50 {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut |record| seen.add(&record));
    }
    let options = SamplerOptions::new(Target::Processes(vec![1]), vec![EventSpec::cpu(99)]);
    if std::env::var_os(AS_NOBODY).is_some() {
        let error = Sampler::open(&options).unwrap_err();
        assert!(error.to_string().contains("sCPU"), "{error}");
        assert!(error.advice().contains("perf_event_paranoid is"), "{}", error.advice());
    }
}

#[test]
fn rings_shrink_when_a_user_may_lock_no_more_memory_and_samples_still_come() {
    if !is_nobody("rings_shrink_when_a_user_may_lock_no_more_memory_and_samples_still_come") {
        return;
    }
    let first = Running::start(&["burn", "60000"]);
    let mut options = SamplerOptions::new(Target::Processes(vec![first.pid()]), vec![EventSpec::cpu(999)]);
    options.ring_bytes = Some(64 << 20);
    let Some(mut sampler) = sampler("small rings", &options) else { return };
    assert!(sampler.ring_bytes() < 64 << 20, "{}", sampler.ring_bytes());
    assert!(
        sampler.warnings().iter().any(|warning| warning.contains("locks no more")),
        "{:?}",
        sampler.warnings()
    );
    let mut seen = Seen::default();
    while seen.samples < 20 {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut |record| seen.add(&record));
    }
}

#[test]
fn a_user_sees_where_own_threads_are_blocked() {
    if !is_nobody("a_user_sees_where_own_threads_are_blocked") {
        return;
    }
    super::off_cpu::check_mixed_waits("nobody's waits");
}

#[test]
fn more_threads_than_files_are_sampled_by_way_of_the_host_or_refused_with_advice() {
    let test = "more_threads_than_files_are_sampled_by_way_of_the_host_or_refused_with_advice";
    if !is_again(test, "VESTA_TEST_FEW_FILES", &["prlimit", "--nofile=400:400"]) {
        return;
    }
    let mut running = Running::start(&["sleepers", "1000", "60"]);
    assert_eq!(running.line(), "ready");
    let busy = Running::start(&["burn", "60000"]);
    let target = Target::Processes(vec![running.pid(), busy.pid()]);
    let options = SamplerOptions::new(target, vec![EventSpec::cpu(999)]);
    match Sampler::open(&options) {
        Ok(mut sampler) => {
            assert!(sampler.warnings()[0].contains("thrown away"), "{:?}", sampler.warnings());
            assert!(sampler.open_events() < 400);
            let mut seen = Seen::default();
            while seen.samples < 50 {
                sampler.wait(Duration::from_millis(100)).unwrap();
                sampler.drain(&mut |record| seen.add(&record));
            }
            assert!(seen.by_pid.keys().all(|pid| [running.pid(), busy.pid()].contains(pid)), "{seen:?}");
        }
        // The host is not permitted.
        Err(error) => {
            assert!(error.to_string().contains("open files are needed for 1002 threads"), "{error}");
            assert!(error.advice().contains("ulimit -n"), "{}", error.advice());
        }
    }
}

#[test]
fn tracepoints_are_sampled_with_their_data_where_they_can_be_looked_up() {
    let test = "tracepoints_are_sampled_with_their_data_where_they_can_be_looked_up";
    // In a mount namespace of its own, so that nothing is left behind.
    let mount = "mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null; exec \"$0\" \"$@\"";
    if !is_again(test, "VESTA_TEST_TRACEPOINTS", &["unshare", "-m", "sh", "-c", mount]) {
        return;
    }
    let mut running = Running::waiting(&["tree", "3", "1"]);
    let events = EventSpec::parse("sched:sched_process_fork; event=sys_enter_wait4 group=syscalls").unwrap();
    let mut sampler = match Sampler::open(&SamplerOptions::new(Target::Command(running.pid()), events)) {
        Ok(sampler) => sampler,
        Err(error) => return crate::skip::skip(test, &format!("{error}. {}", error.advice())),
    };
    running.go();
    let mut counts = [0; 2];
    let mut count = |record: Record<'_>| {
        if let Record::Sample(sample) = record {
            assert!(sample.raw.len() > 8 && sample.registers.is_some(), "{sample:?}");
            counts[sample.event] += 1;
        }
    };
    while sampler.is_alive() {
        sampler.wait(Duration::from_millis(100)).unwrap();
        sampler.drain(&mut count);
    }
    sampler.settle(&mut count);
    // Three processes and a thread in each of two; the last wait finds no child.
    assert_eq!(counts[0], 5);
    assert!((1..=4).contains(&counts[1]), "{counts:?}");
}
