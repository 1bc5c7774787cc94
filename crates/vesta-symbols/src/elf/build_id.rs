//! What identifies a file.

use sha2::{Digest, Sha256};

use super::headers::PT_NOTE;
use super::{ElfFile, SectionKind};
use crate::little_endian::{index, size_of_slice, u32_at};

/// Notes are small; a core file is none of what is read here.
const MAX_NOTES: u64 = 64 << 10;
const MAX_ID: usize = 64;
const HASHED: u64 = 4 << 10;

const NT_GNU_BUILD_ID: u32 = 3;
const NT_GO_BUILD_ID: u32 = 4;

/// Where a build id comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuildIdKind {
    /// The linker. Only this one finds debug information elsewhere.
    Gnu,
    /// Go's linker, without that of C.
    Go,
    /// The content of the file: `process.executable.build_id.htlhash` of OpenTelemetry
    /// (<https://opentelemetry.io/docs/specs/otel/profiles/mappings/>).
    Content,
}

#[derive(Debug)]
pub(super) struct BuildId {
    pub(super) text: String,
    pub(super) kind: BuildIdKind,
}

impl BuildId {
    pub(super) fn of(elf: &ElfFile) -> Option<Self> {
        let gnu = note(elf, b"GNU\0", NT_GNU_BUILD_ID).filter(|id| !id.is_empty() && id.len() <= MAX_ID);
        if let Some(id) = gnu {
            return Some(Self { text: hexadecimal(&id), kind: BuildIdKind::Gnu });
        }
        if let Some(id) = go_note(elf) {
            return Some(Self { text: hashed_note(&id), kind: BuildIdKind::Go });
        }
        let size = elf.size();
        let first = elf.source.read_up_to(0, HASHED).ok()?;
        let last = elf.source.read_up_to(size.saturating_sub(HASHED), HASHED).ok()?;
        let hash = Sha256::new().chain_update(first).chain_update(last).chain_update(size.to_be_bytes());
        Some(Self { text: hexadecimal(&hash.finalize()[..16]), kind: BuildIdKind::Content })
    }
}

pub(super) fn go_note(elf: &ElfFile) -> Option<Vec<u8>> {
    note(elf, b"Go\0\0", NT_GO_BUILD_ID)
}

/// The content of a note. Debug files keep their notes as sections while their program headers lead nowhere, so
/// sections come first.
fn note(elf: &ElfFile, owner: &[u8], kind: u32) -> Option<Vec<u8>> {
    let sections = elf.headers.sections.iter().filter(|section| section.kind == SectionKind::Note);
    let programs = elf.headers.programs_of(PT_NOTE);
    let places = sections
        .map(|section| (section.offset, section.size))
        .chain(programs.map(|program| (program.offset, program.file_size)));
    for (offset, size) in places {
        let Ok(notes) = elf.source.read_up_to(offset, size.min(MAX_NOTES)) else { continue };
        if let Some(content) = find(&notes, owner, kind) {
            return Some(content.to_vec());
        }
    }
    None
}

fn find<'a>(mut notes: &'a [u8], owner: &[u8], kind: u32) -> Option<&'a [u8]> {
    while notes.len() >= 12 {
        let name_size = index(u32_at(notes, 0)?.into())?;
        let content_size = index(u32_at(notes, 4)?.into())?;
        let content_at = 12_usize.checked_add(name_size.checked_next_multiple_of(4)?)?;
        let name = notes.get(12..12_usize.checked_add(name_size)?)?;
        let content = notes.get(content_at..content_at.checked_add(content_size)?)?;
        if name == owner && u32_at(notes, 8)? == kind {
            return Some(content);
        }
        notes = notes.get(content_at.checked_add(content_size.checked_next_multiple_of(4)?)?..)?;
    }
    None
}

/// Go's build ids are paths of base64.
fn hashed_note(note: &[u8]) -> String {
    let hash = Sha256::new().chain_update(size_of_slice(note).to_le_bytes()).chain_update(note);
    hexadecimal(&hash.finalize()[..20])
}

fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| char::from(DIGITS[usize::from(value & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}
