//! Interned strings.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A string of one [`StringTable`]. Id 0 is always the empty string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StringId(pub u32);

impl StringId {
    /// The empty string, in every table.
    pub const EMPTY: StringId = StringId(0);

    /// The position in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Strings stored once each, back to back in one buffer.
#[derive(Clone)]
pub struct StringTable {
    bytes: String,
    /// `ends[i]` is where string `i` ends; it starts where the one before ends.
    ends: Vec<u32>,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Default for StringTable {
    fn default() -> Self {
        let mut table = StringTable {
            bytes: String::new(),
            ends: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::default(),
        };
        table.intern("");
        table
    }
}

impl StringTable {
    /// A table that holds the empty string.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of `text`, added if it is new. A table that would pass 4 GiB of text answers the empty string;
    /// decoders bound their input far below that.
    pub fn intern(&mut self, text: &str) -> StringId {
        let hash = self.hasher.hash_one(text);
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        if let Some(&found) = self.index.find(hash, |&id| slice(bytes, ends, id) == text) {
            return StringId(found);
        }
        let (Ok(id), Ok(end)) = (u32::try_from(ends.len()), u32::try_from(bytes.len() + text.len())) else {
            return StringId::EMPTY;
        };
        self.bytes.push_str(text);
        self.ends.push(end);
        let (bytes, ends) = (&self.bytes, &self.ends);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(slice(bytes, ends, id)));
        StringId(id)
    }

    /// The id of `text` if it is in the table.
    pub fn find(&self, text: &str) -> Option<StringId> {
        let hash = self.hasher.hash_one(text);
        self.index.find(hash, |&id| slice(&self.bytes, &self.ends, id) == text).map(|&id| StringId(id))
    }

    /// The text of `id`; empty for an id of another table that is out of range.
    pub fn get(&self, id: StringId) -> &str {
        if id.index() < self.ends.len() { slice(&self.bytes, &self.ends, id.0) } else { "" }
    }

    /// How many strings there are, the empty one included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Never true: the empty string is always there.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// All strings in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).map(|index| {
            let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
            &self.bytes[start..self.ends[index] as usize]
        })
    }

    /// Bytes on the heap, roughly.
    pub fn heap_size(&self) -> usize {
        self.bytes.capacity() + self.ends.capacity() * 4 + self.index.capacity() * 5
    }
}

impl std::fmt::Debug for StringTable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

fn slice<'a>(bytes: &'a str, ends: &[u32], id: u32) -> &'a str {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &bytes[start..ends[id] as usize]
}
