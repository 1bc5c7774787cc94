//! Searches over rows of the table of profiles.

use crate::column::{NumberMapColumn, TextColumn, TextListColumn, float_at, floats, integers};
use crate::scope::{Expr, Field, Pattern};
use crate::{Measure, QueryError};
use arrow::array::{Array, RecordBatch};
use arrow::buffer::BooleanBuffer;
use std::ops::Bound;

/// Tags that the table of profiles has a column for: the key as it is written in searches, and the column.
const PROMOTED: [(&str, &str); 9] = [
    ("service", "service"),
    ("env", "env"),
    ("version", "version"),
    ("host", "host"),
    ("runtime", "runtime"),
    ("language", "language"),
    ("family", "family"),
    ("runtime-id", "runtime_id"),
    ("runtime_id", "runtime_id"),
];

/// The column that holds the tag `key`, if it has one of its own.
pub(crate) fn promoted_column(key: &str) -> Option<&'static str> {
    PROMOTED.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, column)| *column)
}

/// The columns that `expr` looks at, each once.
pub(crate) fn columns_of(expr: &Expr) -> Vec<&'static str> {
    let mut columns = Vec::new();
    expr.for_each_term(&mut |term| match term {
        Expr::Tag { key, .. } | Expr::Exists(Field::Tag(key)) => {
            columns.push(promoted_column(key).unwrap_or("tags"));
        }
        Expr::Text(_) => columns.extend(["service", "host", "tags"]),
        Expr::Measure { name, .. } | Expr::Exists(Field::Measure(name)) => match measure_of(name) {
            NamedMeasure::Column(column) => columns.push(column),
            NamedMeasure::Duration => columns.extend(["start", "end"]),
            NamedMeasure::Metric(_) => columns.extend(["metrics", "tags"]),
        },
        Expr::All | Expr::And(_) | Expr::Or(_) | Expr::Not(_) => {}
    });
    columns.sort_unstable();
    columns.dedup();
    columns
}

/// The rows of `batch` that `expr` finds; `None` for all of them.
pub(crate) fn matches(expr: &Expr, batch: &RecordBatch) -> Result<Option<BooleanBuffer>, QueryError> {
    Ok(match expr {
        Expr::All => None,
        _ => Some(evaluate(expr, batch)?),
    })
}

enum NamedMeasure<'a> {
    Column(&'static str),
    Duration,
    Metric(&'a str),
}

fn measure_of(name: &str) -> NamedMeasure<'_> {
    match Measure::known(name).and_then(|measure| measure.column()) {
        Some(column) => NamedMeasure::Column(column),
        None if name == "duration" => NamedMeasure::Duration,
        None => NamedMeasure::Metric(name.strip_prefix("metrics.").unwrap_or(name)),
    }
}

fn evaluate(expr: &Expr, batch: &RecordBatch) -> Result<BooleanBuffer, QueryError> {
    match expr {
        Expr::All => Ok(BooleanBuffer::new_set(batch.num_rows())),
        Expr::And(parts) => {
            let mut mask = BooleanBuffer::new_set(batch.num_rows());
            for part in parts {
                if mask.count_set_bits() == 0 {
                    break;
                }
                mask = &mask & &evaluate(part, batch)?;
            }
            Ok(mask)
        }
        Expr::Or(parts) => {
            let mut mask = BooleanBuffer::new_unset(batch.num_rows());
            for part in parts {
                mask = &mask | &evaluate(part, batch)?;
            }
            Ok(mask)
        }
        Expr::Not(inner) => Ok(!&evaluate(inner, batch)?),
        Expr::Tag { key, pattern } => tag(batch, key, |value| pattern.matches(value)),
        Expr::Exists(Field::Tag(key)) => tag(batch, key, |_| true),
        Expr::Text(pattern) => text(batch, pattern),
        Expr::Exists(Field::Measure(name)) => measure(batch, name, |_| true, |_| true),
        Expr::Measure { name, low, high } => {
            let inside = |value: f64| lies_within(value, *low, *high);
            measure(batch, name, inside, |tag| tag.parse().is_ok_and(inside))
        }
    }
}

fn tag(
    batch: &RecordBatch,
    key: &str,
    mut passes: impl FnMut(&str) -> bool,
) -> Result<BooleanBuffer, QueryError> {
    match promoted_column(key) {
        Some(column) => Ok(TextColumn::of(batch, column)?.rows_where(passes)),
        None => {
            Ok(TextListColumn::of(batch, "tags")?
                .rows_where(|tag| tag_value(tag, key).is_some_and(&mut passes)))
        }
    }
}

fn text(batch: &RecordBatch, pattern: &Pattern) -> Result<BooleanBuffer, QueryError> {
    let found = |value: &str| pattern.is_found_in(value);
    let service = TextColumn::of(batch, "service")?.rows_where(found);
    let host = TextColumn::of(batch, "host")?.rows_where(found);
    let tags = TextListColumn::of(batch, "tags")?
        .rows_where(|tag| found(tag.split_once(':').map_or(tag, |(_, value)| value)));
    Ok(&(&service | &host) | &tags)
}

/// Tests a measure, or, for a name that no column has, the metric of that name and else the tag.
fn measure(
    batch: &RecordBatch,
    name: &str,
    passes: impl Fn(f64) -> bool,
    tag_passes: impl FnMut(&str) -> bool,
) -> Result<BooleanBuffer, QueryError> {
    let rows = batch.num_rows();
    match measure_of(name) {
        NamedMeasure::Column(column) => {
            let values = floats(batch, column)?;
            Ok(BooleanBuffer::collect_bool(rows, |row| float_at(&values, row).is_some_and(&passes)))
        }
        NamedMeasure::Duration => {
            let (starts, ends) = (integers(batch, "start")?, integers(batch, "end")?);
            Ok(BooleanBuffer::collect_bool(rows, |row| {
                starts.is_valid(row)
                    && ends.is_valid(row)
                    && passes(seconds(ends.value(row) - starts.value(row)))
            }))
        }
        NamedMeasure::Metric(metric) => {
            let metrics = NumberMapColumn::of(batch, "metrics")?;
            let by_metric =
                BooleanBuffer::collect_bool(rows, |row| metrics.get(row, metric).is_some_and(&passes));
            Ok(&by_metric | &tag(batch, metric, tag_passes)?)
        }
    }
}

/// The value of `tag`, if `key` is its key. Most tags have another key of another length, so that is looked at first.
pub(crate) fn tag_value<'a>(tag: &'a str, key: &str) -> Option<&'a str> {
    if tag.as_bytes().get(key.len()) != Some(&b':') {
        return None;
    }
    let (own, value) = tag.split_at_checked(key.len())?;
    own.eq_ignore_ascii_case(key).then_some(&value[1..])
}

#[expect(clippy::cast_precision_loss, reason = "durations of profiles are far below 2^53 microseconds")]
pub(crate) fn seconds(microseconds: i64) -> f64 {
    microseconds as f64 / 1e6
}

fn lies_within(value: f64, low: Bound<f64>, high: Bound<f64>) -> bool {
    std::ops::RangeBounds::contains(&(low, high), &value)
}
