//! The first pass: what is in the file and where. Nothing is interpreted yet, as fields may come in any order.

use super::PprofError;
use crate::Limits;
use crate::budget::Budget;
use crate::decoded::Problems;
use crate::wire::{Malformed, Reader, Value};
use std::ops::Range;

/// The top level of a file, with messages still in their wire format.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    pub(super) value_types: Vec<TypeIndices>,
    pub(super) samples: usize,
    /// Where the samples are, from the first to the last; other fields may lie between.
    pub(super) samples_at: Range<usize>,
    pub(super) mappings: Vec<&'a [u8]>,
    pub(super) locations: Vec<&'a [u8]>,
    pub(super) functions: Vec<&'a [u8]>,
    pub(super) strings: Vec<&'a [u8]>,
    pub(super) time_ns: i64,
    pub(super) duration_ns: i64,
    pub(super) period_type: Option<TypeIndices>,
    pub(super) period: i64,
    /// Comments, as indices of strings.
    pub(super) comments: Vec<u64>,
    /// Where the file breaks off, if it does.
    pub(super) broken: Option<(usize, &'static str)>,
}

/// A value type, as indices of strings.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TypeIndices {
    pub(super) name: u64,
    pub(super) unit: u64,
}

/// How many comments are kept.
const MAX_COMMENTS: usize = 1024;
/// What an entry of the tables of strings, functions, locations and mappings takes, with everything that is later
/// remembered beside it: id, place of the result, and the result.
const ENTRY_BYTES: usize = 48;

impl<'a> Contents<'a> {
    /// Walks the top level of the file to its end, or to where it breaks.
    pub(super) fn read(
        bytes: &'a [u8],
        limits: &Limits,
        budget: &mut Budget,
        problems: &mut Problems,
    ) -> Result<Self, PprofError> {
        let mut contents = Contents::default();
        let mut reader = Reader::new(bytes);
        loop {
            let start = bytes.len() - reader.left();
            match reader.field() {
                Ok(None) => break,
                Ok(Some((2, Value::Bytes(_)))) => {
                    if contents.samples == 0 {
                        contents.samples_at.start = start;
                    }
                    contents.samples += 1;
                    contents.samples_at.end = bytes.len() - reader.left();
                }
                Ok(Some((field, value))) => contents.field(field, value, limits, budget, problems)?,
                Err(Malformed { left, why }) => {
                    contents.broken = Some((bytes.len() - left, why));
                    break;
                }
            }
        }
        Ok(contents)
    }

    fn field(
        &mut self,
        field: u64,
        value: Value<'a>,
        limits: &Limits,
        budget: &mut Budget,
        problems: &mut Problems,
    ) -> Result<(), PprofError> {
        match (field, value) {
            (1, Value::Bytes(message)) => {
                if self.value_types.len() >= limits.max_value_types {
                    let limit = limits.max_value_types;
                    return Err(PprofError::TooMany { what: "value types", limit });
                }
                self.value_types.push(TypeIndices::read(message, problems));
            }
            (3, Value::Bytes(message)) => push_entry(&mut self.mappings, message, budget)?,
            (4, Value::Bytes(message)) => push_entry(&mut self.locations, message, budget)?,
            (5, Value::Bytes(message)) => push_entry(&mut self.functions, message, budget)?,
            (6, Value::Bytes(text)) => push_entry(&mut self.strings, text, budget)?,
            (9, Value::Varint(number)) => self.time_ns = number.cast_signed(),
            (10, Value::Varint(number)) => self.duration_ns = number.cast_signed(),
            (11, Value::Bytes(message)) => self.period_type = Some(TypeIndices::read(message, problems)),
            (12, Value::Varint(number)) => self.period = number.cast_signed(),
            (13, Value::Varint(index)) if self.comments.len() < MAX_COMMENTS => self.comments.push(index),
            (13, Value::Bytes(packed)) => {
                let mut reader = Reader::new(packed);
                while reader.left() > 0 && self.comments.len() < MAX_COMMENTS {
                    match reader.varint() {
                        Ok(index) => self.comments.push(index),
                        Err(_) => {
                            problems.note("a comment cannot be read", || "comments".to_owned());
                            break;
                        }
                    }
                }
            }
            // Which frames to drop or keep, the default sample type and the like; and fields of a later pprof.
            _ => {}
        }
        Ok(())
    }
}

impl TypeIndices {
    fn read(message: &[u8], problems: &mut Problems) -> Self {
        let mut indices = TypeIndices::default();
        let mut reader = Reader::new(message);
        loop {
            match reader.field() {
                Ok(None) => return indices,
                Ok(Some((1, Value::Varint(index)))) => indices.name = index,
                Ok(Some((2, Value::Varint(index)))) => indices.unit = index,
                Ok(Some(_)) => {}
                Err(malformed) => {
                    problems.note("a value type cannot be read", || malformed.why.to_owned());
                    return indices;
                }
            }
        }
    }
}

fn push_entry<'a>(table: &mut Vec<&'a [u8]>, entry: &'a [u8], budget: &mut Budget) -> Result<(), PprofError> {
    budget.take(ENTRY_BYTES)?;
    table.push(entry);
    Ok(())
}
