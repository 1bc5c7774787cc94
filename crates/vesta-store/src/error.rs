//! What can go wrong.

use std::path::PathBuf;
use std::time::Duration;

/// Why a store did not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by another Vesta server; stop it or choose another folder", root.display())]
    Locked {
        /// The folder of the store.
        root: PathBuf,
    },
    /// The disk said no.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// A table cannot be read or repaired.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Why an upload was not stored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// More uploads wait than there is room for.
    #[error("too many uploads are waiting to be stored")]
    Overloaded {
        /// When to try again.
        retry_after: Duration,
    },
    /// There is no room on the disk.
    #[error("the disk is full")]
    DiskFull,
    /// The store is shutting down.
    #[error("the store is shutting down")]
    Closed,
    /// The disk said no.
    #[error("cannot write the log")]
    Io(#[source] std::io::Error),
}

/// Why something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The log holds other bytes than were written.
    #[error("the log is damaged where profile {0} should be")]
    Damaged(crate::ProfileId),
    /// The storage said no.
    #[error("cannot read from storage")]
    Storage(#[from] object_store::Error),
    /// A query failed.
    #[error("cannot read the tables")]
    Query(#[from] datafusion::error::DataFusionError),
}

/// Why tables could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// The list of files of a table.
    #[error("cannot read or commit the list of files of table {table}")]
    Catalog {
        /// The table.
        table: &'static str,
        /// The reason.
        source: Box<deltalake_core::DeltaTableError>,
    },
    /// A list of files that this version does not understand.
    #[error("table {table} has a file that this version does not understand: {path}")]
    File {
        /// The table.
        table: &'static str,
        /// The file, within the table.
        path: String,
    },
    /// The storage said no.
    #[error("cannot read or write storage")]
    Storage(#[from] object_store::Error),
    /// Parquet.
    #[error("cannot read or write Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// Arrow.
    #[error("cannot build rows")]
    Arrow(#[from] arrow::error::ArrowError),
    /// A query failed.
    #[error("cannot read the tables")]
    Query(#[from] datafusion::error::DataFusionError),
    /// The disk said no.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: std::io::Error,
    },
    /// The store is shutting down.
    #[error("the store is shutting down")]
    Closed,
}
