//! Go's table of functions, which is in stripped binaries too, since Go's own garbage collector unwinds by it.
//!
//! It gives, for each instruction, how far the stack pointer is below the frame's start: exact for functions in Go and
//! assembly alike. It knows nothing of C functions that are linked in.

use crate::arch::native as arch;
use crate::info::Section;
use crate::rule::{Cfa, Complex, FrameRule, Function, Place, Row, Rule};
use std::sync::Arc;

/// Where the parts of the table are.
#[derive(Clone, Debug)]
pub(crate) struct GoTable {
    version: Version,
    /// The size of an instruction, in which distances between instructions are counted.
    quantum: u64,
    functions: usize,
    text: u64,
    names: usize,
    distances: usize,
    entries: usize,
}

/// What differs. The numbers are Go's releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Go116,
    Go118,
    Go120,
}

/// `runtime.sigreturn`, and since Go 1.18 `runtime.sigreturn__sigaction`.
const RESTORER: &[u8] = b"runtime.sigreturn";

/// The largest function seen has some thousand rows.
const MAX_ROWS: usize = 1 << 14;

impl GoTable {
    /// Reads the header. `text` is where Go's code begins, for tables that do not say (Go 1.26, and
    /// position-independent ones before it).
    pub(crate) fn new(section: &Section, text: u64) -> Option<GoTable> {
        let data = &*section.data;
        let version = match u32_at(data, 0)? {
            0xffff_fffa => Version::Go116,
            0xffff_fff0 => Version::Go118,
            0xffff_fff1 => Version::Go120,
            _ => return None,
        };
        let [0, 0, quantum @ (1 | 2 | 4), 8] = *data.get(4..8)? else { return None };
        let (stated, offsets) = match version {
            Version::Go116 => (0, 24),
            Version::Go118 | Version::Go120 => (u64_at(data, 24)?, 32),
        };
        let offset = |index: usize| usize::try_from(u64_at(data, offsets + index * 8)?).ok();
        let table = GoTable {
            version,
            quantum: u64::from(quantum),
            functions: usize::try_from(u64_at(data, 8)?).ok()?,
            text: if stated == 0 { text } else { stated },
            names: offset(0)?,
            distances: offset(3)?,
            entries: offset(4)?,
        };
        // One more entry than functions: the end of the last.
        let size = table.functions.checked_add(1)?.checked_mul(table.entry_size())?;
        data.get(table.entries..)?.get(..size)?;
        Some(table)
    }

    /// The function of an address, decoded.
    pub(crate) fn function(&self, section: &Section, svma: u64) -> Option<Function> {
        let data = &*section.data;
        let (mut low, mut high) = (0, self.functions);
        if self.address(data, 0)? > svma || svma >= self.address(data, self.functions)? {
            return None;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.address(data, middle)? <= svma { low = middle } else { high = middle }
        }
        // A return address minus one is looked up, but the code that a signal handler returns to begins at the return
        // address: its function begins one earlier, and the one before ends one earlier.
        let before_restorer = self.is_restorer(data, high);
        if before_restorer && svma + 1 == self.address(data, high)? {
            let restorer = self.decode(data, high)?;
            return Some(Function { start: svma, ..restorer });
        }
        let function = self.decode(data, low)?;
        let end = function.end - u64::from(before_restorer);
        let start = function.start - u64::from(self.is_restorer(data, low));
        Some(Function { start, end, ..function })
    }

    /// Whether a function is the one that a signal handler returns to.
    fn is_restorer(&self, data: &[u8], index: usize) -> bool {
        self.name(data, index).is_some_and(|name| name.starts_with(RESTORER))
    }

    fn name<'a>(&self, data: &'a [u8], index: usize) -> Option<&'a [u8]> {
        if index >= self.functions {
            return None;
        }
        let at = self.names.checked_add(usize::try_from(u32_at(data, self.fields(data, index)?)?).ok()?)?;
        // Only short names matter.
        let name = data.get(at..)?;
        name.get(..64).unwrap_or(name).split(|byte| *byte == 0).next()
    }

    /// Where what follows the address of a function in its description is: the name, the size of arguments, the call
    /// that runs deferred ones, then the distances.
    fn fields(&self, data: &[u8], index: usize) -> Option<usize> {
        self.description(data, index)?.checked_add(if self.version == Version::Go116 { 8 } else { 4 })
    }

    fn decode(&self, data: &[u8], index: usize) -> Option<Function> {
        let start = self.address(data, index)?;
        let end = self.address(data, index + 1)?;
        if end <= start {
            return None;
        }
        let fields = self.fields(data, index)?;
        let distances = usize::try_from(u32_at(data, fields.checked_add(12)?)?).ok()?;
        // Then files, lines, the count of further tables, the unit, since 1.20 the first line, and what it is.
        let flags = match self.version {
            Version::Go116 => 0,
            Version::Go118 => *data.get(fields.checked_add(33)?)?,
            Version::Go120 => *data.get(fields.checked_add(37)?)?,
        };
        let rows = match special(self.name(data, index)?, flags) {
            Some(Rule::Switch(_)) if distances != 0 => {
                let mut rows = self.rows(data, self.distances.checked_add(distances)?, end - start);
                for row in &mut rows.0 {
                    let Rule::Frame(frame) = row.rule else { continue };
                    row.rule = Rule::Switch(frame.cfa_offset);
                }
                rows
            }
            Some(rule) => (vec![Row { offset: 0, rule }], Vec::new()),
            None if distances == 0 => {
                // No table: the stack pointer does not move.
                (vec![Row { offset: 0, rule: Rule::Frame(frame(0)?) }], Vec::new())
            }
            None => self.rows(data, self.distances.checked_add(distances)?, end - start),
        };
        Some(Function { start, end, rows: rows.0.into_boxed_slice(), complex: rows.1.into_boxed_slice() })
    }

    /// The distances of the stack pointer: pairs of a difference of distance and of a count of bytes that it is for.
    fn rows(&self, data: &[u8], mut at: usize, length: u64) -> (Vec<Row>, Vec<Arc<Complex>>) {
        let (mut rows, mut complex): (Vec<Row>, Vec<Arc<Complex>>) = (Vec::new(), Vec::new());
        let (mut offset, mut distance) = (0u64, -1i64);
        while offset < length && rows.len() < MAX_ROWS {
            let Some(difference) = varint(data, &mut at) else { break };
            if difference == 0 && offset != 0 {
                break;
            }
            let magnitude = i64::from(difference >> 1);
            distance += if difference & 1 == 0 { magnitude } else { -magnitude - 1 };
            let Some(bytes) = varint(data, &mut at) else { break };
            let Ok(row) = u32::try_from(offset) else { break };
            let rule = match frame(distance) {
                Some(frame) => Rule::Frame(frame),
                None => match (u16::try_from(complex.len()), large_frame(distance)) {
                    (Ok(at), Some(rule)) => {
                        complex.push(Arc::new(rule));
                        Rule::Complex(at)
                    }
                    _ => Rule::Unknown,
                },
            };
            rows.push(Row { offset: row, rule });
            offset += u64::from(bytes) * self.quantum;
        }
        (rows, complex)
    }

    fn entry_size(&self) -> usize {
        if self.version == Version::Go116 { 16 } else { 8 }
    }

    /// Where a function begins; of the index after the last, where that one ends.
    fn address(&self, data: &[u8], index: usize) -> Option<u64> {
        let at = self.entries.checked_add(index.checked_mul(self.entry_size())?)?;
        match self.version {
            Version::Go116 => u64_at(data, at),
            _ => self.text.checked_add(u64::from(u32_at(data, at)?)),
        }
    }

    /// Where a function is described.
    fn description(&self, data: &[u8], index: usize) -> Option<usize> {
        let at = self.entries.checked_add(index.checked_mul(self.entry_size())?)?;
        let offset = match self.version {
            Version::Go116 => u64_at(data, at + 8)?,
            _ => u64::from(u32_at(data, at + 4)?),
        };
        self.entries.checked_add(usize::try_from(offset).ok()?)
    }
}

/// The rule of a function that is the first of its stack or leaves it.
fn special(name: &[u8], flags: u8) -> Option<Rule> {
    const TOP_FRAME: u8 = 1;
    const WRITES_STACK_POINTER: u8 = 2;
    let name = name.strip_suffix(b".abi0").unwrap_or(name);
    if name.starts_with(RESTORER) {
        return Some(Rule::Signal);
    }
    let top: [&[u8]; 6] = [
        b"runtime.goexit",
        b"runtime.mstart",
        b"runtime.rt0_go",
        b"_rt0_amd64",
        b"_rt0_amd64_linux",
        b"_rt0_arm64_linux",
    ];
    // The handler of signals is the top for Go, since it unwinds what was interrupted by itself.
    if flags & TOP_FRAME != 0 && !name.ends_with(b"igtramp") || top.contains(&name) {
        return Some(Rule::Root);
    }
    // Go 1.16 has no flags.
    let switch: [&[u8]; 5] = [
        b"runtime.systemstack",
        b"runtime.mcall",
        b"runtime.morestack",
        b"runtime.asmcgocall",
        b"runtime.gogo",
    ];
    (flags & WRITES_STACK_POINTER != 0 || switch.contains(&name)).then_some(Rule::Switch(8))
}

/// The rule for a distance of the stack pointer.
fn frame(distance: i64) -> Option<FrameRule> {
    let offset = i32::try_from(distance).ok().filter(|distance| *distance >= 0)?;
    if arch::CALL_PUSHES != 0 {
        let mut rule = FrameRule::new(arch::SP, offset.checked_add(8)?);
        rule.save(arch::RA, -8);
        // A function with a frame saves the caller's frame pointer at its start.
        if distance > 0 {
            rule.save(arch::FP, -16);
        }
        return Some(rule);
    }
    // The return address is at the bottom of the frame, and the caller's frame pointer below it.
    let mut rule = FrameRule::new(arch::SP, offset);
    if distance > 0 && !(rule.save(arch::RA, -distance) && rule.save(arch::FP, -distance - 8)) {
        return None;
    }
    Some(rule)
}

/// As [`frame`], for frames of AArch64 that are too large for the usual form.
fn large_frame(distance: i64) -> Option<Complex> {
    if distance < 0 || i32::try_from(distance).is_err() {
        return None;
    }
    let registers = [(arch::RA, Place::At(-distance)), (arch::FP, Place::At(-distance - 8))];
    Some(Complex { cfa: Cfa::Register(arch::SP, distance), registers: registers.into(), signal: false })
}

fn varint(data: &[u8], at: &mut usize) -> Option<u32> {
    let mut value = 0u32;
    for shift in [0, 7, 14, 21, 28] {
        let byte = *data.get(*at)?;
        *at += 1;
        value |= u32::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    data.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
