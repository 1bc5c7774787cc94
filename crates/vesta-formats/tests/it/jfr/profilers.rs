//! Recordings of async-profiler and of Datadog's profiler.

use super::jdk::jdks;
use super::print::{print_all, print_tool};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use vesta_formats::Limits;
use vesta_formats::jfr::{self, Chunk, Event, EventType, Interest, Visitor};

/// Name and number of events of some types, as the JDK's tool counts them.
const RECORDINGS: [(&str, &[(&str, usize)]); 4] = [
    (
        "async-profiler-3.0-cpu-alloc-lock.jfr",
        &[("jdk.ObjectAllocationInNewTLAB", 235), ("jdk.ExecutionSample", 18), ("jdk.ThreadPark", 4)],
    ),
    (
        "async-profiler-4.2-cpu-wall-alloc-lock.jfr",
        &[("profiler.WallClockSample", 168), ("jdk.ExecutionSample", 25), ("jdk.JavaMonitorEnter", 6)],
    ),
    ("async-profiler-4.2-live.jfr", &[("profiler.LiveObject", 61), ("jdk.ObjectAllocationInNewTLAB", 359)]),
    (
        "datadog-1.68-cpu-wall-memory.jfr",
        &[("datadog.MethodSample", 366), ("datadog.ExecutionSample", 21), ("datadog.ObjectSample", 220)],
    ),
];

#[test]
fn recordings_of_profilers_are_what_the_jdk_prints() {
    for jdk in jdks("recordings_of_profilers_are_what_the_jdk_prints").iter().take(1) {
        for (name, _) in RECORDINGS {
            let (ours, problems) = print_all(&std::fs::read(path(name)).unwrap(), 5);
            assert_eq!(problems, [], "{name}");
            let theirs = print_tool(&jdk.tool(&["print", "--json", "--stack-depth", "5"], &path(name)));
            assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>(), "{name}");
            for (event_type, expected) in &theirs {
                for (ours, theirs) in ours[event_type].iter().zip(expected) {
                    assert_eq!(ours, theirs, "{name}: {event_type}");
                }
                assert_eq!(ours[event_type].len(), expected.len(), "{name}: {event_type}");
            }
        }
    }
}

#[test]
fn samples_of_profilers_have_stacks_with_the_method_that_computes() {
    for (name, expected) in RECORDINGS {
        let mut samples = Samples::default();
        jfr::read(&std::fs::read(path(name)).unwrap(), &Limits::default(), &mut samples).unwrap();
        for (event_type, count) in expected {
            assert_eq!(samples.events.get(*event_type), Some(count), "{name}: {event_type}");
        }
        assert!(samples.threads.keys().any(|thread| thread == "busy-1"), "{name}: {:?}", samples.threads);
        assert!(samples.methods["Busy.work(J)V"] > 10, "{name}: {:?}", samples.methods);
        assert!(samples.kinds.keys().any(|kind| kind == "JIT compiled"), "{name}: {:?}", samples.kinds);
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/jfr")).join(name)
}

/// What the stacks of a recording consist of.
#[derive(Default)]
struct Samples {
    events: BTreeMap<String, usize>,
    threads: BTreeMap<String, usize>,
    methods: BTreeMap<String, usize>,
    kinds: BTreeMap<String, usize>,
}

impl Visitor for Samples {
    fn event_type(&mut self, _: &Chunk<'_>, _: &EventType<'_>) -> Option<Interest> {
        Some(Interest::new(0, ["stackTrace", "eventThread", "sampledThread"]))
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let chunk = event.chunk();
        *self.events.entry(event.event_type().unwrap().name().to_owned()).or_default() += 1;
        if let Some(thread) =
            event.reference(1).or(event.reference(2)).and_then(|thread| chunk.thread(thread))
        {
            *self.threads.entry(thread.java_name.into_owned()).or_default() += 1;
        }
        let stack = event.reference(0).and_then(|stack| chunk.stack_trace(stack));
        for frame in stack.into_iter().flat_map(|stack| stack.frames()) {
            let method = chunk.method(frame.method).unwrap();
            let class = chunk.class_name(method.class).unwrap_or_default();
            *self.methods.entry(format!("{class}.{}{}", method.name, method.descriptor)).or_default() += 1;
            *self.kinds.entry(chunk.text(frame.kind.unwrap()).unwrap().into_owned()).or_default() += 1;
        }
        ControlFlow::Continue(())
    }
}
