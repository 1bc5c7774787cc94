//! Stacks.

use super::chunk::Chunk;
use super::program::NO_VALUES;
use super::value::{Array, Reference, Value};

/// A stack with its frames.
#[derive(Clone, Copy, Debug)]
pub struct StackTrace<'a> {
    chunk: &'a Chunk<'a>,
    truncated: bool,
    frames: Array<'a>,
}

/// A frame of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct StackFrame {
    /// The method, for [`Chunk::method`].
    pub method: Reference,
    /// The line; 0 or less if it is not known.
    pub line: i64,
    /// Which instruction of the method's bytecode.
    pub bytecode_index: i64,
    /// How the method was run, for [`Chunk::text`]: `Interpreted`, `JIT compiled`, `Inlined`, `Native`, `C++`,
    /// `Kernel`.
    pub kind: Option<Reference>,
}

impl<'a> StackTrace<'a> {
    pub(super) fn new(chunk: &'a Chunk<'a>, truncated: bool, frames: Array<'a>) -> Self {
        StackTrace { chunk, truncated, frames }
    }

    /// Whether frames at the root are missing.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// How many frames it has, as it says itself.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether it has no frames.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Its frames, leaf first, as far as they can be read.
    pub fn frames(&self) -> impl Iterator<Item = StackFrame> + use<'a> {
        let chunk = self.chunk;
        let known = &chunk.metadata().known.stack_frame;
        let program = &known.program;
        let mut cursor = chunk.cursor(self.frames.place());
        let count = cursor.int().unwrap_or(0);
        let mut registers = NO_VALUES;
        let expected = self.frames.element_type() == known.type_index;
        (0..count).map_while(move |_| {
            program.run(chunk, &mut cursor, &mut registers).filter(|()| expected)?;
            let number = |slot| match program.value(chunk, &registers, slot) {
                Value::Integer(number) => number,
                _ => 0,
            };
            let reference = |slot| match program.value(chunk, &registers, slot) {
                Value::Reference(reference) => Some(reference),
                _ => None,
            };
            Some(StackFrame {
                method: reference(0)?,
                line: number(1),
                bytecode_index: number(2),
                kind: reference(3),
            })
        })
    }
}
