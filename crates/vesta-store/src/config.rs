//! How a store is set up.

use crate::{Clock, SymbolFiles, SystemClock, Timestamp};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How a store is set up. [`StoreConfig::new`] has sound values for everything but the folder.
#[derive(Clone)]
pub struct StoreConfig {
    /// The folder that holds everything.
    pub root: PathBuf,
    /// What to delete, and when, unless `settings.json` in the folder says otherwise.
    pub retention: Retention,
    /// Bytes of uploads that may wait to be written or decoded; past it, uploads are turned away. Default 128 MiB.
    pub queue_bytes: usize,
    /// Uploads decoded at the same time. Default: one per core.
    pub decoders: usize,
    /// The longest time that rows stay in memory only. Default 10 s.
    pub flush_interval: Duration,
    /// Bytes of rows in memory that start a flush at once. Default 48 MiB.
    pub flush_bytes: usize,
    /// Bytes of rows in memory at which uploads are turned away, because tables cannot be written as quickly as
    /// uploads come. Default 192 MiB.
    pub memory_bytes: usize,
    /// Bytes of the memory of one query. Default 512 MiB.
    pub query_bytes: usize,
    /// Bytes of frames and stacks kept to name samples. Default 96 MiB.
    pub symbol_bytes: usize,
    /// The symbol files of another store, to be used in place of those in the folder: a server has one set of them for
    /// all its stores.
    pub symbol_files: Option<Arc<SymbolFiles>>,
    /// The most bytes of symbol files in the folder. Default 2 GiB.
    pub symbol_file_bytes: u64,
    /// Bytes at which the log starts a new segment. Default 128 MiB.
    pub segment_bytes: u64,
    /// Small files of one table and day that start a compaction. Default 24.
    pub compaction_files: usize,
    /// Bytes at which compaction starts a new file. Default 256 MiB.
    pub file_bytes: u64,
    /// Bytes that stay free on the disk: an upload that would use them is refused. Default 256 MiB.
    pub free_bytes: u64,
    /// Uploads by which a repeated one is recognized, and how long. Default: the latest 500,000 of 24 hours.
    pub dedupe_uploads: usize,
    /// How long a repeated upload is recognized. Default 24 hours.
    pub dedupe_age: Duration,
    /// How long files that no table lists any more stay for readers outside of this process. Default 60 s.
    pub unlink_grace: Duration,
    /// Whether flushes, compaction and retention run by themselves. Tests switch it off and call them. Default on.
    pub background: bool,
    /// What is too much within one upload.
    pub limits: vesta_upload::Limits,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Called at named points of the way of an upload, so that tests can fail or copy the store there.
    pub probe: Arc<dyn Probe>,
}

/// How long to keep data, and how much of it. Whichever comes first deletes, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Retention {
    /// Raw uploads and tables older than this are deleted. Default 8 days.
    pub max_age: Duration,
    /// The largest share of the disk that the store may use, between 0 and 1. Default 0.5.
    pub max_disk_share: f64,
    /// The most bytes that the store may use, besides the share.
    pub max_bytes: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { max_age: Duration::from_hours(8 * 24), max_disk_share: 0.5, max_bytes: None }
    }
}

/// Points at which tests look in. Every method does nothing by default.
pub trait Probe: Send + Sync {
    /// The store is at this point. An error stands for one of the disk.
    fn reach(&self, _point: &'static str) -> std::io::Result<()> {
        Ok(())
    }

    /// Bytes free on the disk of the store; `None` asks the disk.
    fn free_bytes(&self) -> Option<u64> {
        None
    }
}

/// A probe that never looks.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProbe;

impl Probe for NoProbe {}

impl StoreConfig {
    /// A store in this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        StoreConfig {
            root: root.into(),
            retention: Retention::default(),
            queue_bytes: 128 << 20,
            decoders: std::thread::available_parallelism().map_or(2, usize::from),
            flush_interval: Duration::from_secs(10),
            flush_bytes: 48 << 20,
            memory_bytes: 192 << 20,
            query_bytes: 512 << 20,
            symbol_bytes: 96 << 20,
            symbol_files: None,
            symbol_file_bytes: 2 << 30,
            segment_bytes: 128 << 20,
            compaction_files: 24,
            file_bytes: 256 << 20,
            free_bytes: 256 << 20,
            dedupe_uploads: 500_000,
            dedupe_age: Duration::from_hours(24),
            unlink_grace: Duration::from_secs(60),
            background: true,
            limits: vesta_upload::Limits::default(),
            clock: Arc::new(SystemClock::default()),
            probe: Arc::new(NoProbe),
        }
    }

    /// The time now.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}
