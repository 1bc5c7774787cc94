//! The code that OpenTelemetry generates from the definitions of its format: of each release it writes what Vesta reads, and
//! of the newest it reads what Vesta writes.

use crate::command::{shown, uploads, vesta};
use crate::native_program::NativeProgram;
use crate::server::Server;
use crate::skip::skip;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

#[test]
fn generated_clients_of_each_release_send_over_grpc_and_http() {
    let test = "generated_clients_of_each_release_send_over_grpc_and_http";
    let (Some(programs), Some(shop)) = (programs(test), NativeProgram::build(test)) else { return };
    let server = Server::start(&["--otlp-grpc-listen", "127.0.0.1:0", "--otlp-http-listen", "127.0.0.1:0"]);
    let (grpc, http) = (server.otlp("gRPC"), server.otlp("HTTP"));
    let forms = [("grpc", &grpc), ("protobuf", &http), ("json", &http)];
    let mut services = Vec::new();
    for release in ["1.7", "1.8", "1.9", "1.10"] {
        for (form, url) in forms {
            // Before release 1.8 no sender wrote JSON.
            if (release, form) == ("1.7", "json") {
                continue;
            }
            let compressions: &[&str] = if release == "1.10" { &["none", "gzip"] } else { &["gzip"] };
            for compression in compressions {
                let service = format!("orders-{release}-{form}-{compression}");
                let mut command = Command::new(programs.join(format!("send-{release}")));
                command.args(["--to", url, "--form", form, "--compression", compression]);
                send(&mut command, &service, &shop);
                services.push(service);
            }
        }
    }
    for service in &services {
        assert_described(&server, service);
        assert_counted(&server, service);
        let native = format!("shop+{:#x};shop+{:#x} 40000000", shop.call, shop.inlined);
        assert_stacks(&server, service, &native);
        assert_labeled(&server, service);
    }
    let symbols = server.run(&["symbols", "upload", shop.path("shop").to_str().unwrap()]);
    assert!(symbols.status.success(), "{}", shown(&symbols));
    for service in &services {
        assert_stacks(&server, service, "main;fill_cart;price_item 40000000");
    }
}

#[test]
fn what_vesta_writes_keeps_the_rules_of_the_format() {
    let Some(programs) = programs("what_vesta_writes_keeps_the_rules_of_the_format") else { return };
    let folder = TempDir::new().unwrap();
    for upload in [
        "python-01.body",
        "node-v4-01.body",
        "go-02.body",
        "java-01.body",
        "php-01.body",
        "ruby-01.body",
        "java-jfr-01.body",
    ] {
        let input = uploads().join(upload);
        let output = folder.path().join(upload).with_extension("otlp");
        let converted = vesta().arg("convert").args([&input, &output]).output().unwrap();
        assert!(converted.status.success(), "{}", shown(&converted));
        let checked = Command::new(programs.join("check")).arg(&output).output().unwrap();
        assert!(checked.status.success(), "{upload}: {}", shown(&checked));
        let profiles: Value = serde_json::from_slice(&checked.stdout).unwrap();
        let profiles = profiles.as_array().unwrap();
        assert!(!profiles.is_empty(), "{upload}");
        for profile in profiles.iter().filter(|profile| profile["samples"] != 0) {
            let value_type = profile["type"].as_str().unwrap();
            let top = vesta().args(["top", "--json", "--type", value_type]).arg(&input).output().unwrap();
            assert!(top.status.success(), "{upload}: {value_type}: {}", shown(&top));
            let top: Value = serde_json::from_slice(&top.stdout).unwrap();
            assert_eq!(profile["total"], top["total"], "{upload}: {profile:#}");
        }
    }
}

/// Sends the profiles of a service, and fails unless all of them are taken.
#[track_caller]
fn send(command: &mut Command, service: &str, shop: &NativeProgram) {
    command.args(["--service", service, "--build-id", &shop.build_id]);
    command.args(["--leaf", &shop.inlined.to_string(), "--call", &shop.call.to_string()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{service}: {}", shown(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer, json!({ "rejected": 0, "message": "" }), "{service}");
}

/// What tells the process is found by its tags.
#[track_caller]
fn assert_described(server: &Server, service: &str) {
    for tags in [
        "env:prod version:1.4.2 host:node-1 process_id:4711 container_id:c0ffee",
        "k8s.pod.name:orders-7f9c k8s.namespace.name:trade process.executable.name:shop",
    ] {
        let query = format!("service:{service} {tags}");
        let found = ask(server, "profiles", &query, "");
        assert_eq!(found["total"], 1, "{query}: {found:#}");
        assert_eq!(found["columns"]["language"], json!(["go"]), "{found:#}");
    }
    let proxy = ask(server, "profiles", &format!("service:{service}-proxy"), "");
    assert_eq!(proxy["total"], 1, "each process is a profile: {proxy:#}");
}

#[track_caller]
fn assert_counted(server: &Server, service: &str) {
    for (value_type, total) in [
        ("cpu-samples", 9),
        ("cpu-time", 90_000_000),
        ("alloc-space", 4096),
        ("heap-space", 1024),
        ("off-cpu-time", 30_000_000),
    ] {
        assert_eq!(self::total(server, &format!("service:{service}"), value_type), total, "{value_type}");
    }
    assert_eq!(total(server, &format!("service:{service}-proxy"), "cpu-time"), 50_000_000);
}

#[track_caller]
fn total(server: &Server, query: &str, value_type: &str) -> i64 {
    let top = ask(server, "top", query, &format!("&type={value_type}"));
    top["total"].as_i64().unwrap_or_else(|| panic!("{query}: {top:#}"))
}

/// Asks the API about the profiles of a search.
#[track_caller]
fn ask(server: &Server, what: &str, query: &str, more: &str) -> Value {
    server.get(&format!("/api/v1/{what}?query={}{more}", query.replace(' ', "%20")))
}

#[track_caller]
fn assert_stacks(server: &Server, service: &str, native: &str) {
    let query = format!("service:{service}");
    let graph = server.run(&["flamegraph", "--query", &query, "--type", "cpu-time"]);
    assert!(graph.status.success(), "{}", shown(&graph));
    let text = String::from_utf8(graph.stdout).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let mut expected = [
        "main.main;main.handleOrder;main.sumUp 20000000",
        "main.main;main.handleOrder;main.sumUp;main.priceItem 30000000",
        native,
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected, "{service}");
}

/// Attributes of samples are labels, and links lead from a trace to its samples.
#[track_caller]
fn assert_labeled(server: &Server, service: &str) {
    let query = format!("service:{service}");
    let labels = ask(server, "labels", &query, "&type=cpu-time");
    let labels = labels["labels"].as_array().unwrap();
    for (key, value) in [("tenant", "acme"), ("thread", "worker"), ("order.size", "512")] {
        let label = labels.iter().find(|label| label["key"] == key);
        let values = label.map_or(&Value::Null, |label| &label["values"]);
        assert!(values.to_string().contains(value), "{key} of {service}: {labels:#?}");
    }
    for of_request in ["trace_id:0af7651916cd43dd8448eb211c80319c", "span_id:b7ad6b7169203331"] {
        assert_eq!(total(server, &format!("{query} {of_request}"), "cpu-time"), 30_000_000, "{of_request}");
    }
}

/// The folder of the programs in `tests/otlp`, which `cargo xtask test` builds.
fn programs(test: &str) -> Option<PathBuf> {
    let programs = std::env::var_os("VESTA_TEST_OTLP").map(PathBuf::from);
    if programs.is_none() {
        skip(test, "VESTA_TEST_OTLP does not name the built tests/otlp; `cargo xtask test` builds them");
    }
    programs
}
