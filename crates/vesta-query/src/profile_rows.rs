//! The profiles in a scope one by one, for what has to be known of each of them besides its samples.

use crate::column::{TextColumn, TextListColumn, integers};
use crate::facets::for_each_row;
use crate::matcher::{matches, promoted_column, tag_value};
use crate::names::Names;
use crate::selection::ProcessColumns;
use crate::{Engine, QueryError, Scope};
use arrow::array::{ArrayRef, AsArray, Int32Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{ColumnarValue, Expr as Plan, Volatility, create_udf};
use datafusion::prelude::col;
use std::sync::Arc;
use vesta_store::Snapshot;

/// Profiles in a scope.
pub(crate) struct ProfileRows {
    pub(crate) rows: Vec<ProfileRow>,
    /// The values of the tag that was asked for.
    pub(crate) groups: Names,
    processes: Names,
}

/// One profile. Times are in microseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProfileRow {
    pub(crate) id: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
    /// The value of the tag; [`Names::NONE`] if there are too many.
    pub(crate) group: usize,
    /// The process; the same for all profiles unless processes were asked for.
    pub(crate) process: usize,
}

/// What to find out about profiles.
#[derive(Clone, Debug, Default)]
pub(crate) struct ProfileQuestion {
    /// The tag to read.
    pub(crate) tag: Option<String>,
    /// If there is one: only profiles that have values of this type, and the process of each.
    pub(crate) value_type: Option<String>,
}

/// The class of each profile, for plans to group by.
pub(crate) struct ProfileClasses {
    pairs: Arc<[(i64, i32)]>,
}

impl Engine {
    /// Reads the profiles of `scope`.
    pub(crate) async fn profile_rows(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
        question: &ProfileQuestion,
    ) -> Result<ProfileRows, QueryError> {
        let mut columns = vec!["start", "end"];
        columns.extend(question.tag.as_deref().map(|key| promoted_column(key).unwrap_or("tags")));
        if question.value_type.is_some() {
            columns.extend(["service", "host", "runtime_id", "value_types"]);
        }
        let max_groups = self.limits().distinct_values;
        let new = move || ProfileRows {
            rows: Vec::new(),
            groups: Names::new(max_groups),
            processes: Names::new(usize::MAX),
        };
        let (expr, question) = (scope.expr.clone(), question.clone());
        let step = move |rows: &mut ProfileRows, batch: &RecordBatch| {
            let mut mask = matches(&expr, batch)?;
            if let Some(name) = &question.value_type {
                let has_type = TextListColumn::of(batch, "value_types")?.rows_where(|own| own == name);
                mask = Some(mask.map_or(has_type.clone(), |mask| &mask & &has_type));
            }
            let ids = integers(batch, "profile_id")?;
            let (starts, ends) = (integers(batch, "start")?, integers(batch, "end")?);
            let groups = TagColumn::of(batch, question.tag.as_deref())?;
            let processes = question.value_type.as_ref().map(|_| ProcessColumns::of(batch)).transpose()?;
            for_each_row(batch.num_rows(), mask.as_ref(), |row| {
                let mut process = 0;
                if let Some(columns) = &processes {
                    columns.with_key(row, |key| process = rows.processes.intern(key));
                }
                rows.rows.push(ProfileRow {
                    id: ids.value(row),
                    start: starts.value(row),
                    end: ends.value(row),
                    group: rows.groups.intern(groups.at(row)),
                    process,
                });
            });
            Ok(())
        };
        let parts = self.fold_profiles(snapshot, scope, &columns, &new, step).await?;
        Ok(parts.into_iter().reduce(ProfileRows::merge).unwrap_or_else(new))
    }
}

// === impl ProfileRows ===

impl ProfileRows {
    fn merge(mut self, other: ProfileRows) -> ProfileRows {
        let (groups, processes) =
            (self.groups.absorb(&other.groups), self.processes.absorb(&other.processes));
        let index = |indexes: &[usize], index: usize| indexes.get(index).copied();
        self.rows.extend(other.rows.into_iter().map(|row| ProfileRow {
            group: index(&groups, row.group).unwrap_or(Names::NONE),
            process: index(&processes, row.process).unwrap_or(0),
            ..row
        }));
        self
    }
}

// === impl ProfileClasses ===

impl ProfileClasses {
    /// Classes of profiles by their id. A class is not negative.
    pub(crate) fn new(mut pairs: Vec<(i64, i32)>) -> Self {
        pairs.sort_unstable();
        ProfileClasses { pairs: pairs.into() }
    }

    /// The class of the profile of each row of samples; -1 for profiles without one.
    pub(crate) fn of_rows(&self) -> Plan {
        let pairs = self.pairs.clone();
        let function = create_udf(
            "class_of_profile",
            vec![DataType::Int64],
            DataType::Int32,
            Volatility::Immutable,
            Arc::new(move |arguments: &[ColumnarValue]| {
                let rows = ColumnarValue::values_to_arrays(arguments)?;
                let Some(rows) = rows.first() else {
                    return Err(DataFusionError::Internal("the profile id is missing".to_owned()));
                };
                Ok(ColumnarValue::Array(classes_of(rows, &pairs)?))
            }),
        );
        function.call(vec![col("profile_id")])
    }
}

/// The class of each profile. Rows of one profile follow each other, so most need no search.
fn classes_of(ids: &ArrayRef, pairs: &[(i64, i32)]) -> Result<ArrayRef, DataFusionError> {
    let ids = cast(ids, &DataType::Int64)?;
    let ids = ids.as_primitive::<Int64Type>();
    let class = |id: i64| {
        let found = pairs.binary_search_by_key(&id, |(known, _)| *known).ok();
        found.and_then(|place| pairs.get(place)).map_or(-1, |(_, class)| *class)
    };
    let mut last = (i64::MIN, -1);
    let classes = ids.values().iter().map(|&id| {
        if id != last.0 {
            last = (id, class(id));
        }
        last.1
    });
    Ok(Arc::new(Int32Array::from_iter_values(classes)))
}

/// The values of one tag of a batch's rows.
pub(crate) enum TagColumn {
    /// No tag: all rows have the same value.
    Nothing,
    /// A column of its own.
    Column(TextColumn),
    /// One of all tags.
    Tags(TextListColumn, String),
}

impl TagColumn {
    pub(crate) fn of(batch: &RecordBatch, key: Option<&str>) -> Result<Self, QueryError> {
        Ok(match key {
            None => TagColumn::Nothing,
            Some(key) => match promoted_column(key) {
                Some(column) => TagColumn::Column(TextColumn::of(batch, column)?),
                None => TagColumn::Tags(TextListColumn::of(batch, "tags")?, key.to_owned()),
            },
        })
    }

    /// The value of a row; the first one if it has several, empty if it has none.
    pub(crate) fn at(&self, row: usize) -> &str {
        match self {
            TagColumn::Nothing => "",
            TagColumn::Column(column) => column.text(row),
            TagColumn::Tags(tags, key) => {
                tags.texts(row).find_map(|tag| tag_value(tag, key)).unwrap_or_default()
            }
        }
    }
}
