//! Captured uploads of real clients, with what an independent decoder found in them.

use bytes::Bytes;
use serde_json::Value;
use std::path::PathBuf;
use vesta_formats::compression;
use vesta_upload::{Headers, Limits, Upload};

pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) headers: Headers,
    pub(crate) body: Bytes,
    pub(crate) expected: Value,
}

impl Fixture {
    pub(crate) fn upload(&self) -> Upload {
        Upload::parse(&self.headers, self.body.clone(), &Limits::default())
            .unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    pub(crate) fn expected_parts(&self) -> &[Value] {
        self.expected["parts"].as_array().unwrap()
    }
}

pub(crate) fn all() -> Vec<Fixture> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uploads");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".body")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 11, "only {names:?} in {}", folder.display());
    names.iter().map(|name| load(&folder, name)).collect()
}

pub(crate) fn named(name: &str) -> Fixture {
    all().into_iter().find(|fixture| fixture.name == name).unwrap()
}

fn load(folder: &std::path::Path, name: &str) -> Fixture {
    let json = |kind: &str| -> Value {
        serde_json::from_slice(&std::fs::read(folder.join(format!("{name}.{kind}.json"))).unwrap()).unwrap()
    };
    let captured = json("headers");
    let pairs: Vec<(&str, &str)> = captured["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .collect();
    Fixture {
        name: name.to_owned(),
        headers: Headers::from_pairs(pairs),
        body: std::fs::read(folder.join(format!("{name}.body"))).unwrap().into(),
        expected: json("expected"),
    }
}

#[test]
fn every_part_of_every_captured_upload_is_found_as_it_was_sent() {
    for fixture in all() {
        let upload = fixture.upload();
        assert_eq!(upload.parts.len(), fixture.expected_parts().len(), "{}", fixture.name);
        for (part, expected) in upload.parts.iter().zip(fixture.expected_parts()) {
            let context = format!("{}: {}", fixture.name, part.file_name());
            assert_eq!(part.name, expected["name"].as_str().unwrap(), "{context}");
            assert_eq!(part.filename.as_deref(), expected["filename"].as_str(), "{context}");
            assert_eq!(part.content_type.as_deref(), expected["content_type"].as_str(), "{context}");
            assert_eq!(part.data.len() as u64, expected["size"].as_u64().unwrap(), "{context}");
            assert_eq!(upload.body[part.range()], part.data, "{context}");
            let encoding = match expected["encoding"].as_str().unwrap() {
                "jfr-raw" => "jfr",
                other => other,
            };
            assert_eq!(part.encoding().as_str(), encoding, "{context}");
            let bytes = compression::decompress(&part.data, 64 << 20).unwrap();
            assert_eq!(bytes.len() as u64, expected["uncompressed"].as_u64().unwrap(), "{context}");
        }
    }
}

#[test]
fn every_captured_event_is_read_in_full() {
    for fixture in all() {
        let upload = fixture.upload();
        let (event, expected) = (&upload.event, &fixture.expected["event"]);
        let name = &fixture.name;
        assert_eq!(event.family, expected["family"].as_str().unwrap(), "{name}");
        assert_eq!(event.version, "4", "{name}");
        assert_eq!(event.start, expected["start"].as_str().unwrap().parse().unwrap(), "{name}");
        assert_eq!(event.end, expected["end"].as_str().unwrap().parse().unwrap(), "{name}");
        let attachments: Vec<&str> =
            expected["attachments"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
        assert_eq!(event.attachments, attachments, "{name}");
        let present: Vec<&str> = upload.attachments().map(vesta_upload::Part::file_name).collect();
        let (mut listed, mut present) = (attachments, present);
        listed.sort_unstable();
        present.sort_unstable();
        assert_eq!(present, listed, "{name}");
        for tag in expected["tags_profiler"].as_str().unwrap().split(',') {
            let (key, value) = tag.split_once(':').unwrap();
            assert!(event.tags.get_all(key).any(|have| have == value), "{name}: {tag}");
        }
        let counts = expected["endpoint_counts"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(event.endpoint_counts.len(), counts, "{name}");
        for (endpoint, count) in &event.endpoint_counts {
            assert_eq!(Some(*count), expected["endpoint_counts"][endpoint].as_i64(), "{name}: {endpoint}");
        }
        assert_eq!(event.process_tags.to_string(), expected["process_tags"].as_str().unwrap_or_default());
        assert_eq!(event.info.as_ref(), expected.get("info"), "{name}");
        assert_eq!(event.internal.as_ref(), expected.get("internal"), "{name}");
        assert_eq!(upload.problems, [], "{name}");
    }
}
