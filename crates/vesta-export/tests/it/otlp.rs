//! Sending messages of OpenTelemetry.

use crate::server::Server;
use std::time::{Duration, Instant};
use vesta_export::{Deadline, Endpoint, Exporter, SendError, Sender, Sent, Trust};
use vesta_formats::compression;
use vesta_formats::otlp::reply;

const TYPE: &str = "application/x-protobuf";

fn exporter(endpoint: Endpoint) -> Exporter {
    let sender = Sender { name: "vesta", version: "1.2", container_id: Some("c0ffee") };
    Exporter::new(endpoint, &sender, &Trust::System)
}

fn to(server: &Server) -> Exporter {
    exporter(Endpoint::otlp(&server.address).unwrap())
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// An answer whose body is a message, which has to be text for the server.
fn answer(head: &str, message: Vec<u8>) -> String {
    format!("{head}\r\nContent-Type: {TYPE}\r\n\r\n{}", String::from_utf8(message).unwrap())
}

#[test]
fn a_message_arrives_compressed_with_the_headers_of_the_receiver() {
    let server = Server::tcp(&["200 OK"]);
    let headers = [("Authorization", "Bearer vst_1"), ("x y", "no name of a header")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let endpoint = Endpoint::otlp(&server.address).unwrap().with_api_key("k").with_headers(headers);
    let message = b"a message ".repeat(100);
    let sent = exporter(endpoint).send(TYPE, &message, &soon());
    assert_eq!(sent, Ok(Sent { attempts: 1, remark: None }));
    let request = server.request();
    assert_eq!(request.line, "POST /v1development/profiles HTTP/1.1");
    assert!(request.body.len() < message.len());
    assert!(compression::decompress(&request.body, 10_000).unwrap() == message);
    for (name, value) in [
        ("Content-Type", Some(TYPE)),
        ("Content-Encoding", Some("gzip")),
        ("Authorization", Some("Bearer vst_1")),
        ("DD-API-KEY", Some("k")),
        ("DD-EVP-ORIGIN", None),
        ("Datadog-Container-ID", None),
        ("x y", None),
    ] {
        assert_eq!(request.header(name), value, "{name}: {request:?}");
    }
}

#[test]
fn the_path_is_added_to_an_address_and_left_alone_in_a_whole_url() {
    for (path, line) in [("", "/"), ("/", "/"), ("/some/where", "/some/where")] {
        let server = Server::tcp(&["200 OK"]);
        let endpoint = Endpoint::otlp_at(&format!("{}{path}", server.address)).unwrap();
        exporter(endpoint).send(TYPE, b"x", &soon()).unwrap();
        assert_eq!(server.request().line, format!("POST {line} HTTP/1.1"));
    }
    let server = Server::tcp(&["200 OK"]);
    let endpoint = Endpoint::otlp(&format!("{}/tenant/", server.address)).unwrap();
    exporter(endpoint).send(TYPE, b"x", &soon()).unwrap();
    assert_eq!(server.request().line, "POST /tenant/v1development/profiles HTTP/1.1");
    let folder = tempfile::tempdir().unwrap();
    let server = Server::unix(&folder.path().join("s"), &["200 OK"]);
    to(&server).send(TYPE, b"x", &soon()).unwrap();
    assert_eq!(server.request().line, "POST /v1development/profiles HTTP/1.1");
}

#[test]
fn what_a_receiver_left_out_is_said() {
    for (rejected, message, remark) in [
        (0, "", None),
        (0, "old version", Some("it says: old version")),
        (1, "", Some("it left out one profile")),
        (3, "too many\nprofiles", Some("it left out 3 profiles: too many")),
    ] {
        let reply = reply::Response { rejected, message }.to_protobuf();
        let server = Server::tcp(&[&answer("200 OK", reply)]);
        let sent = to(&server).send(TYPE, b"x", &soon()).unwrap();
        assert_eq!(sent.remark.as_deref(), remark);
    }
}

#[test]
fn what_may_be_sent_again_is_as_the_specification_has_it() {
    for status in
        ["429 Too Many Requests", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"]
    {
        let server = Server::tcp(&[status, "200 OK"]);
        assert_eq!(to(&server).send(TYPE, b"x", &soon()).unwrap().attempts, 2, "{status}");
    }
    for status in ["400 Bad Request", "408 Request Timeout", "413 Too Large", "500 Internal Server Error"] {
        let server = Server::tcp(&[status, "200 OK"]);
        let error = to(&server).send(TYPE, b"x", &soon()).unwrap_err();
        assert!(matches!(error, SendError::Rejected { .. }), "{status}: {error}");
        assert_eq!(server.waiting(), 1, "{status}");
    }
}

#[test]
fn a_receiver_is_given_the_time_that_it_asks_for() {
    let busy = "503 Service Unavailable\r\nRetry-After: 2";
    let server = Server::tcp(&[busy, "200 OK"]);
    let start = Instant::now();
    assert_eq!(to(&server).send(TYPE, b"x", &soon()).unwrap().attempts, 2);
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    // Longer than there is time: no use to wait for it.
    for seconds in ["3600", "18446744073709551615"] {
        let server = Server::tcp(&[&format!("429 Too Many Requests\r\nRetry-After: {seconds}")]);
        let start = Instant::now();
        let error = to(&server).send(TYPE, b"x", &soon()).unwrap_err();
        assert!(error.to_string().ends_with("it answers 429 (1 attempts)"), "{error}");
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    }
}

#[test]
fn a_refusal_says_what_a_receiver_says_and_what_to_change() {
    let status = reply::Status { code: 3, message: "no dictionary", retry_after: None }.to_protobuf();
    for (answer, part) in [
        (answer("400 Bad Request", status), "refused the profile (400): no dictionary"),
        ("400 Bad Request\r\n\r\nnot for you\nat all".to_owned(), "refused the profile (400): not for you"),
        ("404 Not Found".to_owned(), "--feature-gates=service.profilesSupport"),
        ("401 Unauthorized".to_owned(), "set --otlp-headers or OTEL_EXPORTER_OTLP_HEADERS"),
    ] {
        let server = Server::tcp(&[&answer]);
        let error = to(&server).send(TYPE, b"x", &soon()).unwrap_err().to_string();
        assert!(error.contains(part) && error.contains(&server.address), "{error}");
        assert!(!error.contains("at all"), "{error}");
    }
}
