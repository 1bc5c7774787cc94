//! What goroutines, procs and threads do, as Go's scheduler has it: which event can happen next, and what it ends.

mod collector;
mod goroutines;
mod procs;
mod told;

use super::clock::Clock;
use super::goroutine::{Goroutine, Sequence, Status};
use super::output::{CPU_PERIOD_NS, End, EventName, GoroutineName, Output, Subject, Values};
use super::tables::{CpuSample, Tables};
use super::wire::{Event, kind};
use crate::decoded::Problems;
use collector::Collector;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use procs::{Proc, ProcStatus};
use told::Task;
use vesta_profile::{Profile, StackId, StringId};

/// The state of everything at some point of the trace.
pub(super) struct Scheduler<'l> {
    pub(super) output: Output<'l>,
    clock: Clock,
    now_ns: i64,
    generation: u64,
    /// What is told of in the first generation may have been so before it.
    is_first_generation: bool,
    generation_start_ns: i64,
    goroutines: Vec<Goroutine>,
    goroutine_of_id: HashMap<u64, u32, FixedState>,
    procs: Vec<Proc>,
    proc_of_id: HashMap<u64, u32, FixedState>,
    threads: Vec<Thread>,
    thread_of_id: HashMap<u64, u32, FixedState>,
    collector: Collector,
    stopped_world: Option<Lasting>,
    tasks: HashMap<u64, Task, FixedState>,
    regions: HashMap<u32, Vec<Lasting>, FixedState>,
    words: Words,
}

/// A thread of the operating system.
#[derive(Clone, Copy, Debug)]
struct Thread {
    goroutine: Option<u32>,
    proc: Option<u32>,
}

/// Something that has begun.
#[derive(Clone, Copy, Debug)]
struct Lasting {
    since_ns: i64,
    stack: StackId,
    /// Why, or what it is called.
    name: StringId,
}

/// What goroutines do, in words.
#[derive(Clone, Copy, Debug)]
struct Words {
    running: StringId,
    runnable: StringId,
    syscall: StringId,
    waiting: StringId,
    assist: StringId,
}

/// What a thread takes, with its index.
const THREAD_BYTES: usize = 2 * size_of::<Thread>() + 48;

const MISFIT: &str = "an event does not fit what was before it";
const FULL: &str = "more goroutines than memory allows, the rest is not read";

impl<'l> Scheduler<'l> {
    pub(super) fn new(mut output: Output<'l>, clock: Clock, start_ticks: u64) -> Self {
        let mut word = |text: &str| output.profile.strings.intern(text);
        let words = Words {
            running: word("running"),
            runnable: word("runnable"),
            syscall: word("syscall"),
            waiting: word("waiting"),
            assist: word("GC mark assist"),
        };
        let now_ns = clock.nanoseconds(start_ticks);
        Scheduler {
            output,
            clock,
            now_ns,
            generation: 0,
            is_first_generation: true,
            generation_start_ns: now_ns,
            goroutines: Vec::new(),
            goroutine_of_id: HashMap::default(),
            procs: Vec::new(),
            proc_of_id: HashMap::default(),
            threads: Vec::new(),
            thread_of_id: HashMap::default(),
            collector: Collector::default(),
            stopped_world: None,
            tasks: HashMap::default(),
            regions: HashMap::default(),
            words,
        }
    }

    /// Begins a generation, which starts at these ticks.
    pub(super) fn begin(&mut self, generation: u64, is_first: bool, ticks: u64) {
        self.generation = generation;
        self.is_first_generation = is_first;
        self.tick(ticks);
        self.generation_start_ns = self.now_ns;
    }

    pub(super) fn is_full(&self) -> bool {
        self.output.is_full()
    }

    /// The time of the last event, in nanoseconds since the Unix epoch.
    pub(super) fn now_ns(&self) -> i64 {
        self.now_ns
    }

    #[cold]
    pub(super) fn unreadable_event(&mut self) {
        self.note("an event is not readable, nor is what follows in its batch");
    }

    /// The position of a thread.
    pub(super) fn thread(&mut self, id: u64) -> u32 {
        if let Some(&position) = self.thread_of_id.get(&id) {
            return position;
        }
        if !self.output.memory.take(THREAD_BYTES) {
            self.output.stop(FULL);
        }
        let position = position(self.threads.len());
        self.threads.push(Thread { goroutine: None, proc: None });
        self.thread_of_id.insert(id, position);
        position
    }

    /// Whether an event can happen now; if not, one of another thread has to happen before.
    pub(super) fn is_ready(&self, thread: u32, event: &Event) -> bool {
        let [first, second, ..] = event.args;
        let proc_of_thread = || self.threads.get(thread as usize).and_then(|thread| thread.proc);
        match event.kind {
            kind::PROC_START => {
                let is_idle =
                    |proc: &Proc| proc.status == ProcStatus::Idle && self.follows(second, proc.sequence);
                proc_of_thread().is_none() && self.proc(first).is_some_and(is_idle)
            }
            kind::PROC_STEAL => self.proc(first).is_some_and(|proc| {
                matches!(proc.status, ProcStatus::Syscall | ProcStatus::Abandoned)
                    && self.follows(second, proc.sequence)
            }),
            kind::GO_START => self.goroutine_is(first, Status::Runnable, second),
            kind::GO_UNBLOCK | kind::GO_SWITCH | kind::GO_SWITCH_DESTROY => {
                self.goroutine_is(first, Status::Waiting, second)
            }
            kind::GO_SYSCALL_END_BLOCKED => {
                let proc = proc_of_thread().and_then(|proc| self.procs.get(proc as usize));
                proc.is_none_or(|proc| proc.status != ProcStatus::Syscall)
            }
            kind::GC_ACTIVE if self.is_first_generation => true,
            kind::GC_BEGIN if !self.collector.is_known => true,
            kind::GC_ACTIVE | kind::GC_BEGIN | kind::GC_END => {
                Some(first) == self.collector.sequence.checked_add(1)
            }
            _ => true,
        }
    }

    /// Lets an event happen that is not ready: what should have been before it is missing.
    #[cold]
    pub(super) fn force(&mut self, thread: u32, event: &Event, tables: &Tables) {
        self.note("an event came although what has to be before it is missing");
        self.apply(thread, event, tables);
    }

    /// Lets an event happen.
    pub(super) fn apply(&mut self, thread: u32, event: &Event, tables: &Tables) {
        self.tick(event.ticks);
        let [first, second, third, fourth] = event.args;
        match event.kind {
            kind::PROC_STATUS => self.proc_status(thread, first, second),
            kind::PROC_START => self.proc_start(thread, first, second),
            kind::PROC_STOP => self.proc_stop(thread),
            kind::PROC_STEAL => self.proc_steal(first, second, third),
            kind::GO_STATUS => self.goroutine_status(thread, event.args, StackId::EMPTY),
            kind::GO_STATUS_STACK => self.goroutine_status(thread, event.args, tables.stack(fourth)),
            kind::GO_CREATE => self.create(first, Status::Runnable, tables.stack(second)),
            kind::GO_CREATE_BLOCKED => self.create(first, Status::Waiting, tables.stack(second)),
            kind::GO_CREATE_SYSCALL => self.create_in_syscall(thread, first),
            kind::GO_START => self.start(thread, first, second),
            kind::GO_DESTROY => self.end(thread),
            kind::GO_DESTROY_SYSCALL => self.end_in_syscall(thread),
            kind::GO_STOP => self.leave(thread, Status::Runnable, self.words.runnable, tables.stack(second)),
            kind::GO_BLOCK => {
                let state = self.reason(tables.string(first));
                self.leave(thread, Status::Waiting, state, tables.stack(second));
            }
            kind::GO_UNBLOCK => self.unblock(first, second),
            kind::GO_SWITCH => {
                self.leave(thread, Status::Waiting, self.words.waiting, StackId::EMPTY);
                self.start(thread, first, second);
            }
            kind::GO_SWITCH_DESTROY => {
                self.end(thread);
                self.start(thread, first, second);
            }
            kind::GO_SYSCALL_BEGIN => self.syscall_begin(thread, first, tables.stack(second)),
            kind::GO_SYSCALL_END => self.syscall_end(thread),
            kind::GO_SYSCALL_END_BLOCKED => {
                self.leave(thread, Status::Runnable, self.words.runnable, StackId::EMPTY);
            }
            kind::STW_BEGIN => {
                self.stopped_world = Some(self.lasting(tables.string(first), tables.stack(second)));
            }
            kind::STW_END => {
                if let Some(stopped) = self.stopped_world.take() {
                    self.event(EventName::StopTheWorld, stopped, 0);
                }
            }
            kind::GC_ACTIVE => self.mark_active(first),
            kind::GC_BEGIN => self.mark_begin(first, tables.stack(second)),
            kind::GC_END => self.mark_end(first),
            kind::GC_SWEEP_ACTIVE => self.sweep_active(first),
            kind::GC_SWEEP_BEGIN => self.sweep_begin(thread, tables.stack(first)),
            kind::GC_SWEEP_END => self.sweep_end(thread),
            kind::GC_MARK_ASSIST_ACTIVE => self.assist_active(first),
            kind::GC_MARK_ASSIST_BEGIN => self.assist(thread, true),
            kind::GC_MARK_ASSIST_END => self.assist(thread, false),
            kind::GO_LABEL => self.label(thread, tables.string(first)),
            kind::USER_TASK_BEGIN => {
                self.task_begin(thread, first, tables.string(third), tables.stack(fourth));
            }
            kind::USER_TASK_END => self.task_end(first),
            kind::USER_REGION_BEGIN => self.region_begin(thread, tables.string(second), tables.stack(third)),
            kind::USER_REGION_END => self.region_end(thread, tables.string(second)),
            kind::USER_LOG => self.log(thread, first, tables.string(second), tables.number(third)),
            // How large the heap is, the number of procs, experiments.
            _ => {}
        }
    }

    /// What was on a CPU at some moment: the time before it, up to one period, was spent there.
    pub(super) fn cpu_sample(&mut self, sample: &CpuSample) {
        self.tick(sample.ticks);
        let one = Values { cpu_samples: 1, ..Values::default() };
        let end_ns = self.now_ns;
        let before_ns = end_ns.saturating_sub(CPU_PERIOD_NS).max(self.generation_start_ns);
        let end = End { time_ns: end_ns, stack: sample.stack, span_id: 0 };
        if sample.goroutine == 0 {
            return self.output.push(Subject::Thread(sample.thread), end, one);
        }
        let Some(position) = self.goroutine(sample.goroutine) else { return };
        let Some(&goroutine) = self.goroutines.get(position as usize) else { return };
        if !matches!(goroutine.status, Status::Running | Status::Syscall) {
            // It left the CPU at that very moment.
            let subject = Subject::Goroutine { position, state: self.words.running };
            return self.output.push(subject, End { span_id: goroutine.span_id, ..end }, one);
        }
        self.learn(position, sample.stack);
        self.piece(position, before_ns, goroutine.stack, 0);
        self.piece(position, end_ns, sample.stack, 1);
    }

    /// Ends everything that goes on.
    pub(super) fn finish(mut self) -> (Profile, Problems) {
        for position in 0..position(self.goroutines.len()) {
            self.close(position);
        }
        for position in 0..position(self.procs.len()) {
            self.proc_rests(position);
        }
        if let Some(mark) = self.collector.mark.take() {
            self.event(EventName::Mark, mark, 0);
        }
        if let Some(stopped) = self.stopped_world.take() {
            self.event(EventName::StopTheWorld, stopped, 0);
        }
        let mut sweeps: Vec<Lasting> = self.procs.iter().filter_map(|proc| proc.sweep).collect();
        sweeps.drain(..).for_each(|sweep| self.event(EventName::Sweep, sweep, 0));
        let mut tasks: Vec<(u64, Task)> = std::mem::take(&mut self.tasks).into_iter().collect();
        tasks.sort_unstable_by_key(|(id, _)| *id);
        tasks.iter().for_each(|(_, task)| self.event(EventName::Task, task.lasting, task.span_id));
        let mut regions: Vec<(u32, Vec<Lasting>)> = std::mem::take(&mut self.regions).into_iter().collect();
        regions.sort_unstable_by_key(|(goroutine, _)| *goroutine);
        for (goroutine, open) in regions {
            let span_id = self.span_of(goroutine);
            open.into_iter().for_each(|region| self.event(EventName::Region, region, span_id));
        }
        let Scheduler { output, goroutines, .. } = self;
        let functions: Vec<StringId> = goroutines
            .iter()
            .map(|goroutine| {
                let root = output.profile.stacks.get(goroutine.start).last();
                root.map_or(StringId::EMPTY, |&frame| output.profile.frames.get(frame).function)
            })
            .collect();
        output.finish(|position| GoroutineName {
            id: goroutines.get(position as usize).map_or(0, |goroutine| goroutine.id),
            function: functions.get(position as usize).copied().unwrap_or(StringId::EMPTY),
        })
    }

    #[inline]
    fn tick(&mut self, ticks: u64) {
        self.now_ns = self.now_ns.max(self.clock.nanoseconds(ticks));
    }

    #[cold]
    fn note(&mut self, what: &'static str) {
        let generation = self.generation;
        self.output.problems.note(what, || format!("generation {generation}"));
    }

    fn follows(&self, number: u64, before: Sequence) -> bool {
        self.sequence(number).follows(before)
    }

    fn sequence(&self, number: u64) -> Sequence {
        Sequence { generation: self.generation, number }
    }

    fn lasting(&self, name: StringId, stack: StackId) -> Lasting {
        Lasting { since_ns: self.now_ns, stack, name }
    }

    /// Since when something is so that is told of now: what nobody spoke of before was so from the start.
    fn since_ns(&self, is_new: bool) -> i64 {
        if is_new { self.generation_start_ns } else { self.now_ns }
    }

    /// Adds something that is over.
    fn event(&mut self, event: EventName, lasting: Lasting, span_id: u64) {
        let Lasting { since_ns, stack, name } = lasting;
        let event_ns = self.now_ns.saturating_sub(since_ns);
        if event_ns > 0 {
            let end = End { time_ns: self.now_ns, stack, span_id };
            let subject = Subject::Event { event, detail: name };
            self.output.push(subject, end, Values { event_ns, ..Values::default() });
        }
    }
}

fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
