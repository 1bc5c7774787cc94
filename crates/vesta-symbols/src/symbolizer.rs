//! The names of one module.

use std::borrow::Borrow;

use crate::debug_info::{self, DebugInfo, Whole};
use crate::elf::{ElfFile, SectionKind};
use crate::go::GoTable;
use crate::mini_debug_info;
use crate::plt;
use crate::problem::Problem;
use crate::search::Search;
use crate::symbol::Symbol;
use crate::table::{SymbolTable, TableBuilder};
use crate::wanted::Wanted;

/// Finds the functions an address is in. From several sources, which are asked in this order: Go's own table, which
/// knows everything about Go's functions at little cost; DWARF; the symbol tables.
#[derive(Debug)]
pub struct Symbolizer {
    tables: Tables,
    debug_info: Option<DebugInfo<Whole>>,
    stripped: bool,
    problems: Vec<Problem>,
}

/// All sources but DWARF.
#[derive(Debug)]
struct Tables {
    go: Option<GoTable>,
    table: SymbolTable,
}

/// What reading the tables gave.
struct Read {
    tables: Tables,
    has_names: bool,
    /// Another file with debug information.
    separate: Option<ElfFile>,
}

/// Finds the functions that each of a few addresses is in, and gives them to `found` with the address, the innermost
/// first, in the order of addresses. The answers are those of a [`Symbolizer`], but of its tables only what these addresses
/// need is read, and little is kept in memory. Gives back what could not be read.
pub fn look_up(
    elf: impl Borrow<ElfFile>,
    search: &Search,
    addresses: &[u64],
    mut found: impl FnMut(u64, &[Symbol]),
) -> Vec<Problem> {
    let elf = elf.borrow();
    let mut sorted = addresses.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut problems = Vec::new();
    let Read { tables, separate, .. } = Tables::read(elf, search, Wanted::These(&sorted), &mut problems);
    let of_debug_info = match tables.debug_file(elf, separate.as_ref(), search) {
        Some(holder) => debug_info::resolve_few(holder, search, &sorted, &mut problems),
        None => Vec::new(),
    };
    let mut of_debug_info = of_debug_info.into_iter();
    for address in sorted {
        let mut symbols = of_debug_info.next().unwrap_or_default();
        tables.complete(address, &mut symbols, 0);
        found(address, &symbols);
    }
    problems
}

impl Symbolizer {
    /// Reads the tables of a file, and its debug information when lines or inlined functions are asked for. What
    /// cannot be read is left out, and among the [problems](Self::problems).
    pub fn load(elf: impl Borrow<ElfFile>, search: &Search) -> Self {
        let elf = elf.borrow();
        let mut problems = Vec::new();
        let Read { tables, has_names, separate } = Tables::read(elf, search, Wanted::All, &mut problems);
        let debug_info = tables
            .debug_file(elf, separate.as_ref(), search)
            .and_then(|holder| DebugInfo::read(holder, search, &mut problems));
        let stripped = !has_names && tables.go.is_none() && debug_info.is_none();
        Self { tables, debug_info, stripped, problems }
    }

    /// Adds the functions an address is in, the innermost first; nothing when it is in none. An address that control
    /// returns to belongs to the instruction after a call, so pass the one before it.
    pub fn resolve(&self, address: u64, out: &mut Vec<Symbol>) {
        let start = out.len();
        if let Some(debug_info) = &self.debug_info {
            debug_info.resolve(address, out);
        }
        self.tables.complete(address, out, start);
    }

    /// Whether nothing but the names of exported functions is known.
    #[must_use]
    pub fn is_stripped(&self) -> bool {
        self.stripped
    }

    /// What could not be read.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// About how many bytes it holds. Debug information grows with what has been asked.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        let go = self.tables.go.as_ref().map_or(0, GoTable::heap_size);
        let debug_info = self.debug_info.as_ref().map_or(0, DebugInfo::heap_size);
        self.tables.table.heap_size() + go + debug_info
    }

    /// Every address where the answer may change, sorted.
    pub(crate) fn boundaries(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.tables.table.boundaries().collect();
        if let Some(go) = &self.tables.go {
            go.boundaries(&mut all);
        }
        if let Some(debug_info) = &self.debug_info {
            debug_info.boundaries(&mut all);
        }
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Tables {
    fn read(elf: &ElfFile, search: &Search, wanted: Wanted<'_>, problems: &mut Vec<Problem>) -> Read {
        let go = if elf.is_go() { GoTable::read(elf, problems) } else { None };
        let wants_debug_info = search.lines || search.inlines;
        let mut builder = TableBuilder::default();
        let mut has_names = builder.add_tables(elf, SectionKind::SymbolTable, wanted, problems);
        builder.add_tables(elf, SectionKind::DynamicSymbols, wanted, problems);
        let is_complete = has_names && (!wants_debug_info || debug_info::is_in(elf));
        let separate = if is_complete || go.is_some() { None } else { search.debug_file(elf, problems) };
        if let Some(separate) = &separate
            && !has_names
        {
            has_names = builder.add_tables(separate, SectionKind::SymbolTable, wanted, problems);
        }
        let mini = if has_names { None } else { mini_debug_info::read(elf, problems) };
        if let Some(mini) = &mini {
            has_names |= builder.add_tables(mini, SectionKind::SymbolTable, wanted, problems);
        }
        if elf.sections().is_empty() {
            builder.add_dynamic(elf);
        }
        plt::add_names(elf, wanted, &mut builder);
        Read { tables: Tables { go, table: builder.build() }, has_names, separate }
    }

    /// The file whose debug information is to be read.
    fn debug_file<'a>(
        &self,
        elf: &'a ElfFile,
        separate: Option<&'a ElfFile>,
        search: &Search,
    ) -> Option<&'a ElfFile> {
        if self.go.is_some() || !(search.lines || search.inlines) {
            return None;
        }
        if debug_info::is_in(elf) { Some(elf) } else { separate }
    }

    /// Adds what DWARF does not know to what it knows, which is in `out` from `start` on.
    fn complete(&self, address: u64, out: &mut Vec<Symbol>, start: usize) {
        if self.go.as_ref().is_some_and(|go| go.resolve(address, out)) {
            return;
        }
        let from_table = self.table.find(address);
        let Some(outermost) = out[start..].last_mut() else {
            out.extend(from_table.map(|symbol| Symbol::from_system_name(symbol.name)));
            return;
        };
        if let Some(symbol) = from_table {
            outermost.complete(symbol.name);
        }
        if outermost.function.is_empty() {
            out.pop();
            if let Some(outermost) = out[start..].last_mut() {
                outermost.inlined = false;
            }
        }
    }
}
