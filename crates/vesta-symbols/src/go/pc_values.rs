//! Values that change with the program counter: pairs of differences, each with the size of the code it is true for.

use super::header::Header;
use crate::little_endian::index;

/// A value and the first program counter after it, relative to the function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value {
    pub(super) value: i32,
    pub(super) end: u64,
}

#[derive(Debug)]
pub(super) struct Values<'a> {
    rest: &'a [u8],
    quantum: u64,
    value: i32,
    pc: u64,
    first: bool,
}

impl<'a> Values<'a> {
    /// The values of a function's table; none when it has no such table.
    pub(super) fn new(table: &'a [u8], header: &Header, at: u32) -> Self {
        let start = index(at.into()).filter(|at| *at != 0).and_then(|at| header.values.checked_add(at));
        let rest = start.and_then(|start| table.get(start..)).unwrap_or_default();
        Self { rest, quantum: header.quantum, value: -1, pc: 0, first: true }
    }

    fn varint(&mut self) -> Option<u32> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl Iterator for Values<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let difference = self.varint()?;
        if difference == 0 && !self.first {
            return None;
        }
        self.first = false;
        // Zigzag: the sign is in the lowest bit.
        let magnitude = (difference >> 1).cast_signed();
        let difference = if difference & 1 == 1 { !magnitude } else { magnitude };
        self.value = self.value.wrapping_add(difference);
        self.pc = self.pc.checked_add(u64::from(self.varint()?) * self.quantum)?;
        Some(Value { value: self.value, end: self.pc })
    }
}

/// The value at a program counter relative to the function.
pub(super) fn at(table: &[u8], header: &Header, values: u32, pc: u64) -> Option<i32> {
    Values::new(table, header, values).find(|value| pc < value.end).map(|value| value.value)
}
