//! Servers: start, configuration, stop.

use crate::command::{run, shown, stdout, vesta};
use crate::server::Server;
use std::fs;
use std::net::TcpListener;

#[test]
fn a_server_stops_cleanly_and_has_everything_when_it_is_back() {
    for signal in ["TERM", "INT"] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let server = Server::start_in(&data, &["--log-level", "warn,vesta=info"]);
        let imported = server.run(&["import", "python-01.body", "--start", "now-10m", "--service", "web"]);
        assert!(imported.status.success(), "{}", shown(&imported));
        let (status, log) = server.stop(signal);
        assert!(status.success() && log.contains("stopped") && !log.contains("ERROR"), "{status}\n{log}");

        let server = Server::start_in(&data, &[]);
        let profiles = server.json(&["profiles", "--json", "--query", "service:web"]);
        assert_eq!(profiles["total"], 1, "{profiles:#}");
        let top = server.json(&["top", "--json", "--query", "service:web", "--type", "cpu-time"]);
        assert_eq!(top["functions"][0]["name"], "handle_search", "{top:#}");
    }
}

#[test]
fn a_file_imported_twice_is_stored_once() {
    let server = Server::start(&[]);
    for _ in 0..2 {
        let imported = server.run(&["import", "python-03-shutdown.body", "--start", "1795216000"]);
        assert!(imported.status.success(), "{}", shown(&imported));
    }
    let profiles = server.json(&["profiles", "--json", "--from", "1795215000", "--to", "1795217000"]);
    assert_eq!(profiles["total"], 1, "{profiles:#}");
}

#[test]
fn flags_override_the_environment_and_that_overrides_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vesta.toml");
    fs::write(&file, "listen = \"127.0.0.1:1111\"\nsdk_listen = \"127.0.0.1:2222\"\nlog_format = \"json\"\n")
        .unwrap();
    let output = vesta()
        .args(["server", "--print-config", "--listen", "127.0.0.1:3333", "--config"])
        .arg(&file)
        .env("VESTA_SDK_LISTEN", "127.0.0.1:4444")
        .env("VESTA_LISTEN", "127.0.0.1:5555")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    for line in [
        "listen = \"127.0.0.1:3333\"",
        "sdk_listen = \"127.0.0.1:4444\"",
        "log_format = \"json\"",
        "data = \"vesta-data\"",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "{line} is not in\n{printed}");
    }

    // What is printed is a configuration file that says the same.
    fs::write(&file, &printed).unwrap();
    let again = stdout(&["server", "--print-config", "--config", file.to_str().unwrap()]);
    let settings = |text: &str| {
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(settings(&again), settings(&printed));
}

#[test]
fn a_misspelled_setting_is_reported_with_the_one_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vesta.toml");
    fs::write(&file, "retention_maxage = \"1d\"\n").unwrap();
    let output = run(&["server", "--config", file.to_str().unwrap()]);
    let shown = shown(&output).replace(file.to_str().unwrap(), "FILE");
    insta::assert_snapshot!(shown, @r#"
    exit code: 2
    ----- stdout -----
    ----- stderr -----
    error: FILE: there is no setting `retention_maxage`; did you mean `retention_max_age`?
      hint: `vesta server --print-config` prints every setting in the form of such a file
    "#);
}

#[test]
fn a_port_that_is_taken_is_reported_with_a_way_out() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    for flags in
        [["--listen", &address, "--sdk-listen", "off"], ["--listen", "127.0.0.1:0", "--sdk-listen", &address]]
    {
        let mut arguments = vec!["up", "--data", data];
        arguments.extend(flags);
        let output = run(&arguments);
        let shown = shown(&output);
        assert_eq!(output.status.code(), Some(1), "{shown}");
        assert!(shown.contains(&format!("cannot listen at {address}")) && shown.contains("hint:"), "{shown}");
    }
}

#[test]
fn the_banner_names_the_addresses_of_opentelemetry_and_those_that_others_have() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let wanted = format!("{address} if free");
    let server = Server::start(&["--otlp-grpc-listen", &wanted, "--otlp-http-listen", "127.0.0.1:0 if free"]);
    let expected = format!("  otlp      not at {address}: another program listens there\n");
    assert!(server.banner.contains(&expected), "{}", server.banner);
    let answer = ureq::post(format!("{}/v1development/profiles", server.otlp("HTTP")))
        .content_type("application/x-protobuf")
        .send(&[][..]);
    assert_eq!(answer.unwrap().status(), 200);
    drop(server);
    drop(taken);
    let server = Server::start(&["--otlp-grpc-listen", "127.0.0.1:0 if free"]);
    assert!(server.otlp("gRPC").starts_with("http://127.0.0.1:"), "{}", server.banner);
    assert!(!server.banner.contains("not at"), "{}", server.banner);
}

#[test]
fn two_servers_do_not_share_a_data_folder() {
    let server = Server::start(&[]);
    let data = server.data();
    let output =
        run(&["up", "--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0", "--sdk-listen", "off"]);
    let shown = shown(&output);
    assert!(output.status.code() == Some(1) && shown.contains("in use by another Vesta server"), "{shown}");
}

#[test]
fn logs_are_json_when_asked_for() {
    let server = Server::start(&["--log-format", "json", "--log-level", "warn,vesta=info"]);
    let (_, log) = server.stop("TERM");
    assert!(!log.is_empty());
    for line in log.lines() {
        let line: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["message"].is_string(), "{line}");
    }
}
