//! Where profiles are kept: the log of raw uploads, and the tables that make them searchable.
//!
//! # Problem
//!
//! Thousands of processes send an upload a minute each. Every one must survive a crash from the moment it is
//! acknowledged, be searchable at once, cost little disk, and be gone when it is too old. Questions run over millions
//! of profiles and must be answered while somebody waits.
//!
//! # Design
//!
//! - **The log is the archive.** [`Store::append`] returns once the upload, byte for byte, is on disk. Many uploads
//!   share one `fdatasync`. Everything else is derived from the log.
//! - **Tables are plain Parquet**, listed by Delta Lake so that other engines can read them (`docs/tables.md`).
//! - **What is acknowledged is searchable.** Uploads are decoded after the acknowledgement into rows in memory; a
//!   [`Snapshot`] waits for those acknowledged before it was asked for, and joins rows in memory with files.
//! - **Exactly once.** Rows are flushed in the order of the log. The commit of table `profiles` says up to which
//!   profile the tables are complete; opening a store drops what is beyond and replays the log from there.
//! - **Native code is named late.** Profiles keep places in binaries; [`SymbolFiles`] name them when somebody asks, so
//!   it does not matter which came first.
//! - **Everything is bounded**: queues, memory, caches and the disk, see [`StoreConfig`].
//!
//! # Non-goals
//!
//! No query language and no flame graphs, see `vesta-query`; no HTTP, see `vesta-server`. One process owns a folder.
//!
//! ```no_run
//! # async fn example(upload: vesta_upload::Upload) -> Result<(), Box<dyn std::error::Error>> {
//! use vesta_store::{Store, StoreConfig};
//!
//! let store = Store::open(StoreConfig::new("/var/lib/vesta")).await?;
//! let ack = store.append(upload).await?;
//! let profiles = store.snapshot().await.session().table("profiles").await?;
//! println!("{} is stored, one of {}", ack.id, profiles.count().await?);
//! store.shutdown().await?;
//! # Ok(())
//! # }
//! ```

mod clock;
mod config;
mod error;
mod profile_id;

mod dedupe;
mod log;
mod storage;
mod tables;
mod written_symbols;

mod core;

mod compaction;
mod ingest;
mod retention;
mod settings;

mod background;
mod open;

mod decoded;
mod snapshot;
mod status;
mod store;
mod symbol_files;
mod symbols;

pub use clock::{Clock, SystemClock, Timestamp};
pub use config::{NoProbe, Probe, Retention, StoreConfig};
pub use decoded::DecodedProfile;
pub use error::{AppendError, OpenError, ReadError, TableError};
pub use profile_id::{ProfileId, ProfileIdError};
pub use snapshot::Snapshot;
pub use status::Status;
pub use store::{Ack, RawUpload, Store};
pub use symbol_files::{
    BuildId, BuildIdError, StoredSymbols, SymbolFileError, SymbolFileInfo, SymbolFiles, SymbolStatus,
};
pub use symbols::{ResolvedStacks, Symbols};
