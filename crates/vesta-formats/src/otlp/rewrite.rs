//! Copying messages with another dictionary: every index into a table is renumbered, everything else stays as it is,
//! fields that are not known among it.

use super::OtlpError;
use super::contents::Dictionary;
use super::release::Release;
use super::schema::{NONE, Table};
use crate::budget::Budget;
use crate::wire::{Reader, Value, write_bytes, write_field, write_varint};

/// The messages that hold indices, or messages that do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Message {
    ResourceProfiles,
    Resource,
    ScopeProfiles,
    Scope,
    Profile,
    ValueType,
    Sample,
    Mapping,
    Location,
    Line,
    Function,
    Stack,
    Attribute,
    AttributeUnit,
    KeyValue,
    AnyValue,
    List,
    Map,
}

/// What a field holds.
enum Holds {
    /// One index, or several.
    Indices(Table),
    Message(Message),
    Other,
}

/// How deep messages are within each other; deeper ones are copied as they are. The values of attributes nest.
const DEEPEST: usize = 32;

/// Copies messages into a new dictionary, which has only what they refer to.
pub(super) struct Rewriter<'a, 'd> {
    dictionary: &'d Dictionary<'a>,
    release: Release,
    /// The new index of each entry plus 1, 0 until something refers to it.
    indices: [Vec<u32>; Table::COUNT],
    /// The old index of each new entry.
    order: [Vec<u32>; Table::COUNT],
}

impl<'a, 'd> Rewriter<'a, 'd> {
    pub(super) fn new(dictionary: &'d Dictionary<'a>, release: Release) -> Self {
        let mut rewriter = Rewriter {
            dictionary,
            release,
            indices: Table::ALL.map(|table| vec![0; dictionary.table(table).len()]),
            order: Default::default(),
        };
        rewriter.reset();
        rewriter
    }

    pub(super) fn release(&self) -> Release {
        self.release
    }

    /// Copies a message.
    pub(super) fn copy(&mut self, message: Message, bytes: &[u8], output: &mut Vec<u8>) {
        self.copy_nested(message, bytes, DEEPEST, output);
    }

    /// Copies one field of a message.
    pub(super) fn copy_field(
        &mut self,
        message: Message,
        field: u64,
        value: Value<'_>,
        output: &mut Vec<u8>,
    ) {
        self.field(message, field, value, DEEPEST, output);
    }

    /// Writes the new dictionary, and begins another one.
    pub(super) fn finish(&mut self, budget: &mut Budget) -> Result<Vec<u8>, OtlpError> {
        let mut tables: [Vec<u8>; Table::COUNT] = Default::default();
        let mut done = [0; Table::COUNT];
        let mut entry = Vec::new();
        loop {
            let mut idle = true;
            for table in Table::ALL {
                while let Some(&old) = self.order[table.position()].get(done[table.position()]) {
                    idle = false;
                    done[table.position()] += 1;
                    let bytes = self.dictionary.entry(table, u64::from(old)).unwrap_or_default();
                    entry.clear();
                    match self.message_of(table) {
                        Some(message) => self.copy(message, bytes, &mut entry),
                        None => entry.extend_from_slice(bytes),
                    }
                    budget.take(entry.len() + 8)?;
                    write_bytes(&mut tables[table.position()], table.field(), &entry);
                }
            }
            if idle {
                break;
            }
        }
        let mut output = tables.concat();
        for (field, value) in &self.dictionary.unknown {
            write_field(&mut output, *field, *value);
        }
        self.reset();
        Ok(output)
    }

    /// Forgets the new dictionary. The first entry of each table is in every one, since it means that there is none;
    /// so are units of attributes, which name attributes by key.
    fn reset(&mut self) {
        for table in Table::ALL {
            let position = table.position();
            for old in self.order[position].drain(..) {
                if let Some(slot) = self.indices[position].get_mut(old as usize) {
                    *slot = 0;
                }
            }
        }
        for table in Table::ALL {
            let all = self.dictionary.table(table).len() as u64;
            let kept = if table == Table::Stacks && self.release == Release::V1_7 { all } else { all.min(1) };
            for index in 0..kept {
                self.index(table, index);
            }
        }
    }

    /// The new index of an entry. One that is not there stays so, as no table grows.
    fn index(&mut self, table: Table, old: u64) -> u64 {
        let position = table.position();
        let (Ok(place), Ok(short)) = (usize::try_from(old), u32::try_from(old)) else { return old };
        let next = self.order[position].len();
        match self.indices[position].get_mut(place) {
            None => old,
            Some(slot @ 0) => {
                *slot = u32::try_from(next + 1).unwrap_or(u32::MAX);
                self.order[position].push(short);
                next as u64
            }
            Some(slot) => u64::from(*slot - 1),
        }
    }

    fn copy_nested(&mut self, message: Message, bytes: &[u8], depth: usize, output: &mut Vec<u8>) {
        let mut reader = Reader::new(bytes);
        loop {
            let rest = reader.left();
            match reader.field() {
                Ok(None) => return,
                Ok(Some((field, value))) => self.field(message, field, value, depth, output),
                Err(_) => {
                    // What is broken stays so, for the reader to find.
                    output.extend_from_slice(bytes.get(bytes.len() - rest..).unwrap_or_default());
                    return;
                }
            }
        }
    }

    fn field(&mut self, message: Message, field: u64, value: Value<'_>, depth: usize, output: &mut Vec<u8>) {
        match (holds(message, field, self.release), value) {
            (Holds::Indices(table), Value::Varint(index)) => {
                write_varint(output, field << 3);
                write_varint(output, self.index(table, index));
            }
            (Holds::Indices(table), Value::Bytes(packed)) => {
                let mut renumbered = Vec::with_capacity(packed.len());
                let mut reader = Reader::new(packed);
                while reader.left() > 0 {
                    let Ok(index) = reader.varint() else { break };
                    write_varint(&mut renumbered, self.index(table, index));
                }
                let rest = packed.get(packed.len() - reader.left()..);
                renumbered.extend_from_slice(rest.unwrap_or_default());
                write_bytes(output, field, &renumbered);
            }
            (Holds::Message(inner), Value::Bytes(bytes)) if depth > 0 => {
                let mut copy = Vec::with_capacity(bytes.len());
                self.copy_nested(inner, bytes, depth - 1, &mut copy);
                write_bytes(output, field, &copy);
            }
            (_, value) => write_field(output, field, value),
        }
    }

    fn message_of(&self, table: Table) -> Option<Message> {
        Some(match table {
            Table::Mappings => Message::Mapping,
            Table::Locations => Message::Location,
            Table::Functions => Message::Function,
            Table::Links | Table::Strings => return None,
            Table::Attributes if self.release == Release::V1_7 => Message::KeyValue,
            Table::Attributes => Message::Attribute,
            Table::Stacks if self.release == Release::V1_7 => Message::AttributeUnit,
            Table::Stacks => Message::Stack,
        })
    }
}

fn holds(message: Message, field: u64, release: Release) -> Holds {
    let strings = Holds::Indices(Table::Strings);
    match (message, field) {
        (Message::ResourceProfiles, 1) => Holds::Message(Message::Resource),
        (Message::ResourceProfiles, 2) => Holds::Message(Message::ScopeProfiles),
        (Message::Resource, 1) | (Message::Scope, 3) | (Message::Map, 1) => Holds::Message(Message::KeyValue),
        (Message::ScopeProfiles, 1) => Holds::Message(Message::Scope),
        (Message::ScopeProfiles, 2) => Holds::Message(Message::Profile),
        (Message::Profile, field) => in_profile(field, release),
        (Message::Sample, field) => in_sample(field, release),
        (Message::ValueType | Message::AttributeUnit, 1 | 2)
        | (Message::Mapping, 4)
        | (Message::Function, 1..=3)
        | (Message::Attribute, 1 | 3)
        | (Message::KeyValue, 3)
        | (Message::AnyValue, 8) => strings,
        (Message::Mapping, 5) => Holds::Indices(Table::Attributes),
        (Message::Location, field) if field == attributes_of_location(release) => {
            Holds::Indices(Table::Attributes)
        }
        (Message::Location, 1) => Holds::Indices(Table::Mappings),
        (Message::Location, 3) => Holds::Message(Message::Line),
        (Message::Line, 1) => Holds::Indices(Table::Functions),
        (Message::Stack, 1) => Holds::Indices(Table::Locations),
        (Message::Attribute | Message::KeyValue, 2) | (Message::List, 1) => Holds::Message(Message::AnyValue),
        (Message::AnyValue, 5) => Holds::Message(Message::List),
        (Message::AnyValue, 6) => Holds::Message(Message::Map),
        _ => Holds::Other,
    }
}

/// Release 1.7 has a flag before them.
fn attributes_of_location(release: Release) -> u64 {
    if release == Release::V1_7 { 5 } else { 4 }
}

fn in_profile(field: u64, release: Release) -> Holds {
    let fields = release.profile();
    match field {
        NONE => Holds::Other,
        1 => Holds::Message(Message::ValueType),
        2 => Holds::Message(Message::Sample),
        _ if field == fields.period_type => Holds::Message(Message::ValueType),
        _ if field == fields.comments => Holds::Indices(Table::Strings),
        _ if field == fields.attributes => Holds::Indices(Table::Attributes),
        _ if field == fields.locations => Holds::Indices(Table::Locations),
        _ => Holds::Other,
    }
}

fn in_sample(field: u64, release: Release) -> Holds {
    let fields = release.sample();
    match field {
        _ if field == fields.stack && release != Release::V1_7 => Holds::Indices(Table::Stacks),
        _ if field == fields.attributes => Holds::Indices(Table::Attributes),
        _ if field == fields.link => Holds::Indices(Table::Links),
        _ => Holds::Other,
    }
}
