//! Many small files into few large, sorted ones.
//!
//! Every flush leaves a small file in each table. Those of one day and level are merged once there are enough, into a
//! file of the next level; so each row is rewritten a handful of times, and the number of files grows with the
//! logarithm of the day. Once a day is over, all that is left of it is merged, until files are large.

use crate::core::{Core, count};
use crate::snapshot::session_config;
use crate::tables::catalog::{Change, Reason};
use crate::tables::data_file::DataFile;
use crate::tables::file_writer::{FileSpec, FileWriter};
use crate::tables::provider::TableView;
use crate::tables::schema::Table;
use crate::{ProfileId, TableError};
use arrow::compute::SortOptions;
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The most files that are merged at once: each takes the memory of a row group's pages.
const MAX_FAN_IN: usize = 32;
/// Levels end here.
const MAX_LEVEL: u32 = 9;
/// How long after midnight a day counts as over. Uploads are filed by the time of their receipt, so nothing is late.
const CLOSING: Duration = Duration::from_mins(10);

/// Files to be merged into one.
struct Merge {
    table: Table,
    inputs: Vec<Arc<DataFile>>,
}

impl Core {
    /// Merges what is due.
    pub(crate) async fn compact_due(self: &Arc<Self>) -> Result<(), TableError> {
        self.compact(false).await
    }

    /// Merges all that can be merged.
    pub(crate) async fn compact_all(self: &Arc<Self>) -> Result<(), TableError> {
        self.compact(true).await
    }

    async fn compact(self: &Arc<Self>, all: bool) -> Result<(), TableError> {
        for table in Table::ALL {
            loop {
                let guard = self.maintaining.lock().await;
                let Some(merge) = self.next_merge(table, all) else { break };
                let core = Arc::clone(self);
                let runtime = tokio::runtime::Handle::current();
                let merged = tokio::task::spawn_blocking(move || runtime.block_on(core.merge(merge)));
                merged.await.map_err(|_| TableError::Closed)??;
                drop(guard);
                count(&self.counters.compactions, 1);
            }
        }
        if all {
            self.delete_unlisted().await;
        }
        Ok(())
    }

    /// The files to merge next, none if all is well.
    fn next_merge(&self, table: Table, all: bool) -> Option<Merge> {
        let files = Arc::clone(&self.view().files[table]);
        let today = self.config.now().before(CLOSING).date().to_string();
        let mut days: BTreeMap<&str, Vec<&Arc<DataFile>>> = BTreeMap::new();
        for file in files.iter().filter(|file| file.size < self.config.file_bytes / 2) {
            days.entry(&file.date).or_default().push(file);
        }
        for (date, mut small) in days {
            small.sort_unstable_by_key(|file| (file.level, file.flush));
            let is_over = all || date < today.as_str();
            let inputs: Vec<_> = if is_over {
                small.into_iter().take(MAX_FAN_IN).cloned().collect()
            } else {
                let fan_in = self.config.compaction_files.clamp(2, MAX_FAN_IN);
                let Some(level) =
                    small.chunk_by(|a, b| a.level == b.level).find(|level| level.len() >= fan_in)
                else {
                    continue;
                };
                level.iter().take(fan_in).map(|file| Arc::clone(file)).collect()
            };
            if inputs.len() > 1 {
                return Some(Merge { table, inputs });
            }
        }
        None
    }

    async fn merge(&self, merge: Merge) -> Result<(), TableError> {
        let Merge { table, inputs } = merge;
        let level = inputs.iter().map(|file| file.level).max().unwrap_or(0) + 1;
        let spec = FileSpec {
            table,
            date: inputs.first().map(|file| file.date.clone()).unwrap_or_default(),
            level: level.min(MAX_LEVEL),
            flush: inputs.iter().map(|file| file.flush).max().unwrap_or(ProfileId::ZERO),
            max_bytes: self.config.file_bytes,
            now: self.config.now(),
        };
        let files = self.merge_files(table, &inputs, spec).await?;
        self.reach("compaction.commit")?;
        let change = Change { add: files, remove: inputs, reason: Reason::Compaction };
        self.catalogs[table].commit(&change, self.config.now()).await?;
        self.publish(table, &change.add, &change.remove);
        self.reach("compaction.committed")
    }

    /// Reads all files at once, in their order, and writes the rows in their order. Holds a few pages of each.
    async fn merge_files(
        &self,
        table: Table,
        inputs: &[Arc<DataFile>],
        spec: FileSpec,
    ) -> Result<Vec<Arc<DataFile>>, TableError> {
        let context = SessionContext::new_with_config_rt(session_config(), Arc::clone(&self.runtime));
        let view = TableView {
            table,
            objects: Arc::clone(&self.storage.objects),
            files: Arc::new(inputs.to_vec()),
            memory: Vec::new(),
        };
        let files: Arc<dyn ExecutionPlan> = view.scan_one_by_one(&context.state())?;
        let mut order = Vec::new();
        for name in table.sort_columns() {
            let options = SortOptions { descending: false, nulls_first: true };
            order.push(PhysicalSortExpr::new(col(name, &table.schema())?, options));
        }
        let plan = match LexOrdering::new(order) {
            Some(order) if inputs.len() > 1 => Arc::new(SortPreservingMergeExec::new(order, files)),
            _ => files,
        };
        let mut rows = plan.execute(0, context.task_ctx())?;
        let mut writer = FileWriter::new(&self.storage, spec);
        while let Some(batch) = rows.next().await.transpose()? {
            writer.write(&batch).await?;
        }
        writer.finish().await
    }
}
