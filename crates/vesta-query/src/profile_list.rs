//! Profiles in scope, a page at a time.

use crate::column::{TextColumn, float_at, floats, integers};
use crate::matcher::{matches, seconds};
use crate::measure_values::MeasureValues;
use crate::profile_scan::column;
use crate::{Basis, Engine, Measure, QueryError, Scope};
use arrow::array::{Array, RecordBatch};
use datafusion::prelude::{col, lit};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use vesta_store::{ProfileId, Snapshot, Timestamp};

/// How to list profiles.
#[derive(Clone, Debug, PartialEq)]
pub struct ListOptions {
    /// The order.
    pub sort: Sort,
    /// The most profiles on a page, at most [`ListOptions::MAX_LIMIT`]. Default 50.
    pub limit: usize,
    /// Where the page before ended.
    pub cursor: Option<Cursor>,
    /// Measures to tell of each profile besides those that every row has.
    pub measures: Vec<Measure>,
}

/// The order of profiles. Those without the value come last; those with the same value by id, in the same direction.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sort {
    by: SortBy,
    descending: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum SortBy {
    Start,
    Duration,
    Measure(Measure),
}

/// Where a page ended: the next one begins after it, whatever was added or deleted meanwhile. People pass its text
/// on and do not look into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    sort: Sort,
    last: Place,
}

/// A page of profiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileList {
    /// How many profiles there are on all pages.
    pub total: u64,
    /// Where the next page begins; `None` on the last page.
    pub next: Option<Cursor>,
    /// The profiles of this page.
    pub profiles: Vec<ProfileSummary>,
    /// What stands behind all pages.
    pub basis: Basis,
}

/// One row of a list of profiles.
#[derive(Clone, Debug, PartialEq)]
pub struct ProfileSummary {
    /// The profile.
    pub id: ProfileId,
    /// When it starts.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// The service.
    pub service: String,
    /// The environment; empty if it is not known, as all that follow.
    pub env: String,
    /// The version of the service.
    pub version: String,
    /// The host.
    pub host: String,
    /// The runtime.
    pub runtime: String,
    /// The language.
    pub language: String,
    /// CPU time per second, in cores.
    pub cpu_cores: Option<f64>,
    /// Memory allocated per second, in bytes.
    pub alloc_bytes_per_second: Option<f64>,
    /// Wall time per second, summed over threads.
    pub wall_cores: Option<f64>,
    /// Samples taken.
    pub samples: u64,
    /// The size of the upload, in bytes.
    pub upload_bytes: u64,
    /// The values of [`ListOptions::measures`].
    pub measures: Vec<Option<f64>>,
}

/// A place in an order: no value last, then the value, then the id. Smaller comes first: for a descending order
/// value and id are turned over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    is_null: bool,
    value: i64,
    id: i64,
}

/// The columns of a [`ProfileSummary`].
pub(crate) const SUMMARY_COLUMNS: [&str; 14] = [
    "profile_id",
    "start",
    "end",
    "service",
    "env",
    "version",
    "host",
    "runtime",
    "language",
    "cpu_cores",
    "alloc_bytes_per_second",
    "wall_cores",
    "samples",
    "upload_bytes",
];

impl Engine {
    /// The profiles in scope, a page at a time.
    pub async fn profiles(&self, scope: &Scope, options: &ListOptions) -> Result<ProfileList, QueryError> {
        self.bounded(self.list(scope, options)).await
    }

    async fn list(&self, scope: &Scope, options: &ListOptions) -> Result<ProfileList, QueryError> {
        let sort = Arc::new(options.sort.clone());
        let after = match &options.cursor {
            Some(cursor) if cursor.sort != *sort => {
                return Err(QueryError::BadParameter {
                    parameter: "cursor of this order",
                    value: cursor.to_string(),
                    hint: "start without a cursor after changing the order".to_owned(),
                });
            }
            cursor => cursor.as_ref().map(|cursor| cursor.last),
        };
        let limit = options.limit.clamp(1, ListOptions::MAX_LIMIT);
        let snapshot = self.store().snapshot().await;
        let (expr, order) = (scope.expr.clone(), sort.clone());
        let step = move |page: &mut Page, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let samples = integers(batch, "samples")?;
            let places = order.places(batch)?;
            for row in (0..batch.num_rows()).filter(|&row| mask.as_ref().is_none_or(|mask| mask.value(row))) {
                page.basis.profiles += 1;
                page.basis.samples += u64::try_from(samples.value(row)).unwrap_or(0);
                let place = places.at(row);
                if after.is_none_or(|after| place > after) {
                    page.offer(place, limit);
                }
            }
            Ok(())
        };
        let mut columns = vec!["samples"];
        columns.extend(sort.columns());
        let pages = self.fold_profiles(&snapshot, scope, &columns, Page::default, step).await?;
        let page = pages.into_iter().reduce(|one, other| one.merge(other, limit)).unwrap_or_default();
        let (basis, has_more) = (page.basis, page.dropped);
        let places = page.first.into_sorted_vec();
        let next =
            places.last().filter(|_| has_more).map(|&last| Cursor { sort: options.sort.clone(), last });
        let ids: Vec<i64> = places.iter().map(|place| place.profile(sort.descending)).collect();
        let profiles = self.summaries(&snapshot, &ids, &options.measures).await?;
        Ok(ProfileList { total: basis.profiles, next, profiles, basis })
    }

    /// The rows of these profiles, in their order.
    async fn summaries(
        &self,
        snapshot: &Snapshot,
        ids: &[i64],
        measures: &[Measure],
    ) -> Result<Vec<ProfileSummary>, QueryError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut columns = SUMMARY_COLUMNS.to_vec();
        columns.extend(measures.iter().filter_map(MeasureValues::column));
        columns.sort_unstable();
        columns.dedup();
        let batches = snapshot
            .session()
            .read_table(snapshot.profiles())?
            .filter(col("profile_id").in_list(ids.iter().map(|id| lit(*id)).collect(), false))?
            .select(columns.into_iter().map(column).collect::<Vec<_>>())?
            .collect()
            .await?;
        let mut rows = Vec::with_capacity(ids.len());
        for batch in &batches {
            let mut read = read_summaries(batch)?;
            for measure in measures {
                let values = MeasureValues::of(measure, batch)?;
                read.iter_mut().enumerate().for_each(|(row, summary)| summary.measures.push(values.at(row)));
            }
            rows.extend(read);
        }
        let order = |row: &ProfileSummary| ids.iter().position(|&id| id == row.id.0);
        rows.sort_by_cached_key(order);
        Ok(rows)
    }
}

// === impl ListOptions ===

impl ListOptions {
    /// The most profiles on one page.
    pub const MAX_LIMIT: usize = 1000;
}

impl Default for ListOptions {
    fn default() -> Self {
        ListOptions { sort: Sort::default(), limit: 50, cursor: None, measures: Vec::new() }
    }
}

// === impl Sort ===

impl Default for Sort {
    /// Latest first.
    fn default() -> Self {
        Sort { by: SortBy::Start, descending: true }
    }
}

impl FromStr for Sort {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let name = text.strip_prefix('-');
        let descending = name.is_some();
        let by = match name.unwrap_or(text) {
            "start" => Some(SortBy::Start),
            "duration_ms" => Some(SortBy::Duration),
            name => Measure::known(name).filter(|measure| *measure != Measure::Profiles).map(SortBy::Measure),
        };
        by.map(|by| Sort { by, descending }).ok_or_else(|| QueryError::BadParameter {
            parameter: "sort order",
            value: text.to_owned(),
            hint:
                "choose start, duration_ms, cpu_cores, or another measure such as metrics.go_num_goroutine, \
                   with a `-` in front for largest first"
                    .to_owned(),
        })
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match &self.by {
            SortBy::Start => Cow::Borrowed("start"),
            SortBy::Duration => Cow::Borrowed("duration_ms"),
            SortBy::Measure(measure) => measure.name(),
        };
        write!(formatter, "{}{name}", if self.descending { "-" } else { "" })
    }
}

impl Sort {
    fn columns(&self) -> Vec<&'static str> {
        match &self.by {
            SortBy::Start => vec!["start"],
            SortBy::Duration => vec!["start", "end"],
            SortBy::Measure(measure) => MeasureValues::column(measure).into_iter().collect(),
        }
    }

    /// The places of all rows of a batch.
    fn places(&self, batch: &RecordBatch) -> Result<Places, QueryError> {
        let ids = integers(batch, "profile_id")?;
        let rows = 0..batch.num_rows();
        let values: Vec<Option<i64>> = match &self.by {
            SortBy::Start => {
                let starts = integers(batch, "start")?;
                rows.map(|row| starts.is_valid(row).then(|| starts.value(row))).collect()
            }
            SortBy::Duration => {
                let (starts, ends) = (integers(batch, "start")?, integers(batch, "end")?);
                rows.map(|row| Some(ends.value(row).saturating_sub(starts.value(row)))).collect()
            }
            SortBy::Measure(measure) => {
                let values = MeasureValues::of(measure, batch)?;
                rows.map(|row| values.at(row).map(ordered)).collect()
            }
        };
        Ok(Places { ids: ids.values().to_vec(), values, descending: self.descending })
    }
}

struct Places {
    ids: Vec<i64>,
    values: Vec<Option<i64>>,
    descending: bool,
}

impl Places {
    fn at(&self, row: usize) -> Place {
        let directed = |number: i64| if self.descending { !number } else { number };
        let value = self.values[row];
        Place { is_null: value.is_none(), value: directed(value.unwrap_or(0)), id: directed(self.ids[row]) }
    }
}

impl Place {
    /// The profile. Its id was turned like the value, so turning it again gives it back.
    fn profile(self, descending: bool) -> i64 {
        if descending { !self.id } else { self.id }
    }
}

/// Bits that compare as the numbers do.
fn ordered(number: f64) -> i64 {
    let bits = number.to_bits().cast_signed();
    if bits < 0 { bits ^ i64::MAX } else { bits }
}

/// The first places that were offered.
#[derive(Default)]
struct Page {
    first: BinaryHeap<Place>,
    dropped: bool,
    basis: Basis,
}

impl Page {
    fn offer(&mut self, place: Place, limit: usize) {
        if self.first.len() < limit {
            self.first.push(place);
            return;
        }
        self.dropped = true;
        if let Some(mut worst) = self.first.peek_mut()
            && worst.cmp(&place) == Ordering::Greater
        {
            *worst = place;
        }
    }

    fn merge(mut self, other: Page, limit: usize) -> Page {
        self.dropped |= other.dropped;
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        for place in other.first {
            self.offer(place, limit);
        }
        self
    }
}

// === impl Cursor ===

impl fmt::Display for Cursor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { is_null, value, id } = self.last;
        write!(formatter, "{}.{}.{value:016x}.{id:016x}", self.sort, u8::from(is_null))
    }
}

impl FromStr for Cursor {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let number = |part: &str| u64::from_str_radix(part, 16).ok().map(u64::cast_signed);
        let read = || {
            // Names of orders may have dots in them, so the parts are taken from the end.
            let mut parts = text.rsplitn(4, '.');
            let (id, value) = (number(parts.next()?)?, number(parts.next()?)?);
            let is_null = match parts.next()? {
                "0" => false,
                "1" => true,
                _ => return None,
            };
            Some(Cursor { sort: parts.next()?.parse().ok()?, last: Place { is_null, value, id } })
        };
        read().ok_or_else(|| QueryError::BadParameter {
            parameter: "cursor",
            value: text.to_owned(),
            hint: "pass on the cursor of the page before, or none".to_owned(),
        })
    }
}

/// All rows of a batch with the columns [`SUMMARY_COLUMNS`].
pub(crate) fn read_summaries(batch: &RecordBatch) -> Result<Vec<ProfileSummary>, QueryError> {
    let text = |name: &str| TextColumn::of(batch, name);
    let (service, env, version) = (text("service")?, text("env")?, text("version")?);
    let (host, runtime, language) = (text("host")?, text("runtime")?, text("language")?);
    let (ids, starts, ends) =
        (integers(batch, "profile_id")?, integers(batch, "start")?, integers(batch, "end")?);
    let (samples, upload_bytes) = (integers(batch, "samples")?, integers(batch, "upload_bytes")?);
    let (cpu_cores, wall_cores) = (floats(batch, "cpu_cores")?, floats(batch, "wall_cores")?);
    let alloc = floats(batch, "alloc_bytes_per_second")?;
    let summary = |row: usize| ProfileSummary {
        id: ProfileId(ids.value(row)),
        start: Timestamp(starts.value(row)),
        end: Timestamp(ends.value(row)),
        service: service.text(row).to_owned(),
        env: env.text(row).to_owned(),
        version: version.text(row).to_owned(),
        host: host.text(row).to_owned(),
        runtime: runtime.text(row).to_owned(),
        language: language.text(row).to_owned(),
        cpu_cores: float_at(&cpu_cores, row),
        alloc_bytes_per_second: float_at(&alloc, row),
        wall_cores: float_at(&wall_cores, row),
        samples: u64::try_from(samples.value(row)).unwrap_or(0),
        upload_bytes: u64::try_from(upload_bytes.value(row)).unwrap_or(0),
        measures: Vec::new(),
    };
    Ok((0..batch.num_rows()).map(summary).collect())
}

impl ProfileSummary {
    /// How long the profile took.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(seconds(self.end.0.saturating_sub(self.start.0)).max(0.0))
    }
}
