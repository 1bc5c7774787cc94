//! Mappings: which parts of which files a process had in its memory, and where.

use crate::StringId;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::collections::BTreeMap;

/// A part of a file in the memory of a process. Strings belong to the table of the profile around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mapping {
    /// The file, as frames have it in [`Frame::module`](crate::Frame::module).
    pub module: StringId,
    /// The build id of the file, in lower-case hexadecimal.
    pub build_id: StringId,
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub limit: u64,
    /// The place in the file that is at `start`.
    pub offset: u64,
}

/// Mappings that do not overlap, as those of one process.
///
/// Frames keep places in files, which need none of this; it is for tools that expect addresses of memory.
#[derive(Clone, Debug, Default)]
pub struct MappingTable {
    mappings: Vec<Mapping>,
    by_start: BTreeMap<u64, usize>,
    /// Module, build id, offset and size of those that are there.
    known: HashSet<(StringId, StringId, u64, u64), FixedState>,
}

impl Mapping {
    /// The address at which the place `offset` of the file is; `None` if it is not in this mapping.
    pub fn address_of(&self, offset: u64) -> Option<u64> {
        let distance = offset.checked_sub(self.offset)?;
        (distance < self.size()).then(|| self.start.saturating_add(distance))
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.limit.saturating_sub(self.start)
    }
}

impl MappingTable {
    /// The most mappings: ten times what the kernel allows a process by default (65,530) has been seen nowhere.
    pub const MOST: usize = 65_536;

    /// Adds a mapping. One that says nothing (writers that do not know the place begin at address 0), whose part of the file is there already, or that is in the way of another
    /// is left out: profiles of several processes become one, and each process has its files elsewhere.
    pub fn add(&mut self, mapping: Mapping) -> bool {
        let Mapping { module, build_id, start, limit, offset } = mapping;
        let says_nothing = start == 0 || start >= limit;
        let is_named = module != StringId::EMPTY || build_id != StringId::EMPTY;
        if says_nothing || !is_named || self.mappings.len() >= Self::MOST {
            return false;
        }
        let before = self.by_start.range(..limit).next_back();
        let overlaps = before.and_then(|(_, &at)| self.mappings.get(at)).is_some_and(|at| at.limit > start);
        if overlaps || !self.known.insert((module, build_id, offset, mapping.size())) {
            return false;
        }
        self.by_start.insert(start, self.mappings.len());
        self.mappings.push(mapping);
        true
    }

    /// The mappings in the order in which they came.
    pub fn as_slice(&self) -> &[Mapping] {
        &self.mappings
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.mappings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.mappings.is_empty()
    }
}
