//! Copies of an upload have one key, and nothing else has.

use crate::fixtures::{self, Fixture};
use std::collections::HashSet;
use vesta_upload::{Headers, Limits, MultipartBuilder, Part, Upload};

/// The key of the upload with its parts changed and another boundary.
fn key_after(fixture: &Fixture, change: impl FnOnce(&mut Vec<Part>)) -> u128 {
    let mut parts = fixture.upload().parts;
    change(&mut parts);
    let mut builder = MultipartBuilder::new().boundary("another-boundary");
    for part in parts {
        let filename = part.filename.unwrap();
        builder = builder.part(part.name, filename, part.content_type.as_deref(), part.data);
    }
    let built = builder.build();
    let headers =
        Headers::new(built.content_type, [("X-Datadog-Additional-Tags", "host:other,default_env:x")]);
    Upload::parse(&headers, built.body, &Limits::default()).unwrap().dedupe_key()
}

/// The event with one text in place of another.
fn edit_event(parts: &mut [Part], from: &str, to: &str) {
    let event = parts.iter_mut().find(|part| part.file_name() == "event.json").unwrap();
    let text = std::str::from_utf8(&event.data).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    event.data = text.replacen(from, to, 1).into();
}

#[test]
fn every_captured_upload_has_a_key_of_its_own() {
    let fixtures = fixtures::all();
    let keys: HashSet<u128> = fixtures.iter().map(|fixture| fixture.upload().dedupe_key()).collect();
    assert_eq!(keys.len(), fixtures.len());
}

#[test]
fn order_boundary_and_headers_of_agents_do_not_change_the_key() {
    for fixture in fixtures::all() {
        let key = fixture.upload().dedupe_key();
        assert_eq!(key_after(&fixture, |_| ()), key, "{}", fixture.name);
        assert_eq!(key_after(&fixture, |parts| parts.reverse()), key, "{}", fixture.name);
    }
}

#[test]
fn the_order_and_repetition_of_tags_do_not_change_the_key() {
    let fixture = fixtures::named("go-02");
    let key = fixture.upload().dedupe_key();
    let reordered = key_after(&fixture, |parts| {
        edit_event(
            parts,
            "process_id:11104,team:orders,layer:api,",
            "layer:api,process_id:11104,team:orders,",
        );
    });
    assert_eq!(reordered, key);
}

#[test]
fn any_byte_of_any_attachment_changes_the_key() {
    for fixture in fixtures::all() {
        let key = fixture.upload().dedupe_key();
        let parts = fixture.upload().parts;
        for (index, part) in parts.iter().enumerate().filter(|(_, part)| part.file_name() != "event.json") {
            for at in [0, part.data.len() / 2, part.data.len() - 1] {
                let changed = key_after(&fixture, |parts| {
                    let mut bytes = parts[index].data.to_vec();
                    bytes[at] ^= 1;
                    parts[index].data = bytes.into();
                });
                assert_ne!(changed, key, "{}: byte {at} of {}", fixture.name, part.file_name());
            }
        }
    }
}

#[test]
fn process_period_tags_and_file_names_change_the_key() {
    let fixture = fixtures::named("go-02");
    let key = fixture.upload().dedupe_key();
    let edits = [
        ("runtime-id:54ceb33c", "runtime-id:54ceb33d"),
        ("2026-11-20T23:12:12.709233528Z", "2026-11-20T23:12:12.709233529Z"),
        ("2026-11-20T23:13:12.731149308Z", "2026-11-20T23:13:12.731149307Z"),
        ("service:my-go-app", "service:my-go-ap"),
        ("\"family\":\"go\"", "\"family\":\"native\""),
        ("version:3.2.1", "version:3.2.2"),
    ];
    for (from, to) in edits {
        assert_ne!(key_after(&fixture, |parts| edit_event(parts, from, to)), key, "{to}");
    }
    let renamed = key_after(&fixture, |parts| parts[1].filename = Some("other.pprof".to_owned()));
    assert_ne!(renamed, key);
    assert_ne!(key_after(&fixture, |parts| drop(parts.remove(1))), key);
    let swapped = key_after(&fixture, |parts| {
        let first = parts[1].data.clone();
        parts[1].data = std::mem::replace(&mut parts[2].data, first);
    });
    assert_ne!(swapped, key);
}
