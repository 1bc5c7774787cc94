//! The file header, program headers and section headers.

use super::section::{self, Section};
use super::source::Source;
use super::{ElfError, Machine, Segment};
use crate::little_endian::{size_of_slice, u16_at, u32_at, u64_at};

const FILE_HEADER: u64 = 64;
const PROGRAM_HEADER: u64 = 56;

const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const MACHINE_X86_64: u16 = 62;
const MACHINE_AARCH64: u16 = 183;

const PT_LOAD: u32 = 1;
pub(super) const PT_DYNAMIC: u32 = 2;
pub(super) const PT_NOTE: u32 = 4;
pub(super) const PT_GNU_EH_FRAME: u32 = 0x6474_e550;
const PF_X: u32 = 1;

#[derive(Debug)]
pub(super) struct Headers {
    pub(super) machine: Machine,
    pub(super) programs: Vec<ProgramHeader>,
    pub(super) sections: Vec<Section>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct ProgramHeader {
    pub(super) kind: u32,
    pub(super) flags: u32,
    pub(super) offset: u64,
    pub(super) address: u64,
    pub(super) file_size: u64,
    pub(super) memory_size: u64,
}

impl Headers {
    pub(super) fn read(source: &Source) -> Result<Self, ElfError> {
        let header = source.read_up_to(0, FILE_HEADER)?;
        if !header.starts_with(b"\x7fELF") {
            return Err(ElfError::NotElf);
        }
        if size_of_slice(&header) < FILE_HEADER {
            return Err(ElfError::Malformed("shorter than its header"));
        }
        let machine = machine_of(&header)?;
        let programs = read_programs(source, &header)?;
        // Without section headers there is still what the program headers lead to.
        let sections = section::read_all(source, &header).unwrap_or_default();
        Ok(Self { machine, programs, sections })
    }

    pub(super) fn segments(&self) -> Vec<Segment> {
        let loads = self.programs.iter().filter(|program| program.kind == PT_LOAD);
        let segment = |program: &ProgramHeader| Segment {
            offset: program.offset,
            file_size: program.file_size,
            address: program.address,
            memory_size: program.memory_size,
            executable: program.flags & PF_X != 0,
        };
        loads.map(segment).collect()
    }

    pub(super) fn programs_of(&self, kind: u32) -> impl Iterator<Item = &ProgramHeader> {
        self.programs.iter().filter(move |program| program.kind == kind)
    }
}

fn machine_of(header: &[u8]) -> Result<Machine, ElfError> {
    if header[4] != CLASS_64 {
        return Err(ElfError::Unsupported("a 32-bit machine".to_owned()));
    }
    if header[5] != LITTLE_ENDIAN {
        return Err(ElfError::Unsupported("a big-endian machine".to_owned()));
    }
    match u16_at(header, 18) {
        Some(MACHINE_X86_64) => Ok(Machine::X86_64),
        Some(MACHINE_AARCH64) => Ok(Machine::Aarch64),
        machine => Err(ElfError::Unsupported(format!("machine {}", machine.unwrap_or(0)))),
    }
}

fn read_programs(source: &Source, header: &[u8]) -> Result<Vec<ProgramHeader>, ElfError> {
    let damaged = ElfError::Malformed("its program headers are not where it says");
    let (Some(offset), Some(entry), Some(count)) =
        (u64_at(header, 32), u16_at(header, 54), u16_at(header, 56))
    else {
        return Err(damaged);
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    if u64::from(entry) != PROGRAM_HEADER {
        return Err(ElfError::Malformed("its program headers are not of 56 bytes"));
    }
    let bytes = source.read(offset, PROGRAM_HEADER * u64::from(count)).map_err(|_| damaged)?;
    let programs = bytes.chunks_exact(56).filter_map(|bytes| {
        Some(ProgramHeader {
            kind: u32_at(bytes, 0)?,
            flags: u32_at(bytes, 4)?,
            offset: u64_at(bytes, 8)?,
            address: u64_at(bytes, 16)?,
            file_size: u64_at(bytes, 32)?,
            memory_size: u64_at(bytes, 40)?,
        })
    });
    Ok(programs.collect())
}
