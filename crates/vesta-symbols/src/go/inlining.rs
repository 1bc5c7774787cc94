//! Functions that Go's compiler put into others. Understood since Go 1.20; before it, the outermost function is known.

use super::header::Header;
use super::module_data::ModuleData;
use super::pc_values;
use crate::elf::{ElfFile, SectionData};
use crate::little_endian::{i32_at, index, size_of_slice};

/// `PCDATA_InlTreeIndex`.
pub(super) const PC_DATA: u32 = 2;
/// `FUNCDATA_InlTree`.
pub(super) const FUNCTION_DATA: u8 = 3;

const CALL: usize = 16;
/// Trees precede the table in read-only data; kubelet has 9 MiB of them.
const MAX_TREES: u64 = 64 << 20;

/// The calls that were inlined into one function.
#[derive(Debug)]
pub(super) struct InlineTree<'a> {
    pub(super) table: &'a [u8],
    pub(super) header: &'a Header,
    /// Where the numbers of calls by program counter are.
    pub(super) indices: u32,
    pub(super) trees: &'a [u8],
    /// Where in `trees` this one starts.
    pub(super) tree: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct InlinedCall {
    pub(super) name: u32,
    /// An instruction of the caller that stands for the call.
    pub(super) parent_pc: u64,
    pub(super) start_line: u32,
}

impl InlineTree<'_> {
    /// The innermost call at a program counter relative to the function.
    pub(super) fn call_at(&self, pc: u64) -> Option<InlinedCall> {
        let number = pc_values::at(self.table, self.header, self.indices, pc)?;
        let number = usize::try_from(number).ok()?;
        let at = index(self.tree.into())?.checked_add(number.checked_mul(CALL)?)?;
        let field = |at| u32::try_from(i32_at(self.trees, at)?).ok();
        Some(InlinedCall {
            name: field(at.checked_add(4)?)?,
            parent_pc: u64::from(field(at.checked_add(8)?)?),
            start_line: field(at.checked_add(12)?)?,
        })
    }
}

/// What lies between `go:func.*` and the table of functions, or what follows in the segment when that is elsewhere.
pub(super) fn read_trees(elf: &ElfFile, module: &ModuleData, table: u64) -> Option<SectionData> {
    let address = module.function_data?;
    let size = table.checked_sub(address).unwrap_or(MAX_TREES).min(MAX_TREES);
    let data = elf.read_address(address, size)?;
    (size_of_slice(&data) > 0).then(|| SectionData { address, data: data.into() })
}
