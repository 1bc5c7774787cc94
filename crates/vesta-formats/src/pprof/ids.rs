//! From the ids that a file gives its entries to their positions.

use crate::wire::{Reader, Value};

/// Positions of entries by their ids: an array if the ids are about as many as the entries, else a sorted list
/// (a Go delta profile keeps the ids of the profile it was cut from).
#[derive(Debug)]
pub(super) enum Ids {
    /// Position plus 1 by id; 0 where there is no entry.
    Dense(Vec<u32>),
    /// Ids with positions, sorted.
    Sparse(Vec<(u64, u32)>),
}

impl Ids {
    /// Reads field 1 of every entry, which holds the id in functions, locations and mappings alike. Of entries with
    /// one id the first counts. Also answers how many such doubles there are.
    pub(super) fn of(entries: &[&[u8]]) -> (Ids, usize) {
        let ids = || entries.iter().map(|entry| id_of(entry)).zip(0_u32..);
        let largest = ids().map(|(id, _)| id).max().unwrap_or(0);
        let mut doubles = 0;
        match usize::try_from(largest) {
            Ok(largest) if largest <= entries.len() * 2 + 64 => {
                let mut positions = vec![0; largest + 1];
                for (id, position) in ids() {
                    let slot = usize::try_from(id).ok().and_then(|id| positions.get_mut(id));
                    match slot {
                        Some(slot @ 0) => *slot = position + 1,
                        _ => doubles += 1,
                    }
                }
                (Ids::Dense(positions), doubles)
            }
            _ => {
                let mut sorted: Vec<(u64, u32)> = ids().collect();
                sorted.sort_unstable();
                let all = sorted.len();
                sorted.dedup_by_key(|(id, _)| *id);
                doubles = all - sorted.len();
                (Ids::Sparse(sorted), doubles)
            }
        }
    }

    /// The position of the entry with this id.
    pub(super) fn position(&self, id: u64) -> Option<usize> {
        match self {
            Ids::Dense(positions) => {
                let position = *positions.get(usize::try_from(id).ok()?)?;
                (position as usize).checked_sub(1)
            }
            Ids::Sparse(sorted) => {
                let found = sorted.binary_search_by_key(&id, |(id, _)| *id).ok()?;
                Some(sorted[found].1 as usize)
            }
        }
    }
}

fn id_of(entry: &[u8]) -> u64 {
    let mut reader = Reader::new(entry);
    while let Ok(Some((field, value))) = reader.field() {
        if let (1, Value::Varint(id)) = (field, value) {
            return id;
        }
    }
    0
}
