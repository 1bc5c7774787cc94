//! Permalinks, and what they keep.

use crate::client::{Request, Response};
use crate::fixture;
use crate::server::{ALL_TIME, TestServer};
use serde_json::{Value, json};
use std::fs;
use std::sync::Arc;
use std::time::SystemTime;
use tempfile::TempDir;
use vesta_server::{Scope, TokenFile};

fn post(server: &TestServer, url: &str) -> Response {
    let body = json!({ "url": url }).to_string();
    server.api().send(&Request::post("/api/v1/links", body).header("Content-Type", "application/json"))
}

fn link(server: &TestServer, url: &str) -> Value {
    let answer = post(server, url);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn ask(server: &TestServer, path: &str) -> Value {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

fn load(server: &TestServer, name: &str) -> String {
    let answer = server.sdk().send(&fixture::load(name).request);
    answer.header("vesta-profile").unwrap().to_owned()
}

/// Stops a server, deletes everything that retention may delete, and starts it again.
fn after_retention(mut server: TestServer) -> TestServer {
    let folder: Arc<TempDir> = server.folder.clone();
    server.stop();
    for gone in ["log", "tables"] {
        fs::remove_dir_all(folder.path().join("data").join(gone)).unwrap();
    }
    drop(server);
    TestServer::start_in(folder, |_| {}, None).unwrap()
}

#[test]
fn a_link_keeps_what_it_shows_when_retention_has_deleted_it() {
    let server = TestServer::start();
    let (python, node) = (load(&server, "python-01"), load(&server, "node-v6-01"));
    let made = link(&server, &format!("/?{ALL_TIME}&query=language:python&live=1&type=cpu-time"));
    assert_eq!((&made["pinned"], &made["notice"]), (&1.into(), &Value::Null));
    let id = made["id"].as_str().unwrap();
    assert!(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{id}");
    let url = made["url"].as_str().unwrap();
    assert!(url.starts_with("/?from=1704067200000&to=1796083200000&query=language%3Apython"), "{url}");
    assert!(!url.contains("live") && url.ends_with("type=cpu-time"), "{url}");

    let server = after_retention(server);
    assert!(server.ids().is_empty());
    assert_eq!(ask(&server, &format!("/api/v1/links/{id}")), made);
    let graph = ask(&server, &format!("/api/v1/flamegraph?link={id}&type=cpu-time"));
    assert_eq!((&graph["total"], &graph["profiles"]), (&40_219_788_000_u64.into(), &1.into()));
    let list = ask(&server, &format!("/api/v1/profiles?link={id}"));
    assert_eq!(list["columns"]["id"], json!([python]), "under the id that it had");
    let detail = ask(&server, &format!("/api/v1/profiles/{python}?link={id}"));
    assert_eq!((&detail["id"], &detail["service"]), (&python.as_str().into(), &"my-web-app".into()));
    let upload = server.get(&format!("/api/v1/profiles/{python}/upload?link={id}"));
    assert_eq!(upload.body, fixture::load("python-01").request.body);
    let one = ask(&server, &format!("/api/v1/timeline?link={id}&profile={python}"));
    assert!(one["samples"].as_u64().unwrap() > 18_000);
    let spans = ask(&server, &format!("/api/v1/types?link={id}&profile={node}"));
    assert_eq!(spans["types"], json!([]), "it is not among those of the link");
    server.get(&format!("/api/v1/profiles/{node}?link={id}")).problem(404);
    server.get(&format!("/api/v1/types?link={id}&source=opened")).problem(400);
    server.get("/api/v1/types?link=nobodysLink1").problem(404);
    // A link of what a link shows.
    let again = link(&server, &format!("/profiles/{python}?link={id}"));
    assert_eq!(again["pinned"], 1);
    let again = again["id"].as_str().unwrap();
    assert_eq!(ask(&server, &format!("/api/v1/profiles/{python}?link={again}"))["id"], python.as_str());
}

#[test]
fn profiles_and_comparisons_can_be_linked_to_and_sides_stay_apart() {
    let server = TestServer::start();
    let (python, node) = (load(&server, "python-01"), load(&server, "node-v6-01"));
    let profile = link(&server, &format!("/profiles/{python}?tab=top&query=service:other&v=1"));
    assert_eq!(profile["pinned"], 1);
    assert_eq!(profile["url"], format!("/profiles/{python}?tab=top&query=service%3Aother&v=1"));
    let all = ALL_TIME.replace("from", "a.from").replace("to=", "a.to=");
    let url = format!("/compare?a.query=language:python&{all}&b.profile={node}&type=wall-time");
    let compare = link(&server, &url);
    assert_eq!(compare["pinned"], 2);
    let id = compare["id"].as_str().unwrap();
    let side =
        |more: &str| ask(&server, &format!("/api/v1/profiles?link={id}&{more}"))["columns"]["id"].clone();
    assert_eq!(side("query=language:python"), json!([python]));
    assert_eq!(side(&format!("profile={node}")), json!([node]));
}

#[test]
fn what_cannot_be_kept_is_linked_to_with_a_notice() {
    let server = TestServer::start_with(|config| config.limit_pinned = "1MiB".parse().unwrap());
    let python = load(&server, "python-01");
    let small = load(&server, "python-uds-01");
    let notice = |url: &str| {
        let made = link(&server, url);
        assert_eq!(made["pinned"], 0, "{made}");
        made["notice"].as_str().unwrap().to_owned()
    };
    assert_eq!(notice("/?query=service:nobody"), "there is no profile in scope");
    assert!(notice("/opened/0000000000000001").starts_with("an opened file is not stored"));
    assert!(notice("/compare?a.source=opened&a.profile=0000000000000001").starts_with("an opened file"));
    assert_eq!(link(&server, &format!("/profiles/{small}"))["pinned"], 1);
    assert_eq!(link(&server, &format!("/profiles/{python}"))["pinned"], 1, "still below the bound");
    let full = notice(&format!("/profiles/{python}"));
    assert!(full.contains("`limit_pinned` is 1048576"), "{full}");
    let empty = notice("/?query=service:nobody");
    assert_eq!(empty, "there is no profile in scope");
}

#[test]
fn a_link_leads_to_a_path_of_the_page_and_nowhere_else() {
    let server = TestServer::start();
    for wrong in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "profiles/1",
        "",
        "/../etc/passwd",
        "/profiles/../../x",
        "/%2e%2e/x",
        "/api/v1/status",
        "/l/123456789abc",
        "/assets/index.js",
        "/a b",
        "/\u{0}",
        "/?x=1\r\nSet-Cookie:a",
        "/javascript:alert(1)",
        "/#fragment",
    ] {
        assert!(post(&server, wrong).problem(400).contains("no path of the page"), "{wrong}");
    }
    post(&server, &format!("/?x={}", "a".repeat(9000))).problem(400);
    post(&server, "/?from=never").problem(400);
    for body in ["", "[]", "{\"url\":1}", "{\"url\":\"/\",\"more\":1}"] {
        server.api().send(&Request::post("/api/v1/links", body)).problem(400);
    }
    for id in ["..%2Ftokens", "%2e%2e%2f%2e%2e", "tokens", "00000000000O", "a"] {
        server.get(&format!("/api/v1/links/{id}")).problem(404);
        server.get(&format!("/api/v1/types?link={id}")).problem(404);
        server.api().send(&Request::new("DELETE", &format!("/api/v1/links/{id}"))).problem(404);
    }
}

#[test]
fn readers_make_links_and_only_administrators_delete_them_with_what_they_keep() {
    let server = TestServer::start_with(|config| config.require_auth = true);
    let token = |scope| {
        let file = TokenFile::new(&server.folder.path().join("data"));
        format!("Bearer {}", file.create("t", scope, SystemTime::UNIX_EPOCH).unwrap().secret)
    };
    let (read, write, admin) = (token(Scope::Read), token(Scope::Write), token(Scope::Admin));
    let upload = fixture::load("python-uds-01").request.header("Authorization", &write);
    let profile = server.sdk().send(&upload).header("vesta-profile").unwrap().to_owned();
    let body = json!({ "url": format!("/profiles/{profile}") }).to_string();
    let send = |method: &str, path: &str, token: &str, body: &str| {
        let request = Request { method: method.to_owned(), ..Request::post(path, body) };
        server.api().send(&request.header("Authorization", token))
    };
    send("POST", "/api/v1/links", &write, &body).problem(403);
    server.api().send(&Request::post("/api/v1/links", body.clone())).problem(401);
    let cross = Request::post("/api/v1/links", body.clone())
        .header("Authorization", &read)
        .header("Sec-Fetch-Site", "cross-site");
    server.api().send(&cross).problem(403);
    let made = send("POST", "/api/v1/links", &read, &body).json();
    let id = made["id"].as_str().unwrap().to_owned();
    let (file, folder) = (format!("data/links/{id}.json"), format!("data/pinned/{id}"));
    let exists = |path: &str| server.folder.path().join(path).exists();
    assert!(exists(&file) && exists(&folder));
    let path = format!("/api/v1/links/{id}");
    send("DELETE", &path, &read, "").problem(403);
    assert_eq!(send("GET", &format!("/api/v1/types?link={id}"), &read, "").status, 200);
    assert_eq!(send("DELETE", &path, &admin, "").status, 204);
    send("GET", &path, &read, "").problem(404);
    assert!(!exists(&file) && !exists(&folder));
}

#[test]
fn many_links_can_be_looked_at_one_after_the_other_and_copies_without_a_link_go_at_the_start() {
    let mut server = TestServer::start();
    let profile = load(&server, "python-uds-01");
    let ids: Vec<String> = (0..6)
        .map(|_| link(&server, &format!("/profiles/{profile}"))["id"].as_str().unwrap().to_owned())
        .collect();
    for id in ids.iter().chain(&ids) {
        assert_eq!(ask(&server, &format!("/api/v1/profiles?link={id}"))["total"], 1);
    }
    let folder = server.folder.clone();
    server.stop();
    drop(server);
    fs::remove_file(folder.path().join(format!("data/links/{}.json", ids[0]))).unwrap();
    let server = TestServer::start_in(folder.clone(), |_| {}, None).unwrap();
    assert!(!folder.path().join("data/pinned").join(&ids[0]).exists());
    assert_eq!(ask(&server, &format!("/api/v1/profiles?link={}", ids[1]))["total"], 1);
}
