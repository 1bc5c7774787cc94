//! A module: one executable or library file, however many processes map it.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use vesta_symbols::{ElfFile, Segment};
use vesta_unwind::UnwindInfo;

use crate::proc_files::open_regular;

/// What addresses are in: a module, the code that one process made at run time, the kernel, or nothing that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SourceId(pub(crate) u32);

impl SourceId {
    /// Addresses of the kernel.
    pub(crate) const KERNEL: SourceId = SourceId(0);
    /// Frames that stand for something that is missing; the offset says what.
    pub(crate) const MARKER: SourceId = SourceId(1);
    /// The first of those that are given out.
    pub(crate) const FIRST: SourceId = SourceId(16);
}

/// Which file it is, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

impl Identity {
    pub(crate) fn of(metadata: &std::fs::Metadata) -> Self {
        Identity {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// One executable or library.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) id: SourceId,
    /// As processes see it.
    pub(crate) path: String,
    pub(crate) is_vdso: bool,
    /// `None` when it could not be opened.
    identity: Option<Identity>,
    contents: Mutex<Contents>,
    headers: OnceLock<Headers>,
    tables: Mutex<Tables>,
    /// When an address of it was seen last, by the clock of samples.
    last_used_ns: AtomicU64,
    /// Where the file can be opened again: through the root of a process.
    reopen: Mutex<Option<PathBuf>>,
}

#[derive(Debug)]
enum Contents {
    /// Kept open: the file may be deleted, and the process with its root be gone.
    Open(File),
    /// Closed since too many are open.
    Closed,
    Bytes(Arc<[u8]>),
    Unreadable(String),
}

/// What is known of a module once its headers are read.
#[derive(Debug)]
pub(crate) struct Headers {
    pub(crate) build_id: String,
    pub(crate) segments: Vec<Segment>,
}

/// How to unwind its functions.
#[derive(Clone, Debug)]
pub(crate) enum Tables {
    /// Nobody asked yet, or they were dropped.
    Absent,
    /// Asked for.
    Loading,
    /// There.
    Ready(Arc<UnwindInfo>),
    /// There are none to be had.
    Failed,
}

impl Module {
    pub(crate) fn open(id: SourceId, path: String, opened: Opened) -> Self {
        let contents = Contents::Open(opened.file);
        let module = Self::new(id, path, Some(opened.identity), contents);
        *lock(&module.reopen) = Some(opened.path);
        module
    }

    pub(crate) fn unreadable(id: SourceId, path: String, reason: String) -> Self {
        let module = Self::new(id, path, None, Contents::Unreadable(reason));
        *lock(&module.tables) = Tables::Failed;
        module
    }

    /// Made of memory rather than of a file.
    pub(crate) fn vdso(id: SourceId, bytes: Arc<[u8]>) -> Self {
        Module { is_vdso: true, ..Self::new(id, "[vdso]".to_owned(), None, Contents::Bytes(bytes)) }
    }

    fn new(id: SourceId, path: String, identity: Option<Identity>, contents: Contents) -> Self {
        Module {
            id,
            path,
            is_vdso: false,
            identity,
            contents: Mutex::new(contents),
            headers: OnceLock::new(),
            tables: Mutex::new(Tables::Absent),
            last_used_ns: AtomicU64::new(0),
            reopen: Mutex::new(None),
        }
    }

    /// The file as an executable, opened again if it must be.
    pub(crate) fn elf(&self) -> Result<ElfFile, String> {
        match &*lock(&self.contents) {
            Contents::Open(file) => {
                let file = file.try_clone().map_err(|error| format!("cannot be read: {error}"))?;
                return ElfFile::open(file).map_err(|error| error.to_string());
            }
            Contents::Bytes(bytes) => {
                return ElfFile::from_bytes(bytes.to_vec()).map_err(|error| error.to_string());
            }
            Contents::Unreadable(reason) => return Err(reason.clone()),
            Contents::Closed => {}
        }
        let path = lock(&self.reopen).clone();
        let (file, metadata) = path
            .and_then(|path| open_regular(&path).ok())
            .ok_or_else(|| "cannot be opened again".to_owned())?;
        if Some(Identity::of(&metadata)) != self.identity {
            return Err("was replaced".to_owned());
        }
        ElfFile::open(file).map_err(|error| error.to_string())
    }

    /// Headers, read at the first call.
    pub(crate) fn headers(&self, elf: &ElfFile) -> &Headers {
        self.headers.get_or_init(|| Headers {
            build_id: elf.build_id().unwrap_or_default().to_owned(),
            segments: elf.segments().to_vec(),
        })
    }

    /// Headers, if they were read.
    pub(crate) fn known_headers(&self) -> Option<&Headers> {
        self.headers.get()
    }

    pub(crate) fn tables(&self) -> Tables {
        lock(&self.tables).clone()
    }

    pub(crate) fn set_tables(&self, tables: Tables) {
        *lock(&self.tables) = tables;
    }

    /// Whether the caller is the one to have the tables loaded.
    pub(crate) fn begin_loading(&self) -> bool {
        let mut tables = lock(&self.tables);
        let absent = matches!(*tables, Tables::Absent);
        if absent {
            *tables = Tables::Loading;
        }
        absent
    }

    /// Gives up the tables; they are loaded again when they are needed. How many bytes that frees.
    pub(crate) fn drop_tables(&self) -> usize {
        let mut tables = lock(&self.tables);
        let Tables::Ready(info) = &*tables else { return 0 };
        let bytes = info.heap_size();
        *tables = Tables::Absent;
        bytes
    }

    /// Whether the file is the one it was: a library that is overwritten in place keeps its inode.
    pub(crate) fn is_unchanged(&self) -> bool {
        match &*lock(&self.contents) {
            Contents::Open(file) => {
                file.metadata().is_ok_and(|now| Some(Identity::of(&now)) == self.identity)
            }
            Contents::Closed | Contents::Bytes(_) => true,
            Contents::Unreadable(_) => false,
        }
    }

    /// Why it cannot be read.
    pub(crate) fn failure(&self) -> Option<String> {
        match &*lock(&self.contents) {
            Contents::Unreadable(reason) => Some(reason.clone()),
            _ => None,
        }
    }

    pub(crate) fn identity(&self) -> Option<Identity> {
        self.identity
    }

    pub(crate) fn touch(&self, time_ns: u64) {
        self.last_used_ns.store(time_ns, Ordering::Relaxed);
    }

    pub(crate) fn last_used_ns(&self) -> u64 {
        self.last_used_ns.load(Ordering::Relaxed)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(&*lock(&self.contents), Contents::Open(_))
    }

    /// Closes the file.
    pub(crate) fn close(&self) {
        let mut contents = lock(&self.contents);
        if matches!(*contents, Contents::Open(_)) {
            *contents = Contents::Closed;
        }
    }

    /// Takes a file that was opened through another process, for when this one is gone.
    pub(crate) fn reopen_at(&self, opened: Opened) {
        let mut contents = lock(&self.contents);
        if matches!(*contents, Contents::Closed) {
            *contents = Contents::Open(opened.file);
        }
        *lock(&self.reopen) = Some(opened.path);
    }

    /// The root that its debug information is below: that of a process that maps it.
    pub(crate) fn root(&self) -> PathBuf {
        let reopen = lock(&self.reopen);
        let root = reopen.as_ref().and_then(|path| {
            let inner = self.path.trim_start_matches('/');
            path.to_str()?.strip_suffix(inner).map(PathBuf::from)
        });
        root.filter(|root| root.is_dir()).unwrap_or_else(|| PathBuf::from("/"))
    }
}

/// A file that was opened for a module.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) file: File,
    pub(crate) identity: Identity,
    pub(crate) inode: u64,
    pub(crate) path: PathBuf,
}

impl Opened {
    pub(crate) fn at(path: &Path) -> std::io::Result<Opened> {
        let (file, metadata) = open_regular(path)?;
        let identity = Identity::of(&metadata);
        Ok(Opened { file, identity, inode: metadata.ino(), path: path.to_owned() })
    }
}

/// The last part of a path.
pub(crate) fn base_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A lock that a panic elsewhere does not take away: what is in it is whole at any moment.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
