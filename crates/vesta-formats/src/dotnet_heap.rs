//! What .NET's profiling library sends of the managed heap, from time to time: how many objects of each class there are
//! (`histogram.json`), and what holds them (`reference_tree.json` or `.bin`).
//!
//! A histogram has a row `[class, objects, bytes]` per class. A reference tree has a node per class that was found on the
//! way from a root of the garbage collector, with objects and bytes there; its roots say of what kind they are, and static
//! variables are called by their names. Both become profiles whose frames are classes, so that they show as any other:
//! types `heap-histogram-objects` and `-space`, `heap-reference-objects` and `-space`, snapshots all of them.
//!
//! The binary form has the same content in pre-order, all numbers in LEB128, after the magic `DDRT`. Depth and counts are
//! what the file says, so nothing here recurses, and a tree deeper than [`Limits::max_stack_depth`] keeps its lower end.

use crate::builder::{Builder, LimitError};
use crate::json::{Json, JsonError};
use crate::{Decoded, Limits};
use std::borrow::Cow;
use vesta_profile::{Frame, FrameId, Sample};

/// Why a file could not be read as what .NET says of its heap.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DotnetHeapError {
    /// It is more than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// It is JSON that cannot be read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is in the binary form, and breaks off or makes no sense.
    #[error("{why} at byte {at}")]
    Malformed {
        /// Where.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// It is a form of another version.
    #[error("version {0} of the reference tree, of which Vesta knows 1")]
    Version(u64),
}

/// The first bytes of a reference tree in binary form.
const MAGIC: &[u8] = b"DDRT";

/// Codes of the kinds of roots in JSON, and their names. The binary form has their positions.
const CATEGORIES: [(&str, &str); 9] = [
    ("K", "[stack]"),
    ("S", "[static variable]"),
    ("F", "[finalizer]"),
    ("H", "[handle]"),
    ("P", "[pinned]"),
    ("W", "[conditional weak table]"),
    ("R", "[COM]"),
    ("O", "[other root]"),
    ("?", "[unknown root]"),
];

/// Reads `histogram.json`. A library that took no snapshot sends `{}`, which is a histogram of nothing.
pub fn decode_histogram(bytes: &[u8], limits: &Limits) -> Result<Decoded, DotnetHeapError> {
    let mut heap = Heap::new("histogram", bytes, limits)?;
    let mut json = Json::new(bytes);
    if json.array()? {
        while json.item()? {
            if json.array()? {
                heap.histogram_row(&mut json)?;
            }
        }
    }
    Ok(heap.builder.finish())
}

/// Reads a reference tree of either form.
pub fn decode_reference_tree(bytes: &[u8], limits: &Limits) -> Result<Decoded, DotnetHeapError> {
    let mut heap = Heap::new("reference", bytes, limits)?;
    match bytes.strip_prefix(MAGIC) {
        Some(rest) => heap.binary_tree(&mut Binary { rest, length: bytes.len() })?,
        None => heap.json_tree(&mut Json::new(bytes))?,
    }
    Ok(heap.builder.finish())
}

/// A profile of the heap as it grows.
struct Heap<'a> {
    builder: Builder<'a>,
    /// The class of each index that nodes have.
    classes: Vec<FrameId>,
    /// From the root to the node at hand.
    path: Vec<FrameId>,
    scratch: Vec<FrameId>,
}

/// What a node says of itself.
#[derive(Default)]
struct Node<'a> {
    class: u64,
    category: Option<usize>,
    field: Cow<'a, str>,
    objects: i64,
    bytes: i64,
}

impl<'a> Heap<'a> {
    fn new(what: &str, bytes: &[u8], limits: &'a Limits) -> Result<Self, LimitError> {
        let mut builder = Builder::new(bytes, limits)?;
        builder.value_type(&format!("heap-{what}-objects"), "count")?;
        builder.value_type(&format!("heap-{what}-space"), "bytes")?;
        Ok(Heap { builder, classes: Vec::new(), path: Vec::new(), scratch: Vec::new() })
    }

    fn frame(&mut self, name: &str) -> Result<FrameId, LimitError> {
        let function = self.builder.text(name)?;
        self.builder.frame(Frame { function, ..Frame::default() })
    }

    /// Adds the frame of a class to those that nodes refer to.
    fn class(&mut self, name: &str) -> Result<(), LimitError> {
        let frame = self.frame(if name.is_empty() { "?" } else { name })?;
        self.builder.take(size_of::<FrameId>())?;
        self.classes.push(frame);
        Ok(())
    }

    fn histogram_row(&mut self, json: &mut Json<'_>) -> Result<(), DotnetHeapError> {
        let (mut name, mut numbers) = (Cow::Borrowed(""), [0, 0]);
        let mut position = 0;
        while json.item()? {
            match position {
                0 => name = json.text()?.unwrap_or_default(),
                1 | 2 => numbers[position - 1] = json.integer()?.unwrap_or(0),
                _ => json.skip()?,
            }
            position += 1;
        }
        let frame = self.frame(&name)?;
        self.path.clear();
        self.path.push(frame);
        Ok(self.sample(numbers)?)
    }

    /// Adds what a node has, under the path to it.
    fn sample(&mut self, values: [i64; 2]) -> Result<(), LimitError> {
        if values == [0, 0] {
            return Ok(());
        }
        let path = self.path.iter().rev().copied();
        let row = self.builder.profile.samples.len();
        let stack = self.builder.stack(path, &mut self.scratch, || format!("node {row}"))?;
        self.builder.sample(Sample { stack, values: &values, ..Sample::default() })
    }

    /// Goes down into a node, and tells how long the path was.
    fn enter(&mut self, node: &Node<'_>) -> Result<usize, LimitError> {
        let length = self.path.len();
        if let Some((_, category)) = node.category.and_then(|category| CATEGORIES.get(category)) {
            let frame = self.frame(category)?;
            self.path.push(frame);
        }
        if !node.field.is_empty() {
            let frame = self.frame(&node.field)?;
            self.path.push(frame);
        }
        let class = usize::try_from(node.class).ok().and_then(|class| self.classes.get(class)).copied();
        let class = match class {
            Some(class) => class,
            None => {
                let class = node.class;
                self.builder
                    .problems
                    .note("a node is of a class that is not there", || format!("class {class}"));
                self.frame("?")?
            }
        };
        self.path.push(class);
        self.builder.take(size_of::<FrameId>())?;
        self.sample([node.objects, node.bytes])?;
        Ok(length)
    }

    fn binary_tree(&mut self, binary: &mut Binary<'_>) -> Result<(), DotnetHeapError> {
        match binary.number()? {
            1 => {}
            version => return Err(DotnetHeapError::Version(version)),
        }
        let (classes, mut roots) = (binary.number()?, binary.number()?);
        for _ in 0..classes {
            let name = binary.text()?;
            self.class(&name)?;
        }
        // How many nodes are left on each level, and the length of the path above it.
        let mut levels: Vec<(u64, usize)> = Vec::new();
        loop {
            while levels.last().is_some_and(|(left, _)| *left == 0) {
                if let Some((_, length)) = levels.pop() {
                    self.path.truncate(length);
                }
            }
            let is_root = levels.is_empty();
            match levels.last_mut() {
                Some((left, _)) => *left -= 1,
                None if roots == 0 => return Ok(()),
                None => roots -= 1,
            }
            let node = binary.node(is_root)?;
            let length = self.enter(&node)?;
            self.builder.take(size_of::<(u64, usize)>())?;
            levels.push((binary.number()?, length));
        }
    }

    fn json_tree(&mut self, json: &mut Json<'_>) -> Result<(), DotnetHeapError> {
        if !json.object()? {
            return Ok(());
        }
        while let Some(key) = json.key()? {
            match &*key {
                "v" => match json.integer()? {
                    Some(1) | None => {}
                    Some(version) => return Err(DotnetHeapError::Version(version.unsigned_abs())),
                },
                "tt" if json.array()? => {
                    while json.item()? {
                        let name = json.text()?.unwrap_or_default();
                        self.class(&name)?;
                    }
                }
                "r" if json.array()? => self.json_nodes(json)?,
                "tt" | "r" => {}
                _ => json.skip()?,
            }
        }
        Ok(())
    }

    /// Reads nodes and what is below them. What a node says of itself comes before its children.
    fn json_nodes(&mut self, json: &mut Json<'_>) -> Result<(), DotnetHeapError> {
        // Per level, the node whose children are being read, once it was entered: the length of the path above it.
        let mut above: Vec<usize> = Vec::new();
        loop {
            if !json.item()? {
                // The children of a node are over; so is the node, but for keys after them.
                let Some(length) = above.pop() else { return Ok(()) };
                while json.key()?.is_some() {
                    json.skip()?;
                }
                self.path.truncate(length);
                continue;
            }
            if !json.object()? {
                continue;
            }
            let mut node = Node::default();
            let has_children = node.read(json)?;
            let length = self.enter(&node)?;
            if has_children {
                self.builder.take(size_of::<usize>())?;
                above.push(length);
            } else {
                self.path.truncate(length);
            }
        }
    }
}

impl<'a> Node<'a> {
    /// Reads up to the children, and tells whether there are any: then their array was entered.
    fn read(&mut self, json: &mut Json<'a>) -> Result<bool, JsonError> {
        while let Some(key) = json.key()? {
            match &*key {
                "ch" => {
                    if json.array()? {
                        return Ok(true);
                    }
                }
                "c" => {
                    let code = json.text()?.unwrap_or_default();
                    self.category = CATEGORIES.iter().position(|(known, _)| *known == code);
                }
                "fn" => self.field = json.text()?.unwrap_or_default(),
                "t" | "ic" | "ts" => {
                    let number = json.integer()?.unwrap_or(0);
                    match &*key {
                        "t" => self.class = number.cast_unsigned(),
                        "ic" => self.objects = number,
                        _ => self.bytes = number,
                    }
                }
                _ => json.skip()?,
            }
        }
        Ok(false)
    }
}

/// The rest of a tree in binary form.
struct Binary<'a> {
    rest: &'a [u8],
    length: usize,
}

impl<'a> Binary<'a> {
    fn malformed(&self, why: &'static str) -> DotnetHeapError {
        DotnetHeapError::Malformed { at: self.length - self.rest.len(), why }
    }

    fn byte(&mut self) -> Result<u8, DotnetHeapError> {
        let (&byte, rest) = self.rest.split_first().ok_or_else(|| self.malformed("the file breaks off"))?;
        self.rest = rest;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, DotnetHeapError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.malformed("a number is too long"))
    }

    fn value(&mut self) -> Result<i64, DotnetHeapError> {
        Ok(i64::try_from(self.number()?).unwrap_or(i64::MAX))
    }

    fn text(&mut self) -> Result<Cow<'a, str>, DotnetHeapError> {
        let length = usize::try_from(self.number()?).unwrap_or(usize::MAX);
        let (text, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or_else(|| self.malformed("a name is longer than the file"))?;
        self.rest = rest;
        Ok(String::from_utf8_lossy(text))
    }

    fn node(&mut self, is_root: bool) -> Result<Node<'a>, DotnetHeapError> {
        let class = self.number()?;
        let category = if is_root { Some(usize::from(self.byte()?)) } else { None };
        let (objects, bytes) = (self.value()?, self.value()?);
        let field = if is_root { self.text()? } else { Cow::Borrowed("") };
        Ok(Node { class, category, field, objects, bytes })
    }
}
