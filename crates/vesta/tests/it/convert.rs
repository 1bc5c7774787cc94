//! `vesta convert`: every format that is read, in every format that is written.

use crate::command::{shown, vesta};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use vesta_formats::compression;
use vesta_profile::Profile;
use vesta_upload::Limits;
use vesta_upload::file::Contents;

/// A file of each format that is read.
const INPUTS: [(&str, &str); 11] = [
    ("chrome-trace", "crates/vesta-formats/tests/fixtures/tools/devtools.trace.json"),
    ("collapsed", "crates/vesta-formats/tests/fixtures/tools/py-spy.collapsed"),
    ("cpuprofile", "crates/vesta-formats/tests/fixtures/tools/node.cpuprofile"),
    ("go-trace", "fixtures/traces/go-1.26.trace"),
    ("heapprofile", "crates/vesta-formats/tests/fixtures/tools/node.heapprofile"),
    ("jfr", "crates/vesta-formats/tests/fixtures/jfr/async-profiler-4.2-cpu-wall-alloc-lock.jfr"),
    ("otlp", "fixtures/otlp/1.10.otlp"),
    ("otlp", "fixtures/otlp/1.10.json"),
    ("perf-script", "crates/vesta-formats/tests/fixtures/tools/two-events.perf"),
    ("pprof", "crates/vesta-formats/tests/fixtures/pprof/go-test.pprof"),
    ("speedscope", "crates/vesta-formats/tests/fixtures/tools/py-spy.speedscope.json"),
];
const OUTPUTS: [&str; 5] = ["pprof", "otlp", "speedscope.json", "cpuprofile", "collapsed"];

#[test]
fn every_format_is_written_in_every_other_with_its_totals_and_says_what_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = String::new();
    for (format, input) in INPUTS {
        let input = root().join(input);
        let name = input.file_name().unwrap().to_str().unwrap();
        assert_eq!(vesta_formats::detect(name, &plain(&input)).map(vesta_formats::Format::id), Some(format));
        let before = totals(&read(&input));
        assert!(!before.is_empty(), "{name} has nothing to lose");
        for ending in OUTPUTS {
            let output = folder.path().join(format!("{name}.{ending}"));
            let converted = vesta().arg("convert").args([&input, &output]).output().unwrap();
            said.push_str(&format!("{name} -> {ending}\n"));
            for line in String::from_utf8(converted.stderr.clone()).unwrap().lines() {
                let line = line.replace(&input.display().to_string(), name);
                said.push_str(&format!("    {}\n", line.replace(&output.display().to_string(), "OUT")));
            }
            if !output.exists() {
                assert_eq!(
                    (converted.status.code(), ending),
                    (Some(1), "cpuprofile"),
                    "{}",
                    shown(&converted)
                );
                continue;
            }
            assert!(converted.status.success(), "{}", shown(&converted));
            check(name, ending, &before, &totals(&read(&output)), &converted.stderr);
        }
    }
    insta::assert_snapshot!(said, @r#"
    devtools.trace.json -> pprof
    devtools.trace.json -> otlp
    devtools.trace.json -> speedscope.json
        speedscope has no room for times of samples: left out
    devtools.trace.json -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples, event-time, events
        V8 CPU profile has no room for threads, times of samples and lines: left out
    devtools.trace.json -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples, event-time, events
        collapsed stacks has no room for threads, times of samples and lines: left out
    py-spy.collapsed -> pprof
    py-spy.collapsed -> otlp
    py-spy.collapsed -> speedscope.json
    py-spy.collapsed -> cpuprofile
        error: cannot convert py-spy.collapsed: V8 CPU profile holds times, not wall-samples
          hint: it has wall-samples
    py-spy.collapsed -> collapsed
    node.cpuprofile -> pprof
    node.cpuprofile -> otlp
    node.cpuprofile -> speedscope.json
        speedscope has no room for times of samples: left out
    node.cpuprofile -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: wall-time, wall-samples
        V8 CPU profile has no room for times of samples and lines: left out
    node.cpuprofile -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: wall-time, wall-samples
        collapsed stacks has no room for times of samples, files and lines: left out
    go-1.26.trace -> pprof
    go-1.26.trace -> otlp
    go-1.26.trace -> speedscope.json
        speedscope has no room for labels, times of samples and spans: left out
    go-1.26.trace -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: off-cpu-time, goroutine-time, cpu-samples, timeline
        V8 CPU profile has no room for labels, times of samples, spans and lines: left out
    go-1.26.trace -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: off-cpu-time, goroutine-time, cpu-samples, timeline
        collapsed stacks has no room for labels, times of samples, spans, files and lines: left out
    node.heapprofile -> pprof
        node.heapprofile: the node of a sample is missing, it is not under a function (4 times, first: node 183)
    node.heapprofile -> otlp
        node.heapprofile: the node of a sample is missing, it is not under a function (4 times, first: node 183)
    node.heapprofile -> speedscope.json
        node.heapprofile: the node of a sample is missing, it is not under a function (4 times, first: node 183)
    node.heapprofile -> cpuprofile
        node.heapprofile: the node of a sample is missing, it is not under a function (4 times, first: node 183)
        error: cannot convert node.heapprofile: V8 CPU profile holds times, not heap-space
          hint: it has heap-space, heap-live-samples
    node.heapprofile -> collapsed
        node.heapprofile: the node of a sample is missing, it is not under a function (4 times, first: node 183)
        collapsed stacks holds one value type: wrote heap-space; --type chooses among the others: heap-live-samples
        collapsed stacks has no room for files: left out
    async-profiler-4.2-cpu-wall-alloc-lock.jfr -> pprof
    async-profiler-4.2-cpu-wall-alloc-lock.jfr -> otlp
    async-profiler-4.2-cpu-wall-alloc-lock.jfr -> speedscope.json
        speedscope has no room for labels, times of samples and modules: left out
    async-profiler-4.2-cpu-wall-alloc-lock.jfr -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: wall-time, alloc-space, alloc-samples, lock-acquire-wait, lock-acquire, cpu-samples, wall-samples
        V8 CPU profile has no room for threads, labels, times of samples, lines and modules: left out
    async-profiler-4.2-cpu-wall-alloc-lock.jfr -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: wall-time, alloc-space, alloc-samples, lock-acquire-wait, lock-acquire, cpu-samples, wall-samples
        collapsed stacks has no room for threads, labels, times of samples, files, lines and modules: left out
    1.10.otlp -> pprof
    1.10.otlp -> otlp
    1.10.otlp -> speedscope.json
        speedscope has no room for labels, times of samples, spans and modules: left out
    1.10.otlp -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: off-cpu-time, heap-space, cpu-samples
        V8 CPU profile has no room for threads, labels, times of samples, spans, lines and modules: left out
    1.10.otlp -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: off-cpu-time, heap-space, cpu-samples
        collapsed stacks has no room for threads, labels, times of samples, spans, files, lines and modules: left out
    1.10.json -> pprof
    1.10.json -> otlp
    1.10.json -> speedscope.json
        speedscope has no room for labels, times of samples, spans and modules: left out
    1.10.json -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: off-cpu-time, heap-space, cpu-samples
        V8 CPU profile has no room for threads, labels, times of samples, spans, lines and modules: left out
    1.10.json -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: off-cpu-time, heap-space, cpu-samples
        collapsed stacks has no room for threads, labels, times of samples, spans, files, lines and modules: left out
    two-events.perf -> pprof
    two-events.perf -> otlp
    two-events.perf -> speedscope.json
        speedscope has no room for times of samples and modules: left out
    two-events.perf -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples, task-clock
        V8 CPU profile has no room for threads, times of samples and modules: left out
    two-events.perf -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples, task-clock
        collapsed stacks has no room for threads, times of samples and modules: left out
    go-test.pprof -> pprof
    go-test.pprof -> otlp
    go-test.pprof -> speedscope.json
        speedscope has no room for labels and modules: left out
    go-test.pprof -> cpuprofile
        V8 CPU profile holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples
        V8 CPU profile has no room for labels, lines and modules: left out
    go-test.pprof -> collapsed
        collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples
        collapsed stacks has no room for labels, files, lines and modules: left out
    py-spy.speedscope.json -> pprof
    py-spy.speedscope.json -> otlp
    py-spy.speedscope.json -> speedscope.json
        speedscope has no room for times of samples: left out
    py-spy.speedscope.json -> cpuprofile
        V8 CPU profile has no room for threads, times of samples and lines: left out
    py-spy.speedscope.json -> collapsed
        collapsed stacks has no room for threads, times of samples, files and lines: left out
    "#);
}

/// What is written has all that was there, or the one value type that the program says it wrote.
#[track_caller]
fn check(
    name: &str,
    ending: &str,
    before: &BTreeMap<String, i128>,
    after: &BTreeMap<String, i128>,
    stderr: &[u8],
) {
    if !matches!(ending, "cpuprofile" | "collapsed") {
        assert_eq!(after, before, "{name} as {ending}");
        return;
    }
    let text = String::from_utf8_lossy(stderr);
    let wrote = text.lines().find_map(|line| line.split_once(": wrote ")?.1.split(';').next());
    let wrote = wrote.unwrap_or_else(|| before.keys().next().unwrap());
    let read_as = if ending == "collapsed" { "wall-samples" } else { "wall-time" };
    assert_eq!(after[read_as], before[wrote], "{wrote} of {name} as {ending}");
    assert!(
        before.len() == 1 || text.contains("--type chooses among the others"),
        "{name} as {ending}: {text}"
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[u8], &str); 4] = [
        ("a.nettrace", b"Nettrace\x14\0\0\0!FastSerialization.1", "dotnet-trace convert --format Speedscope"),
        ("perf.data", b"PERFILE2h\0\0\0\0\0\0\0", "perf script > out.perf"),
        ("a.zip", b"PK\x03\x04\x14\0", "unpack it"),
        ("a.trace", b"go 1.21 trace\0\0\0", "traces are read from Go 1.22 on"),
    ];
    for (name, bytes, advice) in cases {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let refused = vesta().arg("convert").arg(&path).arg(folder.path().join("a.pprof")).output().unwrap();
        let text = shown(&refused);
        assert_eq!(refused.status.code(), Some(1), "{text}");
        assert!(text.contains(name) && text.contains(advice), "{text}");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn plain(path: &Path) -> Vec<u8> {
    compression::decompress(&std::fs::read(path).unwrap(), 1 << 26).unwrap().into_owned()
}

fn read(path: &Path) -> Profile {
    let read =
        vesta_upload::file::read(path.to_str().unwrap(), &plain(path).into(), &Limits::default()).unwrap();
    let Contents::Profile(profile) = read.contents else { panic!("{} is an upload", path.display()) };
    *profile
}

/// What there is of each value type, in its canonical unit.
fn totals(profile: &Profile) -> BTreeMap<String, i128> {
    let mut totals = BTreeMap::new();
    for (value_type, values) in profile.value_types.iter().zip(&profile.samples.values) {
        let canonical = value_type.canonical();
        let total: i128 = values.iter().map(|value| i128::from(canonical.scaled(*value))).sum();
        if total != 0 {
            *totals.entry(canonical.name.into_owned()).or_default() += total;
        }
    }
    totals
}
