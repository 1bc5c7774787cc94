//! How fast recordings are read, in bytes of uncompressed recording.
//!
//! `cargo bench -p vesta-formats --bench jfr`
//!
//! The recordings are those of the fixture uploads. `JFR=FILE` adds one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::Bencher;
use divan::counter::BytesCount;
use std::collections::HashMap;
use std::hint::black_box;
use std::ops::ControlFlow;
use vesta_formats::jfr::{self, Chunk, Event, EventType, Interest, Reference, Visitor};
use vesta_formats::{Limits, compression};

fn main() {
    divan::main();
}

/// Nothing is wanted: chunks, types, places of constants, and going past events.
#[divan::bench(args = recordings())]
fn skip(bencher: Bencher<'_, '_>, name: &str) {
    run(bencher, name, || Reader { wants: |_| false, ..Reader::default() });
}

/// What a profile is made of: samples, allocations, locks and I/O with their stacks.
#[divan::bench(args = recordings())]
fn profile(bencher: Bencher<'_, '_>, name: &str) {
    let sampled = |name: &str| {
        name.starts_with("datadog.")
            || name.starts_with("profiler.")
            || name.starts_with("jdk.ObjectAllocation")
            || name.starts_with("jdk.JavaMonitor")
            || name.starts_with("jdk.Socket")
            || name.starts_with("jdk.File")
            || matches!(name, "jdk.ExecutionSample" | "jdk.NativeMethodSample" | "jdk.ThreadPark")
            || matches!(name, "jdk.OldObjectSample" | "jdk.JavaExceptionThrow")
    };
    run(bencher, name, || Reader { wants: sampled, ..Reader::default() });
}

/// Time, thread and stack of every event.
#[divan::bench(args = recordings())]
fn everything(bencher: Bencher<'_, '_>, name: &str) {
    run(bencher, name, || Reader { wants: |_| true, ..Reader::default() });
}

fn run(bencher: Bencher<'_, '_>, name: &str, reader: impl Fn() -> Reader) {
    let bytes = recording(name);
    let limits = Limits::default();
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let mut reader = reader();
        jfr::read(black_box(&bytes), &limits, &mut reader).unwrap();
        (reader.sum, reader.stacks.len())
    });
}

fn recordings() -> Vec<String> {
    let mut names = vec!["java-synth-raw-04".to_owned(), "java-synth-zstd-01".to_owned()];
    names.extend(std::env::var("JFR"));
    names
}

fn recording(name: &str) -> Vec<u8> {
    match support::uploads().into_iter().find(|(upload, ..)| upload == name) {
        Some((_, body, _)) => {
            compression::decompress(support::part_of(&body, "main.jfr"), usize::MAX).unwrap().into_owned()
        }
        None => std::fs::read(name).unwrap(),
    }
}

/// Sums up what it is given, and reads each stack and each method once, as whoever makes a profile does.
struct Reader {
    wants: fn(&str) -> bool,
    stacks: HashMap<Reference, usize>,
    methods: HashMap<Reference, usize>,
    sum: i64,
}

impl Default for Reader {
    fn default() -> Self {
        Reader { wants: |_| true, stacks: HashMap::new(), methods: HashMap::new(), sum: 0 }
    }
}

impl Visitor for Reader {
    fn chunk(&mut self, _: &Chunk<'_>) {
        self.stacks.clear();
        self.methods.clear();
    }

    fn event_type(&mut self, _: &Chunk<'_>, event_type: &EventType<'_>) -> Option<Interest> {
        let fields = ["eventThread", "stackTrace", "weight", "state.name", "objectClass"];
        (self.wants)(event_type.name()).then(|| Interest::new(0, fields))
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.sum = self.sum.wrapping_add(event.end_ns()).wrapping_add(event.integer(2).unwrap_or(1));
        if let Some(stack) = event.reference(1) {
            self.stacks.entry(stack).or_insert_with(|| {
                let chunk = event.chunk();
                let frames = chunk.stack_trace(stack).into_iter().flat_map(|stack| stack.frames());
                let mut length = |method| {
                    let name_of = |method| Some(chunk.method(method)?.name.len());
                    *self.methods.entry(method).or_insert_with(|| name_of(method).unwrap_or(0))
                };
                frames.map(|frame| length(frame.method)).sum()
            });
        }
        ControlFlow::Continue(())
    }
}
