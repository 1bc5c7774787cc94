//! What recordings say about their process, in the shape in which other clients say it themselves (`info`).

use serde_json::{Map, Value};
use vesta_formats::jfr::profile::{Fact, Section};

/// Facts as an object of sections; nothing if there are none.
pub(crate) fn info(facts: Vec<Fact>) -> Option<Value> {
    if facts.is_empty() {
        return None;
    }
    let mut info = Map::new();
    for Fact { section, name, value } in facts {
        let path: &[&str] = match section {
            Section::Runtime => &["runtime"],
            Section::Platform => &["platform"],
            Section::Profiler => &["profiler"],
            Section::ProfilerSettings => &["profiler", "settings"],
            Section::Flags => &["flags"],
            _ => &["properties"],
        };
        if let Some(section) = section_of(&mut info, path) {
            section.insert(name, Value::String(value));
        }
    }
    Some(Value::Object(info))
}

/// Adds what `other` says and `info` does not.
pub(crate) fn complete(info: &mut Option<Value>, other: Option<Value>) {
    match (info, other) {
        (_, None) => {}
        (Some(Value::Object(known)), Some(Value::Object(more))) => add(known, more),
        (info, other) => *info = info.take().or(other),
    }
}

fn add(known: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (known.get_mut(&name), value) {
            (None, value) => drop(known.insert(name, value)),
            // Sections and their parts; what clients nest deeper is theirs.
            (Some(Value::Object(known)), Value::Object(more)) => {
                for (name, value) in more {
                    known.entry(name).or_insert(value);
                }
            }
            _ => {}
        }
    }
}

fn section_of<'a>(info: &'a mut Map<String, Value>, path: &[&str]) -> Option<&'a mut Map<String, Value>> {
    let mut section = info;
    for name in path {
        let next = section.entry(*name).or_insert_with(|| Value::Object(Map::new()));
        section = next.as_object_mut()?;
    }
    Some(section)
}
