//! Files: read without a server, imported into one, and written again.

use crate::command::{run, shown, stdout, uploads, vesta};
use crate::server::Server;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::process::Stdio;

/// What a captured upload must come to: value type, total, and the self values of its top functions by name.
type Expected = Vec<(String, i64, Vec<(String, i64)>)>;

#[test]
fn top_of_a_captured_upload_equals_what_other_tools_read_in_it() {
    for (name, expected) in readable_uploads() {
        for (value_type, total, functions) in expected {
            let body = format!("{name}.body");
            let top = json(&stdout(&["top", &body, "--json", "--limit", "100000", "--type", &value_type]));
            check(&name, &value_type, total, &functions, &top);
        }
    }
}

#[test]
fn imported_uploads_have_the_same_top_as_their_files() {
    let server = Server::start(&[]);
    for (name, expected) in readable_uploads() {
        let body = format!("{name}.body");
        let imported =
            server.run(&["import", &body, "--service", &name, "--start", "now-10m", "--tag", "a:b"]);
        assert!(imported.status.success(), "{}", shown(&imported));
        for (value_type, total, functions) in expected {
            let query = format!("service:{name} a:b");
            let flags = ["top", "--json", "--limit", "100000", "--query", &query, "--type", &value_type];
            check(&name, &value_type, total, &functions, &server.json(&flags));
        }
    }
}

#[test]
fn java_uploads_are_imported_though_they_are_not_read() {
    let server = Server::start(&[]);
    let imported = server.run(&["import", "java-synth-raw-04.body", "--start", "now-10m"]);
    assert!(imported.status.success(), "{}", shown(&imported));
    let profiles = server.json(&["profiles", "--json"]);
    assert_eq!((&profiles["total"], &profiles["profiles"][0]["language"]), (&1.into(), &"java".into()));
}

#[test]
fn a_flame_graph_goes_through_every_format_without_losing_value() {
    let folder = tempfile::tempdir().unwrap();
    let written = |format: &str| {
        let path = folder.path().join(format);
        let path = path.to_str().unwrap().to_owned();
        stdout(&["flamegraph", "python-01.body", "--type", "wall", "--format", format, "-o", &path]);
        path
    };
    let total = json(&stdout(&["top", "python-01.body", "--type", "wall", "--json"]))["total"].clone();
    for path in [written("collapsed"), written("pprof")] {
        assert_eq!(json(&stdout(&["top", &path, "--json"]))["total"], total, "{path}");
    }
    let nodes = json(&fs::read_to_string(written("json")).unwrap());
    assert_eq!(nodes["nodes"]["total"][0], total);
    let own: i64 =
        nodes["nodes"]["self"].as_array().unwrap().iter().map(|value| value.as_i64().unwrap()).sum();
    assert_eq!(Value::from(own), total);
    let picture = fs::read_to_string(written("svg")).unwrap();
    assert!(picture.contains("<svg") && picture.contains("handle_search"), "{picture}");
}

#[test]
fn a_server_writes_the_same_flame_graph_in_every_format() {
    let server = Server::start(&[]);
    let imported = server.run(&["import", "python-01.body", "--service", "web", "--start", "now-10m"]);
    assert!(imported.status.success(), "{}", shown(&imported));
    let folder = tempfile::tempdir().unwrap();
    let total = server.json(&["top", "--json", "--type", "cpu-time"])["total"].clone();
    for format in ["collapsed", "pprof"] {
        let path = folder.path().join(format);
        let path = path.to_str().unwrap();
        let flags = ["flamegraph", "--query", "service:web", "--type", "cpu", "--format", format, "-o", path];
        let written = server.run(&flags);
        assert!(written.status.success(), "{}", shown(&written));
        assert_eq!(json(&stdout(&["top", path, "--json"]))["total"], total, "{format}");
    }
    assert_eq!(server.json(&["flamegraph", "--json", "--type", "cpu-time"])["total"], total);
    let picture = server.run(&["flamegraph", "--format", "svg", "--type", "cpu-time"]);
    assert!(String::from_utf8_lossy(&picture.stdout).contains("handle_search"));
}

#[test]
fn collapsed_stacks_are_read_from_a_pipe_and_imported_under_the_name_of_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nightly.txt");
    fs::write(&path, "main;parse 7\nmain;print 3\n").unwrap();
    let piped = vesta().args(["top", "-"]).stdin(fs::File::open(&path).unwrap()).output().unwrap();
    insta::assert_snapshot!(shown(&piped), @r#"
    exit code: 0
    ----- stdout -----
    wall-samples: 10 in 2 samples of 1 profile

    self          total           function  file
       7  70.0 %      7   70.0 %  parse
       3  30.0 %      3   30.0 %  print
       0   0.0 %     10  100.0 %  main
    ----- stderr -----
    "#);

    let server = Server::start(&[]);
    let imported = server.run(&["import", path.to_str().unwrap(), "--env", "ci", "--start", "now-10m"]);
    assert!(imported.status.success(), "{}", shown(&imported));
    let top = server.json(&["top", "--json", "--query", "service:nightly env:ci"]);
    assert_eq!((&top["total"], &top["functions"][0]["name"]), (&10.into(), &"parse".into()), "{top:#}");
}

#[test]
fn a_file_that_is_no_profile_fails_and_the_others_are_imported() {
    let server = Server::start(&[]);
    let imported = server.run(&["import", "go-02.headers.json", "go-02.body", "--start", "now-10m"]);
    let shown = shown(&imported).replace(&server.url, "URL");
    insta::assert_snapshot!(shown, @r#"
    exit code: 1
    ----- stdout -----
    imported 1 of 2 files (85.5 KiB) to URL
    ----- stderr -----
    error: go-02.headers.json is no profile that Vesta knows; it reads pprof and collapsed stacks, plain or in gzip, zstd or lz4
    error: 1 file was not imported
    "#);
}

#[test]
fn the_reader_of_a_pipe_may_go_away() {
    let mut child = vesta()
        .current_dir(uploads())
        .args(["flamegraph", "python-01.body", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", shown(&output));
}

#[test]
fn errors_say_what_failed_and_what_to_do() {
    let cases: [&[&str]; 6] = [
        &["top", "missing.pprof"],
        &["top", "go-02.body", "--type", "color"],
        &["top", "java-synth-raw-04.body"],
        &["top", "go-02.expected.json"],
        &["top", "go-02.body", "--last", "1h"],
        &["top", "--server", "http://127.0.0.1:1"],
    ];
    let all: Vec<String> =
        cases.iter().map(|case| format!("$ vesta {}\n{}", case.join(" "), shown(&run(case)))).collect();
    insta::assert_snapshot!(all.join("\n"), @r#"
    $ vesta top missing.pprof
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: cannot read missing.pprof: No such file or directory (os error 2)

    $ vesta top go-02.body --type color
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: go-02.body has no value type `color`
      hint: it has cpu-time, alloc-space, alloc-samples, heap-space, heap-live-samples, mutex-delay, mutex-contentions, block-delay, block-contentions, goroutines, cpu-samples

    $ vesta top java-synth-raw-04.body
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: java-synth-raw-04.body has no profile that can be read: it has main.jfr (jfr)
      hint: a server keeps it all the same: `vesta import` it

    $ vesta top go-02.expected.json
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: go-02.expected.json is no profile that Vesta knows; it reads pprof and collapsed stacks, plain or in gzip, zstd or lz4

    $ vesta top go-02.body --last 1h
    exit code: 2
    ----- stdout -----
    ----- stderr -----
    error: --last asks a server, but a FILE is read without one
      hint: `vesta import` the file and leave FILE out, or leave the flag out

    $ vesta top --server http://127.0.0.1:1
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: cannot reach a server at http://127.0.0.1:1: io: Connection refused (os error 111)
      hint: start one with `vesta up`, or name another with --server or VESTA_SERVER
    "#);
}

#[track_caller]
fn check(name: &str, value_type: &str, total: i64, functions: &[(String, i64)], top: &Value) {
    assert_eq!(top["total"], total, "{name}: total of {value_type}");
    let mut by_name: BTreeMap<&str, i64> = BTreeMap::new();
    for function in top["functions"].as_array().unwrap() {
        *by_name.entry(function["name"].as_str().unwrap()).or_default() += function["self"].as_i64().unwrap();
    }
    for (function, value) in functions {
        let found = by_name.get(function.as_str()).copied();
        assert_eq!(found, Some(*value), "{name}: {value_type} of {function}");
    }
}

/// The captured uploads that have profiles of a format that is read, by name.
fn readable_uploads() -> Vec<(String, Expected)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(uploads()).unwrap() {
        let path = entry.unwrap().path();
        let file_name = path.file_name().unwrap().to_str().unwrap();
        let Some(name) = file_name.strip_suffix(".expected.json") else { continue };
        let expected = expected(&json(&fs::read_to_string(&path).unwrap()));
        if !expected.is_empty() {
            all.push((name.to_owned(), expected));
        }
    }
    assert!(all.len() >= 9, "only {} captured uploads can be read", all.len());
    all
}

fn expected(upload: &Value) -> Expected {
    let mut expected = Expected::new();
    for part in upload["parts"].as_array().unwrap() {
        let file_name = part["filename"].as_str().unwrap();
        for total in part["pprof"]["totals"].as_array().into_iter().flatten() {
            let (name, sum) = (total[0].as_str().unwrap(), total[1].as_i64().unwrap());
            if sum == 0 {
                continue;
            }
            let top = part["pprof"]["top"][name]["self"].as_array().into_iter().flatten();
            let functions = top.map(|row| (shown_name(row[0].as_str().unwrap()), row[1].as_i64().unwrap()));
            expected.push((value_type(file_name, name), sum, functions.collect()));
        }
    }
    expected
}

/// Node's runtime events have a function without a name.
fn shown_name(function: &str) -> String {
    if function.is_empty() { "[unknown]".to_owned() } else { function.to_owned() }
}

/// Go's value types mean something only together with the file they are in.
fn value_type(file_name: &str, name: &str) -> String {
    match (file_name, name) {
        ("delta-mutex.pprof" | "mutex.pprof", _) => format!("mutex-{name}"),
        ("delta-block.pprof" | "block.pprof", _) => format!("block-{name}"),
        ("cpu.pprof", "samples") => "cpu-samples".to_owned(),
        _ => name.to_owned(),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
