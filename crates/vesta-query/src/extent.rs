//! How much time and how many calls stand behind an answer.

use crate::column::{NumberMapColumn, integers};
use crate::{Basis, QueryError, Scope};
use arrow::array::{Int64Array, RecordBatch};
use std::time::Duration;
use vesta_profile::{LabelFilter, LabelMatch};

/// The time and the calls of some profiles.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extent {
    /// From the first start to the last end, in microseconds since the Unix epoch.
    period: Option<(i64, i64)>,
    /// The sum of all durations, in microseconds.
    process_time: i64,
    /// Calls of endpoints; `None` as long as no profile says any.
    calls: Option<u64>,
}

/// The time that a window leaves of profiles, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Narrowed {
    pub(crate) first_ns: i64,
    pub(crate) last_ns: i64,
    pub(crate) process_ns: i64,
}

/// Which endpoints calls are counted of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Endpoints {
    wanted: Vec<String>,
    unwanted: Vec<String>,
}

/// The columns of a batch that [`Extent`] is made of.
pub(crate) struct ExtentColumns {
    starts: Int64Array,
    ends: Int64Array,
    /// The calls of each row.
    calls: Vec<Option<u64>>,
}

// === impl Narrowed ===

impl Narrowed {
    /// The time of both.
    pub(crate) fn merge(one: Option<Narrowed>, other: Option<Narrowed>) -> Option<Narrowed> {
        let (Some(a), Some(b)) = (one, other) else { return one.or(other) };
        Some(Narrowed {
            first_ns: a.first_ns.min(b.first_ns),
            last_ns: a.last_ns.max(b.last_ns),
            process_ns: a.process_ns.saturating_add(b.process_ns),
        })
    }
}

// === impl Extent ===

impl Extent {
    /// Leaves only the time of a window in each of several periods, all in nanoseconds. Nobody knows how many of the
    /// calls happened in it.
    pub(crate) fn narrow(&mut self, narrowed: Option<Narrowed>) {
        let Some(Narrowed { first_ns, last_ns, process_ns }) = narrowed else { return };
        self.period = Some((first_ns / 1000, last_ns / 1000));
        self.process_time = process_ns / 1000;
        self.calls = None;
    }

    pub(crate) fn merge(&mut self, other: Extent) {
        self.period = match (self.period, other.period) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.process_time = self.process_time.saturating_add(other.process_time);
        self.calls = match (self.calls, other.calls) {
            (Some(a), Some(b)) => Some(a.saturating_add(b)),
            (a, b) => a.or(b),
        };
    }

    /// What to say of an answer that was made of these profiles. What is after the time of the scope does not count,
    /// unless the profiles were chosen whatever their time.
    pub(crate) fn basis(self, scope: &Scope, profiles: u64, samples: u64) -> Basis {
        let microseconds = |count: i64| Duration::from_micros(u64::try_from(count).unwrap_or(0));
        let covered = self.period.map_or(0, |(first, last)| {
            let last = if scope.profiles.is_empty() { last.min(scope.range.to.0) } else { last };
            last.saturating_sub(first)
        });
        Basis {
            profiles,
            samples,
            covered: microseconds(covered),
            process_time: microseconds(self.process_time),
            calls: self.calls,
        }
    }
}

// === impl Endpoints ===

impl Endpoints {
    /// The endpoints that filters on samples leave.
    pub(crate) fn of(filters: &[LabelFilter]) -> Self {
        let mut endpoints = Endpoints::default();
        for filter in filters.iter().filter(|filter| matches!(&*filter.key, "endpoint" | "trace endpoint")) {
            let value = match &filter.value {
                LabelMatch::Text(text) => text.clone(),
                LabelMatch::Number(number) => number.to_string(),
            };
            if filter.negated { &mut endpoints.unwanted } else { &mut endpoints.wanted }.push(value);
        }
        endpoints
    }

    fn counts(&self, endpoint: &str) -> bool {
        let is = |name: &String| name == endpoint;
        (self.wanted.is_empty() || self.wanted.iter().any(is)) && !self.unwanted.iter().any(is)
    }
}

// === impl ExtentColumns ===

impl ExtentColumns {
    /// The columns that must be there.
    pub(crate) const NAMES: [&'static str; 3] = ["start", "end", "endpoint_counts"];

    pub(crate) fn of(batch: &RecordBatch, endpoints: &Endpoints) -> Result<Self, QueryError> {
        let calls = NumberMapColumn::of(batch, "endpoint_counts")?
            .sums_of(|endpoint| endpoints.counts(endpoint))
            .into_iter()
            .map(|sum| sum.map(whole))
            .collect();
        Ok(ExtentColumns { starts: integers(batch, "start")?, ends: integers(batch, "end")?, calls })
    }

    /// When the profile of a row starts.
    pub(crate) fn start(&self, row: usize) -> i64 {
        self.starts.value(row)
    }

    /// The extent of one profile.
    pub(crate) fn get(&self, row: usize) -> Extent {
        let (start, end) = (self.starts.value(row), self.ends.value(row));
        Extent {
            period: Some((start, end.max(start))),
            process_time: end.saturating_sub(start).max(0),
            calls: self.calls.get(row).copied().flatten(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of calls are far below 2^53, and clients that send negative ones count for nothing"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}
