//! From records and events of hooks to the samples of a window.

use crate::addresses::{Address, Marker};
use crate::aggregation::{Aggregation, Owner};
use crate::clock::{CpuMeter, monotonic_ns};
use crate::column::{Column, Columns, Values};
use crate::event_spec::{EventKind, EventSpec};
use crate::kernel_symbols::KernelSymbols;
use crate::live_heap::{LiveHeap, Site, Ticket};
use crate::loader::Loader;
use crate::module::{Module, SourceId, Tables};
use crate::modules::Modules;
use crate::names::Sources;
use crate::perf::{Record, Sample};
use crate::proc_files::ProcFiles;
use crate::process::Program;
use crate::processes::Processes;
use crate::profiles::Spaces;
use crate::space::{Code, Space};
use crate::{EngineOptions, Statistics};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;
use vesta_hooks::{Allocation, Event, LockWait, Place, ProcessStart, StartCause};
use vesta_unwind::{End, Registers, Stack, Unwinder, Why};

/// Kernel frames of a sample; the kernel's own bound is 127.
const MAXIMUM_KERNEL_FRAMES: usize = 256;

/// All that is known while events are taken.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) options: EngineOptions,
    events: Vec<EventSpec>,
    labels: Vec<Arc<str>>,
    pub(crate) processes: Processes,
    pub(crate) modules: Modules,
    pub(crate) loader: Loader,
    unwinder: Unwinder,
    columns: Columns,
    pub(crate) aggregation: Aggregation,
    pub(crate) live: LiveHeap,
    pub(crate) statistics: Statistics,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    /// Of the tables that samples in `waiting` were tried with.
    tried_generation: u64,
    /// The host's, or the targets and what they start.
    targets: Targets,
    kernel_is_named: bool,
    /// Whether records of the kernel tell of processes; without them, hooks do.
    has_records: bool,
    over_limit: Arc<Program>,
    allocation_remainder: f64,
    lock_remainder: f64,
    addresses: Vec<u64>,
    frames: Vec<Address>,
}

/// Whose end is the end of the session.
#[derive(Debug)]
pub(crate) enum Targets {
    Host,
    /// By pid, since when nothing of it is left in `/proc`.
    Processes(HashMap<u32, Option<u64>>),
}

/// A sample as it comes.
struct Raw<'a> {
    pid: u32,
    tid: u32,
    place: RawPlace<'a>,
    values: Values,
    label: Arc<str>,
    /// The object that was allocated.
    ticket: Option<Ticket>,
}

#[derive(Clone, Copy)]
struct RawPlace<'a> {
    time_ns: u64,
    kernel: &'a [u64],
    registers: Option<Registers>,
    stack: Stack<'a>,
}

/// A sample that is kept until the tables of a module are there, with the mappings as they were.
#[derive(Debug)]
struct Waiting {
    owner: Owner,
    space: Arc<Space>,
    module: Arc<Module>,
    time_ns: u64,
    kernel: Box<[u64]>,
    registers: Option<Registers>,
    stack_start: u64,
    stack: Box<[u8]>,
    values: Values,
    ticket: Option<Ticket>,
}

/// What an unwind needs before it is worth anything.
enum Need {
    Nothing,
    /// Tables of a module.
    Tables(Arc<Module>),
    /// A mapping that nobody told of.
    Mapping,
}

impl Engine {
    pub(crate) fn new(
        options: EngineOptions,
        events: Vec<EventSpec>,
        columns: Columns,
        targets: Targets,
        has_records: bool,
        meter: CpuMeter,
    ) -> std::io::Result<Engine> {
        let proc = ProcFiles::new(&options.proc);
        let kernel_is_named = options.symbols.enabled && KernelSymbols::are_readable(&proc);
        let modules = Modules::new(proc.clone(), options.unwind_table_bytes);
        let processes = Processes::new(proc, options.maximum_pids, options.split_by_service);
        let aggregation = Aggregation::new(columns.clone(), maximum_timed(&options));
        let live = LiveHeap::new(options.maximum_live_objects);
        let over_limit =
            Program { pid: 0, executable: String::new(), name: String::new(), details: Arc::default() };
        let labels = events.iter().map(|event| label_of(event).into()).collect();
        Ok(Engine {
            options,
            events,
            labels,
            processes,
            modules,
            loader: Loader::start(meter)?,
            unwinder: Unwinder::new(),
            columns,
            aggregation,
            live,
            statistics: Statistics::default(),
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            tried_generation: 0,
            targets,
            kernel_is_named,
            has_records,
            over_limit: Arc::new(over_limit),
            allocation_remainder: 0.0,
            lock_remainder: 0.0,
            addresses: Vec::new(),
            frames: Vec::new(),
        })
    }

    /// Takes a record of the kernel.
    pub(crate) fn record(&mut self, record: &Record<'_>) {
        self.statistics.events += 1;
        match record {
            Record::Sample(sample) => self.kernel_sample(sample),
            Record::Mmap(mmap) => self.processes.mmap(mmap, &mut self.modules),
            Record::Comm(comm) => {
                self.processes.comm(comm);
                if comm.is_exec {
                    self.live.forget(comm.pid, comm.time_ns);
                }
            }
            Record::Fork(fork) => {
                self.processes.fork(fork);
                if let Targets::Processes(targets) = &mut self.targets
                    && targets.contains_key(&fork.ppid)
                {
                    targets.insert(fork.pid, None);
                }
            }
            Record::Exit(exit) => self.processes.exit(exit),
            // Whatever processes did meanwhile is not known.
            Record::Lost(_) => self.processes.doubt_all(),
            _ => {}
        }
    }

    /// Takes an event of a hook.
    pub(crate) fn hook_event(&mut self, event: &Event<'_>) {
        self.statistics.events += 1;
        match event {
            Event::Allocation(allocation) => self.allocation(allocation),
            Event::Free(free) => self.live.free(free.pid, free.address, free.time_ns),
            Event::Lock(wait) => self.lock_wait(wait),
            Event::ProcessStart(start) => self.process_start(start),
            Event::LiveReset { pid, time_ns } => self.live.forget(*pid, *time_ns),
        }
    }

    /// Unwinds the samples whose tables came in between; `force` those too that still wait.
    pub(crate) fn retry_waiting(&mut self, force: bool) {
        let generation = self.loader.generation();
        if self.waiting.is_empty() || (generation == self.tried_generation && !force) {
            return;
        }
        self.tried_generation = generation;
        self.waiting_bytes = 0;
        for waiting in std::mem::take(&mut self.waiting) {
            if force || !matches!(waiting.module.tables(), Tables::Loading) {
                self.retry(waiting, force);
            } else {
                self.keep_waiting(waiting);
            }
        }
    }

    /// Whether samples wait for tables.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether any target is left, as far as records up to `until_ns` tell.
    pub(crate) fn targets_alive(&mut self, until_ns: u64) -> bool {
        let Targets::Processes(targets) = &mut self.targets else { return true };
        let processes = &self.processes;
        // A process is asked only when its first thread ended, or nothing tells of its end. One that is gone may have
        // started others: it is let go when all records of its time are taken.
        targets.retain(|&pid, gone_ns| {
            let goes_on = processes.get(pid).is_some_and(|process| process.ended_ns.is_none());
            if (goes_on && self.has_records) || processes.files().is_alive(pid) {
                *gone_ns = None;
                return true;
            }
            *gone_ns.get_or_insert_with(monotonic_ns) > until_ns
        });
        !targets.is_empty()
    }

    /// Whether all targets are gone, but not all records of their time are taken.
    pub(crate) fn is_ending(&self) -> bool {
        matches!(&self.targets, Targets::Processes(targets) if targets.values().all(Option::is_some))
    }

    pub(crate) fn is_target(&self, pid: u32) -> bool {
        matches!(&self.targets, Targets::Processes(targets) if targets.contains_key(&pid))
    }

    pub(crate) fn add_target(&mut self, pid: u32) {
        if let Targets::Processes(targets) = &mut self.targets {
            targets.insert(pid, None);
        }
    }

    /// Reads what processes have mapped that run already, so that their first samples do not wait for it.
    pub(crate) fn read_running(&mut self, pids: &[u32]) {
        let now_ns = monotonic_ns();
        for &pid in pids {
            self.processes.restart(pid);
            self.processes.read_maps(pid, &mut self.modules, now_ns);
        }
    }

    /// Forgets what is gone; about once a second.
    pub(crate) fn tidy(&mut self, check_all: bool) {
        let now_ns = monotonic_ns();
        let live = &mut self.live;
        self.processes.tidy(now_ns, check_all, |pid| live.forget(pid, now_ns));
        if self.modules.limit_tables() {
            self.loader.bump();
        }
    }

    /// Adds what is on the live heap to the window.
    pub(crate) fn add_live_heap(&mut self) {
        if !self.columns.has(Column::InuseSpace) {
            return;
        }
        for (site, (bytes, objects)) in self.live.sums() {
            let values = [
                Some((Column::InuseSpace, rounded(bytes))),
                Some((Column::InuseObjects, rounded(objects))),
                None,
            ];
            self.aggregation.add(&site.owner, &site.stack, values, None);
        }
    }

    /// Ends the window: what is in it, and what its addresses refer to.
    pub(crate) fn take_window(&mut self) -> (Aggregation, Sources, Spaces) {
        let next = Aggregation::new(self.columns.clone(), maximum_timed(&self.options));
        let aggregation = std::mem::replace(&mut self.aggregation, next);
        let mut sources = Sources::default();
        for address in aggregation.stacks.addresses() {
            if let Some(module) = self.modules.get(address.source) {
                sources.modules.entry(address.source).or_insert_with(|| module.clone());
            } else if let Some(jit) = self.processes.jits().get(&address.source) {
                sources.jits.entry(address.source).or_insert_with(|| jit.clone());
            }
        }
        let mut spaces = Spaces::new();
        for program in &aggregation.programs {
            if let Some(process) = self.processes.get(program.pid) {
                spaces.insert(program.pid, process.space.clone());
            }
        }
        (aggregation, sources, spaces)
    }

    /// Drops modules and names that nothing needs any more; after a window.
    pub(crate) fn forget_unused(&mut self) {
        let mut referenced = self.live.sources();
        referenced.extend(self.aggregation.stacks.addresses().iter().map(|address| address.source));
        self.modules.tidy(&|id| referenced.contains(&id));
        self.processes.forget_jits(&referenced);
    }

    fn kernel_sample(&mut self, sample: &Sample<'_>) {
        let Some(spec) = self.events.get(sample.event) else { return };
        let value = saturated(spec.value_of(sample.period, sample.registers.as_ref(), sample.raw));
        let values = match spec.kind {
            EventKind::CpuTime => [
                Some((Column::CpuTime, value)),
                Some((Column::CpuSamples, 1)),
                Some((Column::WallTime, value)),
            ],
            EventKind::OffCpu => [Some((Column::OffCpuTime, value)), Some((Column::WallTime, value)), None],
            _ => [Some((Column::Tracepoint, value)), None, None],
        };
        let label = self.labels.get(sample.event).cloned().unwrap_or_default();
        let place = RawPlace {
            time_ns: sample.time_ns,
            kernel: sample.kernel,
            registers: sample.registers,
            stack: Stack { start: sample.stack_start, bytes: sample.stack },
        };
        self.sample(&Raw { pid: sample.pid, tid: sample.tid, place, values, label, ticket: None });
    }

    fn allocation(&mut self, allocation: &Allocation<'_>) {
        let (pid, time_ns) = (allocation.place.pid, allocation.place.time_ns);
        let (bytes, objects) = (sane(allocation.weight_bytes()), sane(allocation.weight));
        let ticket = if allocation.tracked && self.columns.has(Column::InuseSpace) {
            self.live.allocate(pid, allocation.address, time_ns, (bytes, objects))
        } else {
            None
        };
        let count = whole(objects, &mut self.allocation_remainder);
        let values = [Some((Column::AllocSpace, rounded(bytes))), Some((Column::AllocSamples, count)), None];
        self.hook_sample(&allocation.place, values, ticket);
    }

    fn lock_wait(&mut self, wait: &LockWait<'_>) {
        let weight = sane(wait.weight);
        #[expect(clippy::cast_precision_loss, reason = "a sampled wait is approximate by nature")]
        let waited = rounded(sane(wait.wait_ns as f64 * weight));
        let count = whole(weight, &mut self.lock_remainder);
        self.hook_sample(
            &wait.place,
            [Some((Column::LockWait, waited)), Some((Column::LockAcquire, count)), None],
            None,
        );
    }

    fn hook_sample(&mut self, place: &Place<'_>, values: Values, ticket: Option<Ticket>) {
        let raw = RawPlace {
            time_ns: place.time_ns,
            kernel: &[],
            registers: registers_of(place.registers),
            stack: Stack { start: place.stack_start, bytes: place.stack },
        };
        self.sample(&Raw { pid: place.pid, tid: place.tid, place: raw, values, label: "".into(), ticket });
    }

    fn process_start(&mut self, start: &ProcessStart) {
        let ProcessStart { pid, parent, time_ns, cause } = *start;
        match cause {
            StartCause::Started => return,
            StartCause::Exec if self.has_records => {}
            StartCause::Exec => self.processes.restart(pid),
            StartCause::Fork => self.processes.forked(pid, parent, time_ns),
        }
        self.live.forget(pid, time_ns);
    }

    fn sample(&mut self, raw: &Raw<'_>) {
        let place = &raw.place;
        self.statistics.samples += 1;
        self.statistics.stack_bytes += place.stack.bytes.len() as u64;
        let now_ns = monotonic_ns();
        let with_service = self.processes.with_service();
        let files = self.processes.files().clone();
        let Some(process) = self.processes.sampled_process(raw.pid, &mut self.modules, now_ns) else {
            return self.sample_over_limit(raw);
        };
        let owner = Owner {
            program: process.program(&files, with_service),
            tid: raw.tid,
            thread_name: process.thread_name(&files, raw.tid),
            label: raw.label.clone(),
        };
        let mut space = process.space.clone();
        let mut need = self.unwind(&owner, &space, place, false);
        if matches!(need, Need::Mapping) {
            if self.processes.read_maps(raw.pid, &mut self.modules, now_ns)
                && let Some(process) = self.processes.get(raw.pid)
            {
                space = process.space.clone();
            }
            need = self.unwind(&owner, &space, place, false);
        }
        match need {
            Need::Tables(module) => {
                self.statistics.waited += 1;
                self.wait(Waiting {
                    owner,
                    space,
                    module,
                    time_ns: place.time_ns,
                    kernel: place.kernel.into(),
                    registers: place.registers,
                    stack_start: place.stack.start,
                    stack: place.stack.bytes.into(),
                    values: raw.values,
                    ticket: raw.ticket,
                });
            }
            Need::Nothing | Need::Mapping => self.add(&owner, raw.values, place.time_ns, raw.ticket),
        }
    }

    fn sample_over_limit(&mut self, raw: &Raw<'_>) {
        self.statistics.over_limit += 1;
        let owner = Owner {
            program: self.over_limit.clone(),
            tid: 0,
            thread_name: "".into(),
            label: raw.label.clone(),
        };
        self.frames.clear();
        self.add_kernel_frames(raw.place.kernel);
        self.frames.push(Marker::OverLimit.address());
        self.add(&owner, raw.values, raw.place.time_ns, raw.ticket);
    }

    fn wait(&mut self, waiting: Waiting) {
        self.keep_waiting(waiting);
        while self.waiting_bytes > self.options.waiting_bytes {
            let Some(first) = self.waiting.pop_front() else { break };
            self.waiting_bytes = self.waiting_bytes.saturating_sub(first.bytes());
            self.statistics.not_waited += 1;
            self.retry(first, true);
        }
    }

    fn keep_waiting(&mut self, waiting: Waiting) {
        self.loader.request(&waiting.module);
        self.waiting_bytes += waiting.bytes();
        self.waiting.push_back(waiting);
    }

    fn retry(&mut self, waiting: Waiting, force: bool) {
        let place = RawPlace {
            time_ns: waiting.time_ns,
            kernel: &waiting.kernel,
            registers: waiting.registers,
            stack: Stack { start: waiting.stack_start, bytes: &waiting.stack },
        };
        match self.unwind(&waiting.owner, &waiting.space, &place, force) {
            Need::Tables(module) => self.keep_waiting(Waiting { module, ..waiting }),
            Need::Nothing | Need::Mapping => {
                self.add(&waiting.owner, waiting.values, waiting.time_ns, waiting.ticket);
            }
        }
    }

    /// Puts the stack of a sample into `self.frames`. With `force`, as well as it can be done now.
    fn unwind(&mut self, owner: &Owner, space: &Space, place: &RawPlace<'_>, force: bool) -> Need {
        self.frames.clear();
        self.add_kernel_frames(place.kernel);
        let Some(registers) = &place.registers else {
            self.statistics.without_user_stack += 1;
            return Need::Nothing;
        };
        let began = Instant::now();
        let (unwinder, addresses) = (&mut self.unwinder, &mut self.addresses);
        let most = self.options.maximum_frames;
        let end = space.with_tables(self.loader.generation(), |mapped| {
            unwinder.unwind(mapped, registers, &place.stack, most, addresses)
        });
        let unwound = Instant::now();
        let addresses = std::mem::take(&mut self.addresses);
        let need = self.add_frames(owner, space, place.time_ns, &addresses);
        self.addresses = addresses;
        self.statistics.unwind_ns += nanoseconds(unwound.duration_since(began));
        if matches!(need, Need::Tables(_)) && !force {
            return need;
        }
        self.end_frames(end);
        if matches!(need, Need::Mapping) { need } else { Need::Nothing }
    }

    fn add_frames(&mut self, owner: &Owner, space: &Space, time_ns: u64, addresses: &[u64]) -> Need {
        let mut need = Need::Nothing;
        let unknown = Marker::UnknownMapping.address();
        for &address in addresses {
            let Some(region) = space.find(address) else {
                if matches!(need, Need::Nothing) {
                    need = Need::Mapping;
                }
                if self.frames.last() != Some(&unknown) {
                    self.frames.push(unknown);
                }
                continue;
            };
            let frame = match &region.code {
                Code::Module(module) => {
                    module.touch(time_ns);
                    if matches!(need, Need::Nothing)
                        && matches!(module.tables(), Tables::Absent | Tables::Loading)
                    {
                        need = Need::Tables(module.clone());
                    }
                    let offset = region.offset.wrapping_add(address - region.range.start);
                    Address { source: module.id, offset }
                }
                Code::Jit => self
                    .processes
                    .jit_address(owner.program.pid, address, &mut self.modules)
                    .unwrap_or(unknown),
            };
            self.frames.push(frame);
        }
        need
    }

    fn add_kernel_frames(&mut self, kernel: &[u64]) {
        if kernel.is_empty() {
            return;
        }
        if !self.kernel_is_named {
            self.frames.push(Marker::Kernel.address());
            return;
        }
        let frames = kernel.iter().take(MAXIMUM_KERNEL_FRAMES);
        self.frames.extend(frames.map(|&offset| Address { source: SourceId::KERNEL, offset }));
    }

    /// Marks a stack that does not reach its root.
    fn end_frames(&mut self, end: End) {
        let marker = match end {
            // Where code switches stacks, what is below is another stack, not the rest of this one.
            End::Root | End::Incomplete(Why::StackSwitch) => return,
            End::Truncated => {
                self.statistics.truncated += 1;
                Marker::Truncated
            }
            End::Limit => {
                self.statistics.cut += 1;
                Marker::Truncated
            }
            End::Incomplete(_) => {
                self.statistics.incomplete += 1;
                Marker::Incomplete
            }
        };
        self.frames.push(marker.address());
    }

    /// Adds the sample whose stack is in `self.frames`.
    fn add(&mut self, owner: &Owner, values: Values, time_ns: u64, ticket: Option<Ticket>) {
        self.statistics.frames += self.frames.len() as u64;
        self.aggregation.add(owner, &self.frames, values, Some(time_ns));
        if let Some(ticket) = ticket {
            let site = Site { owner: owner.clone(), stack: self.frames.as_slice().into() };
            self.live.set_site(ticket, site);
        }
    }
}

impl Waiting {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.stack.len() + self.kernel.len() * 8
    }
}

fn maximum_timed(options: &EngineOptions) -> usize {
    if options.timeline { options.maximum_timed_samples } else { 0 }
}

/// What tells samples apart that are in the same column.
fn label_of(event: &EventSpec) -> &str {
    match event.kind {
        EventKind::CpuTime | EventKind::OffCpu | EventKind::Allocation | EventKind::Lock => "",
        _ => &event.label,
    }
}

fn registers_of(values: &[u64]) -> Option<Registers> {
    let values: [u64; Registers::COUNT] = values.try_into().ok()?;
    Some(Registers::new(values))
}

fn saturated(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A number that a target wrote: not negative, not infinite, and not so large that sums of it overflow.
fn sane(value: f64) -> f64 {
    const MOST: f64 = (1_u64 << 52) as f64;
    if value.is_finite() { value.clamp(0.0, MOST) } else { 0.0 }
}

#[expect(clippy::cast_possible_truncation, reason = "casts of floats saturate")]
fn rounded(value: f64) -> i64 {
    value.round() as i64
}

/// The whole part of a number and what was left over before; the rest is left over for the next.
fn whole(value: f64, remainder: &mut f64) -> i64 {
    let value = value + *remainder;
    let floor = value.floor();
    *remainder = value - floor;
    rounded(floor)
}

fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
