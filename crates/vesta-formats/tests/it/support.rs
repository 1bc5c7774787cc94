//! The fixture uploads, taken apart.

use serde_json::Value;
use std::path::PathBuf;
use vesta_formats::compression;

/// One pprof of a fixture upload, with what is known of it.
pub(crate) struct Fixture {
    /// `python-01/profile.pprof`.
    pub(crate) name: String,
    /// Uncompressed.
    pub(crate) bytes: Vec<u8>,
    /// What `*.expected.json` says of this part.
    pub(crate) expected: Value,
}

/// Every pprof of every fixture upload.
pub(crate) fn pprofs() -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for (upload, body, expected) in uploads() {
        for part in expected["parts"].as_array().unwrap() {
            if part["pprof"].is_object() {
                let file_name = part["filename"].as_str().unwrap();
                let bytes = compression::decompress(part_of(&body, file_name), usize::MAX).unwrap();
                assert_eq!(bytes.len() as u64, part["uncompressed"].as_u64().unwrap());
                fixtures.push(Fixture {
                    name: format!("{upload}/{file_name}"),
                    bytes: bytes.into_owned(),
                    expected: part["pprof"].clone(),
                });
            }
        }
    }
    assert!(fixtures.len() >= 22, "only {} pprofs in the fixtures", fixtures.len());
    fixtures
}

/// Name, body and expectation of every fixture upload, by name.
pub(crate) fn uploads() -> Vec<(String, Vec<u8>, Value)> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/uploads"));
    let mut uploads = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the fixtures are there") {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "body") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let expected = std::fs::read(path.with_extension("expected.json")).unwrap();
            uploads.push((name, std::fs::read(&path).unwrap(), serde_json::from_slice(&expected).unwrap()));
        }
    }
    uploads.sort_by(|a, b| a.0.cmp(&b.0));
    uploads
}

/// The bytes of the part with this file name. No more than these fixtures need of multipart: the boundary is the
/// first line of the body.
pub(crate) fn part_of<'a>(body: &'a [u8], file_name: &str) -> &'a [u8] {
    let boundary = &body[..find(body, b"\r\n").unwrap()];
    let wanted = format!("filename=\"{file_name}\"");
    let mut rest = &body[boundary.len()..];
    loop {
        let head_end = find(rest, b"\r\n\r\n").unwrap_or_else(|| panic!("no part {file_name}")) + 4;
        let (head, content) = rest.split_at(head_end);
        let end = find(content, &[b"\r\n", boundary].concat()).unwrap();
        if find(head, wanted.as_bytes()).is_some() {
            return &content[..end];
        }
        rest = &content[end + 2 + boundary.len()..];
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}
