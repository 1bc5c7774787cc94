//! Stacks as a tree of calls, so that a stack which grows and shrinks all the time costs no more than its changes.

use crate::builder::{Builder, LimitError};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{FrameId, StackId};

/// A chain of calls of one [`Paths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PathId(u32);

impl PathId {
    /// Nothing was called.
    pub(crate) const ROOT: PathId = PathId(u32::MAX);
}

/// Chains of calls, each stored once, as a call within another chain.
#[derive(Default)]
pub(crate) struct Paths {
    calls: Vec<Call>,
    index: HashMap<(PathId, FrameId), PathId, FixedState>,
    /// The frames of the stack that was read last, root first, with the chains up to them.
    trail: Vec<(FrameId, PathId)>,
    /// How many frames of the stack that is read came so far.
    depth: usize,
    scratch: Vec<FrameId>,
}

struct Call {
    caller: PathId,
    frame: FrameId,
    /// Known once somebody asked for it.
    stack: Option<StackId>,
}

/// What a call takes, with its entry in the index.
const CALL_BYTES: usize = size_of::<Call>() + 16;

impl Paths {
    /// The chain with one more call.
    pub(crate) fn call(
        &mut self,
        caller: PathId,
        frame: FrameId,
        builder: &mut Builder<'_>,
    ) -> Result<PathId, LimitError> {
        if let Some(known) = self.index.get(&(caller, frame)) {
            return Ok(*known);
        }
        builder.take(CALL_BYTES)?;
        let id = PathId(u32::try_from(self.calls.len()).unwrap_or(u32::MAX));
        self.calls.push(Call { caller, frame, stack: None });
        self.index.insert((caller, frame), id);
        Ok(id)
    }

    /// Begins a stack whose frames come one by one, root first.
    pub(crate) fn begin(&mut self) {
        self.depth = 0;
    }

    /// The chain up to the next frame of the stack that was begun. What it has in common with the stack before it is not
    /// looked for again.
    pub(crate) fn next(&mut self, frame: FrameId, builder: &mut Builder<'_>) -> Result<PathId, LimitError> {
        let depth = self.depth;
        self.depth += 1;
        if let Some(&(known, path)) = self.trail.get(depth)
            && known == frame
        {
            return Ok(path);
        }
        self.trail.truncate(depth);
        let caller = self.trail.last().map_or(PathId::ROOT, |(_, path)| *path);
        let path = self.call(caller, frame, builder)?;
        if depth == self.trail.capacity() {
            builder.take((depth + 4) * size_of::<(FrameId, PathId)>())?;
        }
        self.trail.push((frame, path));
        Ok(path)
    }

    /// The chain without its last call.
    pub(crate) fn caller(&self, path: PathId) -> PathId {
        self.calls.get(path.0 as usize).map_or(PathId::ROOT, |call| call.caller)
    }

    /// The chain as a stack; `place` tells where the file has it.
    pub(crate) fn stack(
        &mut self,
        path: PathId,
        builder: &mut Builder<'_>,
        place: impl FnOnce() -> String,
    ) -> Result<StackId, LimitError> {
        let Some(call) = self.calls.get(path.0 as usize) else { return Ok(StackId::EMPTY) };
        if let Some(known) = call.stack {
            return Ok(known);
        }
        let calls = &self.calls;
        let chain = std::iter::successors(Some(call), |call| calls.get(call.caller.0 as usize));
        let stack = builder.stack(chain.map(|call| call.frame), &mut self.scratch, place)?;
        if let Some(call) = self.calls.get_mut(path.0 as usize) {
            call.stack = Some(stack);
        }
        Ok(stack)
    }
}
