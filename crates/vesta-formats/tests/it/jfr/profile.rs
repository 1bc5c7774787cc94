//! Profiles of the recordings in the fixture uploads: of the JDK alone, and of Datadog's agent with both of its engines.

use super::fixtures::recordings;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use vesta_formats::jfr::profile::{Recording, Section, decode};
use vesta_formats::{Limits, decode_file};
use vesta_profile::{LabelValue, Profile, StackId};

#[test]
fn each_sample_is_counted_and_the_leaves_are_those_that_the_jdk_prints() {
    for (name, recording, expected) in all() {
        let top = &expected["ExecutionSample_top"];
        let count = top["n"].as_i64().unwrap();
        if count == 0 {
            continue;
        }
        let profile = &recording.profile;
        assert_eq!(total(profile, "cpu-samples"), count, "{name}");
        let leaves = leaves(profile, "cpu-samples");
        for entry in top["self"].as_array().unwrap() {
            let (function, count) = (entry[0].as_str().unwrap(), entry[1].as_i64().unwrap());
            assert_eq!(leaves.get(function), Some(&count), "{name}: {function}");
        }
    }
}

#[test]
fn events_are_samples_of_the_types_that_people_know() {
    let counted = [
        ("exception-samples", &["datadog.ExceptionSample", "jdk.JavaExceptionThrow"][..]),
        ("class-loads", &["jdk.ClassLoad"]),
        ("native-method-samples", &["jdk.NativeMethodSample"]),
        ("wall-samples", &["datadog.MethodSample"]),
    ];
    for (name, recording, expected) in all() {
        let events = |events: &[&str]| -> i64 {
            events.iter().map(|event| expected["events"][event].as_i64().unwrap_or(0)).sum()
        };
        for (value_type, sources) in counted {
            assert_eq!(total(&recording.profile, value_type), events(sources), "{name}: {value_type}");
        }
        let waits = total(&recording.profile, "waits") + total(&recording.profile, "lock-acquire");
        let waits_of = ["jdk.JavaMonitorEnter", "jdk.JavaMonitorWait", "jdk.ThreadPark", "jdk.ThreadSleep"];
        assert_eq!(waits, events(&waits_of), "{name}: waits and locks");
        assert_eq!(recording.problems, [], "{name}");
    }
}

#[test]
fn samples_stand_for_the_period_in_the_settings() {
    // The agent asks the JDK for 9 ms, and its own engine takes 10 ms and 50 ms.
    for (name, cpu_ns, wall_ns) in [
        ("java-synth-raw-04/main.jfr", 9_000_000, 0),
        ("java-synth-zstd-01/main.jfr", 9_000_000, 0),
        ("java-01/main.jfr", 10_000_000, 50_000_000),
        ("java-jfr-01/main.jfr", 9_000_000, 0),
    ] {
        let Recording { profile, .. } = named(name);
        assert_eq!(total(&profile, "cpu-time"), total(&profile, "cpu-samples") * cpu_ns, "{name}");
        assert_eq!(total(&profile, "wall-time"), total(&profile, "wall-samples") * wall_ns, "{name}");
        assert_eq!(profile.period.map(|period| period.value), Some(cpu_ns), "{name}");
    }
}

#[test]
fn the_agent_shows_where_a_service_spends_time_and_memory() {
    for (name, has_wall) in [("java-01/main.jfr", true), ("java-jfr-01/main.jfr", false)] {
        let Recording { profile, .. } = named(name);
        let own = |value_type: &str| {
            let mut functions: Vec<(i64, String)> =
                totals(&profile, value_type).into_iter().map(|(function, total)| (total, function)).collect();
            functions.sort();
            let is_own = |(_, function): &&(i64, String)| {
                let class = function.strip_prefix("com.acme.tickets.Tickets$");
                class.is_some_and(|class| !class.starts_with("$Lambda"))
            };
            functions.iter().rev().find(is_own).map(|(_, function)| function.clone())
        };
        let ranks = Some("com.acme.tickets.Tickets$Ranking.rankSeats".to_owned());
        assert_eq!(own("cpu-time"), ranks, "{name}");
        assert_eq!(own("wall-time").is_some(), has_wall, "{name}");
        assert_eq!(own("alloc-space").unwrap(), "com.acme.tickets.Tickets$Printer.printTickets", "{name}");
        assert_eq!(
            own("lock-acquire-wait").unwrap(),
            "com.acme.tickets.Tickets$SeatPlan.holdSeats",
            "{name}"
        );
        let thrown = leaves(&profile, "exception-samples");
        assert!(thrown["com.acme.tickets.Tickets$Coupon.readCoupon"] > 50, "{name}: {thrown:?}");
        let read = totals(&profile, "socket-read-time");
        assert!(read["com.acme.tickets.Tickets.askBank"] > 1_000_000_000, "{name}: {read:?}");
        let written = totals(&profile, "file-io-write-time");
        assert!(written["com.acme.tickets.Tickets.archiveOrders"] > 10_000_000, "{name}: {written:?}");
        assert!(total(&profile, "file-io-write-size") < 1 << 30, "{name}");
    }
}

#[test]
fn samples_of_requests_carry_their_endpoint() {
    for name in ["java-01/main.jfr", "java-jfr-01/main.jfr"] {
        let Recording { profile, endpoint_counts, .. } = named(name);
        let endpoints: Vec<&str> = endpoint_counts.keys().map(String::as_str).collect();
        assert_eq!(endpoints, ["GET /buy", "GET /print", "GET /seats"], "{name}");
        // The engine of the JDK knows no spans: which one it was follows from thread and time.
        let cpu = profile.value_type_index("cpu-time").unwrap();
        let mut by_endpoint: BTreeMap<String, i64> = BTreeMap::new();
        for (row, &value) in profile.samples.values[cpu].iter().enumerate() {
            let stack = profile.stacks.get(profile.samples.stacks[row]);
            if stack.iter().any(|&frame| function(&profile, frame).ends_with(".rankSeats")) {
                let endpoint = label(&profile, row, "trace endpoint").unwrap_or_default();
                *by_endpoint.entry(endpoint).or_default() += value;
            }
        }
        let seats = by_endpoint.get("GET /seats").copied().unwrap_or(0);
        let all: i64 = by_endpoint.values().sum();
        // Requests that had not ended with the recording have no endpoint yet, and the engine of the JDK does not see those
        // that took less than 10 ms.
        assert!(seats * 10 > all * 6, "{name}: {by_endpoint:?}");
        let others = all - seats - by_endpoint.get("").copied().unwrap_or(0);
        assert_eq!(others, 0, "{name}: {by_endpoint:?}");
    }
}

#[test]
fn labels_have_the_names_that_other_languages_give_them() {
    let Recording { profile, .. } = named("java-01/main.jfr");
    let row = |value_type: &str| {
        let index = profile.value_type_index(value_type).unwrap();
        let own = |row: &usize| {
            label(&profile, *row, "thread name").is_some_and(|name| name.starts_with("worker-"))
        };
        let rows = 0..profile.samples.len();
        rows.filter(|row| profile.samples.values[index][*row] > 0).find(own).unwrap()
    };
    let thrown = row("exception-samples");
    assert_eq!(label(&profile, thrown, "exception type").unwrap(), "com.acme.tickets.Tickets$BadCoupon");
    assert_eq!(label(&profile, thrown, "exception message").unwrap(), "no-coupon is no coupon");
    let buys =
        |row: &usize| label(&profile, *row, "trace endpoint").is_some_and(|endpoint| endpoint == "GET /buy");
    let exceptions = profile.value_type_index("exception-samples").unwrap();
    let thrown = (0..profile.samples.len()).filter(|row| profile.samples.values[exceptions][*row] > 0);
    assert!(thrown.filter(buys).count() > 50);
    let lock = row("lock-acquire-wait");
    assert_eq!(label(&profile, lock, "lock name").unwrap(), "com.acme.tickets.Tickets$SeatPlan");
    let cpu = row("wall-time");
    assert!(label(&profile, cpu, "thread id").unwrap().parse::<u32>().is_ok());
    assert_eq!(label(&profile, cpu, "trace operation").unwrap(), "servlet.request");
    assert!(profile.samples.span_ids[cpu] != 0 && profile.samples.local_root_span_ids[cpu] != 0);
    assert!(label(&profile, cpu, "state").is_some());
    assert!(label(&profile, row("alloc-space"), "allocation class").is_some());
    let start_ns = profile.start_ns;
    let end_ns = start_ns + profile.duration_ns;
    assert!((start_ns..=end_ns).contains(&profile.samples.timestamps_ns[cpu]));
}

#[test]
fn the_runtime_is_on_the_timeline_and_in_metrics() {
    for (name, Recording { profile, metrics, .. }, expected) in all() {
        let events = |event: &str| expected["events"][event].as_i64().unwrap_or(0);
        let timeline = profile.value_type_index("timeline").unwrap();
        let mut seen: BTreeMap<String, i64> = BTreeMap::new();
        for row in (0..profile.samples.len()).filter(|row| profile.samples.values[timeline][*row] > 0) {
            *seen.entry(label(&profile, row, "event").unwrap()).or_default() += 1;
        }
        assert_eq!(seen["gc"], events("jdk.GCPhasePause"), "{name}: {seen:?}");
        assert_eq!(seen["vm operation"], events("jdk.ExecuteVMOperation"), "{name}: {seen:?}");
        // A safepoint that begins in one recording may end in the next.
        let safepoints = events("jdk.SafepointBegin");
        assert!((safepoints - 1..=safepoints + 1).contains(&seen["safepoint"]), "{name}: {seen:?}");
        let metric = |wanted: &str| metrics.iter().find(|(name, _)| name == wanted).unwrap().1;
        assert!((metric("jvm_gc_count") - events("jdk.GarbageCollection") as f64).abs() < 0.5, "{name}");
        assert!(metric("jvm_gc_pause_ns") >= metric("jvm_gc_longest_pause_ns"), "{name}");
        assert!(metric("jvm_heap_used_bytes") > metric("jvm_heap_used_after_gc_bytes"), "{name}");
        assert!((0.0..=1.0).contains(&metric("jvm_cpu_load")), "{name}");
    }
}

#[test]
fn the_process_is_described_without_its_secrets() {
    // The service was started with `-Dtickets.db.password=hunter2`.
    for name in ["java-01/main.jfr", "java-jfr-01/main.jfr"] {
        let Recording { facts, .. } = named(name);
        let fact = |section: Section, name: &str| {
            facts
                .iter()
                .find(|fact| fact.section == section && fact.name == name)
                .map(|fact| fact.value.as_str())
        };
        assert_eq!(fact(Section::Properties, "tickets.db.password"), Some("<redacted>"));
        assert_eq!(fact(Section::Properties, "dd.service"), Some("tickets"));
        assert_eq!(fact(Section::Flags, "FlightRecorderOptions"), Some("stackdepth=256"));
        assert_eq!(fact(Section::Flags, "UseStringDeduplication"), None, "what is so by default");
        assert_eq!(fact(Section::Runtime, "name"), Some("OpenJDK 64-Bit Server VM"));
        assert_eq!(fact(Section::ProfilerSettings, "Upload Period"), Some("10 seconds"));
        assert!(fact(Section::Platform, "os").unwrap().starts_with("Debian GNU/Linux 12"));
        assert!(facts.iter().all(|fact| !fact.value.contains("hunter2")), "{facts:?}");
        assert!(fact(Section::Runtime, "arguments").unwrap().contains("-Dtickets.db.password=<redacted>"));
    }
}

#[test]
fn async_profiler_and_the_engine_of_datadog_are_read_without_the_jdks_recorder() {
    // Intervals and totals as of the command lines in the recordings.
    for (name, cpu_ns, wall_ns) in [
        ("async-profiler-3.0-cpu-alloc-lock", 5_000_000, 0),
        ("async-profiler-4.2-cpu-wall-alloc-lock", 5_000_000, 20_000_000),
        ("async-profiler-4.2-live", 10_000_000, 0),
    ] {
        let Recording { profile, problems, .. } = file(name);
        assert_eq!(problems, [], "{name}");
        assert_eq!(total(&profile, "cpu-time"), total(&profile, "cpu-samples") * cpu_ns, "{name}");
        assert_eq!(total(&profile, "wall-time"), total(&profile, "wall-samples") * wall_ns, "{name}");
        let hot = |value_type: &str| leaves(&profile, value_type).into_iter().max_by_key(|(_, value)| *value);
        assert_eq!(hot("cpu-time").unwrap().0, "Busy.compute", "{name}");
        assert_eq!(hot("alloc-space").unwrap().0, "Busy.allocate", "{name}");
        if name.ends_with("lock") {
            let locks = totals(&profile, "lock-acquire-wait");
            assert!(
                locks["Busy.monitor"] > 0 && locks["jdk.internal.misc.Unsafe.park"] > 0,
                "{name}: {locks:?}"
            );
        }
        let modules: Vec<&str> =
            profile.frames.as_slice().iter().map(|frame| profile.strings.get(frame.module)).collect();
        assert!(
            modules.contains(&"[kernel]") || modules.contains(&"libc.so.6") || modules.contains(&"libc.so")
        );
    }
    let live = file("async-profiler-4.2-live").profile;
    // One object of 10 KiB stands for the ten that fit into the interval of 100 KiB.
    assert_eq!((total(&live, "heap-space"), total(&live, "heap-live-samples")), (6_246_400, 610));
    let datadog = file("datadog-1.68-cpu-wall-memory").profile;
    assert_eq!(total(&datadog, "cpu-time"), total(&datadog, "cpu-samples") * 5_000_000);
    // More threads could be looked at than were: those that were stand for the others as well.
    assert!(total(&datadog, "wall-time") > total(&datadog, "wall-samples") * 20_000_000);
}

#[test]
fn recordings_one_after_the_other_add_up() {
    let find = |wanted: &str| recordings().into_iter().find(|(name, ..)| name == wanted).unwrap().1;
    let (first, second) = (find("java-jfr-01/main.jfr"), find("java-synth-raw-04/main.jfr"));
    let both = decode(&[first.clone(), second.clone()].concat(), &Limits::default()).unwrap();
    let parts = [first, second].map(|bytes| decode(&bytes, &Limits::default()).unwrap());
    for value_type in
        ["cpu-time", "alloc-space", "alloc-samples", "wait-time", "socket-read-time", "timeline"]
    {
        // Allocations are of different events, which do not mix.
        let sum: i64 = parts.iter().map(|part| total(&part.profile, value_type)).sum();
        let own = total(&both.profile, value_type);
        let others = total(&both.profile, &format!("{value_type} of jdk.ObjectAllocationSample"));
        assert_eq!(own + others, sum, "{value_type}");
    }
    let samples: usize = parts.iter().map(|part| part.profile.samples.len()).sum();
    // Of what is on the heap the last recording counts.
    let live = total(&parts[0].profile, "heap-live-samples");
    assert_eq!(total(&both.profile, "heap-live-samples"), total(&parts[1].profile, "heap-live-samples"));
    assert_eq!(both.profile.samples.len() + usize::try_from(live).unwrap(), samples);
}

#[test]
fn any_recording_is_opened_compressed_or_not() {
    for (name, bytes, _) in recordings() {
        let packed = vesta_formats::compression::compress_gzip(&bytes).unwrap();
        let decoded = decode_file("recording.bin", &packed, &Limits::default()).unwrap();
        let plain = decode(&bytes, &Limits::default()).unwrap();
        assert_eq!(decoded.profile.samples.len(), plain.profile.samples.len(), "{name}");
    }
}

#[test]
fn what_is_too_much_is_left_out_and_said() {
    let (_, bytes, _) = recordings().into_iter().find(|(name, ..)| name.starts_with("java-01")).unwrap();
    let few = decode(&bytes, &Limits { max_samples: 100, ..Limits::default() }).unwrap();
    assert_eq!(few.profile.samples.len(), 100);
    assert!(few.problems.iter().any(|problem| problem.what.contains("more samples")), "{:?}", few.problems);
    let shallow = decode(&bytes, &Limits { max_stack_depth: 3, ..Limits::default() }).unwrap();
    assert!(shallow.profile.stacks.iter().all(|stack| stack.len() <= 4));
    let cut = shallow.profile.stacks.iter().filter(|stack| stack.len() == 4);
    let cut: Vec<&str> = cut.map(|stack| function(&shallow.profile, stack[3])).collect();
    assert!(!cut.is_empty() && cut.iter().all(|root| *root == "[truncated]"), "{cut:?}");
}

fn all() -> Vec<(String, Recording, Json)> {
    let all: Vec<_> = recordings()
        .into_iter()
        .map(|(name, bytes, expected)| {
            let recording = decode(&bytes, &Limits::default()).unwrap();
            (name, recording, expected)
        })
        .collect();
    assert!(all.len() >= 4);
    all
}

fn named(wanted: &str) -> Recording {
    all().into_iter().find(|(name, ..)| name == wanted).unwrap().1
}

/// A recording that was made for the tests of the reader.
fn file(name: &str) -> Recording {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/jfr");
    let bytes = std::fs::read(format!("{folder}/{name}.jfr")).unwrap();
    decode(&bytes, &Limits::default()).unwrap()
}

pub(crate) fn total(profile: &Profile, value_type: &str) -> i64 {
    profile.value_type_index(value_type).map_or(0, |index| profile.samples.total(index))
}

/// The sums by the function at the leaf.
pub(crate) fn leaves(profile: &Profile, value_type: &str) -> BTreeMap<String, i64> {
    sums(profile, value_type, |stack| stack.first().copied().into_iter().collect())
}

/// The sums by all functions on the stack.
pub(crate) fn totals(profile: &Profile, value_type: &str) -> BTreeMap<String, i64> {
    sums(profile, value_type, <[_]>::to_vec)
}

fn sums(
    profile: &Profile,
    value_type: &str,
    frames: impl Fn(&[vesta_profile::FrameId]) -> Vec<vesta_profile::FrameId>,
) -> BTreeMap<String, i64> {
    let mut sums = BTreeMap::new();
    let Some(index) = profile.value_type_index(value_type) else { return sums };
    for (row, &value) in profile.samples.values[index].iter().enumerate() {
        let stack: StackId = profile.samples.stacks[row];
        let mut names: Vec<&str> =
            frames(profile.stacks.get(stack)).into_iter().map(|frame| function(profile, frame)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            *sums.entry(name.to_owned()).or_default() += value;
        }
    }
    sums
}

fn function(profile: &Profile, frame: vesta_profile::FrameId) -> &str {
    profile.strings.get(profile.frames.get(frame).function)
}

pub(crate) fn label(profile: &Profile, row: usize, key: &str) -> Option<String> {
    let labels = profile.label_sets.get(profile.samples.labels[row]);
    let label = labels.iter().find(|label| profile.strings.get(label.key) == key)?;
    Some(match label.value {
        LabelValue::Text(text) => profile.strings.get(text).to_owned(),
        LabelValue::Number(number, _) => number.to_string(),
    })
}
