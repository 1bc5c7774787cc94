//! From places in files back to addresses of memory, for formats that have those.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{Mapping, Profile, StringId};

/// The mappings of a profile, by what they map.
pub(crate) struct Addresses {
    /// Of each module and build id, by their place in the file.
    known: HashMap<(StringId, StringId), Vec<Mapping>, FixedState>,
}

/// How many mappings of one file are looked at for a place in it.
const SEARCHED: usize = 8;

impl Addresses {
    pub(crate) fn of(profile: &Profile) -> Self {
        let mut known: HashMap<_, Vec<Mapping>, FixedState> = HashMap::default();
        for mapping in profile.mappings.as_slice() {
            known.entry((mapping.module, mapping.build_id)).or_default().push(*mapping);
        }
        for mappings in known.values_mut() {
            mappings.sort_by_key(|mapping| mapping.offset);
        }
        Addresses { known }
    }

    /// The mapping of a place in a file, and its address in memory. A file whose place in memory is not known is mapped
    /// from address 0 on, so that addresses stay as they are. None if neither name nor build id of the file is known.
    pub(crate) fn locate(&self, module: StringId, build_id: StringId, offset: u64) -> Option<(Mapping, u64)> {
        if module == StringId::EMPTY && build_id == StringId::EMPTY {
            return None;
        }
        let known = self.known.get(&(module, build_id)).map(Vec::as_slice).unwrap_or_default();
        let whole = Mapping { module, build_id, start: 0, limit: u64::MAX, offset: 0 };
        if offset == 0 {
            // No address is in a mapping that does not begin at 0, so it comes back as none.
            return Some((known.first().copied().unwrap_or(whole), 0));
        }
        let at = known.partition_point(|mapping| mapping.offset <= offset);
        // Parts of a file may overlap in it. The last that begins before the place is the one in nearly all cases.
        let found = known[..at]
            .iter()
            .rev()
            .take(SEARCHED)
            .find_map(|mapping| mapping.address_of(offset).map(|address| (*mapping, address)));
        Some(found.unwrap_or((whole, offset)))
    }
}
