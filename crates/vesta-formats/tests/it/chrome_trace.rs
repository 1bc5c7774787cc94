//! Chrome traces, made by hand.

use vesta_formats::{Decoded, Limits, chrome_trace, collapsed};

#[test]
fn begins_and_ends_and_whole_events_are_within_each_other() {
    let decoded = read(
        r#"[{"ph":"B","name":"a","pid":1,"tid":1,"ts":0},{"ph":"X","name":"b","pid":1,"tid":1,"ts":10,"dur":20},
        {"ph":"X","name":"c","pid":1,"tid":1,"ts":15.5,"dur":4.25},{"ph":"E","pid":1,"tid":1,"ts":50},
        {"ph":"X","name":"d","pid":1,"tid":1,"ts":60,"dur":5}]"#,
    );
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    assert_eq!(text(&decoded), "a 30000\na;b 15750\na;b;c 4250\nd 5000\n");
    assert_eq!(decoded.profile.duration_ns, 65_000);
    assert!(decoded.profile.samples.timestamps_ns.contains(&19_750));
}

#[test]
fn the_order_in_the_file_does_not_matter_and_threads_do_not_mix() {
    let decoded = read(
        r#"{"displayTimeUnit":"ms","traceEvents":[
        {"ph":"X","name":"inner","pid":1,"tid":"T","ts":10,"dur":5},{"ph":"X","name":"other","pid":1,"tid":2,"ts":0,"dur":100},
        {"ph":"X","name":"outer","pid":1,"tid":"T","ts":10,"dur":10},
        {"ph":"E","pid":1,"tid":"T","ts":40},{"ph":"B","name":"late","pid":1,"tid":"T","ts":30},
        {"ph":"M","name":"thread_name","pid":1,"tid":"T","args":{"name":"Main"}}],"otherData":{}}"#,
    );
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    assert_eq!(text(&decoded), "late 10000\nother 100000\nouter 5000\nouter;inner 5000\n");
    assert_eq!(decoded.profile.label_sets.len(), 3);
}

#[test]
fn events_of_no_length_and_at_one_time_keep_the_order_of_the_file() {
    let decoded = read(
        r#"[{"ph":"B","name":"a","pid":1,"tid":1,"ts":5},{"ph":"E","pid":1,"tid":1,"ts":5},
        {"ph":"B","name":"b","pid":1,"tid":1,"ts":5},{"ph":"E","pid":1,"tid":1,"ts":8},
        {"ph":"X","name":"c","pid":1,"tid":1,"ts":8,"dur":2}]"#,
    );
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    assert_eq!(text(&decoded), "b 3000\nc 2000\n");
}

#[test]
fn events_that_do_not_fit_become_problems_and_time_is_counted_once() {
    let decoded = read(
        r#"[{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":10},{"ph":"X","name":"b","pid":1,"tid":1,"ts":5,"dur":10},
        {"ph":"E","pid":1,"tid":1,"ts":20},{"ph":"B","name":"c","pid":1,"tid":1,"ts":30},
        {"ph":"X","name":"d","pid":1,"tid":1,"ts":40,"dur":2},{"ph":"X","name":"e","pid":1,"tid":1}]"#,
    );
    assert_eq!(text(&decoded), "a 5000\na;b 5000\nc 10000\nc;d 2000\n");
    let problems: Vec<&str> = decoded.problems.iter().map(|problem| problem.what).collect();
    assert_eq!(
        problems,
        [
            "an event has no time, it is left out",
            "an event lasts longer than the one it is in, it is cut off",
            "an event ends that did not begin",
            "an event never ends, it takes the time up to the end of its thread",
        ]
    );
}

#[test]
fn an_array_may_lack_its_end_and_an_object_may_not() {
    let event = r#"{"ph":"X","name":"a","pid":1,"tid":1,"ts":0,"dur":10}"#;
    assert!(read(&format!("[{event},\n")).problems.is_empty());
    let decoded = read(&format!("{{\"traceEvents\":[{event},\n"));
    assert_eq!(decoded.problems[0].what, "the file is broken, the rest of it is not read");
    assert_eq!(text(&decoded), "a 10000\n");
    let error =
        |text: &str| chrome_trace::decode(text.as_bytes(), &Limits::default()).unwrap_err().to_string();
    assert_eq!(error("[]"), "no event in it lasts, and there are no samples");
    assert_eq!(error("{\"traceEvents\":7}"), "no event in it lasts, and there are no samples");
    assert_eq!(error("[{\"ph\"}"), "there is no colon at byte 6");
}

#[test]
fn a_cpu_profile_in_the_trace_is_time_of_a_cpu_and_of_its_thread() {
    let decoded = read(
        r#"{"traceEvents":[{"ph":"X","name":"task","pid":1,"tid":5,"ts":1000,"dur":100},
        {"ph":"P","name":"Profile","id":"0x1","pid":1,"tid":5,"ts":1000,"args":{"data":{"startTime":1000}}},
        {"ph":"P","name":"ProfileChunk","id":"0x1","pid":1,"tid":9,"ts":1010,"args":{"data":{"cpuProfile":{"nodes":[
        {"id":1,"callFrame":{"functionName":"(root)"}},{"id":2,"callFrame":{"functionName":"f","lineNumber":3,"url":"a.js"},"parent":1}],
        "samples":[2,2]},"timeDeltas":[10,20],"lines":[0,7]}}},
        {"ph":"P","name":"ProfileChunk","id":"0x1","pid":1,"tid":9,"ts":1020,"args":{"data":{"cpuProfile":{"nodes":[
        {"id":3,"callFrame":{"functionName":"(idle)"},"parent":1}],"samples":[3,2]},"timeDeltas":[30,5]}}},
        {"ph":"P","name":"ProfileChunk","id":"0x1","pid":1,"tid":9,"ts":1020,"args":{"data":{"endTime":1100}}}]}"#,
    );
    assert!(decoded.problems.is_empty(), "{:?}", decoded.problems);
    let profile = &decoded.profile;
    let of = |name: &str| collapsed::encode(profile, profile.value_type_index(name).unwrap());
    assert_eq!(of("event-time"), "task 100000\n");
    assert_eq!(of("cpu-time"), "f 85000\n");
    assert_eq!(of("cpu-samples"), "f 3\n");
    assert_eq!(profile.duration_ns, 100_000);
    assert!(profile.samples.labels.windows(2).all(|pair| pair[0] == pair[1]), "all on one thread");
    assert!(profile.frames.as_slice().iter().any(|frame| frame.line == 7 && frame.start_line == 4));
}

#[test]
fn a_million_events_within_each_other_are_refused_in_time() {
    let event = r#"{"ph":"B","name":"a","pid":1,"tid":1,"ts":1},"#;
    let deep =
        format!("[{}", (0..200_000).map(|at| event.replace(":1}", &format!(":{at}}}"))).collect::<String>());
    let error = chrome_trace::decode(deep.as_bytes(), &Limits::default()).unwrap_err();
    assert!(error.to_string().contains("bytes of memory allowed"), "{error}");
}

#[test]
fn ends_of_nothing_cost_the_same_however_many_events_are_open() {
    let event =
        |phase: &str, more: &str| format!(r#"{{"ph":"{phase}","name":"a","pid":1,"tid":1,"ts":1{more}}},"#);
    let opened = event("X", r#","dur":9"#).repeat(100_000);
    let started = std::time::Instant::now();
    let decoded = read(&format!("[{opened}{}", event("E", "").repeat(100_000)));
    assert_eq!(decoded.profile.samples.total(0), 9_000);
    assert!(decoded.problems.iter().any(|problem| problem.what == "an event ends that did not begin"));
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

fn read(text: &str) -> Decoded {
    chrome_trace::decode(text.as_bytes(), &Limits::default()).unwrap()
}

fn text(decoded: &Decoded) -> String {
    collapsed::encode(&decoded.profile, decoded.profile.value_type_index("wall-time").unwrap())
}
