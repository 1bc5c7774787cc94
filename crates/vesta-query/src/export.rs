//! A scope merged into one profile, to be written to a file.

use crate::engine::compute;
use crate::flame_graph::{build_tree, problems_of};
use crate::stack_sums::StackSums;
use crate::time::TimeRange;
use crate::{Basis, Engine, QueryError, SampleScope};
use std::sync::Arc;
use vesta_profile::{
    CanonicalType, FlameTree, Frame, FrameId, FrameTable, FunctionId, FunctionTable, Granularity, Profile,
    Sample, StackId, StringTable, ValueType,
};

/// A scope merged into one profile.
#[derive(Clone, Debug)]
pub struct Export {
    /// One sample per stack, one value type, and nothing that the samples do not need.
    pub profile: Profile,
    /// What the values count.
    pub value_type: CanonicalType,
    /// What stands behind it.
    pub basis: Basis,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

impl Engine {
    /// All samples of a scope as one profile.
    pub async fn export(&self, question: &SampleScope) -> Result<Export, QueryError> {
        self.bounded(async {
            let sums = self.stack_sums(question).await?;
            let range = question.scope.range;
            compute(move || Ok(merge(sums, range))).await
        })
        .await
    }
}

fn merge(sums: StackSums, range: TimeRange) -> Export {
    let value_type = ValueType::new(sums.value_type.name.as_ref(), sums.value_type.unit.as_str());
    let mut profile = Profile::new(vec![value_type]);
    profile.start_ns = range.from.0.saturating_mul(1000);
    profile.duration_ns = i64::try_from(range.duration().as_nanos()).unwrap_or(i64::MAX);
    if !sums.transforms.is_empty() {
        let (functions, tree) = build_tree(&sums, Granularity::Line);
        add_tree(&mut profile, &functions, &tree);
        return Export {
            problems: problems_of(&sums),
            profile,
            value_type: sums.value_type,
            basis: sums.basis,
        };
    }
    let mut symbols = Copied::new(sums.symbols.strings.clone(), sums.symbols.frames.clone());
    for (stack, value) in sums.stacks().filter(|(_, value)| *value != 0) {
        let stack = symbols.copy(&mut profile, sums.symbols.stacks.get(stack));
        profile.samples.push(Sample { stack, values: &[value], ..Sample::default() });
    }
    Export { problems: problems_of(&sums), profile, value_type: sums.value_type, basis: sums.basis }
}

/// Adds a sample for every node that something was spent in. A transformed stack is not one of the tables any more, and
/// all that is left of its frames is what the tree shows.
fn add_tree(profile: &mut Profile, functions: &FunctionTable, tree: &FlameTree) {
    let mut copy = |id: FunctionId| {
        let row = functions.get(id);
        let mut text = |id| profile.strings.intern(functions.strings().get(id));
        let (function, file, module) = (text(row.name), text(row.file), text(row.module));
        profile.frames.intern(Frame { function, file, module, line: row.line, ..Frame::default() })
    };
    let frames: Vec<FrameId> = (0u32..).take(functions.len()).map(|id| copy(FunctionId(id))).collect();
    let mut stack = Vec::new();
    for (node, &value) in tree.self_values().iter().enumerate().filter(|(_, value)| **value != 0) {
        stack.clear();
        let mut at = node;
        while let (Some(&function), Some(&parent)) = (tree.functions().get(at), tree.parents().get(at)) {
            stack.extend(frames.get(function.index()).filter(|_| function != FunctionId::NO_STACK));
            at = parent as usize;
        }
        let stack = profile.stacks.intern(&stack);
        profile.samples.push(Sample { stack, values: &[value], ..Sample::default() });
    }
}

/// Frames that were already copied from the shared tables, by their id there.
struct Copied {
    strings: Arc<StringTable>,
    frames: Arc<FrameTable>,
    new: Vec<Option<FrameId>>,
    stack: Vec<FrameId>,
}

impl Copied {
    fn new(strings: Arc<StringTable>, frames: Arc<FrameTable>) -> Self {
        let new = vec![None; frames.len()];
        Copied { strings, frames, new, stack: Vec::new() }
    }

    fn copy(&mut self, profile: &mut Profile, stack: &[FrameId]) -> StackId {
        self.stack.clear();
        for &id in stack {
            let known = self.new.get(id.index()).copied().flatten();
            let new = known.unwrap_or_else(|| {
                let mut frame = self.frames.get(id);
                for string in [
                    &mut frame.function,
                    &mut frame.system_name,
                    &mut frame.file,
                    &mut frame.module,
                    &mut frame.build_id,
                ] {
                    *string = profile.strings.intern(self.strings.get(*string));
                }
                profile.frames.intern(frame)
            });
            if let Some(slot) = self.new.get_mut(id.index()) {
                *slot = Some(new);
            }
            self.stack.push(new);
        }
        profile.stacks.intern(&self.stack)
    }
}
