//! Every pprof of the fixture uploads decodes to what was measured independently when they were captured.

use crate::support::{Fixture, pprofs};
use std::collections::{HashMap, HashSet};
use vesta_formats::{Limits, decode_file, pprof};
use vesta_profile::{LabelSetId, LabelValue, Profile, StackId, StringId};

#[test]
fn value_types_period_and_times_are_those_of_the_file() {
    for (fixture, profile) in decoded() {
        let Fixture { name, expected, .. } = &fixture;
        let types: Vec<[&str; 2]> =
            profile.value_types.iter().map(|value_type| [&*value_type.name, &*value_type.unit]).collect();
        assert_eq!(serde_json::to_value(types).unwrap(), expected["sample_types"], "{name}");
        assert_eq!(profile.start_ns, expected["time_nanos"].as_i64().unwrap(), "{name}");
        assert_eq!(profile.duration_ns, expected["duration_nanos"].as_i64().unwrap(), "{name}");
        match (&profile.period, expected["period"].as_array()) {
            (Some(period), Some(expected)) => {
                assert_eq!(period.value, expected[0].as_i64().unwrap(), "{name}");
                assert_eq!(period.value_type.name, expected[1].as_str().unwrap_or_default(), "{name}");
                assert_eq!(period.value_type.unit, expected[2].as_str().unwrap_or_default(), "{name}");
            }
            (period, expected) => assert!(period.is_none() && expected.is_none(), "{name}: {period:?}"),
        }
    }
}

#[test]
fn no_sample_and_no_value_is_lost() {
    for (Fixture { name, expected, .. }, profile) in decoded() {
        assert_eq!(profile.samples.len() as u64, expected["counts"]["samples"].as_u64().unwrap(), "{name}");
        let totals: Vec<(&str, i64, usize)> = profile
            .value_types
            .iter()
            .enumerate()
            .map(|(index, value_type)| {
                let others = profile.samples.values[index].iter().filter(|value| **value != 0).count();
                (&*value_type.name, profile.samples.total(index), others)
            })
            .collect();
        assert_eq!(serde_json::to_value(totals).unwrap(), expected["totals"], "{name}");
    }
}

#[test]
fn stacks_are_as_deep_as_in_the_file_and_samples_without_one_are_kept() {
    for (Fixture { name, expected, .. }, profile) in decoded() {
        let empty = profile.samples.stacks.iter().filter(|stack| **stack == StackId::EMPTY).count();
        assert_eq!(empty as u64, expected["empty_stack_samples"].as_u64().unwrap(), "{name}");
        // The file's depth is in locations: an inlined frame shares the location of the next frame.
        let depth = profile
            .stacks
            .iter()
            .map(|stack| stack.iter().filter(|frame| !profile.frames.get(**frame).inlined).count())
            .max();
        assert_eq!(depth.unwrap() as u64, expected["depth_max"].as_u64().unwrap(), "{name}");
    }
}

#[test]
fn labels_and_the_columns_pulled_from_them_are_those_of_the_file() {
    for (Fixture { name, expected, .. }, profile) in decoded() {
        let mut found = label_statistics(&profile);
        for (key, expected) in expected["labels"].as_object().unwrap() {
            let found = found.remove(key).unwrap_or_default();
            let count = |what: &str| expected[what].as_u64().unwrap();
            assert_eq!(found.samples, count("str") + count("num") + count("zero"), "{name}: {key}");
            assert_eq!(found.values.len() as u64, count("distinct") + count("zero").min(1), "{name}: {key}");
        }
        assert!(found.is_empty(), "{name}: labels that the file does not have: {:?}", found.keys());
    }
}

#[test]
fn the_top_functions_by_self_and_total_are_those_of_the_file() {
    for (Fixture { name, expected, .. }, profile) in decoded() {
        for (value_type, expected) in expected["top"].as_object().unwrap() {
            let column = profile.value_type_index(value_type).unwrap();
            let (own, total) = by_function(&profile, column);
            for (expected, found) in [(&expected["self"], &own), (&expected["total"], &total)] {
                for entry in expected.as_array().unwrap() {
                    let (function, value) = (entry[0].as_str().unwrap(), entry[1].as_i64().unwrap());
                    assert_eq!(found.get(function), Some(&value), "{name}: {value_type} of {function}");
                }
                // And nothing comes before what is expected to come first.
                let most = found.values().max().copied();
                assert_eq!(most, expected[0][1].as_i64().or(most), "{name}: {value_type}");
            }
        }
    }
}

#[test]
fn files_of_real_clients_have_no_problems() {
    for fixture in pprofs() {
        let decoded = pprof::decode(&fixture.bytes, &Limits::default()).unwrap();
        assert_eq!(decoded.problems, [], "{}", fixture.name);
    }
}

/// The numbers are those of `go tool pprof -top` and `-raw`.
#[test]
fn what_go_test_writes_is_read_as_go_s_own_tool_does() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/pprof/go-test.pprof");
    let decoded = decode_file("cpu.pprof", &std::fs::read(file).unwrap(), &Limits::default()).unwrap();
    assert_eq!(decoded.problems, []);
    let profile = decoded.profile;
    let types: Vec<&str> = profile.value_types.iter().map(|known| known.name.as_str()).collect();
    assert_eq!(types, ["samples", "cpu"]);
    assert_eq!((profile.samples.total(0), profile.samples.total(1)), (33, 330_000_000));
    let (own, total) = by_function(&profile, 1);
    let milliseconds = |of: &HashMap<String, i64>, name: &str| of.get(name).copied().unwrap_or(0) / 1_000_000;
    for (name, self_ms, total_ms) in [
        ("example.com/work.spin", 270, 330),
        ("runtime.asyncPreempt", 50, 50),
        ("time.runtimeNow", 10, 10),
        ("example.com/work.heavy", 0, 200),
        ("example.com/work.light", 0, 130),
        ("example.com/work.deep", 0, 10),
        ("testing.tRunner", 0, 270),
    ] {
        assert_eq!((milliseconds(&own, name), milliseconds(&total, name)), (self_ms, total_ms), "{name}");
    }
    let part = profile.strings.find("part").unwrap();
    let labelled = |set: &LabelSetId| profile.label_sets.get(*set).iter().any(|label| label.key == part);
    let rows = profile.samples.labels.iter().zip(&profile.samples.values[0]);
    assert_eq!(rows.filter(|(set, _)| labelled(set)).map(|(_, value)| value).sum::<i64>(), 6);
    let heavy = profile.strings.find("example.com/work.heavy").unwrap();
    let heavy = profile.frames.as_slice().iter().find(|frame| frame.function == heavy).unwrap();
    assert_eq!((heavy.line, heavy.start_line, heavy.inlined), (22, 22, true));
}

fn decoded() -> Vec<(Fixture, Profile)> {
    let decode = |fixture: Fixture| {
        let decoded = pprof::decode(&fixture.bytes, &Limits::default()).unwrap();
        (fixture, decoded.profile)
    };
    pprofs().into_iter().map(decode).collect()
}

#[derive(Default)]
struct LabelStatistics {
    samples: u64,
    values: HashSet<String>,
}

fn label_statistics(profile: &Profile) -> HashMap<String, LabelStatistics> {
    let mut statistics: HashMap<String, LabelStatistics> = HashMap::new();
    let mut add = |key: &str, value: String| {
        let entry = statistics.entry(key.to_owned()).or_default();
        entry.samples += 1;
        entry.values.insert(value);
    };
    let samples = &profile.samples;
    for set in &samples.labels {
        for label in profile.label_sets.get(*set) {
            let value = match label.value {
                LabelValue::Text(text) => profile.strings.get(text).to_owned(),
                LabelValue::Number(number, _) => number.to_string(),
            };
            add(profile.strings.get(label.key), value);
        }
    }
    samples
        .timestamps_ns
        .iter()
        .filter(|time| **time != 0)
        .for_each(|v| add("end_timestamp_ns", v.to_string()));
    samples.span_ids.iter().filter(|id| **id != 0).for_each(|v| add("span id", v.to_string()));
    samples
        .local_root_span_ids
        .iter()
        .filter(|id| **id != 0)
        .for_each(|v| add("local root span id", v.to_string()));
    samples
        .trace_ids
        .iter()
        .filter(|id| **id != StringId::EMPTY)
        .for_each(|v| add("trace id", format!("{v:?}")));
    statistics
}

/// Self and total values by the name of the function.
fn by_function(profile: &Profile, column: usize) -> (HashMap<String, i64>, HashMap<String, i64>) {
    let (mut own, mut total) = (HashMap::new(), HashMap::new());
    for (stack, &value) in profile.samples.stacks.iter().zip(&profile.samples.values[column]) {
        if value == 0 {
            continue;
        }
        let names: Vec<&str> = profile
            .stacks
            .get(*stack)
            .iter()
            .map(|frame| profile.strings.get(profile.frames.get(*frame).function))
            .collect();
        if let Some(leaf) = names.first() {
            *own.entry((*leaf).to_owned()).or_default() += value;
        }
        for name in names.iter().collect::<HashSet<_>>() {
            *total.entry((*name).to_owned()).or_default() += value;
        }
    }
    (own, total)
}
