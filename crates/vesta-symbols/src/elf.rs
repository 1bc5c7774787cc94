//! Executables and libraries, read piece by piece.
//!
//! A file is read with `pread`, never mapped: whoever owns it may truncate it at any moment, and a mapping would turn
//! that into a signal. What is read is bounded by the size of the file and by the limits below.

mod build_id;
mod compressed;
mod dynamic;
mod headers;
mod paged;
mod section;
mod segment;
mod source;
mod unwind;

pub use build_id::BuildIdKind;
pub use segment::{Segment, address_of_offset, bias_of_mapping};
pub use unwind::{SectionData, UnwindSections};

pub(crate) use dynamic::Dynamic;
pub(crate) use paged::{PagedReader, PagedSection};
pub(crate) use section::{Section, SectionKind};

use std::fs::File;
use std::io;

use build_id::BuildId;
use headers::Headers;
use source::Source;

/// The most that is read of one section that is not debug information. Chromium's string table has 400 MiB.
pub(crate) const MAX_SECTION: u64 = 512 << 20;

/// Why a file could not be read as an executable or library at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ElfError {
    /// The system refused.
    #[error("reading {size} bytes at {offset:#x}: {source}")]
    Read {
        /// Where in the file.
        offset: u64,
        /// How many.
        size: u64,
        /// What the system said.
        source: io::Error,
    },
    /// It is something else.
    #[error("no ELF file: it does not start with \\x7fELF")]
    NotElf,
    /// It is for a machine Vesta does not know.
    #[error("an ELF file for {0}; known are 64-bit little-endian x86-64 and aarch64")]
    Unsupported(String),
    /// Its headers contradict each other or the size of the file.
    #[error("a damaged ELF file: {0}")]
    Malformed(&'static str),
    /// A section is larger than what is read of any.
    #[error("{what} has {size} bytes, more than the {limit} that are read")]
    TooLarge {
        /// What.
        what: String,
        /// Its size.
        size: u64,
        /// The most that is read.
        limit: u64,
    },
    /// A compressed section cannot be decompressed.
    #[error("section {section}: {why}")]
    Compression {
        /// Its name.
        section: String,
        /// What is wrong.
        why: String,
    },
}

/// The kind of processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Machine {
    /// Also called amd64.
    X86_64,
    /// Also called arm64.
    Aarch64,
}

/// The headers of an executable or library; the rest of it is read on demand.
#[derive(Debug)]
pub struct ElfFile {
    source: Source,
    machine: Machine,
    segments: Vec<Segment>,
    headers: Headers,
    build_id: Option<BuildId>,
}

impl ElfFile {
    /// Reads the headers of a file.
    pub fn open(file: File) -> Result<Self, ElfError> {
        Self::read(Source::file(file)?)
    }

    /// Reads the headers of something in memory, such as the vDSO.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, ElfError> {
        Self::read(Source::Bytes(bytes))
    }

    fn read(source: Source) -> Result<Self, ElfError> {
        let headers = Headers::read(&source)?;
        let segments = headers.segments();
        let mut elf = Self { machine: headers.machine, source, segments, headers, build_id: None };
        elf.build_id = BuildId::of(&elf);
        Ok(elf)
    }

    /// What identifies the file, as lower hexadecimal digits: the build id of the linker (`.note.gnu.build-id`). Where
    /// there is none, the first 20 bytes of the SHA-256 of Go's build id, and where there is neither, of the size of
    /// the file and its first and last 4 KiB. `None` only when even those cannot be read.
    #[must_use]
    pub fn build_id(&self) -> Option<&str> {
        self.build_id.as_ref().map(|id| id.text.as_str())
    }

    /// Where the build id comes from.
    #[must_use]
    pub fn build_id_kind(&self) -> Option<BuildIdKind> {
        self.build_id.as_ref().map(|id| id.kind)
    }

    /// What of the file is mapped where.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The kind of processor it is for.
    #[must_use]
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// The size of the file in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.source.size()
    }

    /// The name of the file with its debug information and the CRC of that file, when `strip` left them.
    #[must_use]
    pub fn debuglink(&self) -> Option<(String, u32)> {
        let bytes = self.section_bytes(".gnu_debuglink", 64 << 10)?;
        let name = crate::little_endian::text_at(&bytes, 0)?;
        let at = (name.len() + 4) & !3;
        let crc = crate::little_endian::u32_at(&bytes, at)?;
        Some((String::from_utf8(name.to_vec()).ok()?, crc))
    }

    /// Whether Go's linker made it.
    #[must_use]
    pub fn is_go(&self) -> bool {
        [".gopclntab", ".go.buildinfo", ".note.go.buildid", ".data.rel.ro.gopclntab"]
            .iter()
            .any(|name| self.section(name).is_some())
            || self.build_id_kind() == Some(BuildIdKind::Go)
            || (self.headers.sections.is_empty() && build_id::go_note(self).is_some())
    }

    /// The sections that tell how to walk the stack, as far as they exist, and what could not be read of them.
    pub fn unwind_sections(&self) -> Result<UnwindSections, ElfError> {
        unwind::read(self)
    }

    pub(crate) fn sections(&self) -> &[Section] {
        &self.headers.sections
    }

    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.headers.sections.iter().find(|section| section.name == name)
    }

    /// The decompressed bytes of a section; empty where the file has none of it (`strip --only-keep-debug`).
    pub(crate) fn read_section(&self, section: &Section, limit: u64) -> Result<Vec<u8>, ElfError> {
        if section.kind == SectionKind::NoBits {
            return Ok(Vec::new());
        }
        let size = section.size;
        if size > limit {
            return Err(ElfError::TooLarge { what: format!("section {}", section.name), size, limit });
        }
        let bytes = self.source.read(section.offset, size)?;
        compressed::decompress(section, bytes, limit)
    }

    pub(crate) fn section_bytes(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        self.read_section(self.section(name)?, limit).ok()
    }

    /// Bytes of a section that is not compressed.
    pub(crate) fn read_within(&self, section: &Section, start: u64, size: u64) -> Result<Vec<u8>, ElfError> {
        let end = start.checked_add(size).filter(|end| *end <= section.size);
        let offset = section.offset.checked_add(start).filter(|_| end.is_some());
        self.source.read(offset.ok_or(ElfError::Malformed("an offset beyond the end of its section"))?, size)
    }

    pub(crate) fn is_compressed(&self, section: &Section) -> bool {
        section.kind != SectionKind::NoBits && compressed::size(section, &self.source).is_some()
    }

    /// How many bytes a section has once it is decompressed.
    pub(crate) fn section_size(&self, section: &Section) -> u64 {
        match section.kind {
            SectionKind::NoBits => 0,
            _ => compressed::size(section, &self.source).unwrap_or(section.size),
        }
    }

    /// The bytes that are mapped at an address, as far as the file has them: at most `size`.
    pub(crate) fn read_address(&self, address: u64, size: u64) -> Option<Vec<u8>> {
        let segment = self.segment_at(address)?;
        let within = address - segment.address;
        let size = size.min(segment.file_size - within);
        self.source.read(segment.offset.checked_add(within)?, size).ok()
    }

    pub(crate) fn segment_at(&self, address: u64) -> Option<&Segment> {
        self.segments.iter().find(|segment| {
            address.checked_sub(segment.address).is_some_and(|within| within < segment.file_size)
        })
    }

    pub(crate) fn is_executable_address(&self, address: u64) -> bool {
        self.segments.iter().any(|segment| {
            segment.executable
                && address.checked_sub(segment.address).is_some_and(|within| within < segment.memory_size)
        })
    }

    pub(crate) fn checksum(&self) -> Result<u32, ElfError> {
        self.source.crc32()
    }
}
