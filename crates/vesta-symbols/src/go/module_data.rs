//! `runtime.firstmoduledata`: where the linker put the parts of the program. Since Go 1.26 the table of functions does
//! not say any more where code starts, and with C inside it is not where `.text` starts.

use std::collections::HashMap;

use super::header::Version;
use crate::elf::{ElfFile, SectionKind};
use crate::little_endian::{index, size, u32_at, u64_at};

const MAX_DATA: u64 = 256 << 20;
const MAX_RELOCATIONS: u64 = 256 << 20;
const RELOCATION: usize = 24;
/// `R_X86_64_RELATIVE` and `R_AARCH64_RELATIVE`.
const RELATIVE: [u32; 2] = [8, 1027];

/// Six slices follow the pointer to the table, then `findfunctab`.
const LOWEST: u64 = 8 + 6 * 24 + 8;
const HIGHEST: u64 = LOWEST + 8;
const TEXT: u64 = LOWEST + 16;
/// Go 1.20 put two words of coverage counters before it.
const FUNCTION_DATA: u64 = 320;

#[derive(Debug, Clone, Copy)]
pub(super) struct ModuleData {
    /// `runtime.text`.
    pub(super) text: u64,
    /// `go:func.*`; unknown before Go 1.20.
    pub(super) function_data: Option<u64>,
}

impl ModuleData {
    /// It starts with the address of the table of functions. In position independent executables that is a relocation.
    pub(super) fn find(elf: &ElfFile, table: u64, version: Version) -> Option<Self> {
        let relocations = Relocations::read(elf);
        let relocated = relocations.places_of(table);
        let read = |at: u64| Self::read(elf, &relocations, at, version);
        if let Some(found) = relocated.iter().find_map(|at| read(*at)) {
            return Some(found);
        }
        if let Some(section) = elf.section(".go.module")
            && let Some(found) = read(section.address)
        {
            return Some(found);
        }
        let pointer = table.to_le_bytes();
        for segment in elf.segments().iter().filter(|segment| segment.file_size <= MAX_DATA) {
            let Some(bytes) = elf.read_address(segment.address, segment.file_size) else { continue };
            let places = memchr::memmem::find_iter(&bytes, &pointer);
            let mut addresses = places.map(|at| segment.address.wrapping_add(size(at)));
            // The address occurs a few times at most in programs, and as often as it likes in damaged ones.
            if let Some(found) = addresses.by_ref().take(64).find_map(read) {
                return Some(found);
            }
        }
        None
    }

    fn read(elf: &ElfFile, relocations: &Relocations, at: u64, version: Version) -> Option<Self> {
        let bytes = elf.read_address(at, FUNCTION_DATA + 8)?;
        let word = |offset: u64| {
            relocations.value_at(at.wrapping_add(offset)).or_else(|| u64_at(&bytes, index(offset)?))
        };
        let (lowest, highest, text) = (word(LOWEST)?, word(HIGHEST)?, word(TEXT)?);
        let plausible = text <= lowest && lowest < highest && elf.is_executable_address(text);
        let function_data = match version {
            Version::Go20 => word(FUNCTION_DATA).filter(|address| elf.segment_at(*address).is_some()),
            _ => None,
        };
        plausible.then_some(Self { text, function_data })
    }
}

/// What the loader adds the bias to, by where it puts the sum.
struct Relocations(HashMap<u64, u64, foldhash::fast::RandomState>);

impl Relocations {
    fn read(elf: &ElfFile) -> Self {
        let mut all = HashMap::default();
        for section in elf.sections().iter().filter(|section| section.kind == SectionKind::Relocations) {
            if !section.is_loaded() {
                continue;
            }
            let Ok(bytes) = elf.read_section(section, MAX_RELOCATIONS) else { continue };
            for entry in bytes.chunks_exact(RELOCATION) {
                if let (Some(place), Some(kind), Some(value)) =
                    (u64_at(entry, 0), u32_at(entry, 8), u64_at(entry, 16))
                    && RELATIVE.contains(&kind)
                {
                    all.insert(place, value);
                }
            }
        }
        Self(all)
    }

    fn places_of(&self, wanted: u64) -> Vec<u64> {
        let mut places: Vec<u64> =
            self.0.iter().filter(|(_, value)| **value == wanted).map(|(place, _)| *place).collect();
        places.sort_unstable();
        places.truncate(64);
        places
    }

    fn value_at(&self, place: u64) -> Option<u64> {
        self.0.get(&place).copied()
    }
}
