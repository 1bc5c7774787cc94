//! A session: from events to profiles.

use crate::aggregation::Aggregation;
use crate::budget::Governor;
use crate::clock::{CpuMeter, monotonic_ns, resident_bytes, thread_cpu_ns, unix_offset_ns};
use crate::column::{Column, Columns};
use crate::engine::{Engine, Targets};
use crate::event_spec::{Cadence, EventKind, EventSpec};
use crate::names::{Names, Sources};
use crate::perf::{Losses, OpenError, Record, Sampler, SamplerOptions, Target};
use crate::profiles::{self, Spaces, Span};
use crate::{EngineOptions, HookSource, Statistics, Window, system};
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use vesta_hooks::Lost;
use vesta_profile::Period;

/// How long events may lie in their rings: a program that ends within it has its files opened by name, not through its
/// own root.
const LATENCY: Duration = Duration::from_millis(50);
/// While samples wait for tables, or the end for the last records.
const SHORT_LATENCY: Duration = Duration::from_millis(2);
/// Between two looks for what can be forgotten.
const TIDY: Duration = Duration::from_secs(1);
/// Between two looks at every process, in case the record of an end was lost.
const CHECK_ALL: Duration = Duration::from_secs(60);
/// How long the end of a window may wait for tables.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events of hooks that are taken before the rings of the kernel have their turn.
const HOOK_EVENTS: usize = 4096;
/// How often that is done at the end of a window: a ring of 64 MiB holds fewer.
const MOST_HOOK_DRAINS: usize = 16;

/// What a session is asked to do.
#[derive(Debug, Default)]
pub struct SessionOptions {
    /// What the kernel samples; `None` with hooks alone.
    pub sampler: Option<SamplerOptions>,
    /// What hooks report; `None` without allocations and locks.
    pub hooks: Option<HookSource>,
    /// Everything else.
    pub engine: EngineOptions,
}

/// Why no session could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is nothing to sample.
    #[error("nothing to sample: no event of the kernel and no hooks")]
    Nothing,
    /// The kernel refused; [`OpenError::advice`] says what to change.
    #[error(transparent)]
    Sampler(#[from] OpenError),
    /// A thread of the profiler could not be started.
    #[error("cannot start a thread of the profiler: {0}; check the limit of processes (ulimit -u)")]
    Thread(std::io::Error),
}

/// What came of [`Session::run_for`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Whether any process that the session was asked to follow, or a descendant of it, is left. Always true for the
    /// whole host.
    pub targets_alive: bool,
    /// Whether it ended as it was told to stop.
    pub stopped: bool,
}

/// Samples processes and makes profiles of what it sees.
///
/// All work on events is done in [`Session::run_for`], on the thread of the caller; files are read and addresses named
/// on threads of its own.
#[derive(Debug)]
pub struct Session {
    sampler: Option<Sampler>,
    hooks: Option<HookSource>,
    engine: Engine,
    /// With the thread that names addresses while it runs.
    names: Option<Names>,
    warnings: Vec<String>,
    governor: Governor,
    meter: CpuMeter,
    /// CPU time at the last accounts.
    spent_ns: u64,
    last_account: Instant,
    last_check: Instant,
    /// CPU time at the start of the window.
    window_cpu_ns: u64,
    window_began: Instant,
    window_start_ns: i64,
    losses: Losses,
    lost: Lost,
    period: Option<Period>,
    /// Up to when the records of the kernel are taken.
    taken_until_ns: u64,
}

impl Session {
    /// Opens events and begins the first window.
    ///
    /// # Errors
    /// When there is nothing to sample, or it is not permitted. If hooks are there, they alone will do, and
    /// [`Session::warnings`] says what is missing.
    pub fn start(options: SessionOptions) -> Result<Session, StartError> {
        let SessionOptions { sampler: sampler_options, hooks, engine: engine_options } = options;
        if sampler_options.is_none() && hooks.is_none() {
            return Err(StartError::Nothing);
        }
        let mut warnings = Vec::new();
        let mut sampler = None;
        if let Some(sampler_options) = &sampler_options {
            match Sampler::open(sampler_options) {
                Ok(opened) => {
                    warnings.extend(opened.warnings().iter().cloned());
                    sampler = Some(opened);
                }
                Err(error) if hooks.is_some() => {
                    warnings.push(format!("{error}; {}; only what hooks report is profiled", error.advice()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        let events: Vec<EventSpec> = sampler_options.as_ref().map_or_else(Vec::new, |o| o.events.clone());
        let columns = columns(&events, sampler.is_some(), hooks.as_ref(), engine_options.wall);
        let (targets, running) = targets(sampler_options.as_ref());
        let meter = CpuMeter::default();
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let governor = Governor::new(engine_options.budget, cpus);
        let period = period(&events);
        let has_records = sampler.is_some();
        let mut engine = Engine::new(engine_options, events, columns, targets, has_records, meter.clone())
            .map_err(StartError::Thread)?;
        engine.read_running(&running);
        let now = Instant::now();
        Ok(Session {
            sampler,
            hooks,
            engine,
            names: Some(Names::default()),
            warnings,
            governor,
            meter,
            spent_ns: 0,
            last_account: now,
            last_check: now,
            window_cpu_ns: 0,
            window_began: now,
            window_start_ns: unix_ns(),
            losses: Losses::default(),
            lost: Lost::default(),
            period,
            taken_until_ns: if has_records { 0 } else { u64::MAX },
        })
    }

    /// What could not be done as asked, one line each, for people.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Whether kernel code is sampled.
    pub fn includes_kernel(&self) -> bool {
        self.sampler.as_ref().is_some_and(Sampler::includes_kernel)
    }

    /// Follows one more process, and its children.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add_process(&mut self, pid: u32) -> Result<(), StartError> {
        if let Some(sampler) = &mut self.sampler {
            sampler.add_process(pid)?;
        }
        self.engine.add_target(pid);
        self.engine.read_running(&[pid]);
        Ok(())
    }

    /// Takes events until `until`, until `stop` is set (looked at twenty times a second), or until no target is left.
    pub fn run_for(&mut self, until: Instant, stop: &AtomicBool) -> Status {
        vesta_hooks::exclude_current_thread();
        let mut cpu = thread_cpu_ns();
        loop {
            let stopped = stop.load(Ordering::Relaxed);
            let targets_alive = self.engine.targets_alive(self.taken_until_ns);
            let left = until.saturating_duration_since(Instant::now());
            self.account();
            if stopped || !targets_alive || left.is_zero() {
                return Status { targets_alive, stopped };
            }
            self.wait(left.min(LATENCY));
            self.drain();
            self.meter.add_since(&mut cpu);
        }
    }

    /// Ends the window and begins the next: the profiles of what was seen since the last time, one per service when the
    /// session splits by service, else one, which may be empty. Events are taken all the while, so that none is lost
    /// as long as names are looked up.
    pub fn rotate(&mut self) -> Vec<Window> {
        vesta_hooks::exclude_current_thread();
        let mut cpu = thread_cpu_ns();
        self.settle();
        self.engine.add_live_heap();
        let (aggregation, sources, spaces) = self.engine.take_window();
        let span = self.next_span();
        let job = Job {
            names: self.names.take().unwrap_or_default(),
            aggregation,
            sources,
            spaces,
            span,
            period: self.period.clone(),
            split: self.engine.options.split_by_service,
            includes_kernel: self.includes_kernel(),
            symbols: self.engine.options.symbols.clone(),
            proc: self.engine.processes.files().clone(),
            meter: self.meter.clone(),
        };
        let mut statistics = self.take_statistics();
        let thread = std::thread::Builder::new().name("vesta-names".to_owned());
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let handle = thread.spawn(move || {
            // The receiver waits for this and nothing else.
            let _ = sender.send(job.run());
        });
        let done = handle.ok().and_then(|handle| {
            while !handle.is_finished() {
                self.wait(Duration::from_millis(10));
                self.drain();
            }
            // What a panic leaves is nothing: the window is lost, the session goes on.
            let _ = handle.join();
            receiver.try_recv().ok()
        });
        self.meter.add_since(&mut cpu);
        let Some(mut done) = done else {
            statistics.problem("a window was lost as its addresses could not be named");
            self.names = Some(Names::default());
            return Vec::new();
        };
        let outcome = std::mem::take(&mut done.names.outcome);
        statistics.addresses_resolved = outcome.resolved;
        statistics.addresses_unresolved = outcome.unresolved;
        statistics.jit_reads = outcome.jit_reads;
        statistics.times_dropped = done.times_dropped;
        outcome.problems.into_iter().for_each(|problem| statistics.problem(problem));
        self.names = Some(done.names);
        self.engine.forget_unused();
        drop(done.aggregation);
        if !self.engine.is_target(std::process::id()) {
            // Within an application, its allocator is left alone.
            system::release_memory();
        }
        self.finish_statistics(&mut statistics);
        for window in &mut done.windows {
            window.statistics = statistics.clone();
        }
        done.windows
    }

    /// Takes what is left of events, stops sampling, and gives the last window.
    pub fn finish(mut self) -> Vec<Window> {
        self.rotate()
    }

    /// Waits for events of either kind.
    fn wait(&mut self, timeout: Duration) {
        let is_urgent = self.engine.is_waiting() || self.engine.is_ending();
        let timeout = if is_urgent { timeout.min(SHORT_LATENCY) } else { timeout };
        let of_sampler = self.sampler.as_ref().map(AsRawFd::as_raw_fd);
        let of_hooks =
            self.hooks.as_mut().and_then(|hooks| hooks.ring.event_fd().ok().map(|fd| fd.as_raw_fd()));
        match (&mut self.sampler, of_hooks) {
            // Waiting fails when a signal comes; there may be something then too.
            (Some(sampler), None) => _ = sampler.wait(timeout),
            (None, None) => std::thread::sleep(timeout),
            (_, Some(of_hooks)) => {
                let deadline = self.sampler.as_ref().and_then(Sampler::next_deadline);
                let timeout = deadline.map_or(timeout, |deadline| {
                    timeout.min(Duration::from_nanos(deadline.saturating_sub(monotonic_ns())))
                });
                if system::wait_for([of_hooks, of_sampler.unwrap_or(-1)], timeout) {
                    system::rearm(of_hooks);
                }
            }
        }
    }

    /// Takes all events that are there, of hooks as far as the kernel has told what was mapped when they happened.
    fn drain(&mut self) {
        let Session { sampler, hooks, engine, taken_until_ns, .. } = self;
        if let Some(sampler) = sampler {
            *taken_until_ns = sampler.drain(&mut |record| take_record(engine, hooks, &record));
        }
        take_hook_events(engine, hooks, *taken_until_ns, HOOK_EVENTS);
        engine.retry_waiting(false);
    }

    /// Takes all that belongs to this window, with the tables that it takes.
    fn settle(&mut self) {
        let Session { sampler, hooks, engine, .. } = self;
        if let Some(sampler) = sampler {
            sampler.settle(&mut |record| take_record(engine, hooks, &record));
        }
        // A program that allocates all the time would keep this going for ever.
        let _ = (0..MOST_HOOK_DRAINS)
            .all(|_| take_hook_events(engine, hooks, u64::MAX, HOOK_EVENTS) == HOOK_EVENTS);
        let patience = Instant::now() + PATIENCE;
        while self.engine.is_waiting() && Instant::now() < patience {
            self.engine.retry_waiting(false);
            if self.engine.is_waiting() {
                self.wait(SHORT_LATENCY);
                self.drain();
            }
        }
        self.engine.retry_waiting(true);
    }

    /// About once a second: what did it cost, and what can go?
    fn account(&mut self) {
        let elapsed = self.last_account.elapsed();
        if elapsed < TIDY {
            return;
        }
        self.last_account = Instant::now();
        let check_all = self.last_check.elapsed() >= CHECK_ALL;
        if check_all {
            self.last_check = Instant::now();
            if let Some(Err(error)) = self.sampler.as_mut().map(Sampler::refresh_cpus) {
                self.engine.statistics.problem(format!("a CPU that came online is not sampled: {error}"));
            }
        }
        self.engine.tidy(check_all);
        let total_ns = self.meter.total_ns();
        let spent = Duration::from_nanos(total_ns.saturating_sub(self.spent_ns));
        self.spent_ns = total_ns;
        if self.governor.spend(elapsed, spent)
            && let Some(sampler) = &mut self.sampler
        {
            let divisor = self.governor.divisor();
            if let Err(error) = sampler.set_frequency_divisor(divisor) {
                self.engine.statistics.problem(format!("the sampling frequency cannot be changed: {error}"));
            }
        }
    }

    fn next_span(&mut self) -> Span {
        let start_ns = self.window_start_ns;
        self.window_start_ns = unix_ns();
        Span { start_ns, end_ns: self.window_start_ns, unix_offset_ns: unix_offset_ns() }
    }

    /// What was counted in the window that ends here.
    fn take_statistics(&mut self) -> Statistics {
        let mut statistics = std::mem::take(&mut self.engine.statistics);
        if let Some(sampler) = &self.sampler {
            let losses = sampler.losses();
            let before = std::mem::replace(&mut self.losses, losses);
            statistics.lost = losses.records - before.records;
            statistics.throttled = losses.throttled - before.throttled;
            statistics.out_of_order = losses.out_of_order - before.out_of_order;
            statistics.waits_lost = losses.blocked - before.blocked;
        }
        if let Some(hooks) = &self.hooks {
            let lost = hooks.ring.lost();
            let before = std::mem::replace(&mut self.lost, lost);
            let since = |now: u64, before: u64| now.saturating_sub(before);
            statistics.hook_events_lost = since(lost.allocations, before.allocations)
                + since(lost.locks, before.locks)
                + since(lost.abandoned, before.abandoned)
                + since(lost.corrupt, before.corrupt);
            statistics.frees_lost = since(lost.frees, before.frees);
            statistics.live_objects_dropped = since(lost.untracked, before.untracked);
        }
        statistics.duration_ns = u64::try_from(self.window_began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.window_began = Instant::now();
        statistics
    }

    fn finish_statistics(&mut self, statistics: &mut Statistics) {
        let engine = &mut self.engine;
        let counts = std::mem::take(&mut engine.processes.counts);
        statistics.processes_new = counts.new;
        statistics.backpopulations = counts.readings;
        statistics.mappings_new = counts.mappings;
        statistics.processes = engine.processes.sampled() as u64;
        statistics.modules = engine.modules.len() as u64;
        statistics.modules_failed = engine.modules.take_failures();
        for reason in engine.loader.take_failures() {
            *statistics.modules_failed.entry(reason).or_default() += 1;
        }
        statistics.unmatched_frees = std::mem::take(&mut engine.live.unmatched);
        statistics.live_objects = engine.live.len() as u64;
        statistics.live_objects_dropped += std::mem::take(&mut engine.live.dropped);
        let total_ns = self.meter.total_ns();
        statistics.own_cpu_ns = total_ns.saturating_sub(self.window_cpu_ns);
        self.window_cpu_ns = total_ns;
        statistics.own_rss_bytes = resident_bytes();
        statistics.slowed_down = self.governor.divisor().trailing_zeros();
    }
}

/// The making of profiles, which takes as long as it takes to read debug information.
struct Job {
    names: Names,
    aggregation: Aggregation,
    sources: Sources,
    spaces: Spaces,
    span: Span,
    period: Option<Period>,
    split: bool,
    includes_kernel: bool,
    symbols: crate::SymbolOptions,
    proc: crate::proc_files::ProcFiles,
    meter: CpuMeter,
}

struct Done {
    names: Names,
    aggregation: Aggregation,
    windows: Vec<Window>,
    times_dropped: u64,
}

impl Job {
    fn run(mut self) -> Done {
        system::become_profiler_thread();
        let mut cpu = thread_cpu_ns();
        let addresses = self.aggregation.stacks.addresses();
        self.names.resolve(addresses, &self.sources, &self.symbols, &self.proc);
        let times_dropped = self.aggregation.times_dropped;
        let windows = profiles::windows(
            &self.aggregation,
            &self.names,
            &self.spaces,
            self.span,
            self.period.as_ref(),
            self.split,
            self.includes_kernel,
        );
        self.meter.add_since(&mut cpu);
        Done { names: self.names, aggregation: self.aggregation, windows, times_dropped }
    }
}

fn columns(events: &[EventSpec], has_sampler: bool, hooks: Option<&HookSource>, wall: bool) -> Columns {
    let of = |wanted: fn(&EventKind) -> bool| events.iter().find(|event| wanted(&event.kind));
    let cpu = has_sampler && of(|kind| matches!(kind, EventKind::CpuTime)).is_some();
    let off_cpu = has_sampler && of(|kind| matches!(kind, EventKind::OffCpu)).is_some();
    let counted = has_sampler
        && of(|kind| {
            matches!(kind, EventKind::Hardware(_) | EventKind::Software(_) | EventKind::Tracepoint { .. })
        })
        .is_some();
    let allocations = hooks.filter(|hooks| hooks.options.allocation_interval_bytes > 0);
    // Sums unless only what is live was asked for.
    let mode = of(|kind| matches!(kind, EventKind::Allocation)).map(|event| event.mode);
    let sums = allocations.is_some() && mode.is_none_or(|mode| mode.sum);
    let live = allocations.is_some_and(|hooks| hooks.options.live_heap) && mode.is_none_or(|mode| mode.live);
    let locks = hooks.is_some_and(|hooks| hooks.options.locks);
    Columns::new(|column| match column {
        Column::CpuTime | Column::CpuSamples => cpu,
        Column::WallTime => wall && (cpu || off_cpu),
        Column::OffCpuTime => off_cpu,
        Column::AllocSpace | Column::AllocSamples => sums,
        Column::InuseSpace | Column::InuseObjects => live,
        Column::LockWait | Column::LockAcquire => locks,
        Column::Tracepoint => counted,
    })
}

/// Whose end ends the session, and what runs already.
fn targets(sampler: Option<&SamplerOptions>) -> (Targets, Vec<u32>) {
    match sampler.map(|sampler| &sampler.target) {
        Some(Target::Command(pid)) => (Targets::Processes([(*pid, None)].into_iter().collect()), Vec::new()),
        Some(Target::Processes(pids)) => {
            (Targets::Processes(pids.iter().map(|&pid| (pid, None)).collect()), pids.clone())
        }
        // Processes of the host are read when they have a sample.
        Some(Target::Host) | None => (Targets::Host, Vec::new()),
    }
}

fn period(events: &[EventSpec]) -> Option<Period> {
    let cpu = events.iter().find(|event| event.kind == EventKind::CpuTime)?;
    match cpu.cadence {
        Cadence::Frequency(hertz) => profiles::cpu_period(hertz),
        Cadence::Period(_) => None,
    }
}

/// Takes a record of the kernel; before one after which addresses mean something else, the events of hooks that are older.
fn take_record(engine: &mut Engine, hooks: &mut Option<HookSource>, record: &Record<'_>) {
    let remapped_ns = match record {
        Record::Mmap(mmap) if mmap.executable => Some(mmap.time_ns),
        Record::Comm(comm) if comm.is_exec => Some(comm.time_ns),
        _ => None,
    };
    if let Some(until_ns) = remapped_ns {
        take_hook_events(engine, hooks, until_ns, usize::MAX);
    }
    engine.record(record);
}

/// Takes up to `most` events of hooks that are not younger than `until_ns`. How many it took.
fn take_hook_events(
    engine: &mut Engine,
    hooks: &mut Option<HookSource>,
    until_ns: u64,
    most: usize,
) -> usize {
    let Some(hooks) = hooks else { return 0 };
    hooks.ring.drain(until_ns, most, &mut |event| engine.hook_event(&event))
}

fn unix_ns() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_nanos()).unwrap_or(i64::MAX)
}
