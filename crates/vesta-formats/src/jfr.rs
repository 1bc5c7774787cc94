//! Java Flight Recorder: recordings of JDK 8u262 and newer, GraalVM native images, async-profiler and profilers built
//! on it.
//!
//! # Problem
//!
//! A recording is a row of chunks. Each is a file of its own with a description of its types, events of those types,
//! and pools of constants (stacks, threads, classes, symbols) that events name by number. Every JDK and every profiler
//! has other types and fields, and a file that a JVM still writes, or wrote when it was killed, ends anywhere.
//!
//! # Design
//!
//! - Events are pushed to a [`Visitor`], which is asked once per type and chunk which fields it wants. From the chunk's
//!   own description a short program is made that reads these and goes past everything else.
//! - Constants are not decoded: the reader keeps where each one is, and reads it when it is asked for.
//!   A [`Reference`] names a constant, so whoever maps events can keep what it made of a stack by its reference.
//! - Memory is bounded by [`Limits::max_memory`], and every loop by the bytes of the file.
//! - What is broken or unfinished is read as far as it goes and reported.
//!
//! # Non-goals
//!
//! What events mean, order of time, and the format of JDK 7 and 8 before 8u262 (version 0.9).

mod chunk;
mod cursor;
mod event;
mod header;
mod known;
mod metadata;
mod names;
mod pools;
pub mod profile;
mod program;
mod reader;
mod stack;
mod text;
mod unit;
mod value;
mod walk;

pub use chunk::{Chunk, Method, Thread};
pub use event::{Event, EventType, Interest};
pub use names::java_class_name;
pub use stack::{StackFrame, StackTrace};
pub use text::Text;
pub use unit::Unit;
pub use value::{Array, Field, Record, Reference, Value};

use crate::budget::TooMuchMemory;
use crate::{Limits, Problem};
use std::ops::ControlFlow;

/// Whoever wants to know what is in a recording.
pub trait Visitor {
    /// A chunk begins. References of the one before mean something else from now on.
    fn chunk(&mut self, chunk: &Chunk<'_>) {
        let _ = chunk;
    }

    /// Which fields of events of this type are wanted; with `None`, its events are skipped. Asked once per chunk,
    /// before the first event of the type.
    fn event_type(&mut self, chunk: &Chunk<'_>, event_type: &EventType<'_>) -> Option<Interest>;

    /// An event of a type that is wanted, in the order of the file, which is not quite that of time.
    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()>;
}

/// Why a file could not be read as a recording at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JfrError {
    /// The file is larger than allowed.
    #[error("{size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The tables for it would take more memory than allowed.
    #[error("would take more than the {limit} bytes of memory allowed")]
    TooMuchMemory {
        /// The most that is allowed.
        limit: usize,
    },
    /// It does not begin like a recording.
    #[error("does not begin like a recording of Java Flight Recorder")]
    NotJfr,
    /// It is of a version that is not known.
    #[error("is of version {major}.{minor}; versions 1 and 2 are read, which is JDK 8u262 and newer")]
    UnknownVersion {
        /// Before the point.
        major: u16,
        /// After the point.
        minor: u16,
    },
}

impl From<TooMuchMemory> for JfrError {
    fn from(error: TooMuchMemory) -> Self {
        JfrError::TooMuchMemory { limit: error.limit }
    }
}

/// Reads an uncompressed recording and answers what was wrong with it.
pub fn read(bytes: &[u8], limits: &Limits, visitor: &mut impl Visitor) -> Result<Vec<Problem>, JfrError> {
    if bytes.len() > limits.max_bytes {
        return Err(JfrError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
    }
    reader::read(bytes, limits.max_memory, visitor)
}
