//! A view of all tables at one moment.

use crate::tables::provider::TableView;
use crate::tables::schema::{PerTable, Table};
use datafusion::catalog::TableProvider;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::prelude::{SessionConfig, SessionContext};
use std::sync::Arc;

/// A view of all tables at one moment: files and rows in memory, each row once. It stays valid while it is held,
/// whatever is compacted or deleted meanwhile; hold it until the query is done.
#[derive(Clone, Debug)]
pub struct Snapshot {
    tables: Arc<PerTable<TableView>>,
    runtime: Arc<RuntimeEnv>,
}

impl Snapshot {
    pub(crate) fn new(tables: PerTable<TableView>, runtime: Arc<RuntimeEnv>) -> Self {
        Snapshot { tables: Arc::new(tables), runtime }
    }

    /// One row per profile.
    pub fn profiles(&self) -> Arc<dyn TableProvider> {
        self.provider(Table::Profiles)
    }

    /// One row per profile, value type, stack and label set.
    pub fn samples(&self) -> Arc<dyn TableProvider> {
        self.provider(Table::Samples)
    }

    /// Which profiles hold a span.
    pub fn spans(&self) -> Arc<dyn TableProvider> {
        self.provider(Table::Spans)
    }

    /// The frames of stacks. A stack may be there more than once.
    pub fn stacks(&self) -> Arc<dyn TableProvider> {
        self.provider(Table::Stacks)
    }

    /// What frames are. A frame may be there more than once.
    pub fn frames(&self) -> Arc<dyn TableProvider> {
        self.provider(Table::Frames)
    }

    /// A DataFusion session with all five tables under their names. Sessions share the cache of file footers and the
    /// bound on memory.
    pub fn session(&self) -> SessionContext {
        let context = SessionContext::new_with_config_rt(session_config(), Arc::clone(&self.runtime));
        for (table, view) in self.tables.iter() {
            // Names do not clash and the default schema is there: registering does not fail.
            let _ = context.register_table(table.name(), Arc::new(view.clone()));
        }
        context
    }

    pub(crate) fn table(&self, table: Table) -> &TableView {
        &self.tables[table]
    }

    fn provider(&self, table: Table) -> Arc<dyn TableProvider> {
        Arc::new(self.tables[table].clone())
    }
}

/// Texts stay dictionaries as they are in the files: filters compare each distinct text once.
pub(crate) fn session_config() -> SessionConfig {
    let mut config = SessionConfig::new().with_batch_size(8192).with_information_schema(false);
    let options = config.options_mut();
    options.execution.parquet.schema_force_view_types = false;
    options.execution.parquet.pushdown_filters = false;
    options.execution.parquet.enable_page_index = true;
    options.execution.parquet.pruning = true;
    options.execution.collect_statistics = false;
    config
}
