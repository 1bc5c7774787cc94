//! Captured uploads of real clients, with what an independent decoder found in them.

use serde_json::Value;
use std::path::{Path, PathBuf};
use vesta_profile::ValueType;
use vesta_upload::{Headers, Limits, Upload};

pub(crate) struct Fixture {
    pub(crate) name: String,
    pub(crate) upload: Upload,
    expected: Value,
}

/// One value type of one attachment.
pub(crate) struct ExpectedType {
    pub(crate) name: String,
    pub(crate) total: i64,
    /// Samples with a value other than 0.
    pub(crate) samples: u64,
    /// The functions with the largest self values.
    pub(crate) top_self: Vec<(String, i64)>,
    /// The functions with the largest totals.
    pub(crate) top_total: Vec<(String, i64)>,
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

fn load(folder: &Path, name: &str) -> Fixture {
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
    let body = std::fs::read(folder.join(format!("{name}.body"))).unwrap();
    let upload = Upload::parse(&Headers::from_pairs(pairs), body.into(), &Limits::default()).unwrap();
    Fixture { name: name.to_owned(), upload, expected: json("expected") }
}

impl Fixture {
    pub(crate) fn tag(&self, key: &str) -> String {
        let tags = self.expected["event"]["tags_profiler"].as_str().unwrap();
        let found = tags.split(',').find_map(|tag| tag.strip_prefix(key)?.strip_prefix(':'));
        found.unwrap_or_default().to_owned()
    }

    /// Whether it is a recording of Java: the JDK's own tool counts those, in the tests of `vesta-formats`.
    pub(crate) fn is_recording(&self) -> bool {
        let mut parts = self.expected["parts"].as_array().unwrap().iter();
        parts.any(|part| part["filename"].as_str().is_some_and(|name| name.ends_with(".jfr")))
    }

    /// All value types that have values.
    pub(crate) fn expected_types(&self) -> Vec<ExpectedType> {
        let mut types = Vec::new();
        for part in self.expected["parts"].as_array().unwrap() {
            let pprof = &part["pprof"];
            for total in pprof["totals"].as_array().into_iter().flatten() {
                let (theirs, total, samples) =
                    (total[0].as_str().unwrap(), total[1].as_i64().unwrap(), total[2].as_u64().unwrap());
                if total == 0 {
                    continue;
                }
                let pairs = |kind: &str| -> Vec<(String, i64)> {
                    let pairs = pprof["top"][theirs][kind].as_array().unwrap();
                    let pair =
                        |pair: &Value| (pair[0].as_str().unwrap().to_owned(), pair[1].as_i64().unwrap());
                    pairs.iter().map(pair).collect()
                };
                types.push(ExpectedType {
                    name: canonical(part["filename"].as_str().unwrap(), theirs),
                    total,
                    samples,
                    top_self: pairs("self"),
                    top_total: pairs("total"),
                });
            }
        }
        types
    }
}

/// Go says only in the file name whether contentions are those of mutexes, and whether samples are those of a CPU.
fn canonical(file: &str, name: &str) -> String {
    match (file, name) {
        (file, "contentions" | "delay") if file.contains("mutex") => format!("mutex-{name}"),
        (file, "contentions" | "delay") if file.contains("block") => format!("block-{name}"),
        ("cpu.pprof", "samples") => "cpu-samples".to_owned(),
        _ => ValueType::new(name, "").canonical().name.into_owned(),
    }
}
