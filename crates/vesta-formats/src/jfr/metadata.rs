//! What a chunk says about the types in it.

use super::JfrError;
use super::cursor::Cursor;
use super::known::Known;
use super::program::Skips;
use super::text::TextForm;
use super::unit::Unit;
use crate::budget::Budget;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::cell::Cell;
use std::rc::Rc;

/// Number of a type in its chunk's metadata.
pub(super) type TypeIndex = u32;

/// The super type of events.
const EVENT: &str = "jdk.jfr.Event";

/// How deep elements of the metadata may nest; the JDK has four levels.
const MAX_DEPTH: usize = 16;

/// What a byte of the metadata takes at most, in elements, types, and what is kept per type.
const BYTES_PER_BYTE: usize = 96;

/// How many fields programs may go through per byte of metadata. A field takes seven bytes at least, and is gone through
/// some three times: to skip its type, to read it, and within other types.
const FIELDS_PER_BYTE: usize = 2;

/// All types of a chunk, and how values of them are skipped.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) types: Types,
    pub(super) skips: Skips,
    pub(super) known: Known,
}

/// All types of a chunk.
#[derive(Debug)]
pub(super) struct Types {
    list: Vec<Type>,
    by_id: HashMap<u64, TypeIndex, RandomState>,
    /// How many more fields programs may go through.
    fields_left: Cell<usize>,
    /// Whether the chunk's integers are compressed.
    pub(super) compressed: bool,
}

/// A type: of an event, of a constant or of a field.
#[derive(Debug)]
pub(super) struct Type {
    pub(super) id: u64,
    pub(super) name: Rc<str>,
    pub(super) label: Rc<str>,
    pub(super) shape: Shape,
    /// Whether it stands for its only field.
    pub(super) simple: bool,
    pub(super) fields: Vec<FieldSpec>,
}

/// How a value of a type is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Boolean,
    Byte,
    Short,
    Char,
    Int,
    Long,
    Float,
    Double,
    Text,
    /// Field by field.
    Fields,
}

/// A field as its type declares it.
#[derive(Debug)]
pub(super) struct FieldSpec {
    pub(super) name: Rc<str>,
    pub(super) label: Rc<str>,
    /// `None` if the metadata does not hold the type it names, so nothing from here on can be read.
    pub(super) type_index: Option<TypeIndex>,
    pub(super) array: bool,
    /// Whether a key into the pool of the type is written instead of a value.
    pub(super) pooled: bool,
    pub(super) unsigned: bool,
    pub(super) unit: Unit,
}

impl Metadata {
    /// Reads a metadata event, `cursor` being behind its type. `None` if it is broken.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        compressed: bool,
        budget: &mut Budget,
    ) -> Result<Option<Metadata>, JfrError> {
        // Times and the number of the metadata.
        if cursor.long().is_none() || cursor.long().is_none() || cursor.long().is_none() {
            return Ok(None);
        }
        let Some(strings) = strings(cursor, budget)? else { return Ok(None) };
        let size = cursor.remaining();
        budget.take(size.saturating_mul(BYTES_PER_BYTE))?;
        let mut elements = Elements { cursor, strings: &strings };
        let Some(root) = elements.element(0) else { return Ok(None) };
        let Some(metadata) = root.children.into_iter().find(|child| *child.name == *"metadata") else {
            return Ok(None);
        };
        let types = Types::of_elements(metadata.children, compressed, FIELDS_PER_BYTE.saturating_mul(size));
        let skips = Skips::new(&types);
        let known = Known::new(&types);
        Ok(Some(Metadata { types, skips, known }))
    }
}

impl Types {
    pub(super) fn get(&self, index: TypeIndex) -> Option<&Type> {
        self.list.get(usize::try_from(index).ok()?)
    }

    pub(super) fn index_of(&self, id: u64) -> Option<TypeIndex> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn index_of_name(&self, name: &str) -> Option<TypeIndex> {
        let at = self.list.iter().position(|declared| *declared.name == *name)?;
        TypeIndex::try_from(at).ok()
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether a program may go through one more field. Types can hold others twice, and those again: a few of them would
    /// have more fields than anybody can count. All programs of a chunk together take no longer than its metadata is.
    pub(super) fn take_field(&self) -> bool {
        let left = self.fields_left.get();
        self.fields_left.set(left.saturating_sub(1));
        left > 0
    }

    /// The only field of a type that stands for it.
    pub(super) fn simple_field(&self, index: TypeIndex) -> Option<&FieldSpec> {
        let declared = self.get(index)?;
        match &*declared.fields {
            [field] if declared.simple => Some(field),
            _ => None,
        }
    }

    fn of_elements(elements: Vec<Element>, compressed: bool, fields: usize) -> Self {
        let fields_left = Cell::new(fields);
        let mut types = Types { list: Vec::new(), by_id: HashMap::default(), fields_left, compressed };
        let classes: Vec<(u64, Element)> = elements
            .into_iter()
            .filter(|element| *element.name == *"class")
            .filter_map(|element| Some((element.number("id")?, element)))
            .collect();
        let mut names = HashMap::<u64, Rc<str>, RandomState>::default();
        for (id, element) in &classes {
            let Ok(index) = TypeIndex::try_from(names.len()) else { break };
            if let hashbrown::hash_map::Entry::Vacant(entry) = names.entry(*id) {
                entry.insert(element.text("name").unwrap_or_else(|| Rc::from("")));
                types.by_id.insert(*id, index);
            }
        }
        for (id, element) in classes {
            // The first of an id counts.
            if types.by_id.get(&id).and_then(|&index| usize::try_from(index).ok()) == Some(types.list.len()) {
                let read = types.read_type(id, &element, &names);
                types.list.push(read);
            }
        }
        types
    }

    fn read_type(&self, id: u64, element: &Element, names: &Names) -> Type {
        let name = element.text("name").unwrap_or_else(|| Rc::from(""));
        let is_event = element.text("superType").is_some_and(|parent| *parent == *EVENT);
        let simple = element.text("simpleType").is_some_and(|simple| *simple == *"true");
        let label = Annotations::of(element, names).label;
        let fields: Vec<FieldSpec> = element
            .children
            .iter()
            .filter(|child| *child.name == *"field")
            .map(|field| self.read_field(field, names, is_event))
            .collect();
        let shape = if fields.is_empty() { Shape::of_name(&name) } else { Shape::Fields };
        Type { id, name, label, shape, simple, fields }
    }

    fn read_field(&self, element: &Element, names: &Names, of_event: bool) -> FieldSpec {
        let name = element.text("name").unwrap_or_else(|| Rc::from(""));
        let annotations = Annotations::of(element, names);
        let unit = annotations.unit.unwrap_or(match &*name {
            "startTime" if of_event => Unit::TimestampTicks,
            "duration" if of_event => Unit::TimespanTicks,
            _ => Unit::None,
        });
        FieldSpec {
            type_index: element.number("class").and_then(|id| self.index_of(id)),
            array: element.number("dimension").is_some_and(|dimension| dimension > 0),
            pooled: element.text("constantPool").is_some(),
            unsigned: annotations.unsigned,
            label: annotations.label,
            unit,
            name,
        }
    }
}

impl Shape {
    fn of_name(name: &str) -> Shape {
        match name {
            "boolean" => Shape::Boolean,
            "byte" => Shape::Byte,
            "short" => Shape::Short,
            "char" => Shape::Char,
            "int" => Shape::Int,
            "long" => Shape::Long,
            "float" => Shape::Float,
            "double" => Shape::Double,
            "java.lang.String" => Shape::Text,
            _ => Shape::Fields,
        }
    }
}

/// What an allocator takes for a few bytes.
const SMALLEST_ALLOCATION: usize = 32;

type Names = HashMap<u64, Rc<str>, RandomState>;

/// What the annotations of a type or field say, as far as a reader needs it.
struct Annotations {
    label: Rc<str>,
    unit: Option<Unit>,
    unsigned: bool,
}

impl Annotations {
    fn of(element: &Element, names: &Names) -> Self {
        let mut annotations = Annotations { label: Rc::from(""), unit: None, unsigned: false };
        for annotation in element.children.iter().filter(|child| *child.name == *"annotation") {
            let Some(name) = annotation.number("class").and_then(|id| names.get(&id)) else { continue };
            let value = annotation.text("value");
            match &**name {
                "jdk.jfr.Label" => annotations.label = value.unwrap_or_else(|| Rc::from("")),
                "jdk.jfr.Unsigned" => annotations.unsigned = true,
                name => annotations.unit = Unit::of_annotation(name, value.as_deref()).or(annotations.unit),
            }
        }
        annotations
    }
}

/// The metadata's own table of strings.
fn strings(cursor: &mut Cursor<'_>, budget: &mut Budget) -> Result<Option<Vec<Rc<str>>>, JfrError> {
    let Some(count) = cursor.count() else { return Ok(None) };
    budget.take(count.saturating_mul(size_of::<Rc<str>>() + SMALLEST_ALLOCATION))?;
    let mut strings = Vec::with_capacity(count);
    for _ in 0..count {
        let text: Rc<str> = match cursor.text() {
            Some(TextForm::Here(text)) => Rc::from(text.to_str()),
            Some(TextForm::Null | TextForm::Pooled(_)) => Rc::from(""),
            None => return Ok(None),
        };
        budget.take(text.len())?;
        strings.push(text);
    }
    Ok(Some(strings))
}

/// A node of the metadata: a name, attributes and children.
struct Element {
    name: Rc<str>,
    attributes: Vec<(Rc<str>, Rc<str>)>,
    children: Vec<Element>,
}

impl Element {
    fn text(&self, key: &str) -> Option<Rc<str>> {
        self.attributes.iter().find(|(name, _)| **name == *key).map(|(_, value)| value.clone())
    }

    fn number(&self, key: &str) -> Option<u64> {
        self.attributes.iter().find(|(name, _)| **name == *key).and_then(|(_, value)| value.parse().ok())
    }
}

struct Elements<'r, 'a> {
    cursor: &'r mut Cursor<'a>,
    strings: &'r [Rc<str>],
}

impl Elements<'_, '_> {
    fn element(&mut self, depth: usize) -> Option<Element> {
        if depth > MAX_DEPTH {
            return None;
        }
        let name = self.string()?;
        let attributes = self.cursor.count()?;
        let attributes =
            (0..attributes).map(|_| Some((self.string()?, self.string()?))).collect::<Option<_>>()?;
        let children = self.cursor.count()?;
        let children = (0..children).map(|_| self.element(depth + 1)).collect::<Option<_>>()?;
        Some(Element { name, attributes, children })
    }

    fn string(&mut self) -> Option<Rc<str>> {
        let index = usize::try_from(self.cursor.int()?).ok()?;
        self.strings.get(index).cloned()
    }
}
