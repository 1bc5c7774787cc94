//! The measures of the rows of a batch.

use crate::column::{NumberMapColumn, float_at, floats, integers};
use crate::{Measure, QueryError};
use arrow::array::{Array, Float64Array, Int64Array, RecordBatch};

/// One measure of the rows of a batch.
pub(crate) enum MeasureValues {
    /// A column of numbers.
    Numbers(Float64Array),
    /// Samples taken.
    Samples(Int64Array),
    /// One of the metrics.
    Metric(Box<NumberMapColumn>, String),
    /// Profiles: each row is one.
    One,
}

impl MeasureValues {
    /// The column that a scan has to read for `measure`, if any.
    pub(crate) fn column(measure: &Measure) -> Option<&'static str> {
        match measure {
            Measure::Metric(_) => Some("metrics"),
            measure => measure.column(),
        }
    }

    pub(crate) fn of(measure: &Measure, batch: &RecordBatch) -> Result<Self, QueryError> {
        Ok(match measure {
            Measure::Profiles => MeasureValues::One,
            Measure::Samples => MeasureValues::Samples(integers(batch, "samples")?),
            Measure::Metric(name) => {
                MeasureValues::Metric(Box::new(NumberMapColumn::of(batch, "metrics")?), name.clone())
            }
            other => MeasureValues::Numbers(floats(batch, other.column().unwrap_or_default())?),
        })
    }

    /// The value of a row, `None` where it was not measured.
    #[expect(clippy::cast_precision_loss, reason = "counts of samples are below 2^53")]
    pub(crate) fn at(&self, row: usize) -> Option<f64> {
        match self {
            MeasureValues::Numbers(column) => float_at(column, row),
            MeasureValues::Samples(column) => column.is_valid(row).then(|| column.value(row) as f64),
            MeasureValues::Metric(column, name) => column.get(row, name),
            MeasureValues::One => Some(1.0),
        }
    }
}
