//! What requests share.

use crate::body::{BodyLimits, Memory};
use crate::config::ServerConfig;
use crate::links::Links;
use crate::metrics::Metrics;
use crate::page::Framing;
use crate::shelf::{Scratch, Shelf};
use crate::source_roots::SourceRoots;
use crate::tokens::Tokens;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use vesta_query::Engine;
use vesta_store::{Clock, Store, Timestamp};

/// Queries that may wait for each one that runs.
const WAITING_PER_QUERY: usize = 16;

/// Symbol files that are stored at the same time. One takes up to 512 MiB while it is checked.
const SYMBOL_FILES_AT_ONCE: usize = 1;

/// The state of a running server.
pub(crate) struct App {
    pub(crate) config: ServerConfig,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Engine,
    pub(crate) opened: Scratch,
    pub(crate) links: Links,
    pub(crate) source_roots: SourceRoots,
    /// What the policy of the page says of who may frame `/embed`.
    pub(crate) framing: Framing,
    pub(crate) tokens: Tokens,
    pub(crate) metrics: Metrics,
    pub(crate) memory: Memory,
    pub(crate) upload_slots: Semaphore,
    pub(crate) query_slots: Semaphore,
    /// Symbol files that are stored at the same time: each takes memory and a core for a while.
    pub(crate) symbol_slots: Semaphore,
    pub(crate) upload_limits: vesta_upload::Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started: Instant,
    draining: AtomicBool,
}

/// The stores of a server.
pub(crate) struct Shelves {
    pub(crate) main: Shelf,
    pub(crate) opened: Scratch,
    pub(crate) links: Links,
}

/// What settings say of the page, checked.
pub(crate) struct Looks {
    pub(crate) source_roots: SourceRoots,
    pub(crate) framing: Framing,
}

/// The state of a running server, shared.
pub(crate) type SharedApp = Arc<App>;

impl App {
    pub(crate) fn new(
        config: ServerConfig,
        shelves: Shelves,
        looks: Looks,
        upload_limits: vesta_upload::Limits,
        clock: Arc<dyn Clock>,
    ) -> Self {
        App {
            tokens: Tokens::new(&config.data),
            metrics: Metrics::new(shelves.main.store.clone()),
            memory: Memory::new(config.limit_memory.as_usize()),
            upload_slots: Semaphore::new(config.limit_uploads),
            query_slots: Semaphore::new(config.limit_queries.saturating_mul(1 + WAITING_PER_QUERY)),
            symbol_slots: Semaphore::new(SYMBOL_FILES_AT_ONCE),
            upload_limits,
            clock,
            started: Instant::now(),
            draining: AtomicBool::new(false),
            config,
            store: shelves.main.store,
            engine: shelves.main.engine,
            opened: shelves.opened,
            links: shelves.links,
            source_roots: looks.source_roots,
            framing: looks.framing,
        }
    }

    /// The store of everything that was sent.
    pub(crate) fn main_shelf(&self) -> Shelf {
        Shelf { store: Arc::clone(&self.store), engine: self.engine.clone() }
    }

    pub(crate) fn body_limits(&self) -> BodyLimits {
        BodyLimits { bytes: self.config.limit_body.as_usize(), stall: self.config.limit_stall_time.0 }
    }

    /// The longest time that an upload waits for others before it is turned away. Below the 1.9 seconds after which
    /// the Node library sends again.
    pub(crate) fn upload_patience(&self) -> Duration {
        Duration::from_secs(1)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}
