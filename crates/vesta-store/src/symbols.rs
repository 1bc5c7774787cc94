//! What the stack ids of samples stand for.

use crate::{ReadError, Snapshot};
use std::sync::Arc;
use vesta_profile::{FrameTable, StackId, StackTable, StringTable};

/// Frames and stacks by their content hash, kept in memory up to a number of bytes.
pub struct Symbols {}

/// Stacks with everything their ids refer to. The tables are shared and may hold more than was asked for.
#[derive(Clone, Debug)]
pub struct ResolvedStacks {
    /// Strings of the frames.
    pub strings: Arc<StringTable>,
    /// Frames of the stacks.
    pub frames: Arc<FrameTable>,
    /// The stacks.
    pub stacks: Arc<StackTable>,
    /// For each stack id that was asked for, in order, its stack.
    pub ids: Vec<StackId>,
    /// How many of the ids are in no table; they got a stack with one frame that says so.
    pub unknown: usize,
}

impl Symbols {
    /// The stacks of these ids. `services` says which services they come from, none for any; it is a hint that saves
    /// reading.
    pub async fn resolve(
        &self,
        _snapshot: &Snapshot,
        _services: &[String],
        _stack_ids: &[i64],
    ) -> Result<ResolvedStacks, ReadError> {
        unimplemented!()
    }
}
