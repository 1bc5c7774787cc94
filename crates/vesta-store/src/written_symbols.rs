//! Which stacks and frames are in the tables already.

use crate::tables::schema::Table;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::hash::BuildHasher;
use vesta_profile::ContentHash;

/// Stacks and frames to remember. At the bound all are forgotten: some are then written twice, and compaction keeps
/// one of each.
const MAX_SYMBOLS: usize = 2_000_000;

/// Which stacks and frames of a service were already written on a day. A day's files must be complete in
/// themselves, since days are deleted one by one.
#[derive(Default)]
pub(crate) struct WrittenSymbols {
    symbols: HashSet<u64, FixedState>,
}

impl WrittenSymbols {
    /// Says which of these are new for the service and day, and remembers all.
    pub(crate) fn insert(
        &mut self,
        service: &str,
        date: &str,
        table: Table,
        ids: &[ContentHash],
    ) -> Vec<bool> {
        if self.symbols.len() + ids.len() > MAX_SYMBOLS {
            self.symbols.clear();
        }
        let scope = FixedState::default().hash_one((service, date, table));
        ids.iter().map(|id| self.symbols.insert(scope ^ id.0.cast_unsigned())).collect()
    }

    /// Forgets everything: rows that were to be written were not.
    pub(crate) fn clear(&mut self) {
        self.symbols.clear();
    }
}
