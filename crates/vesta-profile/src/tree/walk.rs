//! Walking many stacks from the root, one level at a time.

use super::branch::Path;
use crate::{FrameId, FunctionId, FunctionTable, StackTable};

/// The stacks as lists of functions.
#[derive(Clone, Copy)]
pub(super) struct Paths<'a> {
    frames: &'a [FrameId],
    ends: &'a [u32],
    functions: &'a [FunctionId],
}

/// How many stacks are brought in from memory at once: few enough that the first is still there after the last.
const TOGETHER: usize = 32;

/// A stack on its way from the root to its leaf.
#[derive(Clone, Copy)]
pub(super) struct Walker {
    /// Where it stands.
    pub(super) node: u32,
    /// The frames that are left to walk, as a range of all frames: stacks are leaf first, so the next is the last.
    pub(super) leaf: u32,
    pub(super) next: u32,
}

impl<'a> Paths<'a> {
    pub(super) fn new(functions: &'a FunctionTable, stacks: &'a StackTable) -> Self {
        let (frames, ends) = stacks.parts();
        Paths { frames, ends, functions: functions.of_frames() }
    }

    /// The stack at `node`, with `depth` frames walked.
    #[inline]
    pub(super) fn walker(&self, stack: u32, node: u32, depth: u32) -> Walker {
        let leaf = match stack {
            0 => 0,
            _ => self.ends[stack as usize - 1],
        };
        Walker { node, leaf, next: self.ends[stack as usize] - depth }
    }

    /// The function that a walker with frames left comes to next.
    #[inline]
    pub(super) fn next(&self, walker: Walker) -> FunctionId {
        self.function(self.frames[walker.next as usize - 1])
    }

    /// The functions of paths that are ranges of all frames, each from the root towards the leaf. The paths become
    /// ranges of this list.
    pub(super) fn copy_rest(&self, paths: &mut [Path], rest: &mut Vec<FunctionId>) {
        rest.clear();
        for group in paths.chunks_mut(TOGETHER) {
            // Stacks lie far apart in memory. Looking at both ends of each of them first, without waiting for the
            // answer, brings them in many at a time.
            let frame = |at: u32| self.frames.get(at as usize).map_or(0, |frame| frame.0);
            let ends = group.iter().fold(0, |sum, path| sum ^ frame(path.leaf) ^ frame(path.next));
            std::hint::black_box(ends);
            for path in group {
                let start = rest.len();
                let frames = &self.frames[path.leaf as usize..path.next as usize];
                rest.extend(frames.iter().rev().map(|&frame| self.function(frame)));
                (path.next, path.leaf) = (index(start), index(rest.len()));
            }
        }
    }

    /// The next frames of a walker, if that many are left.
    #[inline(always)]
    pub(super) fn chunk(&self, walker: Walker) -> Option<[FrameId; CHUNK]> {
        let frames = self.frames.get(walker.leaf as usize..walker.next as usize)?;
        frames.last_chunk().copied()
    }

    #[inline]
    fn function(&self, frame: FrameId) -> FunctionId {
        self.functions.get(frame.index()).copied().unwrap_or(FunctionId::NO_STACK)
    }
}

pub(super) fn index(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// Children by parent and function: open addressing with linear probing, at most half full.
///
/// It is rebuilt for every level of a tree, so it has to be cheaper to fill and to clear than a general map.
pub(super) struct Children {
    keys: Vec<u64>,
    children: Vec<u32>,
    /// The slots in use are the first `mask + 1`, which is `1 << (64 - shift)`.
    shift: u32,
    mask: usize,
}

/// No key: no parent has the highest number.
const FREE: u64 = u64::MAX;

impl Children {
    pub(super) fn new() -> Self {
        Children { keys: vec![FREE; 16], children: vec![0; 16], shift: 60, mask: 15 }
    }

    /// Forgets everything and makes room for `children`.
    pub(super) fn clear(&mut self, children: usize) {
        let slots = (children * 2).next_power_of_two().max(16);
        (self.shift, self.mask) = (64 - slots.trailing_zeros(), slots - 1);
        if self.keys.len() < slots {
            self.keys.clear();
            self.keys.resize(slots, FREE);
            self.children.resize(slots, 0);
        } else {
            self.keys[..slots].fill(FREE);
        }
    }

    /// The child, if there is one.
    #[inline(always)]
    pub(super) fn get(&self, parent: u32, function: FunctionId) -> Option<u32> {
        let key = key(parent, function);
        let mut at = self.first(key);
        loop {
            let found = self.keys[at];
            if found == key {
                return Some(self.children[at]);
            }
            if found == FREE {
                return None;
            }
            at = self.after(at);
        }
    }

    /// The child, or `new` if there was none.
    #[inline(always)]
    pub(super) fn get_or_insert(&mut self, parent: u32, function: FunctionId, new: u32) -> u32 {
        let key = key(parent, function);
        let mut at = self.first(key);
        loop {
            let found = self.keys[at];
            if found == key {
                return self.children[at];
            }
            if found == FREE {
                (self.keys[at], self.children[at]) = (key, new);
                return new;
            }
            at = self.after(at);
        }
    }

    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the shift leaves an index of the table")]
    fn first(&self, key: u64) -> usize {
        // Multiplying moves what differs into the high bits; the fold before it lets the parent, which is in the
        // high half, reach all of them.
        ((key ^ (key >> 29)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    #[inline(always)]
    fn after(&self, at: usize) -> usize {
        (at + 1) & self.mask
    }
}

#[inline]
fn key(parent: u32, function: FunctionId) -> u64 {
    u64::from(parent) << 32 | u64::from(function.0)
}

/// How many frames [`Shortcuts`] skip at once.
pub(super) const CHUNK: usize = 4;

/// Where the next few frames led the last time, from the same node: the frames near the root are the same ones over
/// and over. Each place remembers one way, and a way that is not remembered is walked step by step.
pub(super) struct Shortcuts {
    ways: Vec<Way>,
}

#[derive(Clone, Copy, Default)]
struct Way {
    frames: [FrameId; CHUNK],
    from: u32,
    /// 0 for none: no way leads to the root.
    to: u32,
}

impl Shortcuts {
    const BITS: u32 = 13;

    pub(super) fn new() -> Self {
        Shortcuts { ways: vec![Way::default(); 1 << Self::BITS] }
    }

    /// Follows ways as long as they are known. Answers where the next one has to be remembered once it is walked.
    #[inline(always)]
    pub(super) fn follow(&self, paths: &Paths<'_>, walker: &mut Walker) -> Option<usize> {
        loop {
            let frames = paths.chunk(*walker)?;
            // The place does not depend on the node, so the processor can look up the next ways ahead of time.
            let place = Self::place(frames);
            let way = self.ways[place];
            if way.to == 0 || way.from != walker.node || way.frames != frames {
                return Some(place);
            }
            walker.node = way.to;
            walker.next -= 4;
        }
    }

    pub(super) fn remember(&mut self, place: usize, frames: [FrameId; CHUNK], from: u32, to: u32) {
        self.ways[place] = Way { frames, from, to };
    }

    #[inline(always)]
    fn place(frames: [FrameId; CHUNK]) -> usize {
        let [a, b, c, d] = frames.map(|frame| u64::from(frame.0));
        let low = (a << 32 | b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let high = (c << 32 | d).wrapping_mul(0xd6e8_feb8_6659_fd93);
        ((low ^ high.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS)) as usize
    }
}
