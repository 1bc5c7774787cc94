//! Answers that the page's own tests read: real uploads, through the real server.
//!
//! `UPDATE_GOLDEN=1` writes them anew. Otherwise answers are compared with the files, numbers to nine digits: sums of
//! fractions depend on how a scan was divided.

use crate::fixture;
use crate::server::{ALL_TIME, TestServer};
use serde_json::{Map, Value};
use std::fmt::Write;
use std::path::Path;

/// What a golden file may be as large as, so that reviews and tests stay quick.
const MOST_BYTES: usize = 300_000;

/// A server that holds these captured uploads, and their ids.
pub(crate) fn server_with(names: &[&str]) -> (TestServer, Vec<String>) {
    let server = TestServer::start();
    let ids = names.iter().map(|name| {
        let answer = server.sdk().send(&fixture::load(name).request);
        answer.header("vesta-profile").unwrap().to_owned()
    });
    let ids = ids.collect();
    (server, ids)
}

/// Compares the answer of a path with the golden file of this name, or writes it.
pub(crate) fn check(server: &TestServer, name: &str, path: &str) -> Value {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    let answer = answer.json();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../ui/src/golden/{name}.json"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text(&answer)).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept.len() < MOST_BYTES, "{name} is {} bytes long", kept.len());
    let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
    let how = "run: UPDATE_GOLDEN=1 cargo test --workspace --test it golden";
    if let Some(place) = difference(&kept, &answer, name) {
        panic!("the page's golden file is not what the server answers, see {place}; {how}");
    }
    answer
}

/// JSON with a line for each of the answer's parts, so that changes can be seen.
fn text(answer: &Value) -> String {
    let mut text = String::new();
    write_parts(&mut text, answer, 2);
    text.push('\n');
    text
}

fn write_parts(text: &mut String, value: &Value, depth: usize) {
    let Some(parts) = value.as_object().filter(|parts| depth > 0 && !parts.is_empty()) else {
        return write!(text, "{value}").unwrap();
    };
    let indent = " ".repeat((3 - depth) * 2);
    for (index, (key, part)) in parts.iter().enumerate() {
        let open = if index == 0 { "{" } else { "," };
        write!(text, "{open}\n{indent}{}: ", Value::from(key.as_str())).unwrap();
        write_parts(text, part, depth - 1);
    }
    write!(text, "\n{}}}", &indent[2..]).unwrap();
}

/// The first place where two answers differ.
fn difference(kept: &Value, found: &Value, place: &str) -> Option<String> {
    match (kept, found) {
        (Value::Object(kept), Value::Object(found)) => {
            let keys = |map: &Map<String, Value>| map.keys().cloned().collect::<Vec<_>>();
            if keys(kept) != keys(found) {
                return Some(format!("{place}: {:?} and {:?}", keys(kept), keys(found)));
            }
            kept.iter().find_map(|(key, value)| difference(value, &found[key], &format!("{place}.{key}")))
        }
        (Value::Array(kept), Value::Array(found)) if kept.len() == found.len() => {
            let mut pairs = kept.iter().zip(found).enumerate();
            pairs.find_map(|(index, (a, b))| difference(a, b, &format!("{place}[{index}]")))
        }
        (Value::Number(a), Value::Number(b)) if a != b => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            let same = (a - b).abs() <= 1e-9 * a.abs().max(b.abs()) && (a.fract() != 0.0 || b.fract() != 0.0);
            (!same).then(|| format!("{place}: {a} and {b}"))
        }
        _ => (kept != found).then(|| format!("{place}: {kept} and {found}")),
    }
}

#[test]
fn golden_measures_are_those_of_the_server() {
    let (server, _) = server_with(&["go-02", "node-v4-01", "python-uds-01"]);
    let measures = check(&server, "measures", &format!("/api/v1/measures?{ALL_TIME}"));
    assert_eq!(measures["profiles"], 3);
}

#[test]
fn golden_timelines_are_those_of_the_server() {
    let (server, ids) = server_with(&["node-v6-01", "python-uds-01", "go-default-types-01"]);
    let path = |id: &str, more: &str| format!("/api/v1/timeline?profile={id}{more}");
    // Ten seconds of the minute: the file is to be read by people, too.
    let window = "&window=1795215720000,1795215730000";
    let node = check(&server, "timeline-node", &path(&ids[0], window));
    assert_eq!(node["lanes"]["kind"][0], "gc");
    let python = check(&server, "timeline-python", &path(&ids[1], "&resolution=500"));
    assert_eq!(python["lanes"]["group"][0], "worker");
    // A collection and what goroutines did meanwhile, out of an execution trace of ten seconds.
    let window = "&resolution=300&window=1795216411000,1795216411060";
    let go = check(&server, "timeline-go", &path(&ids[2], window));
    let kinds = go["lanes"]["kind"].as_array().unwrap();
    assert!(kinds.iter().any(|kind| kind == "goroutine") && kinds[0] == "gc");
}

#[test]
fn golden_flame_graphs_are_those_of_the_server() {
    let (server, ids) = server_with(&["go-02", "node-v4-01", "python-uds-01"]);
    let of = |id: usize| format!("{ALL_TIME}&profile={}", ids[id]);
    let graph =
        check(&server, "flamegraph", &format!("/api/v1/flamegraph?{}&type=cpu-time&max_nodes=500", of(0)));
    assert_eq!(graph["kind"], "delta");
    let sandwich =
        format!("/api/v1/sandwich?{}&type=cpu-time&function=main.handleSearch&max_nodes=300", of(0));
    check(&server, "sandwich", &sandwich);
    let calls = check(&server, "callgraph", &format!("/api/v1/callgraph?{}&type=cpu-time", of(0)));
    assert_eq!(calls["nodes"]["total"].as_array().unwrap().len(), 80);
}

#[test]
fn golden_comparisons_are_those_of_the_server() {
    let (server, ids) = server_with(&["python-uds-01", "python-2.21-lz4-01"]);
    let time = "a.from=2020-01-01T00:00:00Z&a.to=2030-01-01T00:00:00Z&b.from=2020-01-01T00:00:00Z&\
                b.to=2030-01-01T00:00:00Z";
    let sides = format!("{time}&a.profile={}&b.profile={}", ids[0], ids[1]);
    check(&server, "compare", &format!("/api/v1/compare?{sides}&type=cpu-time&max_nodes=300"));
}

#[test]
fn golden_breakdowns_are_those_of_the_server() {
    let (server, _) = server_with(&["go-02", "node-v4-01", "python-uds-01"]);
    let python = format!("/api/v1/breakdown?{ALL_TIME}&query=language:python&type=cpu-time");
    let endpoints = check(&server, "breakdown-endpoint", &format!("{python}&by=label:endpoint"));
    assert!(endpoints["rows"]["calls"][0].is_u64());
    let functions = check(&server, "breakdown-function", &format!("{python}&by=frame:function&limit=40"));
    assert!(functions["other"]["rows"].as_u64() > Some(0));
    let cpu = format!("/api/v1/breakdown?{ALL_TIME}&type=cpu-time");
    let versions = check(&server, "breakdown-version", &format!("{cpu}&by=tag:version"));
    assert_eq!(versions["rows"]["value"].as_array().map(Vec::len), Some(3));
}

#[test]
fn golden_series_are_those_of_the_server() {
    let (server, _) = server_with(&["go-02", "node-v4-01", "python-uds-01"]);
    let hour = "from=2026-11-20T22:55:00Z&to=2026-11-20T23:25:00Z&points=30";
    let by = "group_by=frame:function&limit=5";
    let series = check(&server, "series-type", &format!("/api/v1/series?{hour}&type=cpu-time&{by}"));
    assert_eq!((&series["unit"], &series["other"]), (&Value::from("cores"), &Value::from(true)));
    assert_eq!(series["series"].as_array().map(Vec::len), Some(6));
}

#[test]
fn golden_details_of_a_profile_are_those_of_the_server() {
    let (server, ids) = server_with(&["node-v6-01"]);
    let detail = check(&server, "profile-detail", &format!("/api/v1/profiles/{}", ids[0]));
    assert_eq!(detail["language"], "javascript");
}

#[test]
fn golden_tables_are_those_of_the_server() {
    let (server, _) = server_with(&["go-02", "node-v4-01", "python-uds-01"]);
    let by = "group_by=service&group_by=version&sort=-cpu_cores";
    let measures = "measure=cpu_cores&measure=metrics.go_num_goroutine&measure=profiles&measure=processes";
    let table = check(&server, "table", &format!("/api/v1/table?{ALL_TIME}&{by}&{measures}"));
    assert_eq!(table["groups"]["service"].as_array().map(Vec::len), Some(3));
}
