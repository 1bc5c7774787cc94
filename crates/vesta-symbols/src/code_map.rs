//! Ranges of addresses where the newest wins: a JIT compiler uses the space of code it dropped again.

use std::collections::BTreeMap;
use std::ops::Range;

/// What is at which addresses, without overlaps.
#[derive(Debug)]
pub(crate) struct CodeMap<T> {
    /// By start; with the end.
    entries: BTreeMap<u64, (u64, T)>,
}

impl<T> Default for CodeMap<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<T> CodeMap<T> {
    /// Puts something in place of what was there. A function that is overwritten in part is gone as a whole, since
    /// nobody runs half a function. Calls `gone` with each.
    pub(crate) fn insert(&mut self, range: Range<u64>, value: T, mut gone: impl FnMut(T)) {
        if range.is_empty() {
            return;
        }
        while let Some((&start, (end, _))) = self.entries.range(..range.end).next_back()
            && *end > range.start
        {
            if let Some((_, value)) = self.entries.remove(&start) {
                gone(value);
            }
        }
        self.entries.insert(range.start, (range.end, value));
    }

    /// Takes what starts at an address.
    pub(crate) fn remove(&mut self, start: u64) -> Option<(Range<u64>, T)> {
        let (end, value) = self.entries.remove(&start)?;
        Some((start..end, value))
    }

    /// What is at an address, and where it starts.
    pub(crate) fn find(&self, address: u64) -> Option<(u64, &T)> {
        let (start, (end, value)) = self.entries.range(..=address).next_back()?;
        (address < *end).then_some((*start, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }
}
