//! Measures of groups of profiles.

use crate::column::integers;
use crate::facets::for_each_row;
use crate::matcher::{matches, promoted_column};
use crate::measure_values::MeasureValues;
use crate::names::Names;
use crate::profile_rows::TagColumn;
use crate::selection::ProcessColumns;
use crate::{Basis, Engine, Measure, QueryError, Scope};
use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use hashbrown::HashSet;
use std::cmp::Ordering;
use std::sync::Arc;

/// What to make a table of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// The tags whose values tell rows apart, at most [`TableOptions::MOST_TAGS`]. Without any there is one row.
    pub group_by: Vec<String>,
    /// What to tell of each row.
    pub columns: Vec<TableColumn>,
    /// The column, or the tag, that rows are ordered by, with a `-` in front for largest first. Default: `-profiles`,
    /// which need not be a column.
    pub sort: String,
    /// The most rows.
    pub limit: usize,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TableColumn {
    /// The mean of a measure over the profiles that have it.
    Mean(Measure),
    /// How many profiles there are.
    Profiles,
    /// How many samples they have.
    Samples,
    /// How many processes they are of.
    Processes,
}

/// Measures of groups of profiles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The rows, in order.
    pub rows: Vec<TableRow>,
    /// How many rows there are without the limit.
    pub found: u64,
    /// Whether rows were left out.
    pub truncated: bool,
    /// What is in scope.
    pub basis: Basis,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRow {
    /// A value of each tag; empty for profiles without it.
    pub groups: Vec<String>,
    /// A value of each column, `None` where no profile says anything.
    pub values: Vec<Option<f64>>,
}

/// More rows than this are not told apart.
const MAX_ROWS: usize = 10_000;

impl Engine {
    /// Measures of the profiles in scope, by the values of some tags.
    pub async fn table(&self, scope: &Scope, options: &TableOptions) -> Result<Table, QueryError> {
        self.bounded(self.tabulate(scope, options)).await
    }

    async fn tabulate(&self, scope: &Scope, options: &TableOptions) -> Result<Table, QueryError> {
        let order = Order::parse(options)?;
        let snapshot = self.store().snapshot().await;
        let mut columns = vec!["samples", "start", "service", "host", "runtime_id"];
        columns.extend(options.group_by.iter().map(|key| promoted_column(key).unwrap_or("tags")));
        columns.extend(options.means().filter_map(MeasureValues::column));
        let (expr, wanted) = (scope.expr.clone(), Arc::new(options.clone()));
        let step = move |tally: &mut Tally, batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let tags = wanted.group_by.iter().map(|key| TagColumn::of(batch, Some(key)));
            let tags = tags.collect::<Result<Vec<_>, _>>()?;
            let values = wanted.means().map(|measure| MeasureValues::of(measure, batch));
            let values = values.collect::<Result<Vec<_>, _>>()?;
            let (samples, processes) = (integers(batch, "samples")?, ProcessColumns::of(batch)?);
            let mut key = String::new();
            for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                let samples = u64::try_from(samples.value(row)).unwrap_or(0);
                tally.basis.profiles += 1;
                tally.basis.samples += samples;
                key.clear();
                tags.iter().for_each(|tag| {
                    key.push_str(tag.at(row));
                    key.push(SEPARATOR);
                });
                let Some(group) = tally.group(&key) else { return };
                group.profiles += 1;
                group.samples += samples;
                processes.with_key(row, |process| {
                    if !group.processes.contains(process) {
                        group.processes.insert(process.to_owned());
                    }
                });
                group.means.resize(values.len(), (0.0, 0));
                for (mean, value) in group.means.iter_mut().zip(&values) {
                    if let Some(value) = value.at(row) {
                        mean.0 += value;
                        mean.1 += 1;
                    }
                }
            });
            Ok(())
        };
        let parts = self.fold_profiles(&snapshot, scope, &columns, Tally::default, step).await?;
        let tally = parts.into_iter().reduce(Tally::merge).unwrap_or_default();
        Ok(tally.into_table(options, &order))
    }
}

// === impl TableOptions ===

impl TableOptions {
    /// The most tags that tell rows apart.
    pub const MOST_TAGS: usize = 3;

    fn means(&self) -> impl Iterator<Item = &Measure> {
        self.columns.iter().filter_map(|column| match column {
            TableColumn::Mean(measure) => Some(measure),
            _ => None,
        })
    }
}

// === impl TableColumn ===

impl TableColumn {
    /// Reads `profiles`, `samples`, `processes`, or the name of a measure.
    pub fn parse(text: &str) -> Result<TableColumn, QueryError> {
        Ok(match text {
            "profiles" => TableColumn::Profiles,
            "samples" => TableColumn::Samples,
            "processes" => TableColumn::Processes,
            measure => TableColumn::Mean(Measure::parse(measure)?),
        })
    }

    /// The name that [`TableColumn::parse`] reads.
    pub fn name(&self) -> String {
        match self {
            TableColumn::Mean(measure) => measure.name().into_owned(),
            TableColumn::Profiles => "profiles".to_owned(),
            TableColumn::Samples => "samples".to_owned(),
            TableColumn::Processes => "processes".to_owned(),
        }
    }

    /// The unit of the numbers; empty if it is not known.
    pub fn unit(&self) -> &'static str {
        match self {
            TableColumn::Mean(measure) => measure.unit(),
            TableColumn::Profiles => "profiles",
            TableColumn::Samples => "samples",
            TableColumn::Processes => "processes",
        }
    }
}

/// What ends each value in the key of a group. No client sends it in a tag.
const SEPARATOR: char = '\u{0}';

struct Order {
    by: OrderBy,
    descending: bool,
}

enum OrderBy {
    Tag(usize),
    Column(usize),
    Profiles,
}

impl Order {
    fn parse(options: &TableOptions) -> Result<Self, QueryError> {
        let text = if options.sort.is_empty() { "-profiles" } else { &options.sort };
        let name = text.strip_prefix('-').unwrap_or(text);
        let tag = options.group_by.iter().position(|key| key.eq_ignore_ascii_case(name));
        let wanted = TableColumn::parse(name)?;
        let column = options.columns.iter().position(|column| *column == wanted);
        let by = match (tag, column) {
            (Some(tag), _) => OrderBy::Tag(tag),
            (None, Some(column)) => OrderBy::Column(column),
            (None, None) if wanted == TableColumn::Profiles => OrderBy::Profiles,
            (None, None) => {
                return Err(QueryError::BadParameter {
                    parameter: "column of this table",
                    value: name.to_owned(),
                    hint: "sort by a measure or a tag of the table, or by profiles".to_owned(),
                });
            }
        };
        Ok(Order { by, descending: text.starts_with('-') })
    }

    /// Rows without a value come last, whatever the direction.
    fn compare(&self, a: &(TableRow, u64), b: &(TableRow, u64)) -> Ordering {
        let directed = |order: Ordering| if self.descending { order.reverse() } else { order };
        let own = match self.by {
            OrderBy::Profiles => directed(a.1.cmp(&b.1)),
            OrderBy::Tag(tag) => directed(a.0.groups.get(tag).cmp(&b.0.groups.get(tag))),
            OrderBy::Column(column) => {
                let value = |row: &TableRow| row.values.get(column).copied().flatten();
                match (value(&a.0), value(&b.0)) {
                    (Some(a), Some(b)) => directed(a.total_cmp(&b)),
                    (a, b) => b.is_some().cmp(&a.is_some()),
                }
            }
        };
        own.then_with(|| a.0.groups.cmp(&b.0.groups))
    }
}

struct Tally {
    keys: Names,
    groups: Vec<Group>,
    basis: Basis,
}

#[derive(Default)]
struct Group {
    profiles: u64,
    samples: u64,
    processes: HashSet<String, FixedState>,
    /// Of each measure the sum of its values, and how many there are.
    means: Vec<(f64, u64)>,
}

impl Default for Tally {
    fn default() -> Self {
        Tally { keys: Names::new(MAX_ROWS), groups: Vec::new(), basis: Basis::default() }
    }
}

impl Tally {
    fn group(&mut self, key: &str) -> Option<&mut Group> {
        let index = self.keys.intern(key);
        if index == self.groups.len() {
            self.groups.push(Group::default());
        }
        self.groups.get_mut(index)
    }

    fn merge(mut self, other: Tally) -> Tally {
        self.basis.profiles += other.basis.profiles;
        self.basis.samples += other.basis.samples;
        self.keys.overflown |= other.keys.overflown;
        for (key, theirs) in other.keys.iter().zip(other.groups) {
            let Some(group) = self.group(key) else { continue };
            group.profiles += theirs.profiles;
            group.samples += theirs.samples;
            group.processes.extend(theirs.processes);
            group.means.resize(theirs.means.len(), (0.0, 0));
            for (mean, other) in group.means.iter_mut().zip(theirs.means) {
                mean.0 += other.0;
                mean.1 += other.1;
            }
        }
        self
    }

    fn into_table(self, options: &TableOptions, order: &Order) -> Table {
        let mut rows: Vec<(TableRow, u64)> = self
            .keys
            .iter()
            .zip(&self.groups)
            .map(|(key, group)| {
                let groups = key.split_terminator(SEPARATOR).map(str::to_owned).collect();
                (TableRow { groups, values: group.values(&options.columns) }, group.profiles)
            })
            .collect();
        rows.sort_unstable_by(|a, b| order.compare(a, b));
        let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let truncated = self.keys.overflown || rows.len() > options.limit;
        rows.truncate(options.limit);
        let rows = rows.into_iter().map(|(row, _)| row).collect();
        Table { rows, found, truncated, basis: self.basis }
    }
}

impl Group {
    #[expect(clippy::cast_precision_loss, reason = "counts of profiles and samples are below 2^53")]
    fn values(&self, columns: &[TableColumn]) -> Vec<Option<f64>> {
        let mut means = self.means.iter();
        let value = |column: &TableColumn| match column {
            TableColumn::Mean(_) => {
                means.next().filter(|(_, count)| *count > 0).map(|(sum, count)| sum / *count as f64)
            }
            TableColumn::Profiles => Some(self.profiles as f64),
            TableColumn::Samples => Some(self.samples as f64),
            TableColumn::Processes => Some(self.processes.len() as f64),
        };
        columns.iter().map(value).collect()
    }
}
