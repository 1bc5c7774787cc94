//! Stores besides the main one: where files lie that somebody opened, and what permalinks keep.

use crate::config::ServerConfig;
use crate::problem::Problem;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, Semaphore};
use vesta_query::{Engine, Limits};
use vesta_store::{Clock, OpenError, Retention, Store, StoreConfig};

/// A store, and the engine that answers questions about it.
#[derive(Clone)]
pub(crate) struct Shelf {
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Engine,
}

/// The files that somebody opened to look at: in a folder of their own that is made on first use, bounded in time and
/// size, and gone when the server stops. One that was killed leaves it behind; the next start removes it.
pub(crate) struct Scratch {
    folder: PathBuf,
    store: StoreConfig,
    limits: Limits,
    shelf: Mutex<Option<Shelf>>,
    /// Files that are read at the same time: each may take the memory that decoding one upload may.
    pub(crate) slots: Semaphore,
}

/// How long opened files stay.
pub(crate) const OPENED_AGE: Duration = Duration::from_hours(1);
/// How many are read at the same time.
const OPENED_AT_ONCE: usize = 2;
/// How much of them there is at most.
pub(crate) const OPENED_BYTES: u64 = 256 << 20;

impl Shelf {
    /// Opens the store of a configuration.
    pub(crate) async fn open(config: StoreConfig, limits: Limits) -> Result<Shelf, OpenError> {
        let store = Arc::new(Store::open(config).await?);
        Ok(Shelf { engine: Engine::with_limits(Arc::clone(&store), limits), store })
    }
}

impl Scratch {
    /// None is made yet. What a killed server left is removed.
    pub(crate) fn new(
        config: &ServerConfig,
        clock: Arc<dyn Clock>,
        main: &StoreConfig,
        limits: Limits,
        age: Duration,
    ) -> Self {
        let folder = config.data.join("opened");
        if let Err(error) = remove_folder(&folder) {
            tracing::warn!(folder = %folder.display(), %error, "cannot remove the files that were opened last time");
        }
        let retention = Retention { max_age: age, max_disk_share: 1.0, max_bytes: Some(OPENED_BYTES) };
        let store = small_store(&folder, config, clock, main, retention);
        Scratch { folder, store, limits, shelf: Mutex::default(), slots: Semaphore::new(OPENED_AT_ONCE) }
    }

    /// The store of opened files, made if there is none yet.
    pub(crate) async fn shelf(&self) -> Result<Shelf, Problem> {
        let mut shelf = self.shelf.lock().await;
        if let Some(shelf) = &*shelf {
            return Ok(shelf.clone());
        }
        let opened = Shelf::open(self.store.clone(), self.limits).await;
        let opened =
            opened.map_err(|error| Problem::internal("cannot make a folder for opened files", &error))?;
        Ok(shelf.insert(opened).clone())
    }

    /// Removes all opened files.
    pub(crate) async fn close(&self) {
        let Some(shelf) = self.shelf.lock().await.take() else { return };
        let stopped = shelf.store.shutdown().await;
        drop(shelf);
        if let Err(error) = stopped {
            tracing::debug!(%error, "the store of opened files did not close, but it is removed all the same");
        }
        let folder = self.folder.clone();
        let removed = tokio::task::spawn_blocking(move || remove_folder(&folder)).await;
        if let Ok(Err(error)) = removed {
            tracing::warn!(folder = %self.folder.display(), %error, "cannot remove opened files");
        }
    }
}

/// A store for few profiles and few questions.
pub(crate) fn small_store(
    folder: &Path,
    config: &ServerConfig,
    clock: Arc<dyn Clock>,
    main: &StoreConfig,
    retention: Retention,
) -> StoreConfig {
    let defaults = StoreConfig::new(folder);
    StoreConfig {
        retention,
        queue_bytes: (32 << 20).max(config.limit_body.as_usize()),
        memory_bytes: 48 << 20,
        flush_bytes: 16 << 20,
        query_bytes: 256 << 20,
        symbol_bytes: 32 << 20,
        segment_bytes: 16 << 20,
        free_bytes: main.free_bytes,
        symbol_files: main.symbol_files.clone(),
        // Retention may have deleted the first copy, so every copy is kept.
        dedupe_uploads: 0,
        dedupe_age: Duration::ZERO,
        limits: main.limits.clone(),
        clock,
        ..defaults
    }
}

/// Removes a folder with everything in it. A link is removed itself, not what it leads to.
pub(crate) fn remove_folder(folder: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
