//! Frames: one function at one line of one file, from one mapping.

use crate::StringId;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A frame of one [`FrameTable`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub u32);

impl FrameId {
    /// The position in the table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One function at one line of one file, from one mapping. Strings belong to the table of the profile around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Frame {
    /// The function as people read it; empty when it is not known.
    pub function: StringId,
    /// The name the linker or runtime uses, when it differs; else empty.
    pub system_name: StringId,
    /// The source file.
    pub file: StringId,
    /// The line within the file; 0 when it is not known.
    pub line: u32,
    /// The line at which the function starts; 0 when it is not known.
    pub start_line: u32,
    /// The mapping: binary, shared library, archive.
    pub module: StringId,
    /// The build id of the mapping, in lower-case hexadecimal.
    pub build_id: StringId,
    /// The address within the mapping, kept only while the function is not known so that it can be found later.
    pub address: u64,
    /// Whether the compiler put this function's code into its caller, the next frame towards the root.
    pub inlined: bool,
}

/// Frames stored once each.
#[derive(Clone, Debug, Default)]
pub struct FrameTable {
    frames: Vec<Frame>,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl FrameTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The id of `frame`, added if it is new.
    pub fn intern(&mut self, frame: Frame) -> FrameId {
        let (frames, hasher) = (&mut self.frames, &self.hasher);
        let hash = hasher.hash_one(frame);
        if let Some(&found) = self.index.find(hash, |&id| frames[id as usize] == frame) {
            return FrameId(found);
        }
        let id = u32::try_from(frames.len()).unwrap_or(u32::MAX);
        frames.push(frame);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(frames[id as usize]));
        FrameId(id)
    }

    /// The frame of `id`; a frame without a name for an id of another table that is out of range.
    pub fn get(&self, id: FrameId) -> Frame {
        self.frames.get(id.index()).copied().unwrap_or_default()
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// All frames in the order of their ids.
    pub fn as_slice(&self) -> &[Frame] {
        &self.frames
    }
}
