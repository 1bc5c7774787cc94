//! The start of the table: which version it has, and where its parts are.

use crate::little_endian::{index, text_at, u32_at, u64_at};

/// Layouts, named after the first Go that has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    Go2,
    Go16,
    Go18,
    Go20,
}

impl Version {
    fn of(magic: u32) -> Option<Self> {
        match magic {
            0xffff_fffb => Some(Self::Go2),
            0xffff_fffa => Some(Self::Go16),
            0xffff_fff0 => Some(Self::Go18),
            0xffff_fff1 => Some(Self::Go20),
            _ => None,
        }
    }

    /// Whether addresses are relative to `runtime.text`.
    pub(super) fn has_relative_entries(self) -> bool {
        self >= Self::Go18
    }
}

/// Offsets are from the start of the table.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) version: Version,
    /// Bytes of the smallest instruction.
    pub(super) quantum: u64,
    pub(super) functions: usize,
    /// Zero since Go 1.26, and in position independent executables.
    pub(super) text_start: Option<u64>,
    names: usize,
    units: usize,
    files: usize,
    /// Values by program counter.
    pub(super) values: usize,
    /// The index of functions, and what it leads to.
    pub(super) details: usize,
    entries: usize,
}

impl Header {
    pub(super) fn parse(table: &[u8]) -> Option<Self> {
        let version = Version::of(u32_at(table, 0)?)?;
        let quantum = *table.get(6)?;
        if table[4] != 0 || table[5] != 0 || !matches!(quantum, 1 | 2 | 4) || table[7] != 8 {
            return None;
        }
        let word = |at: usize| u64_at(table, 8 + at * 8).and_then(index);
        let functions = word(0)?;
        let mut header = match version {
            Version::Go2 => {
                Self { names: 0, units: 0, files: 0, values: 0, details: 0, entries: 16, ..empty(version) }
            }
            Version::Go16 => Self::parts(version, word(2)?, word(3)?, word(4)?, word(5)?, word(6)?),
            Version::Go18 | Version::Go20 => {
                Self::parts(version, word(3)?, word(4)?, word(5)?, word(6)?, word(7)?)
            }
        };
        header.quantum = u64::from(quantum);
        header.functions = functions;
        if version.has_relative_entries() {
            header.text_start = u64_at(table, 24);
        }
        let size_of_index = functions.checked_mul(2)?.checked_add(1)?.checked_mul(header.field())?;
        let end = header.entries.checked_add(size_of_index)?;
        if functions == 0 || end > table.len() {
            return None;
        }
        if version == Version::Go2 {
            header.files = index(u32_at(table, end)?.into())?;
        }
        let parts = [header.names, header.units, header.files, header.values, header.details];
        parts.iter().all(|part| *part < table.len()).then_some(header)
    }

    fn parts(
        version: Version,
        names: usize,
        units: usize,
        files: usize,
        values: usize,
        details: usize,
    ) -> Self {
        Self { names, units, files, values, details, entries: details, ..empty(version) }
    }

    /// The first function of which the start, as the table has it, is not `before`.
    pub(super) fn partition_point(&self, table: &[u8], before: impl Fn(u64) -> bool) -> usize {
        let (mut low, mut high) = (0, self.functions);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(table, middle).is_some_and(&before) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// The start of a function, as the table has it. After the last follows the end of that.
    pub(super) fn entry(&self, table: &[u8], at: usize) -> Option<u64> {
        self.field_at(table, at.checked_mul(2)?)
    }

    /// Where in the table the details of a function are.
    pub(super) fn details_of(&self, table: &[u8], at: usize) -> Option<usize> {
        let offset = self.field_at(table, at.checked_mul(2)?.checked_add(1)?)?;
        self.details.checked_add(index(offset)?)
    }

    pub(super) fn name<'a>(&self, table: &'a [u8], at: u32) -> Option<&'a str> {
        let at = self.names.checked_add(index(at.into())?)?;
        // A name starts where another one ends.
        if self.version > Version::Go2 && at > self.names && *table.get(at - 1)? != 0 {
            return None;
        }
        let name = std::str::from_utf8(text_at(table, at)?).ok()?;
        (!name.is_empty()).then_some(name)
    }

    /// A file by its number, which since Go 1.16 counts within the unit of a function.
    pub(super) fn file<'a>(&self, table: &'a [u8], unit: u32, file: u32) -> Option<&'a str> {
        let at = if self.version == Version::Go2 {
            let entry = index(file.into())?.checked_mul(4)?.checked_add(self.files)?;
            index(u32_at(table, entry)?.into())?
        } else {
            let entry = unit.checked_add(file).and_then(|entry| index(entry.into()))?.checked_mul(4)?;
            let offset = u32_at(table, self.units.checked_add(entry)?)?;
            if offset == u32::MAX {
                return None;
            }
            self.files.checked_add(index(offset.into())?)?
        };
        std::str::from_utf8(text_at(table, at)?).ok()
    }

    fn field_at(&self, table: &[u8], at: usize) -> Option<u64> {
        let at = self.entries.checked_add(at.checked_mul(self.field())?)?;
        if self.version.has_relative_entries() { u32_at(table, at).map(u64::from) } else { u64_at(table, at) }
    }

    fn field(&self) -> usize {
        if self.version.has_relative_entries() { 4 } else { 8 }
    }
}

/// Where in some bytes a table starts.
pub(super) fn find(bytes: &[u8]) -> Option<usize> {
    let starts =
        memchr::memmem::find_iter(bytes, &[0xff, 0xff, 0xff, 0, 0]).filter_map(|at| at.checked_sub(1));
    starts.into_iter().find(|at| at % 8 == 0 && Header::parse(&bytes[*at..]).is_some())
}

fn empty(version: Version) -> Header {
    Header {
        version,
        quantum: 1,
        functions: 0,
        text_start: None,
        names: 0,
        units: 0,
        files: 0,
        values: 0,
        details: 0,
        entries: 0,
    }
}
