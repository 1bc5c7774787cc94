//! The same program, compiled, linked and stripped in all the ways that there are: names and shares stay the same.

use crate::process::text;
use crate::profiler::{Profiled, Profiler, percent};
use crate::program::{Workshop, exists, function_ranges};
use crate::skip::skip;
use crate::user::{User, anyone, users};
use std::path::Path;

const SOURCES: &[&str] = &["cpu_split.c"];

/// Profiles `cpu_split` as each user, at the frequency that people use.
#[track_caller]
fn check(test: &str, workshop: &Workshop, program: &Path, expected: &str) {
    for user in users(test, workshop) {
        Profiler::new(workshop, user).cpu(99).run(program, &[]).expect(expected);
    }
}

/// As `check`, but as one user only: what differs here is the file, which all users read alike.
#[track_caller]
fn check_once(test: &str, workshop: &Workshop, program: &Path, expected: &str) {
    if let Some(user) = anyone(test, workshop) {
        Profiler::new(workshop, user).cpu(99).run(program, &[]).expect(expected);
    }
}

#[test]
fn cpu_time_is_split_two_to_one_with_what_people_get_by_default() {
    let test = "cpu_time_is_split_two_to_one_with_what_people_get_by_default";
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &[]);
    for user in users(test, &workshop) {
        Profiler::new(&workshop, user).run(&program, &[]).expect("cpu_split.json");
    }
}

#[test]
fn cpu_time_of_a_program_that_may_be_loaded_anywhere_is_split_two_to_one() {
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &["-fPIE", "-pie"]);
    check(
        "cpu_time_of_a_program_that_may_be_loaded_anywhere_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_a_program_at_a_fixed_place_is_split_two_to_one() {
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &["-fno-pie", "-no-pie", "-Wl,-Ttext-segment=0x40000000"]);
    check_once(
        "cpu_time_of_a_program_at_a_fixed_place_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_a_static_program_is_split_two_to_one() {
    let workshop = Workshop::new();
    let test = "cpu_time_of_a_static_program_is_split_two_to_one";
    let program = workshop.c("cpu_split", SOURCES, &["-static"]);
    for user in users(test, &workshop) {
        // With what people get by default, although allocations of such programs cannot be seen.
        Profiler::new(&workshop, user).run(&program, &[]).expect("cpu_split.json");
    }
}

#[test]
fn cpu_time_of_a_static_program_that_may_be_loaded_anywhere_is_split_two_to_one() {
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &["-static-pie", "-fPIE"]);
    check_once(
        "cpu_time_of_a_static_program_that_may_be_loaded_anywhere_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_programs_with_musl_is_split_two_to_one() {
    let test = "cpu_time_of_programs_with_musl_is_split_two_to_one";
    if !exists("musl-gcc") {
        return skip(test, "there is no musl-gcc; `apt-get install musl-tools`");
    }
    let workshop = Workshop::new();
    // musl's own code comes without unwind tables: what is above `main` may be missing, and is marked then.
    for flags in [
        &[][..],
        &["-static"],
        &["-static", "-s", "-fno-asynchronous-unwind-tables", "-fno-omit-frame-pointer"],
    ] {
        let program = workshop.compile("musl-gcc", "cpu_split", SOURCES, flags);
        let expected = if flags.contains(&"-s") { "cpu_split_stripped.json" } else { "cpu_split_musl.json" };
        check_once(test, &workshop, &program, expected);
    }
}

/// What is below a function of musl's own, which have no unwind tables, is of its caller, whatever was called before.
#[test]
fn cpu_time_below_functions_of_musl_is_that_of_their_callers() {
    let test = "cpu_time_below_functions_of_musl_is_that_of_their_callers";
    if !exists("musl-gcc") {
        return skip(test, "there is no musl-gcc; `apt-get install musl-tools`");
    }
    let workshop = Workshop::new();
    for flags in [&[][..], &["-static"]] {
        let program = workshop.compile("musl-gcc", "musl_sort", &["musl_sort.c"], flags);
        check_once(test, &workshop, &program, "musl_sort.json");
    }
}

#[test]
fn cpu_time_of_programs_with_frame_pointers_and_no_unwind_tables_is_split_two_to_one() {
    let workshop = Workshop::new();
    let flags = ["-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];
    let program = workshop.c("cpu_split", SOURCES, &flags);
    check_once(
        "cpu_time_of_programs_with_frame_pointers_and_no_unwind_tables_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_programs_without_frame_pointers_is_split_two_to_one() {
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &["-fomit-frame-pointer"]);
    check(
        "cpu_time_of_programs_without_frame_pointers_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_programs_with_unwind_tables_for_debuggers_only_is_split_two_to_one() {
    let workshop = Workshop::new();
    let flags = ["-g", "-fomit-frame-pointer", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables"];
    let program = workshop.c("cpu_split", SOURCES, &flags);
    check_once(
        "cpu_time_of_programs_with_unwind_tables_for_debuggers_only_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_programs_without_an_index_of_their_unwind_tables_is_split_two_to_one() {
    let workshop = Workshop::new();
    let program =
        workshop.c("cpu_split", SOURCES, &["-Wl,--no-eh-frame-hdr", "-static", "-Wl,-z,noseparate-code"]);
    check_once(
        "cpu_time_of_programs_without_an_index_of_their_unwind_tables_is_split_two_to_one",
        &workshop,
        &program,
        "cpu_split.json",
    );
}

#[test]
fn cpu_time_of_programs_by_clang_and_lld_is_split_two_to_one() {
    let test = "cpu_time_of_programs_by_clang_and_lld_is_split_two_to_one";
    let workshop = Workshop::new();
    for (compiler, flags) in [
        ("clang", &["-fuse-ld=lld", "-pie", "-fPIE"][..]),
        ("clang", &["-g", "-gz", "-fuse-ld=lld", "-no-pie", "-Wl,-z,noseparate-code"]),
        ("clang", &["-flto", "-fuse-ld=lld"]),
        ("gcc", &["-fuse-ld=lld", "-fPIE", "-pie", "-Wl,-z,separate-loadable-segments"]),
    ] {
        if !exists(compiler) || !exists("ld.lld") {
            skip(test, &format!("there is no {compiler} or no ld.lld; `apt-get install clang lld`"));
            continue;
        }
        let program = workshop.compile(compiler, "cpu_split", SOURCES, flags);
        check_once(test, &workshop, &program, "cpu_split.json");
    }
}

#[test]
fn functions_of_a_stripped_program_are_shown_by_module_and_offset() {
    let test = "functions_of_a_stripped_program_are_shown_by_module_and_offset";
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &["-fno-pie", "-no-pie"]);
    let ranges = function_ranges(&program, &["a", "b", "main"]);
    // Without position independence the first segment is at a known address, at which the file begins.
    let base = 0x0040_0000;
    workshop.tool("strip", &["--strip-all", "cpu_split"]);
    for user in users(test, &workshop) {
        let profiled = Profiler::new(&workshop, user).cpu(99).run(&program, &[]);
        profiled.expect("cpu_split_stripped.json");
        let share = |function: usize| {
            let range = ranges[function].start - base..ranges[function].end - base;
            through(&profiled, &range)
        };
        let (a, b, main) = (share(0), share(1), share(2));
        let holds = (a - 66.7).abs() < 5.0 && (b - 33.3).abs() < 5.0 && main > 98.0;
        profiled.ensure(holds, &format!("a is {a:.1} %, b is {b:.1} %, main is {main:.1} %"), "cpu-time");
        let build_ids = profiled.samples.profile().frames.as_slice().iter().filter(|frame| {
            let strings = &profiled.samples.profile().strings;
            strings.get(frame.module).ends_with("cpu_split") && strings.get(frame.build_id).len() == 40
        });
        profiled.ensure(build_ids.count() > 0, "unnamed frames keep their build id", "cpu-time");
    }
}

/// The share of samples with a frame without a name in this range of the program.
fn through(profiled: &Profiled, range: &std::ops::Range<u64>) -> f64 {
    let within = |frame: &str| {
        let address =
            frame.strip_prefix("cpu_split+0x").and_then(|address| u64::from_str_radix(address, 16).ok());
        address.is_some_and(|address| range.contains(&address))
    };
    let part = profiled.samples.sum("cpu-time", |row| row.stack.split(';').any(within));
    percent(part, profiled.samples.sum("cpu-time", |_| true))
}

#[test]
fn names_of_a_stripped_program_come_from_a_separate_file() {
    let test = "names_of_a_stripped_program_come_from_a_separate_file";
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &["-g"]);
    workshop.tool("objcopy", &["--only-keep-debug", "cpu_split", "cpu_split.debug"]);
    workshop.tool("strip", &["--strip-all", "cpu_split"]);
    workshop.tool("objcopy", &["--add-gnu-debuglink=cpu_split.debug", "cpu_split"]);
    check_once(test, &workshop, &program, "cpu_split.json");
}

#[test]
fn inlined_functions_have_frames_of_their_own() {
    let test = "inlined_functions_have_frames_of_their_own";
    let workshop = Workshop::new();
    let program = workshop.c("inlines", &["inlines.c"], &["-g"]);
    for user in users(test, &workshop) {
        let profiler = Profiler::new(&workshop, user).cpu(99).options(&["--inlined-functions"]);
        profiler.run(&program, &[]).expect("inlines.json");
    }
}

#[test]
fn a_binary_that_anybody_may_run_but_not_read_is_profiled() {
    let test = "a_binary_that_anybody_may_run_but_not_read_is_profiled";
    let workshop = Workshop::new();
    let program = workshop.c("cpu_split", SOURCES, &[]);
    workshop.tool("chmod", &["0711", "cpu_split"]);
    for user in users(test, &workshop) {
        let profiler = Profiler::new(&workshop, user).cpu(99);
        match user {
            User::Root => profiler.run(&program, &[]).expect("cpu_split.json"),
            // The kernel keeps such a process from being looked into; it runs all the same.
            User::Ordinary => {
                let mut command = profiler.command(&program, &[]);
                let output =
                    crate::process::finished(&mut command, std::time::Duration::from_secs(60)).unwrap();
                assert!(output.status.success(), "{}", text(&output.stderr));
            }
        }
    }
}
