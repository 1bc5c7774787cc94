//! Pyroscope's own libraries, as they come from their registries, and what Grafana asks of the server they send to.

use crate::client::{Client, assert_quiet};
use crate::server::Server;
use crate::skip::skip;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn the_python_client_sends_cpu_and_memory() {
    let _turn = crate::turns::of_one();
    let test = "the_python_client_sends_cpu_and_memory";
    let Some(python) = named(test, "VESTA_TEST_PYTHON", "a Python with pyroscope-io") else { return };
    let server = Server::start(&[]);
    let mut command = Command::new(python);
    command.arg(program("app.py"));
    run(&mut command, &server, 300);
    assert_hot(&server, "bakery", "cpu-time", "knead_dough");
    assert_hot(&server, "bakery", "alloc-space", "knead_dough");
    assert_labeled(&server, "bakery", "POST /loaves");
    let profiles = server.json(&["profiles", "--json", "--query", "service:bakery env:prod oven:2"]);
    assert!(profiles["total"].as_u64().unwrap() >= 1, "{profiles:#}");
    assert_eq!(profiles["profiles"][0]["language"], "python");
}

#[test]
fn the_node_client_sends_cpu_wall_and_heap() {
    let _turn = crate::turns::of_one();
    let test = "the_node_client_sends_cpu_wall_and_heap";
    let variable = "VESTA_TEST_PYROSCOPE_MODULES";
    let Some(modules) = named(test, variable, "a folder with @pyroscope/nodejs") else { return };
    let server = Server::start(&[]);
    let mut command = Command::new("node");
    // What is inlined has the name of its caller.
    command.arg("--no-turbo-inlining").arg(program("app.js")).env("NODE_PATH", modules);
    run(&mut command, &server, 500);
    assert_hot(&server, "florist", "cpu-time", "bindBouquet");
    assert_hot(&server, "florist", "wall-time", "bindBouquet");
    assert_labeled(&server, "florist", "GET /bouquets");
    let heap = top(&server, "florist", "heap-space");
    assert!(heap["total"].as_i64().unwrap() > 0, "{heap:#}");
}

#[test]
fn the_go_client_sends_all_its_profiles_and_grafana_reads_them() {
    let _turn = crate::turns::of_one();
    let test = "the_go_client_sends_all_its_profiles_and_grafana_reads_them";
    let Some(programs) = named(test, "VESTA_TEST_PYROSCOPE_GO", "the folder of the programs in Go") else {
        return;
    };
    let server = Server::start(&[]);
    // Some periods: at its end the client sends the CPU alone.
    run(&mut Command::new(programs.join("profiled")), &server, 5_000);
    assert_hot(&server, "orchestra", "cpu-time", "main.tunePiano");
    assert_hot(&server, "orchestra", "alloc-space", "main.writeScore");
    assert_labeled(&server, "orchestra", "GET /scores");
    for value_type in [
        "alloc-samples",
        "heap-space",
        "goroutines",
        "mutex-delay",
        "mutex-contentions",
        "block-delay",
        "block-contentions",
    ] {
        let top = top(&server, "orchestra", value_type);
        assert!(top["total"].as_i64().unwrap() > 0, "{value_type}: {top:#}");
    }
    check_grafana(&server, &programs);
}

#[test]
fn the_rust_client_sends_cpu_with_tags_of_threads() {
    let _turn = crate::turns::of_one();
    let test = "the_rust_client_sends_cpu_with_tags_of_threads";
    let Some(program) = named(test, "VESTA_TEST_PYROSCOPE_RUST", "the program in Rust") else { return };
    let server = Server::start(&[]);
    run(&mut Command::new(program), &server, 250);
    assert_hot(&server, "foundry", "cpu-time", "foundry::cast_bell");
    assert_labeled(&server, "foundry", "POST /bells");
    let profiles = server.json(&["profiles", "--json", "--query", "service:foundry env:prod furnace:2"]);
    assert!(profiles["total"].as_u64().unwrap() >= 1, "{profiles:#}");
    assert_eq!(profiles["profiles"][0]["language"], "native");
}

#[test]
fn the_java_agent_sends_cpu_allocations_and_locks_with_labels_of_contexts() {
    let _turn = crate::turns::of_one();
    let test = "the_java_agent_sends_cpu_allocations_and_locks_with_labels_of_contexts";
    let what = "a folder with Pyroscope's agent for Java";
    let Some(jars) = named(test, "VESTA_TEST_PYROSCOPE_JAVA", what) else { return };
    let server = Server::start(&[]);
    let settings = [
        ("PYROSCOPE_APPLICATION_NAME", "brewery"),
        ("PYROSCOPE_SERVER_ADDRESS", &server.intake),
        ("PYROSCOPE_UPLOAD_INTERVAL", "2s"),
        ("PYROSCOPE_PROFILER_EVENT", "itimer"),
        ("PYROSCOPE_PROFILER_ALLOC", "64k"),
        ("PYROSCOPE_PROFILER_LOCK", "100us"),
        ("PYROSCOPE_LABELS", "env=prod,kiln=2"),
    ];
    let mut command = Command::new("java");
    // The agent takes from the JVM what it shares between processes, and the JVM warns of that.
    command.arg("-Xshare:off").arg(format!("-javaagent:{}", jars.join("agent.jar").display())).arg("-jar");
    command.arg(jars.join("brewery.jar")).envs(settings);
    // Some periods: what is recorded in the last one is not sent.
    run(&mut command, &server, 1_500);
    assert_hot(&server, "brewery", "cpu-time", "Brewery.boilWort");
    assert_hot(&server, "brewery", "alloc-space", "Brewery.fillBarrel");
    assert_hot(&server, "brewery", "lock-acquire-wait", "Brewery.answer");
    assert_labeled(&server, "brewery", "POST /ales");
    let profiles = server.json(&["profiles", "--json", "--query", "service:brewery env:prod kiln:2"]);
    assert!(profiles["total"].as_u64().unwrap() >= 1, "{profiles:#}");
    assert_eq!(profiles["profiles"][0]["language"], "java");
    // The CPU time of the program's own code is that of requests, every one of which has a context.
    let boiling = |filter: &[&str]| {
        let question = ["top", "--json", "--query", "service:brewery", "--type", "cpu-time", "--last", "1h"];
        let top = server.json(&[&question, filter].concat());
        let rows = top["functions"].as_array().unwrap().clone();
        let row = rows.into_iter().find(|row| row["name"] == "Brewery.boilWort");
        row.unwrap_or_else(|| panic!("{top:#}"))["self"].as_i64().unwrap()
    };
    let (all, labeled) = (boiling(&[]), boiling(&["--filter", "kettle:copper"]));
    assert!(labeled * 10 > all * 9, "{labeled} of {all}");
}

/// Asks what the data source asks, with the client it has, and compares with the API.
#[track_caller]
fn check_grafana(server: &Server, programs: &Path) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let time = [(now - 3_600_000).to_string(), (now + 60_000).to_string()];
    let output = Command::new(programs.join("grafana"))
        .args([&server.url, "{service_name=\"orchestra\"}"])
        .args(time)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", crate::command::shown(&output));
    let answers: Value = serde_json::from_slice(&output.stdout).unwrap();
    let total = top(server, "orchestra", "cpu-time")["total"].as_i64().unwrap();

    let ids: Vec<&Value> = answers["types"].as_array().unwrap().iter().map(|of| &of["ID"]).collect();
    assert!(ids.contains(&&"process_cpu:cpu:nanoseconds:cpu:nanoseconds".into()), "{ids:?}");
    assert!(answers["names"].as_array().unwrap().contains(&"service_name".into()), "{answers:#}");
    assert_eq!(answers["services"], serde_json::json!(["orchestra"]));
    assert!(answers["series"].as_array().unwrap().len() >= 5, "{answers:#}");
    let graph = &answers["flamegraph"];
    assert_eq!(graph["total"].as_i64().unwrap(), total, "{graph:#}");
    assert!(graph["names"].as_array().unwrap().contains(&"main.tunePiano".into()), "{graph:#}");
    let points = answers["plot"][0]["points"].as_array().unwrap().iter();
    let plotted: f64 = points.map(|point| point["value"].as_f64().unwrap()).sum();
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a test")]
    let share = plotted / total as f64;
    assert!((0.99..1.01).contains(&share), "{plotted} of {total}");
    assert_eq!(
        (&answers["merged"]["type"], answers["merged"]["total"].as_i64()),
        (&"cpu".into(), Some(total))
    );
    let of_span = answers["span"].as_i64().unwrap();
    assert!((1..total).contains(&of_span), "{of_span} of {total}");
    let slots = answers["heatmap"][0]["slots"].as_array().unwrap().iter();
    let counts = slots.flat_map(|slot| slot["counts"].as_array().unwrap());
    let counted: i64 = counts.map(|count| count.as_i64().unwrap()).sum();
    assert!(counted > 0, "{answers:#}");
    assert_eq!(answers["exemplar"]["value"], answers["exemplar"]["total"], "{answers:#}");
    assert_eq!(answers["flags"], 0);
    assert_eq!(answers["diff"]["leftTicks"].as_i64(), Some(total), "{answers:#}");
    assert_eq!(answers["stats"]["data_ingested"], true, "{answers:#}");
    assert_eq!(answers["refused"], "invalid_argument");
}

#[track_caller]
fn run(command: &mut Command, server: &Server, requests: u32) {
    let log = Client::start(command, &[("PYROSCOPE_URL", &server.intake)]).answer_and_stop(requests);
    assert_quiet(&log);
}

#[track_caller]
fn top(server: &Server, service: &str, value_type: &str) -> Value {
    let query = format!("service:{service}");
    server.json(&["top", "--json", "--query", &query, "--type", value_type, "--limit", "100", "--last", "1h"])
}

/// Fails unless this function spends most of the service's own.
#[track_caller]
fn assert_hot(server: &Server, service: &str, value_type: &str, function: &str) {
    let top = top(server, service, value_type);
    let functions = top["functions"].as_array().unwrap();
    let own = |row: &&Value| {
        let file = row["file"].as_str().unwrap_or_default();
        ["app.py", "app.js", "profiled/main.go", "main.rs", "Brewery.java"]
            .iter()
            .any(|end| file.ends_with(end))
    };
    let hottest = functions.iter().find(own).unwrap_or_else(|| panic!("nothing of {service}: {top:#}"));
    assert_eq!(hottest["name"], function, "{value_type} of {service}: {top:#}");
}

#[track_caller]
fn assert_labeled(server: &Server, service: &str, endpoint: &str) {
    let labels = server.get(&format!("/api/v1/labels?query=service:{service}&type=cpu-time"));
    assert!(labels.to_string().contains(endpoint), "{labels:#}");
}

fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pyroscope").join(name)
}

/// What a variable names, which `cargo xtask test` sets.
fn named(test: &str, variable: &str, what: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        skip(test, &format!("{variable} does not name {what}; `cargo xtask test` installs it"));
    }
    found
}
