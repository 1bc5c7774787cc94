//! A look at a pprof without reading its samples: enough to place it in time.

use crate::wire::{Reader, Value};

/// What a pprof says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Peek {
    /// When it started, in nanoseconds since the Unix epoch; 0 when the file does not say.
    pub time_ns: i64,
    /// How long it took, in nanoseconds; 0 when the file does not say.
    pub duration_ns: i64,
    /// Whether the Go runtime wrote it: it names one of the runtime's own source files.
    pub is_go: bool,
}

/// Looks at an uncompressed pprof, as far as it can be read.
pub fn peek(bytes: &[u8]) -> Peek {
    let mut peek = Peek::default();
    let mut reader = Reader::new(bytes);
    while let Ok(Some((field, value))) = reader.field() {
        match (field, value) {
            (6, Value::Bytes(text)) => peek.is_go |= text.ends_with(b"/runtime/proc.go"),
            (9, Value::Varint(number)) => peek.time_ns = number.cast_signed(),
            (10, Value::Varint(number)) => peek.duration_ns = number.cast_signed(),
            _ => {}
        }
    }
    peek
}
