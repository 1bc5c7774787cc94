//! Which measures the profiles in a scope have, and how they are spread.

use crate::column::{NumberMapColumn, PlaceMemo, integers};
use crate::facets::for_each_row;
use crate::matcher::matches;
use crate::measure_values::MeasureValues;
use crate::names::Names;
use crate::{Basis, Engine, Measure, QueryError, Scope};
use arrow::array::RecordBatch;
use arrow::buffer::BooleanBuffer;
use std::sync::Arc;

/// The measures of the profiles in a scope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// Those that any profile has: the ones every profiler could have first, then metrics by name.
    pub measures: Vec<MeasureSummary>,
    /// Whether there are metrics that were left out: more than [`Measures::MAX_METRICS`].
    pub truncated: bool,
    /// What is in scope.
    pub basis: Basis,
}

/// One measure over the profiles in a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureSummary {
    /// The measure.
    pub measure: Measure,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The mean over the profiles that have it.
    pub mean: f64,
    /// How many profiles have it.
    pub profiles: u64,
    /// How the values are spread.
    pub histogram: Histogram,
}

/// Values counted in [`Histogram::BINS`] equal parts of the way from the smallest to the largest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// Where the first part begins.
    pub from: f64,
    /// Where the last part ends; it holds this value too.
    pub to: f64,
    /// Values in each part. All are in the first one if they are the same.
    pub counts: [u64; Histogram::BINS],
}

/// Where all parts of a histogram but the last one end, as shares of the whole.
const PART_ENDS: [f64; Histogram::BINS - 1] =
    [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95];

/// Names of metrics that are told apart; a client that sends more is at fault.
const MAX_NAMES: usize = 2000;

impl Engine {
    /// The measures of the profiles in scope, with how their values are spread.
    pub async fn measures(&self, scope: &Scope) -> Result<Measures, QueryError> {
        self.bounded(self.summarize(scope)).await
    }

    /// Scans twice: parts of a histogram are known only when its ends are.
    async fn summarize(&self, scope: &Scope) -> Result<Measures, QueryError> {
        let snapshot = self.store().snapshot().await;
        let mut columns: Vec<&'static str> = Measure::with_columns().filter_map(|m| m.column()).collect();
        columns.push("metrics");
        let expr = scope.expr.clone();
        let step = move |tally: &mut Tally, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let samples = integers(batch, "samples")?;
            for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                tally.basis.profiles += 1;
                tally.basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
            });
            let Tally { names, spreads, .. } = tally;
            for_each_value(
                batch,
                mask.as_ref(),
                |name| names.intern(name),
                |index, value| {
                    if spreads.len() <= index {
                        spreads.resize(index + 1, Spread::default());
                    }
                    spreads[index].add(value);
                },
            )
        };
        let parts = self.fold_profiles(&snapshot, scope, &columns, Tally::default, step).await?;
        let tally = parts.into_iter().reduce(Tally::merge).unwrap_or_default();

        let ends: Vec<(f64, f64)> = tally.spreads.iter().map(|spread| (spread.min, spread.max)).collect();
        let names = Arc::new(tally.names);
        let (expr, known) = (scope.expr.clone(), names.clone());
        let new = move || ends.iter().map(|&(from, to)| Histogram::new(from, to)).collect::<Vec<_>>();
        let step = move |histograms: &mut Vec<Histogram>, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            for_each_value(
                batch,
                mask.as_ref(),
                |name| known.find(name),
                |index, value| {
                    if let Some(histogram) = histograms.get_mut(index) {
                        histogram.add(value);
                    }
                },
            )
        };
        let parts = self.fold_profiles(&snapshot, scope, &columns, new, step).await?;
        let histograms = parts.into_iter().reduce(merge_histograms).unwrap_or_default();
        Ok(summaries(&names, &tally.spreads, histograms, tally.basis))
    }
}

// === impl Measures ===

impl Measures {
    /// The most metrics in an answer: those that the most profiles have.
    pub const MAX_METRICS: usize = 200;
}

fn summaries(names: &Names, spreads: &[Spread], histograms: Vec<Histogram>, basis: Basis) -> Measures {
    let measures = Measure::with_columns().chain(names.iter().map(|name| Measure::Metric(name.to_owned())));
    let mut found: Vec<MeasureSummary> = measures
        .zip(spreads)
        .zip(histograms)
        .filter(|((_, spread), _)| spread.count > 0)
        .map(|((measure, spread), histogram)| MeasureSummary {
            measure,
            min: spread.min,
            max: spread.max,
            mean: spread.mean(),
            profiles: spread.count,
            histogram,
        })
        .collect();
    let is_metric = |summary: &MeasureSummary| matches!(summary.measure, Measure::Metric(_));
    let standard = found.iter().take_while(|summary| !is_metric(summary)).count();
    let mut metrics = found.split_off(standard);
    let truncated = names.overflown || metrics.len() > Measures::MAX_METRICS;
    if metrics.len() > Measures::MAX_METRICS {
        metrics.sort_by_key(|summary| std::cmp::Reverse(summary.profiles));
        metrics.truncate(Measures::MAX_METRICS);
    }
    metrics.sort_by(|a, b| a.measure.name().cmp(&b.measure.name()));
    found.append(&mut metrics);
    Measures { measures: found, truncated, basis }
}

/// Calls `take` with every finite value of the rows of the mask, and with the index of its measure: those with a
/// column in their order, then metrics as `index_of` says.
fn for_each_value(
    batch: &RecordBatch,
    mask: Option<&BooleanBuffer>,
    mut index_of: impl FnMut(&str) -> usize,
    mut take: impl FnMut(usize, f64),
) -> Result<(), QueryError> {
    for (index, measure) in Measure::with_columns().enumerate() {
        let values = MeasureValues::of(&measure, batch)?;
        for_each_row(batch.num_rows(), mask, |row| {
            if let Some(value) = values.at(row).filter(|value| value.is_finite()) {
                take(index, value);
            }
        });
    }
    let (first, metrics) = (Measure::with_columns().count(), NumberMapColumn::of(batch, "metrics")?);
    let mut memo = PlaceMemo::default();
    for_each_row(batch.num_rows(), mask, |row| {
        for (place, (name, value)) in metrics.entries(row).enumerate() {
            let index = memo.get(place, name, &mut index_of);
            if index != Names::NONE && value.is_finite() {
                take(first + index, value);
            }
        }
    });
    Ok(())
}

struct Tally {
    /// The names of metrics.
    names: Names,
    spreads: Vec<Spread>,
    basis: Basis,
}

#[derive(Clone, Copy)]
struct Spread {
    min: f64,
    max: f64,
    sum: f64,
    count: u64,
}

// === impl Tally ===

impl Default for Tally {
    fn default() -> Self {
        Tally { names: Names::new(MAX_NAMES), spreads: Vec::new(), basis: Basis::default() }
    }
}

impl Tally {
    fn merge(mut self, other: Tally) -> Tally {
        let first = Measure::with_columns().count();
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        self.names.overflown |= other.names.overflown;
        for (index, spread) in other.spreads.into_iter().enumerate() {
            let index = match index.checked_sub(first) {
                None => index,
                Some(metric) => match self.names.intern(other.names.get(metric)) {
                    Names::NONE => continue,
                    index => first + index,
                },
            };
            if self.spreads.len() <= index {
                self.spreads.resize(index + 1, Spread::default());
            }
            self.spreads[index].merge(spread);
        }
        self
    }
}

// === impl Spread ===

impl Default for Spread {
    fn default() -> Self {
        Spread { min: f64::INFINITY, max: f64::NEG_INFINITY, sum: 0.0, count: 0 }
    }
}

impl Spread {
    fn add(&mut self, value: f64) {
        self.merge(Spread { min: value, max: value, sum: value, count: 1 });
    }

    fn merge(&mut self, other: Spread) {
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.count += other.count;
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of profiles are below 2^53")]
    fn mean(self) -> f64 {
        self.sum / self.count as f64
    }
}

// === impl Histogram ===

impl Histogram {
    /// How many parts there are.
    pub const BINS: usize = 20;

    fn new(from: f64, to: f64) -> Self {
        Histogram { from, to, counts: [0; Self::BINS] }
    }

    fn add(&mut self, value: f64) {
        let share = if self.to > self.from { (value - self.from) / (self.to - self.from) } else { 0.0 };
        let bin = PART_ENDS.partition_point(|&end| share >= end);
        self.counts[bin] += 1;
    }
}

fn merge_histograms(one: Vec<Histogram>, other: Vec<Histogram>) -> Vec<Histogram> {
    let pairs = one.into_iter().zip(other).map(|(mut mine, theirs)| {
        for (count, more) in mine.counts.iter_mut().zip(theirs.counts) {
            *count += more;
        }
        mine
    });
    pairs.collect()
}
