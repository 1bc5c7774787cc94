//! The files of the log, and how they are appended to.

use crate::storage::{create_file, create_folders, sync_folder_of};
use crate::{Probe, ProfileId, Timestamp};
use object_store::path::Path;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the log is, within storage.
pub(crate) const LOG: &str = "log";

/// A record's place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: ProfileId,
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

/// What is known of a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SegmentInfo {
    pub(crate) bytes: u64,
    /// When its last record was received, or the file was last written if that is not known.
    pub(crate) last_received: Timestamp,
}

/// All segments there are, by the id of their first profile.
#[derive(Clone, Debug, Default)]
pub(crate) struct SegmentList(Arc<Mutex<BTreeMap<ProfileId, SegmentInfo>>>);

/// The path of a segment within storage.
pub(crate) fn segment_path(first: ProfileId) -> Path {
    Path::from(format!("{LOG}/{first}.vlog"))
}

/// The id of the first profile of the segment at this path, none if it is no segment.
pub(crate) fn segment_of(path: &Path) -> Option<ProfileId> {
    path.filename()?.strip_suffix(".vlog")?.parse().ok()
}

impl SegmentList {
    pub(crate) fn insert(&self, first: ProfileId, info: SegmentInfo) {
        self.lock().insert(first, info);
    }

    pub(crate) fn remove(&self, first: ProfileId) {
        self.lock().remove(&first);
    }

    /// All segments, the oldest first.
    pub(crate) fn all(&self) -> Vec<(ProfileId, SegmentInfo)> {
        self.lock().iter().map(|(&first, &info)| (first, info)).collect()
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.lock().values().map(|info| info.bytes).sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<ProfileId, SegmentInfo>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that bytes are appended to. On a local disk it is a file; on an object store, which cannot append, it
/// will be one object per `sync`.
pub(crate) trait Appender: Send {
    /// Adds bytes at the end. They are lost with the machine until `sync` returns.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything durable that was added.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts off everything after `len` bytes.
    fn truncate(&mut self, len: u64) -> io::Result<()>;
}

/// Starts segments.
pub(crate) trait Segments: Send {
    /// Starts the segment whose first profile is `first`.
    fn create(&mut self, first: ProfileId) -> io::Result<Box<dyn Appender>>;
}

/// Segments that are files of this machine.
pub(crate) struct SegmentFolder {
    pub(crate) folder: PathBuf,
    pub(crate) probe: Arc<dyn Probe>,
}

struct SegmentFile {
    file: File,
    probe: Arc<dyn Probe>,
}

impl Segments for SegmentFolder {
    fn create(&mut self, first: ProfileId) -> io::Result<Box<dyn Appender>> {
        create_folders(&self.folder)?;
        self.probe.reach("log.create")?;
        let path = self.folder.join(format!("{first}.vlog"));
        let file = create_file(&path)?;
        sync_folder_of(&path)?;
        Ok(Box::new(SegmentFile { file, probe: Arc::clone(&self.probe) }))
    }
}

impl Appender for SegmentFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.probe.reach("log.append")
    }

    fn sync(&mut self) -> io::Result<()> {
        self.probe.reach("log.sync")?;
        self.file.sync_data()?;
        self.probe.reach("log.synced")
    }

    fn truncate(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        self.file.seek(io::SeekFrom::Start(len))?;
        self.file.sync_data()
    }
}
