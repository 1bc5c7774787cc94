//! The page and the headers around it.

use crate::client::Request;
use crate::server::TestServer;

#[test]
fn every_route_of_the_page_gets_the_page_with_a_strict_policy() {
    let server = TestServer::start();
    for path in ["/", "/profiles/0123456789abcdef", "/explore?query=service%3Aweb"] {
        let page = server.get(path);
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}

#[test]
fn an_unchanged_page_is_not_sent_again() {
    let server = TestServer::start();
    let etag = server.get("/").header("etag").unwrap().to_owned();
    let again = server.api().send(&Request::get("/").header("If-None-Match", &etag));
    assert_eq!((again.status, again.body.len()), (304, 0));
}

#[test]
fn files_and_api_paths_that_are_not_there_are_problems_and_not_the_page() {
    let server = TestServer::start();
    for path in ["/assets/no-such.js", "/favicon.xyz", "/api/v1/nothing", "/api/v2/x"] {
        server.get(path).problem(404);
    }
    server.api().send(&Request::post("/", "x")).problem(404);
    server.api().send(&Request::post("/api/v1/profiles", "x")).problem(405);
}

#[test]
fn every_answer_tells_browsers_what_not_to_do_with_it() {
    let server = TestServer::start();
    for path in ["/", "/api/v1/profiles", "/api/v1/nothing", "/healthz"] {
        let answer = server.get(path);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(
            answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
    }
}

#[test]
fn only_the_embedded_page_may_be_framed_and_only_by_configured_origins() {
    use vesta_server::StartError;
    use vesta_server::config::SettingList;
    let origins = ["https://wiki.example.com", "http://localhost:3000"].map(str::to_owned).to_vec();
    let server = TestServer::start_with(|config| config.embed_origins = SettingList(origins));
    let embedded = server.get("/embed?query=service:web");
    let policy = embedded.header("content-security-policy").unwrap();
    assert!(
        policy.ends_with("frame-ancestors 'self' https://wiki.example.com http://localhost:3000"),
        "{policy}"
    );
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert_eq!(embedded.header("x-frame-options"), None);
    for path in ["/", "/embedded", "/compare", "/api/v1/status"] {
        let answer = server.get(path);
        assert!(
            answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
    let alone = TestServer::start().get("/embed");
    assert!(alone.header("content-security-policy").unwrap().ends_with("frame-ancestors 'self'"));
    for wrong in ["*", "https://a;script-src *", "wiki.example.com", "https://", "https://a b"] {
        let folder = std::sync::Arc::new(tempfile::TempDir::new().unwrap());
        let set = |config: &mut vesta_server::ServerConfig| {
            config.embed_origins = SettingList(vec![wrong.to_owned()]);
        };
        let started = TestServer::start_in(folder, set, None);
        assert!(matches!(started, Err(StartError::Settings(_))), "{wrong}");
    }
}
