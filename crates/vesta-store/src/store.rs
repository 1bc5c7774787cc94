//! The store.

use crate::background::Background;
use crate::core::{Core, ROOM_BYTES, count};
use crate::dedupe::Claim;
use crate::log::reader::read_record;
use crate::log::segment::Place;
use crate::log::writer::{Append, LogWriter};
use crate::tables::schema::Table;
use crate::{
    AppendError, OpenError, ProfileId, ReadError, Retention, Snapshot, Status, StoreConfig, SymbolFiles,
    Symbols, TableError, Timestamp,
};
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use bytes::Bytes;
use datafusion::prelude::{col, lit};
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use vesta_profile::Libraries;
use vesta_upload::{Headers, Upload};

/// When a client that was turned away should come again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// All profiles of one folder.
pub struct Store {
    core: Arc<Core>,
    log: LogWriter,
    background: Background,
    /// Locked as long as the store is open.
    _lock: File,
}

/// That an upload is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The profile.
    pub id: ProfileId,
    /// Whether it was already there, so that nothing was written.
    pub duplicate: bool,
}

/// An upload as it was received.
#[derive(Clone, Debug)]
pub struct RawUpload {
    /// The profile.
    pub id: ProfileId,
    /// When it was received.
    pub received_at: Timestamp,
    /// The headers that were kept.
    pub headers: Headers,
    /// The body, byte for byte.
    pub body: Bytes,
}

impl Store {
    /// Opens the store of a folder, or starts one. Repairs the end of the log after a crash, and reads again what
    /// the tables do not have.
    pub async fn open(config: StoreConfig) -> Result<Store, OpenError> {
        crate::open::open(config).await
    }

    pub(crate) fn new(core: Arc<Core>, log: LogWriter, background: Background, lock: File) -> Store {
        Store { core, log, background, _lock: lock }
    }

    /// Stores an upload. When this returns, the upload is on disk and every later snapshot has it. An upload is
    /// stored also if the caller stops waiting.
    pub async fn append(&self, upload: Upload) -> Result<Ack, AppendError> {
        let key = upload.dedupe_key();
        let claim = loop {
            match self.core.dedupe.claim(key) {
                Claim::New(claim) => break claim,
                Claim::Writing(mut done) => {
                    // An error says that the writer is done, whatever came of it.
                    let _ = done.changed().await;
                }
                Claim::Stored(id) => {
                    count(&self.core.counters.duplicates, 1);
                    return Ok(Ack { id, duplicate: true });
                }
            }
        };
        let Some(room) = self.room_for(&upload) else {
            self.core.dedupe.abandon(key);
            count(&self.core.counters.overloaded, 1);
            return Err(AppendError::Overloaded { retry_after: RETRY_AFTER });
        };
        let (done, answer) = oneshot::channel();
        self.log.send(Append { upload, key, room, claim, done });
        let Ok(answer) = answer.await else {
            self.core.dedupe.abandon(key);
            return Err(AppendError::Closed);
        };
        if matches!(answer, Err(AppendError::DiskFull)) {
            count(&self.core.counters.disk_full, 1);
        }
        answer
    }

    /// Room for an upload in the queue, unless too much is waiting there or in memory.
    fn room_for(&self, upload: &Upload) -> Option<OwnedSemaphorePermit> {
        if self.core.view().memory_bytes() >= self.core.config.memory_bytes {
            self.core.flush_wanted.notify_one();
            return None;
        }
        // One that is larger than the queue may pass alone.
        let units = (upload.body.len() / ROOM_BYTES + 1).min(self.core.config.queue_bytes / ROOM_BYTES);
        Arc::clone(&self.core.room).try_acquire_many_owned(u32::try_from(units).ok()?).ok()
    }

    /// A view of all that was acknowledged before. Waits until it is decoded.
    pub async fn snapshot(&self) -> Snapshot {
        self.core.decoded_now().await;
        self.core.snapshot()
    }

    /// The upload of a profile as it was received, `None` if there is no such profile any more.
    pub async fn raw(&self, id: ProfileId) -> Result<Option<RawUpload>, ReadError> {
        let Some(place) = self.place_of(id).await? else { return Ok(None) };
        match read_record(self.core.storage.objects.as_ref(), id, place).await {
            Ok(Some(record)) => Ok(Some(record.into_raw())),
            Ok(None) => Err(ReadError::Damaged(id)),
            // Retention was quicker.
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The libraries that the process of a profile says it had loaded; none if the profile is not there any more, or
    /// does not say.
    pub async fn libraries(&self, id: ProfileId) -> Result<Libraries, ReadError> {
        let mut libraries = Libraries::new();
        let Some(raw) = self.raw(id).await? else { return Ok(libraries) };
        let limits = &self.core.config.limits;
        let Ok(upload) = Upload::parse(&raw.headers, raw.body, limits) else { return Ok(libraries) };
        for library in upload.code_provenance(limits) {
            let kind = library.frame_kind();
            libraries.add(vesta_profile::Library { name: library.name, kind }, library.paths);
        }
        Ok(libraries)
    }

    /// What is too much within one upload.
    pub(crate) fn limits(&self) -> &vesta_upload::Limits {
        &self.core.config.limits
    }

    async fn place_of(&self, id: ProfileId) -> Result<Option<Place>, ReadError> {
        let snapshot = self.snapshot().await;
        let batches = snapshot
            .session()
            .read_table(snapshot.profiles())?
            .filter(col("profile_id").eq(lit(id.0)))?
            .select_columns(&["log_segment", "log_offset", "log_length"])?
            .collect()
            .await?;
        let Some(batch) = batches.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
        let value = |column: usize| batch.column(column).as_primitive::<Int64Type>().value(0);
        let place = Place {
            segment: ProfileId(value(0)),
            offset: value(1).cast_unsigned(),
            length: value(2).cast_unsigned(),
        };
        Ok(Some(place))
    }

    /// What stack ids stand for.
    pub fn symbols(&self) -> &Symbols {
        &self.core.symbols
    }

    /// What places in binaries are called.
    pub fn symbol_files(&self) -> &Arc<SymbolFiles> {
        &self.core.symbol_files
    }

    /// Writes the rows in memory to files.
    pub async fn flush(&self) -> Result<(), TableError> {
        self.core.flush().await
    }

    /// Merges small files into larger, sorted ones, all that there is to merge.
    pub async fn compact(&self) -> Result<(), TableError> {
        self.core.compact_all().await
    }

    /// Deletes what is too old or too much.
    pub async fn enforce_retention(&self) -> Result<(), TableError> {
        self.core.enforce_retention().await
    }

    /// What is deleted, and when.
    pub fn retention(&self) -> Retention {
        self.core.retention()
    }

    /// Sets what is deleted, and when, and remembers it in `settings.json` in the folder.
    pub async fn set_retention(&self, retention: Retention) -> Result<(), TableError> {
        crate::settings::save(&self.core.storage, retention).await?;
        self.core.set_retention(retention);
        Ok(())
    }

    /// How the store is doing.
    pub fn status(&self) -> Status {
        let core = &self.core;
        let disk = crate::storage::disk_space(&core.storage.root).unwrap_or_default();
        let retention = core.retention();
        let view = core.view();
        let sealed = view.sealed.as_ref().map(|sealed| &sealed.generation);
        let in_memory = |of: fn(&crate::tables::generation::Generation) -> usize| {
            (of(&view.active) + sealed.map_or(0, of)) as u64
        };
        let files = || view.files.iter().flat_map(|(_, files)| files.iter());
        let profiles = &view.files[Table::Profiles];
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let queue_units = core.config.queue_bytes / ROOM_BYTES;
        let counters = &core.counters;
        Status {
            profiles: profiles.iter().map(|file| file.rows).sum::<u64>()
                + in_memory(crate::tables::generation::Generation::profiles),
            log_bytes: core.segments.bytes(),
            table_bytes: files().map(|file| file.size).sum(),
            table_files: files().count() as u64,
            memory_rows: in_memory(crate::tables::generation::Generation::rows),
            memory_bytes: in_memory(crate::tables::generation::Generation::bytes),
            oldest: profiles.iter().filter_map(|file| file.first_received()).min().or(view.newest),
            newest: view.newest,
            disk_total: disk.total,
            disk_free: disk.free,
            retention,
            disk_limit: crate::retention::disk_limit(&retention, disk),
            queued_uploads: view.pending.len() as u64,
            queued_bytes: (queue_units.saturating_sub(core.room.available_permits()) * ROOM_BYTES) as u64,
            appended: load(&counters.appended),
            received_bytes: load(&counters.received_bytes),
            duplicates: load(&counters.duplicates),
            overloaded: load(&counters.overloaded),
            disk_full: load(&counters.disk_full),
            decode_problems: load(&counters.decode_problems),
            flushes: load(&counters.flushes),
            failures: load(&counters.failures),
            compactions: load(&counters.compactions),
            retired_bytes: load(&counters.retired_bytes),
            damaged_records: load(&counters.damaged_records),
            replayed: load(&counters.replayed),
        }
    }

    /// Stops taking uploads, and writes what is in memory to files. The folder is free for another process once the
    /// store is dropped.
    pub async fn shutdown(&self) -> Result<(), TableError> {
        self.log.close();
        self.log.stopped().await;
        self.background.stop().await;
        self.core.flush().await
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.log.close();
        self.background.abort();
    }
}
