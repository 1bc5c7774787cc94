//! Go's own table of functions, `.gopclntab`, which its runtime needs and `-ldflags "-s -w"` leaves in place: names,
//! files, lines and inlined functions, of Go 1.2 and later.

mod function;
mod header;
mod inlining;
mod module_data;
mod pc_values;

use crate::elf::{ElfFile, MAX_SECTION, SectionData};
use crate::little_endian::size;
use crate::problem::Problem;
use crate::symbol::Symbol;
use function::Function;
use header::Header;
use inlining::InlineTree;
use module_data::ModuleData;

/// In position independent executables before Go 1.26 the table needs relocation.
const NAMES: [&str; 2] = [".gopclntab", ".data.rel.ro.gopclntab"];
/// Go's compiler inlines some 20 deep.
const MAX_INLINED: usize = 256;

/// The functions of a Go program.
#[derive(Debug)]
pub(crate) struct GoTable {
    data: std::sync::Arc<[u8]>,
    header: Header,
    /// What the addresses of functions are relative to.
    text_start: u64,
    /// The trees of inlined functions, in read-only data.
    inline_trees: Option<SectionData>,
}

/// Finds the table, without section headers by what it starts with.
pub(crate) fn find_table(elf: &ElfFile) -> Option<SectionData> {
    for section in NAMES.iter().filter_map(|name| elf.section(name)) {
        let data = elf.read_section(section, MAX_SECTION).ok()?;
        if Header::parse(&data).is_some() {
            return Some(SectionData { address: section.address, data: data.into() });
        }
    }
    if !elf.sections().is_empty() {
        return None;
    }
    for segment in elf.segments().iter().filter(|segment| segment.file_size <= MAX_SECTION) {
        let bytes = elf.read_address(segment.address, segment.file_size)?;
        if let Some(at) = header::find(&bytes) {
            let address = segment.address.wrapping_add(size(at));
            return Some(SectionData { address, data: bytes[at..].into() });
        }
    }
    None
}

/// The address of `runtime.text`.
pub(crate) fn text_start(elf: &ElfFile, table: &SectionData) -> Option<u64> {
    let header = Header::parse(&table.data)?;
    if !header.version.has_relative_entries() {
        return Some(0);
    }
    let module = ModuleData::find(elf, table.address, header.version);
    let stated = header.text_start.filter(|start| *start != 0);
    let section = || elf.section(".text").map(|section| section.address);
    module.map(|module| module.text).or(stated).or_else(section)
}

impl GoTable {
    pub(crate) fn read(elf: &ElfFile, problems: &mut Vec<Problem>) -> Option<Self> {
        let Some(table) = find_table(elf) else {
            problems.push(Problem::new("a Go program without a table of functions that is known"));
            return None;
        };
        let header = Header::parse(&table.data)?;
        let Some(text_start) = text_start(elf, &table) else {
            problems.push(Problem::new("a Go program that does not say where its code starts"));
            return None;
        };
        let module = ModuleData::find(elf, table.address, header.version);
        let inline_trees = module.and_then(|module| inlining::read_trees(elf, &module, table.address));
        Some(Self { data: table.data, header, text_start, inline_trees })
    }

    /// Adds the functions at an address, innermost first. Says whether there are any.
    pub(crate) fn resolve(&self, address: u64, out: &mut Vec<Symbol>) -> bool {
        let Some(function) = self.find(address) else { return false };
        let Some(name) = self.name(function.name) else { return false };
        let tree = self.inline_tree(&function);
        let mut pc = address.wrapping_sub(function.entry);
        for _ in 0..MAX_INLINED {
            let Some(call) = tree.as_ref().and_then(|tree| tree.call_at(pc)) else { break };
            // Anything else is a tree of another version, or damage.
            let Some(name) = self.name(call.name).filter(|_| call.parent_pc < function.size) else { break };
            let (file, line) = self.position(&function, pc);
            out.push(Symbol {
                function: name.to_owned(),
                file,
                line,
                start_line: call.start_line,
                inlined: true,
                ..Symbol::default()
            });
            pc = call.parent_pc;
        }
        let (file, line) = self.position(&function, pc);
        out.push(Symbol {
            function: name.to_owned(),
            file,
            line,
            start_line: function.start_line,
            ..Symbol::default()
        });
        true
    }

    pub(crate) fn boundaries(&self, all: &mut Vec<u64>) {
        for at in 0..self.header.functions {
            let Some(function) = Function::at(&self.data, &self.header, at, self.text_start) else {
                continue;
            };
            let (start, end) = (function.entry, function.entry.saturating_add(function.size));
            all.extend([start, end]);
            for table in [function.files, function.lines, self.inline_indices(&function).unwrap_or(0)] {
                let values = pc_values::Values::new(&self.data, &self.header, table);
                all.extend(values.map(|value| start.saturating_add(value.end)).take_while(|at| *at < end));
            }
        }
    }

    pub(crate) fn heap_size(&self) -> usize {
        self.data.len() + self.inline_trees.as_ref().map_or(0, |trees| trees.data.len())
    }

    fn find(&self, address: u64) -> Option<Function> {
        let after =
            self.header.partition_point(&self.data, |entry| entry.wrapping_add(self.text_start) <= address);
        let function = Function::at(&self.data, &self.header, after.checked_sub(1)?, self.text_start)?;
        (address.wrapping_sub(function.entry) < function.size).then_some(function)
    }

    /// Names start where another ends, so that anything else is no name.
    fn name(&self, at: u32) -> Option<&str> {
        self.header.name(&self.data, at)
    }

    fn position(&self, function: &Function, pc: u64) -> (String, u32) {
        let value = |table| pc_values::at(&self.data, &self.header, table, pc);
        let line = value(function.lines).and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
        let file = value(function.files).and_then(|file| u32::try_from(file).ok());
        let file = file.and_then(|file| self.header.file(&self.data, function.unit, file));
        (file.unwrap_or_default().to_owned(), line)
    }

    fn inline_indices(&self, function: &Function) -> Option<u32> {
        self.inline_trees.as_ref()?;
        function.pc_data(&self.data, inlining::PC_DATA)
    }

    fn inline_tree<'a>(&'a self, function: &Function) -> Option<InlineTree<'a>> {
        let trees = self.inline_trees.as_ref()?;
        let indices = function.pc_data(&self.data, inlining::PC_DATA)?;
        let tree = function.function_data(&self.data, inlining::FUNCTION_DATA)?;
        Some(InlineTree { table: &self.data, header: &self.header, indices, trees: &trees.data, tree })
    }
}
