//! Names of code that a process makes at run time: perf maps and jitdump files.

use crate::module::{SourceId, lock};
use crate::proc_files::{ProcFiles, open_regular};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use vesta_symbols::{JitDump, PerfMap, Symbol};

/// The most that is read of a file of one process. Java's maps have some 200 KiB, Node's grow by megabytes an hour.
const MAXIMUM_BYTES: u64 = 256 << 20;
/// The most that is read at once: what is left comes with the next window.
const MAXIMUM_STEP: u64 = 64 << 20;

/// The code that one process made.
#[derive(Debug)]
pub(crate) struct Jit {
    id: SourceId,
    files: Mutex<Files>,
    /// What was there before it was forked off.
    inherited: Option<Arc<Jit>>,
}

#[derive(Debug, Default)]
struct Files {
    /// Where the perf map may be: in the root of the process and, when that is gone, in the own.
    map_paths: Vec<PathBuf>,
    map_file: Option<File>,
    map_read: u64,
    map: PerfMap,
    root: PathBuf,
    dump_path: Option<String>,
    dump_file: Option<File>,
    dump_read: u64,
    dump: JitDump,
}

impl Jit {
    pub(crate) fn new(id: SourceId, pid: u32, proc: &ProcFiles, inherited: Option<Arc<Jit>>) -> Self {
        let own_pid = proc.own_pid(pid).unwrap_or(pid);
        let map_paths = vec![
            proc.within(pid, &format!("/tmp/perf-{own_pid}.map")),
            PathBuf::from(format!("/tmp/perf-{pid}.map")),
        ];
        // Opened at once: its root goes away with the process, and short-lived ones are gone when names are needed.
        let map_file = map_paths.iter().find_map(|path| Some(open_regular(path).ok()?.0));
        let files = Files { map_paths, map_file, root: proc.path(pid, "root"), ..Files::default() };
        Jit { id, files: Mutex::new(files), inherited }
    }

    pub(crate) fn id(&self) -> SourceId {
        self.id
    }

    /// The process has mapped a jitdump file.
    pub(crate) fn set_dump(&self, path: &str) {
        let mut files = lock(&self.files);
        if files.dump_path.is_none() {
            files.dump_path = Some(path.to_owned());
            files.open_dump();
        }
    }

    /// Reads what was added to the files. Whether there was anything.
    pub(crate) fn refresh(&self) -> bool {
        let mut files = lock(&self.files);
        let map = files.read_map();
        let dump = files.read_dump();
        map || dump
    }

    /// The function with this address.
    pub(crate) fn resolve(&self, address: u64, out: &mut Vec<Symbol>) {
        let files = lock(&self.files);
        files.dump.resolve(address, out);
        if out.is_empty() {
            files.map.resolve(address, out);
        }
        drop(files);
        if let Some(inherited) = self.inherited.as_ref().filter(|_| out.is_empty()) {
            inherited.refresh();
            inherited.resolve(address, out);
        }
    }
}

impl Files {
    fn read_map(&mut self) -> bool {
        if self.map_file.is_none() {
            self.map_file = self.map_paths.iter().find_map(|path| Some(open_regular(path).ok()?.0));
        }
        let Some(file) = &self.map_file else { return false };
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        if size < self.map_read {
            // Written anew.
            (self.map, self.map_read) = (PerfMap::default(), 0);
        }
        let bytes = read_on(file, self.map_read, size);
        if bytes.is_empty() {
            return false;
        }
        self.map_read += bytes.len() as u64;
        self.map.append(&bytes);
        true
    }

    fn open_dump(&mut self) {
        let Some(path) = &self.dump_path else { return };
        let below = self.root.join(path.trim_start_matches('/'));
        self.dump_file =
            [below, PathBuf::from(path)].iter().find_map(|path| Some(open_regular(path).ok()?.0));
    }

    fn read_dump(&mut self) -> bool {
        if self.dump_file.is_none() {
            self.open_dump();
        }
        let Some(file) = &self.dump_file else { return false };
        let size = file.metadata().map_or(0, |metadata| metadata.len());
        let bytes = read_on(file, self.dump_read, size);
        self.dump_read += bytes.len() as u64;
        self.dump.append(&bytes);
        !bytes.is_empty()
    }
}

fn read_on(file: &File, from: u64, size: u64) -> Vec<u8> {
    let end = size.min(MAXIMUM_BYTES).min(from.saturating_add(MAXIMUM_STEP));
    let length = usize::try_from(end.saturating_sub(from)).unwrap_or(0);
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, from + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    bytes.truncate(filled);
    bytes
}
