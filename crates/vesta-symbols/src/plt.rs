//! Stubs through which code calls functions of other files: `malloc@plt`.

use crate::elf::{ElfFile, Machine, Section, SectionKind};
use crate::little_endian::{i32_at, index, size, text_at, u32_at, u64_at};
use crate::table::TableBuilder;
use crate::wanted::Wanted;

const STUBS: [&str; 4] = [".plt", ".plt.sec", ".plt.got", ".iplt"];
/// Chromium has 5 MiB of relocations and 40 KiB of stubs.
const MAX_STUBS: u64 = 4 << 20;
const MAX_RELOCATIONS: u64 = 64 << 20;
const MAX_NAMES: u64 = 64 << 20;

const RELOCATION: usize = 24;
const SYMBOL: usize = 24;

/// Names each stub after the function whose address it loads; in sections that are needed.
pub(crate) fn add_names(elf: &ElfFile, wanted: Wanted<'_>, builder: &mut TableBuilder) {
    let sections = STUBS.iter().filter_map(|name| elf.section(name));
    let sections: Vec<&Section> =
        sections.filter(|section| wanted.any_in(section.address..section.end())).collect();
    if sections.is_empty() {
        return;
    }
    let slots = Slots::read(elf).unwrap_or_default();
    for section in sections {
        let Ok(code) = elf.read_section(section, MAX_STUBS) else { continue };
        // Stubs are of 16 bytes, but those of `.plt.got` without control flow protection of 8.
        let step =
            if section.name == ".plt.got" && !code.starts_with(&[0xf3, 0x0f, 0x1e, 0xfa]) { 8 } else { 16 };
        for (at, stub) in code.chunks(step).enumerate() {
            let start = section.address.wrapping_add(size(at * step));
            let slot = match elf.machine() {
                Machine::X86_64 => x86_64_slot(stub, start),
                Machine::Aarch64 => aarch64_slot(stub, start),
            };
            if let Some(name) = slot.and_then(|slot| slots.name(slot)) {
                builder.add_name(start, size(stub.len()), &format!("{name}@plt"));
            }
        }
    }
}

/// The names of the addresses that the loader fills in, sorted by where it puts them.
#[derive(Default)]
struct Slots {
    slots: Vec<(u64, u32)>,
    symbols: Vec<u8>,
    names: Vec<u8>,
}

impl Slots {
    fn read(elf: &ElfFile) -> Option<Self> {
        let table = elf.sections().iter().find(|section| section.kind == SectionKind::DynamicSymbols)?;
        let names = elf.sections().get(usize::try_from(table.link).ok()?)?;
        let symbols = elf.read_section(table, MAX_NAMES).ok()?;
        let names = elf.read_section(names, MAX_NAMES).ok()?;
        let mut slots = Vec::new();
        for section in elf.sections().iter().filter(|section| section.kind == SectionKind::Relocations) {
            if !section.is_loaded() {
                continue;
            }
            let Ok(relocations) = elf.read_section(section, MAX_RELOCATIONS) else { continue };
            for relocation in relocations.chunks_exact(RELOCATION) {
                if let (Some(slot), Some(symbol)) = (u64_at(relocation, 0), u32_at(relocation, 12))
                    && symbol != 0
                {
                    slots.push((slot, symbol));
                }
            }
        }
        slots.sort_unstable();
        Some(Self { slots, symbols, names })
    }

    fn name(&self, slot: u64) -> Option<&str> {
        let at = self.slots.binary_search_by_key(&slot, |(slot, _)| *slot).ok()?;
        let symbol = index(self.slots[at].1.into())?.checked_mul(SYMBOL)?;
        let name = text_at(&self.names, index(u32_at(&self.symbols, symbol)?.into())?)?;
        std::str::from_utf8(name).ok().filter(|name| !name.is_empty())
    }
}

/// `jmp *offset(%rip)`, with `bnd` and `endbr64` before it or not.
fn x86_64_slot(stub: &[u8], start: u64) -> Option<u64> {
    let at = stub.windows(2).position(|bytes| bytes == [0xff, 0x25])?;
    let offset = i64::from(i32_at(stub, at + 2)?);
    Some(start.wrapping_add(size(at + 6)).wrapping_add_signed(offset))
}

/// `adrp x16, page` and `ldr x17, [x16, #offset]`, with `bti c` before them or not.
fn aarch64_slot(stub: &[u8], start: u64) -> Option<u64> {
    let instructions: Vec<u32> = stub.chunks_exact(4).filter_map(|bytes| u32_at(bytes, 0)).collect();
    let at = instructions.iter().position(|word| word & 0x9f00_001f == 0x9000_0010)?;
    let load = instructions.get(at + 1).filter(|word| **word & 0xffc0_03ff == 0xf940_0211)?;
    let page = instructions[at];
    let pages = i64::from(((page >> 5) & 0x7_ffff) << 2 | ((page >> 29) & 3));
    let pages = (pages << 43) >> 43;
    let here = start.wrapping_add(size(at * 4)) & !0xfff;
    let offset = u64::from((load >> 10) & 0xfff) * 8;
    Some(here.wrapping_add_signed(pages << 12).wrapping_add(offset))
}
