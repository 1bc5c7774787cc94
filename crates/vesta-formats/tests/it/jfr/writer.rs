//! Writes chunks, in any form the format allows.
#![allow(clippy::cast_possible_wrap, reason = "sizes of what a test writes")]

/// The types that every written chunk has, with their ids.
pub(crate) const PRIMITIVES: [(&str, u64); 9] = [
    ("boolean", 4),
    ("char", 5),
    ("float", 6),
    ("double", 7),
    ("byte", 8),
    ("short", 9),
    ("int", 10),
    ("long", 11),
    ("java.lang.String", 20),
];

/// Annotations by id: name.
const ANNOTATIONS: [(&str, u64); 6] = [
    ("jdk.jfr.Timestamp", 40),
    ("jdk.jfr.Timespan", 41),
    ("jdk.jfr.Unsigned", 42),
    ("jdk.jfr.Label", 43),
    ("jdk.jfr.DataAmount", 44),
    ("made.up.Annotation", 45),
];

/// A type to be declared.
#[derive(Clone)]
pub(crate) struct Type {
    id: u64,
    name: String,
    attributes: Vec<(&'static str, String)>,
    fields: Vec<Element>,
}

impl Type {
    pub(crate) fn event(id: u64, name: &str) -> Type {
        let mut event = Type::of(id, name);
        event.attributes.push(("superType", "jdk.jfr.Event".to_owned()));
        event
    }

    pub(crate) fn of(id: u64, name: &str) -> Type {
        Type { id, name: name.to_owned(), attributes: Vec::new(), fields: Vec::new() }
    }

    pub(crate) fn with_id(self, id: u64) -> Type {
        Type { id, ..self }
    }

    pub(crate) fn simple(mut self) -> Type {
        self.attributes.push(("simpleType", "true".to_owned()));
        self
    }

    /// A field that holds a value of the type with this id.
    pub(crate) fn field(mut self, name: &str, class: u64) -> Type {
        let attributes = vec![("name".to_owned(), name.to_owned()), ("class".to_owned(), class.to_string())];
        self.fields.push(Element { name: "field".to_owned(), attributes, children: Vec::new() });
        self
    }

    pub(crate) fn primitive(self, name: &str, class: &str) -> Type {
        let (_, id) = PRIMITIVES.iter().find(|(primitive, _)| *primitive == class).unwrap();
        self.field(name, *id)
    }

    /// The last field holds a key.
    pub(crate) fn pooled(self) -> Type {
        self.attribute("constantPool", "true")
    }

    /// The last field holds several values.
    pub(crate) fn array(self) -> Type {
        self.attribute("dimension", "1")
    }

    /// The last field has this annotation.
    pub(crate) fn annotated(mut self, annotation: &str, value: Option<&str>) -> Type {
        let (_, id) = ANNOTATIONS.iter().find(|(name, _)| *name == annotation).unwrap();
        let mut attributes = vec![("class".to_owned(), id.to_string())];
        attributes.extend(value.map(|value| ("value".to_owned(), value.to_owned())));
        let element = Element { name: "annotation".to_owned(), attributes, children: Vec::new() };
        self.fields.last_mut().unwrap().children.push(element);
        self
    }

    fn attribute(mut self, key: &str, value: &str) -> Type {
        self.fields.last_mut().unwrap().attributes.push((key.to_owned(), value.to_owned()));
        self
    }
}

#[derive(Clone)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    children: Vec<Element>,
}

/// Values, as a chunk writes them.
#[derive(Clone)]
pub(crate) struct Values {
    pub(crate) bytes: Vec<u8>,
    compressed: bool,
}

impl Values {
    pub(crate) fn new(compressed: bool) -> Values {
        Values { bytes: Vec::new(), compressed }
    }

    pub(crate) fn byte(mut self, value: u8) -> Self {
        self.bytes.push(value);
        self
    }

    pub(crate) fn short(self, value: u16) -> Self {
        self.integer(u64::from(value), 2)
    }

    pub(crate) fn int(self, value: u32) -> Self {
        self.integer(u64::from(value), 4)
    }

    pub(crate) fn long(self, value: u64) -> Self {
        self.integer(value, 8)
    }

    pub(crate) fn float(mut self, value: f32) -> Self {
        self.bytes.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn double(mut self, value: f64) -> Self {
        self.bytes.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn null(self) -> Self {
        self.byte(0)
    }

    pub(crate) fn empty(self) -> Self {
        self.byte(1)
    }

    pub(crate) fn pooled_text(self, key: u64) -> Self {
        self.byte(2).long(key)
    }

    pub(crate) fn utf8(self, text: &str) -> Self {
        self.byte(3).int(text.len() as u32).raw(text.as_bytes())
    }

    pub(crate) fn chars(self, text: &str) -> Self {
        let units: Vec<u16> = text.encode_utf16().collect();
        let start = self.byte(4).int(units.len() as u32);
        units.into_iter().fold(start, Values::short)
    }

    pub(crate) fn latin1(self, text: &[u8]) -> Self {
        self.byte(5).int(text.len() as u32).raw(text)
    }

    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend(bytes);
        self
    }

    fn integer(mut self, value: u64, width: usize) -> Self {
        if !self.compressed {
            self.bytes.extend(&value.to_be_bytes()[8 - width..]);
            return self;
        }
        let mut rest = value;
        for _ in 0..8 {
            if rest < 0x80 {
                break;
            }
            self.bytes.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
        self
    }
}

/// A chunk in the making.
#[derive(Clone)]
pub(crate) struct Chunk {
    compressed: bool,
    bytes: Vec<u8>,
    checkpoint_at: usize,
    metadata_at: usize,
    pub(crate) start_ns: i64,
    pub(crate) start_ticks: i64,
    pub(crate) ticks_per_second: i64,
}

/// Length of the header.
pub(crate) const HEADER: usize = 68;

impl Chunk {
    pub(crate) fn new(compressed: bool) -> Chunk {
        Chunk {
            compressed,
            bytes: vec![0; HEADER],
            checkpoint_at: 0,
            metadata_at: 0,
            start_ns: 1_700_000_000_000_000_000,
            start_ticks: 1000,
            ticks_per_second: 1_000_000_000,
        }
    }

    pub(crate) fn values(&self) -> Values {
        Values::new(self.compressed)
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// An event with these fields.
    pub(crate) fn event(&mut self, type_id: u64, fields: Values) {
        let body = self.values().long(type_id).raw(&fields.bytes);
        if self.compressed {
            // Four bytes, as the JVM writes sizes it learns later.
            let size = body.bytes.len() as u32 + 4;
            let padded =
                [size | 0x80, size >> 7 | 0x80, size >> 14 | 0x80, size >> 21].map(|part| part as u8);
            self.bytes.extend(padded);
        } else {
            self.bytes.extend((body.bytes.len() as u32 + 4).to_be_bytes());
        }
        self.bytes.extend(body.bytes);
    }

    /// A checkpoint with pools of (type, entries), each entry a key and what belongs to it.
    pub(crate) fn checkpoint(&mut self, pools: &[(u64, Vec<(u64, Values)>)]) {
        let at = self.bytes.len();
        let delta = if self.checkpoint_at == 0 { 0 } else { self.checkpoint_at as i64 - at as i64 };
        let mut body =
            self.values().long(0).long(0).long(delta.cast_unsigned()).byte(1).int(pools.len() as u32);
        for (type_id, entries) in pools {
            body = body.long(*type_id).int(entries.len() as u32);
            for (key, value) in entries {
                body = body.long(*key).raw(&value.bytes);
            }
        }
        self.event(1, body);
        self.checkpoint_at = at;
    }

    /// Declares the primitive types, annotations and those given.
    pub(crate) fn metadata(&mut self, types: &[Type]) {
        let class = |id: u64, name: &str| Element {
            name: "class".to_owned(),
            attributes: vec![("id".to_owned(), id.to_string()), ("name".to_owned(), name.to_owned())],
            children: Vec::new(),
        };
        let mut children: Vec<Element> = types
            .iter()
            .map(|declared| {
                let mut element = class(declared.id, &declared.name);
                let attributes = declared.attributes.iter();
                element.attributes.extend(attributes.map(|(key, value)| ((*key).to_owned(), value.clone())));
                element.children.clone_from(&declared.fields);
                element
            })
            .collect();
        children.extend(PRIMITIVES.iter().chain(&ANNOTATIONS).map(|(name, id)| class(*id, name)));
        let metadata = Element { name: "metadata".to_owned(), attributes: Vec::new(), children };
        let region = Element { name: "region".to_owned(), attributes: Vec::new(), children: Vec::new() };
        let root =
            Element { name: "root".to_owned(), attributes: Vec::new(), children: vec![metadata, region] };
        let mut strings = Vec::new();
        let tree = self.element(&root, &mut strings);
        let body = self.values().long(0).long(0).long(1).int(strings.len() as u32);
        let body = strings.iter().fold(body, |body, text| body.utf8(text)).raw(&tree.bytes);
        self.metadata_at = self.bytes.len();
        self.event(0, body);
    }

    fn element(&self, element: &Element, strings: &mut Vec<String>) -> Values {
        let mut number = |text: &String| match strings.iter().position(|known| known == text) {
            Some(at) => at as u32,
            None => {
                strings.push(text.clone());
                strings.len() as u32 - 1
            }
        };
        let mut values = self.values().int(number(&element.name)).int(element.attributes.len() as u32);
        for (key, value) in &element.attributes {
            values = values.int(number(key)).int(number(value));
        }
        values = values.int(element.children.len() as u32);
        for child in &element.children {
            values = values.raw(&self.element(child, strings).bytes);
        }
        values
    }

    /// The chunk as it is when its writer is done.
    pub(crate) fn finish(&self) -> Vec<u8> {
        self.with_header(self.bytes.len() as i64, 0)
    }

    /// The chunk as a JDK that streams leaves it when it is killed: sizes as of the last flush.
    pub(crate) fn interrupted(&self, size: usize) -> Vec<u8> {
        self.with_header(size as i64, 3)
    }

    /// The chunk as a JDK 8 or 11 leaves it when it is killed: no sizes.
    pub(crate) fn abandoned(&self) -> Vec<u8> {
        let mut bytes = self.with_header(0, 0);
        bytes[16..32].fill(0);
        bytes
    }

    /// The beginning of a chunk that its writer did not finish, whose constants and types are said to be at these places.
    pub(crate) fn start(&self, constants_at: usize, metadata_at: usize) -> Vec<u8> {
        let mut bytes = self.interrupted(HEADER);
        bytes.truncate(HEADER);
        bytes[16..24].copy_from_slice(&(constants_at as u64).to_be_bytes());
        bytes[24..32].copy_from_slice(&(metadata_at as u64).to_be_bytes());
        bytes
    }

    /// Where the last checkpoint and the types are.
    pub(crate) fn places(&self) -> (usize, usize) {
        (self.checkpoint_at, self.metadata_at)
    }

    fn with_header(&self, size: i64, state: u8) -> Vec<u8> {
        let mut header = b"FLR\0\0\x02\0\x01".to_vec();
        let places = [size, self.checkpoint_at as i64, self.metadata_at as i64];
        let clock = [self.start_ns, 5_000_000_000, self.start_ticks, self.ticks_per_second];
        header.extend(places.into_iter().chain(clock).flat_map(i64::to_be_bytes));
        header.extend([state, 0, 0, u8::from(self.compressed)]);
        assert_eq!(header.len(), HEADER);
        [&*header, &self.bytes[HEADER..]].concat()
    }
}
