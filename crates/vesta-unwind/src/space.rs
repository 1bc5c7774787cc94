//! What is where in a process.

use crate::UnwindInfo;
use std::ops::Range;
use std::sync::Arc;

/// The executable mappings of one process. Others do not belong in here: an address in a mapping is taken for code.
#[derive(Clone, Debug, Default)]
pub struct AddressSpace {
    /// Sorted, without overlap.
    mappings: Vec<Mapping>,
}

/// One executable mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Its addresses in the process.
    pub range: Range<u64>,
    /// Address in the process minus address as the file states it, modulo 2^64.
    pub bias: u64,
    /// The tables of its file, if it has any.
    pub info: Option<Arc<UnwindInfo>>,
    /// What is mapped.
    pub kind: MappingKind,
}

/// What is mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MappingKind {
    /// A file.
    File,
    /// The code that the kernel maps into every process.
    Vdso,
    /// No file: code made at run time, which keeps frame pointers if it can be unwound at all.
    Jit,
}

impl AddressSpace {
    /// A process without mappings.
    pub fn new() -> Self {
        AddressSpace::default()
    }

    /// Maps, over whatever was at these addresses before, as `mmap` does.
    pub fn insert(&mut self, mapping: Mapping) {
        if mapping.range.is_empty() {
            return;
        }
        self.remove(mapping.range.clone());
        let at = self.mappings.partition_point(|other| other.range.start < mapping.range.start);
        self.mappings.insert(at, mapping);
    }

    /// Unmaps; what sticks out on either side stays.
    pub fn remove(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.mappings.partition_point(|other| other.range.end <= range.start);
        let last = self.mappings.partition_point(|other| other.range.start < range.end);
        let mut rest = Vec::new();
        for mapping in self.mappings.get(first..last).unwrap_or_default() {
            if mapping.range.start < range.start {
                rest.push(Mapping { range: mapping.range.start..range.start, ..mapping.clone() });
            }
            if mapping.range.end > range.end {
                rest.push(Mapping { range: range.end..mapping.range.end, ..mapping.clone() });
            }
        }
        if first < last {
            self.mappings.splice(first..last, rest);
        }
    }

    /// The mapping that has an address.
    pub fn find(&self, avma: u64) -> Option<&Mapping> {
        self.position(avma).and_then(|at| self.mappings.get(at))
    }

    /// All mappings, by address.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// Where in [`Self::mappings`] the mapping is that has an address.
    #[inline]
    pub(crate) fn position(&self, avma: u64) -> Option<usize> {
        let at = self.mappings.partition_point(|mapping| mapping.range.end <= avma);
        self.mappings.get(at).filter(|mapping| mapping.range.start <= avma).map(|_| at)
    }
}
