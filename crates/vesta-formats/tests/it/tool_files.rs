//! Files that real tools wrote, against what a script of its own counts in them.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use vesta_formats::{Decoded, Format, Limits, collapsed, compression, decode_file, detect};
use vesta_profile::{LabelValue, Profile};

#[test]
fn totals_and_innermost_functions_are_those_that_a_script_counts() {
    for (name, expected) in expected() {
        let decoded = read(&name);
        let expected = expected.as_object().unwrap();
        let types: Vec<&str> = decoded.profile.value_types.iter().map(|known| known.name.as_str()).collect();
        assert_eq!(types.len(), expected.len(), "{name}: {types:?}");
        for (value_type, counted) in expected {
            let index = types.iter().position(|known| known == value_type);
            let index = index.unwrap_or_else(|| panic!("{name} has no {value_type}, but {types:?}"));
            assert_eq!(decoded.profile.samples.total(index), counted["total"], "{name} {value_type}");
            assert_eq!(leaves(&decoded.profile, index), of_json(&counted["self"]), "{name} {value_type}");
        }
    }
}

#[test]
fn formats_are_told_by_content_whatever_the_name_and_compression() {
    let formats = [
        ("node.cpuprofile", Format::V8CpuProfile),
        ("node.heapprofile", Format::V8HeapProfile),
        ("node-trace.json", Format::ChromeTrace),
        ("devtools.trace.json", Format::ChromeTrace),
        ("py-spy.trace.json", Format::ChromeTrace),
        ("viztracer.trace.json", Format::ChromeTrace),
        ("py-spy.collapsed", Format::Collapsed),
        ("py-spy.speedscope.json", Format::Speedscope),
        ("pyinstrument.speedscope.json", Format::Speedscope),
        ("two-events.perf", Format::PerfScript),
        ("srcline.perf", Format::PerfScript),
        ("inlined.perf", Format::PerfScript),
        ("no-stacks.perf", Format::PerfScript),
        ("host.perf", Format::PerfScript),
        ("tracepoint.perf", Format::PerfScript),
    ];
    assert_eq!(formats.len(), expected().len());
    for (name, format) in formats {
        let bytes = bytes(name);
        assert_eq!(detect("profile.bin", &bytes), Some(format), "{name}");
        let packed = compression::compress_gzip(&bytes).unwrap();
        let (plain, packed) = (read(name), decode_file("profile.bin", &packed, &Limits::default()).unwrap());
        assert_eq!(plain.profile.samples.len(), packed.profile.samples.len());
    }
}

#[test]
fn files_of_real_tools_have_no_problems_but_those_that_are_known() {
    for name in expected().keys() {
        let problems: Vec<String> = read(name).problems.iter().map(ToString::to_string).collect();
        match name.as_str() {
            // V8 goes on sampling while it writes the tree.
            "node.heapprofile" => {
                assert!(problems.len() == 1 && problems[0].starts_with("the node of a sample is missing"));
            }
            _ => assert!(problems.is_empty(), "{name}: {problems:?}"),
        }
    }
}

#[test]
fn stacks_have_the_functions_of_the_program_from_the_root_on() {
    let has = |name: &str, value_type: &str, stack: &str| {
        let profile = read(name).profile;
        let index = profile.value_type_index(value_type).unwrap();
        let text = collapsed::encode(&profile, index);
        assert!(text.lines().any(|line| line.contains(stack)), "{name} has no {stack}:\n{text}");
    };
    has("node.cpuprofile", "cpu-time", "Module._load;Module.load");
    has("node.cpuprofile", "cpu-time", "(anonymous);heavy;spin ");
    has("node.cpuprofile", "cpu-time", &format!("{};light;spin ", ["deep"; 31].join(";")));
    has("node.heapprofile", "heap-space", "Module.load;Module._extensions..js");
    has("devtools.trace.json", "cpu-time", "heavy;spin ");
    has("node-trace.json", "wall-time", "MinorGC;V8.GCScavenger ");
    has(
        "py-spy.speedscope.json",
        "wall-time",
        &format!("<module>;main;{};light;spin ", ["deep"; 21].join(";")),
    );
    has("py-spy.trace.json", "wall-time", "other;light;spin ");
    has("viztracer.trace.json", "wall-time", "heavy (/srv/work.py:7);spin (/srv/work.py:2) ");
    has("py-spy.collapsed", "samples", "main (work.py:13);heavy (work.py:7);spin (work.py:6) ");
    has("pyinstrument.speedscope.json", "wall-time", "main;rest;sleep ");
    has("two-events.perf", "task-clock", "__libc_start_call_main;main;heavy ");
    has("two-events.perf", "cpu-time", "main;read;entry_SYSCALL_64_after_hwframe;do_syscall_64");
    has("inlined.perf", "cpu-time", "main;heavy;inner ");
}

#[test]
fn threads_times_and_places_are_kept() {
    let cases = [
        ("py-spy.trace.json", "thread id", "", 2),
        ("viztracer.trace.json", "thread name", "other", 1),
        ("py-spy.speedscope.json", "thread name", "Thread ", 2),
        ("devtools.trace.json", "thread name", "CrRendererMain", 1),
        ("two-events.perf", "thread name", "work app", 1),
        ("two-events.perf", "thread id", "", 2),
        ("srcline.perf", "process id", "", 1),
        ("host.perf", "cpu", "0", 1),
    ];
    for (name, key, value, at_least) in cases {
        let values = labels(&read(name).profile, key);
        let fitting = values.iter().filter(|found| found.contains(value)).count();
        assert!(fitting >= at_least, "{name} {key}: {values:?}");
    }
    for name in expected().keys() {
        let times = read(name).profile.samples.timestamps_ns;
        assert_eq!(times.iter().all(|&time| time > 0) && !times.is_empty(), has_times(name), "{name}");
    }
    let place = |name: &str, function: &str| {
        let profile = read(name).profile;
        let named = |frame: &&vesta_profile::Frame| profile.strings.get(frame.function) == function;
        let frame = *profile.frames.as_slice().iter().find(named).unwrap();
        let text = |id| profile.strings.get(id).to_owned();
        (text(frame.file), text(frame.module), frame.line, frame.inlined)
    };
    assert!(place("node.cpuprofile", "heavy").0.ends_with("/work.js"));
    assert_eq!(place("node.cpuprofile", "heavy").2, 3);
    assert_eq!(place("py-spy.speedscope.json", "heavy").2, 7);
    assert_eq!(place("py-spy.trace.json", "heavy").2, 7);
    assert_eq!(place("srcline.perf", "main").0, "work.c");
    assert_eq!(place("inlined.perf", "inner"), (String::new(), "/srv/work app".to_owned(), 0, true));
    assert_eq!(place("two-events.perf", "do_syscall_64").1, "[kernel.kallsyms]");
}

#[test]
fn all_samples_end_within_the_time_that_the_profile_took() {
    for name in expected().keys().filter(|name| has_times(name)) {
        let profile = read(name).profile;
        let times = &profile.samples.timestamps_ns;
        let span = times.iter().max().unwrap() - times.iter().min().unwrap();
        assert!(span > 0 && span <= profile.duration_ns, "{name}: {span} ns of {}", profile.duration_ns);
    }
}

#[test]
fn a_file_that_breaks_off_is_read_as_far_as_it_goes() {
    for name in expected().keys() {
        let bytes = bytes(name);
        let whole = read(name).profile;
        let (mut read, mut last) = (0, 0);
        for part in 1..=20 {
            let end = bytes.len() * part / 21;
            if let Ok(decoded) = decode_file(name, &bytes[..end], &Limits::default()) {
                read += 1;
                let samples = decoded.profile.samples.len();
                assert!(samples <= whole.samples.len() + 1, "{name}: {samples} of {}", whole.samples.len());
                last = samples;
            }
        }
        assert!(read > 0 && last > 0, "{name} is not read once it breaks off");
    }
}

fn has_times(name: &str) -> bool {
    !matches!(name, "node.heapprofile" | "py-spy.collapsed")
}

/// All files with their names.
pub(crate) fn all() -> Vec<(String, Vec<u8>)> {
    expected().keys().map(|name| (name.clone(), bytes(name))).collect()
}

fn expected() -> Map<String, Value> {
    serde_json::from_slice(&bytes("expected.json")).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tools")).join(name))
        .unwrap()
}

fn read(name: &str) -> Decoded {
    decode_file(name, &bytes(name), &Limits::default()).unwrap_or_else(|error| panic!("{name} {error}"))
}

/// What each innermost function has of a value type, as collapsed stacks name it.
fn leaves(profile: &Profile, index: usize) -> BTreeMap<String, i64> {
    let mut leaves = BTreeMap::new();
    for line in collapsed::encode(profile, index).lines() {
        let (stack, value) = line.rsplit_once(' ').unwrap();
        let leaf = stack.rsplit(';').next().unwrap();
        *leaves.entry(leaf.to_owned()).or_default() += value.parse::<i64>().unwrap();
    }
    leaves
}

fn of_json(leaves: &Value) -> BTreeMap<String, i64> {
    let leaves = leaves.as_object().unwrap();
    leaves.iter().map(|(leaf, value)| (leaf.replace(';', ":"), value.as_i64().unwrap())).collect()
}

fn labels(profile: &Profile, key: &str) -> Vec<String> {
    let all = profile.label_sets.iter().flatten().filter(|label| profile.strings.get(label.key) == key);
    let mut values: Vec<String> = all
        .map(|label| match label.value {
            LabelValue::Text(text) => profile.strings.get(text).to_owned(),
            LabelValue::Number(number, _) => number.to_string(),
        })
        .collect();
    values.sort();
    values.dedup();
    values
}
