//! Every field of every event, against what the JDK's own tool prints of the same recording.

use super::jdk::{Jdk, jdks};
use super::print::{Events, print_all, print_tool};
use super::profile::{leaves, total, totals};
use crate::skip::skip;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::Path;
use vesta_formats::Limits;
use vesta_formats::jfr;
use vesta_formats::jfr::profile::{Recording, decode};

#[test]
fn every_field_of_every_event_is_what_the_jdk_prints() {
    for jdk in jdks("every_field_of_every_event_is_what_the_jdk_prints") {
        for chunk in jdk.chunks() {
            let (ours, problems) = print_all(&std::fs::read(&chunk).unwrap(), 3);
            assert_eq!(problems, []);
            let theirs = print_tool(&jdk.tool(&["print", "--json", "--stack-depth", "3"], &chunk));
            assert_same(&jdk.name(), &ours, &theirs);
            for expected in ["mix.Fields", "jdk.ExecutionSample", "jdk.ThreadPark", "jdk.JavaMonitorEnter"] {
                assert!(ours.contains_key(expected), "{}: no {expected}", jdk.name());
            }
        }
    }
}

#[test]
fn whole_stacks_are_what_the_jdk_prints() {
    for jdk in jdks("whole_stacks_are_what_the_jdk_prints") {
        for chunk in jdk.chunks() {
            let (mut ours, _) = print_all(&std::fs::read(&chunk).unwrap(), usize::MAX);
            let wanted =
                ["jdk.ExecutionSample", "jdk.JavaErrorThrow", "jdk.JavaMonitorWait", "jdk.SocketRead"];
            ours.retain(|event_type, _| wanted.contains(&event_type.as_str()));
            let events = wanted.join(",");
            let arguments = ["print", "--json", "--stack-depth", "10000", "--events", &events];
            assert_same(&jdk.name(), &ours, &print_tool(&jdk.tool(&arguments, &chunk)));
            assert_eq!(ours.len(), wanted.len());
        }
    }
}

#[test]
fn events_are_as_many_as_the_jdk_counts() {
    for jdk in jdks("events_are_as_many_as_the_jdk_counts") {
        let summary = String::from_utf8(jdk.tool(&["summary"], &jdk.mix())).unwrap();
        let table = summary.lines().skip_while(|line| !line.starts_with("===")).skip(1);
        let mut expected: BTreeMap<String, usize> = table
            .filter_map(|line| {
                let mut columns = line.split_whitespace();
                Some((columns.next()?.to_owned(), columns.next()?.parse().ok()?))
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        // Those hold types and constants. The JDK writes the second one in either way.
        expected.retain(|name, _| !matches!(&*name.to_lowercase(), "jdk.metadata" | "jdk.checkpoint"));
        let (ours, _) = print_all(&std::fs::read(jdk.mix()).unwrap(), 0);
        let ours: BTreeMap<String, usize> =
            ours.into_iter().map(|(name, events)| (name, events.len())).collect();
        assert_eq!(ours, expected, "{}", jdk.name());
    }
}

#[test]
fn a_chunk_that_the_jvm_still_writes_gives_what_was_written() {
    for jdk in jdks("a_chunk_that_the_jvm_still_writes_gives_what_was_written") {
        let recording = std::fs::read(jdk.unfinished()).unwrap();
        let (events, problems) = print_all(&recording, 100);
        let problems: Vec<&str> = problems.iter().map(|problem| problem.what).collect();
        assert_eq!(problems, ["a chunk that its writer did not finish"], "{}", jdk.name());
        let steps = &events["mix.Step"];
        assert_eq!(steps.len(), 1000, "{}", jdk.name());
        for step in steps {
            assert!(step.contains(r#""javaName":"main""#), "{step}");
            assert!(
                step.contains(r#""string":"unfinished""#) || step.contains(r#""name":"unfinished""#),
                "{step}"
            );
        }
    }
}

#[test]
fn recordings_one_after_another_are_read_as_one() {
    for jdk in jdks("recordings_one_after_another_are_read_as_one") {
        let [mix, unfinished] = [jdk.mix(), jdk.unfinished()].map(|path| std::fs::read(path).unwrap());
        let (whole, _) = print_all(&mix, 0);
        let (rest, _) = print_all(&unfinished, 0);
        // The unfinished one in the middle ends where the next begins.
        let (joined, _) = print_all(&[&*mix, &*unfinished, &*mix].concat(), 0);
        let mut expected = Events::new();
        for part in [&whole, &rest, &whole] {
            for (event_type, events) in part {
                expected.entry(event_type.clone()).or_default().extend(events.iter().cloned());
            }
        }
        expected.values_mut().for_each(|events| events.sort());
        assert_same(&jdk.name(), &joined, &expected);
    }
}

#[test]
fn a_recording_over_the_limits_is_refused() {
    for jdk in jdks("a_recording_over_the_limits_is_refused") {
        let recording = std::fs::read(jdk.mix()).unwrap();
        let mut nobody = super::print::Printer::new(0);
        let small = Limits { max_bytes: recording.len() - 1, ..Limits::default() };
        let error = jfr::read(&recording, &small, &mut nobody).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} bytes, more than the {} allowed", recording.len(), small.max_bytes)
        );
        let small = Limits { max_memory: 1000, ..Limits::default() };
        let error = jfr::read(&recording, &small, &mut nobody).unwrap_err();
        assert_eq!(error.to_string(), "would take more than the 1000 bytes of memory allowed");
    }
}

#[test]
fn cpu_time_is_what_the_samples_of_the_jdk_say() {
    let test = "cpu_time_is_what_the_samples_of_the_jdk_say";
    let jdks: Vec<_> = jdks(test).iter().filter(|jdk| jdk.version() >= 25).collect();
    if jdks.is_empty() {
        skip(test, "no JDK with jdk.CPUTimeSample");
    }
    for jdk in jdks {
        let Recording { profile, .. } =
            decode(&std::fs::read(jdk.mix()).unwrap(), &Limits::default()).unwrap();
        let mut expected = [0, 0];
        for chunk in jdk.chunks() {
            let events = tool_events(jdk, "jdk.CPUTimeSample", &chunk);
            expected[0] += events.iter().map(|event| nanoseconds(&event["samplingPeriod"])).sum::<i64>();
            expected[1] += i64::try_from(events.len()).unwrap();
        }
        assert_eq!([total(&profile, "cpu-time"), total(&profile, "cpu-samples")], expected, "{}", jdk.name());
        // Three threads computed for 300 ms, twice; not every sample can be taken.
        let computed = totals(&profile, "cpu-time")["Mix.compute"];
        assert!((600_000_000..5_000_000_000).contains(&computed), "{}: {computed} ns", jdk.name());
        // What the other sampler saw has a name of its own.
        assert!(total(&profile, "cpu-samples of jdk.ExecutionSample") > 0, "{}", jdk.name());
    }
}

#[test]
fn histograms_are_what_the_jdk_counted_last() {
    for jdk in jdks("histograms_are_what_the_jdk_counted_last") {
        let Recording { profile, .. } =
            decode(&std::fs::read(jdk.mix()).unwrap(), &Limits::default()).unwrap();
        let chunks = jdk.chunks();
        let events = tool_events(jdk, "jdk.ObjectCount", chunks.last().unwrap());
        let last = events.iter().map(|event| event["gcId"].as_i64()).max().unwrap();
        let last = events.iter().filter(|event| event["gcId"].as_i64() == last);
        let sum = |field: &str| last.clone().map(|event| event[field].as_i64().unwrap()).sum::<i64>();
        let found = ["heap-histogram-objects", "heap-histogram-space"].map(|name| total(&profile, name));
        assert_eq!(found, [sum("count"), sum("totalSize")], "{}", jdk.name());
        assert!(leaves(&profile, "heap-histogram-space").contains_key("byte[]"), "{}", jdk.name());
    }
}

/// The fields of the events of a type that the JDK's tool prints.
fn tool_events(jdk: &Jdk, event_type: &str, recording: &Path) -> Vec<Json> {
    let output = jdk.tool(&["print", "--json", "--stack-depth", "1", "--events", event_type], recording);
    let mut json: Json = serde_json::from_slice(&output).unwrap();
    let events = json["recording"]["events"].as_array_mut().unwrap();
    events.iter_mut().map(|event| event["values"].take()).collect()
}

/// `PT0.01S`, in nanoseconds.
fn nanoseconds(span: &Json) -> i64 {
    super::print::span(span.as_str().unwrap()).unwrap()
}

/// Event by event, whatever their order.
pub(crate) fn assert_same(name: &str, ours: &Events, theirs: &Events) {
    for (event_type, expected) in theirs {
        let found = ours.get(event_type).unwrap_or_else(|| panic!("{name}: no {event_type}"));
        for (ours, theirs) in found.iter().zip(expected) {
            assert_eq!(ours, theirs, "{name}: {event_type}");
        }
        assert_eq!(found.len(), expected.len(), "{name}: {event_type}");
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{name}");
}
