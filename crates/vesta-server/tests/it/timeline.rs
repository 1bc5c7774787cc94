//! Timelines of real uploads.

use crate::fixture;
use crate::server::{ALL_TIME, TestServer};
use serde_json::Value;
use std::collections::BTreeMap;

fn loaded(names: &[&str]) -> (TestServer, Vec<String>) {
    let server = TestServer::start();
    let ids = names.iter().map(|name| {
        let answer = server.sdk().send(&fixture::load(name).request);
        answer.header("vesta-profile").unwrap().to_owned()
    });
    let ids = ids.collect();
    (server, ids)
}

fn ask(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

/// The milliseconds of each state, by the kind of lane.
fn times(answer: &Value) -> BTreeMap<(String, String), f64> {
    let events = &answer["events"];
    let mut times = BTreeMap::new();
    for (at, lane) in events["lane"].as_array().unwrap().iter().enumerate() {
        let kind = answer["lanes"]["kind"][lane.as_u64().unwrap() as usize].as_str().unwrap();
        let state = answer["states"][events["state"][at].as_u64().unwrap() as usize].as_str().unwrap();
        *times.entry((kind.to_owned(), state.to_owned())).or_insert(0.0) +=
            events["duration_ms"][at].as_f64().unwrap();
    }
    times
}

/// Columns of the same length, indexes that lead somewhere, and times within the timeline.
fn check_shape(answer: &Value) {
    let column = |of: &str, name: &str| answer[of][name].as_array().unwrap().len();
    let events = column("events", "lane");
    for name in ["start_ms", "duration_ms", "state", "function", "endpoint", "span", "detail"] {
        assert_eq!(column("events", name), events, "{name}");
    }
    for name in ["group", "kind", "thread_id", "total_ms"] {
        assert_eq!(column("lanes", name), column("lanes", "name"), "{name}");
    }
    let length = answer["to_ms"].as_f64().unwrap() - answer["from_ms"].as_f64().unwrap();
    let strings = answer["strings"].as_array().unwrap().len() as u64;
    let mut last = (0, 0.0);
    for at in 0..events {
        let number = |name: &str| answer["events"][name][at].as_f64().unwrap();
        let index = |name: &str| answer["events"][name][at].as_i64().unwrap();
        assert!(number("start_ms") >= 0.0 && number("start_ms") + number("duration_ms") <= length + 0.01);
        assert!((index("lane") as usize) < column("lanes", "name"));
        assert!(index("function") >= -1 && index("function") < column("functions", "name") as i64);
        assert!((index("detail") as u64) < strings && (index("endpoint") as u64) < strings);
        assert!(last <= (index("lane"), number("start_ms")), "events are not in order");
        last = (index("lane"), number("start_ms"));
    }
}

#[test]
fn java_has_lanes_for_its_runtime_and_for_its_threads() {
    let (server, ids) = loaded(&["java-01"]);
    let answer = ask(&server, &format!("/api/v1/timeline?profile={}&resolution=100000", ids[0]));
    check_shape(&answer);
    let names: Vec<&str> =
        answer["lanes"]["name"].as_array().unwrap().iter().flat_map(|name| name.as_str()).collect();
    let kind = |name: &str| {
        let index =
            names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name} in {names:?}"));
        answer["lanes"]["kind"][index].as_str().unwrap()
    };
    assert_eq!([kind("Garbage collection"), kind("Concurrent GC")], ["gc", "gc"]);
    assert_eq!(["safepoint", "vm operation", "compilation"].map(kind), ["runtime"; 3]);
    assert_eq!([kind("worker-1"), kind("worker-2")], ["thread", "thread"]);
    assert_eq!(answer["without_time"], 0);
    let times = times(&answer);
    for state in ["cpu", "io", "lock", "sleep"] {
        assert!(times.contains_key(&("thread".to_owned(), state.to_owned())), "{state} in {times:?}");
    }
    let details = answer["strings"].as_array().unwrap();
    for detail in
        ["G1New G1 Evacuation Pause", "com.acme.tickets.Tickets$SeatPlan", "ClassLoaderStatsOperation"]
    {
        assert!(details.iter().any(|text| text == detail), "{detail}");
    }
}

#[test]
fn a_minute_of_node_shows_its_loop_its_collections_and_its_requests() {
    let (server, ids) = loaded(&["node-v6-01"]);
    let answer = ask(&server, &format!("/api/v1/timeline?profile={}&resolution=100000", ids[0]));
    check_shape(&answer);
    assert_eq!(answer["lanes"]["kind"][0], "gc");
    assert_eq!(answer["lanes"]["name"][1], "Main Event Loop");
    assert_eq!(answer["profiles"], 1);
    // All samples of wall.pprof and events.pprof but the one for threads without JavaScript, which has no time.
    assert_eq!((&answer["samples"], &answer["without_time"]), (&(5489 - 49 + 49 + 3998).into(), &1.into()));
    let times = times(&answer);
    let thread: f64 = times.iter().filter(|((kind, _), _)| kind == "thread").map(|(_, time)| time).sum();
    assert!((thread - 64_159.36).abs() < 700.0, "wall time is {thread} ms");
    let gc = times[&("gc".to_owned(), "gc".to_owned())];
    let all: f64 =
        times.iter().filter(|((kind, _), _)| kind == "gc" || kind == "async").map(|(_, time)| time).sum();
    assert!(gc > 500.0 && (all - 78_209.8).abs() < 100.0, "{gc} of {all} ms");
    let details = answer["strings"].as_array().unwrap();
    for detail in ["minor", "major schedule_idle", "connect 127.0.0.1:33993"] {
        assert!(details.iter().any(|text| text == detail), "{detail}");
    }
    assert!(times.contains_key(&("thread".to_owned(), "gc".to_owned())), "samples within a collection");
    assert!(answer["events"]["span"].as_array().unwrap().iter().any(|span| span != ""));
}

#[test]
fn a_minute_of_python_shows_its_pools_its_locks_and_its_tasks() {
    let (server, ids) = loaded(&["python-01"]);
    let answer = ask(&server, &format!("/api/v1/timeline?profile={}&resolution=100000", ids[0]));
    check_shape(&answer);
    let times = times(&answer);
    let wall: f64 = times.iter().filter(|((_, state), _)| state != "lock").map(|(_, time)| time).sum();
    assert!((wall - 601_360.558).abs() < 6000.0, "wall time is {wall} ms");
    let lock = times[&("thread".to_owned(), "lock".to_owned())];
    assert!((lock - 286.389).abs() < 3.0, "lock waits are {lock} ms");
    assert!(times.contains_key(&("async".to_owned(), "wait".to_owned())), "{times:?}");
    let names: Vec<&str> =
        answer["lanes"]["name"].as_array().unwrap().iter().map(|n| n.as_str().unwrap()).collect();
    assert!(names[..4].iter().all(|name| name.starts_with("worker-")), "{names:?}");
    assert_eq!(answer["lanes"]["group"][0], "worker");
    let coarse = ask(&server, &format!("/api/v1/timeline?profile={}&resolution=500", ids[0]));
    check_shape(&coarse);
    let count = |answer: &Value| answer["events"]["lane"].as_array().unwrap().len();
    assert!(count(&coarse) < count(&answer), "{} {}", count(&coarse), count(&answer));
    assert_eq!(coarse["samples"], answer["samples"]);
}

#[test]
fn an_execution_trace_of_go_shows_its_goroutines_and_counts_nothing_twice() {
    let (server, ids) = loaded(&["go-default-types-01"]);
    let answer = ask(&server, &format!("/api/v1/timeline?profile={}", ids[0]));
    check_shape(&answer);
    let lanes = answer["lanes"]["kind"].as_array().unwrap();
    assert!(lanes.len() < 200, "{} lanes", lanes.len());
    assert_eq!(answer["lanes"]["name"][0], "Concurrent GC");
    assert!(answer["lanes"]["group"].as_array().unwrap().iter().any(|group| group == "main.main.func1"));
    // The trace took ten seconds, in which two procs were at hand.
    let times = times(&answer);
    let of = |kind: &str, state: &str| times[&(kind.to_owned(), state.to_owned())];
    assert!((1_000.0..20_100.0).contains(&of("goroutine", "cpu")), "{times:?}");
    assert!((of("goroutine", "cpu")..20_100.0).contains(&of("runtime", "cpu")), "{times:?}");
    for state in ["channel", "runnable", "syscall", "io", "sleep"] {
        assert!(of("goroutine", state) > 0.0, "{state}");
    }
    // Whatever was drawn of the trace, totals are those of the profiles.
    let graph = format!("/api/v1/flamegraph?{ALL_TIME}&profile={}&type=cpu-time", ids[0]);
    let total = |path: &str| ask(&server, path)["total"].as_i64().unwrap();
    let parts = fixture::load("go-default-types-01").expected["parts"].clone();
    let cpu = parts.as_array().unwrap().iter().find(|part| part["filename"] == "cpu.pprof").unwrap();
    let expected = cpu["pprof"]["totals"].as_array().unwrap().iter().find(|total| total[0] == "cpu").unwrap();
    assert_eq!(total(&graph), expected[1].as_i64().unwrap());
    // Of a part of the time only the trace tells.
    let second = total(&format!("{graph}&window=1795216412000,1795216413000"));
    assert!((10_000_000..=2_100_000_000).contains(&second), "{second}");
}

#[test]
fn filters_windows_and_spans_narrow_a_timeline() {
    let (server, ids) = loaded(&["python-01"]);
    let at = |more: &str| {
        let answer = ask(&server, &format!("/api/v1/timeline?profile={}{more}", ids[0]));
        check_shape(&answer);
        answer
    };
    let one = at("&filter=thread:worker-1");
    assert_eq!(one["lanes"]["name"], serde_json::json!(["worker-1"]));
    let whole = at("");
    let from = whole["from_ms"].as_f64().unwrap();
    let window = at(&format!("&window={},{}", from + 1000.5, from + 2000.25));
    assert!((window["from_ms"].as_f64().unwrap() - from - 1000.5).abs() < 0.01);
    assert!((window["to_ms"].as_f64().unwrap() - from - 2000.25).abs() < 0.01);
    let spans = whole["events"]["span"].as_array().unwrap();
    let span = spans.iter().find(|span| *span != "").unwrap().as_str().unwrap();
    let of_span = at(&format!("&span={span}"));
    assert!(of_span["samples"].as_u64() < whole["samples"].as_u64());
    assert!(of_span["samples"].as_u64().unwrap() > 0);
    let meanwhile = at(&format!("&span={span}&focus_on=time"));
    assert!(meanwhile["samples"].as_u64() >= of_span["samples"].as_u64());
    assert_eq!(at(&format!("&span={span}&focus_on=profile"))["samples"], whole["samples"]);
    for wrong in
        ["window=5", "window=5,4", "window=a,b", "window=1e3,2e3", "span=x", "focus_on=all", "resolution=0"]
    {
        server.get(&format!("/api/v1/timeline?profile={}&{wrong}", ids[0])).problem(400);
    }
}

#[test]
fn go_says_that_its_samples_have_no_times() {
    let (server, ids) = loaded(&["go-02"]);
    let answer = ask(&server, &format!("/api/v1/timeline?profile={}", ids[0]));
    assert_eq!((&answer["without_time"], &answer["samples"]), (&2455.into(), &0.into()));
    assert_eq!(answer["lanes"]["name"], serde_json::json!([]));
}

#[test]
fn several_processes_are_refused_by_name_and_nothing_is_an_empty_timeline() {
    let (server, _) = loaded(&["python-01", "node-v6-01"]);
    let answer = server.get(&format!("/api/v1/timeline?{ALL_TIME}"));
    assert!(answer.problem(400).contains("profiles of 2 processes"));
    assert!(answer.json()["hint"].as_str().unwrap().contains("runtime-id:72ccff5c"), "{}", answer.text());
    let nothing = ask(&server, &format!("/api/v1/timeline?query=service:nobody&{ALL_TIME}"));
    assert_eq!(nothing["profiles"], 0);
}

#[test]
fn a_search_for_a_span_narrows_samples_to_it() {
    let (server, ids) = loaded(&["python-01", "node-v6-01"]);
    let timeline = ask(&server, &format!("/api/v1/timeline?profile={}", ids[0]));
    let spans = timeline["events"]["span"].as_array().unwrap();
    let span = spans.iter().find(|span| *span != "").unwrap().as_str().unwrap();
    let path = |query: &str| format!("/api/v1/flamegraph?{ALL_TIME}&type=wall-time&query={query}");
    let whole = ask(&server, &path("language:python"));
    let found = ask(&server, &path(&format!("language:python%20span_id:{span}")));
    assert_eq!(found["profiles"], 1);
    assert!(found["total"].as_i64() > Some(0) && found["total"].as_i64() < whole["total"].as_i64());
    let same = ask(&server, &format!("/api/v1/flamegraph?profile={}&type=wall-time&span={span}", ids[0]));
    assert_eq!(same["total"], found["total"]);
    let profile = ask(&server, &path(&format!("span_id:{span}&focus_on=profile")));
    assert_eq!(profile["total"], whole["total"]);
    let list = ask(&server, &format!("/api/v1/profiles?{ALL_TIME}&query=span_id:{span}"));
    assert_eq!(list["columns"]["id"], serde_json::json!([ids[0]]));
    let nothing = ask(&server, &format!("/api/v1/profiles?{ALL_TIME}&query=span_id:3"));
    assert_eq!(nothing["total"], 0);
    server.get(&path("-span_id:3")).problem(400);
}
