//! Samples added up by one text each.

use crate::QueryError;
use crate::column::{TextColumn, TextListColumn, integers};
use crate::names::Names;
use crate::profile_rows::ProfileClasses;
use crate::stack_sums::label_column;
use arrow::array::{Int64Array, RecordBatch};
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::Expr as Plan;
use datafusion::prelude::col;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Sums by a text.
pub(crate) struct ValueSums {
    pub(crate) by_value: HashMap<String, ValueSum, FixedState>,
    /// What is past the limit, or has no text.
    pub(crate) rest: ValueSum,
    limit: usize,
}

/// What samples add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ValueSum {
    pub(crate) value: i64,
    pub(crate) samples: u64,
}

/// The values of one label of the rows of a batch.
pub(crate) enum LabelColumn {
    /// A column of its own.
    Column(TextColumn),
    /// One of all other labels: the key, with a colon.
    Labels(TextListColumn, String),
}

/// What says which text a row of samples belongs to.
pub(crate) enum Grouping {
    /// The value of a label, by its key.
    Label(String),
    /// The value of a tag: what the classes of profiles are called.
    Classes(ProfileClasses, Names),
}

/// The texts of the rows of a batch.
pub(crate) enum TextOfRows<'a> {
    /// Values of a label.
    Label(LabelColumn),
    /// Names of classes.
    Classes(Int64Array, &'a Names),
}

/// Adds up `value` and `count` of samples by these columns.
pub(crate) fn grouped(frame: DataFrame, columns: Vec<Plan>) -> Result<DataFrame, QueryError> {
    let sums = vec![sum(col("value")).alias("value"), sum(col("count")).alias("count")];
    Ok(frame.aggregate(columns, sums)?)
}

// === impl ValueSums ===

impl ValueSums {
    /// No sums; more than `limit` texts are not told apart.
    pub(crate) fn new(limit: usize) -> Self {
        ValueSums { by_value: HashMap::default(), rest: ValueSum::default(), limit }
    }

    /// Adds the rows of a batch of [`grouped`] to the texts that they belong to.
    pub(crate) fn add_batch<'a>(
        &mut self,
        batch: &RecordBatch,
        text: impl Fn(usize) -> Option<&'a str>,
    ) -> Result<(), QueryError> {
        let (values, counts) = (integers(batch, "value")?, integers(batch, "count")?);
        for row in 0..batch.num_rows() {
            let samples = u64::try_from(counts.value(row)).unwrap_or(0);
            let sum = ValueSum { value: values.value(row), samples };
            self.add(text(row), sum);
        }
        Ok(())
    }

    pub(crate) fn merge(mut self, other: ValueSums) -> ValueSums {
        self.rest.add(other.rest);
        for (text, sum) in other.by_value {
            self.add(Some(&text), sum);
        }
        self
    }

    /// Samples that went into all sums.
    pub(crate) fn samples(&self) -> u64 {
        self.by_value.values().fold(self.rest.samples, |samples, sum| samples.saturating_add(sum.samples))
    }

    /// Adds to the sum of a text, or to the rest.
    pub(crate) fn add(&mut self, text: Option<&str>, sum: ValueSum) {
        let Some(text) = text else { return self.rest.add(sum) };
        if let Some(known) = self.by_value.get_mut(text) {
            known.add(sum);
        } else if self.by_value.len() < self.limit {
            self.by_value.insert(text.to_owned(), sum);
        } else {
            self.rest.add(sum);
        }
    }
}

// === impl ValueSum ===

impl ValueSum {
    fn add(&mut self, other: ValueSum) {
        self.value = self.value.saturating_add(other.value);
        self.samples = self.samples.saturating_add(other.samples);
    }
}

// === impl Grouping ===

impl Grouping {
    /// The columns to group samples by.
    pub(crate) fn columns(&self) -> Vec<Plan> {
        match self {
            Grouping::Label(key) => LabelColumn::columns(key),
            Grouping::Classes(classes, _) => vec![classes.of_rows().alias("class")],
        }
    }

    /// The texts of a batch of groups.
    pub(crate) fn of_batch(&self, batch: &RecordBatch) -> Result<TextOfRows<'_>, QueryError> {
        Ok(match self {
            Grouping::Label(key) => TextOfRows::Label(LabelColumn::of(batch, key)?),
            Grouping::Classes(_, names) => TextOfRows::Classes(integers(batch, "class")?, names),
        })
    }
}

impl TextOfRows<'_> {
    /// The text of a row, `None` if it is not told apart from others.
    pub(crate) fn at(&self, row: usize) -> Option<&str> {
        match self {
            TextOfRows::Label(column) => Some(column.at(row)),
            TextOfRows::Classes(classes, names) => {
                let class = usize::try_from(classes.value(row)).ok()?;
                names.contains(class).then(|| names.get(class))
            }
        }
    }
}

// === impl LabelColumn ===

impl LabelColumn {
    /// The columns of table `samples` that say what the value of a label is.
    pub(crate) fn columns(key: &str) -> Vec<Plan> {
        vec![col(label_column(key).unwrap_or("labels"))]
    }

    pub(crate) fn of(batch: &RecordBatch, key: &str) -> Result<Self, QueryError> {
        Ok(match label_column(key) {
            Some(column) => LabelColumn::Column(TextColumn::of(batch, column)?),
            None => LabelColumn::Labels(TextListColumn::of(batch, "labels")?, format!("{key}:")),
        })
    }

    /// The value of a row; the first one if it has several, empty if it has none.
    pub(crate) fn at(&self, row: usize) -> &str {
        match self {
            LabelColumn::Column(column) => column.text(row),
            LabelColumn::Labels(labels, key) => {
                labels.texts(row).find_map(|label| label.strip_prefix(key.as_str())).unwrap_or_default()
            }
        }
    }
}
