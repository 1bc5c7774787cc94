//! How fast pprof is read and written, in bytes of uncompressed pprof, on the files of real clients.
//!
//! `cargo bench -p vesta-formats`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::Bencher;
use divan::counter::BytesCount;
use std::hint::black_box;
use vesta_formats::{Limits, compression, pprof};

/// One of each dialect; the big ones first.
const FILES: [&str; 6] = [
    "python-01/profile.pprof",
    "node-v6-01/wall.pprof",
    "node-v6-01/events.pprof",
    "go-02/cpu.pprof",
    "python-2.21-lz4-01/auto.pprof",
    "go-02/delta-heap.pprof",
];

fn main() {
    divan::main();
}

#[divan::bench(args = FILES)]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = pprof_of(name);
    let limits = Limits::default();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| pprof::decode(black_box(&bytes), &limits).unwrap());
}

#[divan::bench(args = &FILES[..4])]
fn encode(bencher: Bencher<'_, '_>, name: &str) {
    let profile = pprof::decode(&pprof_of(name), &Limits::default()).unwrap().profile;
    bencher
        .counter(BytesCount::of_slice(&pprof::encode(&profile)))
        .bench_local(|| pprof::encode(black_box(&profile)));
}

/// What ingest pays before decoding, for comparison.
#[divan::bench(args = ["zstd", "gzip", "lz4"])]
fn decompress(bencher: Bencher<'_, '_>, format: &str) {
    let bytes = pprof_of(FILES[0]);
    let compressed = match format {
        "zstd" => compression::compress_zstd(&bytes, 1),
        "gzip" => compression::compress_gzip(&bytes),
        _ => compression::compress_lz4(&bytes),
    }
    .unwrap();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| compression::decompress(black_box(&compressed), usize::MAX).unwrap().len());
}

fn pprof_of(name: &str) -> Vec<u8> {
    support::pprofs().iter().find(|fixture| fixture.name == name).unwrap().bytes.clone()
}
