//! All processes that are followed.

use crate::addresses::Address;
use crate::jit::Jit;
use crate::maps;
use crate::module::{SourceId, base_name};
use crate::modules::{MappedFile, Modules, without_deleted};
use crate::perf::{Comm, Exit, Fork, Mmap};
use crate::proc_files::ProcFiles;
use crate::process::Process;
use crate::space::{Code, Region, Space};
use hashbrown::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

/// Processes known by their mappings alone, without a sample, are kept up to this many.
const MAXIMUM_KNOWN: usize = 32_768;
/// Records of a process may come after its end, out of another ring.
const AFTER_END_NS: u64 = 1_000_000_000;
/// How often `/proc/PID/maps` is read at most, at first and after many readings.
const READING_PAUSE_NS: Range<u64> = 50_000_000..10_000_000_000;
/// 65,530 mappings of 150 bytes.
const MAXIMUM_MAPS: u64 = 16 << 20;

/// All processes that are followed.
#[derive(Debug)]
pub(crate) struct Processes {
    proc: ProcFiles,
    by_pid: HashMap<u32, Process>,
    maximum: Option<usize>,
    with_service: bool,
    jits: HashMap<SourceId, Arc<Jit>>,
    /// How many have samples.
    sampled: usize,
    pub(crate) counts: ProcessCounts,
}

/// What happened since the counts were taken.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ProcessCounts {
    pub(crate) new: u64,
    pub(crate) readings: u64,
    pub(crate) mappings: u64,
}

/// An executable mapping, whoever told of it.
struct NewMapping<'a> {
    range: Range<u64>,
    offset: u64,
    file: MappedFile<'a>,
}

impl Processes {
    pub(crate) fn new(proc: ProcFiles, maximum: Option<usize>, with_service: bool) -> Self {
        Processes {
            proc,
            by_pid: HashMap::new(),
            maximum,
            with_service,
            jits: HashMap::new(),
            sampled: 0,
            counts: ProcessCounts::default(),
        }
    }

    pub(crate) fn files(&self) -> &ProcFiles {
        &self.proc
    }

    pub(crate) fn with_service(&self) -> bool {
        self.with_service
    }

    /// How many have samples.
    pub(crate) fn sampled(&self) -> usize {
        self.sampled
    }

    pub(crate) fn fork(&mut self, fork: &Fork) {
        if fork.pid == fork.ppid {
            if let Some(process) = self.by_pid.get_mut(&fork.pid) {
                process.start_thread(fork.tid, fork.ptid);
            }
            return;
        }
        if self.by_pid.get(&fork.pid).is_some_and(|known| known.as_of_ns > fork.time_ns) {
            // Hooks told of it first, or it was read from `/proc` since.
            return;
        }
        let mut child = match self.by_pid.get(&fork.ppid) {
            Some(parent) => parent.fork(fork.pid, fork.ptid),
            None => Process::new(fork.pid),
        };
        child.as_of_ns = fork.time_ns;
        self.insert(child);
    }

    pub(crate) fn comm(&mut self, comm: &Comm<'_>) {
        let name = String::from_utf8_lossy(comm.name);
        if comm.is_exec && !self.by_pid.contains_key(&comm.pid) {
            self.insert(Process::new(comm.pid));
        }
        if let Some(process) = self.by_pid.get_mut(&comm.pid) {
            if comm.is_exec && process.as_of_ns <= comm.time_ns {
                process.exec();
            }
            process.rename(comm.tid, &name);
        }
    }

    pub(crate) fn exit(&mut self, exit: &Exit) {
        let Some(process) = self.by_pid.get_mut(&exit.pid) else { return };
        process.end_thread(exit.tid, exit.time_ns);
        if process.ended_ns.is_some() {
            // It stays for its last samples, but takes nobody's place.
            self.sampled -= usize::from(std::mem::take(&mut process.is_counted));
        }
    }

    pub(crate) fn mmap(&mut self, mmap: &Mmap<'_>, modules: &mut Modules) {
        let Some(end) = mmap.start.checked_add(mmap.length) else { return };
        if !mmap.executable || mmap.pid == u32::MAX {
            return;
        }
        let path = String::from_utf8_lossy(mmap.path);
        if !self.by_pid.contains_key(&mmap.pid) {
            // What was mapped before is not known: it is read when there is a sample.
            self.insert(Process::new(mmap.pid));
        }
        let Some(process) = self.by_pid.get_mut(&mmap.pid) else { return };
        if process.as_of_ns > mmap.time_ns {
            return;
        }
        let file = MappedFile {
            pid: mmap.pid,
            range: mmap.start..end,
            path: &path,
            device: mmap.device,
            inode: mmap.inode,
            generation: mmap.generation,
            build_id: mmap.build_id,
        };
        if process.expects_executable && path.starts_with('/') {
            process.set_executable(without_deleted(&path).to_owned());
        }
        let mapping = NewMapping { range: mmap.start..end, offset: mmap.offset, file };
        self.counts.mappings += 1;
        let region = region_of(process, mapping, modules, mmap.time_ns);
        Arc::make_mut(&mut process.space).insert(region);
    }

    /// The process of a sample. `None` when there are too many already.
    pub(crate) fn sampled_process(
        &mut self,
        pid: u32,
        modules: &mut Modules,
        now_ns: u64,
    ) -> Option<&mut Process> {
        let has_place = |process: &Process| process.is_counted || process.ended_ns.is_some();
        if !self.by_pid.get(&pid).is_some_and(has_place) {
            if self.maximum.is_some_and(|maximum| self.sampled >= maximum) {
                return None;
            }
            self.counts.new += 1;
            self.sampled += 1;
            self.by_pid.entry(pid).or_insert_with(|| Process::new(pid)).is_counted = true;
        }
        if self.by_pid.get(&pid).is_some_and(|process| !process.is_mapped) {
            self.read_maps(pid, modules, now_ns);
        }
        self.by_pid.get_mut(&pid)
    }

    /// Records were lost: what is known of processes may not hold any more, and is read again when there is a sample.
    pub(crate) fn doubt_all(&mut self) {
        self.by_pid.values_mut().for_each(Process::doubt);
    }

    /// A hook says that a process is a fork. The record of that may come later, when the process is gone: it has the
    /// mappings of its parent until then.
    pub(crate) fn forked(&mut self, pid: u32, parent: u32, time_ns: u64) {
        let is_known = self.by_pid.get(&pid).is_some_and(|known| known.ended_ns.is_none());
        if !is_known || !self.by_pid.get(&pid).is_some_and(|known| known.is_mapped) {
            self.fork(&Fork { time_ns, pid, ppid: parent, tid: pid, ptid: parent });
        }
    }

    /// A process runs another program, says a hook, and nothing else tells of its mappings.
    pub(crate) fn restart(&mut self, pid: u32) {
        self.insert(Process::new(pid));
    }

    pub(crate) fn get(&self, pid: u32) -> Option<&Process> {
        self.by_pid.get(&pid)
    }

    /// Reads what a process has mapped, unless that was done a moment ago. Whether it was.
    pub(crate) fn read_maps(&mut self, pid: u32, modules: &mut Modules, now_ns: u64) -> bool {
        let Some(process) = self.by_pid.get_mut(&pid) else { return false };
        if process.ended_ns.is_some() || now_ns < process.next_reading_ns {
            return false;
        }
        let pause = (process.reading_pause_ns * 2).clamp(READING_PAUSE_NS.start, READING_PAUSE_NS.end);
        process.reading_pause_ns = pause;
        process.next_reading_ns = now_ns.saturating_add(pause);
        self.counts.readings += 1;
        let Ok(text) = self.proc.read(pid, "maps", MAXIMUM_MAPS) else { return false };
        let mut space = Space::default();
        for line in maps::executable(&text) {
            let file = MappedFile {
                pid,
                range: line.range.clone(),
                path: &line.path,
                device: line.device,
                inode: line.inode,
                generation: 0,
                build_id: None,
            };
            self.counts.mappings += 1;
            let mapping = NewMapping { range: line.range.clone(), offset: line.offset, file };
            space.insert(region_of(process, mapping, modules, now_ns));
        }
        if space.regions().is_empty() {
            // A process at its end has none any more, but its last samples need those that it had.
            return false;
        }
        process.confirm_executable(&self.proc);
        if process.jit_dump.is_none() {
            process.jit_dump = maps::mapped_paths(&text).find_map(jit_dump_path);
        }
        process.space = Arc::new(space);
        process.is_mapped = true;
        process.as_of_ns = now_ns;
        true
    }

    /// An address in code that a process made at run time.
    pub(crate) fn jit_address(&mut self, pid: u32, address: u64, modules: &mut Modules) -> Option<Address> {
        let process = self.by_pid.get_mut(&pid)?;
        if process.jit.is_none() {
            let id = modules.next_id();
            let inherited = process.inherited_jit.clone();
            let jit = Arc::new(Jit::new(id, pid, &self.proc, inherited));
            self.jits.insert(id, jit.clone());
            process.jit = Some(jit);
        }
        let jit = process.jit.as_ref()?;
        if let Some(path) = &process.jit_dump {
            jit.set_dump(path);
        }
        Some(Address { source: jit.id(), offset: address })
    }

    pub(crate) fn jits(&self) -> &HashMap<SourceId, Arc<Jit>> {
        &self.jits
    }

    /// Forgets processes that are gone. Calls `gone` for each.
    pub(crate) fn tidy(&mut self, now_ns: u64, check_all: bool, mut gone: impl FnMut(u32)) {
        let (proc, sampled) = (&self.proc, &mut self.sampled);
        self.by_pid.retain(|&pid, process| {
            let ended = process.ended_ns.is_some_and(|at| now_ns.saturating_sub(at) > AFTER_END_NS);
            if (!ended && !check_all) || proc.is_alive(pid) {
                return true;
            }
            *sampled -= usize::from(process.is_counted);
            gone(pid);
            false
        });
        // A table that held thousands for a moment does not stay that large.
        if self.by_pid.capacity() > 1024 && self.by_pid.len() < self.by_pid.capacity() / 8 {
            self.by_pid.shrink_to(self.by_pid.len() * 2);
        }
    }

    /// Forgets the names of code that neither processes nor samples need.
    pub(crate) fn forget_jits(&mut self, referenced: &HashSet<SourceId>) {
        self.jits.retain(|id, jit| Arc::strong_count(jit) > 1 || referenced.contains(id));
    }

    fn insert(&mut self, process: Process) {
        if self.by_pid.len() < MAXIMUM_KNOWN || self.by_pid.contains_key(&process.pid) {
            let before = self.by_pid.insert(process.pid, process);
            self.sampled -= usize::from(before.is_some_and(|before| before.is_counted));
        }
    }
}

fn region_of(process: &mut Process, mapping: NewMapping<'_>, modules: &mut Modules, time_ns: u64) -> Region {
    let NewMapping { range, offset, file } = mapping;
    if let Some(path) = jit_dump_path(file.path.as_bytes()) {
        process.jit_dump = Some(path);
    }
    let code = match file.path {
        "[vdso]" => Code::Module(modules.vdso()),
        path if is_file(path) => Code::Module(modules.find(&file, time_ns)),
        _ => Code::Jit,
    };
    Region { range, offset, code }
}

/// Whether a mapping has a file with code: not memory under a name that looks like one.
fn is_file(path: &str) -> bool {
    let memory = ["//anon", "/memfd:", "/dev/", "/SYSV", "/anon_hugepage", "/[aio]"];
    path.starts_with('/')
        && !memory.iter().any(|prefix| path.starts_with(prefix))
        && jit_dump_path(path.as_bytes()).is_none()
}

/// The path, if its last part is `jit-PID.dump`.
fn jit_dump_path(path: &[u8]) -> Option<String> {
    let path = std::str::from_utf8(path).ok()?;
    let number = base_name(path).strip_prefix("jit-")?.strip_suffix(".dump")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| path.to_owned())
}
