//! The recordings in the fixture uploads, against what the JDK's own tool said of them.

use crate::support::{part_of, uploads};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use vesta_formats::jfr::{self, Chunk, Event, EventType, Interest, Visitor};
use vesta_formats::{Limits, compression};

#[test]
fn fixtures_have_as_many_events_of_each_type_as_the_jdk_counts() {
    for (name, recording, expected) in recordings() {
        let mut counts = Summary::default();
        let problems = jfr::read(&recording, &Limits::default(), &mut counts).unwrap();
        assert_eq!(problems, [], "{name}");
        for (event_type, count) in expected["events"].as_object().unwrap() {
            // Those two are no events to this reader.
            if !matches!(event_type.as_str(), "jdk.Metadata" | "jdk.CheckPoint") {
                assert_eq!(counts.events.remove(event_type), count.as_u64(), "{name}: {event_type}");
            }
        }
        assert_eq!(counts.events, BTreeMap::new(), "{name}: no others");
    }
}

#[test]
fn execution_samples_of_fixtures_have_the_top_methods_that_the_jdk_prints() {
    for (name, recording, expected) in recordings() {
        let mut summary = Summary::default();
        jfr::read(&recording, &Limits::default(), &mut summary).unwrap();
        for entry in expected["ExecutionSample_top"]["self"].as_array().unwrap() {
            let (method, count) = (entry[0].as_str().unwrap(), entry[1].as_u64());
            assert_eq!(summary.leaf_methods.get(method).copied(), count, "{name}: {method}");
        }
    }
}

/// Every recording of the fixture uploads: name, bytes, expectation.
pub(crate) fn recordings() -> Vec<(String, Vec<u8>, Json)> {
    let mut recordings = Vec::new();
    for (upload, body, expected) in uploads() {
        for part in expected["parts"].as_array().unwrap().iter().filter(|part| part["jfr"].is_object()) {
            let file_name = part["filename"].as_str().unwrap();
            let bytes = compression::decompress(part_of(&body, file_name), usize::MAX).unwrap();
            recordings.push((format!("{upload}/{file_name}"), bytes.into_owned(), part["jfr"].clone()));
        }
    }
    assert!(recordings.len() >= 2);
    recordings
}

/// Counts events by type, and leaf methods of execution samples.
#[derive(Default)]
struct Summary {
    events: BTreeMap<String, u64>,
    leaf_methods: BTreeMap<String, u64>,
}

impl Visitor for Summary {
    fn event_type(&mut self, _: &Chunk<'_>, event_type: &EventType<'_>) -> Option<Interest> {
        let sampled = event_type.name() == "jdk.ExecutionSample";
        Some(if sampled { Interest::new(1, ["stackTrace"]) } else { Interest::default() })
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let name = event.event_type().unwrap().name().to_owned();
        *self.events.entry(name).or_default() += 1;
        if event.tag() == 1 {
            let chunk = event.chunk();
            let stack = chunk.stack_trace(event.reference(0).unwrap()).unwrap();
            let method = chunk.method(stack.frames().next().unwrap().method).unwrap();
            let class = chunk.class_name(method.class).unwrap();
            let leaf = format!("{}.{}", jfr::java_class_name(&class), method.name);
            *self.leaf_methods.entry(leaf).or_default() += 1;
        }
        ControlFlow::Continue(())
    }
}
