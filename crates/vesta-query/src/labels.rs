//! The labels of samples in a scope, with the values spent under them.

use crate::column::{TextColumn, TextListColumn, integers};
use crate::profile_scan::fold;
use crate::{Basis, Engine, QueryError, SampleScope};
use arrow::array::RecordBatch;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::prelude::col;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::CanonicalType;

/// Which labels to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelOptions {
    /// The most values of one label. Default 50.
    pub limit: usize,
}

impl Default for LabelOptions {
    fn default() -> Self {
        LabelOptions { limit: 50 }
    }
}

/// The labels of samples in a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// What the values count.
    pub value_type: CanonicalType,
    /// The labels, by key: `thread` and `endpoint` first, then by name.
    pub labels: Vec<LabelSummary>,
    /// The sum of the values of all samples in scope.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
}

/// One label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelSummary {
    /// The key.
    pub key: String,
    /// Its values, those with the largest total first.
    pub values: Vec<LabelValueTotal>,
    /// Whether values were left out.
    pub truncated: bool,
}

/// One value of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelValueTotal {
    /// The value.
    pub value: String,
    /// What was spent in samples that carry it.
    pub total: i64,
}

impl Engine {
    /// The labels of samples in a scope, by which [`SampleScope::filters`] can narrow it. Samples without a label
    /// count for none of its values.
    pub async fn labels(&self, question: &SampleScope, options: &LabelOptions) -> Result<Labels, QueryError> {
        self.bounded(async {
            let snapshot = self.store().snapshot().await;
            let selected = self.select_samples(&snapshot, question).await?;
            let mut tally = Tally::new(self.limits().distinct_values);
            if let Some(frame) = selected.frame {
                let groups = vec![col("thread"), col("endpoint"), col("labels")];
                let sums = vec![sum(col("value")).alias("value"), sum(col("count")).alias("count")];
                let limit = tally.max_distinct;
                let parts = fold(frame.aggregate(groups, sums)?, || Tally::new(limit), Tally::add).await?;
                tally = parts.into_iter().fold(tally, Tally::merge);
            }
            if tally.samples == 0 {
                self.check_type(&question.scope, &selected.value_type).await?;
            }
            let basis = selected.selection.basis(&question.scope, tally.samples);
            let total = tally.total;
            Ok(Labels {
                value_type: selected.value_type,
                labels: tally.into_labels(options.limit),
                total,
                basis,
            })
        })
        .await
    }
}

struct Tally {
    keys: HashMap<String, HashMap<String, i64, FixedState>, FixedState>,
    distinct: usize,
    max_distinct: usize,
    overflown: bool,
    total: i64,
    samples: u64,
}

impl Tally {
    fn new(max_distinct: usize) -> Self {
        Tally { keys: HashMap::default(), distinct: 0, max_distinct, overflown: false, total: 0, samples: 0 }
    }

    fn add(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let (values, counts) = (integers(batch, "value")?, integers(batch, "count")?);
        let (thread, endpoint) = (TextColumn::of(batch, "thread")?, TextColumn::of(batch, "endpoint")?);
        let labels = TextListColumn::of(batch, "labels")?;
        for row in 0..batch.num_rows() {
            let value = values.value(row);
            self.total = self.total.saturating_add(value);
            self.samples = self.samples.saturating_add(u64::try_from(counts.value(row)).unwrap_or(0));
            let others = labels.texts(row).filter_map(|label| label.split_once(':'));
            for (key, text) in
                [("thread", thread.text(row)), ("endpoint", endpoint.text(row))].into_iter().chain(others)
            {
                if !text.is_empty() {
                    self.count(key, text, value);
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, key: &str, text: &str, value: i64) {
        let totals = self.keys.entry_ref(key).or_default();
        if let Some(total) = totals.get_mut(text) {
            *total = total.saturating_add(value);
        } else if self.distinct < self.max_distinct {
            totals.insert(text.to_owned(), value);
            self.distinct += 1;
        } else {
            self.overflown = true;
        }
    }

    fn merge(mut self, other: Tally) -> Tally {
        self.total = self.total.saturating_add(other.total);
        self.samples = self.samples.saturating_add(other.samples);
        self.overflown |= other.overflown;
        for (key, totals) in other.keys {
            for (text, value) in totals {
                self.count(&key, &text, value);
            }
        }
        self
    }

    fn into_labels(self, limit: usize) -> Vec<LabelSummary> {
        let overflown = self.overflown;
        let summary = |(key, totals): (String, HashMap<String, i64, FixedState>)| {
            let mut values: Vec<LabelValueTotal> = totals
                .into_iter()
                .filter(|(_, total)| *total != 0)
                .map(|(value, total)| LabelValueTotal { value, total })
                .collect();
            values.sort_unstable_by(|a, b| b.total.cmp(&a.total).then_with(|| a.value.cmp(&b.value)));
            let truncated = overflown || values.len() > limit;
            values.truncate(limit);
            LabelSummary { key, values, truncated }
        };
        let mut labels: Vec<LabelSummary> =
            self.keys.into_iter().map(summary).filter(|label| !label.values.is_empty()).collect();
        let rank = |key: &str| match key {
            "thread" => 0,
            "endpoint" => 1,
            _ => 2,
        };
        labels.sort_by(|a, b| (rank(&a.key), &a.key).cmp(&(rank(&b.key), &b.key)));
        labels
    }
}
