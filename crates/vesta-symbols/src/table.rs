//! Names of functions by address, from the tables of the linker.

use std::borrow::Cow;
use std::cell::Cell;
use std::cmp::Reverse;

use gimli::Reader;
use hashbrown::HashMap;

use crate::elf::{Dynamic, ElfError, ElfFile, MAX_SECTION, Machine, PagedSection, Section, SectionKind};
use crate::little_endian::{index, text_at, u16_at, u32_at, u64_at};
use crate::problem::Problem;
use crate::wanted::{Wanted, any_in};

const ENTRY: usize = 24;
/// How many symbols may start within a function that goes on after them. Assembly has one or two.
const MAX_NESTED: usize = 16;

const TYPE_NONE: u8 = 0;
const TYPE_FUNCTION: u8 = 2;
const TYPE_IFUNC: u8 = 10;
const BIND_LOCAL: u8 = 0;
const BIND_WEAK: u8 = 2;

/// Functions sorted by address, without overlaps at their starts.
#[derive(Debug, Default)]
pub(crate) struct SymbolTable {
    starts: Vec<u64>,
    sizes: Vec<u32>,
    /// Where in `text` each name starts.
    names: Vec<u32>,
    /// All names, each ended by a NUL.
    text: Vec<u8>,
}

/// A function of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TableSymbol<'a> {
    pub(crate) name: &'a str,
}

impl SymbolTable {
    pub(crate) fn find(&self, address: u64) -> Option<TableSymbol<'_>> {
        let after = self.starts.partition_point(|start| *start <= address);
        let candidates = (after.saturating_sub(MAX_NESTED)..after).rev();
        let found =
            candidates.into_iter().find(|at| address - self.starts[*at] < u64::from(self.sizes[*at]))?;
        let name = text_at(&self.text, index(self.names[found].into())?)?;
        Some(TableSymbol { name: std::str::from_utf8(name).ok()? })
    }

    /// Every address where the answer may change.
    pub(crate) fn boundaries(&self) -> impl Iterator<Item = u64> + '_ {
        let ranges = self.starts.iter().zip(&self.sizes);
        ranges.flat_map(|(start, size)| [*start, start.saturating_add(u64::from(*size))])
    }

    pub(crate) fn heap_size(&self) -> usize {
        self.starts.capacity() * 8
            + self.sizes.capacity() * 4
            + self.names.capacity() * 4
            + self.text.capacity()
    }
}

/// Collects the symbols of several tables, of which some have the same functions.
#[derive(Debug, Default)]
pub(crate) struct TableBuilder {
    candidates: Vec<Candidate>,
    text: Vec<u8>,
}

#[derive(Debug)]
struct Candidate {
    start: u64,
    size: u64,
    /// Where a symbol without a size must end.
    limit: u64,
    name: u32,
    length: u32,
    local: bool,
    weak: bool,
}

/// A symbol in code.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    start: u64,
    size: u64,
    name: u32,
    kind: u8,
    bind: u8,
    home: Option<&'a Section>,
}

impl<'a> Entry<'a> {
    fn parse(elf: &'a ElfFile, bytes: &[u8]) -> Option<Self> {
        let (kind, bind) = (bytes[4] & 15, bytes[4] >> 4);
        let section = u16_at(bytes, 6)?;
        let start = u64_at(bytes, 8)?;
        if !matches!(kind, TYPE_NONE | TYPE_FUNCTION | TYPE_IFUNC) || section == 0 || start == 0 {
            return None;
        }
        let home = elf.sections().get(usize::from(section));
        let executable = match home {
            Some(home) => home.is_executable(),
            None => elf.is_executable_address(start),
        };
        executable.then_some(Entry {
            start,
            size: u64_at(bytes, 16)?,
            name: u32_at(bytes, 0)?,
            kind,
            bind,
            home,
        })
    }
}

/// Goes through a table without having all of it in memory.
fn for_each_entry(elf: &ElfFile, table: &Section, mut each: impl FnMut(&[u8])) -> Result<(), ElfError> {
    const PIECE: u64 = 24 * 8192;
    let mut at = 0;
    while at < table.size {
        let piece = elf.read_within(table, at, PIECE.min(table.size - at))?;
        piece.chunks_exact(ENTRY).for_each(&mut each);
        at += PIECE;
    }
    Ok(())
}

fn name_at(names: &PagedSection<'_>, at: u32) -> Option<String> {
    let mut rest = names.reader();
    rest.skip(index(at.into())?).ok()?;
    let name = rest.read_null_terminated_slice().ok()?;
    name.to_string().ok().map(Cow::into_owned)
}

impl TableBuilder {
    /// Adds what is wanted of `.symtab` or `.dynsym` of a file. Says whether there were any symbols.
    pub(crate) fn add_tables(
        &mut self,
        elf: &ElfFile,
        kind: SectionKind,
        wanted: Wanted<'_>,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let mut found = false;
        for table in elf.sections().iter().filter(|section| section.kind == kind) {
            let strings = usize::try_from(table.link).ok().and_then(|link| elf.sections().get(link));
            let Some(strings) = strings else { continue };
            let added = match wanted {
                Wanted::These(addresses) if !elf.is_compressed(table) => {
                    self.add_few(elf, table, strings, addresses)
                }
                _ => self.add_all(elf, table, strings),
            };
            match added {
                Ok(size) => found |= size > ENTRY,
                Err(error) => problems.push(Problem::new(format!("section {}: {error}", table.name))),
            }
        }
        found
    }

    fn add_all(&mut self, elf: &ElfFile, table: &Section, strings: &Section) -> Result<usize, ElfError> {
        let symbols = elf.read_section(table, MAX_SECTION)?;
        let names = elf.read_section(strings, MAX_SECTION)?;
        self.add_symbols(elf, &symbols, &names);
        Ok(symbols.len())
    }

    /// Reads a table twice, a piece at a time, and of the names those that may be an answer. Symbols with a size are an
    /// answer to what they contain. Those without are one to an address when no other starts before it, and when they do
    /// not lie within one with a size: of those that start last before an address, everything is kept that contains them.
    fn add_few(
        &mut self,
        elf: &ElfFile,
        table: &Section,
        strings: &Section,
        addresses: &[u64],
    ) -> Result<usize, ElfError> {
        let read = Cell::new(0);
        let names = PagedSection::new(elf, Some(strings), &read);
        let mut marks = HashMap::new();
        let mut last_starts = vec![0; addresses.len()];
        for_each_entry(elf, table, |entry| {
            let Some(entry) = Entry::parse(elf, entry) else { return };
            let at = addresses.partition_point(|address| *address < entry.start);
            if let Some(last) = last_starts.get_mut(at)
                && *last < entry.start
                && entry.name != 0
                && (entry.kind != TYPE_NONE
                    || !*marks.entry(entry.name).or_insert_with(|| {
                        name_at(&names, entry.name).is_none_or(|name| is_mark(&name, elf.machine()))
                    }))
            {
                *last = entry.start;
            }
        })?;
        let mut last = 0;
        for start in &mut last_starts {
            last = last.max(*start);
            *start = last;
        }
        last_starts.dedup();
        let mut points: Vec<u64> = addresses.iter().chain(&last_starts).copied().collect();
        points.sort_unstable();
        for_each_entry(elf, table, |entry| {
            let Some(entry) = Entry::parse(elf, entry) else { return };
            let contained = entry.start..entry.start.saturating_add(entry.size);
            let is_needed = last_starts.binary_search(&entry.start).is_ok() || any_in(&points, contained);
            if !is_needed {
                return;
            }
            if let Some(name) = name_at(&names, entry.name) {
                self.add_named(elf, entry, &name);
            }
        })?;
        Ok(index(table.size).unwrap_or(usize::MAX))
    }

    /// Adds the dynamic symbols of a file without section headers.
    pub(crate) fn add_dynamic(&mut self, elf: &ElfFile) {
        if let Some(dynamic) = Dynamic::read(elf) {
            self.add_symbols(elf, &dynamic.symbols, &dynamic.strings);
        }
    }

    fn add_symbols(&mut self, elf: &ElfFile, symbols: &[u8], names: &[u8]) {
        self.candidates.reserve(symbols.len() / ENTRY / 2);
        for entry in symbols.chunks_exact(ENTRY) {
            self.add_entry(elf, entry, names);
        }
    }

    fn add_entry(&mut self, elf: &ElfFile, entry: &[u8], names: &[u8]) -> Option<()> {
        let entry = Entry::parse(elf, entry)?;
        let name = text_at(names, index(entry.name.into())?)?;
        self.add_named(elf, entry, std::str::from_utf8(name).ok()?)
    }

    fn add_named(&mut self, elf: &ElfFile, entry: Entry<'_>, name: &str) -> Option<()> {
        let name = without_version(name);
        if name.is_empty() || (entry.kind == TYPE_NONE && is_mark(name, elf.machine())) {
            return None;
        }
        let limit = entry.home.map_or_else(|| entry.start.saturating_add(1 << 20), Section::end);
        self.add(Range { start: entry.start, size: entry.size, limit }, name, entry.bind)
    }

    /// Adds a name that no table has.
    pub(crate) fn add_name(&mut self, start: u64, size: u64, name: &str) {
        self.add(Range { start, size, limit: start.saturating_add(size) }, name, BIND_LOCAL);
    }

    fn add(&mut self, range: Range, name: &str, bind: u8) -> Option<()> {
        let at = u32::try_from(self.text.len()).ok()?;
        let length = u32::try_from(name.len()).ok()?;
        self.text.extend_from_slice(name.as_bytes());
        self.candidates.push(Candidate {
            start: range.start,
            size: range.size,
            limit: range.limit,
            name: at,
            length,
            local: bind == BIND_LOCAL,
            weak: bind == BIND_WEAK,
        });
        Some(())
    }

    pub(crate) fn build(mut self) -> SymbolTable {
        let text = std::mem::take(&mut self.text);
        let name_of = |candidate: &Candidate| {
            let start = index(candidate.name.into()).unwrap_or(0);
            let end = start + index(candidate.length.into()).unwrap_or(0);
            text.get(start..end).unwrap_or_default()
        };
        self.candidates.sort_by(|left, right| {
            let by_name = || rank(left, name_of(left)).cmp(&rank(right, name_of(right)));
            left.start.cmp(&right.start).then_with(by_name)
        });
        self.candidates.dedup_by(|next, kept| next.start == kept.start);
        let mut table = SymbolTable::default();
        let mut covered = 0_u64;
        for (at, candidate) in self.candidates.iter().enumerate() {
            let size = match candidate.size {
                // A label within a function is not the name of what follows it.
                0 if candidate.start < covered => continue,
                0 => {
                    let next = self.candidates.get(at + 1).map_or(u64::MAX, |next| next.start);
                    candidate.limit.min(next).saturating_sub(candidate.start)
                }
                size => size,
            };
            let size = u32::try_from(size).unwrap_or(u32::MAX);
            let Ok(name) = u32::try_from(table.text.len()) else { break };
            covered = covered.max(candidate.start.saturating_add(u64::from(size)));
            table.starts.push(candidate.start);
            table.sizes.push(size);
            table.names.push(name);
            table.text.extend_from_slice(name_of(candidate));
            table.text.push(0);
        }
        table.starts.shrink_to_fit();
        table.sizes.shrink_to_fit();
        table.names.shrink_to_fit();
        table.text.shrink_to_fit();
        table
    }
}

#[derive(Debug, Clone, Copy)]
struct Range {
    start: u64,
    size: u64,
    limit: u64,
}

/// Which of several names for one address is shown, best first: one with a size, one that others may call, the one
/// with the fewest underscores before it (`malloc`, not `__libc_malloc`), global before weak, short before long.
/// The name itself comes last, so that no build of a file and no order of its table changes the choice.
fn rank<'a>(candidate: &Candidate, name: &'a [u8]) -> impl Ord + use<'a> {
    let mangled = name.starts_with(b"_Z") || name.starts_with(b"_R");
    let underscores = if mangled { 0 } else { name.iter().take_while(|byte| **byte == b'_').count() };
    (
        candidate.size == 0,
        candidate.local,
        underscores,
        candidate.weak,
        name.len(),
        name,
        Reverse(candidate.size),
    )
}

/// `memcpy@@GLIBC_2.14` is `memcpy`.
fn without_version(name: &str) -> &str {
    match name.find('@') {
        Some(at) if at > 0 && !name.ends_with("@plt") => &name[..at],
        _ => name,
    }
}

/// Marks of the assembler (code `$x` and data `$d`, with or without a suffix) and of the linker.
fn is_mark(name: &str, machine: Machine) -> bool {
    let mapping = machine == Machine::Aarch64 && (name.starts_with("$x") || name.starts_with("$d"));
    mapping || name.starts_with(".L") || matches!(name, "etext" | "_etext" | "__etext" | "_end" | "end")
}
