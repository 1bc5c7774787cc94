//! Who may do what, and what browsers may be tricked into.

use crate::client::{Request, Target};
use crate::fixture;
use crate::server::TestServer;
use std::time::SystemTime;
use vesta_server::{NewToken, Scope, TokenFile};

fn locked() -> TestServer {
    TestServer::start_with(|config| config.require_auth = true)
}

fn token(server: &TestServer, scope: Scope) -> NewToken {
    let file = TokenFile::new(&server.folder.path().join("data"));
    file.create("test", scope, SystemTime::UNIX_EPOCH).unwrap()
}

fn status(target: &Target, request: &Request) -> u16 {
    target.send(request).status
}

#[test]
fn a_token_allows_what_its_scope_says_and_a_running_server_knows_it_at_once() {
    let server = locked();
    let upload = fixture::load("python-uds-01").request;
    let query = Request::get("/api/v1/profiles");
    let admin = Request { method: "PUT".into(), ..Request::post("/api/v1/settings/retention", "{}") };
    for (scope, may_upload, may_query, may_admin) in [
        (Scope::Read, 401, 200, 403),
        (Scope::Write, 200, 403, 403),
        // 400: the body is wrong, which only who may set it learns.
        (Scope::Admin, 200, 200, 400),
    ] {
        let secret = format!("Bearer {}", token(&server, scope).secret);
        let with = |request: &Request| request.clone().header("Authorization", &secret);
        assert_eq!(status(&server.sdk(), &with(&upload)), may_upload, "{scope} uploads");
        assert_eq!(status(&server.api(), &with(&query)), may_query, "{scope} queries");
        assert_eq!(status(&server.api(), &with(&admin)), may_admin, "{scope} administrates");
    }
}

#[test]
fn without_a_valid_token_a_locked_listener_answers_401_and_says_how_to_get_one() {
    let server = locked();
    let upload = fixture::load("python-uds-01").request;
    let refused = server.sdk().send(&upload);
    assert_eq!(refused.problem(401), "this listener asks for a token that allows `write`");
    assert_eq!(refused.header("www-authenticate"), Some("Bearer realm=\"vesta\""));
    assert!(refused.json()["hint"].as_str().unwrap().contains("vesta token create --scope write"));
    let wrong = upload.clone().header("DD-API-KEY", "0123456789abcdef0123456789abcdef");
    assert_eq!(server.sdk().send(&wrong).problem(401), "the token is not known, or was revoked");
    for path in [
        "/api/v1/profiles",
        "/api/v1/facets",
        "/api/v1/flamegraph",
        "/api/v1/status",
        "/metrics",
        "/api/v1/profiles/0000000000000001/upload",
        "/api/v1/settings/retention",
    ] {
        server.get(path).problem(401);
    }
    for path in ["/healthz", "/readyz", "/", "/api/v1/session", "/api/v1/openapi.json", "/info"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    assert_eq!(status(&server.socket(), &upload), 200, "the socket's file mode guards it");
}

#[test]
fn writers_may_send_the_token_or_its_short_form_as_api_key() {
    let server = locked();
    let upload = fixture::load("python-uds-01").request;
    let token = token(&server, Scope::Write);
    assert_eq!(token.api_key.len(), 32);
    for key in [&token.secret, &token.api_key] {
        assert_eq!(status(&server.sdk(), &upload.clone().header("DD-API-KEY", key)), 200);
    }
    TokenFile::new(&server.folder.path().join("data")).revoke(&token.token.id).unwrap();
    assert_eq!(status(&server.sdk(), &upload.clone().header("DD-API-KEY", &token.secret)), 401, "revoked");
}

#[test]
fn the_page_keeps_its_token_in_a_cookie_that_scripts_cannot_read() {
    let server = locked();
    assert_eq!(server.get("/api/v1/session").text(), r#"{"auth_required":true,"scope":null}"#);
    let secret = token(&server, Scope::Read).secret;
    let start = |token: &str| {
        let request = Request::post("/api/v1/session", format!("{{\"token\":\"{token}\"}}"));
        server.api().send(&request.header("Content-Type", "application/json"))
    };
    start("vst_wrong").problem(401);
    let session = start(&secret);
    assert_eq!(session.text(), r#"{"auth_required":true,"scope":"read"}"#);
    let cookie = session.header("set-cookie").unwrap();
    assert!(cookie.ends_with("; Max-Age=31536000; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let query = Request::get("/api/v1/profiles").header("Cookie", &format!("theme=dark; {pair}"));
    assert_eq!(status(&server.api(), &query), 200);
    let end = server.api().send(&Request::new("DELETE", "/api/v1/session"));
    assert_eq!(end.status, 204);
    assert!(end.header("set-cookie").unwrap().starts_with("vesta_session=; Max-Age=0"));
}

#[test]
fn an_open_listener_answers_only_under_names_of_this_machine() {
    let server = TestServer::start_with(|config| config.allowed_hosts.0.push("vesta.test".to_owned()));
    let ask = |path: &str, host: &str| server.api().send(&Request::get(path).header("Host", host));
    for host in
        ["localhost:8378", "127.0.0.1:8378", "[::1]:8378", "a.localhost", "LOCALHOST", "vesta.test:80"]
    {
        assert_eq!(ask("/api/v1/profiles", host).status, 200, "{host}");
    }
    for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8378", "192.168.0.1", ""] {
        ask("/api/v1/profiles", host).problem(403);
        ask("/", host).problem(403);
        assert_eq!(ask("/healthz", host).status, 200, "{host}");
    }
}

#[test]
fn pages_of_other_sites_cannot_upload_or_change_anything() {
    let server = TestServer::start();
    let upload = fixture::load("python-uds-01").request;
    let put = Request { method: "PUT".into(), ..Request::post("/api/v1/settings/retention", "{}") };
    for (name, value) in
        [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")]
    {
        let detail = server.sdk().send(&upload.clone().header(name, value)).problem(400);
        assert!(detail.contains("another site"), "{detail}");
        assert_eq!(
            server.api().send(&put.clone().header(name, value)).problem(403),
            "a page of another site sent this request"
        );
    }
    assert_eq!(server.ids().len(), 0);
    server.api().send(&put.clone().header("Origin", "http://localhost")).problem(400);
    server.api().send(&put.header("Sec-Fetch-Site", "same-origin")).problem(400);
}

#[test]
fn beyond_loopback_tokens_are_demanded_unless_ruled_out() {
    let open = |no_auth: bool| {
        TestServer::start_with(|config| {
            config.listen = "0.0.0.0:0".parse().unwrap();
            config.no_auth = no_auth;
        })
    };
    assert_eq!(open(false).get("/api/v1/profiles").status, 401);
    assert_eq!(open(true).get("/api/v1/profiles").status, 200);
    let sdk = TestServer::start_with(|config| config.sdk_listen = "0.0.0.0:0".parse().unwrap());
    assert_eq!(status(&sdk.sdk(), &fixture::load("python-uds-01").request), 401);
    assert_eq!(sdk.get("/api/v1/profiles").status, 200, "each listener by its own address");
}
