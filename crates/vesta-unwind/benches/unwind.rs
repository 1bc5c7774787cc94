//! How long a stack takes, on samples of real programs: all registers and the stack, as a sampler copies them.
//!
//! `cargo bench -p vesta-unwind`

#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, unused_imports, reason = "step.c is for x86-64"))]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a benchmark"
)]
#![allow(clippy::cast_possible_truncation, reason = "a benchmark")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::Bencher;
use divan::counter::ItemsCount;
use std::hint::black_box;
use support::{Run, Sample, compile};
use vesta_unwind::{Stack, UnwindInfo, Unwinder};

fn main() {
    divan::main();
}

/// One stack of about as many frames, again and again.
#[divan::bench(args = [1, 10, 30, 100, 1000])]
fn warm(bencher: Bencher<'_, '_>, frames: usize) {
    let run = deep();
    let sample = &run.samples[0];
    let mut unwinder = Unwinder::new();
    let mut out = Vec::new();
    let space = &run.spaces[sample.space];
    bencher.counter(ItemsCount::new(frames)).bench_local(|| {
        unwinder.unwind(space, &sample.registers(), &sample.stack(), black_box(frames), &mut out)
    });
    assert_eq!(out.len(), frames);
}

/// Stacks at every instruction of a program: some 20,000 addresses, five times what the cache has room for.
#[divan::bench]
fn every_instruction(bencher: Bencher<'_, '_>) {
    let binary = compile("cc", "bench-calls", "calls.c", &["-O2", "-lm"]);
    let run = Run::new("bench-calls", &[], &[binary.to_str().unwrap()]);
    let mut unwinder = Unwinder::new();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(run.samples.len())).bench_local(|| {
        for sample in &run.samples {
            unwinder.unwind(&run.spaces[sample.space], &sample.registers(), &sample.stack(), 512, &mut out);
        }
    });
}

/// The same of a program whose C library has no tables: some 5,000 addresses, most of which are read in the code, with
/// twenty times what the cache of readings has room for.
#[divan::bench]
fn every_instruction_with_musl(bencher: Bencher<'_, '_>) {
    let binary = compile("musl-gcc", "bench-musl", "calls.c", &["-O2", "-static"]);
    let run = Run::with("bench-musl", &[], &[binary.to_str().unwrap()], |_| {});
    let mut unwinder = Unwinder::new();
    let mut out = Vec::new();
    bencher.counter(ItemsCount::new(run.samples.len())).bench_local(|| {
        for sample in &run.samples {
            unwinder.unwind(&run.spaces[sample.space], &sample.registers(), &sample.stack(), 512, &mut out);
        }
    });
}

/// The first stack after the start: functions are decoded.
#[divan::bench]
fn cold(bencher: Bencher<'_, '_>) {
    let binary = compile("cc", "bench-cold", "calls.c", &["-O2", "-static", "-lm"]);
    let sections = support::sections(&std::fs::read(&binary).unwrap());
    let run = Run::new("bench-cold", &[], &[binary.to_str().unwrap()]);
    let sample: &Sample = run.samples.iter().max_by_key(|sample| sample.expected.len()).unwrap();
    let mut out = Vec::new();
    bencher
        .counter(ItemsCount::new(sample.expected.len()))
        .with_inputs(|| {
            let mut space = run.spaces[sample.space].clone();
            let info = std::sync::Arc::new(UnwindInfo::new(sections.clone()));
            for mut mapping in run.spaces[sample.space].mappings().to_vec() {
                mapping.info = mapping.info.map(|_| std::sync::Arc::clone(&info));
                space.insert(mapping);
            }
            (space, Unwinder::new())
        })
        .bench_local_values(|(space, mut unwinder)| {
            unwinder.unwind(&space, &sample.registers(), &sample.stack(), 512, &mut out);
            (space, unwinder)
        });
}

/// A stack that was not copied whole, as with a deep recursion.
#[divan::bench]
fn truncated(bencher: Bencher<'_, '_>) {
    let run = deep();
    let sample = &run.samples[0];
    let stack = Stack { start: sample.stack().start, bytes: &sample.stack[..32_000] };
    let mut unwinder = Unwinder::new();
    let mut out = Vec::new();
    let space = &run.spaces[sample.space];
    bencher.bench_local(|| unwinder.unwind(space, &sample.registers(), black_box(&stack), 512, &mut out));
}

fn deep() -> Run {
    let binary = compile("cc", "bench-deep", "stops.c", &["-O2", "-fno-optimize-sibling-calls", "-lpthread"]);
    Run::new("bench-deep", &["-s"], &[binary.to_str().unwrap()])
}
