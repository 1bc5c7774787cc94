//! Symbol files: what places in binaries are called, kept by build id.
//!
//! Machines that run a program often have no symbols of it. Whoever builds it sends them once, as a file of the format of
//! `vesta_symbols::symbol_file`, and questions name what profiles left as places, whether they came before or after.
//!
//! A symbol file lies in `symbols/xx/rest.vsym`, where `xxrest` is its build id, compressed. Its name is given to it once
//! it is on disk as a whole. All of them together stay below a bound: those that no question needed for longest go.

mod build_id;
mod named;
mod record;

pub use build_id::{BuildId, BuildIdError};
pub(crate) use named::{Named, Places, is_place};
pub use record::SymbolFileInfo;

use crate::core::lock;
use crate::storage::{create_file, create_folders, disk_space, is_disk_full, sync_folder_of};
use crate::{Clock, Timestamp};
use bytes::Bytes;
use record::Record;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use vesta_formats::compression::{self, DecompressError};
use vesta_symbols::SymbolFile;

/// The folder of symbol files within the folder of a store.
const FOLDER: &str = "symbols";
/// The ending of a symbol file, and that of one that is being written.
const ENDING: &str = "vsym";
const STAGED: &str = "staged";
/// The most bytes of one symbol file, not compressed. A debug build of a server of 300 MB, with lines and inlined
/// functions of all it is made of, takes about a fifth of it.
const LARGEST: usize = 512 << 20;
/// Bytes of decoded symbol files kept in memory.
const CACHE_BYTES: usize = 64 << 20;
/// That a file was used is written down once in this time.
const USED_EVERY: Duration = Duration::from_hours(24);
/// Changes that are remembered, to know which of what was named before they concern.
const REMEMBERED_CHANGES: usize = 1024;

/// The symbol files of a server.
pub struct SymbolFiles {
    folder: PathBuf,
    /// The most bytes of all files together.
    max_bytes: u64,
    /// Bytes that stay free on the disk.
    free_bytes: u64,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// Held while files are written or removed, so that the bound holds.
    changing: Mutex<()>,
    /// Held while a file is decoded, so that questions asked at the same time decode it once.
    decoding: Mutex<()>,
    /// Counts changes of the files.
    generation: AtomicU64,
    counters: Counters,
}

#[derive(Default)]
struct State {
    files: BTreeMap<BuildId, SymbolFileInfo>,
    /// Decoded files, the last used last.
    decoded: Vec<(BuildId, Arc<SymbolFile>)>,
    /// Files that cannot be read, so that they are not tried again with every question.
    broken: BTreeSet<BuildId>,
    /// The generations that changes led to, and whose they were.
    changes: VecDeque<(u64, BuildId)>,
}

#[derive(Debug, Default)]
struct Counters {
    stored: AtomicU64,
    removed: AtomicU64,
    named: AtomicU64,
}

/// How symbol files are doing. Counters count from when the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SymbolStatus {
    /// Symbol files.
    pub files: u64,
    /// Bytes of them on disk.
    pub bytes: u64,
    /// The most bytes of them.
    pub max_bytes: u64,
    /// Symbol files stored.
    pub stored: u64,
    /// Symbol files removed to stay below the bound.
    pub removed: u64,
    /// Places that got a name.
    pub named: u64,
}

/// What became of a symbol file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredSymbols {
    /// It is stored.
    Stored(SymbolFileInfo),
    /// The one that is there says more, and is kept. It is this one.
    Kept(SymbolFileInfo),
}

/// Why a symbol file was not stored, or not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SymbolFileError {
    /// It is none, or damaged.
    #[error("this is no symbol file that Vesta can read: {0}")]
    Unreadable(String),
    /// Its build id cannot be one.
    #[error(transparent)]
    BuildId(#[from] BuildIdError),
    /// It does not fit.
    #[error("the symbol file has {bytes} bytes, more than the {limit} that symbol files may take together")]
    TooLarge {
        /// Its bytes, as they would be on disk.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// It is larger than any that is read.
    #[error("the symbol file has more than {limit} bytes when it is decompressed")]
    TooLong {
        /// The bound.
        limit: usize,
    },
    /// There is no room on the disk.
    #[error("the disk is full")]
    DiskFull,
    /// The disk said no.
    #[error("cannot use {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

impl SymbolFiles {
    /// Those in the folder of a store that holds the lock of it. What a crash left half written is removed.
    pub(crate) fn open(
        root: &Path,
        max_bytes: u64,
        free_bytes: u64,
        clock: Arc<dyn Clock>,
    ) -> Result<SymbolFiles, SymbolFileError> {
        let files = SymbolFiles {
            folder: root.join(FOLDER),
            max_bytes,
            free_bytes,
            clock,
            state: Mutex::default(),
            changing: Mutex::default(),
            decoding: Mutex::default(),
            generation: AtomicU64::new(0),
            counters: Counters::default(),
        };
        let found = files.scan().map_err(|source| files.failed(&files.folder, source))?;
        lock(&files.state).files = found;
        files.remove_unused(None)?;
        Ok(files)
    }

    /// Symbol files, the last stored first.
    pub fn list(&self) -> Vec<SymbolFileInfo> {
        let mut all: Vec<SymbolFileInfo> = lock(&self.state).files.values().cloned().collect();
        all.sort_by(|a, b| b.uploaded.cmp(&a.uploaded).then_with(|| a.build_id.cmp(&b.build_id)));
        all
    }

    /// The symbol file of a build id.
    pub fn get(&self, build_id: &BuildId) -> Option<SymbolFileInfo> {
        lock(&self.state).files.get(build_id).cloned()
    }

    /// How they are doing.
    pub fn status(&self) -> SymbolStatus {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let state = lock(&self.state);
        SymbolStatus {
            files: state.files.len() as u64,
            bytes: state.bytes(),
            max_bytes: self.max_bytes,
            stored: load(&self.counters.stored),
            removed: load(&self.counters.removed),
            named: load(&self.counters.named),
        }
    }

    /// Stores the symbol file of a binary called `module`, plain or compressed with Zstandard, on disk when this returns. One that says less than the one that is there is not stored:
    /// a stripped binary is as easily sent as the one it was made of.
    pub async fn put(self: &Arc<Self>, module: &str, bytes: Bytes) -> Result<StoredSymbols, SymbolFileError> {
        let (files, module) = (Arc::clone(self), module.to_owned());
        files.clone().blocking(move || files.put_now(&module, &bytes)).await
    }

    /// Removes the symbol file of a build id; whether there was one.
    pub async fn remove(self: &Arc<Self>, build_id: BuildId) -> Result<bool, SymbolFileError> {
        let files = Arc::clone(self);
        files.clone().blocking(move || files.remove_now(&build_id)).await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, SymbolFileError> + Send + 'static,
    ) -> Result<T, SymbolFileError> {
        let outcome = tokio::task::spawn_blocking(work).await;
        outcome.unwrap_or_else(|error| Err(self.failed(&self.folder, io::Error::other(error))))
    }

    fn put_now(&self, module: &str, bytes: &Bytes) -> Result<StoredSymbols, SymbolFileError> {
        let unreadable = |error: &dyn std::error::Error| SymbolFileError::Unreadable(error.to_string());
        let bytes = match compression::decompress(bytes, LARGEST) {
            Ok(Cow::Borrowed(_)) => bytes.clone(),
            Ok(Cow::Owned(decompressed)) => decompressed.into(),
            Err(DecompressError::TooLarge { limit }) => return Err(SymbolFileError::TooLong { limit }),
            Err(error) => return Err(unreadable(&error)),
        };
        let decoded = SymbolFile::decode(bytes.clone()).map_err(|error| unreadable(&error))?;
        let build_id = BuildId::parse(decoded.build_id())?;
        let _changing = lock(&self.changing);
        let known = self.get(&build_id);
        if let Some(known) = known.filter(|known| known.decoded_bytes > bytes.len() as u64) {
            return Ok(StoredSymbols::Kept(known));
        }
        let now = self.clock.now();
        let info = SymbolFileInfo::new(build_id.clone(), module, &decoded, bytes.len(), now);
        let path = self.path_of(&build_id);
        let (info, file) = record::write(info, &bytes).map_err(|source| self.failed(&path, source))?;
        if info.bytes > self.max_bytes {
            return Err(SymbolFileError::TooLarge { bytes: info.bytes, limit: self.max_bytes });
        }
        let free = disk_space(self.folder.parent().unwrap_or(&self.folder)).unwrap_or_default().free;
        if free < self.free_bytes.saturating_add(info.bytes) {
            return Err(SymbolFileError::DiskFull);
        }
        write_durably(&path, &file, time_of(now)).map_err(|source| self.failed(&path, source))?;
        self.change(&build_id, |state| {
            state.files.insert(build_id.clone(), info.clone());
        });
        self.counters.stored.fetch_add(1, Ordering::Relaxed);
        self.remove_unused(Some(&build_id))?;
        Ok(StoredSymbols::Stored(info))
    }

    fn remove_now(&self, build_id: &BuildId) -> Result<bool, SymbolFileError> {
        let _changing = lock(&self.changing);
        if self.get(build_id).is_none() {
            return Ok(false);
        }
        self.delete(build_id)?;
        Ok(true)
    }

    /// Removes the files that no question needed for longest, until all of them together are below the bound.
    fn remove_unused(&self, except: Option<&BuildId>) -> Result<(), SymbolFileError> {
        loop {
            let oldest = {
                let state = lock(&self.state);
                if state.bytes() <= self.max_bytes {
                    return Ok(());
                }
                let others = state.files.values().filter(|file| Some(&file.build_id) != except);
                others.min_by_key(|file| file.used).map(|file| file.build_id.clone())
            };
            let Some(oldest) = oldest else { return Ok(()) };
            self.delete(&oldest)?;
            self.counters.removed.fetch_add(1, Ordering::Relaxed);
            tracing::info!(build_id = %oldest, "removed the symbol file that was not used for longest");
        }
    }

    fn delete(&self, build_id: &BuildId) -> Result<(), SymbolFileError> {
        let path = self.path_of(build_id);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(self.failed(&path, source)),
            _ => {}
        }
        self.change(build_id, |state| {
            state.files.remove(build_id);
        });
        Ok(())
    }

    /// Changes what there is of a build id; what was named before with the old symbols is not valid any more.
    fn change(&self, build_id: &BuildId, change: impl FnOnce(&mut State)) {
        let mut state = lock(&self.state);
        change(&mut state);
        state.decoded.retain(|(known, _)| known != build_id);
        state.broken.remove(build_id);
        let generation = self.generation.load(Ordering::Relaxed) + 1;
        state.changes.push_back((generation, build_id.clone()));
        if state.changes.len() > REMEMBERED_CHANGES {
            state.changes.pop_front();
        }
        self.generation.store(generation, Ordering::Release);
    }

    /// Counts changes of the files. What was named at one generation is right as long as it is the same.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Whose symbols have changed since a generation; `None` if that is not known any more.
    pub(crate) fn changed_since(&self, generation: u64) -> Option<Vec<BuildId>> {
        let state = lock(&self.state);
        let oldest = state.changes.front().map_or(u64::MAX, |(first, _)| *first);
        if self.generation() > generation && oldest > generation + 1 {
            return None;
        }
        let later = state.changes.iter().filter(|(at, _)| *at > generation);
        Some(later.map(|(_, build_id)| build_id.clone()).collect())
    }

    /// The decoded symbols of a build id, read from disk unless they are in memory. Blocks.
    fn decoded(&self, build_id: &BuildId) -> Option<Arc<SymbolFile>> {
        let decoded = self.take_or_decode(build_id)?;
        self.note_use(build_id);
        Some(decoded)
    }

    fn take_or_decode(&self, build_id: &BuildId) -> Option<Arc<SymbolFile>> {
        if let Some(known) = lock(&self.state).take_decoded(build_id) {
            return Some(known);
        }
        let _decoding = lock(&self.decoding);
        {
            let mut state = lock(&self.state);
            if let Some(known) = state.take_decoded(build_id) {
                return Some(known);
            }
            if !state.files.contains_key(build_id) || state.broken.contains(build_id) {
                return None;
            }
        }
        let generation = self.generation();
        let path = self.path_of(build_id);
        let read = record::read(&path, LARGEST)
            .and_then(|bytes| SymbolFile::decode(bytes).map_err(|error| io::Error::other(error.to_string())));
        let decoded = match read {
            Ok(decoded) => Arc::new(decoded),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "cannot read a symbol file; send it again");
                let mut state = lock(&self.state);
                if generation == self.generation() {
                    state.broken.insert(build_id.clone());
                }
                return None;
            }
        };
        let mut state = lock(&self.state);
        if generation == self.generation() {
            state.keep_decoded(build_id, &decoded);
        }
        Some(decoded)
    }

    /// Remembers on disk that a file is in use, now and then.
    fn note_use(&self, build_id: &BuildId) {
        let now = self.clock.now();
        let mut state = lock(&self.state);
        let Some(info) = state.files.get_mut(build_id) else { return };
        if info.used >= now.before(USED_EVERY) {
            return;
        }
        info.used = now;
        drop(state);
        // What fails here makes the file look older than it is, and that is all.
        let file = File::options().append(true).open(self.path_of(build_id));
        let _ = file.and_then(|file| file.set_modified(time_of(now)));
    }

    fn path_of(&self, build_id: &BuildId) -> PathBuf {
        let (first, rest) = build_id.as_str().split_at(2);
        self.folder.join(first).join(format!("{rest}.{ENDING}"))
    }

    /// All files in the folder. Those that were not written to their end are removed, those that are none of ours or of
    /// a later version are left alone.
    fn scan(&self) -> io::Result<BTreeMap<BuildId, SymbolFileInfo>> {
        let mut found = BTreeMap::new();
        for folder in entries(&self.folder)? {
            if !folder.is_dir() {
                continue;
            }
            for path in entries(&folder)? {
                match path.extension().and_then(|ending| ending.to_str()) {
                    Some(STAGED) => fs::remove_file(&path)?,
                    Some(ENDING) => match Record::read_head(&path) {
                        Ok(info) if self.path_of(&info.build_id) == path => {
                            found.insert(info.build_id.clone(), info);
                        }
                        Ok(_) => {
                            tracing::warn!(path = %path.display(), "a symbol file has the name of another");
                        }
                        Err(error) => {
                            tracing::warn!(path = %path.display(), %error, "cannot read a symbol file");
                        }
                    },
                    _ => {}
                }
            }
        }
        Ok(found)
    }

    fn failed(&self, path: &Path, source: io::Error) -> SymbolFileError {
        if is_disk_full(&source) {
            return SymbolFileError::DiskFull;
        }
        SymbolFileError::Io { path: path.to_owned(), source }
    }
}

impl State {
    fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }

    fn take_decoded(&mut self, build_id: &BuildId) -> Option<Arc<SymbolFile>> {
        let at = self.decoded.iter().position(|(known, _)| known == build_id)?;
        let found = self.decoded.remove(at);
        let decoded = Arc::clone(&found.1);
        self.decoded.push(found);
        Some(decoded)
    }

    fn keep_decoded(&mut self, build_id: &BuildId, decoded: &Arc<SymbolFile>) {
        self.decoded.push((build_id.clone(), Arc::clone(decoded)));
        let mut bytes: usize = self.decoded.iter().map(|(_, file)| file.heap_size()).sum();
        while bytes > CACHE_BYTES && !self.decoded.is_empty() {
            bytes -= self.decoded.remove(0).1.heap_size();
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect(),
    }
}

/// Writes a file under another name, syncs it, and gives it its own.
fn write_durably(path: &Path, bytes: &[u8], time: SystemTime) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        create_folders(folder)?;
    }
    let staged = path.with_extension(STAGED);
    let _ = fs::remove_file(&staged);
    let written = create_file(&staged).and_then(|mut file| {
        file.write_all(bytes)?;
        file.set_modified(time)?;
        file.sync_all()
    });
    let named = written.and_then(|()| fs::rename(&staged, path));
    if named.is_err() {
        let _ = fs::remove_file(&staged);
    }
    named?;
    sync_folder_of(path)
}

fn time_of(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(time.0).unwrap_or(0))
}

/// Microseconds of a time of a file.
fn timestamp_of(time: SystemTime) -> Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
