//! Opening a store: what a crash may have left half done is undone or done.

use crate::background::Background;
use crate::core::{Core, ROOM_BYTES, count};
use crate::dedupe::Claim;
use crate::log::reader::{Next, SegmentReader, list_segments};
use crate::log::record::Record;
use crate::log::segment::{LOG, Place, SegmentFolder, segment_path};
use crate::log::writer::{LogWriter, Stored, WriterState};
use crate::storage::{Storage, create_folders};
use crate::tables::catalog::{Catalog, Change, Opened, Reason};
use crate::tables::data_file::{DataFile, TABLES};
use crate::tables::schema::{PerTable, Table};
use crate::{OpenError, ProfileId, Store, StoreConfig, SymbolFileError, SymbolFiles, TableError, Timestamp};
use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use datafusion::prelude::{col, lit};
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vesta_upload::Upload;

/// How long a folder may still be locked: a server that was just stopped holds it for a moment more, as does a child of
/// this process between its fork and its exec.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Opens the store of a folder.
pub(crate) async fn open(config: StoreConfig) -> Result<Store, OpenError> {
    // A relative folder such as `vesta-data` has no parent whose entries could be made durable.
    let root = std::path::absolute(&config.root)
        .map_err(|source| OpenError::Io { path: config.root.clone(), source })?;
    let failed = |source| OpenError::Io { path: root.clone(), source };
    create_folders(&root).map_err(failed)?;
    let lock = lock_folder(&root).await?;
    let storage = Storage::open(&root).map_err(|error| failed(io::Error::other(error)))?;
    create_folders(&root.join(LOG)).map_err(failed)?;
    for table in Table::ALL {
        create_folders(&root.join(TABLES).join(table.name())).map_err(failed)?;
    }
    let core = Arc::new(open_tables(Arc::new(config), storage).await?);
    let last_id = core.open_log().await?;
    let runtime = tokio::runtime::Handle::current();
    let taker = Arc::clone(&core);
    let log = LogWriter::start(WriterState {
        config: Arc::clone(&core.config),
        segments: Box::new(SegmentFolder { folder: root.join(LOG), probe: Arc::clone(&core.config.probe) }),
        list: core.segments.clone(),
        dedupe: Arc::clone(&core.dedupe),
        last_id,
        on_stored: move |stored: Stored| taker.take_over(&runtime, stored),
    })
    .map_err(failed)?;
    let background = Background::start(&core);
    Ok(Store::new(core, log, background, lock))
}

async fn lock_folder(root: &FilePath) -> Result<File, OpenError> {
    let path = root.join("lock");
    let failed = |source| OpenError::Io { path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let patience = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < patience => {
                tokio::time::sleep(LOCK_PAUSE).await;
            }
            Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { root: root.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
    }
}

/// Reads the lists of files, and drops what a flush that did not finish has left.
async fn open_tables(config: Arc<StoreConfig>, storage: Storage) -> Result<Core, TableError> {
    let mut opened = Vec::new();
    for table in Table::ALL {
        opened.push(Catalog::open(&storage, table).await?);
    }
    let flushed = opened.last().map_or(ProfileId::ZERO, |profiles| profiles.flushed);
    let mut catalogs = Vec::new();
    let mut files = PerTable::default();
    for (table, Opened { catalog, files: listed, .. }) in Table::ALL.into_iter().zip(opened) {
        let (beyond, kept): (Vec<_>, Vec<_>) =
            listed.iter().cloned().partition(|file: &Arc<DataFile>| file.flush > flushed);
        if !beyond.is_empty() {
            let change = Change { remove: beyond, add: Vec::new(), reason: Reason::Deletion };
            catalog.commit(&change, config.now()).await?;
        }
        delete_unlisted(&storage, table, &kept).await?;
        files[table] = Arc::new(kept);
        catalogs.push(catalog);
    }
    let catalogs: [Catalog; Table::ALL.len()] = catalogs.try_into().map_err(|_| TableError::Closed)?;
    let retention = crate::settings::load(&storage).await?.unwrap_or(config.retention);
    let symbol_files = open_symbol_files(&config, &storage).await?;
    let core = Core::new(config, storage, PerTable(catalogs), files, retention, symbol_files)?;
    core.view().durable = flushed;
    Ok(core)
}

/// The symbol files of the folder, or of another store.
async fn open_symbol_files(config: &StoreConfig, storage: &Storage) -> Result<Arc<SymbolFiles>, TableError> {
    if let Some(files) = &config.symbol_files {
        return Ok(Arc::clone(files));
    }
    let (root, clock) = (Arc::clone(&storage.root), Arc::clone(&config.clock));
    let (max, free) = (config.symbol_file_bytes, config.free_bytes);
    let opened = tokio::task::spawn_blocking(move || SymbolFiles::open(&root, max, free, clock)).await;
    let opened = opened.map_err(|_| TableError::Closed)?;
    opened.map(Arc::new).map_err(|error| match error {
        SymbolFileError::Io { path, source } => TableError::Io { path, source },
        other => TableError::Io { path: storage.root.to_path_buf(), source: io::Error::other(other) },
    })
}

/// Deletes files in the folder of a table that are not in its list: nobody will ever read them.
async fn delete_unlisted(
    storage: &Storage,
    table: Table,
    listed: &[Arc<DataFile>],
) -> Result<(), TableError> {
    let listed: HashSet<Path> = listed.iter().map(|file| file.location(table)).collect();
    let folder = Path::from(format!("{TABLES}/{}", table.name()));
    let found: Vec<_> = storage.objects.list(Some(&folder)).try_collect().await?;
    for object in found {
        if object.location.extension() == Some("parquet")
            && object.location.prefix_matches(&folder)
            && !object.location.as_ref().contains("/_delta_log/")
            && !listed.contains(&object.location)
        {
            storage.objects.delete(&object.location).await?;
        }
    }
    Ok(())
}

impl Core {
    /// Reads the part of the log that the tables do not have. Answers the latest id that was ever given.
    async fn open_log(self: &Arc<Self>) -> Result<ProfileId, TableError> {
        let flushed = self.view().durable;
        self.load_dedupe_keys().await?;
        let segments = list_segments(self.storage.objects.as_ref()).await?;
        let last = segments.last().map(|&(first, _)| first);
        // The last segment that begins at or before the watermark is the first that can hold something new.
        let start = segments.iter().rposition(|&(first, _)| first <= flushed).unwrap_or(0);
        let mut last_id = flushed;
        for (index, &(first, mut info)) in segments.iter().enumerate() {
            last_id = last_id.max(first);
            if index >= start {
                let (end, id, received_at) = self.replay_segment(first, info.bytes, flushed).await?;
                last_id = last_id.max(id);
                info.last_received = received_at.unwrap_or(info.last_received);
                if Some(first) == last && end < info.bytes {
                    self.cut_off(first, end)?;
                    info.bytes = end;
                }
            }
            if info.bytes > 0 {
                self.segments.insert(first, info);
            } else {
                self.storage.objects.delete(&segment_path(first)).await?;
            }
        }
        Ok(last_id)
    }

    /// Reads the records of a segment after `flushed`. Answers where the last whole record ends, its id, and when it
    /// was received.
    async fn replay_segment(
        self: &Arc<Self>,
        first: ProfileId,
        bytes: u64,
        flushed: ProfileId,
    ) -> Result<(u64, ProfileId, Option<Timestamp>), TableError> {
        let objects = Arc::clone(&self.storage.objects);
        let mut reader = SegmentReader::new(objects.as_ref(), first, bytes);
        let (mut end, mut last_id, mut last_received) = (bytes, ProfileId::ZERO, None);
        loop {
            match reader.next(flushed).await? {
                Next::Record(record, place) => {
                    last_id = record.head.id;
                    last_received = Some(record.head.received_at);
                    self.replay(record, place).await?;
                }
                Next::Skipped(head) => {
                    last_id = head.id;
                    last_received = Some(head.received_at);
                }
                Next::Damaged(range) => {
                    count(&self.counters.damaged_records, 1);
                    tracing::error!(segment = %first, ?range, "the log is damaged here; going on after it");
                }
                Next::Torn(range) => {
                    end = range.start;
                    tracing::warn!(segment = %first, ?range, "the log ends within an upload, which was not acknowledged");
                }
                Next::End => return Ok((end, last_id, last_received)),
            }
        }
    }

    /// Makes the rows of an upload that the tables do not have.
    async fn replay(self: &Arc<Self>, record: Record, place: Place) -> Result<(), TableError> {
        let Record { head, headers, body } = record;
        let Claim::New(_claim) = self.dedupe.claim(head.key) else { return Ok(()) };
        self.dedupe.store(head.key, head.id, head.received_at);
        let upload = match Upload::parse(&headers, body, &self.config.limits) {
            Ok(upload) => upload,
            Err(error) => {
                count(&self.counters.damaged_records, 1);
                tracing::error!(profile = %head.id, %error, "an upload in the log cannot be read any more");
                return Ok(());
            }
        };
        let units = (upload.body.len() / ROOM_BYTES + 1).min(self.config.queue_bytes / ROOM_BYTES);
        let room = Arc::clone(&self.room).acquire_many_owned(u32::try_from(units).unwrap_or(1));
        let Ok(room) = room.await else { return Ok(()) };
        self.expect(head.id, head.received_at);
        count(&self.counters.replayed, 1);
        let core = Arc::clone(self);
        let stored =
            Stored { id: head.id, received_at: head.received_at, key: head.key, place, upload, _room: room };
        tokio::spawn(async move { core.decode(stored).await });
        if self.view().memory_bytes() >= self.config.flush_bytes {
            self.flush().await?;
        }
        Ok(())
    }

    fn cut_off(&self, segment: ProfileId, len: u64) -> Result<(), TableError> {
        let path = self.storage.root.join(LOG).join(format!("{segment}.vlog"));
        let cut = || {
            let file = OpenOptions::new().write(true).open(&path)?;
            file.set_len(len)?;
            file.sync_all()
        };
        cut().map_err(|source: io::Error| TableError::Io { path: path.clone(), source })
    }

    /// Takes the keys of uploads of the last while from table profiles.
    async fn load_dedupe_keys(&self) -> Result<(), TableError> {
        let snapshot = self.snapshot();
        let newest = self.view().files[Table::Profiles]
            .iter()
            .map(|file| file.last_received())
            .max()
            .unwrap_or_default();
        let since = datafusion::common::ScalarValue::TimestampMicrosecond(
            Some(newest.before(self.config.dedupe_age).0),
            Some("UTC".into()),
        );
        let mut batches = snapshot
            .session()
            .read_table(snapshot.profiles())?
            .filter(col("received_at").gt_eq(lit(since)))?
            .select_columns(&["dedupe_key", "profile_id", "received_at"])?
            .sort_by(vec![col("profile_id")])?
            .execute_stream()
            .await?;
        let mut last = None;
        while let Some(batch) = batches.try_next().await? {
            let keys = batch.column(0).as_binary::<i32>();
            let ids = batch.column(1).as_primitive::<Int64Type>();
            let times = batch.column(2).as_primitive::<TimestampMicrosecondType>();
            for row in 0..batch.num_rows() {
                let Ok(key) = keys.value(row).try_into() else { continue };
                let time = Timestamp(times.value(row));
                self.dedupe.store(u128::from_be_bytes(key), ProfileId(ids.value(row)), time);
                last = last.max(Some(time));
            }
        }
        self.view().newest = last;
        Ok(())
    }
}
