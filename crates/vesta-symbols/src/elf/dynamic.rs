//! What the loader needs, found without section headers: `sstrip` removes those.

use super::headers::PT_DYNAMIC;
use super::{ElfFile, MAX_SECTION};
use crate::little_endian::{size, u32_at, u64_at};

const MAX_DYNAMIC: u64 = 64 << 10;
const SYMBOL: u64 = 24;

const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_STRSZ: u64 = 10;

/// The dynamic symbols and their names.
#[derive(Debug)]
pub(crate) struct Dynamic {
    pub(crate) symbols: Vec<u8>,
    pub(crate) strings: Vec<u8>,
}

impl Dynamic {
    pub(crate) fn read(elf: &ElfFile) -> Option<Self> {
        let program = elf.headers.programs_of(PT_DYNAMIC).next()?;
        let entries = elf.source.read_up_to(program.offset, program.file_size.min(MAX_DYNAMIC)).ok()?;
        let value = |tag: u64| {
            let mut entries = entries.chunks_exact(16);
            entries.find(|entry| u64_at(entry, 0) == Some(tag)).and_then(|entry| u64_at(entry, 8))
        };
        let (table, names) = (value(DT_SYMTAB)?, value(DT_STRTAB)?);
        let counted = value(DT_HASH).and_then(|hash| u32_at(&elf.read_address(hash, 8)?, 4));
        // Linkers put the names right after the symbols; what is no symbol there has no name and goes.
        let size_of_table = match counted {
            Some(count) => u64::from(count) * SYMBOL,
            None => names.checked_sub(table)?,
        };
        let symbols = elf.read_address(table, size_of_table.min(MAX_SECTION))?;
        let strings = elf.read_address(names, value(DT_STRSZ)?.min(MAX_SECTION))?;
        (size(symbols.len()) >= SYMBOL).then_some(Self { symbols, strings })
    }
}
