//! Samples added up by one text each, of which transforms leave some out.

use crate::column::integers;
use crate::engine::compute;
use crate::profile_scan::{Counted, fold};
use crate::selection::Selection;
use crate::value_sums::{Grouping, ValueSum, ValueSums, grouped};
use crate::{Engine, QueryError, SampleScope};
use arrow::array::RecordBatch;
use datafusion::dataframe::DataFrame;
use datafusion::prelude::col;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::sync::Arc;
use vesta_profile::{FlameTree, FunctionTable, Granularity, StackId, Transform};
use vesta_store::Snapshot;

/// Trees are made for the largest texts only; all others are added up together.
const MOST_TREES: usize = 200;

/// Stack, value and count of rows.
type Rows = Vec<(i64, i64, i64)>;
/// The rows of each text; those without one are under `None`.
type RowsByText = HashMap<Option<String>, Rows, FixedState>;

impl Engine {
    /// What the transforms of `question` leave of the samples of each text. They are made of trees, so each text gets
    /// one.
    pub(crate) async fn transformed_sums(
        &self,
        snapshot: &Snapshot,
        question: &SampleScope,
        selection: &Selection,
        frame: DataFrame,
        grouping: Arc<Grouping>,
    ) -> Result<ValueSums, QueryError> {
        let limit = self.limits().distinct_values;
        let mut columns = grouping.columns();
        columns.push(col("stack_id"));
        let seen = Counted::new("stacks", self.limits().stacks);
        let step = move |texts: &mut RowsByText, batch: &RecordBatch| {
            seen.add(batch)?;
            let (column, stacks) = (grouping.of_batch(batch)?, integers(batch, "stack_id")?);
            let (values, counts) = (integers(batch, "value")?, integers(batch, "count")?);
            for row in 0..batch.num_rows() {
                let sum = (stacks.value(row), values.value(row), counts.value(row));
                texts.entry(column.at(row).map(str::to_owned)).or_default().push(sum);
            }
            Ok(())
        };
        let parts = fold(grouped(frame, columns)?, RowsByText::default, step).await?;
        let mut texts = RowsByText::default();
        for (text, rows) in parts.into_iter().flatten() {
            texts.entry(text).or_default().extend(rows);
        }
        let groups = largest(texts);
        let mut ids: Vec<i64> = groups.iter().flat_map(|(_, rows)| rows.iter().map(|row| row.0)).collect();
        ids.sort_unstable();
        ids.dedup();
        let symbols = self.store().symbols().resolve(snapshot, &selection.services, &ids).await;
        let symbols = symbols.map_err(|error| QueryError::Storage(Box::new(error)))?;
        let libraries = self.libraries(&selection.newest).await;
        let transforms = question.transforms.clone();
        compute(move || {
            let needs_lines = transforms.iter().any(Transform::needs_lines);
            let fine = if needs_lines { Granularity::Line } else { Granularity::Function };
            let mut functions =
                FunctionTable::with_libraries(&symbols.strings, &symbols.frames, fine, &libraries);
            let stack = |id: &i64| {
                let place = ids.binary_search(id).ok();
                place.and_then(|place| symbols.ids.get(place)).copied().unwrap_or(StackId::EMPTY)
            };
            let mut total = |values: &mut dyn Iterator<Item = (i64, i64)>| {
                let values = values.map(|(id, value)| (stack(&id), value));
                let tree = FlameTree::from_stacks(&functions, &symbols.stacks, values);
                let apply = |tree, transform: &Transform| transform.apply(&tree, &mut functions);
                transforms.iter().fold(tree, apply).total()
            };
            let mut sums = ValueSums::new(limit);
            for (text, rows) in groups {
                let value = total(&mut rows.iter().map(|row| (row.0, row.1)));
                let count = total(&mut rows.iter().map(|row| (row.0, row.2)));
                let sum = ValueSum { value, samples: u64::try_from(count).unwrap_or(0) };
                if sum.samples > 0 {
                    sums.add(text.as_deref(), sum);
                }
            }
            Ok(sums)
        })
        .await
    }
}

/// The texts with the largest values, and all others as one.
fn largest(texts: RowsByText) -> Vec<(Option<String>, Rows)> {
    let mut groups: Vec<(Option<String>, Rows)> = texts.into_iter().collect();
    let value = |rows: &Rows| rows.iter().fold(0_i64, |sum, row| sum.saturating_add(row.1));
    groups.sort_by_cached_key(|(text, rows)| (text.is_none(), std::cmp::Reverse(value(rows)), text.clone()));
    if groups.len() > MOST_TREES {
        let others = groups.split_off(MOST_TREES);
        groups.push((None, others.into_iter().flat_map(|(_, rows)| rows).collect()));
    }
    groups
}
