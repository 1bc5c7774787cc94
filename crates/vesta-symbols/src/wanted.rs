//! Which addresses there are questions about.

use std::ops::Range;

/// All addresses, or some.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// Nobody knows yet: all.
    All,
    /// These, which are sorted.
    These(&'a [u64]),
}

impl Wanted<'_> {
    /// Whether there is any in a range.
    pub(crate) fn any_in(self, range: Range<u64>) -> bool {
        match self {
            Wanted::All => true,
            Wanted::These(addresses) => any_in(addresses, range),
        }
    }
}

/// Whether any of these, which are sorted, is in a range.
pub(crate) fn any_in(sorted: &[u64], range: Range<u64>) -> bool {
    let first = sorted.get(sorted.partition_point(|address| *address < range.start));
    first.is_some_and(|address| *address < range.end)
}
