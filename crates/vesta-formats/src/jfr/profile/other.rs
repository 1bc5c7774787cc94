//! Events that nobody knows here: of the program itself, of other profilers, of a JDK to come. Those that have a stack become
//! samples under the name of their event, with their duration as a second value, and their other fields as labels.

use super::Reading;
use super::events::EVENTS;
use super::names::class_name;
use super::samples::Row;
use super::sources::Source;
use crate::jfr::{Event, EventType, Field, Interest, Unit, Value};
use vesta_profile::{Label, LabelValue, StackId, StringId};

/// An event of no known name, in a chunk.
pub(super) struct OtherEvent {
    number: u16,
    labels: Vec<OtherLabel>,
}

/// A field that becomes a label.
#[derive(Clone, Copy)]
struct OtherLabel {
    key: StringId,
    unit: StringId,
    is_class: bool,
}

/// Events with stacks that say what the JVM, or the recorder, does within itself.
const INTERNAL: [&str; 13] = [
    "jdk.BiasedLockClassRevocation",
    "jdk.BiasedLockRevocation",
    "jdk.BiasedLockSelfRevocation",
    "jdk.Deoptimization",
    "jdk.JavaMonitorDeflate",
    "jdk.JavaMonitorInflate",
    "jdk.MetaspaceAllocationFailure",
    "jdk.MetaspaceGCThreshold",
    "jdk.ReservedStackActivation",
    "jdk.Shutdown",
    "datadog.Deadlock",
    "datadog.ExceptionCount",
    "datadog.Scope",
];

/// Fields that every event may have.
const COMMON: [&str; 4] = ["startTime", "duration", "eventThread", "stackTrace"];

impl Reading<'_> {
    /// What is wanted of an event that nobody knows.
    pub(super) fn other_event(&mut self, event_type: &EventType<'_>) -> Option<Interest> {
        let name = event_type.name();
        let is_stack =
            |field: Field<'_>| field.name() == "stackTrace" && field.type_name() == "jdk.types.StackTrace";
        if !event_type.fields().any(is_stack) || INTERNAL.contains(&name) {
            return None;
        }
        let Some(number) = self.samples.other(name) else {
            self.problems
                .note("there are more kinds of events with stacks than are read", || name.to_owned());
            return None;
        };
        let mut names = vec!["eventThread".to_owned(), "stackTrace".to_owned()];
        let mut labels = Vec::new();
        for field in event_type.fields().filter(is_label).take(self.limits.max_labels_per_sample) {
            names.push(field.name().to_owned());
            labels.push(OtherLabel {
                key: self.profile.strings.intern(field.name()),
                unit: self.profile.strings.intern(unit(&field)),
                is_class: field.type_name() == "java.lang.Class",
            });
        }
        // Classes of one name, of two class loaders, are two types.
        let tag = u32::try_from(EVENTS.len() + self.chunk.others.len()).ok()?;
        self.chunk.others.insert(tag, OtherEvent { number, labels });
        Some(Interest::new(tag, names))
    }

    pub(super) fn read_other(&mut self, event: &Event<'_>) {
        let stack = self.stack(event);
        let Some(known) = self.chunk.others.get(&event.tag()).filter(|_| stack != StackId::EMPTY) else {
            return;
        };
        let other = known.number;
        let strings = &mut self.profile.strings;
        let labels: Vec<Label> = known
            .labels
            .iter()
            .zip(2..)
            .filter_map(|(label, index)| {
                let value = match event.value(index) {
                    Value::Integer(i64::MIN) => return None,
                    Value::Integer(number) => LabelValue::Number(number, label.unit),
                    Value::Boolean(truth) => {
                        LabelValue::Text(strings.intern(if truth { "true" } else { "false" }))
                    }
                    Value::Float(number) => LabelValue::Text(strings.intern(&number.to_string())),
                    _ => {
                        let text = event.text(index).filter(|text| !text.is_empty())?;
                        let text = if label.is_class { class_name(&text) } else { text };
                        LabelValue::Text(strings.intern(&text))
                    }
                };
                Some(Label { key: label.key, value })
            })
            .collect();
        let labels = self.profile.label_sets.intern(&labels);
        let thread = self.thread(event, 0);
        let bare = Row::bare(Source::Other, event.end_ns(), [1, event.duration_ns().max(0)]);
        self.samples.push(Row { stack, thread, labels, other, ..bare });
    }
}

fn is_label(field: &Field<'_>) -> bool {
    !COMMON.contains(&field.name()) && !field.is_array() && !field.unit().is_timestamp()
}

fn unit(field: &Field<'_>) -> &'static str {
    match field.unit() {
        Unit::Bytes => "bytes",
        unit if unit.is_timespan() => "nanoseconds",
        _ => "",
    }
}
