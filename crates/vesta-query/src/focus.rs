//! Samples by when they were taken, and by the request they were taken in.

use crate::QueryError;
use crate::extent::Narrowed;
use arrow::array::RecordBatch;
use std::str::FromStr;
use vesta_profile::{
    Label, LabelFilter, LabelMatch, LabelSetId, LabelValue, Profile, Selection, StringTable, low_64_bits,
};
use vesta_store::DecodedProfile;

/// Samples by when they were taken, and by the request they were taken in. Tables know neither, so a question with a
/// focus reads uploads, of which it may read few.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// Samples that ended after the first time and not after the second, in nanoseconds since the Unix epoch. Those
    /// that do not say when they ended belong to the whole period of their profile.
    pub window: Option<(i64, i64)>,
    /// Samples of a request.
    pub span: Option<SpanFocus>,
}

/// A request, and how far to look around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanFocus {
    /// The id of the span, of the entry span of a service, or the low 64 bits of that of the trace.
    pub id: u64,
    /// How far to look.
    pub on: FocusOn,
}

/// How far to look around a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FocusOn {
    /// The span alone.
    Span,
    /// The span and what is below it within its service.
    #[default]
    Children,
    /// Whatever the process did while samples of the span were taken.
    Time,
    /// Whatever the process did in the profiles that have samples of the span.
    Profile,
}

impl FromStr for FocusOn {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Ok(match text {
            "span" => FocusOn::Span,
            "children" => FocusOn::Children,
            "time" => FocusOn::Time,
            "profile" => FocusOn::Profile,
            other => {
                return Err(QueryError::BadParameter {
                    parameter: "focus_on",
                    value: other.to_owned(),
                    hint: "choose span, children, time or profile".to_owned(),
                });
            }
        })
    }
}

impl Focus {
    /// Whether there is none.
    pub fn is_none(&self) -> bool {
        *self == Focus::default()
    }

    /// What is in focus of a profile, as rows of the table of samples; `None` if there is nothing.
    pub(crate) fn rows(&self, decoded: &DecodedProfile) -> Result<Option<RecordBatch>, QueryError> {
        Ok(decoded.sample_rows(&self.select(decoded, &[]))?)
    }

    /// The time that the window leaves of a profile; `None` without a window.
    pub(crate) fn narrow(&self, decoded: &DecodedProfile) -> Option<Narrowed> {
        let (from, to) = self.window?;
        let first_ns = from.max(decoded.start.0.saturating_mul(1000));
        let last_ns = to.min(decoded.end.0.saturating_mul(1000)).max(first_ns);
        Some(Narrowed { first_ns, last_ns, process_ns: last_ns.saturating_sub(first_ns) })
    }

    /// The samples of a profile that are in focus and pass the filters. None, if the focus is on a span that the
    /// profile does not have.
    pub(crate) fn select(&self, decoded: &DecodedProfile, filters: &[LabelFilter]) -> Selection {
        let profile = &decoded.profile;
        let Some(in_span) = self.span.map_or(Some(Reach::All), |span| Reach::of(profile, span)) else {
            return Selection::default();
        };
        let passes: Vec<bool> =
            profile.label_sets.iter().map(|set| passes(&profile.strings, set, filters)).collect();
        let period = (decoded.start.0.saturating_mul(1000), decoded.end.0.saturating_mul(1000));
        let rows = (0..profile.samples.len()).filter(|&row| {
            let set = profile.samples.labels.get(row).copied().unwrap_or(LabelSetId::EMPTY);
            passes.get(set.index()).copied().unwrap_or(false)
                && self.window.is_none_or(|window| lies_within(timestamp(profile, row), window, period))
                && in_span.has(profile, row)
        });
        Selection { rows: rows.collect() }
    }
}

/// Whether a sample that ended at `time` (0: within a whole period) ended in a window.
fn lies_within(time: i64, (from, to): (i64, i64), (start, end): (i64, i64)) -> bool {
    match time {
        0 => from <= start && end <= to,
        time => from < time && time <= to,
    }
}

fn timestamp(profile: &Profile, row: usize) -> i64 {
    profile.samples.timestamps_ns.get(row).copied().unwrap_or(0)
}

/// How far a span reaches within one profile.
enum Reach {
    /// Everywhere.
    All,
    /// Over these rows, sorted.
    Rows(Vec<usize>),
    /// Over all samples that ended at these times.
    Time(i64, i64),
}

impl Reach {
    /// `None` if the profile has no sample of the span.
    fn of(profile: &Profile, span: SpanFocus) -> Option<Reach> {
        let samples = &profile.samples;
        let traces: Vec<bool> =
            profile.strings.iter().map(|text| low_64_bits(text) == Some(span.id)).collect();
        let is = |column: &[u64], row: usize| column.get(row) == Some(&span.id);
        let below = |row: usize| {
            is(&samples.span_ids, row)
                || is(&samples.local_root_span_ids, row)
                || samples.trace_ids.get(row).and_then(|id| traces.get(id.index())) == Some(&true)
        };
        let rows: Vec<usize> = match span.on {
            FocusOn::Span => (0..samples.len()).filter(|&row| is(&samples.span_ids, row)).collect(),
            _ => (0..samples.len()).filter(|&row| below(row)).collect(),
        };
        if rows.is_empty() {
            return None;
        }
        match span.on {
            FocusOn::Span | FocusOn::Children => Some(Reach::Rows(rows)),
            FocusOn::Profile => Some(Reach::All),
            FocusOn::Time => {
                let timed = rows.iter().filter(|&&row| timestamp(profile, row) > 0);
                let starts = timed.clone().map(|&row| timestamp(profile, row) - longest(profile, row));
                let first = starts.min();
                let last = timed.map(|&row| timestamp(profile, row)).max();
                Some(first.zip(last).map_or(Reach::Rows(rows), |(first, last)| Reach::Time(first, last)))
            }
        }
    }

    fn has(&self, profile: &Profile, row: usize) -> bool {
        match self {
            Reach::All => true,
            Reach::Rows(rows) => rows.binary_search(&row).is_ok(),
            Reach::Time(first, last) => (*first..=*last).contains(&timestamp(profile, row)),
        }
    }
}

/// The longest time that a sample says it took. Bounded by a day: nothing that is sampled takes longer.
fn longest(profile: &Profile, row: usize) -> i64 {
    const DAY_NS: i64 = 86_400_000_000_000;
    let columns = profile.value_types.iter().zip(&profile.samples.values);
    let times = columns.filter_map(|(value_type, values)| {
        let canonical = value_type.canonical();
        let is_time = matches!(canonical.name.as_ref(), "wall-time" | "cpu-time" | "timeline");
        is_time.then(|| values.get(row).copied().unwrap_or(0).saturating_mul(canonical.scale))
    });
    times.max().unwrap_or(0).clamp(0, DAY_NS)
}

/// Whether a sample with these labels carries, for each key, one of the labels that are asked for, and none that is
/// negated. Keys are those of tables.
fn passes(strings: &StringTable, set: &[Label], filters: &[LabelFilter]) -> bool {
    let carries = |filter: &LabelFilter| {
        set.iter().any(|label| {
            table_key(strings.get(label.key)) == table_key(&filter.key)
                && match (&filter.value, label.value) {
                    (LabelMatch::Text(text), LabelValue::Text(id)) => strings.get(id) == text,
                    (LabelMatch::Text(text), LabelValue::Number(number, _)) => number.to_string() == *text,
                    (LabelMatch::Number(wanted), LabelValue::Number(number, _)) => number == *wanted,
                    (LabelMatch::Number(wanted), LabelValue::Text(id)) => {
                        strings.get(id) == wanted.to_string()
                    }
                }
        })
    };
    filters.iter().all(|filter| match filter.negated {
        true => !carries(filter),
        false => filters.iter().filter(|other| !other.negated && other.key == filter.key).any(carries),
    })
}

/// The name that tables have for a label.
pub(crate) fn table_key(key: &str) -> &str {
    match key {
        "thread name" | "thread_name" => "thread",
        "trace endpoint" => "endpoint",
        key => key,
    }
}
