//! What is mapped where in one process, shared with its forks until one of them maps something else.

use crate::module::{Module, Tables, lock};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use vesta_symbols::bias_of_mapping;
use vesta_unwind::{AddressSpace, Mapping, MappingKind};

/// The most executable mappings of one process: a JIT that maps each function for itself would have more.
const MAXIMUM: usize = 16_384;

/// The executable mappings of a process.
#[derive(Debug, Default)]
pub(crate) struct Space {
    /// Sorted, without overlap.
    regions: Vec<Region>,
    built: Mutex<Built>,
}

/// One executable mapping.
#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) range: Range<u64>,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    pub(crate) code: Code,
}

/// Whose code it is.
#[derive(Clone, Debug)]
pub(crate) enum Code {
    /// Of a file, or of the vDSO.
    Module(Arc<Module>),
    /// Made at run time.
    Jit,
}

/// The same for the unwinder, with the tables that were there when it was made.
#[derive(Debug, Default)]
struct Built {
    generation: Option<u64>,
    space: AddressSpace,
}

impl Clone for Space {
    fn clone(&self) -> Self {
        Space { regions: self.regions.clone(), built: Mutex::default() }
    }
}

impl Space {
    /// Maps, over whatever was at these addresses.
    pub(crate) fn insert(&mut self, region: Region) {
        if region.range.is_empty() || self.regions.len() >= MAXIMUM {
            return;
        }
        let Range { start, end } = region.range;
        let first = self.regions.partition_point(|other| other.range.end <= start);
        let last = self.regions.partition_point(|other| other.range.start < end);
        let mut replacement = Vec::with_capacity(3);
        let mut after = None;
        for other in self.regions.get(first..last).unwrap_or_default() {
            if other.range.start < start {
                replacement.push(Region { range: other.range.start..start, ..other.clone() });
            }
            if other.range.end > end {
                let offset = other.offset.wrapping_add(end - other.range.start);
                after = Some(Region { range: end..other.range.end, offset, code: other.code.clone() });
            }
        }
        replacement.push(region);
        replacement.extend(after);
        self.regions.splice(first..last.max(first), replacement);
        lock(&self.built).generation = None;
    }

    /// The mapping that has an address.
    pub(crate) fn find(&self, address: u64) -> Option<&Region> {
        let at = self.regions.partition_point(|region| region.range.end <= address);
        self.regions.get(at).filter(|region| region.range.start <= address)
    }

    pub(crate) fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Hands over the mappings for unwinding, with the tables of this generation.
    pub(crate) fn with_tables<R>(&self, generation: u64, use_it: impl FnOnce(&AddressSpace) -> R) -> R {
        let mut built = lock(&self.built);
        if built.generation != Some(generation) {
            built.space = self.build();
            built.generation = Some(generation);
        }
        use_it(&built.space)
    }

    fn build(&self) -> AddressSpace {
        let mut space = AddressSpace::new();
        for region in &self.regions {
            space.insert(mapping_of(region));
        }
        space
    }
}

fn mapping_of(region: &Region) -> Mapping {
    let range = region.range.clone();
    let Code::Module(module) = &region.code else {
        return Mapping { range, bias: 0, info: None, kind: MappingKind::Jit };
    };
    let kind = if module.is_vdso { MappingKind::Vdso } else { MappingKind::File };
    let bias = module
        .known_headers()
        .and_then(|headers| bias_of_mapping(&headers.segments, range.start, region.offset))
        .unwrap_or(0);
    let info = match module.tables() {
        Tables::Ready(info) => Some(info),
        _ => None,
    };
    Mapping { range, bias, info, kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(range: Range<u64>, offset: u64) -> Region {
        Region { range, offset, code: Code::Jit }
    }

    #[test]
    fn a_mapping_over_another_leaves_both_ends_at_their_offsets() {
        let mut space = Space::default();
        space.insert(region(0x1000..0x9000, 0x100));
        space.insert(region(0x3000..0x4000, 0));
        let found = |address| space.find(address).map(|region| (region.range.clone(), region.offset));
        assert_eq!(found(0x1000), Some((0x1000..0x3000, 0x100)));
        assert_eq!(found(0x3fff), Some((0x3000..0x4000, 0)));
        assert_eq!(found(0x4000), Some((0x4000..0x9000, 0x3100)));
        assert_eq!(found(0x9000), None);
        assert_eq!(found(0xfff), None);
    }
}
