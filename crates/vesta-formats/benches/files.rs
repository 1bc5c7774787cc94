//! How fast files of tools are read and written, in bytes of the uncompressed file.
//!
//! `cargo bench -p vesta-formats --bench files`; with `PROFILE=FILE` on that file as well.
//!
//! Files are those of real tools, with their samples or events repeated until they are large, and a large profile of a real
//! client in the formats that can be written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]

#[allow(dead_code, reason = "the tests use all of it")]
#[path = "../tests/it/support.rs"]
mod support;

use divan::Bencher;
use divan::counter::BytesCount;
use serde_json::{Value, json};
use std::hint::black_box;
use std::path::Path;
use vesta_formats::pyroscope::{self, Layout};
use vesta_formats::{Format, Limits, compression, detect, otlp, pprof};
use vesta_profile::Profile;

fn main() {
    divan::main();
}

/// Files by what they are, and what they are made of.
const FILES: [&str; 12] = [
    "collapsed of python-01",
    "collapsed of py-spy",
    "speedscope of python-01",
    "speedscope of pyinstrument",
    "cpuprofile of python-01",
    "cpuprofile of node",
    "heapprofile of node",
    "trace of py-spy",
    "trace of node",
    "trace of devtools",
    "perf script",
    "perf script with inlined functions",
];

fn files() -> Vec<String> {
    FILES.into_iter().map(str::to_owned).chain(std::env::var("PROFILE")).collect()
}

#[divan::bench(args = files())]
fn decode(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = file(name);
    let (format, limits) = (detect(name, &bytes).unwrap(), Limits::default());
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| format.decode(black_box(&bytes), &limits).unwrap());
}

/// What telling the format costs before that.
#[divan::bench(args = files())]
fn tell(bencher: Bencher<'_, '_>, name: &str) {
    let bytes = file(name);
    bencher.counter(BytesCount::of_slice(&bytes)).bench_local(|| detect(name, black_box(&bytes)).unwrap());
}

/// OpenTelemetry profiles in JSON, which become binary ones first.
#[divan::bench]
fn otlp_json(bencher: Bencher<'_, '_>) {
    let mut message = json_of("../../fixtures/otlp/1.10.json");
    repeat(&mut message["resourceProfiles"], 500, |_, _| {});
    let (bytes, limits) = (message.to_string().into_bytes(), Limits::default());
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| otlp::decode(black_box(&bytes), &limits).unwrap());
}

/// What Pyroscope's older clients send.
#[divan::bench]
fn pyroscope_lines(bencher: Bencher<'_, '_>) {
    let text = String::from_utf8(file("collapsed of python-01")).unwrap();
    let stacks = text.lines().map(|line| line.rsplit_once(' ').unwrap().0);
    let (bytes, limits) = (stacks.collect::<Vec<_>>().join("\n").into_bytes(), Limits::default());
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| pyroscope::decode(Layout::Lines, black_box(&bytes), &limits).unwrap());
}

#[divan::bench(args = ["collapsed", "speedscope", "cpuprofile"])]
fn encode(bencher: Bencher<'_, '_>, id: &str) {
    let (profile, format) = (python(), Format::by_id(id).unwrap());
    let wall = profile.value_type_index("wall-time").unwrap();
    let bytes = format.encode(&profile, wall).unwrap();
    bencher
        .counter(BytesCount::of_slice(&bytes))
        .bench_local(|| format.encode(black_box(&profile), wall).unwrap());
}

fn file(name: &str) -> Vec<u8> {
    let of_python = |format: Format| {
        let profile = python();
        format.encode(&profile, profile.value_type_index("wall-time").unwrap()).unwrap()
    };
    match name {
        "collapsed of python-01" => of_python(Format::Collapsed),
        "collapsed of py-spy" => tool("py-spy.collapsed").repeat(200),
        "speedscope of python-01" => of_python(Format::Speedscope),
        "speedscope of pyinstrument" => {
            let mut file = json_of_tool("pyinstrument.speedscope.json");
            repeat(&mut file["profiles"], 200, |_, _| {});
            file.to_string().into_bytes()
        }
        "cpuprofile of python-01" => of_python(Format::V8CpuProfile),
        "cpuprofile of node" => {
            let mut file = json_of_tool("node.cpuprofile");
            repeat(&mut file["samples"], 2000, |_, _| {});
            repeat(&mut file["timeDeltas"], 2000, |_, _| {});
            file.to_string().into_bytes()
        }
        "heapprofile of node" => {
            let mut file = json_of_tool("node.heapprofile");
            repeat(&mut file["head"]["children"], 200, |_, _| {});
            file.to_string().into_bytes()
        }
        "trace of py-spy" => later_and_later(json_of_tool("py-spy.trace.json")).to_string().into_bytes(),
        "trace of node" => {
            let mut file = json_of_tool("node-trace.json");
            file["traceEvents"] = later_and_later(file["traceEvents"].take());
            file.to_string().into_bytes()
        }
        "trace of devtools" => {
            let mut file = json_of_tool("devtools.trace.json");
            file["traceEvents"] = later_and_later(file["traceEvents"].take());
            file.to_string().into_bytes()
        }
        "perf script" => tool("two-events.perf").repeat(200),
        "perf script with inlined functions" => tool("inlined.perf").repeat(200),
        name => compression::decompress(&std::fs::read(name).unwrap(), usize::MAX).unwrap().into_owned(),
    }
}

/// Events of a trace, over and over, each time after the time before.
fn later_and_later(mut events: Value) -> Value {
    repeat(&mut events, 100, |event, round| {
        if let Some(time) = event.get("ts").and_then(Value::as_f64) {
            event["ts"] = json!(time + 10e6 * round as f64);
        }
    });
    events
}

/// Repeats the items of a list, and tells `change` of each item in which round it is.
fn repeat(list: &mut Value, times: usize, change: impl Fn(&mut Value, usize)) {
    let once = list.as_array().unwrap();
    let all = (0..times).flat_map(|round| once.iter().cloned().map(move |item| (round, item)));
    let changed = all.map(|(round, mut item)| {
        change(&mut item, round);
        item
    });
    *list = changed.collect();
}

fn python() -> Profile {
    let fixture =
        support::pprofs().into_iter().find(|fixture| fixture.name == "python-01/profile.pprof").unwrap();
    pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile
}

fn tool(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tools").join(name)).unwrap()
}

fn json_of_tool(name: &str) -> Value {
    serde_json::from_slice(&tool(name)).unwrap()
}

fn json_of(path: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
