//! Many samples into few rows.

use crate::{
    CanonicalType, Label, LabelSetId, LabelSetTable, LabelValue, Profile, SampleTable, StackId, StringId,
};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet, HashTable};
use std::hash::BuildHasher;

/// The samples of a profile added up by stack and labels. Timestamps, spans and traces are left out.
#[derive(Clone, Debug, Default)]
pub struct Aggregated {
    /// The stack of each row, an id of the profile.
    pub stacks: Vec<StackId>,
    /// The labels of each row, an id of `label_sets`.
    pub labels: Vec<LabelSetId>,
    /// The label sets that are left. Their strings are the profile's.
    pub label_sets: LabelSetTable,
    /// One column per value type of the profile, in its order.
    pub columns: Vec<AggregatedColumn>,
    /// Keys that were wanted but left out because they have too many values.
    pub dropped: Vec<DroppedKey>,
}

/// The values of one value type, one per row.
#[derive(Clone, Debug)]
pub struct AggregatedColumn {
    /// What the sums count. They are in its unit: the scale is applied.
    pub value_type: CanonicalType,
    /// The sum of the row's samples.
    pub sums: Vec<i64>,
    /// How many of the row's samples have a value other than 0.
    pub counts: Vec<u32>,
}

/// A key of labels that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedKey {
    /// The key.
    pub key: String,
    /// How many distinct values it has in the profile.
    pub distinct: usize,
}

/// Adds up the samples of `profile` by stack and by the labels whose key is wanted. A wanted key with more than
/// `max_distinct` values in the profile is left out all the same, and reported.
pub fn aggregate(profile: &Profile, keep: impl FnMut(&str) -> bool, max_distinct: usize) -> Aggregated {
    aggregate_samples(profile, &profile.samples, keep, max_distinct)
}

/// Adds up some samples of `profile`: those of a table whose ids are the profile's. Which keys are left out depends on
/// all of its samples.
pub fn aggregate_samples(
    profile: &Profile,
    samples: &SampleTable,
    mut keep: impl FnMut(&str) -> bool,
    max_distinct: usize,
) -> Aggregated {
    let mut result = Aggregated::default();
    let kept_keys = kept_keys(profile, &mut keep, max_distinct, &mut result.dropped);
    let mut labels: Vec<Label> = Vec::new();
    let mut reduced: Vec<LabelSetId> = Vec::with_capacity(profile.label_sets.len());
    for set in profile.label_sets.iter() {
        labels.clear();
        labels.extend(set.iter().filter(|label| kept_keys.contains(&label.key)));
        reduced.push(result.label_sets.intern(&labels));
    }
    let rows = result.rows_of_samples(samples, &reduced);
    for (value_type, values) in profile.value_types.iter().zip(&samples.values) {
        let column = add_up(&rows, values, value_type.canonical(), result.stacks.len());
        result.columns.push(column);
    }
    result
}

impl Aggregated {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.stacks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    /// Makes the rows, and tells the row of every sample.
    fn rows_of_samples(&mut self, samples: &SampleTable, reduced: &[LabelSetId]) -> Vec<u32> {
        let hasher = FixedState::default();
        let mut index: HashTable<u32> = HashTable::new();
        let (stacks, labels) = (&mut self.stacks, &mut self.labels);
        samples
            .stacks
            .iter()
            .zip(&samples.labels)
            .map(|(&stack, set)| {
                let set = reduced.get(set.index()).copied().unwrap_or(LabelSetId::EMPTY);
                let hash = hasher.hash_one(key(stack, set));
                let same = |&row: &u32| stacks[row as usize] == stack && labels[row as usize] == set;
                if let Some(&row) = index.find(hash, same) {
                    return row;
                }
                let row = u32::try_from(stacks.len()).unwrap_or(u32::MAX);
                stacks.push(stack);
                labels.push(set);
                index.insert_unique(hash, row, |&row| {
                    hasher.hash_one(key(stacks[row as usize], labels[row as usize]))
                });
                row
            })
            .collect()
    }
}

fn key(stack: StackId, set: LabelSetId) -> u64 {
    u64::from(stack.0) << 32 | u64::from(set.0)
}

fn add_up(rows: &[u32], values: &[i64], value_type: CanonicalType, len: usize) -> AggregatedColumn {
    let (mut sums, mut counts) = (vec![0i64; len], vec![0u32; len]);
    for (&row, &value) in rows.iter().zip(values) {
        let row = row as usize;
        sums[row] = sums[row].saturating_add(value);
        counts[row] += u32::from(value != 0);
    }
    if value_type.scale != 1 {
        for sum in &mut sums {
            *sum = sum.saturating_mul(value_type.scale);
        }
    }
    AggregatedColumn { value_type, sums, counts }
}

fn kept_keys(
    profile: &Profile,
    keep: &mut impl FnMut(&str) -> bool,
    max_distinct: usize,
    dropped: &mut Vec<DroppedKey>,
) -> HashSet<StringId, FixedState> {
    let mut values: HashMap<StringId, Option<HashSet<LabelValue, FixedState>>, FixedState> =
        HashMap::default();
    for label in profile.label_sets.iter().flatten() {
        let wanted = values
            .entry(label.key)
            .or_insert_with(|| keep(profile.strings.get(label.key)).then(HashSet::default));
        if let Some(values) = wanted {
            values.insert(label.value);
        }
    }
    let mut kept = HashSet::default();
    for (key, values) in values {
        match values {
            Some(values) if values.len() > max_distinct => {
                dropped.push(DroppedKey { key: profile.strings.get(key).to_owned(), distinct: values.len() });
            }
            Some(_) => {
                kept.insert(key);
            }
            None => {}
        }
    }
    dropped.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    kept
}
