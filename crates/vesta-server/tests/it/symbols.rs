//! Symbol files over HTTP: who may send them, what is refused, and that every view shows the names.

use crate::client::{Request, Response};
use crate::server::TestServer;
use std::time::SystemTime;
use vesta_formats::pprof;
use vesta_profile::{Frame, Label, LabelValue, Profile, Sample, ValueType};
use vesta_server::{Scope, TokenFile};

const BUILD_ID: &str = "0123456789abcdef0123";

/// A symbol file in which all of a binary is one function.
fn symbols(build_id: &str, function: &str) -> Vec<u8> {
    let mut bytes = b"VESTASYM".to_vec();
    let mut put = |number: usize| bytes.extend(u32::try_from(number).unwrap().to_le_bytes());
    // The version, then how many there are: bytes of build id, segments, rows, places, functions, strings, bytes of text.
    [1, build_id.len(), 1, 1, 1, 1, 2, function.len()].into_iter().for_each(&mut put);
    // The address of the first row and the only segment, in 64 bits each.
    [0, 0, 0x10_0000, 0, 0x10_0000, 1].into_iter().for_each(|number| {
        put(number);
        put(0);
    });
    // A row at 0 of place 0: not inlined, function 0, no file, line 7. Function 0: name 1, no other, line 5.
    [0, 0, u32::MAX as usize, 0, 0, 7, 1, 0, 5, 0, function.len()].into_iter().for_each(&mut put);
    bytes.extend(build_id.as_bytes());
    bytes.extend(function.as_bytes());
    bytes
}

/// A pprof with one sample of a place in `libfoo.so`, with a time and a thread.
fn profile() -> Vec<u8> {
    let mut profile = Profile::new(vec![ValueType::new("cpu-time", "nanoseconds")]);
    profile.start_ns = 1_795_262_000_000_000_000;
    profile.duration_ns = 60_000_000_000;
    let (module, build_id) = (profile.strings.intern("/lib/libfoo.so"), profile.strings.intern(BUILD_ID));
    let frame = profile.frames.intern(Frame { module, build_id, address: 0x1234, ..Frame::default() });
    let stack = profile.stacks.intern(&[frame]);
    let (key, thread) = (profile.strings.intern("thread name"), profile.strings.intern("main"));
    let labels = profile.label_sets.intern(&[Label { key, value: LabelValue::Text(thread) }]);
    for second in 1..4 {
        let timestamp_ns = profile.start_ns + second * 1_000_000_000;
        profile.samples.push(Sample {
            stack,
            labels,
            values: &[5_000_000],
            timestamp_ns,
            ..Sample::default()
        });
    }
    pprof::encode(&profile)
}

fn send(server: &TestServer, body: Vec<u8>) -> Response {
    server.api().send(&Request::post("/api/v1/symbols?module=libfoo.so", body))
}

#[test]
fn every_view_of_opened_and_stored_profiles_shows_the_names_as_soon_as_there_are_any() {
    let server = TestServer::start();
    let opened = server.api().send(&Request::post("/api/v1/opened?name=a.pprof", profile()));
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let kept = server.api().send(&Request::post(&format!("/api/v1/opened/{id}/keep"), ""));
    let stored = kept.json()["id"].as_str().unwrap().to_owned();
    let paths = [
        "flamegraph?",
        "top?",
        "sandwich?function=NAME&",
        "callgraph?",
        "timeline?",
        "breakdown?by=frame:function&",
        "breakdown?by=frame:function&search=NAME&",
        "export?format=collapsed&",
        "export?format=svg&",
        "series?type=cpu-time&group_by=frame:function&",
    ];
    let check = |name: &str, not: &str| {
        for scope in [format!("profile={id}&source=opened"), format!("profile={stored}")] {
            for path in paths {
                let path = format!("/api/v1/{}{scope}", path.replace("NAME", &name.replace('+', "%2B")));
                let answer = server.get(&path);
                assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                assert!(
                    answer.text().contains(name) && !answer.text().contains(not),
                    "{path}: {}",
                    answer.text()
                );
            }
        }
    };
    check("libfoo.so+0x1234", "compute_price");
    assert_eq!(send(&server, symbols(BUILD_ID, "compute_price")).status, 201);
    check("compute_price", "libfoo.so+0x1234");
    let gone = server.api().send(&Request::new("DELETE", &format!("/api/v1/symbols/{BUILD_ID}")));
    assert_eq!(gone.status, 204, "{}", gone.text());
    check("libfoo.so+0x1234", "compute_price");
}

#[test]
fn symbol_files_are_listed_kept_and_counted() {
    let server = TestServer::start();
    let stored = send(&server, symbols(&BUILD_ID.to_uppercase(), "compute"));
    assert_eq!(stored.status, 201, "{}", stored.text());
    assert_eq!(stored.json()["build_id"], BUILD_ID);
    let less = send(&server, symbols(BUILD_ID, "c"));
    assert_eq!((less.status, &less.json()["stored"]), (200, &false.into()));
    let listed = server.get("/api/v1/symbols").json();
    assert_eq!(listed["files"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&listed["files"][0]["module"], &listed["files"][0]["functions"]),
        (&"libfoo.so".into(), &1.into())
    );
    assert_eq!(listed["limit_bytes"], 2_u64 << 30);
    let metrics = server.get("/metrics").text();
    for line in ["vesta_symbol_files 1", "vesta_stored_symbol_files_total 1"] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    let opened = server.api().send(&Request::post("/api/v1/opened?name=a.pprof", profile()));
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let missing = server.get(&format!("/api/v1/symbols/missing?source=opened&profile={id}")).json();
    assert_eq!(missing["found"], 0, "{missing:#}");
}

#[test]
fn hostile_symbol_files_are_refused_with_a_reason() {
    let server = TestServer::start_with(|config| config.limit_body = "1MiB".parse().unwrap());
    let refused = |body: Vec<u8>, status: u16| {
        let answer = send(&server, body);
        assert!(answer.json()["hint"].is_string(), "{}", answer.text());
        answer.problem(status)
    };
    assert!(refused(b"\x7fELF".to_vec(), 400).contains("does not start with VESTASYM"));
    assert!(refused(Vec::new(), 400).contains("no symbol file"));
    assert!(refused(symbols("../../tokens", "x"), 400).contains("is no build id"));
    let mut cut = symbols(BUILD_ID, "compute");
    cut.pop();
    assert!(refused(cut, 400).contains("where its tables have"));
    assert!(refused(vec![0; 2 << 20], 413).contains("larger than"));
    let path = "/api/v1/symbols/..%2F..%2Ftokens";
    assert!(server.api().send(&Request::new("DELETE", path)).problem(400).contains("is no build id"));
    server.api().send(&Request::new("DELETE", "/api/v1/symbols/0123456789")).problem(404);
    let small = TestServer::start_with(|config| config.limit_symbols = "100B".parse().unwrap());
    assert!(send(&small, symbols(BUILD_ID, "compute")).problem(413).contains("may take together"));
    let foreign =
        Request::post("/api/v1/symbols", symbols(BUILD_ID, "x")).header("Sec-Fetch-Site", "cross-site");
    server.api().send(&foreign).problem(403);
    assert_eq!(server.get("/api/v1/symbols").json()["files"].as_array().map(Vec::len), Some(0));
}

#[test]
fn writing_is_needed_to_send_symbols_and_reading_to_list_them() {
    let server = TestServer::start_with(|config| config.require_auth = true);
    let token = |scope| {
        let file = TokenFile::new(&server.folder.path().join("data"));
        format!("Bearer {}", file.create("t", scope, SystemTime::UNIX_EPOCH).unwrap().secret)
    };
    let (read, write) = (token(Scope::Read), token(Scope::Write));
    let ask =
        |request: Request, token: &str| server.api().send(&request.header("Authorization", token)).status;
    let post = || Request::post("/api/v1/symbols", symbols(BUILD_ID, "compute"));
    let delete = || Request::new("DELETE", &format!("/api/v1/symbols/{BUILD_ID}"));
    assert_eq!(server.api().send(&post()).status, 401);
    assert_eq!((ask(post(), &read), ask(post(), &write)), (401, 201));
    let list = || Request::get("/api/v1/symbols");
    assert_eq!((ask(list(), &read), ask(list(), &write)), (200, 403));
    assert_eq!((ask(delete(), &read), ask(delete(), &write)), (401, 204));
}
