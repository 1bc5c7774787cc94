//! The store.

use crate::{
    AppendError, OpenError, ProfileId, ReadError, Retention, Snapshot, Status, StoreConfig, Symbols,
    TableError, Timestamp,
};
use bytes::Bytes;
use vesta_upload::{Headers, Upload};

/// All profiles of one folder.
pub struct Store {}

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
    pub async fn open(_config: StoreConfig) -> Result<Store, OpenError> {
        unimplemented!()
    }

    /// Stores an upload. When this returns, the upload is on disk and every later snapshot has it.
    pub async fn append(&self, _upload: Upload) -> Result<Ack, AppendError> {
        unimplemented!()
    }

    /// A view of all that was acknowledged before. Waits until it is decoded.
    pub async fn snapshot(&self) -> Snapshot {
        unimplemented!()
    }

    /// The upload of a profile as it was received, `None` if there is no such profile any more.
    pub async fn raw(&self, _id: ProfileId) -> Result<Option<RawUpload>, ReadError> {
        unimplemented!()
    }

    /// What stack ids stand for.
    pub fn symbols(&self) -> &Symbols {
        unimplemented!()
    }

    /// Writes the rows in memory to files.
    pub async fn flush(&self) -> Result<(), TableError> {
        unimplemented!()
    }

    /// Merges small files into larger, sorted ones, all that there is to merge.
    pub async fn compact(&self) -> Result<(), TableError> {
        unimplemented!()
    }

    /// Deletes what is too old or too much.
    pub async fn enforce_retention(&self) -> Result<(), TableError> {
        unimplemented!()
    }

    /// Sets what is deleted, and when, and remembers it in `settings.json` in the folder.
    pub async fn set_retention(&self, _retention: Retention) -> Result<(), TableError> {
        unimplemented!()
    }

    /// How the store is doing.
    pub fn status(&self) -> Status {
        unimplemented!()
    }

    /// Stops taking uploads, writes what is in memory to files, and closes the folder.
    pub async fn shutdown(&self) -> Result<(), TableError> {
        unimplemented!()
    }
}
