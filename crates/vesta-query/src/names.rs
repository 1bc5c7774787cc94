//! Names as numbers.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Names that are told apart, up to a limit.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    index: HashMap<String, usize, FixedState>,
    list: Vec<String>,
    limit: usize,
    /// Whether there were more names than the limit.
    pub(crate) overflown: bool,
}

impl Names {
    /// What names past the limit have for an index.
    pub(crate) const NONE: usize = usize::MAX;

    pub(crate) fn new(limit: usize) -> Self {
        Names { index: HashMap::default(), list: Vec::new(), limit, overflown: false }
    }

    /// The index of a name, which is added unless there are too many.
    pub(crate) fn intern(&mut self, name: &str) -> usize {
        if let Some(&index) = self.index.get(name) {
            return index;
        }
        if self.list.len() >= self.limit {
            self.overflown = true;
            return Self::NONE;
        }
        self.list.push(name.to_owned());
        self.index.insert(name.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }

    /// The index of a name, if it is among them.
    pub(crate) fn find(&self, name: &str) -> usize {
        self.index.get(name).copied().unwrap_or(Self::NONE)
    }

    /// The name of an index; empty if it has none.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.list.get(index).map_or("", String::as_str)
    }

    /// Whether an index has a name.
    pub(crate) fn contains(&self, index: usize) -> bool {
        index < self.list.len()
    }

    /// All names in the order of their indexes.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.list.iter().map(String::as_str)
    }

    /// Adds other names, and tells which index each of them has here.
    pub(crate) fn absorb(&mut self, other: &Names) -> Vec<usize> {
        self.overflown |= other.overflown;
        other.iter().map(|name| self.intern(name)).collect()
    }
}
