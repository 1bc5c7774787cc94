//! Where the constants of a chunk are.
//!
//! A checkpoint event holds constants of several types, each with a key. They are not decoded: only the place of each
//! is kept, so a chunk's tables stay small, and what nobody asks for costs no more than going past it.

use super::JfrError;
use super::cursor::Cursor;
use super::metadata::{Metadata, TypeIndex};
use super::value::Reference;
use crate::budget::Budget;
use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// What one constant takes in the tables, with the empty places of a hash map.
const BYTES_PER_CONSTANT: usize = 32;

/// Places of constants by type and key.
#[derive(Debug, Default)]
pub(super) struct Pools {
    by_type: Vec<HashMap<u64, u32, RandomState>>,
}

impl Pools {
    pub(super) fn new(metadata: &Metadata) -> Self {
        let mut by_type = Vec::new();
        by_type.resize_with(metadata.types.len(), HashMap::default);
        Pools { by_type }
    }

    /// Where the constant begins.
    pub(super) fn place(&self, reference: Reference) -> Option<usize> {
        let pool = self.by_type.get(usize::try_from(reference.pool()).ok()?)?;
        usize::try_from(*pool.get(&reference.key().cast_unsigned())?).ok()
    }

    /// Notes the constants of a checkpoint event, `cursor` being behind its type. Of constants with one key, which
    /// the JDK writes when a thread gets another name, the first counts, as it does for the JDK. `false` if the event
    /// cannot be read to its end.
    pub(super) fn add(
        &mut self,
        cursor: &mut Cursor<'_>,
        metadata: &Metadata,
        budget: &mut Budget,
    ) -> Result<bool, JfrError> {
        let Some(pools) = pool_count(cursor) else { return Ok(false) };
        for _ in 0..pools {
            let Some((type_index, count)) = pool_header(cursor, metadata) else { return Ok(false) };
            let Some(pool) = usize::try_from(type_index).ok().and_then(|index| self.by_type.get_mut(index))
            else {
                return Ok(false);
            };
            for _ in 0..count {
                let Some(key) = cursor.long() else { return Ok(false) };
                let Ok(place) = u32::try_from(cursor.at()) else { return Ok(false) };
                if metadata.skips.skip(cursor, type_index).is_none() {
                    return Ok(false);
                }
                if let hashbrown::hash_map::Entry::Vacant(entry) = pool.entry(key) {
                    budget.take(BYTES_PER_CONSTANT)?;
                    entry.insert(place);
                }
            }
        }
        Ok(true)
    }
}

/// Reads what is before the pools of a checkpoint event.
fn pool_count(cursor: &mut Cursor<'_>) -> Option<usize> {
    let (_time, _duration, _to_previous) = (cursor.long()?, cursor.long()?, cursor.long()?);
    let _kind = cursor.byte()?;
    cursor.count()
}

fn pool_header(cursor: &mut Cursor<'_>, metadata: &Metadata) -> Option<(TypeIndex, usize)> {
    let id = cursor.long()?;
    let count = cursor.count()?;
    Some((metadata.types.index_of(id)?, count))
}
