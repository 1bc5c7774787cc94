//! Values of attributes.

use super::contents::Dictionary;
use crate::wire::{Reader, Value};
use std::borrow::Cow;
use std::fmt::Write;

/// The value of an attribute, with lists still in their wire format.
#[derive(Clone, Debug)]
pub(super) enum AnyValue<'a> {
    Empty,
    Text(Cow<'a, str>),
    Boolean(bool),
    Integer(i64),
    Double(f64),
    Bytes(&'a [u8]),
    List(&'a [u8]),
    Map(&'a [u8]),
}

/// The longest text of a list or of bytes: what is in it may be referred to many times.
const LONGEST: usize = 16 << 10;
/// How deep lists are read.
const DEEPEST: usize = 8;

impl<'a> AnyValue<'a> {
    pub(super) fn read(message: &'a [u8], dictionary: &Dictionary<'a>) -> AnyValue<'a> {
        let mut found = AnyValue::Empty;
        let mut reader = Reader::new(message);
        while let Ok(Some((field, value))) = reader.field() {
            found = match (field, value) {
                (1, Value::Bytes(text)) => AnyValue::Text(String::from_utf8_lossy(text)),
                (2, Value::Varint(number)) => AnyValue::Boolean(number != 0),
                (3, Value::Varint(number)) => AnyValue::Integer(number.cast_signed()),
                (4, Value::Fixed(bits)) => AnyValue::Double(f64::from_bits(bits)),
                (5, Value::Bytes(list)) => AnyValue::List(list),
                (6, Value::Bytes(map)) => AnyValue::Map(map),
                (7, Value::Bytes(bytes)) => AnyValue::Bytes(bytes),
                (8, Value::Varint(index)) => AnyValue::Text(dictionary.text(index)),
                _ => continue,
            };
        }
        found
    }

    /// The value as people read it: lists and maps as JSON, bytes in hexadecimal.
    pub(super) fn to_text(&self, dictionary: &Dictionary<'a>) -> Cow<'a, str> {
        match self {
            AnyValue::Text(text) => text.clone(),
            AnyValue::Empty => Cow::Borrowed(""),
            other => {
                let mut output = String::new();
                other.write(dictionary, DEEPEST, &mut output);
                Cow::Owned(output)
            }
        }
    }

    fn write(&self, dictionary: &Dictionary<'a>, depth: usize, output: &mut String) {
        if output.len() >= LONGEST || depth == 0 {
            output.push('…');
            return;
        }
        match self {
            AnyValue::Empty => output.push_str("null"),
            AnyValue::Text(text) => quote(text, output),
            AnyValue::Boolean(truth) => output.push_str(if *truth { "true" } else { "false" }),
            AnyValue::Integer(number) => write(output, number),
            AnyValue::Double(number) => write(output, number),
            AnyValue::Bytes(bytes) => {
                bytes.iter().take(LONGEST / 2).for_each(|byte| {
                    let _ = write!(output, "{byte:02x}");
                });
            }
            AnyValue::List(list) => {
                let items = messages(list).map(|item| (None, AnyValue::read(item, dictionary)));
                write_items(['[', ']'], items, dictionary, depth, output);
            }
            AnyValue::Map(map) => {
                let items = messages(map).map(|item| {
                    let (key, value) = key_value(item, dictionary);
                    (Some(key), value)
                });
                write_items(['{', '}'], items, dictionary, depth, output);
            }
        }
    }
}

/// Reads a `KeyValue`.
pub(super) fn key_value<'a>(message: &'a [u8], dictionary: &Dictionary<'a>) -> (Cow<'a, str>, AnyValue<'a>) {
    let (mut key, mut found) = (Cow::Borrowed(""), AnyValue::Empty);
    let mut reader = Reader::new(message);
    while let Ok(Some((field, value))) = reader.field() {
        match (field, value) {
            (1, Value::Bytes(text)) => key = String::from_utf8_lossy(text),
            (2, Value::Bytes(value)) => found = AnyValue::read(value, dictionary),
            (3, Value::Varint(index)) => key = dictionary.text(index),
            _ => {}
        }
    }
    (key, found)
}

fn messages(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    super::release::messages(list, 1)
}

fn write_items<'a>(
    [open, close]: [char; 2],
    items: impl Iterator<Item = (Option<Cow<'a, str>>, AnyValue<'a>)>,
    dictionary: &Dictionary<'a>,
    depth: usize,
    output: &mut String,
) {
    output.push(open);
    for (index, (key, value)) in items.enumerate() {
        if index > 0 {
            output.push(',');
        }
        if output.len() >= LONGEST {
            output.push('…');
            break;
        }
        if let Some(key) = key {
            quote(&key, output);
            output.push(':');
        }
        value.write(dictionary, depth - 1, output);
    }
    output.push(close);
}

fn quote(text: &str, output: &mut String) {
    output.push('"');
    for character in text.chars().take(LONGEST) {
        match character {
            '"' | '\\' => output.extend(['\\', character]),
            '\n' => output.push_str("\\n"),
            control if control.is_control() => {
                let _ = write!(output, "\\u{:04x}", u32::from(control));
            }
            other => output.push(other),
        }
    }
    output.push('"');
}

fn write(output: &mut String, number: impl std::fmt::Display) {
    // Writing to a string does not fail.
    let _ = write!(output, "{number}");
}
