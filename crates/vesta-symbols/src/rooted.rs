//! Opens files below a root as a process with that root would: symbolic links and `..` never lead out of it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags};

/// As the kernel's.
const MAX_LINKS: usize = 40;
/// Paths have at most 4,096 bytes, and links may lengthen them.
const MAX_COMPONENTS: usize = 4_096;

/// Opens a file for reading. A path that is not absolute is taken from the root as well. Each component is opened by
/// itself without following links, so that nobody can put a link in its place in between. (`openat2` would do, but
/// older container runtimes forbid it.)
pub(crate) fn open(root: &Path, path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    if root == Path::new("/") {
        return regular(rustix::fs::open(Path::new("/").join(path), flags, Mode::empty())?);
    }
    let mut walk = Walk::new(root, path)?;
    while let Some(name) = walk.left.pop_front() {
        let step = rustix::fs::openat(
            walk.here()?,
            &name,
            OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let is_last = walk.left.is_empty();
        match FileType::from_raw_mode(rustix::fs::fstat(&step)?.st_mode) {
            FileType::Symlink => walk.follow(&step)?,
            FileType::Directory => walk.enter(step)?,
            FileType::RegularFile if is_last => {
                // Still the same file, since links are not followed and a pipe does not block.
                return regular(rustix::fs::openat(
                    walk.here()?,
                    &name,
                    flags | OFlags::NOFOLLOW,
                    Mode::empty(),
                )?);
            }
            _ => return Err(io::ErrorKind::NotADirectory.into()),
        }
        walk.skip_dots();
    }
    Err(io::ErrorKind::IsADirectory.into())
}

struct Walk {
    /// The folders on the way, of which the first is the root.
    folders: Vec<OwnedFd>,
    left: VecDeque<OsString>,
    links: usize,
}

impl Walk {
    fn new(root: &Path, path: &Path) -> io::Result<Self> {
        let root = rustix::fs::open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let mut walk = Self { folders: vec![root], left: VecDeque::new(), links: 0 };
        walk.prepend(path)?;
        walk.skip_dots();
        Ok(walk)
    }

    fn here(&self) -> io::Result<&OwnedFd> {
        self.folders.last().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn enter(&mut self, folder: OwnedFd) -> io::Result<()> {
        // Each takes a descriptor.
        if self.folders.len() >= 128 {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        self.folders.push(folder);
        Ok(())
    }

    fn follow(&mut self, link: &OwnedFd) -> io::Result<()> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(io::Error::other("more than 40 symbolic links"));
        }
        let target = rustix::fs::readlinkat(link, "", Vec::new())?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        self.prepend(&target)
    }

    fn prepend(&mut self, path: &Path) -> io::Result<()> {
        if path.is_absolute() {
            self.folders.truncate(1);
        }
        for component in path.components().rev() {
            match component {
                Component::Normal(name) => self.left.push_front(name.to_owned()),
                Component::ParentDir => self.left.push_front(OsString::from("..")),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
            }
        }
        if self.left.len() > MAX_COMPONENTS {
            return Err(io::ErrorKind::InvalidFilename.into());
        }
        Ok(())
    }

    /// Goes up as often as the path says next, but never above the root.
    fn skip_dots(&mut self) {
        while self.left.front().is_some_and(|name| name == "..") {
            self.left.pop_front();
            if self.folders.len() > 1 {
                self.folders.pop();
            }
        }
    }
}

fn regular(file: OwnedFd) -> io::Result<File> {
    match FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) {
        FileType::RegularFile => Ok(File::from(file)),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
