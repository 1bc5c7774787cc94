//! A chunk: a recording of its own, with its own types and constants.

use super::cursor::Cursor;
use super::header::Header;
use super::known::KnownType;
use super::metadata::{Metadata, Shape};
use super::pools::Pools;
use super::program::{NO_VALUES, Program};
use super::stack::StackTrace;
use super::text::{Text, TextForm};
use super::value::{Record, Reference, Value};
use std::borrow::Cow;
use std::rc::Rc;

/// A chunk of a recording, and the constants in it. References hold within their chunk.
#[derive(Debug)]
pub struct Chunk<'a> {
    bytes: &'a [u8],
    index: usize,
    header: Header,
    metadata: Rc<Metadata>,
    pools: Pools,
}

/// A method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Method<'a> {
    /// Its class, for [`Chunk::class_name`].
    pub class: Reference,
    /// Its name; of a native frame of async-profiler the whole symbol.
    pub name: Cow<'a, str>,
    /// Its descriptor, such as `(I)Ljava/lang/String;`.
    pub descriptor: Cow<'a, str>,
    /// Whether the JVM hides it from people, as it does with frames of lambdas.
    pub is_hidden: bool,
}

/// A thread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Thread<'a> {
    /// Its name in the operating system.
    pub os_name: Cow<'a, str>,
    /// Its id in the operating system; 0 for virtual threads.
    pub os_id: i64,
    /// Its name in Java; empty for the JVM's own threads.
    pub java_name: Cow<'a, str>,
    /// Its id in Java; 0 for the JVM's own threads.
    pub java_id: i64,
    /// The name of its group.
    pub group: Cow<'a, str>,
    /// Whether it is a virtual thread.
    pub is_virtual: bool,
}

/// How many values are looked at to find the one text of a constant.
const TEXT_FUEL: u32 = 256;

/// How many bytes of a text are given. Any number of events and constants may have the same long text, and each time it is
/// decoded; names in class files have 65,535 bytes at most, and such as people write some hundred.
const LONGEST_TEXT: usize = 8192;

impl<'a> Chunk<'a> {
    pub(super) fn new(
        bytes: &'a [u8],
        index: usize,
        header: Header,
        metadata: Rc<Metadata>,
        pools: Pools,
    ) -> Self {
        Chunk { bytes, index, header, metadata, pools }
    }

    /// Its place among the chunks of the file, from 0.
    pub fn index(&self) -> usize {
        self.index
    }

    /// When it begins, in nanoseconds since 1970.
    pub fn start_ns(&self) -> i64 {
        self.header.start_ns
    }

    /// How long it goes, in nanoseconds, as far as its writer came to say so.
    pub fn duration_ns(&self) -> i64 {
        self.header.duration_ns
    }

    /// Whether its writer was done with it.
    pub fn is_finished(&self) -> bool {
        self.header.finished
    }

    /// The version of the format: 2 and 1 for a JDK 17.
    pub fn version(&self) -> (u16, u16) {
        (self.header.major, self.header.minor)
    }

    /// A constant, with all of its fields.
    pub fn record(&'a self, reference: Reference) -> Option<Record<'a>> {
        let at = self.pools.place(reference)?;
        Some(Record::new(self, reference.pool(), at))
    }

    /// The one text of a constant: the characters of a symbol, the name of a thread state, a class, a method or a
    /// thread, the description of a frame type or a GC cause. What is longer than 8,192 bytes is cut: a
    /// [`record`](Self::record) has all of it.
    pub fn text(&'a self, reference: Reference) -> Option<Cow<'a, str>> {
        self.text_of(reference, &mut { TEXT_FUEL }).map(shown)
    }

    /// The stack with its frames.
    pub fn stack_trace(&'a self, reference: Reference) -> Option<StackTrace<'a>> {
        let mut registers = NO_VALUES;
        let program = self.run_known(&self.metadata.known.stack_trace, reference, &mut registers)?;
        let truncated = matches!(program.value(self, &registers, 0), Value::Boolean(true));
        match program.value(self, &registers, 1) {
            Value::Array(frames) => Some(StackTrace::new(self, truncated, frames)),
            _ => None,
        }
    }

    /// A method.
    pub fn method(&'a self, reference: Reference) -> Option<Method<'a>> {
        let mut registers = NO_VALUES;
        let program = self.run_known(&self.metadata.known.method, reference, &mut registers)?;
        let value = |slot| program.value(self, &registers, slot);
        let Value::Reference(class) = value(0) else { return None };
        Some(Method {
            class,
            name: self.text_value(value(1)).unwrap_or_default(),
            descriptor: self.text_value(value(2)).unwrap_or_default(),
            is_hidden: matches!(value(3), Value::Boolean(true)),
        })
    }

    /// The name of a class as the file has it, mostly `java/util/HashMap$Node` and `[I`: see
    /// [`java_class_name`](super::java_class_name).
    pub fn class_name(&'a self, reference: Reference) -> Option<Cow<'a, str>> {
        let mut registers = NO_VALUES;
        let program = self.run_known(&self.metadata.known.class, reference, &mut registers)?;
        self.text_value(program.value(self, &registers, 0))
    }

    /// A thread.
    pub fn thread(&'a self, reference: Reference) -> Option<Thread<'a>> {
        let mut registers = NO_VALUES;
        let program = self.run_known(&self.metadata.known.thread, reference, &mut registers)?;
        let text = |slot| self.text_value(program.value(self, &registers, slot)).unwrap_or_default();
        let number = |slot| match program.value(self, &registers, slot) {
            Value::Integer(number) => number,
            _ => 0,
        };
        Some(Thread {
            os_name: text(0),
            os_id: number(1),
            java_name: text(2),
            java_id: number(3),
            group: self.thread_group(program.value(self, &registers, 4)).unwrap_or_default(),
            is_virtual: matches!(program.value(self, &registers, 5), Value::Boolean(true)),
        })
    }

    pub(super) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    pub(super) fn cursor(&self, at: usize) -> Cursor<'a> {
        Cursor::new(self.bytes, at, self.header.compressed)
    }

    /// Runs a program on a constant.
    pub(super) fn run(
        &'a self,
        program: &Program,
        reference: Reference,
        registers: &mut [Value<'a>],
    ) -> Option<()> {
        let at = self.pools.place(reference)?;
        program.run(self, &mut self.cursor(at), registers)
    }

    pub(super) fn text_of(&'a self, reference: Reference, fuel: &mut u32) -> Option<Text<'a>> {
        let at = self.pools.place(reference)?;
        match self.metadata.types.get(reference.pool())?.shape {
            Shape::Text => match self.cursor(at).text()? {
                TextForm::Here(text) => Some(text),
                _ => None,
            },
            Shape::Fields => Record::new(self, reference.pool(), at).text(fuel),
            _ => None,
        }
    }

    /// The text of a value, if it is one or names one.
    pub(super) fn text_value(&'a self, value: Value<'a>) -> Option<Cow<'a, str>> {
        match value {
            Value::Text(text) => Some(shown(text)),
            Value::Reference(reference) => self.text(reference),
            Value::Record(record) => record.text(&mut { TEXT_FUEL }).map(shown),
            _ => None,
        }
    }

    /// A string of the pool of strings. One that stands for yet another is not followed.
    pub(super) fn pooled_text(&self, key: u64) -> Value<'a> {
        let place = self.metadata.known.strings.and_then(|pool| self.pools.place(Reference::new(pool, key)));
        match place.and_then(|at| self.cursor(at).text()) {
            Some(TextForm::Here(text)) => Value::Text(text),
            _ => Value::Absent,
        }
    }

    /// Runs the program of a known type, if the constant is of that type.
    fn run_known<'k>(
        &'a self,
        known: &'k KnownType,
        reference: Reference,
        registers: &mut [Value<'a>],
    ) -> Option<&'k Program> {
        (known.type_index == Some(reference.pool())).then_some(())?;
        self.run(&known.program, reference, registers)?;
        Some(&known.program)
    }

    fn thread_group(&'a self, group: Value<'a>) -> Option<Cow<'a, str>> {
        let Value::Reference(group) = group else { return None };
        let mut registers = NO_VALUES;
        let program = self.run_known(&self.metadata.known.thread_group, group, &mut registers)?;
        self.text_value(program.value(self, &registers, 0))
    }
}

fn shown(text: Text<'_>) -> Cow<'_, str> {
    text.start(LONGEST_TEXT).to_str()
}
