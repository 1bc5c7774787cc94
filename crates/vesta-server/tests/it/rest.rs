//! Starting, stopping, health and settings.

use crate::client::Request;
use crate::fixture;
use crate::server::TestServer;
use serde_json::json;
use std::os::unix::net::UnixListener;
use std::sync::Arc;
use tempfile::TempDir;
use vesta_server::StartError;

#[test]
fn health_and_readiness_are_told_apart_from_everything_else() {
    let server = TestServer::start();
    assert_eq!((server.get("/healthz").status, server.get("/readyz").status), (200, 200));
}

#[test]
fn a_stale_socket_is_replaced_and_one_in_use_is_not() {
    let folder = Arc::new(TempDir::new().unwrap());
    let path = folder.path().join("sdk.sock");
    drop(UnixListener::bind(&path).unwrap());
    let server = TestServer::start_in(folder.clone(), |_| {}, None).unwrap();
    assert_eq!(server.socket().send(&Request::get("/info")).status, 200);
    let other = TestServer::start_in(folder, |config| config.data = config.data.join("other"), None);
    let Err(StartError::Listen { address, source }) = other else { panic!("it started") };
    assert_eq!(address, path.display().to_string());
    assert_eq!(source.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn a_data_folder_in_use_or_settings_that_contradict_keep_a_server_from_starting() {
    let server = TestServer::start();
    let again = TestServer::start_in(server.folder.clone(), |config| config.sdk_socket = "".into(), None);
    assert!(matches!(again, Err(StartError::Store(_))));
    let both = TestServer::start_in(
        Arc::new(TempDir::new().unwrap()),
        |config| (config.no_auth, config.require_auth) = (true, true),
        None,
    );
    assert!(matches!(both, Err(StartError::Settings(_))));
}

#[test]
fn retention_is_shown_set_and_kept_for_the_next_start() {
    let mut server = TestServer::start();
    let path = "/api/v1/settings/retention";
    let defaults = json!({ "max_age_seconds": 691_200, "max_disk_share": 0.5, "max_bytes": null });
    assert_eq!(server.get(path).json(), defaults);
    let put = |body: &str| Request { method: "PUT".into(), ..Request::post(path, body) };
    for wrong in [
        "",
        "{}",
        r#"{"max_age_seconds":1,"max_disk_share":0.5,"max_bytes":null}"#,
        r#"{"max_age_seconds":3600,"max_disk_share":1.5,"max_bytes":null}"#,
        r#"{"max_age_seconds":3600,"max_disk_share":0.5,"max_bytes":null,"x":1}"#,
    ] {
        server.api().send(&put(wrong)).problem(400);
    }
    let wanted = json!({ "max_age_seconds": 3600, "max_disk_share": 0.25, "max_bytes": 1_000_000_000 });
    let answer = server.api().send(&put(&wanted.to_string()));
    assert_eq!(answer.json(), wanted);
    assert_eq!(server.get("/api/v1/status").json()["retention"], wanted);
    let folder = server.folder.clone();
    server.stop();
    let server = TestServer::start_in(folder, |_| {}, None).unwrap();
    assert_eq!(server.get(path).json(), wanted);
}

#[test]
fn metrics_count_uploads_by_outcome_and_family_and_queries_by_route() {
    let server = TestServer::start();
    let upload = fixture::load("python-uds-01").request;
    for _ in 0..2 {
        assert_eq!(server.sdk().send(&upload).status, 200);
    }
    let short = Request { body: upload.body[..100].to_vec(), ..upload };
    server.sdk().send(&short).problem(400);
    assert_eq!(server.ids().len(), 1);
    let response = server.get("/metrics");
    assert!(response.header("content-type").unwrap().starts_with("application/openmetrics-text"));
    let metrics = response.text();
    for line in [
        "vesta_uploads_total{outcome=\"stored\",family=\"python\"} 1",
        "vesta_uploads_total{outcome=\"duplicate\",family=\"python\"} 1",
        "vesta_uploads_total{outcome=\"invalid\",family=\"other\"} 1",
        "vesta_upload_ack_seconds_count 2",
        "vesta_query_seconds_count{route=\"profiles\"} 1",
        "vesta_stored_uploads_total 1",
        "vesta_profiles 1",
        "vesta_build_info{version=",
        "vesta_process_resident_bytes ",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}

#[test]
fn the_status_tells_what_is_stored() {
    let server = TestServer::start();
    let upload = fixture::load("go-02").request;
    assert_eq!(server.sdk().send(&upload).status, 200);
    assert_eq!(server.ids().len(), 1);
    let status = server.get("/api/v1/status").json();
    assert_eq!(status["profiles"], 1);
    assert_eq!(status["counters"]["received_bytes"], upload.body.len());
    assert_eq!(status["limits"]["body_bytes"], 64 << 20);
}
