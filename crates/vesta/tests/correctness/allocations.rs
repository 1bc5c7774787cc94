//! Allocations and the live heap: shares by place, for every way to allocate, with weights that are true on average.

use crate::agent::{Agent, Manners};
use crate::process::Running;
use crate::profiler::{Profiled, Profiler};
use crate::program::{Workshop, exists};
use crate::skip::skip;
use crate::user::{User, is_root};
use std::path::Path;
use std::time::Duration;

/// Hooks need no privileges, and work where nothing may be sampled by the kernel.
fn everybody() -> Vec<User> {
    if is_root() { vec![User::Root, User::Ordinary] } else { vec![User::Ordinary] }
}

fn somebody() -> User {
    User::Ordinary
}

fn profile(workshop: &Workshop, user: User, program: &Path, arguments: &[&str]) -> Profiled {
    Profiler::new(workshop, user).events("sALLOC").run(program, arguments)
}

#[test]
fn allocations_of_two_places_have_their_shares_of_bytes_and_of_calls() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_sites", &["alloc_sites.c"], &[]);
    for user in everybody() {
        profile(&workshop, user, &program, &[]).expect("alloc_sites.json");
    }
}

#[test]
fn allocations_of_four_threads_have_their_shares() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_sites", &["alloc_sites.c"], &[]);
    profile(&workshop, somebody(), &program, &["4"]).expect("alloc_sites.json");
}

#[test]
fn allocations_beside_cpu_time_have_their_shares() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_sites", &["alloc_sites.c"], &[]);
    for user in everybody() {
        Profiler::new(&workshop, user).run(&program, &[]).expect("alloc_sites.json");
    }
}

#[test]
fn every_function_of_the_malloc_family_is_seen() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_kinds", &["alloc_kinds.c"], &[]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_kinds.json");
}

#[test]
fn allocations_with_operator_new_have_their_shares() {
    let workshop = Workshop::new();
    let program = workshop.cpp("alloc_new", &["alloc_new.cc"], &[]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_new.json");
}

#[test]
fn allocations_of_rust_have_their_shares() {
    let workshop = Workshop::new();
    let program = workshop.rust("alloc_vec", "alloc_vec.rs", &[]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_vec.json");
}

#[test]
fn allocations_with_musl_have_their_shares() {
    let test = "allocations_with_musl_have_their_shares";
    if !exists("musl-gcc") {
        return skip(test, "there is no musl-gcc; `apt-get install musl-tools`");
    }
    let workshop = Workshop::new();
    let program = workshop.compile("musl-gcc", "alloc_sites", &["alloc_sites.c"], &[]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_sites_musl.json");
}

#[test]
fn allocations_with_the_functions_of_jemalloc_have_their_shares() {
    let test = "allocations_with_the_functions_of_jemalloc_have_their_shares";
    if !Path::new("/usr/include/jemalloc/jemalloc.h").exists() {
        return skip(test, "there is no jemalloc; `apt-get install libjemalloc-dev`");
    }
    let workshop = Workshop::new();
    let program = workshop.c("alloc_jemalloc", &["alloc_jemalloc.c"], &["-ljemalloc"]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_jemalloc.json");
}

#[test]
fn memory_mapped_by_a_program_itself_is_seen() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_maps", &["alloc_maps.c"], &[]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_maps.json");
}

#[test]
fn allocations_of_forks_are_those_of_a_process_of_their_own() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_fork", &["alloc_fork.c"], &[]);
    let profiled = profile(&workshop, somebody(), &program, &[]);
    profiled.expect("alloc_fork.json");
    let process = |name: &str| {
        let row = profiled.samples.rows.iter().find(|row| row.stack.contains(name))?;
        row.labels.get("process_id").cloned()
    };
    let (parent, child) = (process("in_parent"), process("in_child"));
    profiled.ensure(parent.is_some() && parent != child, "two processes allocate", "alloc-space");
}

#[test]
fn allocations_go_on_being_seen_after_exec() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_execs", &["alloc_execs.c"], &[]);
    profile(&workshop, somebody(), &program, &[]).expect("alloc_execs.json");
}

#[test]
fn allocations_of_libraries_that_are_loaded_later_are_seen() {
    let workshop = Workshop::new();
    let flags = |name: &'static str, bytes: &'static str| ["-shared", "-fPIC", "-DSECONDS=0.0", name, bytes];
    let first = workshop.c("first.so", &["plugin.c"], &flags("-DNAME=first_plugin", "-DBYTES=1000000000"));
    let second = workshop.c("second.so", &["plugin.c"], &flags("-DNAME=second_plugin", "-DBYTES=500000000"));
    let program = workshop.c("plugins", &["plugins.c"], &["-ldl"]);
    let libraries = [first.to_string_lossy(), second.to_string_lossy()];
    profile(&workshop, somebody(), &program, &[&libraries[0], &libraries[1]]).expect("alloc_plugins.json");
}

#[test]
fn a_leak_is_all_that_the_live_heap_shows() {
    let workshop = Workshop::new();
    let program = workshop.c("leak", &["leak.c"], &[]);
    for user in everybody() {
        Profiler::new(&workshop, user).events("sALLOC mode=sl").run(&program, &["8"]).expect("leak.json");
    }
}

#[test]
fn what_is_allocated_and_freed_by_other_threads_is_not_alive() {
    let workshop = Workshop::new();
    let program = workshop.c("alloc_sites", &["alloc_sites.c"], &[]);
    let profiled = Profiler::new(&workshop, somebody()).events("sALLOC mode=sl").run(&program, &["4"]);
    let alive = profiled.samples.matching("inuse-space", ";(small|large)(;|$)");
    // Everything is freed; an object may be alive in each thread when a period ends.
    profiled.ensure(alive <= 4 << 20, &format!("{alive} bytes seem to be alive"), "inuse-space");
}

/// From period to period, the live heap of the place that leaks grows by what it leaks, and that of the other does not.
#[test]
fn the_live_heap_of_a_place_that_leaks_grows_from_upload_to_upload() {
    const LEAKED: i64 = 80_000_000;
    const PATIENCE: Duration = Duration::from_secs(20);
    let workshop = Workshop::new();
    let program = workshop.c("leak", &["leak.c"], &[]);
    let agent = Agent::start(Manners::Accepts);
    let profiler = Profiler::new(&workshop, somebody()).events("sALLOC mode=sl period=131072");
    let profiler = profiler.options(&["--url", &agent.url, "--upload-period", "1"]);
    let mut running = Running::start(&mut profiler.command_without_file(&program, &["4", "wait"])).unwrap();
    for round in 1..=3 {
        assert_eq!(running.hear(PATIENCE), "round");
        agent.forget();
        // The upload on its way may be of a time before; the one after it began when this round was over.
        agent.upload(PATIENCE);
        let received = loop {
            let received = agent.upload(PATIENCE);
            if received.samples.matching("inuse-space", ";leaking(;|$)") > 0 || round > 1 {
                break received;
            }
        };
        let leaking = received.samples.matching("inuse-space", ";leaking(;|$)");
        let churning = received.samples.matching("inuse-space", ";churning(;|$)");
        let off = (leaking - round * LEAKED).abs();
        assert!(off * 100 < round * LEAKED * 20, "round {round}: {}", received.samples.top("inuse-space"));
        assert!(churning < 2_000_000, "round {round}: {}", received.samples.top("inuse-space"));
        running.say("\n");
    }
    let output = running.finish(PATIENCE).unwrap();
    assert!(output.status.success());
}
