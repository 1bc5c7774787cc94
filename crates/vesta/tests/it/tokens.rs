//! Tokens: made, shown, demanded, revoked.

use crate::command::{shown, stdout, vesta};
use crate::server::Server;
use serde_json::Value;
use std::process::Output;

#[test]
fn a_server_that_demands_tokens_lets_each_scope_do_its_part() {
    let server = Server::start(&["--require-auth"]);
    let data = server.data();
    let create = |scope: &str| {
        let created =
            stdout(&["token", "create", "--scope", scope, "--json", "--data", data.to_str().unwrap()]);
        serde_json::from_str::<Value>(&created).unwrap()
    };
    let (read, write, admin) = (create("read"), create("write"), create("admin"));
    let with = |token: &Value, arguments: &[&str]| -> Output {
        let mut command = vesta();
        command.current_dir(crate::command::uploads()).args(arguments).env("VESTA_SERVER", &server.url);
        command.env("VESTA_TOKEN", token.as_str().unwrap_or_default()).output().unwrap()
    };
    let import = ["import", "node-v4-01.body", "--start", "now-10m"];
    let nobody = with(&Value::Null, &["profiles"]);
    assert!(
        nobody.status.code() == Some(1) && shown(&nobody).contains("vesta token create"),
        "{}",
        shown(&nobody)
    );
    assert_eq!(with(&read["token"], &import).status.code(), Some(1));
    assert_eq!(with(&write["token"], &import).status.code(), Some(0));
    assert_eq!(with(&write["token"], &["profiles"]).status.code(), Some(1));
    assert_eq!(with(&read["token"], &["profiles"]).status.code(), Some(0));
    assert_eq!(with(&admin["token"], &["profiles"]).status.code(), Some(0));

    let id = read["id"].as_str().unwrap();
    stdout(&["token", "revoke", id, "--data", data.to_str().unwrap()]);
    assert_eq!(with(&read["token"], &["profiles"]).status.code(), Some(1));
}

#[test]
fn a_token_is_shown_once_and_stored_as_a_hash() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let secret = stdout(&["token", "create", "--scope", "write", "--name", "build farm", "--data", data]);
    let secret = secret.trim();
    assert!(secret.starts_with("vst_") && secret.len() == 4 + 64, "{secret}");

    let list = stdout(&["token", "list", "--data", data]);
    assert!(list.contains("build farm") && list.contains("write") && !list.contains(secret), "{list}");
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let content = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(secret));
    }
}

#[test]
fn a_token_that_is_not_there_cannot_be_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    let output = vesta().args(["token", "revoke", "1234abcd", "--data", data]).output().unwrap();
    insta::assert_snapshot!(shown(&output).replace(data, "DIR"), @r#"
    exit code: 1
    ----- stdout -----
    ----- stderr -----
    error: there is no token `1234abcd` in DIR
      hint: `vesta token list` shows the ids; --data names another folder
    "#);
}
