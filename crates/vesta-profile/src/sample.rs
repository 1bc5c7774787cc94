//! Samples, as columns.

use crate::{LabelSetId, StackId, StringId};

/// One sample, to be added to a [`SampleTable`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample<'a> {
    /// Where the program was.
    pub stack: StackId,
    /// One value per value type of the profile, in its order. Missing ones count as 0.
    pub values: &'a [i64],
    /// Labels that many samples share.
    pub labels: LabelSetId,
    /// When the sample ended, in nanoseconds since the Unix epoch; 0 when it is not known.
    pub timestamp_ns: i64,
    /// The span that was active; 0 for none.
    pub span_id: u64,
    /// The entry span of this service in the same trace; 0 for none.
    pub local_root_span_id: u64,
    /// The trace, as text; empty for none.
    pub trace_id: StringId,
}

/// Samples as parallel columns: one per value type, and one for each thing that differs from sample to sample.
///
/// The timestamp and span columns are empty as long as no sample has one, so that aggregated profiles do not pay
/// for them.
#[derive(Clone, Debug, Default)]
pub struct SampleTable {
    /// The stack of each sample.
    pub stacks: Vec<StackId>,
    /// The label set of each sample.
    pub labels: Vec<LabelSetId>,
    /// `values[t][s]` is the value of sample `s` for value type `t`.
    pub values: Vec<Vec<i64>>,
    /// End timestamps in nanoseconds since the Unix epoch, 0 where unknown; empty if no sample has one.
    pub timestamps_ns: Vec<i64>,
    /// Span ids, 0 where there is none; empty if no sample has one.
    pub span_ids: Vec<u64>,
    /// Local root span ids, 0 where there is none; empty if no sample has one.
    pub local_root_span_ids: Vec<u64>,
    /// Trace ids, empty where there is none; empty if no sample has one.
    pub trace_ids: Vec<StringId>,
}

impl SampleTable {
    /// A table for profiles with this many value types.
    pub fn new(value_types: usize) -> Self {
        SampleTable { values: vec![Vec::new(); value_types], ..Self::default() }
    }

    /// Adds a sample.
    pub fn push(&mut self, sample: Sample<'_>) {
        let row = self.stacks.len();
        self.stacks.push(sample.stack);
        self.labels.push(sample.labels);
        for (column, index) in self.values.iter_mut().zip(0..) {
            column.push(sample.values.get(index).copied().unwrap_or(0));
        }
        push_optional(&mut self.timestamps_ns, row, sample.timestamp_ns);
        push_optional(&mut self.span_ids, row, sample.span_id);
        push_optional(&mut self.local_root_span_ids, row, sample.local_root_span_id);
        push_optional(&mut self.trace_ids, row, sample.trace_id);
    }

    /// Moves the times of samples into a period that none of them is in, keeping their distances, and tells how far:
    /// a profile that was imported as of another time, or a clock that was set while it was taken. The last sample
    /// goes to the end of the period. `None` if at least one is in it, or none says when it was taken.
    pub fn align(&mut self, (start_ns, end_ns): (i64, i64)) -> Option<i64> {
        let known = || self.timestamps_ns.iter().copied().filter(|&time| time > 0);
        let last = known().max()?;
        if known().any(|time| (start_ns..=end_ns).contains(&time)) {
            return None;
        }
        let distance = end_ns.saturating_sub(last);
        self.shift(distance);
        Some(distance)
    }

    /// Moves all times by `distance`, in nanoseconds: for times that count from the start of something.
    pub fn shift(&mut self, distance: i64) {
        for time in self.timestamps_ns.iter_mut().filter(|time| **time > 0) {
            *time = time.saturating_add(distance).max(1);
        }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        self.stacks.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.stacks.is_empty()
    }

    /// The sum of one value type over all samples, saturating at the ends of `i64`.
    pub fn total(&self, value_type: usize) -> i64 {
        let sum: i128 =
            self.values.get(value_type).map_or(0, |column| column.iter().map(|&v| i128::from(v)).sum());
        i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
    }
}

/// Adds to a column that stays empty until its first value that is not the default.
fn push_optional<T: Copy + Default + PartialEq>(column: &mut Vec<T>, row: usize, value: T) {
    if !column.is_empty() {
        column.push(value);
    } else if value != T::default() {
        column.resize(row, T::default());
        column.push(value);
    }
}
