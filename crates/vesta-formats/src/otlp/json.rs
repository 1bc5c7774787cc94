//! From the JSON form of a message to its binary form.
//!
//! Names of fields did not change their meaning between releases as their numbers did, so the JSON of all releases since
//! 1.8 becomes a message of the latest one. Fields that are not known are left out, as the mapping demands.

use super::OtlpError;
use crate::Limits;
use crate::wire::{write_bytes, write_fixed64, write_varint};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Why the JSON form could not be read.
#[derive(Debug, thiserror::Error)]
#[error("not the JSON form of OpenTelemetry profiles: {0}")]
pub struct JsonError(#[from] serde_json::Error);

/// Turns the JSON form into the binary one.
pub fn from_json(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, OtlpError> {
    if bytes.len() > limits.max_bytes {
        return Err(OtlpError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let message = Message::Request.deserialize(&mut deserializer).map_err(JsonError)?;
    deserializer.end().map_err(JsonError)?;
    Ok(message)
}

/// Whether bytes are JSON with the fields of a message in front.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 4_096;
    let head = bytes.get(..ENOUGH).unwrap_or(bytes);
    let has = |key: &[u8]| memchr::memmem::find(head, key).is_some();
    let is_profiles = || has(b"\"scopeProfiles\"") || has(b"\"scope_profiles\"") || has(b"\"dictionary\"");
    has(b"\"resourceProfiles\"") || has(b"\"resource_profiles\"") || (has(b"Table\"") && is_profiles())
}

/// The messages, by their fields.
#[derive(Clone, Copy)]
enum Message {
    Request,
    ResourceProfiles,
    Resource,
    EntityRef,
    KeyValue,
    AnyValue,
    List,
    Map,
    ScopeProfiles,
    Scope,
    Profile,
    ValueType,
    Sample,
    Dictionary,
    Mapping,
    Location,
    Line,
    Function,
    Link,
    Attribute,
    Stack,
}

/// What a field holds.
#[derive(Clone, Copy)]
enum Holds {
    Number,
    Fixed,
    Double,
    Boolean,
    Text,
    /// In base 64.
    Bytes,
    /// In hexadecimal.
    Id,
    Message(Message),
    /// Many of them.
    Numbers,
    FixedNumbers,
    Texts,
    Messages(Message),
}

use Holds::{
    Boolean, Bytes, Double, Fixed, FixedNumbers, Id, Message as One, Messages as Many, Number, Numbers, Text,
    Texts,
};

impl Message {
    /// The fields, by their name in JSON. Names of earlier releases come after those of the latest.
    fn fields(self) -> &'static [(&'static str, u64, Holds)] {
        match self {
            Message::Request => &[
                ("resourceProfiles", 1, Many(Message::ResourceProfiles)),
                ("dictionary", 2, One(Message::Dictionary)),
            ],
            Message::ResourceProfiles => &[
                ("resource", 1, One(Message::Resource)),
                ("scopeProfiles", 2, Many(Message::ScopeProfiles)),
                ("schemaUrl", 3, Text),
            ],
            Message::Resource => &[
                ("attributes", 1, Many(Message::KeyValue)),
                ("droppedAttributesCount", 2, Number),
                ("entityRefs", 3, Many(Message::EntityRef)),
            ],
            Message::EntityRef => &[
                ("schemaUrl", 1, Text),
                ("type", 2, Text),
                ("idKeys", 3, Texts),
                ("descriptionKeys", 4, Texts),
            ],
            Message::KeyValue => {
                &[("key", 1, Text), ("value", 2, One(Message::AnyValue)), ("keyStrindex", 3, Number)]
            }
            Message::AnyValue => &[
                ("stringValue", 1, Text),
                ("boolValue", 2, Boolean),
                ("intValue", 3, Number),
                ("doubleValue", 4, Double),
                ("arrayValue", 5, One(Message::List)),
                ("kvlistValue", 6, One(Message::Map)),
                ("bytesValue", 7, Bytes),
                ("stringValueStrindex", 8, Number),
            ],
            Message::List => &[("values", 1, Many(Message::AnyValue))],
            Message::Map => &[("values", 1, Many(Message::KeyValue))],
            Message::ScopeProfiles => &[
                ("scope", 1, One(Message::Scope)),
                ("profiles", 2, Many(Message::Profile)),
                ("schemaUrl", 3, Text),
            ],
            Message::Scope => &[
                ("name", 1, Text),
                ("version", 2, Text),
                ("attributes", 3, Many(Message::KeyValue)),
                ("droppedAttributesCount", 4, Number),
            ],
            Message::Profile => &[
                ("sampleType", 1, One(Message::ValueType)),
                ("samples", 2, Many(Message::Sample)),
                ("timeUnixNano", 3, Fixed),
                ("durationNano", 4, Number),
                ("periodType", 5, One(Message::ValueType)),
                ("period", 6, Number),
                ("profileId", 7, Id),
                ("droppedAttributesCount", 8, Number),
                ("originalPayloadFormat", 9, Text),
                ("originalPayload", 10, Bytes),
                ("attributeIndices", 11, Numbers),
                ("sample", 2, Many(Message::Sample)),
            ],
            Message::ValueType => &[("typeStrindex", 1, Number), ("unitStrindex", 2, Number)],
            Message::Sample => &[
                ("stackIndex", 1, Number),
                ("attributeIndices", 2, Numbers),
                ("linkIndex", 3, Number),
                ("values", 4, Numbers),
                ("timestampsUnixNano", 5, FixedNumbers),
            ],
            Message::Dictionary => &[
                ("mappingTable", 1, Many(Message::Mapping)),
                ("locationTable", 2, Many(Message::Location)),
                ("functionTable", 3, Many(Message::Function)),
                ("linkTable", 4, Many(Message::Link)),
                ("stringTable", 5, Texts),
                ("attributeTable", 6, Many(Message::Attribute)),
                ("stackTable", 7, Many(Message::Stack)),
            ],
            Message::Mapping => &[
                ("memoryStart", 1, Number),
                ("memoryLimit", 2, Number),
                ("fileOffset", 3, Number),
                ("filenameStrindex", 4, Number),
                ("attributeIndices", 5, Numbers),
            ],
            Message::Location => &[
                ("mappingIndex", 1, Number),
                ("address", 2, Number),
                ("lines", 3, Many(Message::Line)),
                ("attributeIndices", 4, Numbers),
                ("line", 3, Many(Message::Line)),
            ],
            Message::Line => &[("functionIndex", 1, Number), ("line", 2, Number), ("column", 3, Number)],
            Message::Function => &[
                ("nameStrindex", 1, Number),
                ("systemNameStrindex", 2, Number),
                ("filenameStrindex", 3, Number),
                ("startLine", 4, Number),
            ],
            Message::Link => &[("traceId", 1, Id), ("spanId", 2, Id)],
            Message::Attribute => &[
                ("keyStrindex", 1, Number),
                ("value", 2, One(Message::AnyValue)),
                ("unitStrindex", 3, Number),
            ],
            Message::Stack => &[("locationIndices", 1, Numbers)],
        }
    }

    fn field(self, name: &str) -> Option<(u64, Holds)> {
        let found = self.fields().iter().find(|(known, ..)| same_name(known, name))?;
        Some((found.1, found.2))
    }
}

/// Whether a name is that of a field: `stackIndex`, or as in the definition, `stack_index`.
fn same_name(camel: &str, name: &str) -> bool {
    if camel == name {
        return true;
    }
    let mut rest = name.bytes();
    let spelled_alike = camel.bytes().all(|byte| {
        if byte.is_ascii_uppercase() {
            rest.next() == Some(b'_') && rest.next() == Some(byte.to_ascii_lowercase())
        } else {
            rest.next() == Some(byte)
        }
    });
    spelled_alike && rest.next().is_none()
}

impl<'de> DeserializeSeed<'de> for Message {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Message {
    type Value = Vec<u8>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_unit<E>(self) -> Result<Vec<u8>, E> {
        Ok(Vec::new())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<u8>, A::Error> {
        let mut output = Vec::new();
        while let Some(name) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match self.field(&name) {
                Some((field, holds)) => {
                    map.next_value_seed(Field { field, holds, output: &mut output })?;
                }
                None if matches!(name.as_ref(), "locationsStartIndex" | "locations_start_index") => {
                    return Err(A::Error::custom("release 1.7 is read in its binary form only"));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(output)
    }
}

/// Writes one field.
struct Field<'o> {
    field: u64,
    holds: Holds,
    output: &'o mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Field { field, holds, output } = self;
        match holds {
            One(message) => write_bytes(output, field, &message.deserialize(deserializer)?),
            Many(_) | Numbers | FixedNumbers | Texts => {
                return deserializer.deserialize_any(List { field, holds, output });
            }
            single => {
                let Some(scalar) = deserializer.deserialize_any(Scalar(single))? else { return Ok(()) };
                scalar.write(field, output);
            }
        }
        Ok(())
    }
}

/// Writes a field of many.
struct List<'o> {
    field: u64,
    holds: Holds,
    output: &'o mut Vec<u8>,
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        let mut packed = Vec::new();
        let element = match self.holds {
            Many(message) => {
                while let Some(bytes) = sequence.next_element_seed(message)? {
                    write_bytes(self.output, self.field, &bytes);
                }
                return Ok(());
            }
            FixedNumbers => Fixed,
            Texts => Text,
            _ => Number,
        };
        while let Some(scalar) = sequence.next_element_seed(Scalar(element))? {
            match scalar {
                Some(Value::Number(number)) => write_varint(&mut packed, number),
                Some(Value::Fixed(number)) => packed.extend_from_slice(&number.to_le_bytes()),
                // An empty text is an entry of the table like others.
                Some(other) => other.write(self.field, self.output),
                None => {}
            }
        }
        if !packed.is_empty() {
            write_bytes(self.output, self.field, &packed);
        }
        Ok(())
    }
}

/// A value as it is written.
enum Value {
    Number(u64),
    Fixed(u64),
    Bytes(Vec<u8>),
}

impl Value {
    fn write(self, field: u64, output: &mut Vec<u8>) {
        match self {
            Value::Number(number) => {
                write_varint(output, field << 3);
                write_varint(output, number);
            }
            Value::Fixed(number) => write_fixed64(output, field, number),
            Value::Bytes(bytes) => write_bytes(output, field, &bytes),
        }
    }
}

/// Reads a value that is neither a message nor many; none if it is null.
struct Scalar(Holds);

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self.0 {
            Text => "text",
            Bytes => "text in base 64",
            Id => "an id in hexadecimal",
            Boolean => "true or false",
            _ => "a number",
        })
    }

    fn visit_unit<E>(self) -> Result<Option<Value>, E> {
        Ok(None)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Option<Value>, E> {
        match self.0 {
            Boolean => Ok(Some(Value::Number(u64::from(truth)))),
            _ => Err(E::invalid_type(serde::de::Unexpected::Bool(truth), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Option<Value>, E> {
        match self.0 {
            Number => Ok(Some(Value::Number(number))),
            Fixed => Ok(Some(Value::Fixed(number))),
            #[expect(clippy::cast_precision_loss, reason = "JSON has no other numbers")]
            Double => Ok(Some(Value::Fixed((number as f64).to_bits()))),
            _ => Err(E::invalid_type(serde::de::Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Option<Value>, E> {
        match self.0 {
            Number => Ok(Some(Value::Number(number.cast_unsigned()))),
            #[expect(clippy::cast_precision_loss, reason = "JSON has no other numbers")]
            Double => Ok(Some(Value::Fixed((number as f64).to_bits()))),
            _ => Err(E::invalid_type(serde::de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Option<Value>, E> {
        match self.0 {
            Double => Ok(Some(Value::Fixed(number.to_bits()))),
            // 1e3 is a whole number as well.
            #[expect(clippy::cast_possible_truncation, reason = "checked to be whole and in range")]
            Number if number.fract() == 0.0 && number.abs() < 9.0e15 => {
                Ok(Some(Value::Number((number as i64).cast_unsigned())))
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked likewise")]
            Fixed if number.fract() == 0.0 && (0.0..1.8e19).contains(&number) => {
                Ok(Some(Value::Fixed(number as u64)))
            }
            _ => Err(E::invalid_type(serde::de::Unexpected::Float(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Option<Value>, E> {
        let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        let signed = || text.parse::<i64>().map(i64::cast_unsigned);
        let value = match self.0 {
            Text => Value::Bytes(text.as_bytes().to_vec()),
            Bytes => Value::Bytes(base64(text).ok_or_else(wrong)?),
            Id => Value::Bytes(hexadecimal(text).ok_or_else(wrong)?),
            Number => Value::Number(text.parse::<u64>().or_else(|_| signed()).map_err(|_| wrong())?),
            Fixed => Value::Fixed(text.parse::<u64>().map_err(|_| wrong())?),
            Double => Value::Fixed(text.parse::<f64>().map_err(|_| wrong())?.to_bits()),
            _ => return Err(wrong()),
        };
        Ok(Some(value))
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    if rest.is_empty() { bytes } else { None }
}

/// Both alphabets, with and without padding: the mapping demands that all are read.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').as_bytes();
    let mut output = Vec::with_capacity(text.len() / 4 * 3 + 3);
    for group in text.chunks(4) {
        let mut bits = 0_u32;
        for byte in group {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                _ => return None,
            };
            bits = bits << 6 | u32::from(digit);
        }
        let missing = 4 - group.len();
        let bytes = (bits << (6 * missing)).to_be_bytes();
        match missing {
            0 => output.extend_from_slice(&bytes[1..]),
            1 => output.extend_from_slice(&bytes[1..3]),
            2 => output.push(bytes[1]),
            _ => return None,
        }
    }
    Some(output)
}
