//! One pass over the table of profiles.

use crate::matcher::columns_of;
use crate::{Engine, QueryError, Scope};
use arrow::array::RecordBatch;
use datafusion::common::ScalarValue;
use datafusion::dataframe::DataFrame;
use datafusion::logical_expr::Expr as Plan;
use datafusion::prelude::{col, lit};
use futures::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::task::JoinSet;
use vesta_store::Snapshot;

impl Engine {
    /// Folds all profiles within the time (or among the explicit ids) of `scope`, one accumulator per partition. The
    /// search is not applied, but the columns that it needs are there besides `columns`.
    pub(crate) async fn fold_profiles<A: Send + 'static>(
        &self,
        snapshot: &Snapshot,
        scope: &Scope,
        columns: &[&'static str],
        new: impl Fn() -> A,
        step: impl Fn(&mut A, &RecordBatch) -> Result<(), QueryError> + Send + Sync + 'static,
    ) -> Result<Vec<A>, QueryError> {
        let mut wanted = columns_of(&scope.expr);
        wanted.extend(columns);
        wanted.push("profile_id");
        wanted.sort_unstable();
        wanted.dedup();
        let frame = snapshot
            .session()
            .read_table(snapshot.profiles())?
            .filter(profiles_of(scope))?
            .select(wanted.into_iter().map(column).collect::<Vec<_>>())?;
        let seen = Counted::new("profiles", self.limits().profiles);
        let bounded = move |accumulator: &mut A, batch: &RecordBatch| {
            seen.add(batch)?;
            step(accumulator, batch)
        };
        fold(frame, new, bounded).await
    }
}

/// Rows that all partitions of a scan have seen, and how many they may see.
pub(crate) struct Counted {
    what: &'static str,
    limit: u64,
    seen: AtomicU64,
}

impl Counted {
    pub(crate) fn new(what: &'static str, limit: u64) -> Self {
        Counted { what, limit, seen: AtomicU64::new(0) }
    }

    pub(crate) fn add(&self, batch: &RecordBatch) -> Result<(), QueryError> {
        let rows = u64::try_from(batch.num_rows()).unwrap_or(u64::MAX);
        let found = self.seen.fetch_add(rows, Ordering::Relaxed).saturating_add(rows);
        match found > self.limit {
            true => Err(QueryError::TooMuch { what: self.what, found, limit: self.limit }),
            false => Ok(()),
        }
    }
}

/// Folds the rows of `frame`, one accumulator per partition, in parallel.
pub(crate) async fn fold<A: Send + 'static>(
    frame: DataFrame,
    new: impl Fn() -> A,
    step: impl Fn(&mut A, &RecordBatch) -> Result<(), QueryError> + Send + Sync + 'static,
) -> Result<Vec<A>, QueryError> {
    let step = Arc::new(step);
    // Dropping the set stops its tasks, so a question that is given up costs nothing more.
    let mut tasks = JoinSet::new();
    for mut stream in frame.execute_stream_partitioned().await? {
        let (mut accumulator, step) = (new(), step.clone());
        tasks.spawn(async move {
            while let Some(batch) = stream.next().await {
                step(&mut accumulator, &batch?)?;
            }
            Ok::<A, QueryError>(accumulator)
        });
    }
    let mut accumulators = Vec::new();
    while let Some(done) = tasks.join_next().await {
        accumulators.push(done.map_err(|error| QueryError::Storage(Box::new(error)))??);
    }
    Ok(accumulators)
}

/// A column by its name as written; DataFusion's `col` would take dots and upper case for something else.
pub(crate) fn column(name: &str) -> Plan {
    Plan::Column(datafusion::common::Column::new_unqualified(name))
}

/// The profiles that the time, or the explicit ids, of a scope leave.
pub(crate) fn profiles_of(scope: &Scope) -> Plan {
    match scope.profiles.as_slice() {
        [] => within("start", scope),
        ids => col("profile_id").in_list(ids.iter().map(|id| lit(id.0)).collect(), false),
    }
}

/// Rows whose time lies in the range of a scope.
pub(crate) fn within(name: &str, scope: &Scope) -> Plan {
    col(name).gt_eq(time(scope.range.from.0)).and(col(name).lt(time(scope.range.to.0)))
}

fn time(microseconds: i64) -> Plan {
    lit(ScalarValue::TimestampMicrosecond(Some(microseconds), Some("UTC".into())))
}
