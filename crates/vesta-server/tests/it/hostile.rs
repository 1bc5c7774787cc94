//! Input that is wrong, or meant to hurt: a clear answer, and a server that goes on.

use crate::client::{Request, Response};
use crate::fixture;
use crate::server::TestServer;
use std::fmt::Write;

const EVENT: &str = r#"{"family":"go","version":"4","start":"2026-11-20T23:12:12Z","end":"2026-11-20T23:13:12Z","attachments":["cpu.pprof"],"tags_profiler":"service:web"}"#;

fn upload(parts: &[(&str, &[u8])]) -> Request {
    let mut body = Vec::new();
    for (name, content) in parts {
        let head =
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{name}\"\r\n\r\n");
        body.extend(head.into_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    Request::post("/profiling/v1/input", body).header("Content-Type", "multipart/form-data; boundary=b")
}

fn send(server: &TestServer, request: &Request) -> Response {
    let response = server.sdk().send(request);
    let healthy = server.sdk().send(&fixture::load("python-uds-01").request);
    assert_eq!(healthy.status, 200, "the server still takes uploads");
    response
}

#[test]
fn a_wrong_upload_gets_400_that_names_the_part_and_the_reason() {
    let server = TestServer::start();
    let many: Vec<(&str, &[u8])> = (0..100_000).map(|_| ("x", b"y".as_slice())).collect();
    let plain = |body: &str| Request::post("/profiling/v1/input", body);
    let multipart = |request: Request| request.header("Content-Type", "multipart/form-data; boundary=b");
    let cases = [
        ("no content type", plain("hello"), "ontent"),
        ("not multipart", plain("{}").header("Content-Type", "application/json"), "multipart"),
        ("no boundary", plain("--b--").header("Content-Type", "multipart/form-data"), "boundary"),
        ("empty", multipart(plain("")), ""),
        ("no event", upload(&[("cpu.pprof", b"x")]), "event.json"),
        ("event is no JSON", upload(&[("event.json", b"{\"start\":")]), "event.json"),
        ("event is a list", upload(&[("event.json", b"[]")]), "event.json"),
        ("event has no times", upload(&[("event.json", b"{\"version\":\"4\"}")]), "event.json"),
        ("before 2021", upload(&[("recording-start", b"2019-01-01T00:00:00Z"), ("data[0]", b"x")]), "2021"),
        ("100,000 parts", upload(&many), "parts"),
    ];
    for (name, request, wanted) in cases {
        let detail = send(&server, &request).problem(400);
        assert!(detail.contains(wanted), "{name}: {detail}");
    }
}

#[test]
fn a_truncated_upload_gets_400_wherever_it_ends() {
    let server = TestServer::start();
    for name in ["python-uds-01", "go-02", "node-v6-01"] {
        let request = fixture::load(name).request;
        for tenths in 0..10 {
            let length = request.body.len() * tenths / 10;
            let short = Request { body: request.body[..length].to_vec(), ..request.clone() };
            let detail = server.sdk().send(&short).problem(400);
            assert!(!detail.is_empty(), "{name} at {length}");
        }
    }
    assert_eq!(server.ids().len(), 0);
}

#[test]
fn a_body_that_ends_before_its_length_is_no_upload() {
    let server = TestServer::start();
    let request = fixture::load("go-02").request;
    let bytes = request.bytes();
    let mut connection = server.sdk().connect();
    connection.write(&bytes[..bytes.len() - 10]);
    drop(connection);
    assert_eq!(send(&server, &request).status, 200);
    assert_eq!(server.ids().len(), 2, "the two whole ones");
}

#[test]
fn flipped_bits_never_bring_the_server_down() {
    let server = TestServer::start();
    let request = fixture::load("go-02").request;
    let mut seed = 7_u64;
    for _ in 0..60 {
        let mut damaged = request.clone();
        for _ in 0..4 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (seed >> 33) as usize % damaged.body.len();
            damaged.body[at] ^= 1 << (seed % 8);
        }
        let response = server.sdk().send(&damaged);
        assert!([200, 400].contains(&response.status), "{}", response.text());
    }
    // What was accepted can be looked at, damaged as it is.
    for id in server.ids() {
        assert_eq!(server.get(&format!("/api/v1/profiles/{id}")).status, 200);
    }
    assert_eq!(send(&server, &request).status, 200);
}

#[test]
fn a_bomb_is_kept_as_it_came_and_reported_as_a_problem_of_its_part() {
    let server = TestServer::start_with(|config| config.limit_decompressed = "1MiB".parse().unwrap());
    let bomb = vesta_formats::compression::compress_zstd(&vec![0; 64 << 20], 3).unwrap();
    let answer = send(&server, &upload(&[("event.json", EVENT.as_bytes()), ("cpu.pprof", &bomb)]));
    assert_eq!(answer.status, 200);
    let id = answer.header("vesta-profile").unwrap();
    let profile = server.get(&format!("/api/v1/profiles/{id}")).json();
    let problems = profile["problems"].to_string();
    assert!(problems.contains("part cpu.pprof") && problems.contains("1048576 bytes"), "{problems}");
    let event = vesta_formats::compression::compress_gzip(&vec![b' '; 64 << 20]).unwrap();
    let detail = send(&server, &upload(&[("event.json", &event)])).problem(400);
    assert!(detail.contains("event.json"), "{detail}");
}

#[test]
fn a_body_over_the_limit_gets_413_announced_or_not_or_hidden_in_compression() {
    let server = TestServer::start_with(|config| config.limit_body = "1MiB".parse().unwrap());
    let large = Request { body: vec![b'x'; 3 << 20], ..upload(&[]) };
    assert_eq!(send(&server, &large).problem(413), "the body is larger than 1048576 bytes");
    assert_eq!(send(&server, &large.clone().chunked()).problem(413), "the body is larger than 1048576 bytes");
    let body = vesta_formats::compression::compress_gzip(&large.body).unwrap();
    let hidden = Request { body, ..large.clone() }.header("Content-Encoding", "gzip");
    assert_eq!(send(&server, &hidden).problem(413), "the body is larger than 1048576 bytes");
    let mut connection = server.sdk().connect();
    connection.write(
        b"POST /profiling/v1/input HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n",
    );
    assert_eq!(connection.read().status, 413, "refused before it is sent");
}

#[test]
fn a_body_that_stalls_gets_408() {
    let server = TestServer::start_with(|config| config.limit_stall_time = "0s".parse().unwrap());
    let mut connection = server.sdk().connect();
    connection.write(b"POST /profiling/v1/input HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
    let mut response = connection.read();
    if response.status == 100 {
        response = connection.read();
    }
    assert_eq!(response.problem(408), "the body came too slowly; 0 bytes had arrived");
}

#[test]
fn a_head_that_is_too_large_or_no_http_is_refused() {
    let server = TestServer::start();
    let mut large = String::from("GET /info HTTP/1.1\r\nHost: x\r\n");
    for index in 0..3000 {
        write!(large, "X-{index}: {}\r\n", "y".repeat(100)).unwrap();
    }
    let mut connection = server.sdk().connect();
    connection.write(large.as_bytes());
    assert_eq!(connection.read().status, 431);
    let mut connection = server.sdk().connect();
    connection.write(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
    assert_eq!(connection.read().status, 400);
    assert_eq!(send(&server, &Request::get("/info")).status, 200);
}
