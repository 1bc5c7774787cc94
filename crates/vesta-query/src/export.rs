//! A scope merged into one profile, to be written to a file.

use crate::engine::compute;
use crate::flame_graph::problems_of;
use crate::stack_sums::StackSums;
use crate::time::TimeRange;
use crate::{Basis, Engine, QueryError, SampleScope};
use std::sync::Arc;
use vesta_profile::{CanonicalType, FrameTable, Profile, Sample, StackId, StringTable, ValueType};

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
    let mut symbols = Copied::new(sums.symbols.strings.clone(), sums.symbols.frames.clone());
    for (stack, value) in sums.stacks().filter(|(_, value)| *value != 0) {
        let stack = symbols.copy(&mut profile, sums.symbols.stacks.get(stack));
        profile.samples.push(Sample { stack, values: &[value], ..Sample::default() });
    }
    Export { problems: problems_of(&sums), profile, value_type: sums.value_type, basis: sums.basis }
}

/// Frames that were already copied from the shared tables, by their id there.
struct Copied {
    strings: Arc<StringTable>,
    frames: Arc<FrameTable>,
    new: Vec<Option<vesta_profile::FrameId>>,
    stack: Vec<vesta_profile::FrameId>,
}

impl Copied {
    fn new(strings: Arc<StringTable>, frames: Arc<FrameTable>) -> Self {
        let new = vec![None; frames.len()];
        Copied { strings, frames, new, stack: Vec::new() }
    }

    fn copy(&mut self, profile: &mut Profile, stack: &[vesta_profile::FrameId]) -> StackId {
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
