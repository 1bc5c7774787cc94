//! Values of fields, and those that consist of others.

use super::chunk::Chunk;
use super::cursor::Cursor;
use super::metadata::{FieldSpec, Metadata, Shape, Type, TypeIndex};
use super::program::read_scalar;
use super::text::Text;
use super::unit::Unit;

/// The value of a field.
#[derive(Clone, Copy, Debug, Default)]
pub enum Value<'a> {
    /// There is no such field, or it is null.
    #[default]
    Absent,
    /// Yes or no.
    Boolean(bool),
    /// An integer of any width; times are nanoseconds (timestamps since 1970). The lowest and the highest value of 64
    /// bits, which writers use for "none" and "forever", stay what they are.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// A string.
    Text(Text<'a>),
    /// A constant of the chunk.
    Reference(Reference),
    /// A structure.
    Record(Record<'a>),
    /// An array.
    Array(Array<'a>),
}

/// The name of a constant: of a thread, a stack, a class. Holds within its chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    pool: TypeIndex,
    key: u64,
}

/// A structure: an event, a constant or a part of one.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    chunk: &'a Chunk<'a>,
    type_index: TypeIndex,
    at: usize,
}

/// An array.
#[derive(Clone, Copy, Debug)]
pub struct Array<'a> {
    chunk: &'a Chunk<'a>,
    owner: TypeIndex,
    field: u32,
    at: usize,
}

/// A field of a type.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    metadata: &'a Metadata,
    spec: &'a FieldSpec,
}

impl Reference {
    pub(super) fn new(pool: TypeIndex, key: u64) -> Self {
        Reference { pool, key }
    }

    pub(super) fn pool(self) -> TypeIndex {
        self.pool
    }

    /// The number of the constant among those of its type.
    pub fn key(self) -> i64 {
        self.key.cast_signed()
    }
}

impl<'a> Record<'a> {
    pub(super) fn new(chunk: &'a Chunk<'a>, type_index: TypeIndex, at: usize) -> Self {
        Record { chunk, type_index, at }
    }

    /// The name of its type.
    pub fn type_name(&self) -> &'a str {
        self.chunk.metadata().types.get(self.type_index).map_or("", |declared| &declared.name)
    }

    /// Whether its type is said to stand for its only field, as a symbol does for its characters.
    pub fn is_simple(&self) -> bool {
        self.chunk.metadata().types.simple_field(self.type_index).is_some()
    }

    /// Its fields with their values, as far as they can be read.
    pub fn fields(&self) -> impl Iterator<Item = (Field<'a>, Value<'a>)> + use<'a> {
        let (chunk, type_index) = (self.chunk, self.type_index);
        let mut cursor = chunk.cursor(self.at);
        let fields: &'a [FieldSpec] =
            chunk.metadata().types.get(type_index).map_or(&[], |declared| &declared.fields);
        let mut fields = fields.iter().zip(0..);
        std::iter::from_fn(move || {
            let (spec, at) = fields.next()?;
            let value = read_field(chunk, &mut cursor, type_index, at, spec)?;
            Some((Field { metadata: chunk.metadata(), spec }, value))
        })
        .fuse()
    }

    /// The value at a dotted path, which may go through constants. Reads field by field: for many records of a type,
    /// an [`Interest`](super::Interest) is faster.
    pub fn get(&self, path: &str) -> Value<'a> {
        let mut value = Value::Record(*self);
        for name in path.split('.') {
            let record = match value {
                Value::Record(record) => Some(record),
                Value::Reference(reference) => self.chunk.record(reference),
                _ => None,
            };
            let field = record.and_then(|record| record.fields().find(|(field, _)| field.name() == name));
            let Some((_, found)) = field else { return Value::Absent };
            value = found;
        }
        value
    }

    /// Its one text: see [`Chunk::text`]. `fuel` is how many values may be looked at, since constants may name one
    /// another in circles.
    pub(super) fn text(&self, fuel: &mut u32) -> Option<Text<'a>> {
        /// Of several strings, the one to show.
        const PREFERRED: [&str; 3] = ["javaName", "name", "string"];
        let mut named = [None; PREFERRED.len()];
        for (field, value) in self.fields() {
            *fuel = fuel.checked_sub(1)?;
            let rank = PREFERRED.iter().position(|name| *name == field.name());
            if let Some(first) = rank.and_then(|rank| named.get_mut(rank)) {
                first.get_or_insert(value);
            }
        }
        for value in named.into_iter().flatten().chain(self.fields().map(|(_, value)| value)) {
            *fuel = fuel.checked_sub(1)?;
            let text = match value {
                Value::Text(text) => Some(text),
                Value::Reference(reference) => self.chunk.text_of(reference, fuel),
                Value::Record(record) => record.text(fuel),
                _ => None,
            };
            if text.is_some() {
                return text;
            }
        }
        None
    }
}

impl<'a> Array<'a> {
    pub(super) fn new(chunk: &'a Chunk<'a>, owner: TypeIndex, field: u32, at: usize) -> Self {
        Array { chunk, owner, field, at }
    }

    /// How many elements it has.
    pub fn len(&self) -> usize {
        self.chunk.cursor(self.at).int().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its elements, as far as they can be read.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let chunk = self.chunk;
        let mut cursor = chunk.cursor(self.at);
        let count = cursor.int().unwrap_or(0);
        let spec = self.spec();
        (0..count).map_while(move |_| {
            let before = cursor.at();
            let value = read_element(chunk, &mut cursor, spec?)?;
            // An element of no bytes could come four thousand million times.
            (cursor.at() > before).then_some(value)
        })
    }

    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// The type of the elements, if they stand in the array itself.
    pub(super) fn element_type(&self) -> Option<TypeIndex> {
        self.spec().filter(|spec| !spec.pooled)?.type_index
    }

    fn spec(&self) -> Option<&'a FieldSpec> {
        let declared = self.chunk.metadata().types.get(self.owner)?;
        declared.fields.get(usize::try_from(self.field).ok()?)
    }
}

impl<'a> Field<'a> {
    pub(super) fn all_of(
        metadata: &'a Metadata,
        declared: &'a Type,
    ) -> impl Iterator<Item = Field<'a>> + use<'a> {
        declared.fields.iter().map(move |spec| Field { metadata, spec })
    }

    /// Its name.
    pub fn name(&self) -> &'a str {
        &self.spec.name
    }

    /// Its name for people; empty if it has none.
    pub fn label(&self) -> &'a str {
        &self.spec.label
    }

    /// The name of the type of its values: `long`, `java.lang.Thread`.
    pub fn type_name(&self) -> &'a str {
        let declared = self.spec.type_index.and_then(|index| self.metadata.types.get(index));
        declared.map_or("", |declared| &declared.name)
    }

    /// What its number counts.
    pub fn unit(&self) -> Unit {
        self.spec.unit
    }

    /// Whether it holds several values.
    pub fn is_array(&self) -> bool {
        self.spec.array
    }

    /// Whether it names a constant of the chunk.
    pub fn is_reference(&self) -> bool {
        self.spec.pooled
    }

    /// Whether its number has no sign. One of 64 bits is given as if it had.
    pub fn is_unsigned(&self) -> bool {
        self.spec.unsigned
    }
}

/// Reads a field of a record and goes past it.
fn read_field<'a>(
    chunk: &'a Chunk<'a>,
    cursor: &mut Cursor<'a>,
    owner: TypeIndex,
    at: u32,
    spec: &FieldSpec,
) -> Option<Value<'a>> {
    if !spec.array {
        return read_element(chunk, cursor, spec);
    }
    let array = Array::new(chunk, owner, at, cursor.at());
    let Metadata { types, skips, .. } = chunk.metadata();
    skips.skip_field(types, cursor, spec)?;
    Some(Value::Array(array))
}

/// Reads a value that is no array, or an element of one, and goes past it.
fn read_element<'a>(chunk: &'a Chunk<'a>, cursor: &mut Cursor<'a>, spec: &FieldSpec) -> Option<Value<'a>> {
    let type_index = spec.type_index?;
    let Metadata { types, skips, .. } = chunk.metadata();
    let shape = types.get(type_index)?.shape;
    if spec.pooled {
        let key = cursor.long()?;
        return Some(match shape {
            Shape::Text => chunk.pooled_text(key),
            _ => Value::Reference(Reference::new(type_index, key)),
        });
    }
    if shape != Shape::Fields {
        return read_scalar(chunk, cursor, shape, spec.unsigned, spec.unit);
    }
    let record = Record::new(chunk, type_index, cursor.at());
    skips.skip(cursor, type_index)?;
    match types.simple_field(type_index) {
        Some(_) => record.fields().next().map(|(_, value)| value),
        None => Some(Value::Record(record)),
    }
}
