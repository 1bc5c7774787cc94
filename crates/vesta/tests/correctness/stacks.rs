//! Stacks that are hard to walk: deep ones, assembly, stubs, signal handlers, exceptions.

use crate::profiler::Profiler;
use crate::program::Workshop;
use crate::user::{User, anyone, users};

#[test]
fn a_stack_of_more_than_a_thousand_frames_is_whole() {
    let test = "a_stack_of_more_than_a_thousand_frames_is_whole";
    let workshop = Workshop::new();
    // 1,100 frames of 16 bytes: within what is copied by default.
    let program = workshop.c("deep", &["deep.c"], &["-fomit-frame-pointer"]);
    for user in users(test, &workshop) {
        let profiled = Profiler::new(&workshop, user).cpu(99).run(&program, &["1100"]);
        profiled.expect("deep_whole.json");
        let frames = profiled.samples.rows.iter().map(|row| row.stack.matches(";descend").count());
        profiled.ensure(
            frames.max() == Some(1100),
            "the deepest stack has 1,100 frames of descend",
            "cpu-time",
        );
    }
}

#[test]
fn a_stack_that_is_larger_than_its_copy_is_marked_and_counted() {
    let test = "a_stack_that_is_larger_than_its_copy_is_marked_and_counted";
    let workshop = Workshop::new();
    // 1,200 frames of 100 bytes and more: 120 KiB, of which the kernel copies 64 at most.
    let program = workshop.c("deep", &["deep.c"], &["-DWORDS=12"]);
    for user in users(test, &workshop) {
        let profiled = Profiler::new(&workshop, user).cpu(99).run(&program, &["1200"]);
        profiled.expect("deep_truncated.json");
    }
    if let Some(user) = anyone(test, &workshop) {
        let larger = Profiler::new(&workshop, user).cpu(99).options(&["--stack-sample-size", "65528"]);
        let depth = |profiled: &crate::profiler::Profiled| {
            profiled.samples.rows.iter().map(|row| row.stack.matches(";descend").count()).max()
        };
        let (more, fewer) = (
            larger.run(&program, &["1200"]),
            Profiler::new(&workshop, user).cpu(99).run(&program, &["1200"]),
        );
        more.expect("deep_truncated.json");
        let holds = depth(&more) > depth(&fewer) && depth(&more) > Some(400);
        more.ensure(holds, "a larger copy has more frames", "cpu-time");
    }
}

#[test]
fn assembly_written_by_hand_is_below_its_caller() {
    let test = "assembly_written_by_hand_is_below_its_caller";
    let workshop = Workshop::new();
    if !cfg!(target_arch = "x86_64") {
        return crate::skip::skip(test, "the program is written in x86-64 assembly");
    }
    // Code that tells nothing of its frame is walked by frame pointers, which its caller has.
    let program = workshop.c("assembly", &["assembly.c", "assembly.S"], &["-fno-omit-frame-pointer"]);
    for user in users(test, &workshop) {
        Profiler::new(&workshop, user).cpu(99).run(&program, &[]).expect("assembly.json");
    }
}

#[test]
fn stubs_of_the_procedure_linkage_table_are_below_their_caller() {
    let test = "stubs_of_the_procedure_linkage_table_are_below_their_caller";
    let workshop = Workshop::new();
    workshop.c("libtiny.so", &["plt_library.c"], &["-shared", "-fPIC"]);
    for flags in [
        &["-Wl,-z,lazy", "-fcf-protection=none"][..],
        &["-Wl,-z,lazy", "-fcf-protection=full"],
        &["-fno-plt"],
    ] {
        let mut all = vec!["-L@", "-ltiny", "-Wl,-rpath,@"];
        all.extend(flags);
        let program = workshop.c("plt", &["plt.c"], &all);
        if let Some(user) = anyone(test, &workshop) {
            Profiler::new(&workshop, user).cpu(997).run(&program, &[]).expect("plt.json");
        }
    }
}

#[test]
fn what_runs_in_the_vdso_is_below_its_caller() {
    let test = "what_runs_in_the_vdso_is_below_its_caller";
    let workshop = Workshop::new();
    let program = workshop.c("vdso", &["vdso.c"], &[]);
    for user in users(test, &workshop) {
        Profiler::new(&workshop, user).cpu(997).run(&program, &[]).expect("vdso.json");
    }
}

#[test]
fn time_in_the_kernel_is_below_the_call() {
    let test = "time_in_the_kernel_is_below_the_call";
    let workshop = Workshop::new();
    let program = workshop.c("kernel", &["kernel.c"], &[]);
    for user in users(test, &workshop) {
        let profiled = Profiler::new(&workshop, user).cpu(199).run(&program, &[]);
        match user {
            User::Root => profiled.expect("kernel.json"),
            // Nobody else may look there, and nothing is made up.
            User::Ordinary => {
                let spent = profiled.samples.sum("cpu-time", |_| true);
                profiled.ensure(spent < 400_000_000, "the kernel's time is not seen", "cpu-time");
            }
        }
    }
}

#[test]
fn signal_handlers_are_below_what_they_interrupt() {
    let test = "signal_handlers_are_below_what_they_interrupt";
    let workshop = Workshop::new();
    let program = workshop.c("signals", &["signals.c"], &[]);
    for user in users(test, &workshop) {
        // Not in step with a signal every 10 ms.
        Profiler::new(&workshop, user).cpu(491).run(&program, &[]).expect("signals.json");
    }
}

#[test]
fn stacks_are_whole_while_exceptions_are_thrown_through_them() {
    let test = "stacks_are_whole_while_exceptions_are_thrown_through_them";
    let workshop = Workshop::new();
    let program = workshop.cpp("exceptions", &["exceptions.cc"], &[]);
    // Who throws writes over its own frame to become the one that catches: some 0.7 % of samples are of these instructions,
    // where nothing is true.
    for user in users(test, &workshop) {
        Profiler::new(&workshop, user).cpu(997).run(&program, &[]).expect("exceptions.json");
    }
}

#[test]
fn threads_are_told_apart_by_their_names() {
    let test = "threads_are_told_apart_by_their_names";
    let workshop = Workshop::new();
    let program = workshop.cpp("threads", &["threads.cc"], &[]);
    for user in users(test, &workshop) {
        let profiled = Profiler::new(&workshop, user).cpu(499).run(&program, &[]);
        profiled.expect("threads.json");
        let ids: std::collections::BTreeSet<_> = profiled
            .samples
            .rows
            .iter()
            .filter(|row| row.stack.contains("work"))
            .filter_map(|row| row.labels.get("thread id"))
            .collect();
        profiled.ensure(ids.len() == 2, "two threads work", "cpu-time");
    }
}
