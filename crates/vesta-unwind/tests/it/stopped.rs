//! Programs that stop where it is known who called whom.

use crate::support::{Run, Sample, compile, folder, has, program, skip};
use std::process::Command;
use vesta_unwind::{End, Registers, Stack, Unwinder, Why};

/// The functions of a stack, leaf first.
fn functions(run: &Run, sample: &Sample, max: usize) -> (Vec<String>, End) {
    let mut frames = Vec::new();
    let space = &run.spaces[sample.space];
    let end = Unwinder::new().unwind(space, &sample.registers(), &sample.stack(), max, &mut frames);
    (plain(run, &frames), end)
}

fn plain(run: &Run, frames: &[u64]) -> Vec<String> {
    let name = |name: String| name.split_once('+').map_or(name.clone(), |(name, _)| name.to_owned());
    run.names(frames).into_iter().map(name).collect()
}

#[test]
fn deep_recursion_threads_other_stacks_null_calls_and_generated_code_are_unwound() {
    let binary = compile("cc", "stops", "stops.c", &["-O2", "-fno-optimize-sibling-calls", "-lpthread"]);
    let run = Run::new("stops", &["-s"], &[binary.to_str().unwrap()]);
    let samples: &[Sample; 6] =
        run.samples.as_slice().try_into().unwrap_or_else(|_| panic!("{} stops", run.samples.len()));
    let [deep, thread, alternate, null, generated, without] = samples;

    let (names, end) = functions(&run, deep, 4096);
    assert_eq!(end, End::Root);
    assert!(names[..2001].iter().all(|name| name == "descend"));
    assert_eq!(names[2001], "main");
    assert_eq!(names.last().unwrap(), "_start");
    assert!(deep.stack.len() > 64 << 10);
    assert_eq!(functions(&run, deep, 100).1, End::Limit);

    // What a sampler copies of it.
    let mut frames = Vec::new();
    let stack = Stack { bytes: &deep.stack[..32_000], ..deep.stack() };
    let space = &run.spaces[deep.space];
    let end = Unwinder::new().unwind(space, &deep.registers(), &stack, 4096, &mut frames);
    assert_eq!(end, End::Truncated);
    assert!(frames.len() > 200, "{}", frames.len());
    assert!(plain(&run, &frames).iter().all(|name| name == "descend"));

    let (names, end) = functions(&run, thread, 64);
    assert_eq!((names[0].as_str(), end), ("thread", End::Root), "{names:?}");
    assert_eq!(names.len(), 3, "{names:?}: start_thread, clone3");

    let (names, end) = functions(&run, alternate, 64);
    assert_eq!((names[0].as_str(), end), ("handler", End::Incomplete(Why::StackSwitch)), "{names:?}");
    assert_eq!(names.len(), 3, "{names:?}: the restorer, and what was interrupted");

    let (names, end) = functions(&run, null, 64);
    assert_eq!((names[0].as_str(), end), ("trapped", End::Root), "{names:?}");
    assert_eq!(&names[2..5], ["0x0", "call_null", "main"]);

    for (sample, generated) in [(generated, true), (without, false)] {
        let (names, end) = functions(&run, sample, 64);
        assert_eq!((names[0].as_str(), end), ("called_back", End::Root), "{names:?}");
        assert!(names[1].starts_with("0x"), "{names:?}");
        assert_eq!(&names[2..4], ["call_generated", "main"], "with a frame pointer: {generated}");
    }
}

#[test]
fn instruction_and_stack_pointer_alone_are_enough() {
    let binary = compile("cc", "partial", "stops.c", &["-O0", "-lpthread"]);
    let run = Run::new("partial", &["-s"], &[binary.to_str().unwrap()]);
    for sample in [&run.samples[0], &run.samples[1]] {
        let registers = sample.registers();
        let partial = Registers::partial(registers.ip(), registers.sp());
        let (mut all, mut found) = (Vec::new(), Vec::new());
        let space = &run.spaces[sample.space];
        let mut unwinder = Unwinder::new();
        let end = unwinder.unwind(space, &registers, &sample.stack(), 4096, &mut all);
        assert_eq!(unwinder.unwind(space, &partial, &sample.stack(), 4096, &mut found), end);
        assert_eq!(plain(&run, &found), plain(&run, &all));
    }
}

#[test]
fn go_is_unwound_with_and_without_symbols() {
    let name = "go_is_unwound_with_and_without_symbols";
    let go = ["go", "/usr/local/go/bin/go"].into_iter().find(|go| has(go));
    let Some(go) = go else { return skip(name, "there is no go") };
    for (variant, flags) in
        [("plain", vec![]), ("stripped", vec!["-ldflags=-s -w"]), ("pie", vec!["-buildmode=pie"])]
    {
        let binary = folder(&format!("go-{variant}")).join("stops");
        let output = Command::new(go)
            .args(["build", "-o"])
            .arg(&binary)
            .args(&flags)
            .arg(program("stops.go"))
            .env("CGO_ENABLED", "0")
            .env("GO111MODULE", "off")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let command = [binary.to_str().unwrap()];
        let options = ["-a", "-b", "-i", "997", "-n", "30000"];
        // Go's own table; then only `.debug_frame`, which stripped binaries do not have.
        crate::stepped::compare(variant, &Run::new(&format!("go-{variant}-table"), &options, &command), 0);
        if variant == "plain" {
            let run = Run::with("go-dwarf", &options, &command, |sections| sections.gopclntab = None);
            // It does not say that `runtime.nanotime1` moves to another stack to ask the kernel for the time.
            crate::stepped::compare("go-dwarf", &run, run.samples.len() / 20);
        }
    }
}
