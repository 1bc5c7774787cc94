//! Which binaries need symbols, so that people know what to send.

use crate::engine::compute;
use crate::stack_sums::StackSums;
use crate::{Basis, Engine, QueryError, SampleScope};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use vesta_profile::{CanonicalType, FrameId, StringId};

/// Binaries with places that have no name.
#[derive(Clone, Debug)]
pub struct MissingSymbols {
    /// What the values count.
    pub value_type: CanonicalType,
    /// The binaries, those with the largest value first.
    pub modules: Vec<MissingModule>,
    /// How many there are without the limit.
    pub found: u64,
    /// The sum over all samples in scope.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
}

/// A binary with places that have no name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingModule {
    /// Its build id, as profilers sent it.
    pub build_id: String,
    /// Its path.
    pub module: String,
    /// How many places have no name.
    pub places: u64,
    /// Samples that any of them is on the stack of.
    pub samples: u64,
    /// What was spent in those samples.
    pub value: i64,
}

impl Engine {
    /// The binaries that samples of a question are in and of which places have no name, at most `limit` of them.
    pub async fn missing_symbols(
        &self,
        question: &SampleScope,
        limit: usize,
    ) -> Result<MissingSymbols, QueryError> {
        self.bounded(async {
            let sums = self.stack_sums(question).await?;
            compute(move || Ok(missing(&sums, limit))).await
        })
        .await
    }
}

#[derive(Default)]
struct Tally {
    places: HashSet<FrameId, FixedState>,
    samples: i64,
    value: i64,
}

fn missing(sums: &StackSums, limit: usize) -> MissingSymbols {
    let symbols = &sums.symbols;
    // Which binary each frame is of, if it has no name.
    let binaries: Vec<Option<(StringId, StringId)>> = (symbols.frames.as_slice().iter())
        .map(|frame| {
            let is_missing =
                frame.function == StringId::EMPTY && frame.address != 0 && frame.build_id != StringId::EMPTY;
            is_missing.then_some((frame.build_id, frame.module))
        })
        .collect();
    let mut tallies: HashMap<(StringId, StringId), Tally, FixedState> = HashMap::default();
    let mut of_stack: Vec<(StringId, StringId)> = Vec::new();
    let mut total = 0_i64;
    for ((&stack, &value), &count) in symbols.ids.iter().zip(&sums.values).zip(&sums.counts) {
        total = total.saturating_add(value);
        of_stack.clear();
        for &frame in symbols.stacks.get(stack) {
            let Some(binary) = binaries.get(frame.index()).copied().flatten() else { continue };
            let tally = tallies.entry(binary).or_default();
            tally.places.insert(frame);
            // A sample counts once, however many places of the binary it has.
            if !of_stack.contains(&binary) {
                of_stack.push(binary);
                tally.samples = tally.samples.saturating_add(count);
                tally.value = tally.value.saturating_add(value);
            }
        }
    }
    let text = |id: StringId| symbols.strings.get(id).to_owned();
    let mut modules: Vec<MissingModule> = tallies
        .into_iter()
        .map(|((build_id, module), tally)| MissingModule {
            build_id: text(build_id),
            module: text(module),
            places: tally.places.len() as u64,
            samples: u64::try_from(tally.samples).unwrap_or(0),
            value: tally.value,
        })
        .collect();
    modules.sort_unstable_by(|a, b| {
        b.value.cmp(&a.value).then_with(|| a.module.cmp(&b.module)).then_with(|| a.build_id.cmp(&b.build_id))
    });
    let found = modules.len() as u64;
    modules.truncate(limit);
    MissingSymbols { value_type: sums.value_type.clone(), modules, found, total, basis: sums.basis }
}
