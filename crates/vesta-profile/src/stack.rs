//! Stacks: lists of frames, leaf first.

use crate::FrameId;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A stack of one [`StackTable`]. Id 0 is always the empty stack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StackId(pub u32);

impl StackId {
    /// The stack without frames, in every table: samples whose stack the profiler could not take.
    pub const EMPTY: StackId = StackId(0);

    /// The position in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Stacks stored once each, leaf first, back to back in one buffer.
#[derive(Clone, Debug)]
pub struct StackTable {
    frames: Vec<FrameId>,
    /// `ends[i]` is where stack `i` ends; it starts where the one before ends.
    ends: Vec<u32>,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Default for StackTable {
    fn default() -> Self {
        let mut table = StackTable {
            frames: Vec::new(),
            ends: Vec::new(),
            index: HashTable::new(),
            hasher: FixedState::default(),
        };
        table.intern(&[]);
        table
    }
}

impl StackTable {
    /// A table that holds the empty stack.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of the stack with these frames, leaf first; added if it is new. A table that would pass 2^32 frames
    /// answers the empty stack; decoders bound their input far below that.
    pub fn intern(&mut self, frames: &[FrameId]) -> StackId {
        let hash = self.hasher.hash_one(frames);
        let (all, ends, hasher) = (&self.frames, &self.ends, &self.hasher);
        if let Some(&found) = self.index.find(hash, |&id| slice(all, ends, id) == frames) {
            return StackId(found);
        }
        let (Ok(id), Ok(end)) = (u32::try_from(ends.len()), u32::try_from(all.len() + frames.len())) else {
            return StackId::EMPTY;
        };
        self.frames.extend_from_slice(frames);
        self.ends.push(end);
        let (all, ends) = (&self.frames, &self.ends);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(slice(all, ends, id)));
        StackId(id)
    }

    /// The frames of `id`, leaf first; none for an id of another table that is out of range.
    pub fn get(&self, id: StackId) -> &[FrameId] {
        if id.index() < self.ends.len() { slice(&self.frames, &self.ends, id.0) } else { &[] }
    }

    /// How many stacks there are, the empty one included.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Bytes that the table takes, roughly.
    pub fn heap_size(&self) -> usize {
        self.frames.len() * size_of::<FrameId>() + self.ends.len() * 12
    }

    /// Never true: the empty stack is always there.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The frames of all stacks, back to back, and where each stack ends.
    pub(crate) fn parts(&self) -> (&[FrameId], &[u32]) {
        (&self.frames, &self.ends)
    }

    /// All stacks in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[FrameId]> {
        (0..self.ends.len()).map(|index| {
            let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
            &self.frames[start..self.ends[index] as usize]
        })
    }
}

fn slice<'a>(frames: &'a [FrameId], ends: &[u32], id: u32) -> &'a [FrameId] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &frames[start..ends[id] as usize]
}
