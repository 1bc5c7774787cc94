//! Events, and what is wanted of them.

use super::chunk::Chunk;
use super::metadata::{Metadata, Type, TypeIndex};
use super::program::Program;
use super::value::{Field, Record, Reference, Value};
use std::borrow::Cow;

/// Which fields of a type of events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interest {
    tag: u32,
    fields: Vec<String>,
}

/// A type of events.
#[derive(Clone, Copy, Debug)]
pub struct EventType<'a> {
    metadata: &'a Metadata,
    declared: &'a Type,
}

/// An event, with the fields that were wanted of it.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    pub(super) chunk: &'a Chunk<'a>,
    pub(super) plan: &'a Plan,
    pub(super) registers: &'a [Value<'a>],
    /// Where its fields begin.
    pub(super) at: usize,
}

/// What is read of the events of a type.
#[derive(Debug)]
pub(super) struct Plan {
    type_index: TypeIndex,
    tag: u32,
    pub(super) program: Program,
    /// How many fields are wanted; time and duration are the two after those.
    wanted: usize,
}

impl Interest {
    /// Wants the fields at these dotted paths (`weight`, `state.name`), which lead through structures and constants.
    /// `tag` comes back with every event.
    pub fn new(tag: u32, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Interest { tag, fields: fields.into_iter().map(Into::into).collect() }
    }
}

impl<'a> EventType<'a> {
    pub(super) fn new(metadata: &'a Metadata, declared: &'a Type) -> Self {
        EventType { metadata, declared }
    }

    /// Its name: `jdk.ExecutionSample`.
    pub fn name(&self) -> &'a str {
        &self.declared.name
    }

    /// Its name for people; empty if it has none.
    pub fn label(&self) -> &'a str {
        &self.declared.label
    }

    /// Its number in the chunk.
    pub fn id(&self) -> u64 {
        self.declared.id
    }

    /// Its fields.
    pub fn fields(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        Field::all_of(self.metadata, self.declared)
    }
}

impl<'a> Event<'a> {
    /// The tag of the interest in it.
    pub fn tag(&self) -> u32 {
        self.plan.tag
    }

    /// The chunk that it is in.
    pub fn chunk(&self) -> &'a Chunk<'a> {
        self.chunk
    }

    /// Its type.
    pub fn event_type(&self) -> Option<EventType<'a>> {
        let metadata = self.chunk.metadata();
        Some(EventType { metadata, declared: metadata.types.get(self.plan.type_index)? })
    }

    /// When it began, in nanoseconds since 1970; when the chunk began, if it does not say.
    pub fn start_ns(&self) -> i64 {
        match self.read(self.plan.wanted) {
            Value::Integer(start_ns) => start_ns,
            _ => self.chunk.start_ns(),
        }
    }

    /// How long it took, in nanoseconds; 0 for an event without duration.
    pub fn duration_ns(&self) -> i64 {
        match self.read(self.plan.wanted + 1) {
            Value::Integer(duration_ns) => duration_ns,
            _ => 0,
        }
    }

    /// When it ended, in nanoseconds since 1970.
    pub fn end_ns(&self) -> i64 {
        self.start_ns().saturating_add(self.duration_ns())
    }

    /// The value of a wanted field, by its place in the interest. Places past its end hold nothing.
    pub fn value(&self, field: usize) -> Value<'a> {
        if field < self.plan.wanted { self.read(field) } else { Value::Absent }
    }

    /// An integer.
    pub fn integer(&self, field: usize) -> Option<i64> {
        match self.value(field) {
            Value::Integer(integer) => Some(integer),
            _ => None,
        }
    }

    /// A number, with a fraction or not.
    pub fn float(&self, field: usize) -> Option<f64> {
        match self.value(field) {
            Value::Integer(integer) => Some(integer as f64),
            Value::Float(float) => Some(float),
            _ => None,
        }
    }

    /// A yes or no.
    pub fn boolean(&self, field: usize) -> Option<bool> {
        match self.value(field) {
            Value::Boolean(boolean) => Some(boolean),
            _ => None,
        }
    }

    /// A string, or the one text of a constant. See [`Chunk::text`] for its length.
    pub fn text(&self, field: usize) -> Option<Cow<'a, str>> {
        self.chunk.text_value(self.value(field))
    }

    /// The name of a constant.
    pub fn reference(&self, field: usize) -> Option<Reference> {
        match self.value(field) {
            Value::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// All of its fields, wanted or not.
    pub fn record(&self) -> Record<'a> {
        Record::new(self.chunk, self.plan.type_index, self.at)
    }

    fn read(&self, slot: usize) -> Value<'a> {
        self.plan.program.value(self.chunk, self.registers, slot)
    }
}

impl Plan {
    pub(super) fn new(metadata: &Metadata, type_index: TypeIndex, interest: &Interest) -> Self {
        let mut paths: Vec<&str> = interest.fields.iter().map(String::as_str).collect();
        paths.extend(["startTime", "duration"]);
        let program = Program::new(&metadata.types, type_index, &paths);
        Plan { type_index, tag: interest.tag, program, wanted: interest.fields.len() }
    }
}
