//! Labels: what a sample says besides its stack and values (thread, endpoint, exception type, ...).

use crate::StringId;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A key with its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The key, as the profiler wrote it.
    pub key: StringId,
    /// The value.
    pub value: LabelValue,
}

/// The value of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LabelValue {
    /// Text.
    Text(StringId),
    /// A number with its unit, which may be empty.
    Number(i64, StringId),
}

/// A set of labels of one [`LabelSetTable`]. Id 0 is always the empty set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LabelSetId(pub u32);

impl LabelSetId {
    /// No labels, in every table.
    pub const EMPTY: LabelSetId = LabelSetId(0);

    /// The position in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Label sets stored once each. The order of labels is the profiler's; the same labels in another order are
/// another set.
#[derive(Clone, Debug)]
pub struct LabelSetTable {
    labels: Vec<Label>,
    ends: Vec<u32>,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Default for LabelSetTable {
    fn default() -> Self {
        let mut table = LabelSetTable {
            labels: Vec::new(),
            ends: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::default(),
        };
        table.intern(&[]);
        table
    }
}

impl LabelSetTable {
    /// A table that holds the empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of the set with these labels, added if it is new.
    pub fn intern(&mut self, labels: &[Label]) -> LabelSetId {
        let hash = self.hasher.hash_one(labels);
        let (all, ends, hasher) = (&self.labels, &self.ends, &self.hasher);
        if let Some(&found) = self.index.find(hash, |&id| slice(all, ends, id) == labels) {
            return LabelSetId(found);
        }
        let (Ok(id), Ok(end)) = (u32::try_from(ends.len()), u32::try_from(all.len() + labels.len())) else {
            return LabelSetId::EMPTY;
        };
        self.labels.extend_from_slice(labels);
        self.ends.push(end);
        let (all, ends) = (&self.labels, &self.ends);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(slice(all, ends, id)));
        LabelSetId(id)
    }

    /// The labels of `id`; none for an id of another table that is out of range.
    pub fn get(&self, id: LabelSetId) -> &[Label] {
        if id.index() < self.ends.len() { slice(&self.labels, &self.ends, id.0) } else { &[] }
    }

    /// All sets in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Label]> {
        (0..self.ends.len()).map(|index| {
            let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
            &self.labels[start..self.ends[index] as usize]
        })
    }

    /// How many sets there are, the empty one included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes that the table takes, roughly.
    pub fn heap_size(&self) -> usize {
        self.labels.len() * size_of::<Label>() + self.ends.len() * 12
    }

    /// Never true: the empty set is always there.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

fn slice<'a>(labels: &'a [Label], ends: &[u32], id: u32) -> &'a [Label] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &labels[start..ends[id] as usize]
}
