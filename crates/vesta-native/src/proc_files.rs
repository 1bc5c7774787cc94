//! Files under `/proc`, read with a bound.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where `/proc` is.
#[derive(Clone, Debug)]
pub(crate) struct ProcFiles {
    root: Arc<Path>,
}

impl ProcFiles {
    pub(crate) fn new(root: &Path) -> Self {
        ProcFiles { root: root.into() }
    }

    /// `/proc/PID/name`.
    pub(crate) fn path(&self, pid: u32, name: &str) -> PathBuf {
        self.root.join(pid.to_string()).join(name)
    }

    /// `/proc/name`.
    pub(crate) fn system(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// A path of the process, through its own root.
    pub(crate) fn within(&self, pid: u32, path: &str) -> PathBuf {
        self.path(pid, "root").join(path.trim_start_matches('/'))
    }

    /// At most `limit` bytes of `/proc/PID/name`.
    pub(crate) fn read(&self, pid: u32, name: &str, limit: u64) -> std::io::Result<Vec<u8>> {
        read_bounded(&self.path(pid, name), limit)
    }

    /// The text of a small file.
    pub(crate) fn text(&self, pid: u32, name: &str) -> Option<String> {
        let bytes = self.read(pid, name, 64 << 10).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The name of a process or thread as the kernel has it.
    pub(crate) fn comm(&self, pid: u32, tid: u32) -> Option<String> {
        let text = self.text(pid, &format!("task/{tid}/comm"))?;
        Some(text.trim_end_matches('\n').to_owned())
    }

    /// The file that the process runs, without what the kernel adds when it is deleted.
    pub(crate) fn executable(&self, pid: u32) -> Option<String> {
        let link = std::fs::read_link(self.path(pid, "exe")).ok()?;
        let text = link.to_string_lossy();
        Some(text.strip_suffix(" (deleted)").unwrap_or(&text).to_owned())
    }

    /// The threads of a process.
    pub(crate) fn threads(&self, pid: u32) -> Vec<u32> {
        let Ok(entries) = std::fs::read_dir(self.path(pid, "task")) else { return Vec::new() };
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
    }

    /// Whether any thread of the process can still run. A process whose parent has not looked is there, but dead.
    pub(crate) fn is_alive(&self, pid: u32) -> bool {
        let Some(stat) = self.text(pid, "stat") else { return false };
        let state = stat.rfind(')').and_then(|at| stat.get(at + 2..at + 3)).unwrap_or("X");
        !matches!(state, "Z" | "X") || self.threads(pid).len() > 1
    }

    /// The number of the process in its own pid namespace.
    pub(crate) fn own_pid(&self, pid: u32) -> Option<u32> {
        let status = self.text(pid, "status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("NSpid:"))?;
        line.split_ascii_whitespace().last()?.parse().ok()
    }
}

/// At most `limit` bytes of a file, which may say that it has no size.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A regular file, opened so that nothing else at this path can block or get a terminal.
pub(crate) fn open_regular(path: &Path) -> std::io::Result<(File, std::fs::Metadata)> {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC)
        .open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(std::io::ErrorKind::InvalidInput.into()) }
}
