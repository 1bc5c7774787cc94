//! DWARF: functions, those inlined into them, files and lines.

mod boundaries;
mod declaration;
mod nesting;

use std::cell::Cell;
use std::convert::Infallible;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use addr2line::Context;
use gimli::{EndianReader, LittleEndian, Reader, SectionId};

use crate::elf::{ElfFile, PagedReader, PagedSection, Section};
use crate::little_endian::text_at;
use crate::problem::Problem;
use crate::search::Search;
use crate::symbol::Symbol;
use crate::wanted::any_in;

/// Debug information that is in memory.
pub(crate) type Whole = EndianReader<LittleEndian, Arc<[u8]>>;

/// What functions, lines and inlined functions need. Variables and types stay in the file.
const SECTIONS: [SectionId; 10] = [
    SectionId::DebugAbbrev,
    SectionId::DebugAddr,
    SectionId::DebugAranges,
    SectionId::DebugInfo,
    SectionId::DebugLine,
    SectionId::DebugLineStr,
    SectionId::DebugRanges,
    SectionId::DebugRngLists,
    SectionId::DebugStr,
    SectionId::DebugStrOffsets,
];
/// Compilers inline some 40 deep; recursion that inlines itself is cut by them as well.
const MAX_INLINED: usize = 256;

/// The debug information of one module.
pub(crate) struct DebugInfo<R: Reader> {
    /// Parses units when they are first asked for. Inside it has cells, which no two threads may look into.
    context: Mutex<Context<R>>,
    dwarf: Arc<gimli::Dwarf<R>>,
    lines: bool,
    inlines: bool,
    size: usize,
}

impl<R: Reader> fmt::Debug for DebugInfo<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("DebugInfo").field("size", &self.size).finish_non_exhaustive()
    }
}

/// Whether a file has debug information.
pub(crate) fn is_in(elf: &ElfFile) -> bool {
    section_of(elf, SectionId::DebugInfo).is_some_and(|section| elf.section_size(section) > 0)
}

/// The file that debug information refers to, when all of it together is not too large.
fn shared_file(elf: &ElfFile, search: &Search, problems: &mut Vec<Problem>) -> Option<Option<ElfFile>> {
    let shared = alternative(elf).and_then(|(name, build_id)| search.shared_file(&name, &build_id));
    let total = size_of(elf).saturating_add(shared.as_ref().map_or(0, size_of));
    if total > search.max_debug_bytes {
        let limit = search.max_debug_bytes;
        problems
            .push(Problem::new(format!("{total} bytes of debug information, more than the {limit} allowed")));
        return None;
    }
    Some(shared)
}

impl DebugInfo<Whole> {
    /// Reads all of it.
    pub(crate) fn read(elf: &ElfFile, search: &Search, problems: &mut Vec<Problem>) -> Option<Self> {
        let shared = shared_file(elf, search, problems)?;
        let mut size = 0;
        let mut dwarf = load(elf, search.max_debug_bytes, &mut size, problems);
        if let Some(shared) = shared {
            dwarf.set_sup(load(&shared, search.max_debug_bytes, &mut size, problems));
        }
        Self::new(dwarf, size, |_| true, search, problems)
    }
}

/// How much may be read for some addresses before what was made of it is thrown away, for the next.
const MAX_READ: u64 = 12 << 20;

/// The functions at each of a few addresses, which are sorted, innermost first; as [`DebugInfo::resolve`] finds them, but
/// read are only the units that the addresses are in, and the heads of the others.
pub(crate) fn resolve_few(
    elf: &ElfFile,
    search: &Search,
    addresses: &[u64],
    problems: &mut Vec<Problem>,
) -> Vec<Vec<Symbol>> {
    let Some(shared) = shared_file(elf, search, problems) else { return Vec::new() };
    let mut found = Vec::with_capacity(addresses.len());
    while let Some(rest) = addresses.get(found.len()..).filter(|rest| !rest.is_empty()) {
        let read = Cell::new(0);
        let sections = PagedSections::new(elf, &read);
        let of_shared = shared.as_ref().map(|shared| PagedSections::new(shared, &read));
        let mut dwarf = sections.dwarf();
        if let Some(of_shared) = &of_shared {
            dwarf.set_sup(of_shared.dwarf());
        }
        let is_needed = |range| any_in(rest, range);
        // All units are looked at twice, and many have the same.
        dwarf.populate_abbreviations_cache(gimli::AbbreviationsCacheStrategy::All);
        let Some(debug_info) = DebugInfo::new(dwarf, 0, is_needed, search, problems) else { break };
        let limit = read.get().saturating_add(MAX_READ);
        for address in rest {
            let mut symbols = Vec::new();
            debug_info.resolve(*address, &mut symbols);
            found.push(symbols);
            if read.get() > limit {
                break;
            }
        }
    }
    found
}

/// The sections of a file, of which little is read.
struct PagedSections<'a>(Vec<(SectionId, PagedSection<'a>)>, PagedSection<'a>);

impl<'a> PagedSections<'a> {
    fn new(elf: &'a ElfFile, read: &'a Cell<u64>) -> Self {
        let section = |id: &SectionId| (*id, PagedSection::new(elf, section_of(elf, *id), read));
        Self(SECTIONS.iter().map(section).collect(), PagedSection::new(elf, None, read))
    }

    fn dwarf(&'a self) -> gimli::Dwarf<PagedReader<'a>> {
        let load = |id: SectionId| -> Result<PagedReader<'a>, Infallible> {
            let known = self.0.iter().find(|(known, _)| *known == id);
            Ok(known.map_or(&self.1, |(_, section)| section).reader())
        };
        let Ok(dwarf) = gimli::Dwarf::load(load);
        dwarf
    }
}

impl<R: Reader<Offset = usize>> DebugInfo<R> {
    /// `is_needed` says of which ranges of addresses there may be questions.
    fn new(
        dwarf: gimli::Dwarf<R>,
        size: usize,
        is_needed: impl Fn(Range<u64>) -> bool,
        search: &Search,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        if nesting::is_too_deep(&dwarf, is_needed) {
            problems.push(Problem::new("debug information that nests more than 1,000 deep"));
            return None;
        }
        let dwarf = Arc::new(dwarf);
        match Context::from_arc_dwarf(dwarf.clone()) {
            Ok(context) => {
                let context = Mutex::new(context);
                Some(Self { context, dwarf, lines: search.lines, inlines: search.inlines, size })
            }
            Err(error) => {
                problems.push(Problem::new(format!("debug information: {error}")));
                None
            }
        }
    }

    /// Adds the functions at an address, innermost first. The name of the last is empty when only its line is known.
    pub(crate) fn resolve(&self, address: u64, out: &mut Vec<Symbol>) {
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        let start = out.len();
        // addr2line adds 1 to it.
        if address == u64::MAX {
            return;
        }
        let Ok(mut frames) = context.find_frames(address).skip_all_loads() else { return };
        let unit = context.find_dwarf_and_unit(address).skip_all_loads();
        while out.len() - start < MAX_INLINED {
            let Ok(Some(frame)) = frames.next() else { break };
            let name = frame.function.as_ref().and_then(|function| function.raw_name().ok());
            let mut symbol = Symbol::from_system_name(name.as_deref().unwrap_or_default());
            symbol.inlined = true;
            if self.lines {
                let location = frame.location.as_ref();
                symbol.file = location.and_then(|location| location.file).unwrap_or_default().to_owned();
                symbol.line = location.and_then(|location| location.line).unwrap_or_default();
                let entry = unit.as_ref().zip(frame.dw_die_offset);
                symbol.start_line =
                    entry.and_then(|(unit, at)| declaration::line(unit, at)).unwrap_or_default();
            }
            out.push(symbol);
        }
        if let Some(outermost) = out[start..].last_mut() {
            outermost.inlined = false;
        }
        if !self.inlines && out.len() > start {
            out.drain(start..out.len() - 1);
        }
    }

    /// Every address where an answer may change.
    pub(crate) fn boundaries(&self, all: &mut Vec<u64>) {
        let context = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        boundaries::collect(&context, &self.dwarf, all);
    }

    /// The sections, and twice as much for what is made of them. Of a Rust program with 8 MiB of sections, the process
    /// grew by 14 MiB when loading it, and by 34 MiB once every address had been asked for.
    pub(crate) fn heap_size(&self) -> usize {
        self.size * 3
    }
}

fn load(elf: &ElfFile, limit: u64, size: &mut usize, problems: &mut Vec<Problem>) -> gimli::Dwarf<Whole> {
    let load = |id: SectionId| -> Result<Whole, Infallible> {
        let wanted = SECTIONS.contains(&id);
        let bytes =
            match section_of(elf, id).filter(|_| wanted).map(|section| elf.read_section(section, limit)) {
                Some(Ok(bytes)) => bytes,
                Some(Err(error)) => {
                    problems.push(Problem::new(error.to_string()));
                    Vec::new()
                }
                None => Vec::new(),
            };
        *size += bytes.len();
        Ok(EndianReader::new(Arc::from(bytes), LittleEndian))
    };
    let Ok(dwarf) = gimli::Dwarf::load(load);
    dwarf
}

fn size_of(elf: &ElfFile) -> u64 {
    let sections = SECTIONS.iter().filter_map(|id| section_of(elf, *id));
    sections.map(|section| elf.section_size(section)).fold(0, u64::saturating_add)
}

fn section_of(elf: &ElfFile, id: SectionId) -> Option<&Section> {
    elf.section(id.name()).or_else(|| elf.section(&id.name().replacen(".debug_", ".zdebug_", 1)))
}

/// The name and build id of the file that `dwz` moved what several files share into.
fn alternative(elf: &ElfFile) -> Option<(String, String)> {
    let bytes = elf.section_bytes(".gnu_debugaltlink", 64 << 10)?;
    let name = text_at(&bytes, 0)?;
    let build_id = bytes.get(name.len() + 1..)?.iter().map(|byte| format!("{byte:02x}")).collect();
    Some((String::from_utf8(name.to_vec()).ok()?, build_id))
}
