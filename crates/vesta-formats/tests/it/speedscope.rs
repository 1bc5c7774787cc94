//! Files of speedscope, made by hand.

use vesta_formats::{Decoded, Limits, collapsed, pprof, speedscope};
use vesta_profile::{Frame, Label, LabelValue, Profile, Sample, ValueType};

#[test]
fn weights_are_times_in_the_unit_of_the_profile() {
    for (unit, scale) in
        [("nanoseconds", 1), ("microseconds", 1000), ("milliseconds", 1_000_000), ("seconds", 1_000_000_000)]
    {
        let profile = clean(&file(&sampled(unit, "[[0],[0,1],[0,1]]", "[3,4,5]")));
        assert_eq!(profile.samples.total(0), 12 * scale);
        assert_eq!(text(&profile, "wall-time"), format!("main {}\nmain;work {}\n", 3 * scale, 9 * scale));
        assert_eq!(profile.samples.timestamps_ns, [3 * scale, 7 * scale, 12 * scale]);
    }
}

#[test]
fn units_that_are_no_time_are_types_of_their_own() {
    let profile = clean(&file(
        &[
            sampled("bytes", "[[0]]", "[100]"),
            sampled("none", "[[1]]", "[2]"),
            sampled("cycles", "[[1]]", "[5]"),
        ]
        .join(","),
    ));
    let types: Vec<String> =
        profile.value_types.iter().map(|known| known.canonical().name.into_owned()).collect();
    assert_eq!(types, ["bytes", "wall-samples", "cycles"]);
    assert_eq!([0, 1, 2].map(|index| profile.samples.total(index)), [100, 2, 5]);
    assert!(profile.samples.timestamps_ns.is_empty());
    let decoded = read(&file(&sampled("none", "[[0],[0]]", "[0.5,1]")));
    assert_eq!(problems(&decoded), ["a weight is no whole number, it is rounded"]);
}

#[test]
fn what_is_open_has_the_time_between_events_and_gaps_have_none() {
    let events = r#"[{"type":"O","at":1.5,"frame":0},{"type":"O","at":2.5,"frame":1},{"type":"C","at":4.25,"frame":1},
        {"type":"C","at":5,"frame":0},{"type":"O","at":7,"frame":1},{"type":"C","at":7.125,"frame":1}]"#;
    let profile = clean(&file(&evented("seconds", events)));
    assert_eq!(text(&profile, "wall-time"), "main 1750000000\nmain;work 1750000000\nwork 125000000\n");
    assert_eq!(profile.duration_ns, 10_000_000_000);
}

#[test]
fn events_that_do_not_fit_become_problems_and_time_stays() {
    let events = r#"[{"type":"O","at":0,"frame":0},{"type":"C","at":1,"frame":1},{"type":"O","at":2,"frame":1},
        {"type":"C","at":3,"frame":0},{"type":"O","at":2,"frame":7},{"type":"O","at":4,"frame":0}]"#;
    let decoded = read(&file(&evented("nanoseconds", events)));
    assert_eq!(text(&decoded.profile, "wall-time"), "main 8\nmain;work 1\n");
    assert_eq!(
        problems(&decoded),
        [
            "a function closes that is not open, or not the last one that was opened",
            "an event is before the one before it, it takes no time",
            "a frame is missing",
            "a function is never closed, it takes the time up to the end",
        ]
    );
}

#[test]
fn several_profiles_are_threads_and_one_is_none() {
    let two = clean(&file(&[sampled("none", "[[0]]", "[1]"), sampled("none", "[[0]]", "[1]")].join(",")));
    assert_eq!(two.label_sets.len(), 2, "both are called the same");
    let one = clean(&file(&sampled("none", "[[0]]", "[1]")));
    assert_eq!(one.label_sets.len(), 1);
}

#[test]
fn frames_may_come_after_profiles_and_weights_may_be_missing() {
    let body = r#"{"profiles":[{"type":"sampled","unit":"none","samples":[[0],[1]],"weights":[4]},
        {"type":"sampled","unit":"none","samples":[[1]]}],"shared":{"frames":[{"name":"a","file":null,"line":null},
        {"name":"b","file":"b.py","line":3,"col":4}]}}"#;
    let decoded = read(body);
    assert_eq!(collapsed::encode(&decoded.profile, 0), "a 4\nb 1\n");
    assert_eq!(problems(&decoded), ["a sample has no weight, it counts as 0"]);
    assert_eq!(decoded.profile.frames.as_slice()[1].line, 3);
}

#[test]
fn a_file_without_profiles_is_an_error() {
    let of = |text: &str| speedscope::decode(text.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert_eq!(of("{}"), "there are no profiles in it");
    assert_eq!(of("[1,2]"), "there are no profiles in it");
    assert_eq!(of(r#"{"profiles":[]}"#), "there are no profiles in it");
    assert_eq!(of("{\"shared\""), "the file breaks off");
    assert_eq!(of("main;work 7"), "there are no profiles in it");
}

#[test]
fn what_is_written_reads_back_with_all_value_types_threads_and_stacks() {
    let mut profile = Profile::new(vec![
        ValueType::new("cpu", "nanoseconds"),
        ValueType::new("alloc_space", "bytes"),
        ValueType::new("dog-walks", "count"),
    ]);
    let name = |profile: &mut Profile, text: &str| profile.strings.intern(text);
    let (main, file) = (name(&mut profile, "main \"\\\n"), name(&mut profile, "/a b.rs"));
    let main = profile.frames.intern(Frame { function: main, file, line: 7, ..Frame::default() });
    let key = name(&mut profile, "thread name");
    for (thread, time) in [("one", 5), ("two) (thread", 9), ("one", 3)] {
        let value = LabelValue::Text(name(&mut profile, thread));
        let labels = profile.label_sets.intern(&[Label { key, value }]);
        let stack = profile.stacks.intern(&[main, main]);
        profile.samples.push(Sample {
            stack,
            labels,
            timestamp_ns: time,
            values: &[time, 100, 1],
            ..Sample::default()
        });
    }
    let timed = speedscope::encode(&profile);
    let again = speedscope::decode(&timed, &Limits::default()).unwrap();
    assert!(again.problems.is_empty(), "{:?}", again.problems);
    let again = again.profile;
    let names: Vec<&str> = again.value_types.iter().map(|known| known.name.as_str()).collect();
    assert_eq!(names, ["cpu-time", "alloc-space", "dog-walks"]);
    for index in 0..3 {
        assert_eq!(collapsed::encode(&again, index), collapsed::encode(&profile, index));
    }
    assert_eq!(again.label_sets.len(), 3);
    assert_eq!(again.samples.timestamps_ns[..3], [3, 8, 9], "each thread begins at 0");

    // Without times, each stack is there once, and stays without.
    profile.samples.timestamps_ns.clear();
    let again = speedscope::decode(&speedscope::encode(&profile), &Limits::default()).unwrap().profile;
    assert!(again.samples.timestamps_ns.is_empty());
    assert_eq!(again.samples.len(), 3);
    for index in 0..3 {
        assert_eq!(again.samples.total(index), profile.samples.total(index));
    }
}

#[test]
fn uploads_of_real_clients_keep_their_totals_in_it() {
    for fixture in crate::support::pprofs() {
        let profile = pprof::decode(&fixture.bytes, &Limits::default()).unwrap().profile;
        let again = match speedscope::decode(&speedscope::encode(&profile), &Limits::default()) {
            Ok(again) => again.profile,
            Err(error) => {
                let total: i64 =
                    (0..profile.value_types.len()).map(|index| profile.samples.total(index)).sum();
                assert_eq!(total, 0, "{}: {error}", fixture.name);
                continue;
            }
        };
        for (index, value_type) in profile.value_types.iter().enumerate() {
            let canonical = value_type.canonical();
            let total = canonical.scaled(profile.samples.total(index));
            let found = again.value_type_index(&canonical.name);
            assert_eq!(
                found.map_or(0, |found| again.samples.total(found)),
                total,
                "{} {}",
                fixture.name,
                canonical.name
            );
        }
    }
}

fn file(profiles: &str) -> String {
    format!(
        r#"{{"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"hand@1",
        "shared":{{"frames":[{{"name":"main"}},{{"name":"work"}}]}},"profiles":[{profiles}]}}"#
    )
}

fn sampled(unit: &str, samples: &str, weights: &str) -> String {
    format!(
        r#"{{"type":"sampled","name":"t","unit":"{unit}","startValue":0,"endValue":12,"samples":{samples},"weights":{weights}}}"#
    )
}

fn evented(unit: &str, events: &str) -> String {
    format!(
        r#"{{"type":"evented","name":"t","unit":"{unit}","startValue":0,"endValue":10,"events":{events}}}"#
    )
}

fn read(text: &str) -> Decoded {
    speedscope::decode(text.as_bytes(), &Limits::default()).unwrap()
}

fn clean(text: &str) -> Profile {
    let decoded = read(text);
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded.profile
}

fn text(profile: &Profile, value_type: &str) -> String {
    collapsed::encode(profile, profile.value_type_index(value_type).unwrap())
}

fn problems(decoded: &Decoded) -> Vec<&'static str> {
    decoded.problems.iter().map(|problem| problem.what).collect()
}
