//! Storage: one object store for everything, and a folder of this machine behind it that keeps what it is told.
//!
//! `object_store::local` does not `fsync`: after a power cut a file it has put may be empty. A list of files or a
//! table must not say more than the disk holds, so [`DurableFolder`] writes, syncs, and only then gives a file its
//! name, and syncs the folder after.

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder of this machine as an object store whose writes survive a power cut.
#[derive(Debug)]
pub(crate) struct DurableFolder {
    files: LocalFileSystem,
    root: PathBuf,
    staged: AtomicU64,
}

/// Bytes of a disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DiskSpace {
    pub(crate) total: u64,
    pub(crate) free: u64,
}

impl DurableFolder {
    /// The folder `root`, which must exist. Paths of objects are relative to it.
    pub(crate) fn new(root: &FilePath) -> Result<Self> {
        let files = LocalFileSystem::new_with_prefix(root)?.with_automatic_cleanup(false);
        Ok(DurableFolder { files, root: root.to_owned(), staged: AtomicU64::new(0) })
    }

    /// The whole file system. Paths of objects are absolute ones.
    pub(crate) fn everything() -> Self {
        DurableFolder { files: LocalFileSystem::new(), root: PathBuf::from("/"), staged: AtomicU64::new(0) }
    }

    fn file_of(&self, location: &Path) -> PathBuf {
        self.root.join(location.as_ref())
    }

    /// Files that end in `#` and a number are not listed by `LocalFileSystem`.
    fn staging_file_of(&self, file: &FilePath) -> PathBuf {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}#{}", std::process::id(), self.staged.fetch_add(1, Ordering::Relaxed)));
        file.with_file_name(name)
    }
}

impl std::fmt::Display for DurableFolder {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "DurableFolder({})", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for DurableFolder {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let file = self.file_of(location);
        let staged = self.staging_file_of(&file);
        let must_be_new = matches!(options.mode, PutMode::Create);
        if matches!(options.mode, PutMode::Update(_)) {
            return self.files.put_opts(location, payload, options).await;
        }
        blocking(location, move || put(&file, &staged, &payload, must_be_new)).await?;
        Ok(PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        let file = self.file_of(location);
        if let Some(folder) = file.parent() {
            create_folders(folder).map_err(|error| generic(location, error))?;
        }
        let inner = self.files.put_multipart_opts(location, options).await?;
        Ok(Box::new(DurableUpload { inner, location: location.clone(), file }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    async fn get_ranges(
        &self,
        location: &Path,
        ranges: &[std::ops::Range<u64>],
    ) -> Result<Vec<bytes::Bytes>> {
        self.files.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}

/// A large file in parts. It has its name before it is synced; nothing lists it until `complete` returns.
#[derive(Debug)]
struct DurableUpload {
    inner: Box<dyn MultipartUpload>,
    location: Path,
    file: PathBuf,
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        let file = self.file.clone();
        blocking(&self.location, move || {
            File::open(&file)?.sync_all()?;
            sync_folder_of(&file)
        })
        .await?;
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

fn put(file: &FilePath, staged: &FilePath, payload: &PutPayload, must_be_new: bool) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        create_folders(folder)?;
    }
    let named = write_synced(staged, payload)
        .and_then(|()| if must_be_new { fs::hard_link(staged, file) } else { fs::rename(staged, file) });
    if must_be_new || named.is_err() {
        // Best effort: a leftover is not listed, and the next start removes it.
        let _ = fs::remove_file(staged);
    }
    named?;
    sync_folder_of(file)
}

fn write_synced(file: &FilePath, payload: &PutPayload) -> io::Result<()> {
    let mut file = create_file(file)?;
    payload.iter().try_for_each(|chunk| file.write_all(chunk))?;
    file.sync_all()
}

/// Creates a new file that only this user may read.
pub(crate) fn create_file(file: &FilePath) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)
}

/// Creates a folder that only this user may read, and those above it, and makes their names durable.
pub(crate) fn create_folders(folder: &FilePath) -> io::Result<()> {
    // The folder above a relative path of one name is the empty path: the folder that the process runs in.
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    if let Some(above) = folder.parent() {
        create_folders(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder_of(folder),
    }
}

/// Makes the name of a file or folder durable.
pub(crate) fn sync_folder_of(file: &FilePath) -> io::Result<()> {
    match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => File::open(".")?.sync_all(),
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// How large the disk under a folder is.
pub(crate) fn disk_space(folder: &FilePath) -> io::Result<DiskSpace> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(DiskSpace {
        total: disk.f_blocks.saturating_mul(disk.f_frsize),
        free: disk.f_bavail.saturating_mul(disk.f_frsize),
    })
}

/// Whether an error says that there is no room.
pub(crate) fn is_disk_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

async fn blocking(location: &Path, task: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<()> {
    match tokio::task::spawn_blocking(task).await {
        Ok(result) => result.map_err(|error| generic(location, error)),
        Err(error) => Err(Error::JoinError { source: error }),
    }
}

fn generic(location: &Path, error: io::Error) -> Error {
    let path = location.to_string();
    match error.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: Box::new(error) },
        ErrorKind::NotFound => Error::NotFound { path, source: Box::new(error) },
        ErrorKind::PermissionDenied => Error::PermissionDenied { path, source: Box::new(error) },
        _ => Error::Generic { store: "folder", source: Box::new(error) },
    }
}

/// The storage of one Vesta store.
#[derive(Clone, Debug)]
pub(crate) struct Storage {
    /// The folder, for the log that is appended to, and for the size of the disk.
    pub(crate) root: Arc<FilePath>,
    /// Everything in it, by paths relative to it.
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The file system, by absolute paths: what Delta Lake asks for.
    pub(crate) absolute: Arc<dyn ObjectStore>,
}

impl Storage {
    /// Opens a folder that exists.
    pub(crate) fn open(root: &FilePath) -> Result<Storage> {
        let root = root.canonicalize().map_err(|error| generic(&Path::default(), error))?;
        Ok(Storage {
            objects: Arc::new(DurableFolder::new(&root)?),
            absolute: Arc::new(DurableFolder::everything()),
            root: root.into(),
        })
    }
}
