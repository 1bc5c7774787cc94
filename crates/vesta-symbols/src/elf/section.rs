//! Section headers.

use super::source::Source;
use super::{ElfError, MAX_SECTION};
use crate::little_endian::{text_at, u16_at, u32_at, u64_at};

const SECTION_HEADER: u64 = 64;
/// Executables have some 40; a program linked with `-r` had 12,000.
const MAX_SECTIONS: u64 = 1 << 18;

const SHF_ALLOC: u64 = 2;
const SHF_EXECINSTR: u64 = 4;
const SHF_COMPRESSED: u64 = 0x800;

#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) kind: SectionKind,
    pub(crate) address: u64,
    pub(crate) offset: u64,
    pub(crate) size: u64,
    pub(crate) link: u32,
    flags: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SectionKind {
    SymbolTable,
    Relocations,
    Note,
    NoBits,
    DynamicSymbols,
    Other,
}

impl Section {
    pub(crate) fn is_loaded(&self) -> bool {
        self.flags & SHF_ALLOC != 0
    }

    pub(crate) fn is_executable(&self) -> bool {
        self.flags & SHF_EXECINSTR != 0
    }

    pub(crate) fn is_compressed(&self) -> bool {
        self.flags & SHF_COMPRESSED != 0
    }

    /// One past its last address.
    pub(crate) fn end(&self) -> u64 {
        self.address.saturating_add(self.size)
    }
}

/// All sections, in the order of their numbers.
pub(super) fn read_all(source: &Source, header: &[u8]) -> Result<Vec<Section>, ElfError> {
    let damaged = ElfError::Malformed("its section headers are not where it says");
    let (Some(offset), Some(entry), Some(count), Some(names)) =
        (u64_at(header, 40), u16_at(header, 58), u16_at(header, 60), u16_at(header, 62))
    else {
        return Err(damaged);
    };
    if offset == 0 || u64::from(entry) != SECTION_HEADER {
        return Ok(Vec::new());
    }
    // Beyond 65,279 sections the first header has the numbers.
    let first = source.read(offset, SECTION_HEADER)?;
    let count = if count == 0 { u64_at(&first, 32).unwrap_or(0) } else { u64::from(count) };
    let names = if names == u16::MAX { u32_at(&first, 40).unwrap_or(0) } else { u32::from(names) };
    if count > MAX_SECTIONS {
        return Err(ElfError::Malformed("more than 262,144 sections"));
    }
    let bytes = source.read(offset, count * SECTION_HEADER)?;
    let mut sections: Vec<(u32, Section)> = bytes.chunks_exact(64).filter_map(read_one).collect();
    let names = usize::try_from(names).ok().and_then(|names| sections.get(names));
    let names = match names {
        Some((_, names)) if names.size <= MAX_SECTION => {
            source.read(names.offset, names.size).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    for (name, section) in &mut sections {
        let name = usize::try_from(*name).ok().and_then(|at| text_at(&names, at));
        section.name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
    }
    Ok(sections.into_iter().map(|(_, section)| section).collect())
}

fn read_one(bytes: &[u8]) -> Option<(u32, Section)> {
    let kind = match u32_at(bytes, 4)? {
        2 => SectionKind::SymbolTable,
        4 => SectionKind::Relocations,
        7 => SectionKind::Note,
        8 => SectionKind::NoBits,
        11 => SectionKind::DynamicSymbols,
        _ => SectionKind::Other,
    };
    let section = Section {
        name: String::new(),
        kind,
        flags: u64_at(bytes, 8)?,
        address: u64_at(bytes, 16)?,
        offset: u64_at(bytes, 24)?,
        size: u64_at(bytes, 32)?,
        link: u32_at(bytes, 40)?,
    };
    Some((u32_at(bytes, 0)?, section))
}
