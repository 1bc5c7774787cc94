//! What the table knows about one function.

use super::header::{Header, Version};
use crate::little_endian::{i32_at, index, u32_at};

#[derive(Debug, Clone, Copy)]
pub(super) struct Function {
    pub(super) entry: u64,
    pub(super) size: u64,
    pub(super) name: u32,
    pub(super) start_line: u32,
    /// Where its files by program counter are.
    pub(super) files: u32,
    pub(super) lines: u32,
    /// Where the numbers of its files start.
    pub(super) unit: u32,
    /// Where its variable data starts, and how many of each kind.
    variable: usize,
    pc_data: u32,
    function_data: u8,
}

impl Function {
    pub(super) fn at(table: &[u8], header: &Header, at: usize, text_start: u64) -> Option<Self> {
        if at >= header.functions {
            return None;
        }
        let entry = header.entry(table, at)?;
        let size = header.entry(table, at + 1)?.checked_sub(entry)?;
        let details = header.details_of(table, at)?;
        let entry_size = if header.version.has_relative_entries() { 4 } else { 8 };
        // After the entry: name, arguments, deferreturn, pcsp, pcfile, pcln, count of pc data, unit, start line.
        let field = |number: usize| u32_at(table, details.checked_add(entry_size + number * 4)?);
        let (last, unit, start_line) = match header.version {
            Version::Go2 => (7, None, None),
            Version::Go16 | Version::Go18 => (8, field(7), None),
            Version::Go20 => (9, field(7), i32_at(table, details.checked_add(entry_size + 32)?)),
        };
        let tail = details.checked_add(entry_size + last * 4)?;
        Some(Self {
            entry: entry.wrapping_add(text_start),
            size,
            name: field(0)?,
            start_line: start_line.and_then(|line| u32::try_from(line).ok()).unwrap_or(0),
            files: field(4)?,
            lines: field(5)?,
            unit: unit.unwrap_or(0),
            variable: tail.checked_add(4)?,
            pc_data: field(6)?,
            function_data: *table.get(tail.checked_add(3)?)?,
        })
    }

    /// Where a kind of values by program counter is; `None` when the function has none.
    pub(super) fn pc_data(&self, table: &[u8], kind: u32) -> Option<u32> {
        if kind >= self.pc_data {
            return None;
        }
        let at = self.variable.checked_add(index(kind.into())?.checked_mul(4)?)?;
        u32_at(table, at).filter(|offset| *offset != 0)
    }

    /// Where a kind of data of the function is, relative to `go:func.*`. Since Go 1.18.
    pub(super) fn function_data(&self, table: &[u8], kind: u8) -> Option<u32> {
        if kind >= self.function_data {
            return None;
        }
        let words = index(self.pc_data.into())?.checked_add(usize::from(kind))?;
        let at = self.variable.checked_add(words.checked_mul(4)?)?;
        u32_at(table, at).filter(|offset| *offset != u32::MAX)
    }
}
