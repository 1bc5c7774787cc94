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
fn recordings_of_java_are_read_in_uploads_and_as_files() {
    let server = Server::start(&[]);
    let imported = server.run(&["import", "java-01.body", "--start", "now-10m"]);
    assert!(imported.status.success(), "{}", shown(&imported));
    let profiles = server.json(&["profiles", "--json"]);
    assert_eq!((&profiles["total"], &profiles["profiles"][0]["language"]), (&1.into(), &"java".into()));
    let hot = |top: &serde_json::Value| {
        let functions = top["functions"].as_array().unwrap();
        let own =
            functions.iter().find(|function| function["file"] == "com/acme/tickets/Tickets.java").unwrap();
        own["name"].as_str().unwrap().to_owned()
    };
    let ranks = "com.acme.tickets.Tickets$Ranking.rankSeats";
    assert_eq!(
        hot(&server.json(&["top", "--json", "--query", "service:tickets", "--type", "cpu-time"])),
        ranks
    );

    assert_eq!(hot(&json(&stdout(&["top", "java-01.body", "--json", "--type", "cpu-time"]))), ranks);
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
    let shown = without_formats(&shown(&imported)).replace(&server.url, "URL");
    insta::assert_snapshot!(shown, @r#"
    exit code: 1
    ----- stdout -----
    imported 1 of 2 files (85.5 KiB) to URL
    ----- stderr -----
    error: go-02.headers.json is no profile that Vesta knows; it reads FORMATS, plain or in gzip, zstd or lz4
    error: 1 file was not imported
    "#);
}

#[test]
fn of_a_folder_all_profiles_are_imported_and_nothing_else() {
    let server = Server::start(&[]);
    let tools = tool_files();
    let imported =
        server.run(&["import", tools.to_str().unwrap(), "--service", "tools", "--start", "now-10m"]);
    assert!(imported.status.success(), "{}", shown(&imported));
    let text = shown(&imported);
    let counted = EXPECTED_OF_TOOLS.len();
    assert!(text.contains(&format!("imported {counted} of {counted} files")), "{text}");
    assert!(text.contains("other files are no profiles"), "{text}");
    for value_type in ["cpu-time", "wall-time", "heap-space", "sched:sched_switch"] {
        let top = server.json(&["top", "--json", "--query", "service:tools", "--type", value_type]);
        let expected: i64 =
            EXPECTED_OF_TOOLS.iter().filter_map(|name| expected_of_tool(name, value_type)).sum();
        assert!(expected > 0);
        assert_eq!(top["total"], expected, "{value_type}: {top:#}");
    }
}

#[test]
fn files_of_tools_are_converted_with_their_totals() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("node.cpuprofile", "cpu-time", "a.pb.gz"),
        ("node.cpuprofile", "wall-time", "a.speedscope.json.gz"),
        ("node.heapprofile", "heap-space", "b.speedscope.json"),
        ("py-spy.speedscope.json", "wall-time", "c.cpuprofile"),
        ("devtools.trace.json", "cpu-time", "d.cpuprofile.zst"),
        ("two-events.perf", "task-clock", "e.collapsed"),
        ("tracepoint.perf", "sched:sched_switch", "f.pprof"),
    ];
    for (name, value_type, to) in cases {
        let (from, to) = (tool_files().join(name), folder.path().join(to));
        let (from, to) = (from.to_str().unwrap(), to.to_str().unwrap());
        let converted = run(&["convert", from, to, "--type", value_type]);
        assert!(converted.status.success(), "{}", shown(&converted));
        let top = json(&stdout(&["top", "--json", to]));
        assert_eq!(top["total"], expected_of_tool(name, value_type).unwrap(), "{name} as {to}: {top:#}");
    }
    let whole = folder.path().join("whole.pb.gz");
    run(&["convert", tool_files().join("two-events.perf").to_str().unwrap(), whole.to_str().unwrap()]);
    for value_type in ["cpu-time", "cpu-samples", "task-clock"] {
        let top = json(&stdout(&["top", "--json", "--type", value_type, whole.to_str().unwrap()]));
        assert_eq!(top["total"], expected_of_tool("two-events.perf", value_type).unwrap());
    }
}

#[test]
fn opentelemetry_s_files_are_converted_both_ways_and_keep_what_an_upload_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (message, pprof, packed, captured) =
        (path("a.otlp"), path("b.pb.gz"), path("c.otlp.gz"), path("checkout.otlp"));
    let convert = |from: &str, to: &str| {
        let converted = run(&["convert", from, to]);
        assert!(converted.status.success() && converted.stderr.is_empty(), "{}", shown(&converted));
    };
    convert(tool_files().join("two-events.perf").to_str().unwrap(), &message);
    convert(&message, &pprof);
    convert(&pprof, &packed);
    for file in [&message, &pprof, &packed] {
        for value_type in ["cpu-time", "cpu-samples", "task-clock"] {
            let top = json(&stdout(&["top", "--json", "--type", value_type, file]));
            assert_eq!(top["total"], expected_of_tool("two-events.perf", value_type).unwrap(), "{file}");
        }
    }
    // What is known of the process goes along, and is what the upload says. Flags say otherwise.
    convert("python-01.body", &captured);
    let server = Server::start(&[]);
    for arguments in [
        &["import", "python-01.body", "--start", "now-10m", "--tag", "from:upload"][..],
        &["import", &captured, "--start", "now-20m", "--tag", "from:message"],
        &[
            "import",
            &captured,
            "--start",
            "now-30m",
            "--tag",
            "from:flags",
            "--service",
            "mine",
            "--env",
            "ci",
        ],
    ] {
        let imported = server.run(arguments);
        assert!(imported.status.success(), "{}", shown(&imported));
    }
    let profile = |query: &str| {
        let found = server.json(&["profiles", "--json", "--query", query]);
        assert_eq!(found["total"], 1, "{query}: {found:#}");
        found["profiles"][0].clone()
    };
    let (upload, message, flags) = (profile("from:upload"), profile("from:message"), profile("from:flags"));
    for column in ["service", "env", "version", "host", "language"] {
        assert_eq!(message[column], upload[column], "{column}");
    }
    assert_eq!((&flags["service"], &flags["env"]), (&"mine".into(), &"ci".into()));
    assert_eq!(flags["version"], upload["version"]);
    for value_type in ["cpu-time", "wall-time", "alloc-space"] {
        let top = |query: &str| server.json(&["top", "--json", "--type", value_type, "--query", query]);
        let (upload, message) = (top("from:upload"), top("from:message"));
        assert_eq!((&message["total"], &message["functions"]), (&upload["total"], &upload["functions"]));
    }
}

#[test]
fn converting_goes_through_pipes_and_says_what_it_leaves_out() {
    let script = fs::File::open(tool_files().join("two-events.perf")).unwrap();
    let arguments = ["convert", "-", "-", "--from", "perf-script", "--to", "collapsed"];
    let piped = vesta().args(arguments).stdin(script).output().unwrap();
    let lines = String::from_utf8(piped.stdout.clone()).unwrap();
    let sum: i64 = lines.lines().map(|line| line.rsplit(' ').next().unwrap().parse::<i64>().unwrap()).sum();
    assert_eq!(Some(sum), expected_of_tool("two-events.perf", "cpu-time"));
    assert_eq!(
        String::from_utf8_lossy(&piped.stderr),
        "collapsed stacks holds one value type: wrote cpu-time; --type chooses among the others: cpu-samples, task-clock\n\
         collapsed stacks has no room for threads, times of samples and modules: left out\n"
    );
}

#[test]
fn what_cannot_be_converted_is_refused_with_what_can() {
    let folder = tempfile::tempdir().unwrap();
    let collapsed = folder.path().join("a.collapsed");
    fs::write(&collapsed, "main;work 7\n").unwrap();
    let collapsed = collapsed.to_str().unwrap();
    let refused = |arguments: &[&str]| {
        let output = run(arguments);
        assert!(output.stdout.is_empty() && !output.status.success(), "{}", shown(&output));
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, text) = refused(&["convert", collapsed, "b.json"]);
    assert_eq!(code, Some(2));
    assert!(
        text.starts_with("error: the name of b.json does not tell its format\n  hint: name it with --to: "),
        "{text}"
    );
    assert!(text.contains("pprof, ") && text.contains("speedscope (.speedscope.json)"), "{text}");
    let (code, text) = refused(&["convert", collapsed, "b.perf"]);
    assert_eq!(code, Some(2));
    assert!(text.starts_with("error: cannot write b.perf: there is no encoder for perf script\n"), "{text}");
    let (code, text) = refused(&["convert", collapsed, "b.otlp.json"]);
    assert_eq!(code, Some(2));
    assert!(
        text.contains("OTLP is written in protocol buffers, not as JSON\n  hint: name it like x.otlp"),
        "{text}"
    );
    let (code, text) = refused(&["convert", collapsed, "-", "--to", "zip"]);
    assert_eq!(code, Some(2));
    assert!(text.starts_with("error: `zip` is no format for --to\n  hint: one of "), "{text}");
    let (code, text) = refused(&["convert", collapsed, "b.cpuprofile"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("V8 CPU profile holds times, not wall-samples\n  hint: it has wall-samples"),
        "{text}"
    );
    let (code, text) = refused(&["convert", collapsed, "b.pprof", "--from", "speedscope"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("a.collapsed is not readable as speedscope: there are no profiles in it"),
        "{text}"
    );
    assert!(!std::path::Path::new("b.cpuprofile").exists());
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
    let cases: [&[&str]; 5] = [
        &["top", "missing.pprof"],
        &["top", "go-02.body", "--type", "color"],
        &["top", "go-02.expected.json"],
        &["top", "go-02.body", "--last", "1h"],
        &["top", "--server", "http://127.0.0.1:1"],
    ];
    let all: Vec<String> =
        cases.iter().map(|case| format!("$ vesta {}\n{}", case.join(" "), shown(&run(case)))).collect();
    insta::assert_snapshot!(without_formats(&all.join("\n")), @r#"
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

    $ vesta top go-02.expected.json
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: go-02.expected.json is no profile that Vesta knows; it reads FORMATS, plain or in gzip, zstd or lz4

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

/// Files of tools with their total of some value type, as a script of its own counts them.
const EXPECTED_OF_TOOLS: [&str; 15] = [
    "devtools.trace.json",
    "host.perf",
    "inlined.perf",
    "no-stacks.perf",
    "node-trace.json",
    "node.cpuprofile",
    "node.heapprofile",
    "py-spy.collapsed",
    "py-spy.speedscope.json",
    "py-spy.trace.json",
    "pyinstrument.speedscope.json",
    "srcline.perf",
    "tracepoint.perf",
    "two-events.perf",
    "viztracer.trace.json",
];

fn tool_files() -> std::path::PathBuf {
    std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../vesta-formats/tests/fixtures/tools"))
}

fn expected_of_tool(name: &str, value_type: &str) -> Option<i64> {
    let all = json(&fs::read_to_string(tool_files().join("expected.json")).unwrap());
    all[name][value_type]["total"].as_i64()
}

/// What the program reads is listed in full by a test of its own.
fn without_formats(text: &str) -> String {
    text.replace(&vesta_formats::Format::readable(), "FORMATS")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}
