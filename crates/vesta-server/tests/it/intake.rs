//! Uploads: every dialect in, byte for byte out, stored once.

use crate::client::Request;
use crate::fixture;
use crate::server::{ALL_TIME, TestServer};
use std::sync::Arc;

#[test]
fn every_captured_upload_is_accepted_as_it_was_sent_and_comes_back_byte_for_byte() {
    let server = TestServer::start();
    for fixture in fixture::all() {
        let answer = server.sdk().send(&fixture.request);
        assert_eq!((answer.status, answer.text().as_str()), (200, "{}"), "{}", fixture.name);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let id = answer.header("vesta-profile").unwrap().to_owned();
        let download = server.get(&format!("/api/v1/profiles/{id}/upload"));
        assert_eq!(download.status, 200);
        assert!(download.body == fixture.request.body, "{} came back changed", fixture.name);
        let sent = fixture.request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        assert_eq!(download.header("content-type"), sent.map(|(_, value)| value.as_str()));
        for part in fixture.parts() {
            let filename = part["filename"].as_str().unwrap();
            let download = server.get(&format!("/api/v1/profiles/{id}/attachments/{filename}"));
            assert_eq!(download.status, 200, "{filename}: {}", download.text());
            assert!(download.body == fixture.part(filename), "{filename} came back changed");
            let disposition = format!("attachment; filename=\"{filename}\"");
            assert_eq!(download.header("content-disposition"), Some(disposition.as_str()));
        }
    }
    assert_eq!(server.ids().len(), fixture::all().len());
}

#[test]
fn uploads_arrive_chunked_or_not_over_tcp_and_the_unix_socket() {
    let server = TestServer::start();
    let fixture = fixture::load("python-uds-01");
    for target in [server.sdk(), server.socket(), server.api()] {
        for request in [fixture.request.clone(), fixture.request.clone().chunked()] {
            let answer = target.send(&request);
            assert_eq!(answer.status, 200, "{target:?}: {}", answer.text());
        }
    }
    assert_eq!(server.ids().len(), 1, "the same upload is stored once");
}

#[test]
fn a_repeated_upload_is_acknowledged_again_under_the_same_id_and_stored_once() {
    let server = TestServer::start();
    let request = fixture::load("node-v6-01").request;
    let first = server.sdk().send(&request);
    let again = server.sdk().send(&request);
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(first.header("vesta-duplicate"), None);
    assert_eq!(again.header("vesta-duplicate"), Some("true"));
    assert_eq!(first.header("vesta-profile"), again.header("vesta-profile"));
    assert_eq!(server.ids(), [first.header("vesta-profile").unwrap()]);
}

#[test]
fn the_intake_takes_any_host_prefix_and_either_method() {
    let server = TestServer::start();
    let fixture = fixture::load("python-uds-01");
    for path in ["/profiling/v1/input", "/tenant1/profiling/v1/input", "/a/b/api/v2/profile", "/v1/input"] {
        for host in ["UDS__tmp_capture_goapm.socket", "intake.profile.example.com:443", "[fe80::1]:8126", ""]
        {
            for method in ["POST", "PUT"] {
                let request = Request { method: method.into(), path: path.into(), ..fixture.request.clone() };
                let answer = server.sdk().send(&request.header("Host", host));
                assert_eq!(answer.status, 200, "{method} {path} {host}: {}", answer.text());
            }
        }
    }
    let prefixed = Request { path: "/tenant1/profiling/v1/input".into(), ..fixture.request.clone() };
    assert_ne!(server.api().send(&prefixed).status, 200, "the API listener takes no prefixes");
    assert_eq!(
        server.sdk().send(&Request::get("/profiling/v1/input")).problem(405),
        "uploads are sent with POST, not GET"
    );
}

#[test]
fn one_connection_carries_many_uploads_and_closes_when_asked() {
    let server = TestServer::start();
    let keep = fixture::load("go-02").request;
    let close = fixture::load("python-uds-01").request;
    let mut connection = server.sdk().connect();
    assert_eq!(connection.send(&keep).status, 200);
    assert_eq!(connection.send(&keep.clone().chunked()).status, 200);
    assert_eq!(connection.send(&close).status, 200);
    assert!(connection.is_closed());
}

#[test]
fn a_compressed_request_body_is_stored_as_what_it_holds() {
    let server = TestServer::start();
    let fixture = fixture::load("go-02");
    let gzip = vesta_formats::compression::compress_gzip(&fixture.request.body).unwrap();
    let zstd = vesta_formats::compression::compress_zstd(&fixture.request.body, 3).unwrap();
    for (encoding, body) in [("gzip", gzip), ("zstd", zstd)] {
        let request = Request { body, ..fixture.request.clone() }.header("Content-Encoding", encoding);
        assert_eq!(server.sdk().send(&request).status, 200);
    }
    let ids = server.ids();
    assert_eq!(ids.len(), 1);
    assert!(server.get(&format!("/api/v1/profiles/{}/upload", ids[0])).body == fixture.request.body);
    let unknown = fixture.request.clone().header("Content-Encoding", "br");
    assert_eq!(server.sdk().send(&unknown).problem(415), "the Content-Encoding `br` is not known");
}

#[test]
fn what_was_acknowledged_is_there_after_a_stop_and_a_start() {
    let mut server = TestServer::start();
    for fixture in fixture::all() {
        assert_eq!(server.sdk().send(&fixture.request).status, 200);
    }
    let before = server.ids();
    let total = format!("/api/v1/flamegraph?{ALL_TIME}&type=cpu-time&max_nodes=2");
    let (graph, folder) = (server.get(&total).json(), server.folder.clone());
    server.stop();
    assert!(!folder.path().join("sdk.sock").exists(), "the socket is cleared away");
    let server = TestServer::start_in(folder, |_| {}, None).unwrap();
    assert_eq!(server.ids(), before);
    assert_eq!(server.get(&total).json()["total"], graph["total"]);
    let again = server.sdk().send(&fixture::load("go-02").request);
    assert_eq!(again.header("vesta-duplicate"), Some("true"));
}

#[test]
fn an_upload_that_is_still_arriving_when_the_server_stops_is_finished_and_kept() {
    let mut server = TestServer::start();
    let request = fixture::load("go-02").request;
    let bytes = request.bytes();
    let (first, rest) = bytes.split_at(bytes.len() / 2);
    let mut connection = server.sdk().connect();
    // Once the head is answered with 100, the request is in flight for certain.
    let head_end = first.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let mut expecting = first[..head_end].to_vec();
    expecting.extend(b"\r\nExpect: 100-continue\r\n\r\n");
    connection.write(&expecting);
    assert_eq!(connection.read().status, 100);
    server.begin_stop();
    connection.write(&first[head_end + 4..]);
    connection.write(rest);
    let answer = connection.read();
    assert_eq!(answer.status, 200, "{}", answer.text());
    drop(connection);
    let folder = server.folder.clone();
    server.stop();
    let server = TestServer::start_in(folder, |_| {}, None).unwrap();
    assert_eq!(server.ids(), [answer.header("vesta-profile").unwrap()]);
}

#[test]
fn a_full_disk_gets_503_and_says_when_to_try_again() {
    struct Full;
    impl vesta_store::Probe for Full {
        fn free_bytes(&self) -> Option<u64> {
            Some(0)
        }
    }
    let folder = Arc::new(tempfile::TempDir::new().unwrap());
    let server = TestServer::start_in(folder, |_| {}, Some(Arc::new(Full))).unwrap();
    let answer = server.sdk().send(&fixture::load("go-02").request);
    assert_eq!(answer.problem(503), "the disk of the server is full");
    assert_eq!(answer.header("retry-after"), Some("60"));
}

#[test]
fn uploads_beyond_the_memory_budget_get_429_and_leave_it_free_again() {
    let server = TestServer::start_with(|config| {
        config.limit_memory = "512KiB".parse().unwrap();
    });
    let large = server.sdk().send(&fixture::load("python-01").request);
    assert_eq!(large.problem(429), "too many uploads are in flight for the memory there is");
    assert_eq!(large.header("retry-after"), Some("2"));
    assert_eq!(server.sdk().send(&fixture::load("go-02").request).status, 200);
}
