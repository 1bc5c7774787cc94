//! Reads unwind tables on a thread of its own, so that rings are emptied all the while.

use crate::clock::{CpuMeter, thread_cpu_ns};
use crate::module::{Module, Tables, lock};
use crate::system::become_profiler_thread;
use hashbrown::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, Weak};
use std::thread::JoinHandle;
use vesta_symbols::{SectionData, UnwindSections};
use vesta_unwind::{Section, Sections, UnwindInfo};

/// A thread that loads the tables of modules.
#[derive(Debug)]
pub(crate) struct Loader {
    sender: Option<Sender<Arc<Module>>>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Counts what was loaded.
    generation: AtomicU64,
    failures: Mutex<Vec<String>>,
}

impl Loader {
    pub(crate) fn start(meter: CpuMeter) -> std::io::Result<Loader> {
        let (sender, receiver) = channel();
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("vesta-tables".to_owned())
            .stack_size(1 << 20)
            .spawn(move || work(&receiver, &of_thread, &meter))?;
        Ok(Loader { sender: Some(sender), thread: Some(thread), shared })
    }

    /// Has the tables of a module loaded, unless they are there or on their way.
    pub(crate) fn request(&self, module: &Arc<Module>) {
        if !module.begin_loading() {
            return;
        }
        let sent = self.sender.as_ref().is_some_and(|sender| sender.send(module.clone()).is_ok());
        if !sent {
            module.set_tables(Tables::Failed);
        }
    }

    /// Changes whenever tables have come or gone.
    pub(crate) fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::Acquire)
    }

    /// Tables have gone.
    pub(crate) fn bump(&self) {
        self.shared.generation.fetch_add(1, Ordering::Release);
    }

    /// What could not be read since the last call.
    pub(crate) fn take_failures(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared.failures))
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.sender = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing to say that its modules do not.
            let _ = thread.join();
        }
    }
}

fn work(receiver: &Receiver<Arc<Module>>, shared: &Shared, meter: &CpuMeter) {
    become_profiler_thread();
    let mut cpu = thread_cpu_ns();
    // The same library in every container is one table.
    let mut by_build_id: HashMap<(String, u64), Weak<UnwindInfo>> = HashMap::new();
    while let Ok(module) = receiver.recv() {
        let tables = match load(&module, &mut by_build_id) {
            Ok(info) => Tables::Ready(info),
            Err(reason) => {
                let mut failures = lock(&shared.failures);
                if failures.len() < 1000 {
                    failures.push(reason);
                }
                Tables::Failed
            }
        };
        module.set_tables(tables);
        shared.generation.fetch_add(1, Ordering::Release);
        meter.add_since(&mut cpu);
        if by_build_id.len() > 4096 {
            by_build_id.retain(|_, info| info.strong_count() > 0);
        }
    }
}

fn load(
    module: &Module,
    by_build_id: &mut HashMap<(String, u64), Weak<UnwindInfo>>,
) -> Result<Arc<UnwindInfo>, String> {
    let elf = module.elf()?;
    let key = (module.headers(&elf).build_id.clone(), elf.size());
    if let Some(known) = by_build_id.get(&key).and_then(Weak::upgrade) {
        return Ok(known);
    }
    let sections = elf.unwind_sections().map_err(|error| error.to_string())?;
    let info = Arc::new(UnwindInfo::new(sections_of(sections)));
    by_build_id.insert(key, Arc::downgrade(&info));
    Ok(info)
}

fn sections_of(sections: UnwindSections) -> Sections {
    let section = |data: SectionData| Section { address: data.address, data: data.data };
    Sections {
        eh_frame: sections.eh_frame.map(section),
        eh_frame_hdr: sections.eh_frame_hdr.map(section),
        debug_frame: sections.debug_frame.map(section),
        gopclntab: sections.gopclntab.map(section),
        code: sections.code.map(section),
        text: sections.text,
        text_address: sections.go_text_start.unwrap_or(sections.text_address),
        got_address: sections.got_address,
    }
}
