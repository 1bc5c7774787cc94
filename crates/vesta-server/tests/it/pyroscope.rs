//! Uploads of Pyroscope's clients, captured and made by hand.

use crate::client::{Request, Response};
use crate::fixture::captured;
use crate::server::TestServer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::SystemTime;
use vesta_profile::{Frame, Profile, Sample, ValueType};
use vesta_server::{Scope, TokenFile};

const ALL_TIME: &str = "from=2024-01-01T00:00:00Z&to=2027-01-01T00:00:00Z";

fn send(server: &TestServer, request: &Request) -> Response {
    let answer = server.sdk().send(request);
    assert_eq!(answer.status, 200, "{}: {}", request.path, answer.text());
    answer
}

fn ingest(query: &str, body: impl Into<Vec<u8>>) -> Request {
    Request::post(&format!("/ingest?from=1795726845&until=1795726855&{query}"), body)
}

/// All profiles, the newest last, with everything that is told of each.
fn profiles(server: &TestServer) -> Vec<Value> {
    let list = server.get(&format!("/api/v1/profiles?{ALL_TIME}&limit=1000&sort=start"));
    let ids: Vec<String> = serde_json::from_value(list.json()["columns"]["id"].clone()).unwrap();
    ids.iter().map(|id| server.get(&format!("/api/v1/profiles/{id}")).json()).collect()
}

fn totals(profile: &Value) -> BTreeMap<&str, i64> {
    let types = profile["types"].as_array().unwrap_or_else(|| panic!("no types in {profile:#}"));
    types.iter().map(|of| (of["name"].as_str().unwrap(), of["total"].as_i64().unwrap())).collect()
}

fn only(server: &TestServer) -> Value {
    let mut profiles = profiles(server);
    assert_eq!(profiles.len(), 1, "{profiles:#?}");
    profiles.remove(0)
}

/// The function with most of its own of this type, and how much.
fn hottest(server: &TestServer, value_type: &str) -> (String, i64) {
    let top = server.get(&format!("/api/v1/top?{ALL_TIME}&type={value_type}")).json();
    let functions = &top["functions"];
    let name = functions["name"][0].as_str().unwrap_or_else(|| panic!("{top:#}"));
    (name.to_owned(), functions["self"][0].as_i64().unwrap())
}

/// A pprof with one value type and these samples, in time from the start of the test's URLs.
fn pprof(value_types: &[(&str, &str)], samples: &[(&str, &[i64])]) -> Vec<u8> {
    let types = value_types.iter().map(|(name, unit)| ValueType::new(*name, *unit)).collect();
    let mut profile = Profile::new(types);
    for (names, values) in samples {
        let mut frame = |name: &str| {
            let function = profile.strings.intern(name);
            profile.frames.intern(Frame { function, ..Frame::default() })
        };
        let frames: Vec<_> = names.rsplit(';').map(&mut frame).collect();
        let stack = profile.stacks.intern(&frames);
        profile.samples.push(Sample { stack, values, ..Sample::default() });
    }
    vesta_formats::pprof::encode(&profile)
}

fn multipart(parts: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let builder = parts.iter().fold(vesta_upload::MultipartBuilder::new(), |builder, (name, bytes)| {
        builder.part(*name, *name, None, bytes.to_vec())
    });
    let built = builder.build();
    (built.content_type, built.body.to_vec())
}

#[test]
fn a_push_of_the_python_client_is_one_upload_with_cpu_and_memory() {
    let server = TestServer::start();
    let answer = send(&server, &captured("pyroscope", "python-push"));
    assert_eq!((answer.header("content-type"), answer.body.len()), (Some("application/proto"), 0));
    let profile = only(&server);
    assert_eq!(
        (&profile["service"], &profile["env"], &profile["family"]),
        (&json!("py.app"), &json!("test"), &json!("python"))
    );
    assert_eq!(profile["runtime"], "cpython");
    for tag in ["region:eu", "tenant:ten", "otel.scope.name:com.grafana.pyroscope/python"] {
        assert!(profile["tags"].as_array().unwrap().contains(&json!(tag)), "{profile:#}");
    }
    assert_eq!(profile["start_ms"], 1_795_726_848_256_i64);
    assert_eq!(profile["end_ms"], 1_795_726_851_270_i64);
    let expected =
        [("alloc-samples", 109_713_162), ("alloc-space", 3_658_823_703), ("cpu-time", 3_000_000_000)];
    assert_eq!(totals(&profile), BTreeMap::from(expected));
    assert_eq!(hottest(&server, "cpu-time"), ("hot".to_owned(), 3_000_000_000));
    let labels = server.get(&format!("/api/v1/labels?{ALL_TIME}&type=cpu-time")).json();
    assert!(labels.to_string().contains("/work"), "{labels:#}");
}

#[test]
fn a_push_of_the_rust_client_is_a_native_profile() {
    let server = TestServer::start();
    send(&server, &captured("pyroscope", "rust-push"));
    let profile = only(&server);
    assert_eq!((&profile["service"], &profile["language"]), (&json!("rust.app"), &json!("native")));
    assert_eq!(totals(&profile), BTreeMap::from([("cpu-time", 320_000_000)]));
    assert_eq!(profile["start_ms"], 1_795_728_280_000_i64);
}

#[test]
fn uploads_of_the_node_client_have_functions_without_files_and_lines_in_their_names() {
    let server = TestServer::start();
    send(&server, &captured("pyroscope", "node-wall"));
    send(&server, &captured("pyroscope", "node-heap"));
    let profiles = profiles(&server);
    assert_eq!(profiles[0]["language"], "javascript");
    let expected = [("cpu-time", 1_808_477_770), ("wall-samples", 272), ("wall-time", 3_095_360_000)];
    assert_eq!(totals(&profiles[0]), BTreeMap::from(expected));
    assert_eq!(
        totals(&profiles[1]),
        BTreeMap::from([("heap-live-samples", 82_550), ("heap-space", 12_094_393)])
    );
    assert_eq!(hottest(&server, "cpu-time").0, "hot");
}

#[test]
fn uploads_of_the_go_client_are_told_apart_and_are_differences() {
    let server = TestServer::start();
    for name in ["go-cpu", "go-heap", "go-mutex", "go-block", "go-goroutine"] {
        send(&server, &captured("pyroscope", name));
    }
    let profiles = profiles(&server);
    let all: BTreeMap<&str, i64> = profiles.iter().flat_map(totals).collect();
    let expected = [
        ("alloc-samples", 23_188),
        ("alloc-space", 110_902_520),
        ("block-contentions", 1_526),
        ("block-delay", 22_557_722_897),
        ("cpu-samples", 210),
        ("cpu-time", 2_100_000_000),
        ("goroutines", 14),
        ("heap-live-samples", 1_256),
        ("heap-space", 5_517_041),
        ("mutex-contentions", 1_508),
        ("mutex-delay", 1_476_807_994),
    ];
    assert_eq!(all, BTreeMap::from(expected));
    for profile in &profiles {
        assert_eq!(
            (&profile["service"], &profile["runtime_id"]),
            (&json!("go.app"), &json!("77e425ea48b3919f"))
        );
    }
    assert_eq!(hottest(&server, "cpu-time").0, "main.hot");
    assert_eq!(hottest(&server, "alloc-space").0, "main.hot");
}

#[test]
fn uploads_of_the_java_agent_have_the_labels_of_their_contexts() {
    let server = TestServer::start();
    send(&server, &captured("pyroscope", "java-jfr"));
    let profile = only(&server);
    assert_eq!(
        (&profile["service"], &profile["env"], &profile["language"]),
        (&json!("brewery"), &json!("prod"), &json!("java"))
    );
    assert_eq!(profile["problems"], json!([]), "{profile:#}");
    // 35 samples at 100 a second.
    assert_eq!(totals(&profile)["cpu-time"], 350_000_000);
    assert_eq!(hottest(&server, "cpu-time"), ("Brewery.boilWort".to_owned(), 220_000_000));
    let of = |filter: &str| {
        let top = server.get(&format!("/api/v1/top?{ALL_TIME}&type=cpu-time&filter={filter}")).json();
        top["total"].as_i64().unwrap()
    };
    // One of them is in a lock, and not in the function.
    assert_eq!((of("endpoint:POST%20/ales"), of("kettle:copper")), (230_000_000, 230_000_000));
    let labels = server.get(&format!("/api/v1/labels?{ALL_TIME}&type=alloc-space")).json();
    assert!(labels.to_string().contains("POST /ales"), "{labels:#}");
}

#[test]
fn what_was_sent_comes_back_byte_for_byte() {
    let server = TestServer::start();
    let request = captured("pyroscope", "node-wall");
    let id = send(&server, &request).header("vesta-profile").unwrap().to_owned();
    let attachment = server.get(&format!("/api/v1/profiles/{id}/attachments/profile.pprof"));
    assert!(attachment.body == request.body);
    let again = send(&server, &request);
    assert_eq!(again.header("vesta-duplicate"), Some("true"));
}

#[test]
fn collapsed_stacks_count_time_by_their_sample_rate() {
    let server = TestServer::start();
    let query =
        "name=shop.cpu%7Benv%3Dprod%2Cregion%3Deu%7D&sampleRate=50&spyName=rbspy&units=samples&format=folded";
    send(&server, &ingest(query, "main;work 30\nmain;rest 10\n"));
    let profile = only(&server);
    assert_eq!(
        (&profile["service"], &profile["env"], &profile["language"]),
        (&json!("shop"), &json!("prod"), &json!("ruby"))
    );
    assert_eq!(totals(&profile), BTreeMap::from([("cpu-time", 800_000_000)]));
    assert_eq!(hottest(&server, "cpu-time"), ("work".to_owned(), 600_000_000));
    assert_eq!(
        (&profile["start_ms"], &profile["end_ms"]),
        (&json!(1_795_726_845_000_i64), &json!(1_795_726_855_000_i64))
    );
}

#[test]
fn other_layouts_of_stacks_are_read() {
    // Nodes in the order of their stacks: length and text, value, children.
    let tree = b"\0\0\x01\x04main\x02\x01\x04work\x03\0";
    let trie = b"\0\0\x01\x04main\x02\x01\x05;work\x03\0";
    let lines = b"main\nmain\nmain;work\nmain;work\nmain;work\n";
    for (format, body) in [("tree", &tree[..]), ("trie", trie), ("lines", lines)] {
        let server = TestServer::start();
        send(&server, &ingest(&format!("name=app.alloc_objects&format={format}"), body));
        assert_eq!(totals(&only(&server)), BTreeMap::from([("alloc-samples", 5)]), "{format}");
        assert_eq!(hottest(&server, "alloc-samples"), ("work".to_owned(), 3), "{format}");
    }
    let server = TestServer::start();
    let request = ingest("name=app", &tree[..]).header("Content-Type", "binary/octet-stream+tree");
    send(&server, &request);
    assert_eq!(totals(&only(&server)), BTreeMap::from([("cpu-time", 50_000_000)]));
}

#[test]
fn of_two_profiles_the_difference_counts_where_values_are_cumulative() {
    let types = &[("alloc_space", "bytes"), ("inuse_space", "bytes")];
    let before = pprof(types, &[("main;a", &[100, 7]), ("main;gone", &[50, 5])]);
    let after = pprof(types, &[("main;a", &[130, 9]), ("main;b", &[11, 1])]);
    let config = br#"{"alloc_space":{"cumulative":true},"inuse_space":{"aggregation":"average"}}"#;
    for parts in [
        vec![("profile", &after[..]), ("prev_profile", &before), ("sample_type_config", config)],
        vec![("prev_profile", &before[..]), ("profile", &after)],
    ] {
        let server = TestServer::start();
        let (content_type, body) = multipart(&parts);
        send(&server, &ingest("name=app&spyName=gospy", body).header("Content-Type", &content_type));
        assert_eq!(totals(&only(&server)), BTreeMap::from([("alloc-space", 41), ("heap-space", 10)]));
        assert_eq!(hottest(&server, "alloc-space"), ("a".to_owned(), 30));
    }
}

#[test]
fn a_push_in_json_with_a_profile_of_go_that_nobody_took_a_difference_of() {
    let server = TestServer::start();
    let profile = pprof(&[("alloc_space", "bytes")], &[("main;a", &[100])]);
    let body = json!({ "series": [{
        "labels": [
            { "name": "__name__", "value": "memory" },
            { "name": "service_name", "value": "shop" },
            { "name": "process.runtime.name", "value": "go" },
            { "name": "team", "value": "a, b" },
            { "name": "instance", "value": "10.0.0.7:80" },
        ],
        "samples": [{ "rawProfile": base64(&profile), "ID": "7c9e6679-7425-40de-944b-e07fc1f90ae7" }],
    }] });
    let push = |path: &str| Request::post(path, body.to_string()).header("Content-Type", "application/json");
    let answer = send(&server, &push("/push.v1.PusherService/Push"));
    assert_eq!((answer.header("content-type"), answer.json()), (Some("application/json"), json!({})));
    let profile = only(&server);
    assert_eq!(totals(&profile), BTreeMap::from([("cumulative-alloc-space", 100)]));
    assert_eq!(profile["host"], "10.0.0.7:80");
    assert!(profile["tags"].as_array().unwrap().contains(&json!("team:a; b")), "{profile:#}");
    // The API's listener takes uploads as well, and the intake's below any prefix.
    assert_eq!(server.api().send(&push("/push.v1.PusherService/Push")).status, 200);
    assert_eq!(server.sdk().send(&push("/tenant/push.v1.PusherService/Push")).status, 200);
    only(&server);
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let number = chunk.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        (0..=chunk.len()).map(move |digit| char::from(DIGITS[(number >> (18 - 6 * digit)) as usize & 63]))
    });
    digits.collect()
}

#[test]
fn nothing_to_report_is_no_upload() {
    let server = TestServer::start();
    send(&server, &ingest("name=app", ""));
    let empty = Request::post("/push.v1.PusherService/Push", "").header("Content-Type", "application/proto");
    send(&server, &empty);
    assert_eq!(profiles(&server), Vec::<Value>::new());
}

#[test]
fn each_protocol_refuses_in_the_words_of_its_clients() {
    let server = TestServer::start();
    assert!(server.sdk().send(&ingest("", "main 1")).problem(400).contains("`name` is missing"));
    let (content_type, body) = multipart(&[("other", b"x")]);
    let request = ingest("name=app", body).header("Content-Type", &content_type);
    assert_eq!(server.sdk().send(&request).problem(400), "the body has no part `profile`");
    let push = |body: &str, content_type: &str| {
        let request = Request::post("/push.v1.PusherService/Push", body).header("Content-Type", content_type);
        server.sdk().send(&request)
    };
    for (body, content_type, status, code) in [
        ("{", "application/json", 400, "invalid_argument"),
        ("\u{1}", "application/proto", 400, "invalid_argument"),
        ("{}", "text/plain", 415, "invalid_argument"),
    ] {
        let answer = push(body, content_type);
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{body} {content_type}");
        assert!(answer.json()["message"].is_string());
    }
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains("vesta_uploads_total{outcome=\"invalid\",family=\"other\"} 5"), "{metrics}");
}

#[test]
fn a_locked_listener_takes_the_token_as_a_password_or_a_bearer() {
    let server = TestServer::start_with(|config| config.require_auth = true);
    let file = TokenFile::new(&server.folder.path().join("data"));
    let secret = file.create("test", Scope::Write, SystemTime::UNIX_EPOCH).unwrap().secret;
    let request = |authorization: &str| ingest("name=app", "main 1").header("Authorization", authorization);
    let basic = |text: &str| format!("Basic {}", base64(text.as_bytes()) + padding(text.len()));
    for (authorization, status) in [
        (format!("Bearer {secret}"), 200),
        (basic(&format!("anybody:{secret}")), 200),
        (basic(&format!(":{secret}")), 200),
        (basic("anybody:wrong"), 401),
        (basic(&secret), 401),
        ("Basic !".to_owned(), 401),
    ] {
        assert_eq!(server.sdk().send(&request(&authorization)).status, status, "{authorization}");
    }
    let mut push = captured("pyroscope", "python-push");
    push.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    let refused = server.sdk().send(&push);
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!("unauthenticated")));
    let pushed = server.sdk().send(&push.header("Authorization", &basic(&format!("u:{secret}"))));
    assert_eq!(pushed.status, 200, "{}", pushed.text());
}

pub(crate) fn padding(length: usize) -> &'static str {
    ["", "==", "="][length % 3]
}
