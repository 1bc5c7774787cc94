//! Datadog's profiling library for Go, as it comes from the module proxy.

use crate::client::{Client, assert_hot, assert_quiet};
use crate::server::Server;
use crate::skip::skip;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Enough for some periods of a second: a third of the requests wait for the one pilot, who takes 10 ms for each.
const REQUESTS: u32 = 1_500;

#[test]
fn go_uploads_all_its_profile_types() {
    let _turn = crate::turns::of_one();
    let Some(service) = service("go_uploads_all_its_profile_types") else { return };
    let server = Server::start(&[]);
    run(&service, &server.intake);
    assert_hot(&server, "harbor", "main.byDistance.of", "GET /berths");

    for (value_type, function) in [
        ("cpu-samples", "main.rankBerths"),
        ("alloc-space", "main.writeManifest"),
        ("alloc-samples", "main.writeManifest"),
        ("heap-space", "main.(*harbor).rememberShip"),
        ("mutex-delay", "main.(*harbor).bookBerth"),
        ("mutex-contentions", "main.(*harbor).bookBerth"),
    ] {
        assert_most(&server, value_type, function);
    }
    for value_type in ["block-delay", "block-contentions"] {
        let waits = totals(&server, value_type, &["main.(*harbor).awaitPilot", "sync.(*Mutex).Lock"]);
        assert!(waits.iter().all(|wait| *wait > 0), "{value_type}: {waits:?}");
    }
    // One small object may stand for many that were not sampled, so numbers of objects have no sure order.
    assert!(totals(&server, "heap-live-samples", &["main.(*harbor).rememberShip"])[0] > 0);
    // The workers have ended when the last profile is taken.
    assert!(totals(&server, "goroutines", &["main.run"])[0] > 0);

    let profiles = profiles(&server);
    assert!(profiles.len() >= 3, "one upload per period: {profiles:#?}");
    assert_deltas(&profiles);
    for profile in &profiles {
        assert_eq!((&profile["language"], &profile["env"]), (&"go".into(), &"prod".into()), "{profile:#}");
    }
    let requests = |profile: &Value| profile["endpoint_counts"]["GET /berths"].as_i64().unwrap_or(0);
    assert!(profiles.iter().map(requests).sum::<i64>() > 0, "{profiles:#?}");
    assert_snapshots(&server, &profiles);
    assert_trace_is_kept(&server, &profiles);
}

#[test]
fn go_uploads_over_a_unix_socket() {
    let _turn = crate::turns::of_one();
    let Some(service) = service("go_uploads_over_a_unix_socket") else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sdk.socket");
    let server = Server::start(&["--sdk-socket", socket.to_str().unwrap(), "--sdk-listen", "off"]);
    run(&service, &format!("unix://{}", socket.display()));
    assert_hot(&server, "harbor", "main.byDistance.of", "GET /berths");
}

/// Runs the service for some periods.
#[track_caller]
fn run(service: &Path, agent: &str) {
    let variables = [
        ("DD_TRACE_AGENT_URL", agent),
        ("DD_SERVICE", "harbor"),
        ("DD_ENV", "prod"),
        ("DD_VERSION", "3.1.0"),
        ("DD_TRACE_STARTUP_LOGS", "false"),
        ("DD_PROFILING_ENDPOINT_COUNT_ENABLED", "true"),
        ("DD_PROFILING_EXECUTION_TRACE_ENABLED", "true"),
        ("DD_PROFILING_EXECUTION_TRACE_PERIOD", "1s"),
        ("DD_PROFILING_FLUSH_ON_EXIT", "true"),
        ("HARBOR_PERIOD", "1s"),
    ];
    assert_quiet(&Client::start(&mut Command::new(service), &variables).answer_and_stop(REQUESTS));
}

/// The functions of the service that spend something each.
const RIVALS: [&str; 5] = [
    "main.rankBerths",
    "main.writeManifest",
    "main.(*harbor).rememberShip",
    "main.(*harbor).bookBerth",
    "main.(*harbor).awaitPilot",
];

/// Fails unless this function, with what it calls, spends more than all others of the service.
#[track_caller]
fn assert_most(server: &Server, value_type: &str, function: &str) {
    let totals = totals(server, value_type, &RIVALS);
    let (most, total) = RIVALS.iter().zip(&totals).max_by_key(|(_, total)| **total).unwrap();
    assert!(*most == function && *total > 0, "{value_type} of {RIVALS:?}: {totals:?}");
}

/// What these functions spend, with what they call.
#[track_caller]
fn totals(server: &Server, value_type: &str, functions: &[&str]) -> Vec<i64> {
    let top =
        server.json(&["top", "--json", "--query", "service:harbor", "--type", value_type, "--limit", "1000"]);
    assert_eq!(top["type"], value_type);
    let rows = top["functions"].as_array().unwrap();
    let total = |function: &&str| {
        let named = rows.iter().filter(|row| row["name"] == **function);
        named.map(|row| row["total"].as_i64().unwrap()).sum()
    };
    functions.iter().map(total).collect()
}

/// All profiles of the service, whole.
fn profiles(server: &Server) -> Vec<Value> {
    let listed = server.json(&["profiles", "--json", "--query", "service:harbor", "--limit", "500"]);
    let ids = listed["profiles"].as_array().unwrap().iter().map(|profile| profile["id"].as_str().unwrap());
    ids.map(|id| server.get(&format!("/api/v1/profiles/{id}"))).collect()
}

fn total(profile: &Value, value_type: &str) -> f64 {
    let types = profile["types"].as_array().unwrap();
    let found = types.iter().find(|known| known["name"] == value_type);
    found.map_or(0.0, |known| known["total"].as_f64().unwrap())
}

/// Allocations of all profiles together are what the runtime says was allocated, so none is counted twice.
#[track_caller]
fn assert_deltas(profiles: &[Value]) {
    let sampled: f64 = profiles.iter().map(|profile| total(profile, "alloc-space")).sum();
    let seconds = |profile: &Value| {
        (profile["end_ms"].as_f64().unwrap() - profile["start_ms"].as_f64().unwrap()) / 1_000.0
    };
    let counted: f64 = profiles
        .iter()
        .map(|profile| profile["metrics"]["go_alloc_bytes_per_sec"].as_f64().unwrap() * seconds(profile))
        .sum();
    let share = sampled / counted;
    assert!((0.6..1.4).contains(&share), "{sampled} bytes sampled of {counted} allocated: {share}");
}

/// What is there at the end of a period is not added up over periods.
#[track_caller]
fn assert_snapshots(server: &Server, profiles: &[Value]) {
    let last = profiles.iter().max_by_key(|profile| profile["end_ms"].as_i64()).unwrap();
    for value_type in ["heap-space", "goroutines"] {
        let top = server.json(&["top", "--json", "--query", "service:harbor", "--type", value_type]);
        assert_eq!(top["total"].as_f64().unwrap(), total(last, value_type), "{value_type}: {last:#}");
        assert_eq!(top["profiles"], 1);
    }
    assert!(last["metrics"]["go_num_goroutine"].as_f64().unwrap() > 0.0, "{last:#}");
}

/// The first period has an execution trace, which can be downloaded as the runtime wrote it.
#[track_caller]
fn assert_trace_is_kept(server: &Server, profiles: &[Value]) {
    let first = profiles.iter().min_by_key(|profile| profile["start_ms"].as_i64()).unwrap();
    let tags = first["tags"].as_array().unwrap();
    assert!(tags.contains(&"go_execution_traced:yes".into()), "{tags:?}");
    let id = first["id"].as_str().unwrap();
    let url = format!("{}/api/v1/profiles/{id}/attachments/go.trace", server.url);
    let trace = ureq::get(url).call().unwrap().body_mut().read_to_vec().unwrap();
    let trace = vesta_formats::compression::decompress(&trace, 1 << 26).unwrap();
    assert!(trace.starts_with(b"go 1.") && trace.len() > 1_000, "{} bytes", trace.len());
}

/// The demo service, built.
fn service(test: &str) -> Option<PathBuf> {
    let service = std::env::var_os("VESTA_TEST_GO_SERVICE").map(PathBuf::from);
    if service.is_none() {
        skip(test, "VESTA_TEST_GO_SERVICE does not name the built demo/go; `cargo xtask test` builds it");
    }
    service
}
