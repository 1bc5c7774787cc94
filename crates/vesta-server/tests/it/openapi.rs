//! The OpenAPI document: kept in the repository, and true.

use crate::client::Request;
use crate::server::TestServer;
use serde_json::Value;
use std::path::Path;

#[test]
fn the_document_in_the_repository_is_the_one_that_is_served() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let served = vesta_server::openapi_json() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &served).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == served,
        "docs/openapi.json is not what the server serves; run: UPDATE_GOLDEN=1 cargo test -p vesta-server openapi"
    );
}

#[test]
fn every_documented_route_is_there_and_takes_the_parameters_it_documents() {
    let server = TestServer::start();
    let document = server.get("/api/v1/openapi.json").json();
    assert_eq!(document["openapi"].as_str().map(|version| &version[..3]), Some("3.1"));
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 20);
    for (path, methods) in paths {
        let Some(operation) = methods.get("get") else { continue };
        let parameters: &[Value] = operation["parameters"].as_array().map_or(&[], Vec::as_slice);
        let in_query = parameters.iter().filter(|parameter| parameter["in"] == "query");
        let query: Vec<String> = in_query.map(example).collect();
        let path = path
            .replace("{id}", "0000000000000001")
            .replace("{filename}", "x")
            .replace("{build_id}", "0123456789abcdef");
        let answer = server.api().send(&Request::get(&format!("{path}?{}", query.join("&"))));
        assert!([200, 404].contains(&answer.status), "{path}: {}", answer.text());
        if answer.status == 404 {
            assert!(!answer.problem(404).contains("there is nothing at"), "{path} is no route");
        }
        let codes = operation["responses"].as_object().unwrap();
        assert!(codes.contains_key("200"), "{path}");
    }
}

fn example(parameter: &Value) -> String {
    let name = parameter["name"].as_str().unwrap();
    assert!(parameter["description"].is_string(), "{name} is not described");
    let value = match name.trim_start_matches("a.").trim_start_matches("b.") {
        "type" => "cpu-time".to_owned(),
        "profile" => "0000000000000001".to_owned(),
        "filter" => "thread:x".to_owned(),
        // Only a page before knows one, and only a server that made it; and a measure and a type exclude each other.
        "cursor" | "link" | "measure" => return String::new(),
        "query" => "service:web".to_owned(),
        "source" => "opened".to_owned(),
        "column" => "metrics.x".to_owned(),
        "window" | "detail" => "1,2".to_owned(),
        "span" => "1".to_owned(),
        "transform" => "my-code".to_owned(),
        "group_by" | "function" | "file" | "module" | "path" | "facet" | "prefix" | "search" => {
            "x".to_owned()
        }
        _ => match &parameter["schema"]["default"] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            other => panic!("{name} has neither an example here nor a default: {other}"),
        },
    };
    format!("{name}={value}")
}
