//! Which files make up a table: a Delta Lake log per table, used as a list of files that changes all at once.

use super::data_file::{DataFile, FileSet, TABLES};
use super::schema::{PARTITION, Table};
use crate::storage::Storage;
use crate::{ProfileId, TableError, Timestamp};
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Remove, Transaction};
use deltalake_core::logstore::LogStoreRef;
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use url::Url;

/// The name under which flushes are numbered in the lists of files.
const APP: &str = "vesta-flush";
/// Commits after which commits that a checkpoint covers are deleted.
const CLEANUP_COMMITS: u64 = 100;

/// The list of files of one table. Commits are one after another; this process is the only one that commits.
pub(crate) struct Catalog {
    table: Table,
    log_store: LogStoreRef,
    state: Mutex<DeltaTableState>,
}

/// A change to a list of files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Change {
    pub(crate) add: Vec<Arc<DataFile>>,
    pub(crate) remove: Vec<Arc<DataFile>>,
    pub(crate) reason: Reason,
}

/// Why a list of files changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reason {
    /// New rows: those of all profiles up to this one, from after the flush before.
    Flush(ProfileId),
    /// The same rows in other files.
    #[default]
    Compaction,
    /// Rows are deleted.
    Deletion,
}

/// A list of files that was read.
pub(crate) struct Opened {
    pub(crate) catalog: Catalog,
    pub(crate) files: FileSet,
    /// The profile up to which the table is complete; 0 if nothing was ever flushed.
    pub(crate) flushed: ProfileId,
}

impl Catalog {
    /// Reads the list of files of a table, or starts one.
    pub(crate) async fn open(storage: &Storage, table: Table) -> Result<Opened, TableError> {
        let failed = |source| catalog_error(table, source);
        let delta = open_delta(storage, table).await.map_err(failed)?;
        let log_store = delta.log_store();
        let state = delta.snapshot().map_err(failed)?.clone();
        let mut files = Vec::new();
        for file in state.log_data().iter() {
            let (path, stats) = (file.path().into_owned(), file.stats());
            let path = percent_decoded(&path);
            let (size, modified) = (file.size(), file.modification_time());
            files.push(Arc::new(DataFile::from_listed(table, &path, size, modified, stats.as_deref())?));
        }
        let flushed = state.transaction_version(log_store.as_ref(), APP).await.map_err(failed)?;
        let catalog = Catalog { table, log_store, state: Mutex::new(state) };
        Ok(Opened { catalog, files: Arc::new(files), flushed: ProfileId(flushed.unwrap_or(0)) })
    }

    /// Changes the list of files: all of it, or, on an error, nothing. The files must be on disk.
    pub(crate) async fn commit(&self, change: &Change, now: Timestamp) -> Result<(), TableError> {
        let failed = |source| catalog_error(self.table, source);
        let mut state = self.state.lock().await;
        let clean_up = state.version() % CLEANUP_COMMITS == CLEANUP_COMMITS - 1;
        let mut properties = CommitProperties::default().with_cleanup_expired_logs(Some(clean_up));
        if let Reason::Flush(upto) = change.reason {
            let last_updated = Some(now.0.div_euclid(1000));
            properties = properties.with_application_transaction(Transaction {
                app_id: APP.to_owned(),
                version: upto.0,
                last_updated,
            });
        }
        let committed = CommitBuilder::from(properties)
            .with_actions(change.actions(now))
            .build(Some(&*state), Arc::clone(&self.log_store), change.operation())
            .await;
        match committed {
            Ok(committed) => {
                *state = committed.snapshot;
                Ok(())
            }
            Err(error) => {
                // The commit may have been written, and something after it failed. Only the log knows.
                state.update(self.log_store.as_ref(), None).await.map_err(failed)?;
                let wanted: Vec<&str> = change.add.iter().map(|file| file.path.as_str()).collect();
                let found = |path: &str| wanted.contains(&percent_decoded(path).as_str());
                if !wanted.is_empty() && state.log_data().iter().any(|file| found(&file.path())) {
                    tracing::warn!(table = self.table.name(), %error, "committed, but with an error after");
                    return Ok(());
                }
                Err(failed(error))
            }
        }
    }
}

impl Change {
    fn operation(&self) -> DeltaOperation {
        match self.reason {
            Reason::Flush(_) => DeltaOperation::Write {
                mode: SaveMode::Append,
                partition_by: Some(vec![PARTITION.to_owned()]),
                predicate: None,
            },
            Reason::Compaction => DeltaOperation::Optimize { predicate: None, target_size: 0 },
            Reason::Deletion => DeltaOperation::Delete { predicate: None },
        }
    }

    fn actions(&self, now: Timestamp) -> Vec<Action> {
        let data_change = self.reason != Reason::Compaction;
        let size = |file: &DataFile| i64::try_from(file.size).unwrap_or(i64::MAX);
        let partition_values =
            |file: &DataFile| HashMap::from([(PARTITION.to_owned(), Some(file.date.clone()))]);
        let removed = self.remove.iter().map(|file| {
            Action::Remove(Remove {
                path: file.path.clone(),
                data_change,
                deletion_timestamp: Some(now.0.div_euclid(1000)),
                extended_file_metadata: Some(true),
                partition_values: Some(partition_values(file)),
                size: Some(size(file)),
                tags: None,
                deletion_vector: None,
                base_row_id: None,
                default_row_commit_version: None,
            })
        });
        let added = self.add.iter().map(|file| {
            Action::Add(Add {
                path: file.path.clone(),
                partition_values: partition_values(file),
                size: size(file),
                modification_time: file.modified_ms,
                data_change,
                stats: Some(file.stats_json()),
                tags: None,
                deletion_vector: None,
                base_row_id: None,
                default_row_commit_version: None,
                clustering_provider: None,
            })
        });
        removed.chain(added).collect()
    }
}

async fn open_delta(storage: &Storage, table: Table) -> Result<DeltaTable, DeltaTableError> {
    let folder = storage.root.join(TABLES).join(table.name());
    let no_url = || DeltaTableError::InvalidTableLocation(folder.display().to_string());
    let url = Url::from_directory_path(&folder).map_err(|()| no_url())?;
    let mut delta = DeltaTableBuilder::from_url(url.clone())?
        .with_storage_backend(Arc::clone(&storage.absolute), url)
        .build()?;
    if delta.verify_deltatable_existence().await? {
        delta.load().await?;
        return Ok(delta);
    }
    CreateBuilder::new()
        .with_log_store(delta.log_store())
        .with_table_name(table.name())
        .with_columns(table.delta_fields())
        .with_partition_columns([PARTITION])
        // Files that are no longer listed are deleted within a minute, so there is nothing older to go back to.
        .with_configuration([("delta.logRetentionDuration".to_owned(), Some("interval 1 hours".to_owned()))])
        .await
}

/// Delta Lake writes paths as parts of URLs; ours have nothing to encode but `=`.
fn percent_decoded(path: &str) -> String {
    path.replace("%3D", "=")
}

fn catalog_error(table: Table, source: DeltaTableError) -> TableError {
    TableError::Catalog { table: table.name(), source: Box::new(source) }
}
