//! OpenTelemetry profiles, over HTTP and over gRPC, as other implementations wrote them.

use crate::client::{Request, Response};
use crate::fixture;
use crate::server::{ALL_TIME, TestServer};
use bytes::Bytes;
use http::{HeaderMap, Version};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use vesta_formats::compression;
use vesta_server::config::Listen;

const PATH: &str = "/v1development/profiles";
const CALL: &str = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";

fn message(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/otlp"));
    std::fs::read(folder.join(name)).unwrap()
}

fn post(body: Vec<u8>) -> Request {
    Request::post(PATH, body).header("Content-Type", "application/x-protobuf")
}

/// The profiles of a server: services with their rows.
fn profiles(server: &TestServer) -> BTreeMap<String, Value> {
    let list = server.get(&format!("/api/v1/profiles?{ALL_TIME}&limit=100"));
    assert_eq!(list.status, 200, "{}", list.text());
    let columns = &list.json()["columns"];
    let ids: Vec<String> = serde_json::from_value(columns["id"].clone()).unwrap();
    let all = ids.iter().map(|id| server.get(&format!("/api/v1/profiles/{id}")).json());
    all.map(|profile| (profile["service"].as_str().unwrap_or_default().to_owned(), profile)).collect()
}

#[test]
fn each_process_of_a_request_becomes_a_profile_of_its_service() {
    for release in ["1.7", "1.8", "1.9", "1.10"] {
        let server = TestServer::start();
        let answer = server.api().send(&post(message(&format!("{release}.otlp"))));
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{release}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/x-protobuf"));
        let profiles = profiles(&server);
        let services: Vec<&str> = profiles.keys().map(String::as_str).collect();
        assert_eq!(services, ["checkout", "envoy", "java", "sh"], "{release}");
        let checkout = &profiles["checkout"];
        assert_eq!(checkout["env"], "prod");
        assert_eq!(checkout["version"], "1.4.2");
        assert_eq!(checkout["host"], "node-1");
        assert_eq!(checkout["language"], "python", "by its frames: {checkout}");
        assert_eq!(profiles["java"]["language"], "java");
        assert_eq!(profiles["envoy"]["language"], "native");
        let tags = checkout["tags"].to_string();
        for tag in ["k8s.pod.name:checkout-7f", "service.name:checkout", "process_id:10"] {
            assert!(tags.contains(tag), "{tag} is not in {tags}");
        }
        assert!(profiles["java"]["tags"].to_string().contains("container_id:deadbeef"));
    }
}

#[test]
fn each_program_that_the_ebpf_profiler_sees_is_a_service() {
    let server = TestServer::start();
    let called = call(&server, CALL, framed(&message("ebpf-profiler.otlp"), 0), &[]);
    assert_eq!(called.trailers["grpc-status"], "0");
    let profiles = profiles(&server);
    assert_eq!(profiles.keys().collect::<Vec<_>>(), ["orders", "shop"]);
    assert_eq!(
        (&profiles["orders"]["language"], &profiles["shop"]["language"]),
        (&"python".into(), &"native".into())
    );
    let missing = server.get(&format!("/api/v1/symbols/missing?{ALL_TIME}")).text();
    assert!(missing.contains("43358d7acf89fe3c4438fdc5f62c1d9821487ddf"), "{missing}");
}

#[test]
fn what_was_sent_can_be_asked_for_like_any_other_profile() {
    let server = TestServer::start();
    assert_eq!(server.sdk().send(&post(message("1.10.otlp"))).status, 200);
    let graph = |query: &str, value_type: &str| {
        let query = query.replace(':', "%3A");
        server.get(&format!("/api/v1/flamegraph?{ALL_TIME}&query={query}&type={value_type}")).json()
    };
    let cpu = graph("service:checkout", "cpu-time");
    assert_eq!(cpu["total"], 6 * 50_000_000, "{cpu}");
    assert_eq!(graph("service:checkout", "off-cpu-time")["total"], 32_000_000);
    assert_eq!(graph("service:checkout", "heap-space")["total"], 5120);
    assert_eq!(graph("k8s.pod.name:checkout-7f", "cpu-samples")["total"], 6);
    let missing = server.get(&format!("/api/v1/symbols/missing?{ALL_TIME}")).text();
    assert!(missing.contains("c0ffee00c0ffee00"), "symbols of the module are asked for: {missing}");
}

#[test]
fn json_and_compressed_bodies_are_the_same_profiles_and_stored_once() {
    let server = TestServer::start();
    let plain = message("1.10.otlp");
    let gzip = compression::compress_gzip(&plain).unwrap();
    let zstd = compression::compress_zstd(&plain, 3).unwrap();
    for (body, encoding) in [(plain.clone(), "identity"), (gzip, "gzip"), (zstd, "zstd"), (plain, "identity")]
    {
        let answer = server.sdk().send(&post(body).header("Content-Encoding", encoding));
        assert_eq!(answer.status, 200, "{encoding}: {}", answer.text());
        assert_eq!(server.ids().len(), 4, "{encoding}");
    }
    let other = TestServer::start();
    let json =
        Request::post(PATH, message("1.10.json")).header("Content-Type", "application/json; charset=utf-8");
    let answer = other.api().send(&json);
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(profiles(&other).keys().collect::<Vec<_>>(), profiles(&server).keys().collect::<Vec<_>>());
}

#[test]
fn the_stored_part_has_the_fields_of_the_request() {
    let server = TestServer::start();
    assert_eq!(server.api().send(&post(message("1.9.otlp"))).status, 200);
    let id = &profiles(&server)["java"]["id"];
    let id = id.as_str().unwrap();
    let part = server.get(&format!("/api/v1/profiles/{id}/attachments/profile.otlp"));
    assert_eq!(part.status, 200);
    let bytes = compression::decompress(&part.body, 1 << 20).unwrap();
    let split = vesta_formats::otlp::split(&bytes, &vesta_formats::Limits::default()).unwrap();
    assert_eq!(split.parts.len(), 1);
    assert_eq!(split.parts[0].resource.get("process.pid"), Some("30"));
    assert!(split.parts[0].bytes == bytes.as_ref());
}

/// What a server knows of all its samples: each value type with its total, and what was spent in each stack.
fn spent(server: &TestServer) -> BTreeMap<String, (Value, BTreeSet<String>)> {
    let types = server.get(&format!("/api/v1/types?{ALL_TIME}")).json();
    let of_type = |found: &Value| {
        let name = found["name"].as_str().unwrap().to_owned();
        let value_type = name.replace(':', "%3A");
        let stacks =
            server.get(&format!("/api/v1/export?{ALL_TIME}&format=collapsed&type={value_type}")).text();
        (name, (found["total"].clone(), stacks.lines().map(str::to_owned).collect()))
    };
    types["types"].as_array().unwrap().iter().map(of_type).collect()
}

#[test]
fn an_upload_is_what_it_was_when_it_comes_as_a_message() {
    for name in ["python-01", "go-02", "node-v6-01", "java-01"] {
        let (uploaded, sent) = (TestServer::start(), TestServer::start());
        let request = fixture::load(name).request;
        assert_eq!(uploaded.sdk().send(&request).status, 200, "{name}");
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let limits = vesta_upload::Limits::default();
        let upload = vesta_upload::Headers::from_pairs(headers);
        let upload = vesta_upload::Upload::parse(&upload, request.body.into(), &limits).unwrap();
        let message = vesta_upload::otlp::message_of_upload(&upload, &limits);
        let packed = compression::compress_gzip(&message).unwrap();
        let answer = sent.sdk().send(&post(packed).header("Content-Encoding", "gzip"));
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{name}: {}", answer.text());
        assert_eq!(spent(&sent), spent(&uploaded), "{name}");
        let (one, other) = (profiles(&uploaded), profiles(&sent));
        assert_eq!((one.len(), other.keys().collect::<Vec<_>>()), (1, one.keys().collect()), "{name}");
        for (one, other) in one.values().zip(other.values()) {
            for column in ["env", "version", "host", "runtime", "language", "start_ms", "end_ms"] {
                assert_eq!(other[column], one[column], "{name} {column}");
            }
        }
    }
}

fn status_of(answer: &Response) -> (u16, u64, String) {
    let json = answer.json();
    (answer.status, json["code"].as_u64().unwrap(), json["message"].as_str().unwrap().to_owned())
}

#[test]
fn what_cannot_be_read_is_refused_in_the_form_of_the_request() {
    let server = TestServer::start();
    let json = |body: &str| Request::post(PATH, body).header("Content-Type", "application/json");
    let (status, code, text) = status_of(&server.api().send(&json("{\"resourceProfiles\":[7]}")));
    assert_eq!((status, code), (400, 3));
    assert!(text.contains("expected an object"), "{text}");
    let (status, code, _) = status_of(&server.api().send(&Request { method: "GET".into(), ..json("") }));
    assert_eq!((status, code), (405, 12));
    let answer = server.api().send(&post(vec![0xff; 20]));
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body[..2], [8, 3], "a google.rpc.Status");
    let answer = server.api().send(&post(Vec::new()).header("Content-Type", "text/plain"));
    assert_eq!(answer.status, 415);
    let old = [0x0a, 4, 0x12, 2, 0x12, 0];
    assert!(server.api().send(&post(old.to_vec())).text().contains("before 1.7"));
    assert_eq!(server.api().send(&post(Vec::new())).status, 200, "no profiles are no error");
    assert!(server.ids().is_empty());
}

#[test]
fn a_version_of_the_format_that_is_not_known_is_refused_before_it_is_misread() {
    const HEADER: &str = "otlp-profiles-development-version";
    let server = TestServer::start();
    let sent = |version: &str| server.api().send(&post(message("1.10.otlp")).header(HEADER, version));
    let answer = sent("2");
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("development version `2`") && answer.text().contains("update Vesta"));
    let called = call(&server, CALL, framed(&message("1.10.otlp"), 0), &[(HEADER, "2")]);
    assert_eq!(called.headers["grpc-status"], "3");
    assert!(server.ids().is_empty());
    assert_eq!(sent("1").status, 200);
    assert_eq!(server.ids().len(), 4);
}

#[test]
fn beyond_loopback_senders_need_a_token() {
    let server = TestServer::start_with(|config| config.require_auth = true);
    let answer = server.api().send(&post(message("1.10.otlp")));
    assert_eq!(answer.status, 401);
    assert_eq!(answer.body[..2], [8, 16]);
    let call = call(&server, CALL, framed(&message("1.10.otlp"), 0), &[]);
    assert_eq!(call.headers["grpc-status"], "16");
    let tokens = vesta_server::TokenFile::new(&server.folder.path().join("data"));
    let made = tokens.create("otel", vesta_server::Scope::Write, std::time::SystemTime::now()).unwrap();
    let bearer = format!("Bearer {}", made.secret);
    let sent = post(message("1.10.otlp")).header("Authorization", &bearer);
    assert_eq!(server.api().send(&sent).status, 200);
    let again = self::call(&server, CALL, framed(&message("1.10.otlp"), 0), &[("authorization", &bearer)]);
    assert_eq!(again.trailers["grpc-status"], "0");
}

/// What came back from a call.
struct Called {
    headers: HeaderMap,
    trailers: HeaderMap,
    body: Bytes,
}

/// A message with its prefix.
fn framed(message: &[u8], flag: u8) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag][..], &length, message].concat()
}

/// A call over HTTP/2.
fn call(server: &TestServer, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Called {
    call_at(server.otlp(), path, body, headers)
}

fn call_at(address: SocketAddr, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Called {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = http::Request::post(format!("http://{address}{path}"))
            .version(Version::HTTP_2)
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response =
            sender.send_request(request.body(Full::new(Bytes::from(body))).unwrap()).await.unwrap();
        assert_eq!(response.status(), 200, "gRPC has its errors in trailers");
        assert_eq!(response.headers()["content-type"], "application/grpc");
        let headers = response.headers().clone();
        let collected = response.into_body().collect().await.unwrap();
        let trailers = collected.trailers().cloned().unwrap_or_default();
        Called { headers, trailers, body: collected.to_bytes() }
    })
}

#[test]
fn calls_are_stored_and_answered_with_trailers() {
    let server = TestServer::start();
    let plain = message("1.10.otlp");
    let gzip = compression::compress_gzip(&plain).unwrap();
    let zstd = compression::compress_zstd(&plain, 3).unwrap();
    for (body, headers) in [
        (framed(&plain, 0), &[][..]),
        (framed(&gzip, 1), &[("grpc-encoding", "gzip")][..]),
        (framed(&zstd, 1), &[("grpc-encoding", "zstd")][..]),
    ] {
        let called = call(&server, CALL, body, headers);
        assert_eq!(called.trailers["grpc-status"], "0");
        assert_eq!(called.body.as_ref(), [0; 5], "an empty response in its frame");
        assert_eq!(server.ids().len(), 4, "the same profiles are stored once");
    }
    // On the listener of the API as well.
    let called = call_at(server.api_address(), CALL, framed(&plain, 0), &[]);
    assert_eq!(called.trailers["grpc-status"], "0");
}

#[test]
fn calls_that_cannot_be_answered_say_why() {
    let server = TestServer::start();
    let plain = message("1.10.otlp");
    let status = |called: Called| {
        let text = called.headers["grpc-message"].to_str().unwrap().to_owned();
        (called.headers["grpc-status"].to_str().unwrap().parse::<u32>().unwrap(), text)
    };
    let traces = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    let (code, text) = status(call(&server, traces, framed(b"", 0), &[]));
    assert_eq!((code, text.contains("takes profiles")), (12, true), "{text}");
    let (code, text) = status(call(&server, CALL, framed(&plain, 1), &[("grpc-encoding", "snappy")]));
    assert_eq!((code, text.contains("gzip and zstd")), (12, true), "{text}");
    let (code, _) = status(call(&server, CALL, framed(&plain, 1), &[("grpc-encoding", "gzip")]));
    assert_eq!(code, 3, "it is not gzip");
    for body in [Vec::new(), vec![0, 0, 0, 0, 9, 1], framed(&[0xff; 9], 0)] {
        assert_eq!(status(call(&server, CALL, body, &[])).0, 3);
    }
    assert!(server.ids().is_empty());
}

#[test]
fn a_server_that_has_too_much_to_do_says_when_to_send_again() {
    // No memory for bodies: whatever comes is too much.
    let server = TestServer::start_with(|config| {
        config.limit_memory = "1KiB".parse().unwrap();
        config.limit_body = "64KiB".parse().unwrap();
    });
    let json = Request::post(PATH, vec![b' '; 32 << 10]).header("Content-Type", "application/json");
    let answer = server.api().send(&json);
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.json()["details"][0]["retryDelay"], "2s");
    let called = call(&server, CALL, framed(&[0; 32 << 10], 0), &[]);
    assert_eq!(called.headers["grpc-status"], "8");
    assert!(called.headers.contains_key("grpc-status-details-bin"));
}

#[test]
fn an_address_that_is_wanted_only_if_free_is_left_to_others() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Arc::new(TempDir::new().unwrap());
    let wanted = Listen::IfFree(address.clone());
    let server =
        TestServer::start_in(folder.clone(), |config| config.otlp_grpc_listen = wanted, None).unwrap();
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.taken(), std::slice::from_ref(&address));
    drop(server);
    let demanded = Listen::At(address);
    let failed = TestServer::start_in(folder, |config| config.otlp_grpc_listen = demanded, None);
    assert!(failed.err().unwrap().to_string().contains("cannot listen at"));
}
