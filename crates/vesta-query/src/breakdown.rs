//! Where the value of a scope goes, by any dimension.

use crate::column::{NumberMapColumn, integers};
use crate::engine::compute;
use crate::facets::for_each_row;
use crate::flame_graph::{build_trees, problems_of};
use crate::matcher::matches;
use crate::names::Names;
use crate::profile_rows::{ProfileClasses, ProfileQuestion};
use crate::profile_scan::fold;
use crate::selection::Selection;
use crate::stack_sums::StackSums;
use crate::value_sums::{Grouping, ValueSums, grouped};
use crate::{Basis, Dimension, Engine, QueryError, SampleScope};
use arrow::array::RecordBatch;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use std::sync::Arc;
use vesta_profile::{
    CanonicalType, FlameTree, FunctionId, FunctionTable, Granularity, TopBy, TopFunction, Transform, top,
};
use vesta_store::Snapshot;

/// How to break a scope down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakdownOptions {
    /// What rows stand for.
    pub by: Dimension,
    /// Only rows whose value, or file, contains this, whatever its case.
    pub search: String,
    /// The most rows. Default 100.
    pub limit: usize,
}

/// Where the value of a scope goes, by one dimension.
#[derive(Clone, Debug)]
pub struct Breakdown {
    /// What the values count.
    pub value_type: CanonicalType,
    /// What rows refer to; empty unless they stand for what is on stacks.
    pub functions: FunctionTable,
    /// Largest self value first, then largest total, then by name.
    pub rows: Vec<BreakdownRow>,
    /// How many rows there are without the limit.
    pub found: u64,
    /// All rows that were left out, by the search or by the limit.
    pub other: Option<BreakdownOther>,
    /// The sum of the values of all samples in scope: of all self values, those of `other` included.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

/// One value of the dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakdownRow {
    /// The value; empty for samples without it.
    pub value: String,
    /// The function, line, file or package, if that is what rows stand for.
    pub function: Option<FunctionId>,
    /// What was spent in it: for functions, in themselves.
    pub self_value: i64,
    /// What was spent in it and, for functions, in what they called. A stack counts once.
    pub total: i64,
    /// Samples that `total` is made of, as the profilers took them.
    pub samples: u64,
    /// How often the endpoint was called; `None` for other dimensions, or if no profile says so.
    pub calls: Option<u64>,
}

/// Rows that were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BreakdownOther {
    /// How many there are.
    pub rows: u64,
    /// The sum of their self values.
    pub self_value: i64,
    /// What was spent in samples that any of them is on: for functions less than the sum of their totals.
    pub total: i64,
}

impl BreakdownOptions {
    /// All values of a dimension, up to 100.
    pub fn new(by: Dimension) -> Self {
        BreakdownOptions { by, search: String::new(), limit: 100 }
    }
}

impl Engine {
    /// Where the value of a scope goes, by one dimension. Rows of tags and labels add up to the total, and so do the
    /// self values of functions.
    pub async fn breakdown(
        &self,
        question: &SampleScope,
        options: &BreakdownOptions,
    ) -> Result<Breakdown, QueryError> {
        self.bounded(async {
            match &options.by {
                Dimension::Frame(granularity) => {
                    let sums = self.stack_sums(question).await?;
                    let (granularity, options) = (*granularity, options.clone());
                    compute(move || Ok(by_function(&sums, granularity, &options))).await
                }
                _ => self.by_value(question, options).await,
            }
        })
        .await
    }

    async fn by_value(
        &self,
        question: &SampleScope,
        options: &BreakdownOptions,
    ) -> Result<Breakdown, QueryError> {
        let snapshot = self.store().snapshot().await;
        let selected = self.select_samples(&snapshot, question).await?;
        let limit = self.limits().distinct_values;
        let mut sums = ValueSums::new(limit);
        if let Some(frame) = selected.frame {
            let grouping = Arc::new(self.grouping(&snapshot, question, &options.by).await?);
            sums = match question.transforms.iter().any(leaves_out_samples) {
                true => {
                    let selection = &selected.selection;
                    self.transformed_sums(&snapshot, question, selection, frame, grouping).await?
                }
                false => {
                    let frame = grouped(frame, grouping.columns())?;
                    let step = move |sums: &mut ValueSums, batch: &RecordBatch| {
                        let texts = grouping.of_batch(batch)?;
                        sums.add_batch(batch, |row| texts.at(row))
                    };
                    let parts = fold(frame, || ValueSums::new(limit), step).await?;
                    parts.into_iter().fold(sums, ValueSums::merge)
                }
            };
        }
        if sums.samples() == 0 {
            self.check_type(&question.scope, &selected.value_type).await?;
        }
        let calls = match options.by.is_endpoint() {
            true => self.calls(&snapshot, question, &selected.selection).await?,
            false => HashMap::default(),
        };
        let basis = selected.selection.basis(&question.scope, sums.samples());
        let mut rows: Vec<BreakdownRow> = sums
            .by_value
            .into_iter()
            .map(|(value, sum)| BreakdownRow {
                calls: calls.get(&value).copied(),
                value,
                function: None,
                self_value: sum.value,
                total: sum.value,
                samples: sum.samples,
            })
            .collect();
        rows.sort_unstable_by(|a, b| b.total.cmp(&a.total).then_with(|| a.value.cmp(&b.value)));
        let total = rows.iter().fold(sums.rest.value, |total, row| total.saturating_add(row.total));
        let (rows, found, left_out) =
            shown(rows, options, |row, search| row.value.to_lowercase().contains(search));
        let mut other = BreakdownOther::of(&left_out);
        if sums.rest.samples > 0 {
            other.rows += 1;
            other.self_value = other.self_value.saturating_add(sums.rest.value);
        }
        other.total = other.self_value;
        Ok(Breakdown {
            value_type: selected.value_type,
            functions: FunctionTable::default(),
            rows,
            found,
            other: (other.rows > 0).then_some(other),
            total,
            basis,
            problems: Vec::new(),
        })
    }

    /// What tells the samples of a question apart by a tag or a label.
    async fn grouping(
        &self,
        snapshot: &Snapshot,
        question: &SampleScope,
        by: &Dimension,
    ) -> Result<Grouping, QueryError> {
        let tag = match by {
            Dimension::Label(key) => return Ok(Grouping::Label(key.clone())),
            Dimension::Tag(key) => Some(key.clone()),
            Dimension::Frame(_) => None,
        };
        let wanted = ProfileQuestion { tag, ..ProfileQuestion::default() };
        let profiles = self.profile_rows(snapshot, &question.scope, &wanted).await?;
        let class = |group: usize| i32::try_from(group).unwrap_or(i32::MAX);
        let pairs = profiles.rows.iter().map(|row| (row.id, class(row.group))).collect();
        Ok(Grouping::Classes(ProfileClasses::new(pairs), profiles.groups))
    }

    /// How often each endpoint was called.
    async fn calls(
        &self,
        snapshot: &Snapshot,
        question: &SampleScope,
        selection: &Selection,
    ) -> Result<HashMap<String, u64, FixedState>, QueryError> {
        let (expr, ids) = (question.scope.expr.clone(), selection.ids.clone());
        let limit = self.limits().distinct_values;
        let new = move || (Names::new(limit), Vec::new());
        let step = move |(names, calls): &mut (Names, Vec<f64>), batch: &RecordBatch| {
            let mask = matches(&expr, batch)?;
            let counts = NumberMapColumn::of(batch, "endpoint_counts")?;
            let profiles = integers(batch, "profile_id")?;
            for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                if ids.as_ref().is_some_and(|ids| ids.binary_search(&profiles.value(row)).is_err()) {
                    return;
                }
                for (endpoint, count) in counts.entries(row) {
                    add_calls(calls, names.intern(endpoint), count);
                }
            });
            Ok(())
        };
        let columns = ["endpoint_counts"];
        let parts = self.fold_profiles(snapshot, &question.scope, &columns, &new, step).await?;
        let (names, calls) = parts.into_iter().fold(new(), |(mut names, mut calls), (theirs, counts)| {
            for (index, count) in names.absorb(&theirs).into_iter().zip(counts) {
                add_calls(&mut calls, index, count);
            }
            (names, calls)
        });
        Ok(names.iter().map(str::to_owned).zip(calls.into_iter().map(whole)).collect())
    }
}

fn add_calls(calls: &mut Vec<f64>, endpoint: usize, count: f64) {
    if endpoint == Names::NONE {
        return;
    }
    if calls.len() <= endpoint {
        calls.resize(endpoint + 1, 0.0);
    }
    calls[endpoint] += count.max(0.0);
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of calls are far below 2^53, and negative ones were left out"
)]
fn whole(number: f64) -> u64 {
    number as u64
}

fn by_function(sums: &StackSums, granularity: Granularity, options: &BreakdownOptions) -> Breakdown {
    let (functions, [values, counts]) = build_trees(sums, [&sums.values, &sums.counts], granularity);
    let samples_at_root = counts.self_values().first().copied().unwrap_or(0);
    let counts = top(&counts, &functions, TopBy::Function).into_iter().map(|row| (row.function, row.total));
    let mut counts: HashMap<FunctionId, i64, FixedState> = counts.collect();
    counts.insert(FunctionId::ROOT, samples_at_root);
    let samples_of =
        |id: &FunctionId| counts.get(id).and_then(|&count| u64::try_from(count).ok()).unwrap_or(0);
    // Merging functions leaves the root with what had no other caller.
    let own = |tree: &FlameTree| tree.self_values().first().copied().unwrap_or(0);
    let at_root = TopFunction { function: FunctionId::ROOT, self_value: own(&values), total: own(&values) };
    let mut listed = top(&values, &functions, TopBy::Function);
    listed.extend(Some(at_root).filter(|row| row.self_value != 0));
    let rows: Vec<BreakdownRow> = listed
        .into_iter()
        .map(|row| BreakdownRow {
            value: functions.name(row.function).to_owned(),
            function: Some(row.function),
            self_value: row.self_value,
            total: row.total,
            samples: samples_of(&row.function),
            calls: None,
        })
        .collect();
    let contains = |row: &BreakdownRow, search: &str| {
        let file = row.function.map_or("", |id| functions.strings().get(functions.get(id).file));
        [&row.value, file].iter().any(|text| text.to_lowercase().contains(search))
    };
    let (rows, found, left_out) = shown(rows, options, contains);
    let mut other = BreakdownOther::of(&left_out);
    other.total = total_with_any(&values, left_out.iter().filter_map(|row| row.function));
    Breakdown {
        value_type: sums.value_type.clone(),
        rows,
        found,
        other: (other.rows > 0).then_some(other),
        total: values.total(),
        basis: sums.basis,
        problems: problems_of(sums),
        functions,
    }
}

/// What was spent in samples with any of these functions on their stack.
fn total_with_any(tree: &FlameTree, functions: impl Iterator<Item = FunctionId>) -> i64 {
    let wanted: HashSet<FunctionId, FixedState> = functions.collect();
    let mut is_inside = vec![false; tree.functions().len()];
    let mut total = 0_i64;
    for (node, (function, parent)) in tree.functions().iter().zip(tree.parents()).enumerate() {
        let parent_is_inside = is_inside.get(*parent as usize) == Some(&true);
        let is_wanted = wanted.contains(function);
        if is_wanted && !parent_is_inside {
            total = total.saturating_add(tree.totals()[node]);
        }
        is_inside[node] = is_wanted || parent_is_inside;
    }
    total
}

/// The rows to show, how many the search finds, and the rows that are left out.
fn shown(
    rows: Vec<BreakdownRow>,
    options: &BreakdownOptions,
    contains: impl Fn(&BreakdownRow, &str) -> bool,
) -> (Vec<BreakdownRow>, u64, Vec<BreakdownRow>) {
    let search = options.search.to_lowercase();
    let (mut rows, mut left_out): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|row| search.is_empty() || contains(row, &search));
    let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    left_out.extend(rows.split_off(options.limit.min(rows.len())));
    (rows, found, left_out)
}

impl BreakdownOther {
    fn of(rows: &[BreakdownRow]) -> Self {
        BreakdownOther {
            rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
            self_value: rows.iter().fold(0, |sum: i64, row| sum.saturating_add(row.self_value)),
            total: 0,
        }
    }
}

/// Whether a transform changes which samples there are, rather than how their stacks look.
fn leaves_out_samples(transform: &Transform) -> bool {
    matches!(transform, Transform::Focus(_) | Transform::Only(_) | Transform::Exclude(_))
}
