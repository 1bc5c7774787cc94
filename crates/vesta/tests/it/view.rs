//! `vesta view`: a file on the page, with nothing kept.

use crate::command::{run, shown, stdout, uploads, vesta};
use crate::server::send_signal;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// Starts the command and waits for the address of the page.
fn view(arguments: &[&str], temporary: &std::path::Path) -> (Child, String) {
    let mut child = vesta()
        .current_dir(uploads())
        .arg("view")
        .args(arguments)
        .env("TMPDIR", temporary)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().rsplit(' ').next().unwrap().to_owned();
    assert!(address.starts_with("http://127.0.0.1:") && address.contains("/opened/"), "{line}");
    (child, address)
}

fn get(url: &str) -> Value {
    ureq::get(url).call().unwrap().body_mut().read_json().unwrap()
}

#[test]
fn a_file_is_shown_until_ctrl_c_and_nothing_is_left_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, address) = view(&["python-01.body", "--no-browser"], temporary.path());
    let (server, id) = address.split_once("/opened/").unwrap();
    let scope = format!("source=opened&profile={id}");
    let graph = get(&format!("{server}/api/v1/flamegraph?type=cpu-time&{scope}"));
    assert_eq!(graph["total"], 40_219_788_000_u64);
    assert_eq!(get(&format!("{server}/api/v1/profiles?from=0"))["total"], 0);
    assert!(std::fs::read_dir(temporary.path()).unwrap().next().is_some());
    send_signal(&child, "INT");
    assert!(child.wait().unwrap().success());
    assert!(std::fs::read_dir(temporary.path()).unwrap().next().is_none(), "something was left behind");
}

#[test]
fn files_of_tools_are_shown_with_their_totals_and_their_times() {
    let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../vesta-formats/tests/fixtures/tools");
    let expected: Value =
        serde_json::from_slice(&std::fs::read(format!("{tools}/expected.json")).unwrap()).unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let (mut child, address) = view(&["python-01.body", "--no-browser"], temporary.path());
    let (server, _) = address.split_once("/opened/").unwrap();
    for (name, counted) in expected.as_object().unwrap() {
        let bytes = std::fs::read(format!("{tools}/{name}")).unwrap();
        let mut answer = ureq::post(format!("{server}/api/v1/opened?name={name}")).send(&bytes[..]).unwrap();
        let opened: Value = answer.body_mut().read_json().unwrap();
        let scope = format!("source=opened&profile={}", opened["id"].as_str().unwrap());
        for (value_type, counts) in counted.as_object().unwrap() {
            let graph = get(&format!("{server}/api/v1/flamegraph?type={value_type}&{scope}"));
            assert_eq!(graph["total"], counts["total"], "{name} {value_type}");
        }
        let timeline = get(&format!("{server}/api/v1/timeline?{scope}"));
        let has_time = counted.get("cpu-time").or(counted.get("wall-time")).is_some();
        assert_eq!(timeline["samples"].as_u64().unwrap() > 0, has_time, "{name}: {timeline:#}");
        assert_eq!(timeline["without_time"], 0, "{name}");
    }
    send_signal(&child, "INT");
    assert!(child.wait().unwrap().success());
}

#[test]
fn without_a_browser_the_address_is_enough() {
    let temporary = tempfile::tempdir().unwrap();
    let mut child = vesta()
        .current_dir(uploads())
        .args(["view", "go-02.body"])
        .env("TMPDIR", temporary.path())
        .env("PATH", "/nowhere")
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("cannot open a browser with"), "{line}");
    send_signal(&child, "TERM");
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_cannot_be_shown_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jfr");
    std::fs::write(&file, b"FLR\0\0\x02\0\x01").unwrap();
    let refused = run(&["view", "--no-browser", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1), "{}", shown(&refused));
    assert!(shown(&refused).contains("`a.jfr` is not readable as JFR"), "{}", shown(&refused));
    assert!(shown(&refused).contains("hint: Vesta reads pprof"), "{}", shown(&refused));
    let missing = run(&["view", "--no-browser", "/there/is/none"]);
    assert!(!missing.status.success() && shown(&missing).contains("/there/is/none"), "{}", shown(&missing));
    assert!(stdout(&["view", "--help"]).contains("vesta view profile.pprof"));
}
