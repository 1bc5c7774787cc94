//! Uploads captured from real client libraries.

use crate::client::Request;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// One captured upload.
pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) request: Request,
    pub(crate) expected: Value,
}

/// All captured uploads, by name.
pub(crate) fn all() -> Vec<Fixture> {
    let mut names: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".body").map(str::to_owned))
        .collect();
    names.sort();
    assert!(names.len() >= 11, "fixtures are missing");
    names.iter().map(|name| load(name)).collect()
}

/// The captured upload of this name.
pub(crate) fn load(name: &str) -> Fixture {
    let request = captured("uploads", name);
    let expected = fs::read(folder().join(format!("{name}.expected.json"))).unwrap();
    Fixture { name: name.to_owned(), request, expected: serde_json::from_slice(&expected).unwrap() }
}

/// A captured request, from this folder of the fixtures.
pub(crate) fn captured(folder: &str, name: &str) -> Request {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let file = |kind: &str| folder.join(format!("{name}.{kind}"));
    let head: Value = serde_json::from_slice(&fs::read(file("headers.json")).unwrap()).unwrap();
    let headers: Vec<(String, String)> = serde_json::from_value(head["headers"].clone()).unwrap();
    let chunked = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding"));
    Request {
        method: head["method"].as_str().unwrap().to_owned(),
        path: head["path"].as_str().unwrap().to_owned(),
        headers,
        body: fs::read(file("body")).unwrap(),
        chunked,
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uploads")
}

impl Fixture {
    /// The bytes of the part of this file name.
    pub(crate) fn part(&self, filename: &str) -> Vec<u8> {
        let body = &self.request.body;
        let find = |from: usize, needle: &[u8]| {
            from + body[from..].windows(needle.len()).position(|window| window == needle).unwrap()
        };
        let head = find(0, format!("filename=\"{filename}\"").as_bytes());
        let start = find(head, b"\r\n\r\n") + 4;
        let size = self.parts().iter().find(|part| part["filename"] == filename).unwrap()["size"].as_u64();
        body[start..start + size.unwrap() as usize].to_vec()
    }

    pub(crate) fn parts(&self) -> &Vec<Value> {
        self.expected["parts"].as_array().unwrap()
    }
}
