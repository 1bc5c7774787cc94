//! The sections that tell how to walk the stack.

use std::ops::Range;
use std::sync::Arc;

use super::headers::PT_GNU_EH_FRAME;
use super::{ElfError, ElfFile, MAX_SECTION, Section};
use crate::go;
use crate::little_endian::{size_of_slice, u32_at, u64_at};

/// A section in memory.
#[derive(Debug, Clone)]
pub struct SectionData {
    /// The address of its first byte, as the file states it.
    pub address: u64,
    /// Its bytes, decompressed.
    pub data: Arc<[u8]>,
}

/// What an unwinder needs of a file, at addresses as the file states them.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct UnwindSections {
    /// How each function builds its frame. Without section headers it ends where its segment does.
    pub eh_frame: Option<SectionData>,
    /// An index of it.
    pub eh_frame_hdr: Option<SectionData>,
    /// As `eh_frame`, from the debug information. Not loaded, so that its address is 0.
    pub debug_frame: Option<SectionData>,
    /// Go's table of functions.
    pub gopclntab: Option<SectionData>,
    /// `.text`, where the others leave most functions out: musl's own, above all.
    pub code: Option<SectionData>,
    /// What that table's functions are relative to: `runtime.text`, which with C inside is not where `.text` starts.
    pub go_text_start: Option<u64>,
    /// The addresses of all code.
    pub text: Option<Range<u64>>,
    /// Where `.text` starts (`DW_EH_PE_textrel`); 0 when unknown.
    pub text_address: u64,
    /// Where `.got` starts (`DW_EH_PE_datarel`); 0 when unknown.
    pub got_address: u64,
}

/// The most bytes of code: the C library of musl has 400 KiB.
const MAX_CODE: u64 = 4 << 20;
/// Tables of all functions of a module have a tenth to a fifth of the size of its code.
const TABLES_OF_CODE: u64 = 12;

pub(super) fn read(elf: &ElfFile) -> Result<UnwindSections, ElfError> {
    let address = |name| elf.section(name).map_or(0, |section: &Section| section.address);
    let mut sections = UnwindSections {
        eh_frame: section(elf, ".eh_frame")?,
        eh_frame_hdr: section(elf, ".eh_frame_hdr")?,
        debug_frame: section(elf, ".debug_frame")?.or(section(elf, ".zdebug_frame")?),
        gopclntab: None,
        code: None,
        go_text_start: None,
        text: text_of(elf),
        text_address: address(".text"),
        got_address: address(".got"),
    };
    if sections.eh_frame_hdr.is_none() {
        from_program_headers(elf, &mut sections);
    }
    if elf.is_go() {
        sections.gopclntab = go::find_table(elf);
        sections.go_text_start = sections.gopclntab.as_ref().and_then(|table| go::text_start(elf, table));
    }
    if sections.gopclntab.is_none() && tables_are_scarce(elf, &sections) {
        sections.code = section(elf, ".text")?;
    }
    Ok(sections)
}

/// Whether the tables are too small to be of more than some of the functions.
fn tables_are_scarce(elf: &ElfFile, sections: &UnwindSections) -> bool {
    let size =
        |section: &Option<SectionData>| section.as_ref().map_or(0, |section| size_of_slice(&section.data));
    let tables = size(&sections.eh_frame) + size(&sections.debug_frame);
    let code = elf.section(".text").map_or(0, |section: &Section| section.size);
    code <= MAX_CODE && tables < code / TABLES_OF_CODE
}

fn section(elf: &ElfFile, name: &str) -> Result<Option<SectionData>, ElfError> {
    let Some(section) = elf.section(name) else { return Ok(None) };
    let data = elf.read_section(section, MAX_SECTION)?;
    if data.is_empty() {
        return Ok(None);
    }
    Ok(Some(SectionData { address: section.address, data: data.into() }))
}

/// All addresses of executable segments, from the lowest to the highest.
fn text_of(elf: &ElfFile) -> Option<Range<u64>> {
    let executable = || elf.segments().iter().filter(|segment| segment.executable);
    let start = executable().map(|segment| segment.address).min()?;
    let end = executable().map(|segment| segment.address.saturating_add(segment.memory_size)).max()?;
    Some(start..end)
}

/// The index says where the frames start. What follows them in their segment does no harm: an unwinder goes by the
/// index.
fn from_program_headers(elf: &ElfFile, sections: &mut UnwindSections) {
    let Some(program) = elf.headers.programs_of(PT_GNU_EH_FRAME).next() else { return };
    if program.file_size > MAX_SECTION {
        return;
    }
    let Ok(header) = elf.source.read(program.offset, program.file_size) else { return };
    let frames = frames_address(&header, program.address);
    sections.eh_frame_hdr = Some(SectionData { address: program.address, data: header.into() });
    if sections.eh_frame.is_some() {
        return;
    }
    let Some(address) = frames else { return };
    if let Some(data) = elf.read_address(address, MAX_SECTION)
        && size_of_slice(&data) > 0
    {
        sections.eh_frame = Some(SectionData { address, data: data.into() });
    }
}

/// The encodings in use: relative to the field (every linker), or absolute.
fn frames_address(header: &[u8], address: u64) -> Option<u64> {
    const RELATIVE_32: u8 = 0x1b;
    const ABSOLUTE_64: u8 = 0x04;
    const ABSOLUTE_32: u8 = 0x03;
    if *header.first()? != 1 {
        return None;
    }
    match *header.get(1)? {
        RELATIVE_32 => {
            let relative = i64::from(crate::little_endian::i32_at(header, 4)?);
            Some(address.wrapping_add(4).wrapping_add_signed(relative))
        }
        ABSOLUTE_64 | 0 => u64_at(header, 4),
        ABSOLUTE_32 => u32_at(header, 4).map(u64::from),
        _ => None,
    }
}
