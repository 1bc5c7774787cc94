//! Asks for everything that can be asked of a recording, as far as its bytes go.

use std::ops::ControlFlow;
use vesta_formats::jfr::{self, Chunk, Event, EventType, Interest, JfrError, Record, Visitor};
use vesta_formats::{Limits, Problem};

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Exercise {
    pub(crate) events: usize,
    pub(crate) problems: Vec<Problem>,
    /// How many values of records are still looked at.
    fuel: usize,
}

pub(crate) fn exercise(recording: &[u8]) -> Result<Exercise, JfrError> {
    let mut found = Exercise { fuel: 100_000, ..Exercise::default() };
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    found.problems = jfr::read(recording, &limits, &mut found)?;
    let made = jfr::profile::decode(recording, &limits)?;
    assert!(made.profile.heap_size() <= 2 * limits.max_memory, "{} bytes", made.profile.heap_size());
    Ok(found)
}

impl Exercise {
    fn record(&mut self, chunk: &Chunk<'_>, record: Record<'_>, depth: usize) {
        for (field, value) in record.fields() {
            if self.fuel == 0 {
                return;
            }
            self.fuel -= 1;
            let _ = (field.name(), field.label(), field.type_name(), field.unit());
            self.value(chunk, value, depth);
        }
    }

    fn value(&mut self, chunk: &Chunk<'_>, value: jfr::Value<'_>, depth: usize) {
        match value {
            jfr::Value::Text(text) => assert!(text.to_str().len() < usize::MAX),
            jfr::Value::Record(inner) if depth < 10 => self.record(chunk, inner, depth + 1),
            jfr::Value::Array(array) => {
                for value in array.iter().take(50) {
                    self.value(chunk, value, depth + 1);
                }
            }
            jfr::Value::Reference(reference) if depth < 10 => {
                let _ = (chunk.text(reference), chunk.thread(reference), chunk.class_name(reference));
                if let Some(inner) = chunk.record(reference) {
                    self.record(chunk, inner, depth + 1);
                }
            }
            _ => {}
        }
    }
}

impl Visitor for Exercise {
    fn event_type(&mut self, _: &Chunk<'_>, _: &EventType<'_>) -> Option<Interest> {
        let fields =
            ["eventThread", "stackTrace", "stackTrace.truncated", "eventThread.group.name", "last", "first"];
        Some(Interest::new(0, fields))
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        self.events += 1;
        let chunk = event.chunk();
        let _ = (
            event.start_ns(),
            event.end_ns(),
            event.integer(4),
            event.float(5),
            event.boolean(2),
            event.text(3),
        );
        if let Some(thread) = event.reference(0) {
            let _ = (chunk.thread(thread), chunk.stack_trace(thread));
        }
        if let Some(stack) = event.reference(1).and_then(|stack| chunk.stack_trace(stack)) {
            for frame in stack.frames().take(100) {
                let _ = frame.kind.and_then(|kind| chunk.text(kind));
                let method = chunk.method(frame.method);
                let _ = method.and_then(|method| chunk.class_name(method.class));
            }
        }
        self.record(chunk, event.record(), 0);
        ControlFlow::Continue(())
    }
}
