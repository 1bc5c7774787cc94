//! A table as DataFusion scans it: files and rows in memory.

use super::data_file::{Bounds, DataFile, FileSet, ManyBounds};
use super::generation::MemoryBatch;
use super::schema::Table;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;
use object_store::ObjectStore;
use std::sync::Arc;

/// Where DataFusion finds the storage of the store in its registry.
pub(crate) const STORAGE_URL: &str = "vesta://store";
/// Bytes from the end of a file that hold the footer of most.
const FOOTER_BYTES: usize = 64 << 10;

/// One table at one moment.
#[derive(Clone)]
pub(crate) struct TableView {
    pub(crate) table: Table,
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) files: FileSet,
    pub(crate) memory: Vec<MemoryBatch>,
}

impl std::fmt::Debug for TableView {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} in {} files and {} batches",
            self.table.name(),
            self.files.len(),
            self.memory.len()
        )
    }
}

#[async_trait]
impl TableProvider for TableView {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let predicate = match conjunction(filters.to_vec()) {
            Some(filter) => {
                Some(state.create_physical_expr(filter, &DFSchema::try_from(self.table.schema())?)?)
            }
            None => None,
        };
        let files = self.needed(&self.files, |file| (&file.bounds, file.rows), predicate.as_ref())?;
        let memory = self.needed(
            &self.memory,
            |batch| (&batch.bounds, batch.rows.num_rows() as u64),
            predicate.as_ref(),
        )?;
        let mut plans: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !files.is_empty() {
            plans.push(self.scan_files(state, &files, projection, predicate)?);
        }
        if !memory.is_empty() {
            let partitions = [memory.into_iter().map(|batch| batch.rows).collect()];
            plans.push(MemorySourceConfig::try_new_exec(&partitions, self.schema(), projection.cloned())?);
        }
        match plans.len() {
            0 => {
                let schema = match projection {
                    Some(columns) => Arc::new(self.schema().project(columns)?),
                    None => self.schema(),
                };
                Ok(Arc::new(EmptyExec::new(schema)))
            }
            1 => Ok(plans.remove(0)),
            _ => UnionExec::try_new(plans),
        }
    }
}

impl TableView {
    /// Those that can hold rows for which the predicate is true.
    fn needed<T: Clone>(
        &self,
        all: &[T],
        about: impl Fn(&T) -> (&Bounds, u64),
        predicate: Option<&Arc<dyn PhysicalExpr>>,
    ) -> Result<Vec<T>> {
        let Some(predicate) = predicate else { return Ok(all.to_vec()) };
        let builder = PruningPredicateBuilder::new().with_file_schema(self.schema());
        // Not every predicate says something about bounds.
        let Ok(pruning) = builder.try_build(Arc::clone(predicate)) else { return Ok(all.to_vec()) };
        let (bounds, rows) = all.iter().map(about).unzip();
        let keep = pruning.prune(&ManyBounds { table: self.table, bounds, rows })?;
        Ok(all.iter().zip(keep).filter(|(_, keep)| *keep).map(|(one, _)| one.clone()).collect())
    }

    /// Scans the files, each in its order and as a partition of its own.
    pub(crate) fn scan_one_by_one(&self, state: &dyn Session) -> Result<Arc<dyn ExecutionPlan>> {
        let groups =
            self.partitioned(&self.files).into_iter().map(|file| FileGroup::new(vec![file])).collect();
        self.scan_groups(state, groups, None, None)
    }

    fn scan_files(
        &self,
        state: &dyn Session,
        files: &[Arc<DataFile>],
        projection: Option<&Vec<usize>>,
        predicate: Option<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = state.config().target_partitions().max(1);
        let groups = FileGroup::new(self.partitioned(files)).split_files(partitions);
        self.scan_groups(state, groups, projection, predicate)
    }

    fn partitioned(&self, files: &[Arc<DataFile>]) -> Vec<PartitionedFile> {
        files.iter().map(|file| PartitionedFile::new_from_meta(file.object_meta(self.table))).collect()
    }

    fn scan_groups(
        &self,
        state: &dyn Session,
        groups: Vec<FileGroup>,
        projection: Option<&Vec<usize>>,
        predicate: Option<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let readers = CachedParquetFileReaderFactory::new(Arc::clone(&self.objects), cache);
        let mut options = state.default_table_options().parquet;
        options.global = state.config_options().execution.parquet.clone();
        let mut source = ParquetSource::new(self.schema())
            .with_table_parquet_options(options)
            .with_metadata_size_hint(FOOTER_BYTES)
            .with_parquet_file_reader_factory(Arc::new(readers));
        if let Some(predicate) = predicate {
            source = source.with_predicate(predicate);
        }
        let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(STORAGE_URL)?, Arc::new(source))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
