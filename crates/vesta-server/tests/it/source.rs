//! Source code next to frames: what is below the roots, and nothing else.

use crate::server::TestServer;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;
use vesta_server::StartError;
use vesta_server::config::SettingList;

fn with_roots(folder: &Path, roots: &[String]) -> TestServer {
    fs::create_dir_all(folder.join("code/app")).unwrap();
    let lines: Vec<String> = (1..=30).map(|line| format!("line {line}")).collect();
    fs::write(folder.join("code/app/main.py"), lines.join("\n")).unwrap();
    fs::write(folder.join("secret"), "secret").unwrap();
    TestServer::start_with(|config| config.source_roots = SettingList(roots.to_vec()))
}

#[test]
fn lines_around_a_frame_are_found_however_the_profile_names_the_file() {
    let folder = TempDir::new().unwrap();
    let code = folder.path().join("code");
    let roots = [format!("/srv/build={}", code.display()), code.display().to_string()];
    let server = with_roots(folder.path(), &roots);
    let answer = server.get("/api/v1/source?file=/srv/build/app/main.py&line=10&context=2").json();
    assert_eq!(
        answer,
        json!({
            "file": "/srv/build/app/main.py", "path": "app/main.py", "first_line": 8,
            "lines": ["line 8", "line 9", "line 10", "line 11", "line 12"],
        })
    );
    let here = code.join("app/main.py").display().to_string();
    for file in [
        "app/main.py",
        "/home/ci/checkout/app/main.py",
        "file:///x/app/main.py",
        "C:\\w\\app\\main.py",
        &here,
    ] {
        let file: String = url::form_urlencoded::byte_serialize(file.as_bytes()).collect();
        let answer = server.get(&format!("/api/v1/source?file={file}&line=1&context=0"));
        assert_eq!(answer.json()["lines"], json!(["line 1"]), "{file}");
    }
    let end = server.get("/api/v1/source?file=app/main.py&line=30&context=1").json();
    assert_eq!(end["lines"], json!(["line 29", "line 30"]));
    assert_eq!(server.get("/api/v1/source?file=app/main.py&line=99").json()["lines"], json!([]));
    assert_eq!(server.get("/api/v1/status").json()["source_roots"], 2);
    let missing = server.get("/api/v1/source?file=main.py");
    assert_eq!(missing.problem(404), "there is no source file `main.py` here");
    assert!(missing.json()["hint"].as_str().unwrap().starts_with("looked in 2 source roots"));
    server.get("/api/v1/source").problem(400);
    server.get("/api/v1/source?file=app/main.py&context=501").problem(400);
}

#[test]
fn nothing_outside_of_a_root_is_shown() {
    let folder = TempDir::new().unwrap();
    let code = folder.path().join("code");
    let server = with_roots(folder.path(), &[code.display().to_string()]);
    symlink(folder.path().join("secret"), code.join("app/link.py")).unwrap();
    symlink(folder.path(), code.join("up")).unwrap();
    symlink(code.join("app/main.py"), code.join("app/inside.py")).unwrap();
    fs::write(code.join("app/binary.py"), [0xff, 0xfe, 0, 1]).unwrap();
    fs::write(code.join("app/large.py"), vec![b'a'; (2 << 20) + 1]).unwrap();
    let secret = folder.path().join("secret").display().to_string();
    for file in [
        "../secret",
        "app/../../secret",
        "..%2Fsecret",
        "x/..%5C..%5Csecret",
        "app/link.py",
        "up/secret",
        "app/binary.py",
        "app/large.py",
        "app",
        "/etc/passwd",
        "app/main.py%00",
        "/",
        ".",
        &secret,
        &format!("app/{}", "x/".repeat(5000)),
    ] {
        let answer = server.get(&format!("/api/v1/source?file={file}"));
        assert!([400, 404].contains(&answer.status), "{file}: {}", answer.text());
        assert!(!answer.text().contains("\"lines\""), "{file}");
    }
    assert_eq!(
        server.get("/api/v1/source?file=app/inside.py&line=1&context=0").json()["path"],
        "app/main.py"
    );
}

#[test]
fn without_roots_a_hint_says_how_to_name_one_and_a_wrong_one_is_refused_at_the_start() {
    let server = TestServer::start();
    let answer = server.get("/api/v1/source?file=a/b.py");
    assert_eq!(answer.status, 404);
    assert!(answer.json()["hint"].as_str().unwrap().contains("--source-root [PREFIX=]DIR"));
    let folder = Arc::new(TempDir::new().unwrap());
    let started = TestServer::start_in(
        folder,
        |config| config.source_roots = SettingList(vec!["/there/is/no/such/folder".to_owned()]),
        None,
    );
    assert!(matches!(started, Err(StartError::Settings(text)) if text.contains("/there/is/no/such/folder")));
}
