//! The first pass: which resources and which tables a message has, and where.

use super::OtlpError;
use super::schema::Table;
use crate::Limits;
use crate::budget::Budget;
use crate::wire::{Malformed, Reader, Value};

/// The top level of a message, with everything below still in its wire format.
#[derive(Debug, Default)]
pub(super) struct Contents<'a> {
    pub(super) resources: Vec<&'a [u8]>,
    pub(super) dictionary: Dictionary<'a>,
    /// Where the message breaks off, if it does.
    pub(super) broken: Option<(usize, &'static str)>,
}

/// The tables that everything refers to. An entry is the bytes of its message, or of its text.
#[derive(Debug, Default)]
pub(super) struct Dictionary<'a> {
    pub(super) tables: [Vec<&'a [u8]>; Table::COUNT],
    /// Fields that are not known.
    pub(super) unknown: Vec<(u64, Value<'a>)>,
}

/// What an entry of a table takes, with what is later remembered beside it.
const ENTRY_BYTES: usize = 48;
/// The most resources of one message, and the most fields that are not known.
const MOST_RESOURCES: usize = 65_536;
const MOST_UNKNOWN: usize = 1_024;

impl<'a> Contents<'a> {
    /// Walks the top level of a message to its end, or to where it breaks.
    pub(super) fn read(bytes: &'a [u8], limits: &Limits, budget: &mut Budget) -> Result<Self, OtlpError> {
        if bytes.len() > limits.max_bytes {
            return Err(OtlpError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
        }
        let mut contents = Contents::default();
        let mut reader = Reader::new(bytes);
        let mut has_dictionary = false;
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((1, Value::Bytes(resource)))) => {
                    if contents.resources.len() >= MOST_RESOURCES {
                        return Err(OtlpError::TooMany { what: "resources", limit: MOST_RESOURCES });
                    }
                    budget.take(ENTRY_BYTES)?;
                    contents.resources.push(resource);
                }
                Ok(Some((2, Value::Bytes(dictionary)))) => {
                    has_dictionary = true;
                    let end = bytes.len() - reader.left();
                    contents.dictionary.read(
                        dictionary,
                        end - dictionary.len(),
                        budget,
                        &mut contents.broken,
                    )?;
                }
                Ok(Some(_)) => {}
                Err(Malformed { left, why }) => {
                    contents.broken = Some((bytes.len() - left, why));
                    break;
                }
            }
        }
        match contents.broken {
            Some((at, why)) if !has_dictionary || contents.resources.is_empty() => {
                Err(OtlpError::Malformed { at, why })
            }
            None if !has_dictionary && !contents.resources.is_empty() => Err(OtlpError::NoDictionary),
            _ => Ok(contents),
        }
    }
}

impl<'a> Dictionary<'a> {
    fn read(
        &mut self,
        bytes: &'a [u8],
        start: usize,
        budget: &mut Budget,
        broken: &mut Option<(usize, &'static str)>,
    ) -> Result<(), OtlpError> {
        let mut reader = Reader::new(bytes);
        loop {
            match reader.field() {
                Ok(None) => return Ok(()),
                Ok(Some((field, Value::Bytes(entry)))) if Table::of_field(field).is_some() => {
                    budget.take(ENTRY_BYTES)?;
                    if let Some(table) = Table::of_field(field) {
                        self.tables[table.position()].push(entry);
                    }
                }
                Ok(Some((field, value))) => {
                    if self.unknown.len() < MOST_UNKNOWN {
                        self.unknown.push((field, value));
                    }
                }
                Err(Malformed { left, why }) => {
                    *broken = Some((start + bytes.len() - left, why));
                    return Ok(());
                }
            }
        }
    }

    pub(super) fn table(&self, table: Table) -> &[&'a [u8]] {
        &self.tables[table.position()]
    }

    /// The entry of a table, if the index is in it.
    pub(super) fn entry(&self, table: Table, index: u64) -> Option<&'a [u8]> {
        self.table(table).get(usize::try_from(index).ok()?).copied()
    }

    /// A string, read as UTF-8 as far as it is; empty if it is not there.
    pub(super) fn text(&self, index: u64) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.entry(Table::Strings, index).unwrap_or_default())
    }
}

/// Whether bytes are a message with resources and a dictionary whose first string is empty.
///
/// pprof has messages in fields 1 and 2 as well. What tells the two apart is in them: field 1 of pprof has two numbers,
/// that of OTLP has messages.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let mut reader = Reader::new(bytes);
    let (mut resources, mut dictionary) = (0, false);
    while let Ok(Some((field, value))) = reader.field() {
        match (field, value) {
            (1, Value::Bytes(resource)) if only_messages(resource, 3) => resources += 1,
            (2, Value::Bytes(tables)) if only_messages(tables, 7) => dictionary = true,
            _ => return false,
        }
        // The dictionary may come after a gigabyte of profiles; the profiles alone do not tell.
        if resources >= 1 && dictionary {
            return true;
        }
    }
    false
}

/// Whether a message begins with fields up to this number, of bytes all.
fn only_messages(bytes: &[u8], highest: u64) -> bool {
    const ENOUGH: usize = 64;
    let mut reader = Reader::new(bytes);
    for seen in 0..ENOUGH {
        match reader.field() {
            Ok(None) => return seen > 0,
            Ok(Some((field, Value::Bytes(_)))) if field <= highest => {}
            _ => return false,
        }
    }
    true
}
