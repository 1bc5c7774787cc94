//! What Grafana's Pyroscope data source asks.

use crate::client::{Request, Response};
use crate::fixture::captured;
use crate::pyroscope::{base64, padding};
use crate::server::TestServer;
use serde_json::{Value, json};
use std::time::SystemTime;
use vesta_profile::{Frame, Label, LabelValue, Profile, Sample, ValueType};
use vesta_server::{Scope, TokenFile};

const CPU: &str = "process_cpu:cpu:nanoseconds:cpu:nanoseconds";
const START: i64 = 1_795_726_800_000;
const END: i64 = 1_795_727_100_000;

/// A server with profiles of three languages, all of the same few seconds.
fn server() -> TestServer {
    let server = TestServer::start();
    for name in ["go-cpu", "go-heap", "go-mutex", "python-push", "node-wall"] {
        let answer = server.sdk().send(&captured("pyroscope", name));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    server
}

fn send(server: &TestServer, method: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
    let request = Request::post(&format!("/querier.v1.QuerierService/{method}"), body);
    server.api().send(&request.header("Content-Type", content_type))
}

/// Asks in JSON, within the time of the profiles.
fn ask(server: &TestServer, method: &str, mut question: Value) -> Value {
    let question = question.as_object_mut().unwrap();
    question.entry("start").or_insert(START.to_string().into());
    question.entry("end").or_insert(END.into());
    let answer = send(server, method, "application/json", serde_json::to_vec(question).unwrap());
    assert_eq!(answer.status, 200, "{method}: {}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json()
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("no list: {value:#}"))
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

fn number(value: &Value) -> i64 {
    value.as_str().unwrap_or_else(|| panic!("no number in text: {value}")).parse().unwrap()
}

fn flame_graph(server: &TestServer, profile_type: &str, selector: &str) -> Value {
    let question = json!({ "profileTypeID": profile_type, "labelSelector": selector });
    ask(server, "SelectMergeStacktraces", question)["flamegraph"].clone()
}

#[test]
fn profile_types_have_the_ids_that_grafana_knows() {
    let server = server();
    let types = ask(&server, "ProfileTypes", json!({}));
    let types = types["profileTypes"].as_array().unwrap();
    let ids: Vec<&str> = types.iter().map(|of| of["ID"].as_str().unwrap()).collect();
    for id in [
        CPU,
        "wall:wall:nanoseconds:wall:nanoseconds",
        "memory:alloc_space:bytes:space:bytes",
        "memory:inuse_objects:count:space:bytes",
        "mutex:delay:nanoseconds:contentions:count",
    ] {
        assert!(ids.contains(&id), "{ids:?}");
    }
    let cpu = types.iter().find(|of| of["ID"] == CPU).unwrap();
    assert_eq!(
        (&cpu["name"], &cpu["sampleType"], &cpu["sampleUnit"]),
        (&json!("process_cpu"), &json!("cpu"), &json!("nanoseconds"))
    );
    let before = ask(&server, "ProfileTypes", json!({ "start": 1000, "end": 2000 }));
    assert_eq!(before["profileTypes"], json!([]));
}

#[test]
fn labels_are_tags_and_labels_of_samples_by_names_without_dots() {
    let server = server();
    let names = ask(&server, "LabelNames", json!({ "matchers": ["{}"] }));
    let names = texts(&names["names"]);
    for name in ["service_name", "env", "process_runtime_name", "__profile_type__"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(!names.contains(&"service") && !names.contains(&"endpoint"), "{names:?}");
    let of_go = ask(&server, "LabelNames", json!({ "matchers": ["{service_name=\"go.app\"}"] }));
    let only_python = "region";
    assert!(names.contains(&only_python) && !texts(&of_go["names"]).contains(&only_python), "{of_go:#}");
    let typed =
        ask(&server, "LabelNames", json!({ "matchers": [format!("{{__profile_type__=\"{CPU}\"}}")] }));
    assert!(texts(&typed["names"]).contains(&"endpoint"), "{typed:#}");

    let values = |name: &str, matcher: &str| {
        let answer = ask(&server, "LabelValues", json!({ "name": name, "matchers": [matcher] }));
        texts(&answer["names"]).join(",")
    };
    assert_eq!(values("service_name", "{}"), "go.app,node.app,py.app");
    assert_eq!(
        values("service_name", "{__profile_type__=\"mutex:delay:nanoseconds:contentions:count\"}"),
        "go.app"
    );
    assert_eq!(values("process_runtime_name", "{service_name!=\"go.app\"}"), "cpython,nodejs");
    assert_eq!(values("endpoint", &format!("{CPU}{{service_name=\"go.app\"}}")), "/work");
    assert_eq!(values("nonsense", "{}"), "");
    assert!(values("__profile_type__", "{service_name=\"py.app\"}").contains(CPU));
}

#[test]
fn series_tell_which_service_has_which_profile_types() {
    let server = server();
    let question = json!({ "matchers": [], "labelNames": ["service_name", "__profile_type__"] });
    let series = ask(&server, "Series", question);
    let sets: Vec<String> = series["labelsSet"]
        .as_array()
        .unwrap()
        .iter()
        .map(|set| {
            let labels = set["labels"].as_array().unwrap().iter();
            let texts = labels.map(|label| {
                format!("{}={}", label["name"].as_str().unwrap(), label["value"].as_str().unwrap())
            });
            texts.collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert!(sets.contains(&format!("__profile_type__={CPU} service_name=py.app")), "{sets:#?}");
    let mutex = "__profile_type__=mutex:delay:nanoseconds:contentions:count";
    assert_eq!(sets.iter().filter(|set| set.starts_with(mutex)).count(), 1, "{sets:#?}");
    let all = ask(&server, "Series", json!({ "matchers": ["{service_name=\"py.app\"}"] }));
    // One for each of its profile types.
    assert_eq!(all["labelsSet"].as_array().unwrap().len(), 3, "{all:#}");
}

#[test]
fn matchers_find_what_they_say() {
    let server = server();
    const GO: i64 = 2_100_000_000;
    const PYTHON: i64 = 3_000_000_000;
    const NODE: i64 = 1_808_477_770;
    for (selector, total) in [
        ("{}", GO + PYTHON + NODE),
        ("{service_name=\"go.app\"}", GO),
        ("{service_name!=\"go.app\"}", PYTHON + NODE),
        ("{service_name=~\"go.app|py.app\"}", GO + PYTHON),
        ("{service_name=~\"(go|py)\\\\.app\"}", GO + PYTHON),
        ("{service_name!~\"[gp].*\"}", NODE),
        ("{service_name=~\".*\"}", GO + PYTHON + NODE),
        ("{region=\"eu\"}", PYTHON),
        ("{region=\"\"}", GO + NODE),
        ("{region=~\".+\"}", PYTHON),
        ("{region=~\"|us\"}", GO + NODE),
        ("{process_runtime_name=\"go\", env=\"test\"}", GO),
        ("{\"process.runtime.name\"=\"go\"}", GO),
        ("{env=\"prod\"}", 0),
        ("{service_name=\"none\"}", 0),
        ("{service_name=~\"none.+\"}", 0),
    ] {
        let graph = flame_graph(&server, CPU, selector);
        assert_eq!(number(&graph["total"]), total, "{selector}");
    }
    let all = number(&flame_graph(&server, CPU, "{service_name=\"go.app\"}")["total"]);
    let at_work =
        number(&flame_graph(&server, CPU, "{service_name=\"go.app\", endpoint=\"/work\"}")["total"]);
    let elsewhere =
        number(&flame_graph(&server, CPU, "{service_name=\"go.app\", endpoint!=\"/work\"}")["total"]);
    assert!(at_work > 0 && at_work + elsewhere == all, "{at_work} + {elsewhere} of {all}");
}

#[test]
fn flame_graphs_are_written_level_by_level() {
    let server = server();
    let graph = flame_graph(&server, CPU, "{service_name=\"py.app\"}");
    assert_eq!(texts(&graph["names"]), ["total", "<module>", "hot"]);
    let levels: Vec<Vec<i64>> = graph["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| level["values"].as_array().unwrap().iter().map(number).collect())
        .collect();
    let all = 3_000_000_000;
    assert_eq!(levels, [vec![0, all, 0, 0], vec![0, all, 0, 1], vec![0, all, all, 2]]);
    assert_eq!((number(&graph["total"]), number(&graph["maxSelf"])), (all, all));

    let go = flame_graph(&server, CPU, "{service_name=\"go.app\"}");
    let own: i64 = go["levels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|level| level["values"].as_array().unwrap().chunks(4).map(|node| number(&node[2])))
        .sum();
    assert_eq!(own, number(&go["total"]));
    let few = json!({ "profileTypeID": CPU, "labelSelector": "{service_name=\"go.app\"}", "maxNodes": "4" });
    let few = ask(&server, "SelectMergeStacktraces", few);
    assert_eq!(few["flamegraph"]["total"], go["total"]);
    assert!(texts(&few["flamegraph"]["names"]).contains(&"other"), "{few:#}");

    let below = json!({
        "profileTypeID": CPU,
        "labelSelector": "{service_name=\"py.app\"}",
        "stackTraceSelector": { "callSite": [{ "name": "<module>" }] },
    });
    assert_eq!(ask(&server, "SelectMergeStacktraces", below)["flamegraph"], graph);
    let unknown = flame_graph(&server, "memory:no_such:bytes:space:bytes", "{}");
    assert_eq!((texts(&unknown["names"]), number(&unknown["total"])), (vec!["total"], 0));
}

#[test]
fn series_add_up_to_what_was_spent() {
    let server = server();
    let plot = |profile_type: &str, group_by: &[&str]| {
        let question = json!({
            "profileTypeID": profile_type, "labelSelector": "{}", "step": 15, "groupBy": group_by,
        });
        let answer = ask(&server, "SelectSeries", question);
        let series = answer["series"].as_array().unwrap().clone();
        let of = |series: &Value| {
            let labels =
                series["labels"].as_array().unwrap().iter().map(|label| label["value"].as_str().unwrap());
            let points = series["points"].as_array().unwrap().iter();
            let sum: f64 = points.map(|point| point["value"].as_f64().unwrap()).sum();
            assert!(
                series["points"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(|point| number(&point["timestamp"]) >= START - 15_000)
            );
            (labels.collect::<Vec<_>>().join(" "), sum.round() as i64)
        };
        let mut sums: Vec<(String, i64)> = series.iter().map(of).collect();
        sums.sort();
        sums
    };
    let sums = |texts: &[(&str, i64)]| {
        texts.iter().map(|(text, sum)| ((*text).to_owned(), *sum)).collect::<Vec<_>>()
    };
    let (go, node, python) = (2_100_000_000, 1_808_477_770, 3_000_000_000);
    assert_eq!(plot(CPU, &[]), sums(&[("", go + node + python)]));
    assert_eq!(plot(CPU, &["service_name"]), sums(&[("go.app", go), ("node.app", node), ("py.app", python)]));
    assert_eq!(
        plot(CPU, &["region", "service_name"]),
        sums(&[("eu py.app", python), ("go.app", go), ("node.app", node)])
    );
    // What is there at the end of a period counts as it is.
    assert_eq!(plot("memory:inuse_space:bytes:space:bytes", &[]), sums(&[("", 5_517_041)]));
    assert_eq!(plot("memory:no_such:bytes:space:bytes", &[]), []);
}

#[test]
fn comparisons_have_both_sides_of_each_node() {
    let server = server();
    let side = |service: &str| {
        json!({
            "profileTypeID": CPU,
            "labelSelector": format!("{{service_name=\"{service}\"}}"),
            "start": START,
            "end": END,
        })
    };
    let answer = ask(&server, "Diff", json!({ "left": side("py.app"), "right": side("none") }));
    let graph = &answer["flamegraph"];
    assert_eq!((number(&graph["leftTicks"]), number(&graph["rightTicks"])), (3_000_000_000, 0));
    assert_eq!(graph["levels"][1]["values"], json!(["0", "3000000000", "0", "0", "0", "0", "1"]));
}

#[test]
fn a_merged_profile_is_pprof() {
    let server = server();
    let mut body = Vec::new();
    for (field, text) in [(1, CPU), (2, "{service_name=\"go.app\"}")] {
        body.extend([field << 3 | 2, text.len() as u8]);
        body.extend(text.as_bytes());
    }
    for (field, mut number) in [(3, START as u64), (4, END as u64)] {
        body.push(field << 3);
        while number >= 0x80 {
            body.push(number as u8 | 0x80);
            number >>= 7;
        }
        body.push(number as u8);
    }
    let answer = send(&server, "SelectMergeProfile", "application/proto", body.clone());
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/proto")));
    let read = |answer: &Response| {
        let limits = vesta_formats::Limits::default();
        let profile = vesta_formats::pprof::decode(&answer.body, &limits).unwrap().profile;
        (profile.value_types[0].name.clone(), profile.samples.total(0), profile.samples.len())
    };
    let (name, total, samples) = read(&answer);
    assert_eq!((name.as_str(), total), ("cpu", 2_100_000_000));
    let gzip = vesta_formats::compression::compress_gzip(&body).unwrap();
    let request = Request::post("/querier.v1.QuerierService/SelectMergeProfile", gzip)
        .header("Content-Type", "application/proto")
        .header("Content-Encoding", "gzip");
    assert_eq!(read(&server.api().send(&request)), (name, total, samples));
}

#[test]
fn a_merged_profile_in_json_has_the_lines_of_a_function() {
    let server = server();
    let merged = |path: &[&str]| {
        let sites: Vec<Value> = path.iter().map(|name| json!({ "name": name })).collect();
        let question = json!({
            "profile_typeID": CPU,
            "label_selector": "{service_name=\"py.app\"}",
            "stackTraceSelector": { "call_site": sites },
            "maxNodes": 500,
        });
        ask(&server, "SelectMergeProfile", question)
    };
    let total = |profile: &Value| {
        let samples = profile["sample"].as_array().unwrap().iter();
        samples.map(|sample| number(&sample["value"][0])).sum::<i64>()
    };
    let whole = merged(&[]);
    let texts = texts(&whole["stringTable"]);
    let text = |index: &Value| texts[usize::try_from(number(index)).unwrap()];
    assert_eq!(text(&whole["sampleType"][0]["type"]), "cpu");
    let hot = whole["function"].as_array().unwrap().iter().find(|of| text(&of["name"]) == "hot").unwrap();
    let has_hot = |location: &&Value| location["line"][0]["functionId"] == hot["id"];
    let location = whole["location"].as_array().unwrap().iter().find(has_hot).unwrap();
    assert!(number(&location["line"][0]["line"]) > 0, "{location:#}");
    assert_eq!(whole["sample"][0]["locationId"][0], location["id"]);
    assert_eq!(total(&whole), 3_000_000_000);
    assert_eq!(total(&merged(&["<module>", "hot"])), 3_000_000_000);
    assert_eq!(total(&merged(&["hot"])), 0);

    let question = json!({ "profileTypeID": CPU, "format": "PROFILE_FORMAT_PPROF", "labelSelector": "{service_name=\"py.app\"}" });
    let stacks = ask(&server, "SelectMergeStacktraces", question);
    assert_eq!((total(&stacks["pprof"]["profile"]), &stacks["flamegraph"]), (3_000_000_000, &Value::Null));
}

#[test]
fn stacks_of_one_span_are_those_of_its_samples() {
    let server = TestServer::start();
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    let key = profile.strings.intern("span_id");
    for (name, span, value) in
        [("first", "00000000000beef1", 10), ("second", "00000000000beef2", 20), ("idle", "", 40)]
    {
        let (function, span) = (profile.strings.intern(name), profile.strings.intern(span));
        let frame = profile.frames.intern(Frame { function, ..Frame::default() });
        let label = Label { key, value: LabelValue::Text(span) };
        let labels = if name == "idle" { vec![] } else { vec![label] };
        let labels = profile.label_sets.intern(&labels);
        let stack = profile.stacks.intern(&[frame]);
        profile.samples.push(Sample { stack, labels, values: &[value], ..Sample::default() });
    }
    let body = vesta_formats::pprof::encode(&profile);
    let seconds = [START, END].map(|time| time / 1000);
    let path = format!("/ingest?name=shop&from={}&until={}&format=pprof", seconds[0], seconds[1]);
    assert_eq!(server.sdk().send(&Request::post(&path, body)).status, 200);
    let shown = |graph: &Value| (texts(&graph["names"]).join(" "), number(&graph["total"]));
    let of = |span: &str| {
        let question = json!({ "profileTypeID": CPU, "labelSelector": "{}", "spanSelector": [span] });
        let old = ask(&server, "SelectMergeSpanProfile", question.clone());
        let new = ask(&server, "SelectMergeStacktraces", question);
        assert_eq!(old, new);
        shown(&new["flamegraph"])
    };
    assert_eq!(of("00000000000beef2"), ("total second".to_owned(), 20));
    assert_eq!(of("00000000000beef3"), ("total".to_owned(), 0));
    assert_eq!(shown(&flame_graph(&server, CPU, "{}")).1, 70);
    // A label of which each request has its own value would be no help to choose by.
    let names =
        ask(&server, "LabelNames", json!({ "matchers": [format!("{{__profile_type__=\"{CPU}\"}}")] }));
    assert!(!texts(&names["names"]).contains(&"span_id"), "{names:#}");
}

#[test]
fn averages_exemplars_and_heatmaps_tell_of_single_profiles() {
    let server = TestServer::start();
    let start = START / 1000;
    for (at, values) in [(0, [10, 20]), (60, [30, 40]), (120, [0, 100])] {
        for (service, value) in ["api", "web"].into_iter().zip(values).filter(|(_, value)| *value > 0) {
            let (from, until) = (start + at, start + at + 10);
            let path = format!("/ingest?name={service}.wall&from={from}&until={until}&sampleRate=100");
            let answer = server.sdk().send(&Request::post(&path, format!("main;work {value}\n")));
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }
    const WALL: &str = "wall:wall:nanoseconds:wall:nanoseconds";
    let ticks = |value: &Value| (value.as_f64().unwrap() / 10_000_000.0).round() as i64;
    let question = |more: Value| {
        let mut question = json!({ "profileTypeID": WALL, "labelSelector": "{}", "step": 120 });
        question.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        question
    };
    let plot =
        |more: Value| ask(&server, "SelectSeries", question(more))["series"].as_array().unwrap().clone();
    let points = |series: &Value| {
        let points = series["points"].as_array().unwrap().iter();
        points.map(|point| (number(&point["timestamp"]) - START, ticks(&point["value"]))).collect::<Vec<_>>()
    };
    let average = json!({ "aggregation": "TIME_SERIES_AGGREGATION_TYPE_AVERAGE" });
    assert_eq!(points(&plot(average)[0]), [(0, 25), (120_000, 100)]);
    let by_service = plot(json!({ "aggregation": 1, "groupBy": ["service_name"] }));
    assert_eq!(
        (points(&by_service[0]), points(&by_service[1])),
        (vec![(0, 20)], vec![(0, 30), (120_000, 100)])
    );

    let sums =
        plot(json!({ "exemplarType": "EXEMPLAR_TYPE_INDIVIDUAL", "groupBy": ["service_name"], "limit": 1 }));
    assert_eq!((sums.len(), points(&sums[0])), (1, vec![(0, 60), (120_000, 100)]));
    let exemplar = &sums[0]["points"][0]["exemplars"][0];
    assert_eq!((number(&exemplar["value"]), number(&exemplar["timestamp"])), (400_000_000, START + 60_000));
    let one =
        json!({ "profileTypeID": WALL, "labelSelector": "{}", "profileIdSelector": [exemplar["profileId"]] });
    assert_eq!(number(&ask(&server, "SelectMergeStacktraces", one)["flamegraph"]["total"]), 400_000_000);

    let map = ask(&server, "SelectHeatmap", question(json!({ "queryType": 1, "exemplarType": 2 })));
    let slots = map["series"][0]["slots"].as_array().unwrap();
    let ends: Vec<i64> = slots.iter().map(|slot| number(&slot["timestamp"]) - START).collect();
    assert_eq!(ends, [0, 120_000]);
    // From 10 to 100 in twenty parts of 4.5 each.
    let parts = |slot: &Value| {
        let counts = slot["counts"].as_array().unwrap().iter().enumerate();
        let counts = counts.map(|(part, count)| (part, count.as_i64().unwrap()));
        counts.filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    assert_eq!((parts(&slots[0]), parts(&slots[1])), (vec![(0, 1), (2, 1)], vec![(4, 1), (6, 1), (19, 1)]));
    assert_eq!((ticks(&slots[0]["yMin"][0]), ticks(&slots[0]["yMin"][2])), (10, 19));
    assert_eq!(slots[1]["exemplars"].as_array().unwrap().len(), 3);
}

#[test]
fn grafana_finds_no_settings_rules_and_features_and_is_told_so() {
    let server = server();
    let call = |path: &str| {
        let request = Request::post(path, "{}").header("Content-Type", "application/json");
        server.api().send(&request)
    };
    for path in [
        "/settings.v1.SettingsService/Get",
        "/settings.v1.RecordingRulesService/ListRecordingRules",
        "/capabilities.v1.FeatureFlagsService/GetFeatureFlags",
        "/adhocprofiles.v1.AdHocProfileService/List",
    ] {
        let answer = call(path);
        assert_eq!((answer.status, answer.json()), (200, json!({})), "{path}");
    }
    for path in [
        "/settings.v1.SettingsService/Set",
        "/settings.v1.RecordingRulesService/UpsertRecordingRule",
        "/vcs.v1.VCSService/GetFile",
        "/adhocprofiles.v1.AdHocProfileService/Upload",
    ] {
        let answer = call(path);
        assert_eq!((answer.status, &answer.json()["code"]), (501, &json!("unimplemented")), "{path}");
    }
}

#[test]
fn older_clients_get_flame_graphs_by_url() {
    let server = server();
    let query = "process_cpu%3Acpu%3Ananoseconds%3Acpu%3Ananoseconds%7Bservice_name%3D%22py.app%22%7D";
    let time = format!("from={START}&until={END}");
    let graph =
        server.get(&format!("/pyroscope/render?query={query}&{time}&format=json&maxNodes=100")).json();
    assert_eq!(graph["flamebearer"]["numTicks"], 3_000_000_000_i64);
    assert_eq!(graph["flamebearer"]["levels"][2], json!([0, 3_000_000_000_i64, 3_000_000_000_i64, 2]));
    let sum: i64 =
        graph["timeline"]["samples"].as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).sum();
    assert!((sum - 3_000_000_000).abs() < 10, "{graph:#}");
    let sides = format!(
        "leftQuery={query}&leftFrom={START}&leftUntil={END}&rightQuery={query}&rightFrom={START}&rightUntil={END}"
    );
    let diff = server.get(&format!("/pyroscope/render-diff?{sides}")).json();
    assert_eq!(
        (&diff["leftTicks"], &diff["rightTicks"]),
        (&json!(3_000_000_000_i64), &json!(3_000_000_000_i64))
    );
    let values = server.get(&format!("/pyroscope/label-values?label=service_name&{time}")).json();
    assert_eq!(values, json!(["go.app", "node.app", "py.app"]));
}

#[test]
fn stats_and_analysis_say_what_there_is() {
    let server = server();
    assert_eq!(ask(&server, "GetProfileStats", json!({}))["dataIngested"], true);
    let query = json!({ "query": format!("{CPU}{{service_name=\"py.app\"}}") });
    assert_eq!(ask(&server, "AnalyzeQuery", query)["queryScopes"][0]["profileCount"], "1");
}

#[test]
fn what_cannot_be_answered_has_the_code_that_clients_go_by() {
    let server = server();
    for (method, question, status, code) in [
        ("SelectSeries", json!({ "profileTypeID": "x", "step": 15 }), 400, "invalid_argument"),
        ("SelectSeries", json!({ "profileTypeID": CPU, "step": 0 }), 400, "invalid_argument"),
        (
            "SelectSeries",
            json!({ "profileTypeID": CPU, "step": 1, "start": 1, "end": END }),
            400,
            "invalid_argument",
        ),
        ("LabelNames", json!({ "matchers": ["{a=~\"(\"}"] }), 400, "invalid_argument"),
        ("LabelNames", json!({ "matchers": ["{a"] }), 400, "invalid_argument"),
        ("LabelNames", json!({ "start": END, "end": START }), 400, "invalid_argument"),
        ("Diff", json!({}), 400, "invalid_argument"),
        (
            "SelectSeries",
            json!({ "profileTypeID": CPU, "step": 15, "aggregation": 7 }),
            400,
            "invalid_argument",
        ),
        ("SelectHeatmap", json!({ "profileTypeID": CPU, "step": 0 }), 400, "invalid_argument"),
        (
            "SelectHeatmap",
            json!({ "profileTypeID": CPU, "step": 15, "queryType": "HEATMAP_QUERY_TYPE_SPAN" }),
            501,
            "unimplemented",
        ),
        (
            "SelectMergeStacktraces",
            json!({ "profileTypeID": CPU, "format": "PROFILE_FORMAT_FUNCTIONS" }),
            501,
            "unimplemented",
        ),
        (
            "SelectMergeSpanProfile",
            json!({ "profileTypeID": CPU, "spanSelector": ["nonsense"] }),
            400,
            "invalid_argument",
        ),
        (
            "SelectMergeSpanProfile",
            json!({ "profileTypeID": CPU, "spanSelector": ["1", "2"] }),
            400,
            "invalid_argument",
        ),
        (
            "SelectMergeStacktraces",
            json!({ "profileTypeID": CPU, "stackTraceSelector": { "frameFilter": { "includeFunctionNames": ["hot"] } } }),
            501,
            "unimplemented",
        ),
        ("SelectSomethingNew", json!({}), 501, "unimplemented"),
    ] {
        let answer = send(&server, method, "application/json", question.to_string());
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{method} {question}: {}",
            answer.text()
        );
    }
    let long = format!("{{\"matchers\":[\"{}\"]}}", "x".repeat(2 << 20));
    assert_eq!(send(&server, "LabelNames", "application/json", long).json()["code"], "resource_exhausted");
    assert_eq!(send(&server, "LabelNames", "application/proto", "\u{1}").json()["code"], "invalid_argument");
}

#[test]
fn questions_need_a_token_that_may_read() {
    let server = TestServer::start_with(|config| config.require_auth = true);
    let file = TokenFile::new(&server.folder.path().join("data"));
    let secret = |scope| file.create("test", scope, SystemTime::UNIX_EPOCH).unwrap().secret;
    let (reads, writes) = (secret(Scope::Read), secret(Scope::Write));
    let basic = |secret: &str| {
        let text = format!("grafana:{secret}");
        format!("Basic {}", base64(text.as_bytes()) + padding(text.len()))
    };
    for (authorization, status, code) in [
        (basic(&reads), 200, None),
        (format!("Bearer {reads}"), 200, None),
        (basic(&writes), 403, Some("permission_denied")),
        (basic("wrong"), 401, Some("unauthenticated")),
    ] {
        let request = Request::post("/querier.v1.QuerierService/ProfileTypes", "{}")
            .header("Content-Type", "application/json")
            .header("Authorization", &authorization);
        let answer = server.api().send(&request);
        assert_eq!((answer.status, answer.json()["code"].as_str()), (status, code), "{authorization}");
    }
}
