//! Files that are opened: looked at like stored profiles, stored only when asked.

use crate::client::Request;
use crate::fixture;
use crate::server::TestServer;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::time::SystemTime;
use tempfile::TempDir;
use vesta_server::{Scope, TokenFile};

fn open(server: &TestServer, name: &str, body: impl Into<Vec<u8>>) -> String {
    let answer = server.api().send(&Request::post(&format!("/api/v1/opened?name={name}"), body));
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["problems"].as_array().map(Vec::len), Some(0), "{}", answer.text());
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_opened_pprof_can_be_asked_everything_and_is_not_among_stored_profiles() {
    let server = TestServer::start();
    let pprof = fixture::load("python-01").part("profile.pprof");
    let id = open(&server, "profile.pprof", pprof.clone());
    assert!(server.ids().is_empty(), "it was stored");
    server.get(&format!("/api/v1/profiles/{id}")).problem(404);
    let scope = format!("source=opened&profile={id}");
    let detail = server.get(&format!("/api/v1/profiles/{id}?source=opened")).json();
    assert_eq!(detail["service"], "profile");
    assert_eq!(detail["types"][0]["name"], "cpu-time");
    assert_eq!(detail["types"][0]["total"], 40_219_788_000_u64);
    let graph = server.get(&format!("/api/v1/flamegraph?type=cpu-time&{scope}")).json();
    assert_eq!((&graph["total"], &graph["profiles"]), (&40_219_788_000_u64.into(), &1.into()));
    for path in
        ["top?", "labels?", "types?", "facets?", "tags?", "series?", "profiles?", "export?format=svg&"]
    {
        let answer = server.get(&format!("/api/v1/{path}{scope}"));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    let file = server.get(&format!("/api/v1/profiles/{id}/attachments/profile.pprof?source=opened"));
    assert_eq!(file.status, 200, "{}", file.text());
    assert!(server.get(&format!("/api/v1/profiles/{id}/upload?source=opened")).status == 200);
    assert_eq!(server.get("/api/v1/types?source=elsewhere").problem(400), "`elsewhere` is not a source");
}

#[test]
fn a_captured_upload_and_collapsed_stacks_open_too() {
    let server = TestServer::start();
    let captured = fixture::load("node-v4-01");
    let id = open(&server, "node-v4-01.body", captured.request.body.clone());
    let detail = server.get(&format!("/api/v1/profiles/{id}?source=opened")).json();
    assert_eq!(detail["language"], "javascript");
    let upload = server.get(&format!("/api/v1/profiles/{id}/upload?source=opened"));
    assert_eq!(upload.body, captured.request.body, "it is kept byte for byte");

    let id = open(&server, "..%2F..%2Fetc%2Fstacks.txt", "main;work 7\nmain;rest 3\n");
    let detail = server.get(&format!("/api/v1/profiles/{id}?source=opened")).json();
    assert_eq!(detail["service"], "stacks", "only the last part of a path is its name");
    assert_eq!(detail["types"][0]["total"], 10);
}

#[test]
fn a_file_that_cannot_be_read_is_refused_with_what_it_is_and_what_can_be_read() {
    let server = TestServer::start();
    let refused = |name: &str, body: &[u8]| {
        let answer = server.api().send(&Request::post(&format!("/api/v1/opened?name={name}"), body));
        // Once, in the message or in the hint.
        assert_eq!(answer.text().matches("reads pprof, JFR").count(), 1, "{}", answer.text());
        answer.problem(400)
    };
    assert!(refused("a.nettrace", b"Nettrace").contains("`a.nettrace` is a file of format nettrace"));
    assert!(refused("a.jfr", b"FLR\0\0\x02\0\x01").contains("`a.jfr` is not readable as JFR"));
    assert!(refused("b.bin", b"\xff\xfe\x00binary").contains("`b.bin` is no profile that Vesta knows"));
    assert_eq!(refused("c", b""), "`c` is empty");
    assert!(refused("d", b"--x\r\nnot an upload").contains("`d` looks like a captured upload"));
    let time = jiff::Timestamp::UNIX_EPOCH;
    let java = vesta_upload::UploadBuilder::new("java", time, time)
        .attachment("main.jfr", "no recording", vesta_upload::Compression::None)
        .build()
        .unwrap();
    assert!(refused("e", &java.body).contains("an upload without a profile that can be read: it has"));
    let small = TestServer::start_with(|config| config.limit_body = "1KiB".parse().unwrap());
    small.api().send(&Request::post("/api/v1/opened", vec![b'a'; 2048])).problem(413);
    server.api().send(&Request::post("/api/v1/opened?nam=x", "a 1\n")).problem(400);
}

#[test]
fn reading_is_enough_to_open_and_writing_is_needed_to_keep() {
    let server = TestServer::start_with(|config| config.require_auth = true);
    let token = |scope| {
        let file = TokenFile::new(&server.folder.path().join("data"));
        format!("Bearer {}", file.create("t", scope, SystemTime::UNIX_EPOCH).unwrap().secret)
    };
    let (read, write, admin) = (token(Scope::Read), token(Scope::Write), token(Scope::Admin));
    let post = |path: &str, token: &str, body: &str| {
        server.api().send(&Request::post(path, body).header("Authorization", token))
    };
    server.api().send(&Request::post("/api/v1/opened", "a 1\n")).problem(401);
    post("/api/v1/opened", &write, "a 1\n").problem(403);
    let opened = post("/api/v1/opened?name=a.folded", &read, "a 1\n");
    let id = opened.json()["id"].as_str().unwrap().to_owned();
    let keep = format!("/api/v1/opened/{id}/keep?service=web&env=prod");
    post(&keep, &read, "").problem(401);
    let kept = post(&keep, &admin, "");
    assert_eq!(kept.status, 200, "{}", kept.text());
    let id = kept.json()["id"].as_str().unwrap().to_owned();
    let shown = Request::get(&format!("/api/v1/profiles/{id}")).header("Authorization", &read);
    let detail = server.api().send(&shown).json();
    assert_eq!((&detail["service"], &detail["env"]), (&"web".into(), &"prod".into()));
    assert_eq!(detail["types"][0]["total"], 1);
    post("/api/v1/opened/0000000000000001/keep", &admin, "").problem(404);
    assert!(
        post(&keep.replace("web", "a%2Cb"), &admin, "").problem(400).contains("is not a name for service")
    );
}

#[test]
fn pages_of_other_sites_can_neither_open_nor_keep() {
    let server = TestServer::start();
    for path in ["/api/v1/opened?name=a.folded", "/api/v1/opened/0000000000000001/keep"] {
        let request = Request::post(path, "a 1\n").header("Sec-Fetch-Site", "cross-site");
        assert_eq!(server.api().send(&request).problem(403), "a page of another site sent this request");
    }
}

#[test]
fn opened_files_are_gone_when_the_server_stops_and_what_a_killed_one_left_when_it_starts() {
    let folder = Arc::new(TempDir::new().unwrap());
    let opened = folder.path().join("data/opened");
    let mut server = TestServer::start_in(folder.clone(), |_| {}, None).unwrap();
    assert!(!opened.exists(), "made before it is needed");
    open(&server, "a.folded", "a 1\n");
    assert!(opened.is_dir());
    server.stop();
    assert!(!opened.exists());

    // What a killed server left; a link in its place leads to what is none of ours.
    std::fs::create_dir_all(opened.join("log")).unwrap();
    TestServer::start_in(folder.clone(), |_| {}, None).unwrap().stop();
    assert!(!opened.exists());
    let precious = folder.path().join("precious");
    std::fs::create_dir(&precious).unwrap();
    std::fs::write(precious.join("file"), "x").unwrap();
    symlink(&precious, &opened).unwrap();
    let mut server = TestServer::start_in(folder.clone(), |_| {}, None).unwrap();
    open(&server, "a.folded", "a 1\n");
    server.stop();
    assert!(precious.join("file").exists(), "a link was followed");
    assert!(!server.folder.path().join("data/opened").exists());
}
