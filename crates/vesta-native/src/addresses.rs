//! Addresses and stacks of a window, stored once each.

use crate::module::SourceId;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// A place in code: an offset in the file of a module, an address in the process for code made at run time, an address
/// of the kernel, or what a frame stands for that has no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Address {
    pub(crate) source: SourceId,
    pub(crate) offset: u64,
}

/// A frame that stands for something that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Marker {
    /// The copy of the stack ended before the root.
    Truncated,
    /// Nothing says how to go on.
    Incomplete,
    /// Code in no mapping that is known.
    UnknownMapping,
    /// The kernel, where its addresses are hidden.
    Kernel,
    /// A process beyond `maximum_pids`.
    OverLimit,
    /// The window has no room for further stacks.
    StackLimit,
}

impl Marker {
    pub(crate) const ALL: [Marker; 6] = [
        Marker::Truncated,
        Marker::Incomplete,
        Marker::UnknownMapping,
        Marker::Kernel,
        Marker::OverLimit,
        Marker::StackLimit,
    ];

    pub(crate) fn address(self) -> Address {
        Address { source: SourceId::MARKER, offset: u64::from(self as u8) }
    }

    pub(crate) fn of(address: Address) -> Option<Marker> {
        Marker::ALL.into_iter().find(|marker| marker.address() == address)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Marker::Truncated => "[truncated]",
            Marker::Incomplete => "[incomplete]",
            Marker::UnknownMapping => "[unknown mapping]",
            Marker::Kernel => "[kernel]",
            Marker::OverLimit => "[processes over limit]",
            Marker::StackLimit => "[stacks over limit]",
        }
    }
}

/// A stack of one [`Stacks`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StackIndex(pub(crate) u32);

/// Stacks of addresses, leaf first.
#[derive(Debug, Default)]
pub(crate) struct Stacks {
    addresses: Vec<Address>,
    address_index: HashTable<u32>,
    frames: Vec<u32>,
    ends: Vec<u32>,
    index: HashTable<u32>,
    hasher: FixedState,
    scratch: Vec<u32>,
}

impl Stacks {
    /// The most frames over all stacks: 64 MiB of them. 64 busy CPUs at 99 Hz with 40 frames each, no two alike, have as
    /// many in a minute.
    const MAXIMUM_FRAMES: usize = 16 << 20;

    /// The number of a stack, added if it is new. `None` when there is no room.
    pub(crate) fn intern(&mut self, stack: &[Address]) -> Option<StackIndex> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.extend(stack.iter().map(|&address| self.intern_address(address)));
        let found = self.intern_frames(&scratch);
        self.scratch = scratch;
        found
    }

    fn intern_address(&mut self, address: Address) -> u32 {
        let (addresses, hasher) = (&mut self.addresses, &self.hasher);
        let hash = hasher.hash_one(address);
        if let Some(&found) = self.address_index.find(hash, |&id| addresses[id as usize] == address) {
            return found;
        }
        let id = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
        addresses.push(address);
        self.address_index.insert_unique(hash, id, |&id| hasher.hash_one(addresses[id as usize]));
        id
    }

    fn intern_frames(&mut self, stack: &[u32]) -> Option<StackIndex> {
        let hash = self.hasher.hash_one(stack);
        let (frames, ends, hasher) = (&self.frames, &self.ends, &self.hasher);
        if let Some(&found) = self.index.find(hash, |&id| slice(frames, ends, id) == stack) {
            return Some(StackIndex(found));
        }
        if frames.len() + stack.len() > Self::MAXIMUM_FRAMES {
            return None;
        }
        let id = u32::try_from(ends.len()).ok()?;
        let end = u32::try_from(frames.len() + stack.len()).ok()?;
        self.frames.extend_from_slice(stack);
        self.ends.push(end);
        let (frames, ends) = (&self.frames, &self.ends);
        self.index.insert_unique(hash, id, |&id| hasher.hash_one(slice(frames, ends, id)));
        Some(StackIndex(id))
    }

    /// The frames of a stack: positions in [`Stacks::addresses`], leaf first.
    pub(crate) fn get(&self, stack: StackIndex) -> &[u32] {
        if (stack.0 as usize) < self.ends.len() { slice(&self.frames, &self.ends, stack.0) } else { &[] }
    }

    /// All addresses.
    pub(crate) fn addresses(&self) -> &[Address] {
        &self.addresses
    }
}

fn slice<'a>(frames: &'a [u32], ends: &[u32], id: u32) -> &'a [u32] {
    let id = id as usize;
    let start = if id == 0 { 0 } else { ends[id - 1] as usize };
    &frames[start..ends[id] as usize]
}
