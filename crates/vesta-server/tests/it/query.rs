//! Queries: what captured uploads hold, in the shapes that are documented.

use crate::client::Request;
use crate::fixture;
use crate::server::{ALL_TIME, TestServer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use vesta_profile::ValueType;

/// A server that holds all captured uploads, and the id of each by name.
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

/// What a captured upload holds in all, by value type, as an independent reader of pprof counted it.
fn expected_totals(fixture: &fixture::Fixture) -> BTreeMap<String, i64> {
    let mut totals = BTreeMap::new();
    for part in fixture.parts().iter().filter(|part| part["pprof"].is_object()) {
        let file = part["filename"].as_str().unwrap();
        for row in part["pprof"]["totals"].as_array().unwrap() {
            let (name, total) = (row[0].as_str().unwrap(), row[1].as_i64().unwrap());
            let name = match (name, file) {
                ("contentions" | "delay", "delta-mutex.pprof") => format!("mutex-{name}"),
                ("contentions" | "delay", "delta-block.pprof") => format!("block-{name}"),
                ("samples", "cpu.pprof") => "cpu-samples".to_owned(),
                _ => ValueType::new(name, "").canonical().name.into_owned(),
            };
            if total != 0 {
                *totals.entry(name).or_insert(0) += total;
            }
        }
    }
    totals
}

#[test]
fn totals_of_every_captured_upload_are_those_that_an_independent_reader_counted() {
    let server = TestServer::start();
    // Recordings of Java are counted by the JDK's own tool, in the tests of `vesta-formats`.
    let counted = |fixture: &fixture::Fixture| fixture.parts().iter().any(|part| part["pprof"].is_object());
    for fixture in fixture::all().into_iter().filter(counted) {
        let answer = server.sdk().send(&fixture.request);
        let id = answer.header("vesta-profile").unwrap();
        let wanted = expected_totals(&fixture);
        let types = ask(&server, &format!("/api/v1/profiles/{id}"))["types"].clone();
        let types = types.as_array().unwrap().iter();
        let found =
            types.map(|entry| (entry["name"].as_str().unwrap().to_owned(), entry["total"].as_i64().unwrap()));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), wanted, "{}", fixture.name);
        for (name, total) in &wanted {
            let graph = ask(&server, &format!("/api/v1/flamegraph?profile={id}&type={name}&max_nodes=2"));
            assert_eq!(graph["total"], *total, "{} {name}", fixture.name);
        }
    }
}

#[test]
fn a_flame_graph_adds_up_and_is_cut_without_losing_value() {
    let (server, ids) = loaded(&["python-01"]);
    let graph = ask(&server, &format!("/api/v1/flamegraph?profile={}&type=cpu&max_nodes=20", ids[0]));
    let text = |key: &str| graph[key].as_str().unwrap().to_owned();
    assert_eq!(
        (text("type"), text("unit"), text("kind")),
        ("cpu-time".into(), "nanoseconds".into(), "delta".into())
    );
    assert_eq!(graph["total"], 40_219_788_000_i64);
    assert_eq!((graph["profiles"].as_i64(), graph["samples"].as_i64()), (Some(1), Some(9014)));
    let column = |key: &str| -> Vec<i64> { serde_json::from_value(graph["nodes"][key].clone()).unwrap() };
    let (parents, functions) = (column("parent"), column("function"));
    let (own, totals) = (column("self"), column("total"));
    assert!(graph["pruned"]["nodes"].as_u64().unwrap() > 0);
    assert_eq!((parents[0], functions[0], totals[0]), (-1, -1, 40_219_788_000));
    let others = (0..own.len()).filter(|node| functions[*node] == -2);
    assert_eq!(graph["pruned"]["value"], others.map(|node| own[node]).sum::<i64>());
    for node in 0..parents.len() {
        let children = (0..parents.len()).filter(|child| parents[*child] == node as i64);
        assert_eq!(totals[node], own[node] + children.map(|child| totals[child]).sum::<i64>(), "node {node}");
        assert!(parents[node] < node as i64, "preorder");
    }
    let names = graph["functions"]["name"].as_array().unwrap();
    let strings = graph["strings"].as_array().unwrap();
    assert_eq!(strings[0], "");
    for name in names {
        assert!(strings[name.as_u64().unwrap() as usize].is_string());
    }
}

#[test]
fn top_lists_the_functions_that_the_capture_spent_most_in() {
    let (server, _) = loaded(&["python-01"]);
    let top = ask(&server, &format!("/api/v1/top?{ALL_TIME}&type=cpu-time&limit=2"));
    assert_eq!(top["functions"]["name"], json!(["handle_search", "store"]));
    assert_eq!(top["functions"]["self"], json!([13_396_162_000_i64, 7_783_963_000_i64]));
    assert_eq!((&top["truncated"], &top["total"]), (&json!(true), &json!(40_219_788_000_i64)));
    let found = ask(&server, &format!("/api/v1/top?{ALL_TIME}&type=cpu-time&search=HANDLE_SEARCH.%3C"));
    assert_eq!(found["functions"]["name"], json!(["handle_search.<locals>.<genexpr>"]));
}

#[test]
fn functions_say_whose_code_they_are() {
    let (server, _) = loaded(&["python-01", "node-v6-01", "go-02"]);
    let found = |query: &str| -> BTreeMap<String, (String, u64)> {
        let top = ask(&server, &format!("/api/v1/top?{ALL_TIME}&query={query}&type=cpu-time&limit=5000"));
        let column = |key: &str| top["functions"][key].as_array().unwrap().clone();
        let origins = column("package").into_iter().zip(column("kind"));
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let origins = origins.map(|(package, kind)| (text(&package), kind.as_u64().unwrap()));
        column("name").iter().map(text).zip(origins).collect()
    };
    let origin = |package: &str, kind| (package.to_owned(), kind);
    let python = found("language:python");
    assert_eq!(python["handle_search"], origin("/tmp/capture", 0));
    assert_eq!(python["Tracer.start_span"], origin("ddtrace", 1));
    assert_eq!(python["findall"], origin("python", 2));
    let node = found("language:javascript");
    assert_eq!(node["orders"].1, 0);
    assert_eq!(node["finishSpan"], origin("dd-trace", 1));
    assert_eq!(node["Socket._writeGeneric"], origin("node", 2));
    assert_eq!(node["Garbage Collection"], origin("runtime", 5));
    let go = found("language:go");
    assert_eq!(go["main.handleSearch"], origin("main", 0));
    assert_eq!(go["encoding/json.Marshal"], origin("encoding/json", 2));
    assert_eq!(go["runtime.gcDrain"], origin("runtime", 5));
}

#[test]
fn answers_say_how_much_time_and_how_many_calls_stand_behind_them() {
    let (server, ids) = loaded(&["python-01", "node-v6-01"]);
    let detail = ask(&server, &format!("/api/v1/profiles/{}", ids[0]));
    let number = |key: &str| detail[key].as_i64().unwrap();
    let seconds = (number("end_ms") - number("start_ms")) as f64 / 1000.0;
    let calls = detail["endpoint_counts"].as_object().unwrap();
    let all: i64 = calls.values().map(|count| count.as_i64().unwrap()).sum();
    assert!(all > 0);
    let graph = |question: &str| ask(&server, &format!("/api/v1/flamegraph?type=cpu-time&{question}"));
    let one = graph(&format!("profile={}", ids[0]));
    assert!((one["seconds"].as_f64().unwrap() - seconds).abs() < 0.01, "{}", one["seconds"]);
    assert_eq!(one["seconds"], one["process_seconds"]);
    assert_eq!(one["calls"], all);
    let search = graph(&format!("profile={}&filter=endpoint:GET%20/search", ids[0]));
    assert_eq!(search["calls"], calls["GET /search"]);
    let others = graph(&format!("profile={}&filter=-endpoint:GET%20/search", ids[0]));
    assert_eq!(others["calls"], all - calls["GET /search"].as_i64().unwrap());
    let both = graph(ALL_TIME);
    assert!(both["process_seconds"].as_f64() > one["process_seconds"].as_f64());
    assert!(both["seconds"].as_f64() > one["seconds"].as_f64());
    let none = graph(&format!("{ALL_TIME}&query=service:nobody"));
    assert_eq!((none["seconds"].as_f64(), &none["calls"]), (Some(0.0), &Value::Null));
}

#[test]
fn transforms_are_done_to_every_answer_that_is_made_of_a_tree() {
    let (server, _) = loaded(&["python-01"]);
    let scope = format!("{ALL_TIME}&type=cpu-time");
    let row = |transforms: &str, name: &str| -> Option<(i64, i64)> {
        let top = ask(&server, &format!("/api/v1/top?{scope}&limit=5000{transforms}"));
        let column = |key: &str| top["functions"][key].as_array().unwrap().clone();
        let at = column("name").iter().position(|own| own == name)?;
        Some((column("self")[at].as_i64().unwrap(), column("total")[at].as_i64().unwrap()))
    };
    let graph = |transforms: &str| ask(&server, &format!("/api/v1/flamegraph?{scope}{transforms}"));
    let all = graph("")["total"].as_i64().unwrap();
    let (own, below) = row("", "handle_search").unwrap();
    let focus = "&transform=focus:handle_search";
    assert_eq!(graph(focus)["total"], below);
    assert_eq!(row(focus, "handle_search"), Some((own, below)));
    assert_eq!(row(focus, "store"), None);
    assert_eq!(graph("&transform=exclude:handle_search")["total"], all - below);
    // All of the standard library that it calls goes to it or to functions of the service, and nothing is lost.
    let mine = graph("&transform=focus:handle_search&transform=my-code");
    assert_eq!(mine["total"], below);
    let kinds = mine["functions"]["kind"].as_array().unwrap();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == 0), "{kinds:?}");
    // A file is a chip as well, and packages are made of the tree after it.
    let packages = graph("&granularity=package&transform=exclude:%09%09%09%09ddtrace");
    let strings = packages["strings"].as_array().unwrap();
    assert!(strings.iter().any(|text| text == "python") && !strings.iter().any(|text| text == "ddtrace"));
    let sandwich = ask(
        &server,
        &format!("/api/v1/sandwich?{scope}&function=handle_search&transform=only:handle_search"),
    );
    assert_eq!((&sandwich["total"], &sandwich["function"]["total"]), (&json!(below), &json!(below)));
    let text =
        server.get(&format!("/api/v1/export?{scope}&format=collapsed{focus}&transform=collapse-recursion"));
    let lines: Vec<String> = text.text().lines().map(str::to_owned).collect();
    let value = |line: &String| line.rsplit_once(' ').unwrap().1.parse::<i64>().unwrap();
    assert_eq!(lines.iter().map(value).sum::<i64>(), below);
    assert!(lines.iter().all(|line| line.starts_with("handle_search")), "{lines:?}");
    for wrong in ["focus", "shrink:f", "focus:f%09%09%09x"] {
        let answer = server.get(&format!("/api/v1/top?{scope}&transform={wrong}"));
        assert_eq!(answer.status, 400, "{wrong}");
    }
    let many = "&transform=my-code".repeat(33);
    assert_eq!(server.get(&format!("/api/v1/top?{scope}{many}")).status, 400);
}

#[test]
fn samples_are_narrowed_by_label() {
    let (server, _) = loaded(&["python-01"]);
    let labels = ask(&server, &format!("/api/v1/labels?{ALL_TIME}&type=cpu-time&limit=3"));
    let endpoint =
        labels["labels"].as_array().unwrap().iter().find(|label| label["key"] == "endpoint").unwrap();
    assert_eq!(endpoint["values"], json!(["GET /search", "POST /orders", "GET /users/{id}"]));
    assert_eq!(endpoint["totals"], json!([13_996_052_000_i64, 10_309_023_000_i64, 9_969_141_000_i64]));
    let total = |filter: &str| {
        let path = format!("/api/v1/flamegraph?{ALL_TIME}&type=cpu-time&{filter}");
        ask(&server, &path)["total"].as_i64().unwrap()
    };
    assert_eq!(total("filter=endpoint:GET%20/search"), 13_996_052_000);
    assert_eq!(total("filter=-endpoint:GET%20/search"), 40_219_788_000 - 13_996_052_000);
    assert_eq!(total("filter=endpoint:GET%20/search&filter=endpoint:POST%20/orders"), 24_305_075_000);
}

#[test]
fn a_sandwich_shows_callers_and_callees() {
    let (server, _) = loaded(&["python-01"]);
    let answer = ask(&server, &format!("/api/v1/sandwich?{ALL_TIME}&type=cpu-time&function=handle_search"));
    assert_eq!(answer["function"]["self"], 13_396_162_000_i64);
    assert_eq!(answer["callers"]["total"][0], answer["function"]["total"]);
    assert_eq!(answer["callees"]["total"][0], answer["function"]["total"]);
    let unknown = server.get(&format!("/api/v1/sandwich?{ALL_TIME}&type=cpu-time&function=nobody"));
    assert_eq!(unknown.problem(404), "no sample in scope has the function `nobody` on its stack");
    let missing = server.get("/api/v1/sandwich");
    assert_eq!(missing.problem(400), "the parameter `function` is missing");
}

#[test]
fn the_list_of_profiles_is_columnar_sorted_and_paged() {
    let (server, ids) = loaded(&["python-01", "go-02", "node-v6-01"]);
    let path = format!("/api/v1/profiles?{ALL_TIME}&limit=2&sort=start");
    let first = ask(&server, &path);
    assert_eq!((first["total"].as_u64(), first["columns"]["id"].as_array().unwrap().len()), (Some(3), 2));
    let second = ask(&server, &format!("{path}&cursor={}", first["next_cursor"].as_str().unwrap()));
    assert_eq!(second["next_cursor"], Value::Null);
    let mut listed: Vec<String> = serde_json::from_value(first["columns"]["id"].clone()).unwrap();
    listed.extend(serde_json::from_value::<Vec<String>>(second["columns"]["id"].clone()).unwrap());
    listed.sort();
    assert_eq!(listed, ids);
    let columns =
        ask(&server, &format!("/api/v1/profiles?{ALL_TIME}&query=service:my-go-app"))["columns"].clone();
    assert_eq!(columns["service"], json!(["my-go-app"]));
    assert_eq!(columns["language"], json!(["go"]));
    assert_eq!(columns["start_ms"], json!([1_795_216_332_709_i64]));
    let cores = columns["cpu_cores"][0].as_f64().unwrap();
    assert!((cores - 25.4 / 60.02).abs() < 0.01, "{cores}");
}

#[test]
fn metrics_are_measures_like_any_other() {
    let (server, ids) = loaded(&["go-02", "python-uds-01"]);
    let measures = ask(&server, &format!("/api/v1/measures?{ALL_TIME}&query=language:go"));
    let named = |name: &str| {
        let all = measures["measures"].as_array().unwrap();
        all.iter().find(|measure| measure["name"] == name).unwrap().clone()
    };
    let goroutines = named("metrics.go_num_goroutine");
    assert_eq!((&goroutines["unit"], &goroutines["max"]), (&json!("goroutines"), &json!(19.0)));
    assert_eq!(goroutines["histogram"]["counts"].as_array().unwrap().len(), 20);
    for measure in measures["measures"].as_array().unwrap() {
        let name = measure["name"].as_str().unwrap();
        let path = format!(
            "/api/v1/profiles?{ALL_TIME}&query=language:go+@{name}:*&sort=-{name}&column={name}&column={name}"
        );
        let list = ask(&server, &path);
        assert_eq!(list["columns"]["id"][0], ids[0], "{name}");
        assert_eq!(
            list["columns"][name].as_array().unwrap().len(),
            list["columns"]["id"].as_array().unwrap().len()
        );
        let series = ask(&server, &format!("/api/v1/series?{ALL_TIME}&measure={name}&points=2"));
        assert_eq!((&series["measure"], &series["unit"]), (&measure["name"], &measure["unit"]));
        assert_eq!(series["series"].as_array().unwrap().len(), 1, "{name}");
    }
    let list = format!("/api/v1/profiles?{ALL_TIME}");
    assert!(server.get(&format!("{list}&sort=-size")).json()["hint"].as_str().unwrap().contains("metrics."));
    server.get(&format!("{list}{}", "&column=x".repeat(33))).problem(400);
}

#[test]
fn series_of_a_type_by_anything_add_up_to_its_total() {
    let (server, _) = loaded(&["go-02", "python-uds-01"]);
    let path = "/api/v1/series?from=2026-11-20T22:00:00Z&to=2026-11-21T00:00:00Z&points=50";
    let total = |more: &str| -> f64 {
        let series = ask(&server, &format!("{path}&type=cpu-time{more}"));
        let seconds = series["step_ms"].as_f64().unwrap() / 1e3;
        let lines = series["series"].as_array().unwrap().iter();
        let values = lines.flat_map(|line| line["values"].as_array().unwrap().clone());
        values.filter_map(|value| value.as_f64()).sum::<f64>() * seconds
    };
    let top = ask(&server, &format!("/api/v1/top?{ALL_TIME}&type=cpu-time"));
    let wanted = top["total"].as_f64().unwrap() / 1e9;
    for by in ["service", "tag:version", "label:thread", "label:endpoint", "frame:function", "frame:package"]
    {
        let total = total(&format!("&group_by={by}&limit=3"));
        assert!((total - wanted).abs() < wanted / 1e9, "{by}: {total} of {wanted}");
    }
    assert!(total("&filter=thread:worker-1") < wanted);
    server.get(&format!("{path}&type=cpu-time&measure=samples")).problem(400);
    server.get(&format!("{path}&group_by=label:thread")).problem(400);
    server.get(&format!("{path}&type=cpu-time&group_by=frame:x")).problem(400);
    server.get(&format!("{path}&type=nothing")).problem(404);
}

#[test]
fn one_profile_tells_everything_about_itself() {
    let (server, ids) = loaded(&["python-01"]);
    let profile = ask(&server, &format!("/api/v1/profiles/{}", ids[0]));
    assert_eq!(profile["service"], "my-web-app");
    assert_eq!(profile["family"], "python");
    assert_eq!(profile["endpoint_counts"]["GET /search"], 6777);
    assert_eq!(profile["received_ms"], 1_795_262_400_000_i64);
    assert!(profile["tags"].as_array().unwrap().contains(&json!("team:intake")));
    assert_eq!(profile["types"][0]["name"], "cpu-time");
    assert_eq!(profile["types"][0]["total"], 40_219_788_000_i64);
    assert_eq!(profile["info"]["profiler"]["settings"]["enabled"], true);
    assert!(!profile["code_provenance"].as_array().unwrap().is_empty());
    assert_eq!(
        profile["attachments"][1],
        json!({ "filename": "profile.pprof", "name": "profile.pprof", "content_type": null, "encoding": "zstd", "size": 823_871 })
    );
    let nobody = server.get("/api/v1/profiles/0000000000000001");
    assert_eq!(nobody.problem(404), "there is no profile 0000000000000001");
    server.get("/api/v1/profiles/nonsense").problem(400);
    let missing = server.get(&format!("/api/v1/profiles/{}/attachments/nothing", ids[0]));
    assert!(missing.json()["hint"].as_str().unwrap().contains("profile.pprof"));
}

#[test]
fn a_profile_of_java_has_types_metrics_and_a_description_without_secrets() {
    let (server, ids) = loaded(&["java-01"]);
    let profile = ask(&server, &format!("/api/v1/profiles/{}", ids[0]));
    assert_eq!(profile["language"], "java");
    assert_eq!(profile["attachments"][0]["filename"], "main.jfr");
    let types: Vec<&str> =
        profile["types"].as_array().unwrap().iter().flat_map(|t| t["name"].as_str()).collect();
    let wanted =
        ["cpu-time", "wall-time", "alloc-space", "heap-space", "lock-acquire-wait", "exception-samples"];
    assert!(types.starts_with(&wanted[..3]) && wanted.iter().all(|name| types.contains(name)), "{types:?}");
    assert!(profile["metrics"]["jvm_gc_pause_ns"].as_f64().unwrap() > 0.0);
    assert_eq!(profile["endpoint_counts"]["GET /buy"], 104);
    assert_eq!(profile["info"]["properties"]["tickets.db.password"], "<redacted>");
    assert!(!profile.to_string().contains("hunter2"));
}

#[test]
fn facets_tags_types_and_series_describe_the_scope() {
    let (server, _) = loaded(&["python-01", "go-02", "node-v6-01"]);
    let facets =
        ask(&server, &format!("/api/v1/facets?{ALL_TIME}&facet=language&facet=service&query=language:go"));
    assert_eq!(facets["profiles"], 1);
    assert_eq!(facets["facets"][0]["key"], "language");
    assert_eq!(facets["facets"][0]["counts"], json!([1, 1, 1]), "other languages stay to be chosen");
    assert_eq!(facets["facets"][1]["values"], json!(["my-go-app"]));
    let tags = ask(&server, &format!("/api/v1/tags?{ALL_TIME}&prefix=team"));
    assert_eq!(tags["keys"], json!(["team"]));
    let types = ask(&server, &format!("/api/v1/types?{ALL_TIME}&query=service:my-go-app"));
    assert_eq!(types["types"][0]["name"], "cpu-time");
    assert_eq!(types["types"][0]["kind"], "delta");
    let heap = types["types"].as_array().unwrap().iter().find(|entry| entry["name"] == "heap-space").unwrap();
    assert_eq!((&heap["kind"], &heap["total"]), (&json!("snapshot"), &json!(33_890_125)));
    let series = ask(
        &server,
        "/api/v1/series?from=2026-11-20T22:00:00Z&to=2026-11-21T00:00:00Z&measure=profiles&group_by=language&limit=2",
    );
    assert_eq!((&series["measure"], &series["other"]), (&json!("profiles"), &json!(true)));
    assert_eq!(series["series"].as_array().unwrap().len(), 3);
    assert_eq!(series["series"][2]["group"], "(other)");
}

#[test]
fn spans_lead_to_the_profiles_that_hold_them() {
    let (server, ids) = loaded(&["python-01", "go-02"]);
    let spans = ask(&server, &format!("/api/v1/spans/0x1?{ALL_TIME}"));
    assert_eq!(spans["profiles"], json!([]));
    server.get("/api/v1/spans/banana").problem(400);
    assert_eq!(ids.len(), 2);
}

#[test]
fn a_scope_is_exported_in_every_format_under_a_safe_name() {
    let (server, _) = loaded(&["go-02"]);
    let export = |format: &str| {
        let answer = server.get(&format!("/api/v1/export?{ALL_TIME}&type=cpu-time&format={format}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let disposition = answer.header("content-disposition").unwrap().to_owned();
        assert_eq!(disposition, format!("attachment; filename=\"cpu-time.{format}\""));
        answer
    };
    let limits = vesta_formats::Limits::default();
    let bytes = export("pprof").body;
    let bytes = vesta_formats::compression::decompress(&bytes, 1 << 30).unwrap();
    let pprof = vesta_formats::pprof::decode(&bytes, &limits).unwrap();
    assert_eq!(pprof.profile.samples.total(0), 25_400_000_000);
    let otlp = export("otlp");
    assert_eq!(otlp.header("content-type"), Some("application/x-protobuf"));
    let otlp = vesta_formats::otlp::decode(&otlp.body, &limits).unwrap().profile;
    assert_eq!((otlp.value_types[0].name.as_str(), otlp.samples.total(0)), ("cpu-time", 25_400_000_000));
    assert_eq!((otlp.start_ns, otlp.stacks.len()), (pprof.profile.start_ns, pprof.profile.stacks.len()));
    let text = export("collapsed").text();
    let total =
        text.lines().map(|line| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap()).sum::<i64>();
    assert_eq!(total, 25_400_000_000);
    assert!(export("svg").text().contains("slices.partitionOrdered"));
    assert_eq!(export("json").json()["total"], 25_400_000_000_i64);
    server.get(&format!("/api/v1/export?{ALL_TIME}&format=doc")).problem(400);
}

#[test]
fn a_question_that_means_nothing_says_what_to_write() {
    let (server, _) = loaded(&["python-uds-01"]);
    let hint = |path: &str, status: u16| {
        let answer = server.get(path);
        answer.problem(status);
        answer.json()["hint"].as_str().unwrap_or_default().to_owned()
    };
    assert!(hint("/api/v1/profiles?quer=x", 400).contains("query, from, to"));
    assert!(hint("/api/v1/profiles?from=yesterday", 400).contains("now-1h"));
    assert!(!hint("/api/v1/profiles?query=service:(", 400).is_empty());
    assert!(hint("/api/v1/profiles?sort=size", 400).contains("cpu_cores"));
    assert!(hint(&format!("/api/v1/flamegraph?{ALL_TIME}&type=gpu-time"), 404).contains("cpu-time"));
    assert!(hint("/api/v1/flamegraph?granularity=atom", 400).contains("package"));
    assert!(hint("/api/v1/flamegraph?filter=thread", 400).contains("label:value"));
    assert_eq!(
        server.get("/api/v1/profiles?limit=0").problem(400),
        "`limit` is a number from 1 to 1000, and not `0`"
    );
    assert_eq!(
        server.get("/api/v1/profiles?from=1h&from=2h").problem(400),
        "the parameter `from` is there 2 times"
    );
}

#[test]
fn answers_are_compressed_for_who_asks() {
    let (server, _) = loaded(&["python-01"]);
    let request = Request::get(&format!("/api/v1/flamegraph?{ALL_TIME}&type=cpu-time"));
    let plain = server.api().send(&request);
    for encoding in ["gzip", "zstd"] {
        let packed = server.api().send(&request.clone().header("Accept-Encoding", encoding));
        assert_eq!(packed.header("content-encoding"), Some(encoding));
        let unpacked = vesta_formats::compression::decompress(&packed.body, 1 << 30).unwrap();
        assert!(unpacked == plain.body);
        assert!(packed.body.len() * 2 < plain.body.len());
    }
}
