//! Labels that a program has set, by the number that events have of them.
//!
//! Pyroscope's agent for Java has a build of async-profiler that writes with each event in which context it happened, in
//! which span and in which trace. Which labels a context means is not in the recording: the agent sends it beside, as a
//! message of two maps, one from contexts to labels by the numbers of their texts, and one from those numbers to the texts.

use super::Reading;
use crate::jfr::Event;
use crate::wire::{Malformed, Reader, Value};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use thiserror::Error;
use vesta_profile::{Label, LabelSetId, LabelValue, StringId};

/// The fields of events that tell of it. Those before 2.9 of the agent have the first alone.
pub(super) const FIELDS: [&str; 5] = ["contextId", "spanId", "spanName", "traceIdHi", "traceIdLo"];

/// The most contexts, and the most texts, that are read: each takes some 50 bytes for the 4 it may have in the message.
const MOST: usize = 1 << 18;

/// What contexts mean.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    /// Labels by context: the numbers of key and value.
    labels: HashMap<i64, Vec<(i64, i64)>, FixedState>,
    texts: HashMap<i64, String, FixedState>,
}

/// Why a message is no snapshot of labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ContextsError {
    /// It is no message of protocol buffers.
    #[error("not a snapshot of labels: {why}, {left} bytes before the end of a message")]
    Malformed {
        /// What is wrong.
        why: &'static str,
        /// How many bytes were left in the message.
        left: usize,
    },
    /// It has more than is read.
    #[error("there are more than {MOST} contexts or texts in the snapshot of labels")]
    TooMany,
}

impl From<Malformed> for ContextsError {
    fn from(Malformed { left, why }: Malformed) -> Self {
        ContextsError::Malformed { why, left }
    }
}

impl Contexts {
    /// Reads the message that comes beside the recording.
    pub fn decode(bytes: &[u8]) -> Result<Contexts, ContextsError> {
        let mut contexts = Contexts::default();
        let mut reader = Reader::new(bytes);
        while let Some((field, value)) = reader.field()? {
            let Value::Bytes(bytes) = value else { continue };
            match (field, entry(bytes)?) {
                (1, (key, Value::Bytes(context))) => {
                    contexts.labels.insert(key, labels(context)?);
                }
                (2, (key, Value::Bytes(text))) => {
                    contexts.texts.insert(key, String::from_utf8_lossy(text).into_owned());
                }
                _ => {}
            }
            if contexts.labels.len() > MOST || contexts.texts.len() > MOST {
                return Err(ContextsError::TooMany);
            }
        }
        Ok(contexts)
    }

    /// The labels of a context.
    fn of(&self, context: i64) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.labels.get(&context).map_or(&[][..], Vec::as_slice);
        labels.iter().filter_map(|&(key, value)| Some((self.text(key)?, self.text(value)?)))
    }

    fn text(&self, number: i64) -> Option<&str> {
        self.texts.get(&number).map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// The labels of one context, by the numbers of their texts.
fn labels(context: &[u8]) -> Result<Vec<(i64, i64)>, ContextsError> {
    let mut labels = Vec::new();
    let mut reader = Reader::new(context);
    while let Some((field, value)) = reader.field()? {
        if let (1, Value::Bytes(label)) = (field, value) {
            let (key, value) = entry(label)?;
            let Value::Varint(value) = value else { continue };
            labels.push((key, value.cast_signed()));
        }
    }
    Ok(labels)
}

/// Key and value of an entry of a map. What an entry does not say is zero.
fn entry(bytes: &[u8]) -> Result<(i64, Value<'_>), ContextsError> {
    let (mut key, mut content) = (0, Value::Varint(0));
    let mut reader = Reader::new(bytes);
    while let Some((field, value)) = reader.field()? {
        match (field, value) {
            (1, Value::Varint(number)) => key = number.cast_signed(),
            (2, value) => content = value,
            _ => {}
        }
    }
    Ok((key, content))
}

/// What an event says of the work it was part of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Context {
    id: i64,
    span_name: i64,
    pub(super) span: u64,
    pub(super) trace: StringId,
}

impl Reading<'_> {
    /// The context of an event; that of none for events which say nothing of it.
    pub(super) fn context(&mut self, event: &Event<'_>) -> Context {
        let Some(&first) = self.chunk.contexts.get(&event.tag()) else { return Context::default() };
        let [id, span, span_name, high, low] =
            [0, 1, 2, 3, 4].map(|place| event.integer(first + place).unwrap_or(0));
        let trace = match (high, low) {
            (0, 0) => StringId::EMPTY,
            _ => self.profile.strings.intern(&format!("{high:016x}{low:016x}")),
        };
        Context { id, span_name, span: span.cast_unsigned(), trace }
    }

    /// These labels, and those of the context.
    pub(super) fn context_labels(&mut self, context: Context, labels: LabelSetId) -> LabelSetId {
        let key = (context.id, context.span_name, labels);
        if (context.id, context.span_name) == (0, 0) {
            return labels;
        }
        if let Some(&known) = self.chunk.in_context.get(&key) {
            return known;
        }
        let mut all: Vec<Label> = self.profile.label_sets.get(labels).to_vec();
        let contexts = self.contexts;
        let name = contexts.text(context.span_name).map(|name| ("span_name", name));
        for (key, value) in contexts.of(context.id).chain(name).take(self.limits.max_labels_per_sample) {
            let [key, value] = [key, value].map(|text| self.profile.strings.intern(text));
            if !all.iter().any(|label| label.key == key) {
                all.push(Label { key, value: LabelValue::Text(value) });
            }
        }
        let labeled = self.profile.label_sets.intern(&all);
        self.chunk.in_context.insert(key, labeled);
        labeled
    }
}
