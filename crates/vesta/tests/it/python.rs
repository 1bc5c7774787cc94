//! Datadog's profiling library for Python, as it comes from PyPI.

use crate::client::{Client, assert_hot, assert_quiet, demo};
use crate::server::Server;
use crate::skip::skip;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

const HOT: &str = "score_product";
const ENDPOINT: &str = "GET /search";

#[test]
fn the_command_line_of_the_instructions_puts_the_service_on_the_page() {
    let _turn = crate::turns::of_one();
    let Some(python) = python("the_command_line_of_the_instructions_puts_the_service_on_the_page") else {
        return;
    };
    // The library sends to port 8126 without being told. Where that is taken, it has to be told.
    let is_free = TcpListener::bind(("127.0.0.1", 8126)).is_ok();
    let server = Server::start(if is_free { &["--sdk-listen", "127.0.0.1:8126"] } else { &[] });
    let mut shell = Command::new("sh");
    shell.current_dir(demo("python")).env("PATH", path_with(python.parent().unwrap())).args([
        "-c",
        "DD_PROFILING_ENABLED=true DD_ENV=prod DD_SERVICE=my-web-app DD_VERSION=1.0.3 exec ddtrace-run python app.py",
    ]);
    let elsewhere = [("DD_TRACE_AGENT_URL", server.intake.as_str())];
    let client = Client::start(&mut shell, if is_free { &[] } else { &elsewhere });
    assert_quiet(&client.answer_and_stop(150));

    assert_hot(&server, "my-web-app", HOT, ENDPOINT);
    let profiles = server.json(&["profiles", "--json", "--query", "service:my-web-app"]);
    let profile = &profiles["profiles"][0];
    assert_eq!((&profile["env"], &profile["version"]), (&"prod".into(), &"1.0.3".into()), "{profiles:#}");
    assert_eq!(profile["language"], "python");
}

#[test]
fn python_uploads_over_tcp() {
    let _turn = crate::turns::of_one();
    let Some(python) = python("python_uploads_over_tcp") else { return };
    let server = Server::start(&[]);
    check(&python, &server, &server.intake);
}

#[test]
fn python_uploads_over_a_unix_socket() {
    let _turn = crate::turns::of_one();
    let Some(python) = python("python_uploads_over_a_unix_socket") else { return };
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sdk.socket");
    let server = Server::start(&["--sdk-socket", socket.to_str().unwrap(), "--sdk-listen", "off"]);
    check(&python, &server, &format!("unix://{}", socket.display()));
}

#[track_caller]
fn check(python: &Path, server: &Server, agent: &str) {
    let mut command = Command::new(python.with_file_name("ddtrace-run"));
    command.current_dir(demo("python")).arg(python).arg("app.py");
    let variables = [
        ("DD_PROFILING_ENABLED", "true"),
        ("DD_PROFILING_UPLOAD_INTERVAL", "2"),
        ("DD_SERVICE", "shop"),
        ("DD_TRACE_AGENT_URL", agent),
    ];
    assert_quiet(&Client::start(&mut command, &variables).answer_and_stop(150));
    assert_hot(server, "shop", HOT, ENDPOINT);
    let profiles = server.json(&["profiles", "--json", "--query", "service:shop"]);
    assert!(profiles["total"].as_u64().unwrap() >= 2, "one upload per period: {profiles:#}");
}

/// The Python that has the library.
fn python(test: &str) -> Option<PathBuf> {
    let python = std::env::var_os("VESTA_TEST_PYTHON").map(PathBuf::from);
    if python.is_none() {
        skip(test, "VESTA_TEST_PYTHON does not name a Python with ddtrace; `cargo xtask test` installs one");
    }
    python
}

fn path_with(folder: &Path) -> std::ffi::OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path))).unwrap()
}
