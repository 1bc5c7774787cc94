//! What goes wrong around a profiler: it stays harmless, nothing hangs, and what is lost is counted.

use crate::agent::{Agent, Manners};
use crate::copies::copy_program;
use crate::process::{Running, finished, processes, signal, status_number, text, wait_for};
use crate::profiler::{Profiled, Profiler, percent};
use crate::program::Workshop;
use crate::skip::skip;
use crate::user::{User, anyone, root, users};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

/// For one step of a program that takes part in a test.
const STEP: Duration = Duration::from_secs(30);

/// The processes of the profiler that a test has started, by the binary that they run.
fn profilers(workshop: &Workshop) -> Vec<u32> {
    let vesta = workshop.path("vesta");
    let runs_it = |pid: &u32| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == vesta);
    processes().into_iter().map(|(pid, ..)| pid).filter(runs_it).collect()
}

/// `dialog` under the profiler, once it answers.
fn dialog(workshop: &Workshop, profiler: &Profiler<'_>) -> Running {
    let program = workshop.c("dialog", &["dialog.c"], &[]);
    let mut running = Running::start(&mut profiler.command(&program, &[])).unwrap();
    let ready = running.hear(STEP);
    assert!(ready.starts_with("ready "), "{ready}");
    running
}

/// Asks `dialog` to work.
fn work(running: &mut Running, milliseconds: u32) {
    running.say(&format!("{milliseconds}\n"));
    assert_eq!(running.hear(STEP), "done");
}

/// `dialog` ends with 7 when its input does.
#[track_caller]
fn ends_with_seven(running: Running) -> Output {
    let output = running.finish(STEP).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    output
}

#[test]
fn a_program_that_is_killed_leaves_its_profile() {
    let test = "a_program_that_is_killed_leaves_its_profile";
    let workshop = Workshop::new();
    let program = workshop.c("killed", &["killed.c"], &[]);
    for user in users(test, &workshop) {
        let profiled = Profiler::new(&workshop, user).run_to_any_end(&program, &[]);
        let status = profiled.output.status;
        let killed = status.signal() == Some(9) || status.code() == Some(137);
        profiled.ensure(killed, "the end of the program is that of the command", "cpu-time");
        let share = profiled.percent("cpu-time", ";main;last_words(;|$)");
        profiled.ensure(share > 95.0, "what it did before is there", "cpu-time");
    }
}

#[test]
fn a_signal_to_the_command_reaches_the_program() {
    let test = "a_signal_to_the_command_reaches_the_program";
    let workshop = Workshop::new();
    for user in users(test, &workshop) {
        let profiler = Profiler::new(&workshop, user);
        let mut running = dialog(&workshop, &profiler);
        work(&mut running, 500);
        let input = running.take_input();
        signal("TERM", &running.pid().to_string());
        let output = running.finish(STEP).unwrap();
        drop(input);
        let ended = output.status.signal() == Some(15) || output.status.code() == Some(143);
        assert!(ended, "{:?} {}", output.status, text(&output.stderr));
        let profiled = wait_for(STEP, || profiler.file().exists().then_some(()))
            .map(|()| profiler.profiled(output))
            .unwrap();
        let share = profiled.percent("cpu-time", ";main;asked_for(;|$)");
        profiled.ensure(share > 90.0, "what it did before is there", "cpu-time");
    }
}

#[test]
fn names_are_found_though_the_program_changes_its_root() {
    let test = "names_are_found_though_the_program_changes_its_root";
    let workshop = Workshop::new();
    if let Some(user) = root(test, &workshop) {
        confined(test, &workshop, user, "chroot");
    }
}

/// As programs in containers do: the path of the binary means something only below its own root.
#[test]
fn names_are_found_of_a_program_that_only_its_own_root_has() {
    let test = "names_are_found_of_a_program_that_only_its_own_root_has";
    let workshop = Workshop::new();
    let Some(user) = root(test, &workshop) else { return };
    let confined = workshop.c("confined", &["confined.c"], &[]);
    let folder = workshop.shared("root");
    std::fs::create_dir_all(folder.join("only")).unwrap();
    copy_program(&workshop.c("cpu_split", &["cpu_split.c"], &["-static"]), &folder.join("only/inside"));
    let profiled =
        Profiler::new(&workshop, user).run(&confined, &["chroot and exec", &folder.to_string_lossy()]);
    profiled.expect("inside.json");
}

#[test]
fn names_are_found_though_the_program_leaves_its_namespaces() {
    let test = "names_are_found_though_the_program_leaves_its_namespaces";
    let workshop = Workshop::new();
    if let Some(user) = root(test, &workshop) {
        confined(test, &workshop, user, "namespaces");
    }
    for user in users(test, &workshop) {
        confined(test, &workshop, user, "user");
    }
}

fn confined(test: &str, workshop: &Workshop, user: User, way: &str) {
    let program = workshop.c("confined", &["confined.c"], &[]);
    let folder = workshop.shared("");
    let profiled =
        Profiler::new(workshop, user).cpu(99).run_to_any_end(&program, &[way, &folder.to_string_lossy()]);
    if profiled.output.status.code() == Some(77) {
        return skip(test, &format!("as {user:?}: {}", text(&profiled.output.stderr).trim()));
    }
    profiled.ensure(profiled.output.status.success(), "it ends well", "cpu-time");
    profiled.expect("confined.json");
}

#[test]
fn names_of_a_program_whose_binary_is_deleted_are_right() {
    let test = "names_of_a_program_whose_binary_is_deleted_are_right";
    let workshop = Workshop::new();
    for user in users(test, &workshop) {
        // In the shared folder, so that everybody may delete it.
        let program = workshop.shared("vanishing");
        copy_program(&workshop.c("vanishing", &["vanishing.c"], &[]), &program);
        let profiler = Profiler::new(&workshop, user).cpu(99);
        profiler.run(&program, &[&program.to_string_lossy()]).expect("vanishing.json");
    }
}

#[test]
fn names_of_a_program_whose_binary_is_replaced_are_not_those_of_the_other() {
    let test = "names_of_a_program_whose_binary_is_replaced_are_not_those_of_the_other";
    let workshop = Workshop::new();
    for user in users(test, &workshop) {
        let (program, other) = (workshop.shared("vanishing"), workshop.shared("other"));
        copy_program(&workshop.c("vanishing", &["vanishing.c"], &[]), &program);
        copy_program(&workshop.c("decoy", &["decoy.c"], &[]), &other);
        let arguments = [program.to_string_lossy(), other.to_string_lossy()];
        let profiler = Profiler::new(&workshop, user).cpu(99);
        let profiled = profiler.run(&program, &[&arguments[0], &arguments[1]]);
        profiled.expect("vanishing.json");
        let wrong = profiled.samples.matching("cpu-time", "wrong");
        profiled.ensure(wrong == 0, "no name is that of the other program", "cpu-time");
    }
}

/// Ten thousand processes one after the other: what the profiler knows of those that are gone does not pile up.
#[test]
fn ten_thousand_processes_leave_nothing_behind_in_the_profiler() {
    let test = "ten_thousand_processes_leave_nothing_behind_in_the_profiler";
    let workshop = Workshop::new();
    let Some(user) = anyone(test, &workshop) else { return };
    let spawner = workshop.c("spawner", &["spawner.c"], &[]);
    let nothing = workshop.c("nothing", &["nothing.c"], &[]);
    // Often enough to find processes that live for half a millisecond.
    let profiler = Profiler::new(&workshop, user).events("sCPU freq=2999; sALLOC mode=sl");
    let arguments = ["10000", &nothing.to_string_lossy()];
    let mut running = Running::start(&mut profiler.command(&spawner, &arguments)).unwrap();
    let mut resident = Vec::new();
    let mut descriptors = Vec::new();
    for thousand in 1..=10 {
        assert_eq!(running.hear(Duration::from_secs(120)), (thousand * 1000).to_string());
        let pids = profilers(&workshop);
        assert!(!pids.is_empty(), "there is a process that profiles");
        resident.push(pids.iter().filter_map(|&pid| status_number(pid, "VmRSS")).sum::<u64>());
        let open = |pid: &u32| std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        descriptors.push(pids.iter().map(open).sum::<usize>());
        running.say("\n");
    }
    let output = running.finish(STEP).unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let profiled = profiler.profiled(output);
    eprintln!("resident KiB after each thousand: {resident:?}, descriptors: {descriptors:?}");
    assert!(resident[9] < resident[2] + 16 * 1024, "memory grows: {resident:?} KiB");
    assert!(descriptors[9] <= descriptors[2] + 50, "descriptors grow: {descriptors:?}");
    let named = profiled.percent("cpu-time", "^(spawner|nothing|vesta)(;|$)");
    profiled.ensure(named > 95.0, &format!("{named:.1} % are of a known program"), "cpu-time");
}

/// A profiler that does not come to read: the program goes on, and what did not fit into the rings is counted.
#[test]
fn what_a_stopped_profiler_misses_is_counted_and_the_program_goes_on() {
    let test = "what_a_stopped_profiler_misses_is_counted_and_the_program_goes_on";
    let workshop = Workshop::new();
    for user in users(test, &workshop) {
        let agent = Agent::start(Manners::Accepts);
        let profiler = Profiler::new(&workshop, user).events("sCPU freq=997; sALLOC period=16384");
        let profiler = profiler.options(&["--url", &agent.url]);
        let mut running = dialog(&workshop, &profiler);
        work(&mut running, 200);
        let target = running.pid();
        let pids: Vec<u32> = profilers(&workshop);
        assert!(!pids.is_empty(), "there is a process that profiles");
        pids.iter().for_each(|pid| signal("STOP", &pid.to_string()));
        let start = Instant::now();
        for _ in 0..30 {
            work(&mut running, 100);
        }
        let took = start.elapsed();
        pids.iter().for_each(|pid| signal("CONT", &pid.to_string()));
        work(&mut running, 500);
        let output = ends_with_seven(running);
        assert!(took < Duration::from_secs(25), "the program took {took:?} for 3 s of work ({target})");
        let received = agent.upload(STEP);
        let lost = received.metric("event.lost");
        assert!(lost > 0.0, "losses are counted: {:?}", received.metrics);
        // What was lost is not made up for in secret: 3.7 s were spent, of which the rings do not hold all.
        let profiled = profiler.profiled(output);
        let seen = profiled.samples.matching("cpu-time", ";main;asked_for(;|$)");
        let holds = (500_000_000..4_000_000_000).contains(&seen);
        profiled.ensure(holds, &format!("{lost} were lost, {seen} ns were seen"), "cpu-time");
    }
}

/// What a program does between its "ready" and its "done", by a profiler that looks at it only then.
fn profiled_late(workshop: &Workshop, user: User, program: &Path, arguments: &[&str]) -> Profiled {
    // Few enough samples for the ring to hold them all.
    let profiler =
        Profiler::new(workshop, user).events("sALLOC period=524288 stack_sample_size=2048; sCPU freq=19");
    let mut running = Running::start(&mut profiler.command(program, arguments)).unwrap();
    assert_eq!(running.hear(STEP), "ready");
    let command = running.pid();
    let pids: Vec<u32> = profilers(workshop).into_iter().filter(|&pid| pid != command).collect();
    pids.iter().for_each(|pid| signal("STOP", &pid.to_string()));
    running.say("\n");
    assert_eq!(running.hear(STEP), "done");
    pids.iter().for_each(|pid| signal("CONT", &pid.to_string()));
    running.say("\n");
    profiler.profiled(running.finish(STEP).unwrap())
}

/// Libraries that were at the same place one after the other have what was allocated while they were there.
#[test]
fn a_profiler_that_comes_late_does_not_mix_up_libraries() {
    let test = "a_profiler_that_comes_late_does_not_mix_up_libraries";
    let workshop = Workshop::new();
    let [first, second] = [("first", "400000000"), ("second", "200000000")].map(|(name, bytes)| {
        let (name_flag, bytes_flag) = (format!("-DNAME={name}_plugin"), format!("-DBYTES={bytes}"));
        let flags = ["-shared", "-fPIC", "-DSECONDS=0.0", &name_flag, &bytes_flag];
        workshop.c(&format!("{name}.so"), &["plugin.c"], &flags).to_string_lossy().into_owned()
    });
    let program = workshop.c("plugins", &["plugins.c"], &["-ldl"]);
    for user in users(test, &workshop) {
        let profiled = profiled_late(&workshop, user, &program, &[&first, &second, "ask"]);
        for (name, bytes) in [("first", 400_000_000), ("second", 200_000_000)] {
            let seen = profiled.samples.matching("alloc-space", &format!(";through;{name}_plugin(;|$)"));
            let what = format!("{seen} bytes were allocated by the {name} library");
            profiled.ensure((seen - bytes).abs() < 80_000_000, &what, "alloc-space");
        }
    }
}

/// What a program allocated before it executed another one is read after that, and is still its own.
#[test]
fn a_profiler_that_comes_late_does_not_mix_up_programs() {
    let test = "a_profiler_that_comes_late_does_not_mix_up_programs";
    let workshop = Workshop::new();
    let program = workshop.c("alloc_execs", &["alloc_execs.c"], &[]);
    for user in users(test, &workshop) {
        let profiled = profiled_late(&workshop, user, &program, &["ask"]);
        let before = profiled.samples.matching("alloc-space", "^alloc_execs;_start;.*;main;before(;|$)");
        // The second program finds nobody who would hand it a ring, and does not wait for long: it may go unseen.
        let share = profiled.percent("alloc-space", ";main;(before|after)(;|$)");
        let holds = (before - 500_000_000).abs() < 90_000_000 && share > 99.0;
        profiled.ensure(holds, "what was allocated before is where it was", "alloc-space");
    }
}

#[test]
fn a_program_outlives_a_profiler_that_is_killed() {
    let test = "a_program_outlives_a_profiler_that_is_killed";
    let workshop = Workshop::new();
    for user in users(test, &workshop) {
        let profiler = Profiler::new(&workshop, user).options(&["--preset", "cpu_live_heap"]);
        let mut running = dialog(&workshop, &profiler);
        work(&mut running, 100);
        // The process that runs the command, and waits for it, is not killed: nobody could tell how the program ended.
        let pids: Vec<u32> = profilers(&workshop).into_iter().filter(|&pid| pid != running.pid()).collect();
        if pids.is_empty() {
            return skip(test, "the profiler and the command that waits for the program are one process");
        }
        pids.iter().for_each(|pid| signal("KILL", &pid.to_string()));
        for _ in 0..10 {
            work(&mut running, 50);
        }
        ends_with_seven(running);
    }
}

/// Nobody at the other end, or somebody with bad manners: the program runs as it would, and the command ends as it does.
#[test]
fn an_agent_with_bad_manners_harms_nobody() {
    let test = "an_agent_with_bad_manners_harms_nobody";
    let workshop = Workshop::new();
    let Some(user) = anyone(test, &workshop) else { return };
    let bad = [
        Manners::HangsUp,
        Manners::Silent,
        Manners::Answers(403),
        Manners::Answers(404),
        Manners::Answers(500),
        Manners::Answers(429),
    ];
    let mut ends: Vec<(String, String, Option<Agent>)> = vec![
        ("nobody".to_owned(), "http://127.0.0.1:1".to_owned(), None),
        ("no socket".to_owned(), format!("unix://{}", workshop.shared("none.socket").display()), None),
    ];
    ends.extend(bad.into_iter().map(|manners| {
        let agent = Agent::start(manners);
        (format!("{manners:?}"), agent.url.clone(), Some(agent))
    }));
    let program = workshop.c("dialog", &["dialog.c"], &[]);
    crate::profiler::vesta(&workshop, user);
    std::thread::scope(|scope| {
        for (name, url, agent) in ends {
            let (workshop, program) = (&workshop, &program);
            scope.spawn(move || {
                let profiler = Profiler::new(workshop, user);
                let profiler = profiler.options(&["--url", &url, "--upload-period", "1"]);
                let mut running = Running::start(&mut profiler.command_without_file(program, &[])).unwrap();
                running.hear(STEP);
                let tried = agent.is_none_or(|agent| {
                    work(&mut running, 20);
                    agent.connections.recv_timeout(STEP).is_ok()
                });
                assert!(tried, "{name}: something is sent while the program runs");
                work(&mut running, 20);
                let told = running.hear_aside(STEP);
                assert!(told.contains("profiling goes on"), "{name}: {told}");
                let start = Instant::now();
                let output = ends_with_seven(running);
                let took = start.elapsed();
                assert!(took < Duration::from_secs(20), "{name}: the end took {took:?}");
                let said = text(&output.stderr);
                assert!(said.lines().count() < 10, "{name}: nobody is told over and over:\n{said}");
            });
        }
    });
}

#[test]
fn a_daemon_that_closes_all_descriptors_works_on() {
    let test = "a_daemon_that_closes_all_descriptors_works_on";
    let workshop = Workshop::new();
    let program = workshop.c("daemon", &["daemon.c"], &[]);
    for user in users(test, &workshop) {
        let done = workshop.shared("done");
        let _ = std::fs::remove_file(&done);
        let profiler = Profiler::new(&workshop, user).options(&["--preset", "cpu_live_heap"]);
        let output = finished(&mut profiler.command(&program, &[&done.to_string_lossy()]), STEP).unwrap();
        assert!(output.status.success(), "{}", text(&output.stderr));
        assert!(wait_for(STEP, || done.exists().then_some(())).is_some(), "the daemon comes to its end");
    }
}

#[test]
fn forks_amid_allocating_threads_do_not_hang() {
    let workshop = Workshop::new();
    let program = workshop.c("forks_in_threads", &["forks_in_threads.c"], &[]);
    let profiler = Profiler::new(&workshop, User::Ordinary).events("sALLOC mode=sl period=8192");
    let profiled = profiler.run(&program, &[]);
    let share = profiled.percent("alloc-space", ";(allocating|in_fork)(;|$)");
    profiled.ensure(share > 95.0, "allocations are seen", "alloc-space");
}

/// Programs that end before the profiler could have looked at them.
#[test]
fn a_program_that_does_nothing_ends_at_once() {
    let test = "a_program_that_does_nothing_ends_at_once";
    let workshop = Workshop::new();
    let program = workshop.c("nothing", &["nothing.c"], &[]);
    for user in users(test, &workshop) {
        for _ in 0..3 {
            let profiled = Profiler::new(&workshop, user).run(&program, &[]);
            let share = percent(profiled.samples.sum("cpu-time", |_| true), 1_000_000_000);
            profiled.ensure(share < 10.0, "nothing is made up", "cpu-time");
        }
    }
}
