//! Datadog's profiling library for Node.js, as it comes from npm.

use crate::client::{Client, assert_hot, assert_quiet, demo};
use crate::server::Server;
use crate::skip::skip;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn node_uploads_over_tcp() {
    let _turn = crate::turns::of_one();
    let Some(modules) = modules("node_uploads_over_tcp") else { return };
    let server = Server::start(&[]);
    check(&modules, &server, &server.intake);
}

#[test]
fn node_uploads_over_a_unix_socket() {
    let _turn = crate::turns::of_one();
    let Some(modules) = modules("node_uploads_over_a_unix_socket") else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sdk.socket");
    let server = Server::start(&["--sdk-socket", socket.to_str().unwrap(), "--sdk-listen", "off"]);
    check(&modules, &server, &format!("unix://{}", socket.display()));
}

#[track_caller]
fn check(modules: &Path, server: &Server, agent: &str) {
    let mut command = Command::new("node");
    command
        .current_dir(demo("node"))
        .args(["--require", "dd-trace/init", "app.js"])
        .env("NODE_PATH", modules);
    let variables = [
        ("DD_PROFILING_ENABLED", "true"),
        ("DD_PROFILING_UPLOAD_PERIOD", "2"),
        ("DD_SERVICE", "parcels"),
        ("DD_TRACE_AGENT_URL", agent),
    ];
    assert_quiet(&Client::start(&mut command, &variables).answer_and_stop(150));
    assert_hot(server, "parcels", "routeParcel", "GET");
    let profiles = server.json(&["profiles", "--json", "--query", "service:parcels"]);
    assert!(profiles["total"].as_u64().unwrap() >= 2, "one upload per period: {profiles:#}");
    assert_eq!(profiles["profiles"][0]["language"], "javascript");
}

/// The folder with the library.
fn modules(test: &str) -> Option<PathBuf> {
    let modules = std::env::var_os("VESTA_TEST_NODE_MODULES").map(PathBuf::from);
    if modules.is_none() {
        skip(
            test,
            "VESTA_TEST_NODE_MODULES does not name a folder with dd-trace; `cargo xtask test` installs it",
        );
    }
    modules
}
