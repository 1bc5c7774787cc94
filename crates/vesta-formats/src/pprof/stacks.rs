//! From the location ids of samples to stacks.

use super::PprofError;
use super::frames::FrameReader;
use super::output::Output;
use crate::wire::Reader;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use vesta_profile::{Frame, FrameId, StackId};

/// Turns lists of location ids into stacks. A list seen before, byte for byte, is found by its bytes alone: the
/// 45,643 samples of a minute of Python have 191 different ones.
pub(super) struct StackReader<'a> {
    frames: FrameReader<'a>,
    known: HashTable<(&'a [u8], StackId)>,
    hasher: FixedState,
    stack: Vec<FrameId>,
}

/// How many stacks there is room for from the start, at most: growing on the way shows in small files.
const PRESIZED: usize = 1024;

impl<'a> StackReader<'a> {
    /// For a file of so many samples.
    pub(super) fn new(frames: FrameReader<'a>, samples: usize) -> Self {
        let known = HashTable::with_capacity(samples.min(PRESIZED));
        StackReader { frames, known, hasher: FixedState::default(), stack: Vec::new() }
    }

    /// The stack of packed location ids.
    #[inline]
    pub(super) fn packed(&mut self, bytes: &'a [u8], output: &mut Output<'a>) -> Result<StackId, PprofError> {
        if bytes.is_empty() {
            return Ok(StackId::EMPTY);
        }
        let hash = self.hasher.hash_one(bytes);
        match self.known.find(hash, |(known, _)| *known == bytes) {
            Some(&(_, stack)) => Ok(stack),
            None => self.packed_new(bytes, hash, output),
        }
    }

    fn packed_new(
        &mut self,
        bytes: &'a [u8],
        hash: u64,
        output: &mut Output<'a>,
    ) -> Result<StackId, PprofError> {
        self.stack.clear();
        let mut reader = Reader::new(bytes);
        while reader.left() > 0 && self.stack.len() <= output.limits.max_stack_depth {
            match reader.varint() {
                Ok(id) => self.frames.append(id, &mut self.stack, output)?,
                Err(malformed) => {
                    output.problems.note("a stack cannot be read", || malformed.why.to_owned());
                    break;
                }
            }
        }
        let stack = self.intern(output)?;
        output.budget.take(2 * size_of::<(&[u8], StackId)>())?;
        let hasher = &self.hasher;
        self.known.insert_unique(hash, (bytes, stack), |(known, _)| hasher.hash_one(known));
        Ok(stack)
    }

    /// The stack of location ids that were not packed, or came in pieces.
    pub(super) fn loose(&mut self, ids: &[u64], output: &mut Output<'a>) -> Result<StackId, PprofError> {
        self.stack.clear();
        for &id in ids {
            if self.stack.len() > output.limits.max_stack_depth {
                break;
            }
            self.frames.append(id, &mut self.stack, output)?;
        }
        self.intern(output)
    }

    fn intern(&mut self, output: &mut Output<'a>) -> Result<StackId, PprofError> {
        let limit = output.limits.max_stack_depth;
        if self.stack.len() > limit {
            output
                .problems
                .note("a stack is too deep, its root end is cut off", || format!("more than {limit} frames"));
            self.stack.truncate(limit.saturating_sub(1));
            let function = output.profile.strings.intern("[truncated stack]");
            self.stack.push(output.profile.frames.intern(Frame { function, ..Frame::default() }));
        }
        let stacks = &mut output.profile.stacks;
        let known = stacks.len();
        let stack = stacks.intern(&self.stack);
        if stacks.len() > known {
            output.budget.take(self.stack.len() * size_of::<FrameId>() + 12)?;
        }
        Ok(stack)
    }
}
