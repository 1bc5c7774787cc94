//! Execution traces of Go: of a program whose states are known, of real clients, against what Go's own tool reads,
//! and damaged.

mod oracle;

use crate::skip::skip;
use crate::support::{part_of, uploads};
use oracle::{Interval, Oracle};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use vesta_formats::go_trace::{self, GoTraceError};
use vesta_formats::{Decoded, Limits, compression};
use vesta_profile::{LabelValue, Profile};

const MILLISECOND: i64 = 1_000_000;

#[test]
fn every_interval_of_every_goroutine_is_what_go_s_own_tool_reads() {
    let mut compared = 0;
    for (name, trace) in traces() {
        let file = scratch(&format!("{}.trace", name.replace('/', "-")));
        std::fs::write(&file, &trace).unwrap();
        let Some(oracle) = oracle::read(&file) else { continue };
        let decoded = read(&trace);
        assert!(decoded.problems.is_empty(), "{name}: {:?}", decoded.problems);
        compare(&name, &decoded.profile, &oracle);
        compared += 1;
    }
    if compared == 0 {
        skip(
            "every_interval_of_every_goroutine_is_what_go_s_own_tool_reads",
            "there is no Go with a trace tool",
        );
    }
}

#[test]
fn goroutines_are_in_the_states_they_were_made_to_be_in() {
    let Some(trace) = states_trace() else {
        return skip("goroutines_are_in_the_states_they_were_made_to_be_in", "there is no Go");
    };
    let decoded = read(trace);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    let profile = &decoded.profile;
    let time = |function: &str, state: &str| -> i64 {
        let rows = rows(profile).filter(|row| row.functions.contains(&function));
        rows.filter(|row| row.label("state") == state).map(|row| row.goroutine_ns).sum()
    };
    assert!((200..60_000).contains(&(time("main.sleeper", "sleep") / MILLISECOND)));
    assert!((240..60_000).contains(&(time("main.receiver", "chan receive") / MILLISECOND)));
    assert!((140..60_000).contains(&(time("main.locker", "sync") / MILLISECOND)));
    assert!((240..60_000).contains(&(time("main.reader", "network") / MILLISECOND)));
    assert!(time("main.caller", "syscall") > 0);
    assert!(time("main.yielder", "runnable") > 0);
    // What ran is known by samples of the CPU, so some of it is not seen.
    let samples = rows(profile).filter(|row| row.functions.contains(&"main.spinner"));
    let cpu: i64 = samples.map(|row| row.cpu_samples).sum();
    assert!((3..1000).contains(&cpu), "{cpu} samples of main.spinner");

    let events = |event: &str| rows(profile).filter(|row| row.label("event") == event).collect::<Vec<_>>();
    let marks = events("concurrent gc").into_iter().filter(|row| row.label("gc type") == "mark").count();
    assert!(marks >= 3, "{marks} collections");
    assert!(events("stop_the_world").iter().any(|row| row.label("gc reason").contains("GC")));
    // The more cores there are, the shorter the program computes.
    assert!(events("proc").iter().map(|row| row.event_ns).sum::<i64>() > 30 * MILLISECOND);
    let order = &events("task")[0];
    assert_eq!((order.label("task name"), order.span_id), ("order", 0x0807_0605_0403_0201));
    assert!((20..60_000).contains(&(order.event_ns / MILLISECOND)));
    assert_eq!(events("region")[0].label("region name"), "packing");
    let slept: Vec<_> = rows(profile).filter(|row| row.functions.contains(&"main.tasks")).collect();
    assert!(slept.iter().any(|row| row.span_id == order.span_id && row.label("state") == "sleep"));

    // Times are those of the clock on the wall.
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let age_ms = now.as_millis() as i64 - profile.start_ns / MILLISECOND;
    assert!((0..3_600_000).contains(&age_ms), "the trace says that it was taken {age_ms} ms ago");
    let end_ns = profile.start_ns + profile.duration_ns;
    assert!(profile.samples.timestamps_ns.iter().all(|time| (profile.start_ns..=end_ns).contains(time)));
}

#[test]
fn a_trace_that_breaks_off_gives_what_was_read() {
    let (_, trace) = traces().into_iter().next().expect("fixtures have a trace");
    let whole = read(&trace);
    let mut before = 0;
    for share in 1..=10 {
        let decoded = match go_trace::decode(&trace[..trace.len() / 10 * share], &Limits::default()) {
            Ok(decoded) => decoded,
            // Not even the clock of the first generation is there.
            Err(GoTraceError::NoEvents) => continue,
            Err(other) => panic!("{other}"),
        };
        let samples = decoded.profile.samples.len();
        assert!(samples >= before, "{share} tenths have {samples} samples, less have {before}");
        assert!(!decoded.problems.is_empty() || share == 10);
        before = samples;
    }
    assert!(before > whole.profile.samples.len() / 2);
}

#[test]
fn damaged_traces_do_no_harm() {
    let fixtures: Vec<Vec<u8>> = ["1.22", "1.23", "1.24", "1.25", "1.26"].map(fixture).to_vec();
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let mut random = 0x5eed_u64;
    let mut below = |limit: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % limit as u64) as usize
    };
    let mut read = 0;
    for round in 0..2000 {
        let mut bytes = fixtures[round % fixtures.len()].clone();
        for _ in 0..=below(8) {
            let at = 16 + below(bytes.len() - 16);
            match below(3) {
                0 => bytes[at] ^= 1 << below(8),
                1 => bytes[at] = below(256) as u8,
                _ => {
                    let end = (at + below(200)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
        }
        let Ok(decoded) = go_trace::decode(&bytes, &limits) else { continue };
        read += 1;
        let profile = decoded.profile;
        let samples = &profile.samples;
        assert!(samples.stacks.iter().all(|stack| stack.index() < profile.stacks.len()));
        assert!(samples.labels.iter().all(|set| set.index() < profile.label_sets.len()));
        assert!(samples.values.iter().flatten().all(|&value| value >= 0));
        assert!(samples.timestamps_ns.iter().all(|&time| time > 0));
    }
    assert!(read > 1000, "only {read} of 2000 damaged traces were read");
}

#[test]
fn what_is_no_trace_is_refused_by_name() {
    let decode = |bytes: &[u8]| go_trace::decode(bytes, &Limits::default()).unwrap_err().to_string();
    assert_eq!(decode(b"go 1.21 trace\0\0\0"), "it was written by Go 1.21; traces are read from Go 1.22 on");
    assert_eq!(decode(b"go 1.26 trace\0\0\0"), "it has no event that can be read");
    assert_eq!(decode(b"go 1.26 trace"), "it does not start with the version of Go that wrote it");
    assert_eq!(decode(b""), "it does not start with the version of Go that wrote it");
}

#[test]
fn memory_and_samples_stay_within_limits() {
    let (_, trace) = traces().into_iter().next().expect("fixtures have a trace");
    let few = Limits { max_samples: 1000, ..Limits::default() };
    let decoded = go_trace::decode(&trace, &few).unwrap();
    assert_eq!(decoded.profile.samples.len(), 1000);
    assert!(decoded.problems.iter().any(|problem| problem.what.starts_with("more samples than allowed")));
    let small = Limits { max_memory: 1 << 20, ..Limits::default() };
    let decoded = go_trace::decode(&trace, &small).unwrap();
    assert!(decoded.profile.heap_size() < 2 << 20);
    assert!(decoded.problems.iter().any(|problem| problem.what.contains("memory")), "{:?}", decoded.problems);
}

/// A sample of a trace, in words.
struct Row<'a> {
    functions: Vec<&'a str>,
    labels: Vec<(&'a str, String)>,
    cpu_samples: i64,
    goroutine_ns: i64,
    event_ns: i64,
    end_ns: i64,
    span_id: u64,
}

impl Row<'_> {
    fn label(&self, key: &str) -> &str {
        self.labels.iter().find(|(known, _)| *known == key).map_or("", |(_, value)| value)
    }
}

fn rows(profile: &Profile) -> impl Iterator<Item = Row<'_>> {
    let samples = &profile.samples;
    let value = |name: &str| &samples.values[profile.value_type_index(name).unwrap()];
    let (cpu, goroutine, event) = (value("cpu-samples"), value("goroutine-time"), value("timeline"));
    (0..samples.len()).map(move |row| {
        let frames = profile.stacks.get(samples.stacks[row]).iter();
        let labels = profile.label_sets.get(samples.labels[row]).iter();
        Row {
            functions: frames.map(|&id| profile.strings.get(profile.frames.get(id).function)).collect(),
            labels: labels
                .map(|label| match label.value {
                    LabelValue::Text(text) => {
                        (profile.strings.get(label.key), profile.strings.get(text).to_owned())
                    }
                    LabelValue::Number(number, _) => (profile.strings.get(label.key), number.to_string()),
                })
                .collect(),
            cpu_samples: cpu[row],
            goroutine_ns: goroutine[row],
            event_ns: event[row],
            end_ns: samples.timestamps_ns[row],
            span_id: samples.span_ids.get(row).copied().unwrap_or(0),
        }
    })
}

fn compare(name: &str, profile: &Profile, oracle: &Oracle) {
    let duration_ns = profile.duration_ns;
    assert!((oracle.duration_ns - duration_ns).abs() < 64, "{name}: {duration_ns} ns");
    let start_ns = rows(profile).map(|row| row.end_ns - row.goroutine_ns.max(row.event_ns)).min().unwrap();
    let mut ours: BTreeMap<i64, Vec<Interval>> = BTreeMap::new();
    let mut cpu: BTreeMap<(i64, Vec<String>), i64> = BTreeMap::new();
    let mut sampled = BTreeSet::new();
    let (mut marks, mut stops, mut sweeps) = (Vec::new(), Vec::new(), 0);
    for row in rows(profile) {
        let (from, to) = (row.end_ns - row.event_ns - start_ns, row.end_ns - start_ns);
        match (row.label("event"), row.label("gc type")) {
            ("concurrent gc", "mark") => marks.push((from, to)),
            ("concurrent gc", "sweep") => sweeps += 1,
            ("stop_the_world", _) => stops.push((from, to, row.label("gc reason").to_owned())),
            _ => {}
        }
        let functions: Vec<String> = row.functions.iter().map(ToString::to_string).collect();
        let id = row.label("goroutine id").parse().unwrap_or(-1);
        if row.cpu_samples > 0 {
            *cpu.entry((id, functions.clone())).or_default() += row.cpu_samples;
        }
        if row.goroutine_ns > 0 {
            let label = row.label("state");
            // Go's tool does not tell these from what runs.
            let runs = label == "running" || label == "GC mark assist" || label.starts_with("GC (");
            let state = if runs { "running" } else { label }.to_owned();
            let stack = if runs { Vec::new() } else { functions };
            let start_ns = row.end_ns - row.goroutine_ns - start_ns;
            if row.cpu_samples > 0 && !runs {
                sampled.insert((id, start_ns));
            }
            let interval = Interval { start_ns, end_ns: to, state, stack };
            oracle::push(ours.entry(id).or_default(), interval);
        }
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), oracle.goroutines.keys().collect::<Vec<_>>(), "{name}");
    for (id, theirs) in &oracle.goroutines {
        for (ours, theirs) in ours[id].iter().zip(theirs) {
            // Without a stack of its own, a goroutine is shown in the function that it started with. A sample of the
            // CPU within a call of the system has more frames than the call, at both ends.
            let is_sampled = sampled.contains(&(*id, ours.start_ns))
                && ours.stack.windows(theirs.stack.len().max(1)).any(|part| part == theirs.stack);
            let is_own = theirs.stack.is_empty() || is_sampled;
            let stack = if is_own { ours.stack.clone() } else { theirs.stack.clone() };
            assert!(stack.len() <= 1 || !theirs.stack.is_empty(), "{name}: goroutine {id}: {ours:?}");
            assert_eq!(ours, &Interval { stack, ..theirs.clone() }, "{name}: goroutine {id}");
        }
        assert_eq!(ours[id].len(), theirs.len(), "{name}: goroutine {id}");
    }
    assert_eq!(cpu, oracle.cpu, "{name}");
    assert_eq!(marks, oracle.marks, "{name}");
    assert_eq!(stops, oracle.stops, "{name}");
    assert_eq!(sweeps, oracle.sweeps, "{name}");
}

fn read(trace: &[u8]) -> Decoded {
    go_trace::decode(trace, &Limits::default()).unwrap()
}

/// Traces that clients sent, those in `fixtures/traces`, and one that is taken now if there is a Go.
fn traces() -> Vec<(String, Vec<u8>)> {
    let mut traces = Vec::new();
    for (name, body, expected) in uploads() {
        if expected["parts"].as_array().unwrap().iter().any(|part| part["filename"] == "go.trace") {
            let bytes = compression::decompress(part_of(&body, "go.trace"), usize::MAX).unwrap();
            traces.push((name, bytes.into_owned()));
        }
    }
    for version in ["1.22", "1.23", "1.24", "1.25", "1.26"] {
        traces.push((format!("go-{version}"), fixture(version)));
    }
    traces.extend(states_trace().map(|trace| ("states".to_owned(), trace.to_vec())));
    traces
}

/// What this version of Go wrote of `tests/go/states.go`.
fn fixture(version: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/traces");
    std::fs::read(folder.join(format!("go-{version}.trace"))).unwrap()
}

/// The trace of a program whose states are known; `None` if there is no Go.
fn states_trace() -> Option<&'static [u8]> {
    static TRACE: OnceLock<Option<Vec<u8>>> = OnceLock::new();
    TRACE
        .get_or_init(|| {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/go/states.go");
            Command::new("go").arg("version").output().ok()?;
            let file = scratch("states.trace");
            let output = Command::new("go").arg("run").arg(&source).arg(&file).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(std::fs::read(&file).unwrap())
        })
        .as_deref()
}

fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("go-trace-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}
