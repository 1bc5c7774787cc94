//! How fast execution traces of Go are read, in bytes of the trace, on those of real clients and of every version.
//!
//! `cargo bench -p vesta-formats --bench go_trace`; with `GO_TRACE=FILE` on that file as well.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::Bencher;
use divan::counter::BytesCount;
use std::hint::black_box;
use std::ops::Range;
use vesta_formats::{Limits, compression, go_trace};
use vesta_profile::{FunctionTable, Granularity, TimelineOptions, timeline};

fn main() {
    divan::main();
}

/// Files by name.
fn files() -> Vec<String> {
    let mut files: Vec<String> = ["go-default-types-01", "1.22", "1.26"].map(str::to_owned).to_vec();
    files.extend(std::env::var("GO_TRACE"));
    files
}

#[divan::bench(args = files())]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = read(name);
    let limits = Limits::default();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| go_trace::decode(black_box(&bytes), &limits).unwrap());
}

/// What breaks off, and what lacks a piece in its middle, is not read much slower: events wait in vain there for others.
#[divan::bench(args = ["second half", "last byte", "middle"])]
fn decode_without(bencher: Bencher<'_, '_>, part: &str) {
    let mut bytes = read("go-default-types-01");
    let length = bytes.len();
    match part {
        "second half" => bytes.truncate(length / 2),
        "last byte" => bytes.truncate(length - 1),
        _ => drop(bytes.drain(batch(&bytes, length / 2).unwrap())),
    }
    let limits = Limits::default();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| go_trace::decode(black_box(&bytes), &limits).unwrap());
}

/// Where the first batch of events is that begins after a place.
fn batch(bytes: &[u8], after: usize) -> Option<Range<usize>> {
    const EVENT_BATCH: u8 = 1;
    const EXPERIMENTAL_BATCH: u8 = 49;
    let mut at = 16;
    while at < bytes.len() {
        let start = at;
        // The end of a generation is nothing but its number.
        let numbers = if matches!(bytes[at], EVENT_BATCH | EXPERIMENTAL_BATCH) { 4 } else { 0 };
        at += if bytes[at] == EXPERIMENTAL_BATCH { 2 } else { 1 };
        let length = (0..numbers).fold(0, |_, _| varint(bytes, &mut at));
        at += length;
        if start > after && bytes[start] == EVENT_BATCH {
            return Some(start..at);
        }
    }
    None
}

fn varint(bytes: &[u8], at: &mut usize) -> usize {
    let length = bytes[*at..].iter().take_while(|byte| **byte >= 0x80).count() + 1;
    let digits = &bytes[*at..*at + length];
    *at += length;
    digits.iter().rev().fold(0, |number, digit| number << 7 | usize::from(digit & 0x7f))
}

/// What a timeline of the whole trace costs after that, as fine as the page asks for.
#[divan::bench(args = files())]
fn draw(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = read(name);
    let profile = go_trace::decode(&bytes, &Limits::default()).unwrap().profile;
    let range = profile
        .samples
        .timestamps_ns
        .iter()
        .fold((i64::MAX, 0), |(from, to), &time| (time.min(from), time.max(to)));
    let options = TimelineOptions { resolution: 2000, max_events: 50_000, detail: None };
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| {
        let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
        let drawn = timeline(&profile, &functions, None, range, &options);
        assert!(drawn.events.len() <= 50_000);
        drawn
    });
}

fn read(name: &str) -> Vec<u8> {
    let fixture = format!("{}/../../fixtures/traces/go-{name}.trace", env!("CARGO_MANIFEST_DIR"));
    if let Ok(bytes) = std::fs::read(fixture).or_else(|_| std::fs::read(name)) {
        return bytes;
    }
    let (_, body, _) = support::uploads().into_iter().find(|(upload, ..)| upload == name).unwrap();
    compression::decompress(support::part_of(&body, "go.trace"), usize::MAX).unwrap().into_owned()
}
