//! How fast pprof is read and written, in bytes of uncompressed pprof, on the files of real clients.
//!
//! `cargo bench -p vesta-formats`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
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

fn decode(criterion: &mut Criterion) {
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("decode");
    for fixture in support::pprofs().iter().filter(|fixture| FILES.contains(&&*fixture.name)) {
        group.throughput(Throughput::Bytes(fixture.bytes.len() as u64));
        group.bench_function(&fixture.name, |bencher| {
            bencher.iter(|| pprof::decode(black_box(&fixture.bytes), &limits).unwrap());
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion) {
    let limits = Limits::default();
    let mut group = criterion.benchmark_group("encode");
    for fixture in support::pprofs().iter().filter(|fixture| FILES[..4].contains(&&*fixture.name)) {
        let profile = pprof::decode(&fixture.bytes, &limits).unwrap().profile;
        group.throughput(Throughput::Bytes(pprof::encode(&profile).len() as u64));
        group.bench_function(&fixture.name, |bencher| bencher.iter(|| pprof::encode(black_box(&profile))));
    }
    group.finish();
}

/// What ingest pays before decoding, for comparison.
fn decompress(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decompress");
    let fixtures = support::pprofs();
    let python = fixtures.iter().find(|fixture| fixture.name == FILES[0]).unwrap();
    group.throughput(Throughput::Bytes(python.bytes.len() as u64));
    for (name, compressed) in [
        ("zstd", compression::compress_zstd(&python.bytes, 1).unwrap()),
        ("gzip", compression::compress_gzip(&python.bytes).unwrap()),
        ("lz4", compression::compress_lz4(&python.bytes).unwrap()),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter(|| compression::decompress(black_box(&compressed), usize::MAX).unwrap());
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2)).sample_size(20);
    targets = decode, encode, decompress
}
criterion_main!(benches);
