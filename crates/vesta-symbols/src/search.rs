//! Where debug information is looked for.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::elf::{BuildIdKind, ElfFile};
use crate::rooted;

/// Gets debug information from elsewhere, such as a debuginfod server.
pub trait Fetch: Send + Sync {
    /// The file with the debug information of a build id; `None` when the other side has none.
    fn debug_file(&self, build_id: &str) -> io::Result<Option<File>>;
}

/// What is looked for, and where.
#[derive(Clone)]
pub struct Search {
    /// The root of the paths: `/`, or `/proc/PID/root` for a process in a container. Symbolic links stay within it.
    pub root: PathBuf,
    /// The path of the module below the root.
    pub path: PathBuf,
    /// Whether to find files and lines.
    pub lines: bool,
    /// Whether to find inlined functions.
    pub inlines: bool,
    /// Debug information larger than this, decompressed, is left alone.
    pub max_debug_bytes: u64,
    /// Folders with debug information, below the root.
    pub debug_directories: Vec<PathBuf>,
    /// Gets what no folder has. Nothing leaves the machine without it.
    pub debuginfod: Option<Arc<dyn Fetch>>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            path: PathBuf::new(),
            lines: true,
            inlines: true,
            max_debug_bytes: 512 << 20,
            debug_directories: vec![PathBuf::from("/usr/lib/debug")],
            debuginfod: None,
        }
    }
}

impl fmt::Debug for Search {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Search")
            .field("root", &self.root)
            .field("path", &self.path)
            .field("lines", &self.lines)
            .field("inlines", &self.inlines)
            .field("max_debug_bytes", &self.max_debug_bytes)
            .field("debug_directories", &self.debug_directories)
            .field("debuginfod", &self.debuginfod.is_some())
            .finish()
    }
}

impl Search {
    /// The file with the debug information of a module: by build id, then by the name that `strip` left, then from
    /// elsewhere. Only one that belongs to the module: with the same build id, or the CRC that `strip` left.
    pub(crate) fn debug_file(&self, elf: &ElfFile, problems: &mut Vec<crate::Problem>) -> Option<ElfFile> {
        let build_id = match elf.build_id_kind() {
            Some(BuildIdKind::Gnu) => elf.build_id(),
            _ => None,
        };
        if let Some(found) = build_id.and_then(|build_id| self.by_build_id(build_id)) {
            return Some(found);
        }
        if let Some((name, crc)) = elf.debuglink()
            && let Some(found) = self.by_name(elf, &name, crc)
        {
            return Some(found);
        }
        let fetched =
            self.debuginfod.as_ref().zip(build_id).map(|(fetch, build_id)| fetch.debug_file(build_id))?;
        match fetched {
            Ok(file) => ElfFile::open(file?).ok().filter(|found| found.build_id() == build_id),
            Err(error) => {
                problems.push(crate::Problem::new(format!("fetching debug information: {error}")));
                None
            }
        }
    }

    /// The file that `dwz` moved what several files share into.
    pub(crate) fn shared_file(&self, name: &str, build_id: &str) -> Option<ElfFile> {
        let named = self.open(&self.directory().join(name));
        let matches = |found: &ElfFile| found.build_id() == Some(build_id);
        named.filter(matches).or_else(|| self.by_build_id(build_id))
    }

    fn by_build_id(&self, build_id: &str) -> Option<ElfFile> {
        let (folder, rest) = build_id.split_at_checked(2)?;
        let name = format!(".build-id/{folder}/{rest}.debug");
        let files = self.debug_directories.iter().filter_map(|directory| self.open(&directory.join(&name)));
        files.into_iter().find(|found| found.build_id() == Some(build_id))
    }

    /// As gdb does: beside the module, in `.debug` beside it, and below each folder at the path of the module.
    fn by_name(&self, elf: &ElfFile, name: &str, crc: u32) -> Option<ElfFile> {
        let name = Path::new(name).file_name()?;
        let directory = self.directory();
        let below = directory.strip_prefix("/").unwrap_or(directory);
        let beside = [directory.join(name), directory.join(".debug").join(name)];
        let elsewhere = self.debug_directories.iter().map(|debug| debug.join(below).join(name));
        let files = beside.into_iter().chain(elsewhere).filter(|path| *path != self.path);
        files.filter_map(|path| self.open(&path)).find(|found| belongs(elf, found, crc))
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("/"))
    }

    fn open(&self, path: &Path) -> Option<ElfFile> {
        ElfFile::open(rooted::open(&self.root, path).ok()?).ok()
    }
}

fn belongs(elf: &ElfFile, found: &ElfFile, crc: u32) -> bool {
    let gnu = Some(BuildIdKind::Gnu);
    if elf.build_id_kind() == gnu && found.build_id_kind() == gnu {
        return elf.build_id() == found.build_id();
    }
    found.checksum().is_ok_and(|sum| sum == crc)
}
