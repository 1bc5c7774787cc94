//! What a store says about itself.

use crate::{Retention, Timestamp};

/// How a store is doing, at one moment. Counters count from when the store was opened.
#[derive(Clone, Debug)]
pub struct Status {
    /// Profiles in the tables and in memory.
    pub profiles: u64,
    /// Bytes of the log on disk.
    pub log_bytes: u64,
    /// Bytes of the tables on disk.
    pub table_bytes: u64,
    /// Files of the tables.
    pub table_files: u64,
    /// Rows in memory that are not in a file yet.
    pub memory_rows: u64,
    /// Bytes of rows in memory that are not in a file yet.
    pub memory_bytes: u64,
    /// When the oldest profile that is still there was received.
    pub oldest: Option<Timestamp>,
    /// When the newest profile was received.
    pub newest: Option<Timestamp>,
    /// Bytes of the disk.
    pub disk_total: u64,
    /// Bytes free on the disk.
    pub disk_free: u64,
    /// What is deleted, and when.
    pub retention: Retention,
    /// The most bytes that retention lets the store use.
    pub disk_limit: u64,
    /// Uploads waiting to be written or decoded.
    pub queued_uploads: u64,
    /// Bytes of uploads waiting to be written or decoded.
    pub queued_bytes: u64,
    /// Uploads stored.
    pub appended: u64,
    /// Bytes of the bodies of uploads stored.
    pub received_bytes: u64,
    /// Uploads that were already there.
    pub duplicates: u64,
    /// Uploads turned away because too many were waiting.
    pub overloaded: u64,
    /// Uploads turned away because the disk was full.
    pub disk_full: u64,
    /// Uploads of which a part could not be decoded.
    pub decode_problems: u64,
    /// Flushes of rows in memory to files.
    pub flushes: u64,
    /// Flushes, compactions and retention runs that failed.
    pub failures: u64,
    /// Compactions.
    pub compactions: u64,
    /// Bytes of segments and files deleted by retention.
    pub retired_bytes: u64,
    /// Damaged records found in the log.
    pub damaged_records: u64,
    /// Uploads taken from the log when the store was opened, because the tables did not have them.
    pub replayed: u64,
}
