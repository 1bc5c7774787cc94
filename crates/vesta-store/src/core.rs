//! What all parts of a store share.

use crate::dedupe::Dedupe;
use crate::log::segment::SegmentList;
use crate::retention::ClockWatch;
use crate::storage::Storage;
use crate::symbols::Symbols;
use crate::tables::catalog::Catalog;
use crate::tables::data_file::{DataFile, FileSet};
use crate::tables::generation::{Generation, Sealed};
use crate::tables::provider::{STORAGE_URL, TableView};
use crate::tables::schema::{PerTable, Table};
use crate::written_symbols::WrittenSymbols;
use crate::{ProfileId, Retention, Snapshot, StoreConfig, SymbolFiles, Timestamp};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use url::Url;

/// What all parts of a store share.
pub(crate) struct Core {
    pub(crate) config: Arc<StoreConfig>,
    pub(crate) storage: Storage,
    pub(crate) segments: SegmentList,
    pub(crate) dedupe: Arc<Dedupe>,
    pub(crate) catalogs: PerTable<Catalog>,
    pub(crate) runtime: Arc<RuntimeEnv>,
    pub(crate) symbols: Symbols,
    pub(crate) symbol_files: Arc<SymbolFiles>,
    pub(crate) counters: Counters,
    pub(crate) clock_watch: ClockWatch,
    view: Mutex<View>,
    written: Mutex<WrittenSymbols>,
    retention: Mutex<Retention>,
    unlisted: Mutex<Vec<Unlisted>>,
    /// Room for uploads that wait to be written or decoded, in units of [`ROOM_BYTES`].
    pub(crate) room: Arc<Semaphore>,
    /// Uploads that may be decoded at the same time.
    pub(crate) decoders: Semaphore,
    /// An upload was decoded.
    pub(crate) decoded: Notify,
    /// Enough rows are in memory to be flushed.
    pub(crate) flush_wanted: Notify,
    /// Held by a flush.
    pub(crate) flushing: tokio::sync::Mutex<()>,
    /// Held by compaction and retention, which both remove files.
    pub(crate) maintaining: tokio::sync::Mutex<()>,
}

/// Bytes of one unit of room in the queue: a semaphore counts at most 2^29 or so units.
pub(crate) const ROOM_BYTES: usize = 1024;
/// Bytes of file footers kept in memory.
const FOOTER_CACHE_BYTES: usize = 64 << 20;

/// What changes all at once: what a snapshot sees.
#[derive(Default)]
pub(crate) struct View {
    pub(crate) files: PerTable<FileSet>,
    /// Rows that are being flushed.
    pub(crate) sealed: Option<Sealed>,
    /// Rows of all later uploads.
    pub(crate) active: Generation,
    /// When the first row came into `active`.
    pub(crate) active_since: Duration,
    /// Uploads on disk that are not decoded yet.
    pub(crate) pending: BTreeSet<ProfileId>,
    /// The last upload on disk.
    pub(crate) durable: ProfileId,
    /// When the last upload was received.
    pub(crate) newest: Option<Timestamp>,
}

/// A file that no list has any more, but that somebody may still read.
struct Unlisted {
    table: Table,
    file: Arc<DataFile>,
    since: Duration,
}

/// Counts since the store was opened.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) appended: AtomicU64,
    pub(crate) received_bytes: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) overloaded: AtomicU64,
    pub(crate) disk_full: AtomicU64,
    pub(crate) decode_problems: AtomicU64,
    pub(crate) flushes: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) compactions: AtomicU64,
    pub(crate) retired_bytes: AtomicU64,
    pub(crate) damaged_records: AtomicU64,
    pub(crate) replayed: AtomicU64,
}

/// Adds to a counter.
pub(crate) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

impl Core {
    pub(crate) fn new(
        config: Arc<StoreConfig>,
        storage: Storage,
        catalogs: PerTable<Catalog>,
        files: PerTable<FileSet>,
        retention: Retention,
        symbol_files: Arc<SymbolFiles>,
    ) -> Result<Core, datafusion::error::DataFusionError> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_limit(config.query_bytes, 1.0)
            .with_metadata_cache_limit(FOOTER_CACHE_BYTES)
            .build_arc()?;
        if let Ok(url) = Url::parse(STORAGE_URL) {
            runtime.register_object_store(&url, Arc::clone(&storage.objects));
        }
        Ok(Core {
            dedupe: Arc::new(Dedupe::new(config.dedupe_uploads, config.dedupe_age)),
            symbols: Symbols::new(config.symbol_bytes, Arc::clone(&symbol_files)),
            symbol_files,
            room: Arc::new(Semaphore::new(config.queue_bytes / ROOM_BYTES)),
            decoders: Semaphore::new(config.decoders.max(1)),
            segments: SegmentList::default(),
            counters: Counters::default(),
            clock_watch: ClockWatch::default(),
            view: Mutex::new(View { files, ..View::default() }),
            written: Mutex::default(),
            retention: Mutex::new(retention),
            unlisted: Mutex::default(),
            decoded: Notify::new(),
            flush_wanted: Notify::new(),
            flushing: tokio::sync::Mutex::default(),
            maintaining: tokio::sync::Mutex::default(),
            config,
            storage,
            catalogs,
            runtime,
        })
    }

    pub(crate) fn view(&self) -> MutexGuard<'_, View> {
        lock(&self.view)
    }

    pub(crate) fn written(&self) -> MutexGuard<'_, WrittenSymbols> {
        lock(&self.written)
    }

    pub(crate) fn retention(&self) -> Retention {
        *lock(&self.retention)
    }

    pub(crate) fn set_retention(&self, retention: Retention) {
        *lock(&self.retention) = retention;
    }

    /// What is there now, without waiting for uploads that are being decoded.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let view = self.view();
        let tables = PerTable::new(|table| {
            let sealed = view.sealed.iter().flat_map(|sealed| sealed.generation.batches(table));
            TableView {
                table,
                objects: Arc::clone(&self.storage.objects),
                files: Arc::clone(&view.files[table]),
                memory: sealed.chain(view.active.batches(table)).collect(),
            }
        });
        drop(view);
        Snapshot::new(tables, Arc::clone(&self.runtime))
    }

    /// Replaces files of a table in what snapshots see. Files that are gone are deleted once nobody reads them.
    pub(crate) fn publish(&self, table: Table, add: &[Arc<DataFile>], remove: &[Arc<DataFile>]) {
        let mut view = self.view();
        view.replace_files(table, add, remove);
        drop(view);
        let since = self.config.clock.uptime();
        let removed = remove.iter().map(|file| Unlisted { table, file: Arc::clone(file), since });
        lock(&self.unlisted).extend(removed);
    }

    /// Deletes files that no list has any more, that no snapshot holds, and that other readers had time to finish with.
    pub(crate) async fn delete_unlisted(&self) {
        let now = self.config.clock.uptime();
        let grace = self.config.unlink_grace;
        let due: Vec<Unlisted> = lock(&self.unlisted)
            .extract_if(.., |unlisted| {
                Arc::strong_count(&unlisted.file) == 1 && now.saturating_sub(unlisted.since) >= grace
            })
            .collect();
        for Unlisted { table, file, .. } in due {
            let location = file.location(table);
            if let Err(error) = object_store::ObjectStoreExt::delete(&self.storage.objects, &location).await {
                // Whatever stays behind is found and deleted when the store is opened.
                tracing::warn!(%location, %error, "cannot delete a file that no table needs any more");
            }
        }
    }
}

impl View {
    pub(crate) fn replace_files(&mut self, table: Table, add: &[Arc<DataFile>], remove: &[Arc<DataFile>]) {
        let kept = self.files[table].iter().filter(|file| !remove.iter().any(|gone| gone.path == file.path));
        self.files[table] = Arc::new(kept.chain(add).cloned().collect());
    }

    /// Bytes of rows in memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.active.bytes() + self.sealed.as_ref().map_or(0, |sealed| sealed.generation.bytes())
    }
}

/// Locks; a thread that panicked with the lock held left nothing half done that matters more than going on.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
