//! How fast OpenTelemetry profiles are read, split and written, in bytes of the uncompressed message.
//!
//! `cargo bench -p vesta-formats --bench otlp`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::Bencher;
use divan::counter::BytesCount;
use std::hint::black_box;
use vesta_formats::{Limits, otlp, pprof};

const FILES: [&str; 3] = ["python-01/profile.pprof", "node-v6-01/wall.pprof", "go-02/cpu.pprof"];

fn main() {
    divan::main();
}

#[divan::bench(args = FILES)]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = message(name);
    let limits = Limits::default();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| otlp::decode(black_box(&bytes), &limits).unwrap());
}

#[divan::bench(args = FILES)]
fn split(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = message(name);
    let limits = Limits::default();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| otlp::split(black_box(&bytes), &limits).unwrap());
}

#[divan::bench(args = FILES)]
fn encode(bencher: Bencher<'_, '_>, name: &str) {
    let profile = otlp::decode(&message(name), &Limits::default()).unwrap().profile;
    bencher
        .counter(BytesCount::of_slice(&otlp::encode(&profile, [])))
        .bench_local(|| otlp::encode(black_box(&profile), []));
}

fn message(name: &str) -> Vec<u8> {
    let fixture = support::pprofs().into_iter().find(|fixture| fixture.name == name).unwrap();
    let profile = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
    otlp::encode(&profile, [("service.name", "bench")])
}
