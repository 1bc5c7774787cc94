//! Profiles of V8, made by hand.

use vesta_formats::{Decoded, Format, Limits, collapsed, v8};
use vesta_profile::Profile;

#[test]
fn a_sample_lasts_until_the_next_and_the_last_until_the_end() {
    let profile =
        cpu(&nodes_and(r#""startTime":100,"endTime":190,"samples":[2,3,2],"timeDeltas":[10,20,30]"#));
    assert_eq!(text(&profile, "wall-time"), "a 50000\na;b 30000\n");
    assert_eq!(text(&profile, "wall-samples"), "a 2\na;b 1\n");
    assert_eq!(profile.samples.timestamps_ns, [130_000, 160_000, 190_000]);
    assert_eq!(profile.duration_ns, 90_000);
}

#[test]
fn fractions_of_microseconds_count_and_samples_out_of_order_are_put_into_it() {
    let profile =
        cpu(&nodes_and(r#""startTime":0.5,"endTime":9,"samples":[2,3,2],"timeDeltas":[0.25,4.0005,-3e0]"#));
    // At 0.750, 4.7505 (rounded up by the deltas), and 1.751.
    assert_eq!(profile.samples.total(1), 9000 - 750);
    assert_eq!(text(&profile, "wall-time"), "a 4001\na;b 4249\n");
    assert!(profile.samples.timestamps_ns.is_sorted());
}

#[test]
fn time_in_which_nothing_ran_is_elapsed_but_not_of_a_cpu() {
    let body = r#"{"nodes":[{"id":1,"callFrame":{"functionName":"(root)"},"children":[2,3]},
        {"id":2,"callFrame":{"functionName":"(idle)"}},{"id":3,"callFrame":{"functionName":""}}],
        "startTime":0,"endTime":10,"samples":[2,3],"timeDeltas":[0,7]}"#;
    let profile = cpu(body);
    assert_eq!(text(&profile, "wall-time"), "(anonymous) 3000\n(idle) 7000\n");
    assert_eq!(text(&profile, "cpu-time"), "(anonymous) 3000\n");
}

#[test]
fn profiles_of_before_2014_are_trees_with_hits_and_their_time_adds_up() {
    let body = r#"{"head":{"functionName":"(root)","url":"","lineNumber":0,"hitCount":0,"id":1,"children":[
        {"functionName":"main","url":"http://a/b.js","lineNumber":7,"hitCount":2,"id":2,"children":[
        {"functionName":"leaf","url":"http://a/b.js","lineNumber":9,"hitCount":1,"id":3,"children":[]}]}]},
        "startTime":1.5,"endTime":1.6000001}"#;
    assert_eq!(vesta_formats::detect("x", body.as_bytes()), Some(Format::V8CpuProfile));
    let profile = cpu(body);
    assert_eq!(profile.samples.total(1), 100_000_100);
    assert_eq!(text(&profile, "wall-samples"), "main 2\nmain;leaf 1\n");
    assert_eq!(text(&profile, "wall-time"), "main 66666733\nmain;leaf 33333367\n");
    assert_eq!(profile.frames.as_slice()[1].line, 7, "lines counted from 1 then");
}

#[test]
fn lines_that_were_hit_are_those_of_the_innermost_function() {
    let body = r#"{"nodes":[{"id":1,"callFrame":{"functionName":"f","url":"file:///a.js","lineNumber":4},
        "hitCount":3,"positionTicks":[{"line":6,"ticks":2},{"line":8,"ticks":1}]}],
        "startTime":0,"endTime":4,"samples":[1,1,1,1],"timeDeltas":[0,1,1,1]}"#;
    let profile = cpu(body);
    let lines: Vec<u32> = profile
        .samples
        .stacks
        .iter()
        .map(|stack| profile.frames.get(profile.stacks.get(*stack)[0]).line)
        .collect();
    assert_eq!(lines, [6, 6, 8, 5], "the last one has no line left, so it has that of the function");
    let frame = profile.frames.as_slice()[0];
    assert_eq!((profile.strings.get(frame.file), frame.start_line), ("/a.js", 5));
}

#[test]
fn what_is_missing_or_goes_round_in_circles_becomes_a_problem_and_sums_stay() {
    let body = r#"{"nodes":[{"id":1,"callFrame":{"functionName":"a"},"children":[2,9]},
        {"id":2,"callFrame":{"functionName":"b"},"children":[1]}],
        "startTime":0,"endTime":30,"samples":[2,7,1],"timeDeltas":[0,10,10]}"#;
    let decoded = v8::decode_cpu(body.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(decoded.profile.samples.total(1), 30_000);
    assert_eq!(
        problems(&decoded),
        [
            "a child of a node is missing",
            "nodes call each other in a circle, which is cut",
            "the node of a sample is missing, its time is not under a function",
        ]
    );
    let short = nodes_and(r#""startTime":0,"endTime":9,"samples":[2,3,2],"timeDeltas":[1]"#);
    let decoded = v8::decode_cpu(short.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(decoded.profile.samples.total(1), 8000);
    assert_eq!(problems(&decoded), ["samples have no times, they take none"]);
    let none = nodes_and(r#""startTime":0,"endTime":10,"samples":[2,3,2]"#);
    let decoded = v8::decode_cpu(none.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(decoded.profile.samples.total(1), 10_000);
    assert_eq!(problems(&decoded), ["samples have no times, they are spread evenly"]);
}

#[test]
fn trees_as_deep_as_memory_do_no_harm() {
    let depth = 200_000;
    let node = r#"{"callFrame":{"functionName":"f"},"selfSize":1,"id":1,"children":["#;
    let body = format!("{{\"head\":{}{}}}", node.repeat(depth), "]}".repeat(depth));
    let error = v8::decode_heap(body.as_bytes(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("bytes of memory allowed"), "{error}");
    let brackets = "[".repeat(10_000_000);
    assert!(v8::decode_heap(brackets.as_bytes(), &Limits::default()).is_err());
    let skipped =
        format!("{{\"other\":{}{},\"head\":{{\"selfSize\":7}}}}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(v8::decode_heap(skipped.as_bytes(), &Limits::default()).unwrap().profile.samples.total(0), 7);
    let shallow = format!("{{\"head\":{}{}}}", node.repeat(5000), "]}".repeat(5000));
    let decoded = v8::decode_heap(shallow.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(decoded.profile.samples.total(0), 5000);
    assert!(problems(&decoded).contains(&"a stack is too deep, its root end is cut off"));
}

#[test]
fn what_is_written_reads_back_with_the_same_times_and_stacks() {
    let text = "main;parse 1500\nmain;parse;read \u{1f525} \"x\" 7\nmain 999999999999\n";
    let mut profile = collapsed::decode(text.as_bytes(), &Limits::default()).unwrap().profile;
    profile.value_types[0].name = "cpu-time".to_owned();
    profile.value_types[0].unit = "nanoseconds".to_owned();
    let written = Format::V8CpuProfile.encode(&profile, 0).unwrap();
    let again = v8::decode_cpu(&written, &Limits::default()).unwrap();
    assert!(again.problems.is_empty(), "{:?}", again.problems);
    assert_eq!(self::text(&again.profile, "cpu-time"), collapsed::encode(&profile, 0));
    let json: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(json["samples"].as_array().unwrap().len(), json["timeDeltas"].as_array().unwrap().len());
}

#[test]
fn only_times_are_written() {
    let profile = collapsed::decode(b"main 7\n", &Limits::default()).unwrap().profile;
    let error = Format::V8CpuProfile.encode(&profile, 0).unwrap_err();
    assert_eq!(error.to_string(), "V8 CPU profile holds times, not wall-samples");
    let mut negative = collapsed::decode(b"main -7\n", &Limits::default()).unwrap().profile;
    negative.value_types[0].unit = "nanoseconds".to_owned();
    negative.value_types[0].name = "cpu".to_owned();
    let error = Format::V8CpuProfile.encode(&negative, 0).unwrap_err();
    assert_eq!(error.to_string(), "V8 CPU profile has no negative values, but the profile does");
}

fn nodes_and(rest: &str) -> String {
    format!(
        r#"{{"nodes":[{{"id":1,"callFrame":{{"functionName":"(root)"}},"children":[2]}},
        {{"id":2,"callFrame":{{"functionName":"a"}},"children":[3]}},
        {{"id":3,"callFrame":{{"functionName":"b"}}}}],{rest}}}"#
    )
}

fn cpu(body: &str) -> Profile {
    let decoded = v8::decode_cpu(body.as_bytes(), &Limits::default()).unwrap();
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    decoded.profile
}

fn text(profile: &Profile, value_type: &str) -> String {
    collapsed::encode(profile, profile.value_type_index(value_type).unwrap())
}

fn problems(decoded: &Decoded) -> Vec<&'static str> {
    decoded.problems.iter().map(|problem| problem.what).collect()
}
