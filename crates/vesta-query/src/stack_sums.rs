//! Samples added up by stack.

use crate::column::integers;
use crate::engine::compute;
use crate::extent::{Endpoints, Narrowed};
use crate::profile_scan::{Counted, fold, within};
use crate::selection::{Selection, Wanted};
use crate::{Basis, Engine, QueryError, SampleScope, Scope};
use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::DataFusionError;
use datafusion::dataframe::DataFrame;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::{ColumnarValue, Expr as Plan, Volatility, create_udf};
use datafusion::prelude::{col, lit};
use std::sync::Arc;
use vesta_profile::{CanonicalType, Kind, LabelFilter, LabelMatch, Libraries, StackId, Transform, ValueType};
use vesta_store::{DecodedProfile, ProfileId, ResolvedStacks, Snapshot};

/// The samples of one question, added up by stack.
pub(crate) struct StackSums {
    /// What the values count.
    pub(crate) value_type: CanonicalType,
    /// What the stack ids stand for.
    pub(crate) symbols: ResolvedStacks,
    /// The sum of each stack of `symbols.ids`.
    pub(crate) values: Vec<i64>,
    /// How many samples, as the profilers took them, each of those sums is of.
    pub(crate) counts: Vec<i64>,
    /// What stands behind the sums.
    pub(crate) basis: Basis,
    /// The libraries that processes in scope say they have.
    pub(crate) libraries: Arc<Libraries>,
    /// What is to be done to the tree of the stacks.
    pub(crate) transforms: Vec<Transform>,
}

/// More services than this are not listed in a filter if it can be helped.
const MANY_SERVICES: usize = 64;
/// The most profiles whose uploads one question may read.
const MOST_RAW_PROFILES: usize = 32;

impl Engine {
    /// Adds up the samples of `question` by stack, and looks up the stacks.
    pub(crate) async fn stack_sums(&self, question: &SampleScope) -> Result<StackSums, QueryError> {
        let snapshot = self.store().snapshot().await;
        let selected = self.select_samples(&snapshot, question).await?;
        let (mut ids, mut values, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let limit = self.limits().stacks;
        if let Some(frame) = selected.frame {
            let sums = frame.aggregate(
                vec![col("stack_id")],
                vec![sum(col("value")).alias("value"), sum(col("count")).alias("count")],
            )?;
            let seen = Counted::new("stacks", limit);
            let step = move |rows: &mut Vec<(i64, i64, i64)>, batch: &RecordBatch| {
                seen.add(batch)?;
                let (ids, values, counts) =
                    (integers(batch, "stack_id")?, integers(batch, "value")?, integers(batch, "count")?);
                rows.extend(
                    (0..batch.num_rows()).map(|row| (ids.value(row), values.value(row), counts.value(row))),
                );
                Ok(())
            };
            for (id, value, count) in fold(sums, Vec::new, step).await?.into_iter().flatten() {
                ids.push(id);
                values.push(value);
                counts.push(count);
            }
        }
        if ids.is_empty() {
            self.check_type(&question.scope, &selected.value_type).await?;
        }
        let symbols = self
            .store()
            .symbols()
            .resolve(&snapshot, &selected.selection.services, &ids)
            .await
            .map_err(|error| QueryError::Storage(Box::new(error)))?;
        let samples = counts.iter().fold(0i64, |sum, &count| sum.saturating_add(count));
        let basis = selected.selection.basis(&question.scope, u64::try_from(samples).unwrap_or(0));
        let libraries = self.libraries(&selected.selection.newest).await;
        let transforms = question.transforms.clone();
        Ok(StackSums {
            value_type: selected.value_type,
            symbols,
            values,
            counts,
            basis,
            libraries,
            transforms,
        })
    }

    /// The rows of table `samples` that `question` is about.
    pub(crate) async fn select_samples(
        &self,
        snapshot: &Snapshot,
        question: &SampleScope,
    ) -> Result<SelectedSamples, QueryError> {
        let name = question.type_name();
        let wanted = match ValueType::new(name.as_str(), "").canonical().kind {
            Kind::Delta => Wanted::All,
            Kind::Snapshot => Wanted::LatestWith(name),
        };
        self.select_samples_of(snapshot, question, wanted).await
    }

    /// The rows of table `samples` that `question` is about, of the profiles that are wanted.
    pub(crate) async fn select_samples_of(
        &self,
        snapshot: &Snapshot,
        question: &SampleScope,
        wanted: Wanted,
    ) -> Result<SelectedSamples, QueryError> {
        if !question.focus.is_none() {
            return self.select_raw_samples(snapshot, question).await;
        }
        let name = question.type_name();
        let value_type = ValueType::new(name.as_str(), "").canonical();
        let selection =
            self.select(snapshot, &question.scope, wanted, Endpoints::of(&question.filters)).await?;
        if selection.profiles == 0 {
            return Ok(SelectedSamples { selection, value_type, frame: None });
        }
        let mut filter = col("value_type").eq(lit(name));
        if !(selection.all_services && selection.services.len() > MANY_SERVICES) {
            filter = filter.and(is_one_of("service", &selection.services));
        }
        if question.scope.profiles.is_empty() {
            filter = filter.and(within("time", &question.scope));
        }
        if let Some(ids) = &selection.ids {
            filter = filter.and(is_selected(ids));
        }
        if let Some(labels) = has_labels(&question.filters, &labels_type(snapshot)) {
            filter = filter.and(labels);
        }
        let frame = snapshot.session().read_table(snapshot.samples())?.filter(filter)?;
        Ok(SelectedSamples { selection, value_type, frame: Some(frame) })
    }

    /// The rows that table `samples` would have if it held what is in focus only: made from uploads, of which one
    /// question may read few.
    async fn select_raw_samples(
        &self,
        snapshot: &Snapshot,
        question: &SampleScope,
    ) -> Result<SelectedSamples, QueryError> {
        let found = self.profiles_to_read(snapshot, &question.scope).await?;
        if found.len() > MOST_RAW_PROFILES {
            return Err(QueryError::TooMuch {
                what: "profiles to be read sample by sample",
                found: u64::try_from(found.len()).unwrap_or(u64::MAX),
                limit: MOST_RAW_PROFILES as u64,
            });
        }
        let name = question.type_name();
        let value_type = ValueType::new(name.as_str(), "").canonical();
        let ids: Vec<ProfileId> = found.iter().map(|found| found.id).collect();
        if ids.is_empty() {
            return Ok(SelectedSamples { selection: Selection::default(), value_type, frame: None });
        }
        let scope = Scope { profiles: ids, ..question.scope.clone() };
        let wanted = match value_type.kind {
            Kind::Delta => Wanted::All,
            Kind::Snapshot => Wanted::LatestWith(name.clone()),
        };
        let mut selection = self.select(snapshot, &scope, wanted, Endpoints::of(&question.filters)).await?;
        let (mut batches, mut narrowed) = (Vec::new(), None);
        // One after the other: rows are few, and samples may be many.
        for &id in selection.ids.iter().flatten() {
            let Some(decoded) = self.decode_profile(ProfileId(id)).await? else { continue };
            let focus = question.focus;
            let rows = |decoded: Arc<DecodedProfile>| {
                compute(move || Ok((focus.rows(&decoded)?, focus.narrow(&decoded))))
            };
            let (mut batch, mut within) = rows(decoded).await?;
            // Where no sample of the profile says that it is of this time, one of its execution trace may.
            if batch.is_none()
                && focus.window.is_some()
                && let Some(traces) = self.decode_traces(ProfileId(id)).await?
            {
                (batch, within) = rows(traces).await?;
            }
            if let Some(batch) = batch {
                batches.push(batch);
                narrowed = Narrowed::merge(narrowed, within);
            }
        }
        selection.profiles = u64::try_from(batches.len()).unwrap_or(u64::MAX);
        selection.extent.narrow(narrowed);
        if batches.is_empty() {
            return Ok(SelectedSamples { selection, value_type, frame: None });
        }
        let mut filter = col("value_type").eq(lit(name));
        if let Some(labels) = has_labels(&question.filters, &labels_type(snapshot)) {
            filter = filter.and(labels);
        }
        let frame = snapshot.session().read_batches(batches)?.filter(filter)?;
        Ok(SelectedSamples { selection, value_type, frame: Some(frame) })
    }

    /// Refuses a type that no profile in scope has, unless there is no profile at all.
    pub(crate) async fn check_type(
        &self,
        scope: &Scope,
        value_type: &CanonicalType,
    ) -> Result<(), QueryError> {
        let types = self.types_in_scope(scope).await?;
        let known = types.types.iter().any(|known| known.value_type.name == value_type.name);
        if known || types.basis.profiles == 0 || types.declared.contains(value_type.name.as_ref()) {
            return Ok(());
        }
        Err(QueryError::UnknownType {
            name: value_type.name.to_string(),
            known: types.types.into_iter().map(|known| known.value_type.name.into_owned()).collect(),
        })
    }
}

/// The rows of table `samples` that a question is about.
pub(crate) struct SelectedSamples {
    /// The profiles that they belong to.
    pub(crate) selection: Selection,
    /// What they count.
    pub(crate) value_type: CanonicalType,
    /// The rows; `None` if there is no profile in scope.
    pub(crate) frame: Option<DataFrame>,
}

// === impl StackSums ===

impl StackSums {
    /// Every stack with its sum.
    pub(crate) fn stacks(&self) -> impl Iterator<Item = (StackId, i64)> + '_ {
        self.symbols.ids.iter().copied().zip(self.values.iter().copied())
    }
}

/// Rows of the profiles with these sorted ids. The bounds let the reader skip files; few ids are listed, so that it
/// can skip more.
fn is_selected(ids: &[i64]) -> Plan {
    const FEW: usize = 20;
    let column = || col("profile_id");
    if ids.len() <= FEW {
        return column().in_list(ids.iter().map(|id| lit(*id)).collect(), false);
    }
    let (first, last) = (ids.first().copied().unwrap_or(0), ids.last().copied().unwrap_or(0));
    let ids: Arc<[i64]> = ids.into();
    let function = create_udf(
        "is_selected_profile",
        vec![DataType::Int64],
        DataType::Boolean,
        Volatility::Immutable,
        Arc::new(move |arguments: &[ColumnarValue]| {
            let rows = ColumnarValue::values_to_arrays(arguments)?;
            let Some(rows) = rows.first() else {
                return Err(DataFusionError::Internal("the profile id is missing".to_owned()));
            };
            Ok(ColumnarValue::Array(among(rows, &ids)?))
        }),
    );
    column().gt_eq(lit(first)).and(column().lt_eq(lit(last))).and(function.call(vec![column()]))
}

/// Which rows are among the sorted ids. Rows of one profile follow each other, so most need no search.
fn among(rows: &ArrayRef, ids: &[i64]) -> Result<ArrayRef, DataFusionError> {
    let rows = cast(rows, &DataType::Int64)?;
    let rows = rows.as_primitive::<Int64Type>();
    let mut last = (i64::MIN, false);
    let found: BooleanArray = rows
        .values()
        .iter()
        .map(|&id| {
            if id != last.0 {
                last = (id, ids.binary_search(&id).is_ok());
            }
            Some(last.1)
        })
        .collect();
    Ok(Arc::new(found))
}

fn is_one_of(column: &str, values: &[String]) -> Plan {
    match values {
        [only] => col(column).eq(lit(only.as_str())),
        several => col(column).in_list(several.iter().map(|value| lit(value.as_str())).collect(), false),
    }
}

/// Rows that carry, for each key, one of the labels that are asked for, and none that is negated.
fn has_labels(filters: &[LabelFilter], labels_type: &DataType) -> Option<Plan> {
    let mut keys: Vec<&str> =
        filters.iter().filter(|filter| !filter.negated).map(|filter| filter.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    let wanted = keys.into_iter().filter_map(|key| {
        filters
            .iter()
            .filter(|filter| !filter.negated && filter.key == key)
            .map(|filter| carries(filter, labels_type))
            .reduce(Plan::or)
    });
    let unwanted = filters
        .iter()
        .filter(|filter| filter.negated)
        .map(|filter| carries(filter, labels_type).is_not_true());
    wanted.chain(unwanted).reduce(Plan::and)
}

fn carries(filter: &LabelFilter, labels_type: &DataType) -> Plan {
    let value = match &filter.value {
        LabelMatch::Text(text) => text.clone(),
        LabelMatch::Number(number) => number.to_string(),
    };
    match label_column(&filter.key) {
        Some(column) if value.is_empty() => col(column).is_null(),
        Some(column) => col(column).eq(lit(value)),
        None => {
            let (label, is_without) = (format!("{}:{value}", filter.key), value.is_empty());
            let function = create_udf(
                &format!("has_label_{label}"),
                vec![labels_type.clone()],
                DataType::Boolean,
                Volatility::Immutable,
                Arc::new(move |arguments: &[ColumnarValue]| {
                    let rows = ColumnarValue::values_to_arrays(arguments)?;
                    let Some(rows) = rows.first() else {
                        return Err(DataFusionError::Internal("the labels are missing".to_owned()));
                    };
                    Ok(ColumnarValue::Array(Arc::new(lists_with(rows, &label, is_without)?)))
                }),
            );
            function.call(vec![col("labels")])
        }
    }
}

/// The type of the column of labels, so that calls on it need no conversion.
fn labels_type(snapshot: &Snapshot) -> DataType {
    let list = || DataType::new_list(DataType::Utf8, true);
    snapshot
        .samples()
        .schema()
        .field_with_name("labels")
        .map_or_else(|_| list(), |field| field.data_type().clone())
}

/// The column of a label that has one of its own.
pub(crate) fn label_column(key: &str) -> Option<&'static str> {
    match key {
        "thread" | "thread name" => Some("thread"),
        "endpoint" | "trace endpoint" => Some("endpoint"),
        _ => None,
    }
}

/// Which lists have the label `key:value`; without a value, which have none of that key.
fn lists_with(rows: &ArrayRef, label: &str, is_without: bool) -> Result<BooleanArray, DataFusionError> {
    let items = rows.as_list::<i32>();
    let texts = cast(items.values(), &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let is_it = |text: &str| if is_without { text.starts_with(label) } else { text == label };
    Ok((0..items.len())
        .map(|row| {
            let mut range = crate::column::range(items.offsets(), row);
            let found = range.any(|position| texts.is_valid(position) && is_it(texts.value(position)));
            Some(found != is_without)
        })
        .collect())
}
