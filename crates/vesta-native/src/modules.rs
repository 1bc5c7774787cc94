//! All modules, shared by the processes that map them.

use crate::module::{Identity, Module, Opened, SourceId, Tables};
use crate::proc_files::ProcFiles;
use hashbrown::{HashMap, HashSet};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// Modules that no process maps are kept up to this many in all, for the next process.
const MAXIMUM_MODULES: usize = 4096;

/// What is said of a mapping of a file.
#[derive(Clone, Debug)]
pub(crate) struct MappedFile<'a> {
    pub(crate) pid: u32,
    pub(crate) range: Range<u64>,
    pub(crate) path: &'a str,
    pub(crate) device: (u32, u32),
    pub(crate) inode: u64,
    pub(crate) generation: u64,
    pub(crate) build_id: Option<&'a [u8]>,
}

/// How a mapping names its file: enough to know it again without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Record {
    Inode { device: (u32, u32), inode: u64, generation: u64 },
    BuildId { id: Vec<u8>, path: String },
}

/// All modules.
#[derive(Debug)]
pub(crate) struct Modules {
    proc: ProcFiles,
    by_id: HashMap<SourceId, Arc<Module>>,
    by_record: HashMap<Record, Arc<Module>>,
    by_identity: HashMap<Identity, Arc<Module>>,
    vdso: Option<Arc<Module>>,
    next: u32,
    maximum_open: usize,
    table_bytes: usize,
    /// Counts mappings of files that could not be opened, by reason, until they are taken.
    failures: std::collections::BTreeMap<String, u64>,
}

impl Modules {
    pub(crate) fn new(proc: ProcFiles, table_bytes: usize) -> Self {
        Modules {
            proc,
            by_id: HashMap::new(),
            by_record: HashMap::new(),
            by_identity: HashMap::new(),
            vdso: None,
            next: SourceId::FIRST.0,
            maximum_open: maximum_open_files(),
            table_bytes,
            failures: std::collections::BTreeMap::new(),
        }
    }

    /// A number for something that has addresses of its own.
    pub(crate) fn next_id(&mut self) -> SourceId {
        let id = SourceId(self.next);
        self.next = self.next.wrapping_add(1).max(SourceId::FIRST.0);
        id
    }

    pub(crate) fn get(&self, id: SourceId) -> Option<&Arc<Module>> {
        self.by_id.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Why files could not be opened since the last call.
    pub(crate) fn take_failures(&mut self) -> std::collections::BTreeMap<String, u64> {
        std::mem::take(&mut self.failures)
    }

    /// The module of a mapping. A file that cannot be opened is a module too: frames get its name.
    pub(crate) fn find(&mut self, mapped: &MappedFile<'_>, time_ns: u64) -> Arc<Module> {
        let record = record_of(mapped);
        if let Some(known) = self.by_record.get(&record)
            && known.is_unchanged()
        {
            known.touch(time_ns);
            return known.clone();
        }
        let module = match self.open(mapped) {
            Ok(opened) => self.opened(mapped, opened),
            Err(reason) => self.unreadable(mapped, &record, reason),
        };
        module.touch(time_ns);
        self.by_record.insert(record, module.clone());
        module
    }

    /// The code that the kernel maps into every process, from this one.
    pub(crate) fn vdso(&mut self) -> Arc<Module> {
        if let Some(vdso) = &self.vdso {
            return vdso.clone();
        }
        let id = self.next_id();
        let module = Arc::new(match own_vdso() {
            Some(bytes) => Module::vdso(id, bytes),
            None => Module::unreadable(id, "[vdso]".to_owned(), "this process has none".to_owned()),
        });
        self.by_id.insert(id, module.clone());
        self.vdso = Some(module.clone());
        module
    }

    fn opened(&mut self, mapped: &MappedFile<'_>, opened: Opened) -> Arc<Module> {
        if let Some(known) = self.by_identity.get(&opened.identity) {
            known.reopen_at(opened);
            return known.clone();
        }
        let (id, identity) = (self.next_id(), opened.identity);
        let module = Arc::new(Module::open(id, without_deleted(mapped.path).to_owned(), opened));
        self.by_id.insert(id, module.clone());
        self.by_identity.insert(identity, module.clone());
        module
    }

    fn unreadable(&mut self, mapped: &MappedFile<'_>, record: &Record, reason: String) -> Arc<Module> {
        *self.failures.entry(reason.clone()).or_default() += 1;
        if let Some(known) = self.by_record.get(record)
            && known.failure().is_some()
        {
            return known.clone();
        }
        let id = self.next_id();
        let module = Arc::new(Module::unreadable(id, without_deleted(mapped.path).to_owned(), reason));
        self.by_id.insert(id, module.clone());
        module
    }

    /// Opens the file of a mapping, and no other that has its name by now.
    fn open(&self, mapped: &MappedFile<'_>) -> Result<Opened, String> {
        let pid = mapped.pid;
        let is_it = |opened: &Opened| mapped.inode == 0 || opened.inode == mapped.inode;
        let mut reason = None;
        if mapped.path.starts_with('/') && !mapped.path.ends_with(" (deleted)") {
            // The root of the process first, for containers; the own root when the process is gone already.
            for path in [self.proc.within(pid, mapped.path), mapped.path.into()] {
                match Opened::at(&path) {
                    Ok(opened) if is_it(&opened) => return Ok(opened),
                    Ok(_) => reason = Some("was replaced".to_owned()),
                    Err(error) => {
                        reason.get_or_insert_with(|| format!("cannot be opened: {}", error.kind()));
                    }
                }
            }
        }
        // These are the mapped files themselves, whatever became of their names.
        let Range { start, end } = mapped.range;
        let by_range = self.proc.path(pid, &format!("map_files/{start:x}-{end:x}"));
        for path in [self.proc.path(pid, "exe"), by_range] {
            if let Ok(opened) = Opened::at(&path)
                && is_it(&opened)
                && mapped.inode != 0
            {
                return Ok(opened);
            }
        }
        Err(reason.unwrap_or_else(|| "was deleted".to_owned()))
    }

    /// Keeps files, tables and modules within their bounds. `is_referenced` says what samples still need.
    pub(crate) fn tidy(&mut self, is_referenced: &dyn Fn(SourceId) -> bool) {
        if self.by_id.len() > MAXIMUM_MODULES {
            self.forget(is_referenced);
        }
        let mut open: Vec<&Arc<Module>> = self.by_id.values().filter(|module| module.is_open()).collect();
        if open.len() > self.maximum_open {
            open.sort_by_key(|module| module.last_used_ns());
            let too_many = open.len() - self.maximum_open;
            open.iter().take(too_many).for_each(|module| module.close());
        }
    }

    /// Drops the tables that were not used for longest until the rest fits. Whether any was dropped.
    pub(crate) fn limit_tables(&self) -> bool {
        let mut ready: Vec<(u64, usize, &Arc<Module>)> = Vec::new();
        for module in self.by_id.values() {
            if let Tables::Ready(info) = module.tables() {
                ready.push((module.last_used_ns(), info.heap_size(), module));
            }
        }
        let mut total: usize = ready.iter().map(|(_, bytes, _)| bytes).sum();
        if total <= self.table_bytes {
            return false;
        }
        ready.sort_by_key(|(last_used_ns, ..)| *last_used_ns);
        // Never the last: a single module beyond the bound would be loaded again and again.
        ready.pop();
        for (_, bytes, module) in ready {
            if total <= self.table_bytes {
                break;
            }
            module.drop_tables();
            total = total.saturating_sub(bytes);
        }
        true
    }

    /// Forgets modules that neither processes nor samples have, the longest unused first.
    fn forget(&mut self, is_referenced: &dyn Fn(SourceId) -> bool) {
        // Held by the three tables here; more holders are mappings of processes and samples that wait.
        let records =
            self.by_record.values().fold(HashMap::new(), |mut counts: HashMap<SourceId, usize>, module| {
                *counts.entry(module.id).or_default() += 1;
                counts
            });
        let mut unused: Vec<(u64, SourceId)> = Vec::new();
        for module in self.by_id.values() {
            let here =
                1 + usize::from(module.identity().is_some()) + records.get(&module.id).copied().unwrap_or(0);
            if Arc::strong_count(module) <= here && !is_referenced(module.id) {
                unused.push((module.last_used_ns(), module.id));
            }
        }
        unused.sort_unstable();
        // A tenth more than needed, so that this is not done for every new module.
        let too_many = (self.by_id.len() - MAXIMUM_MODULES) + MAXIMUM_MODULES / 10;
        let gone: HashSet<SourceId> = unused.into_iter().take(too_many).map(|(_, id)| id).collect();
        self.by_id.retain(|id, _| !gone.contains(id));
        self.by_record.retain(|_, module| !gone.contains(&module.id));
        self.by_identity.retain(|_, module| !gone.contains(&module.id));
    }
}

/// A path as it was before the file was deleted.
pub(crate) fn without_deleted(path: &str) -> &str {
    path.strip_suffix(" (deleted)").unwrap_or(path)
}

fn record_of(mapped: &MappedFile<'_>) -> Record {
    match mapped.build_id {
        Some(id) if mapped.inode == 0 => Record::BuildId { id: id.to_vec(), path: mapped.path.to_owned() },
        _ => Record::Inode { device: mapped.device, inode: mapped.inode, generation: mapped.generation },
    }
}

/// A quarter of what the process may open: the rest is for events and for the caller.
fn maximum_open_files() -> usize {
    (crate::system::maximum_files() / 4).clamp(32, 2048)
}

fn own_vdso() -> Option<Arc<[u8]>> {
    let text = std::fs::read("/proc/self/maps").ok()?;
    let line = crate::maps::executable(&text).into_iter().find(|line| line.path == "[vdso]")?;
    let size = usize::try_from(line.range.end - line.range.start).ok()?;
    let mut bytes = vec![0; size.min(1 << 20)];
    File::open("/proc/self/mem").ok()?.read_exact_at(&mut bytes, line.range.start).ok()?;
    Some(bytes.into())
}
