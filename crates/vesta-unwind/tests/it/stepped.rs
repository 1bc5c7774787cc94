//! Programs stopped at every instruction.

use crate::support::{Run, compile, has, skip};
use std::collections::BTreeMap;
use vesta_unwind::{End, Sections, Unwinder};

/// Steps through a program and compares all of its stacks.
fn all_stacks_are_true(name: &str, compiler: &str, source: &str, flags: &[&str], misses: usize) {
    stacks_are_true(name, compiler, source, flags, |sections| sections.code = None, misses);
}

fn stacks_are_true(
    name: &str,
    compiler: &str,
    source: &str,
    flags: &[&str],
    edit: fn(&mut Sections),
    misses: usize,
) {
    if !has(compiler) {
        return skip(name, &format!("there is no {compiler}"));
    }
    let binary = compile(compiler, name, source, flags);
    // Programs that stop by themselves are followed from there: their start is long, and that of all programs.
    let options: &[&str] = if source == "calls.c" { &["-i", "97"] } else { &["-b", "-i", "97"] };
    let run = Run::with(name, options, &[binary.to_str().unwrap()], edit);
    compare(name, &run, misses);
}

/// Functions of Go that move to another stack. Halfway, who called them is a matter of opinion.
const SWITCHES: [&str; 6] = [
    "gogo",
    "runtime.gogo",
    "runtime.mcall",
    "runtime.systemstack",
    "runtime.morestack",
    "gosave_systemstack_switch",
];

pub(crate) fn compare(name: &str, run: &Run, misses: usize) {
    let mut unwinder = Unwinder::new();
    let mut frames = Vec::new();
    let mut wrong: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let (mut missed, mut excused) = (0, 0);
    for sample in &run.samples {
        let space = &run.spaces[sample.space];
        let end = unwinder.unwind(space, &sample.registers(), &sample.stack(), 4096, &mut frames);
        let prefix = frames.get(..sample.expected.len()).unwrap_or(&frames);
        let right = match sample.finish {
            crate::support::Finish::Unknown => prefix == sample.expected,
            _ => frames == sample.expected,
        };
        if !right || !sample.finish.fits(end) {
            let leaf = run.name(sample.registers().ip());
            if SWITCHES.iter().any(|name| leaf.starts_with(name)) {
                excused += 1;
                continue;
            }
            missed += 1;
            wrong
                .entry(run.name(sample.registers().ip()))
                .or_insert_with(|| {
                    let text = format!(
                        "at {:#x}: {:?} ({end:?}) instead of {:?} ({:?})",
                        sample.registers().ip(),
                        run.names(&frames),
                        run.names(&sample.expected),
                        sample.finish
                    );
                    (0, text)
                })
                .0 += 1;
        }
    }
    eprintln!("{name}: {missed} of {} stacks are wrong, and {excused} on the move", run.samples.len());
    for (function, (count, text)) in wrong.iter().take(12) {
        eprintln!("  {count} in {function}: {text}");
    }
    assert!(excused * 10 <= run.samples.len(), "{excused} of {} stacks of {name}", run.samples.len());
    assert!(missed <= misses, "{missed} of {} stacks of {name} are wrong", run.samples.len());
}

#[test]
fn every_instruction_without_optimization_is_unwound() {
    all_stacks_are_true("unoptimized", "cc", "calls.c", &["-O0", "-lm"], 0);
}

#[test]
fn every_instruction_without_frame_pointers_is_unwound() {
    all_stacks_are_true("optimized", "cc", "calls.c", &["-O2", "-fomit-frame-pointer", "-lm"], 0);
}

#[test]
fn every_instruction_of_a_static_program_is_unwound() {
    all_stacks_are_true("static", "cc", "calls.c", &["-O2", "-static", "-lm"], 0);
}

#[test]
fn every_instruction_with_realigned_stacks_is_unwound() {
    all_stacks_are_true(
        "realigned",
        "cc",
        "calls.c",
        &["-O2", "-mstackrealign", "-mavx", "-no-pie", "-lm"],
        0,
    );
}

#[test]
fn every_instruction_of_clang_and_lld_is_unwound() {
    if !has("ld.lld") {
        return skip("every_instruction_of_clang_and_lld_is_unwound", "there is no ld.lld");
    }
    // lld makes stubs without call frame information. The three are in such a stub, called by a function without too.
    all_stacks_are_true("lld", "clang", "calls.c", &["-O2", "-fuse-ld=lld", "-lm"], 3);
}

#[test]
fn the_frames_below_musl_are_found_at_every_instruction() {
    let name = "the_frames_below_musl_are_found_at_every_instruction";
    // Return addresses that earlier calls have left behind in frames of musl would be taken for those of its callers: how
    // much of them is there depends on how much of the stack the kernel writes over at a signal, which is not the same
    // with every processor.
    frames_below_musl_are_found(name, "musl", &["-c", "-i", "97"], |sections| sections.code = None);
}

#[test]
fn by_the_code_of_musl_left_over_return_addresses_are_told_apart() {
    let name = "by_the_code_of_musl_left_over_return_addresses_are_told_apart";
    for options in [&["-i", "97"][..], &[]] {
        let Some(incomplete) = frames_below_musl_are_found(name, "musl-code", options, |_| {}) else {
            return;
        };
        // Those of functions that never return have no end to be followed to.
        assert!(incomplete < 0.02, "{incomplete}");
    }
}

/// Debian's musl has neither call frame information nor frame pointers, except in assembly. What the compiler of the program
/// made has. Gives the part of stacks of which some frame below the first function is missing.
fn frames_below_musl_are_found(
    test: &str,
    name: &str,
    options: &[&str],
    edit: fn(&mut Sections),
) -> Option<f64> {
    if !has("musl-gcc") {
        skip(test, "there is no musl-gcc");
        return None;
    }
    let binary = compile("musl-gcc", name, "calls.c", &["-O2", "-static"]);
    let run = Run::with(name, options, &[binary.to_str().unwrap()], edit);
    let own = [
        "main",
        "leaf",
        "saves",
        "recursive",
        "dynamic",
        "aligned",
        "large",
        "many",
        "tail",
        "branchy",
        "compare",
        "handler",
    ];
    let own = |frames: &[u64]| -> Vec<u64> {
        let name = |frame: &u64| run.name(*frame).split(['+', '.', '_']).next().unwrap().to_owned();
        frames.iter().copied().filter(|frame| own.contains(&&*name(frame))).collect()
    };
    let (mut unwinder, mut frames, mut wrong, mut incomplete) = (Unwinder::new(), Vec::new(), 0, 0);
    for sample in &run.samples {
        let space = &run.spaces[sample.space];
        let end = unwinder.unwind(space, &sample.registers(), &sample.stack(), 4096, &mut frames);
        let [below_first @ .., _] = &*sample.expected else { continue };
        incomplete += usize::from(!frames.starts_with(below_first) || end != End::Root);
        if own(&frames) != own(&sample.expected) {
            wrong += 1;
            if wrong < 5 {
                eprintln!("{:?} instead of {:?}", run.names(&frames), run.names(&sample.expected));
            }
        }
    }
    let all = run.samples.len();
    eprintln!("{name}: {wrong} of {all} stacks are wrong, {incomplete} incomplete");
    assert!(wrong * 100 <= all, "{wrong} of {all} stacks are wrong");
    Some(incomplete as f64 / all as f64)
}

/// Frame pointers, and no tables for anything that the compiler made.
const FRAME_POINTERS: [&str; 5] =
    ["-O1", "-fno-omit-frame-pointer", "-fno-asynchronous-unwind-tables", "-fno-unwind-tables", "-lm"];

#[test]
fn every_instruction_with_frame_pointers_and_no_tables_is_unwound() {
    // They are in functions that realign the stack: 1, 2 or, where the gap has an old return address in it, 8 by where the
    // kernel lets the stack begin.
    all_stacks_are_true("frame-pointers", "cc", "calls.c", &FRAME_POINTERS, 8);
}

#[test]
fn every_instruction_without_tables_is_unwound_by_its_code() {
    // As the profiler does with such a program. The one is in a prologue that realigns the stack by a number it reads.
    stacks_are_true("frame-pointers-code", "cc", "calls.c", &FRAME_POINTERS, |_| {}, 1);
}

#[test]
fn every_instruction_of_cpp_exceptions_is_unwound() {
    // Those who throw replace their own caller by the one that catches, and for up to three instructions none is right.
    all_stacks_are_true("exceptions", "c++", "exceptions.cpp", &["-O2"], 20);
}

#[test]
fn every_instruction_of_rust_is_unwound() {
    all_stacks_are_true("rust", "rustc", "calls.rs", &["-O", "-C", "panic=unwind", "--edition=2024"], 20);
}
