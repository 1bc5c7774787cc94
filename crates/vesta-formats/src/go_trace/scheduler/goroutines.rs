//! Goroutines: what each does, and the piece of time that ends when it does something else.

use super::super::goroutine::{Goroutine, Status};
use super::super::output::{End, EventName, Subject, Values};
use super::procs::ProcStatus;
use super::{FULL, MISFIT, Scheduler, position};
use vesta_profile::{StackId, StringId};

/// What a goroutine takes, with its index.
const GOROUTINE_BYTES: usize = 2 * size_of::<Goroutine>() + 48;

impl Scheduler<'_> {
    pub(super) fn goroutine_is(&self, id: u64, status: Status, number: u64) -> bool {
        let position = self.goroutine_of_id.get(&id);
        let goroutine = position.and_then(|&position| self.goroutines.get(position as usize));
        goroutine.is_some_and(|known| known.status == status && self.follows(number, known.sequence))
    }

    /// The position of a goroutine; none if there is no memory for more.
    pub(super) fn goroutine(&mut self, id: u64) -> Option<u32> {
        if let Some(&position) = self.goroutine_of_id.get(&id) {
            return Some(position);
        }
        if !self.output.memory.take(GOROUTINE_BYTES) {
            self.output.stop(FULL);
            return None;
        }
        let position = position(self.goroutines.len());
        self.goroutines.push(Goroutine::new(id, self.now_ns));
        self.goroutine_of_id.insert(id, position);
        Some(position)
    }

    /// The goroutine that runs on a thread.
    pub(super) fn current(&self, thread: u32) -> Option<u32> {
        self.threads.get(thread as usize).and_then(|thread| thread.goroutine)
    }

    pub(super) fn set_current(&mut self, thread: u32, goroutine: Option<u32>) {
        if let Some(thread) = self.threads.get_mut(thread as usize) {
            thread.goroutine = goroutine;
        }
    }

    pub(super) fn span_of(&self, goroutine: u32) -> u64 {
        self.goroutines.get(goroutine as usize).map_or(0, |goroutine| goroutine.span_id)
    }

    pub(super) fn reason(&self, reason: StringId) -> StringId {
        if reason == StringId::EMPTY { self.words.waiting } else { reason }
    }

    pub(super) fn goroutine_status(
        &mut self,
        thread: u32,
        [id, on_thread, number, _]: [u64; 4],
        stack: StackId,
    ) {
        let Some(status) = Status::of_number(number) else { return self.note(MISFIT) };
        let Some(position) = self.goroutine(id) else { return };
        self.learn(position, stack);
        let sequence = self.sequence(0);
        let since_ns = self.generation_start_ns;
        let Some(goroutine) = self.goroutines.get_mut(position as usize) else { return };
        goroutine.sequence = sequence;
        if goroutine.status == Status::Unknown {
            goroutine.since_ns = since_ns;
            let state = match status {
                Status::Runnable => self.words.runnable,
                Status::Syscall => self.words.syscall,
                Status::Running => self.words.running,
                _ => self.words.waiting,
            };
            goroutine.status = status;
            goroutine.state = state;
            goroutine.stack = if status == Status::Running { goroutine.start } else { stack };
        } else if goroutine.status != status {
            self.note(MISFIT);
            let state = if status == Status::Waiting { self.words.waiting } else { self.words.runnable };
            self.enter(position, status, state, stack);
        } else if goroutine.stack == StackId::EMPTY && status != Status::Running {
            goroutine.stack = stack;
        }
        match status {
            Status::Running => self.set_current(thread, Some(position)),
            Status::Syscall => {
                // The thread may be another one, which has been in that call all the time.
                let is_new = !self.thread_of_id.contains_key(&on_thread);
                let there = self.thread(on_thread);
                if is_new || there == thread {
                    self.set_current(there, Some(position));
                }
            }
            _ => {}
        }
    }

    /// Begins a goroutine with the stack that it starts with.
    pub(super) fn create(&mut self, id: u64, status: Status, start: StackId) {
        let Some(position) = self.goroutine(id) else { return };
        self.learn(position, start);
        let state = if status == Status::Waiting { self.words.waiting } else { self.words.runnable };
        let sequence = self.sequence(0);
        self.enter(position, status, state, start);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.sequence = sequence;
        }
    }

    pub(super) fn create_in_syscall(&mut self, thread: u32, id: u64) {
        let Some(position) = self.goroutine(id) else { return };
        let sequence = self.sequence(0);
        self.enter(position, Status::Syscall, self.words.syscall, StackId::EMPTY);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.sequence = sequence;
        }
        self.set_current(thread, Some(position));
    }

    pub(super) fn start(&mut self, thread: u32, id: u64, number: u64) {
        let Some(position) = self.goroutine(id) else { return };
        let sequence = self.sequence(number);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.sequence = sequence;
        }
        self.run(position);
        self.set_current(thread, Some(position));
    }

    pub(super) fn unblock(&mut self, id: u64, number: u64) {
        let Some(position) = self.goroutine(id) else { return };
        let sequence = self.sequence(number);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.sequence = sequence;
        }
        self.enter(position, Status::Runnable, self.words.runnable, StackId::EMPTY);
    }

    /// The goroutine of a thread leaves it.
    pub(super) fn leave(&mut self, thread: u32, status: Status, state: StringId, stack: StackId) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        self.learn(position, stack);
        self.enter(position, status, state, stack);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.label = StringId::EMPTY;
        }
        self.set_current(thread, None);
    }

    pub(super) fn end(&mut self, thread: u32) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        self.close(position);
        if let Some(open) = self.regions.remove(&position) {
            let span_id = self.span_of(position);
            open.into_iter().for_each(|region| self.event(EventName::Region, region, span_id));
        }
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.status = Status::Unknown;
            self.goroutine_of_id.remove(&goroutine.id);
        }
        self.set_current(thread, None);
    }

    pub(super) fn end_in_syscall(&mut self, thread: u32) {
        self.end(thread);
        let proc = self.threads.get_mut(thread as usize).and_then(|thread| thread.proc.take());
        if let Some(proc) = proc {
            self.set_proc(proc, ProcStatus::Abandoned, self.now_ns);
        }
    }

    pub(super) fn syscall_begin(&mut self, thread: u32, number: u64, stack: StackId) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        self.learn(position, stack);
        self.enter(position, Status::Syscall, self.words.syscall, stack);
        let sequence = self.sequence(number);
        if let Some(proc) = self.proc_of(thread) {
            proc.status = ProcStatus::Syscall;
            proc.sequence = sequence;
        }
    }

    pub(super) fn syscall_end(&mut self, thread: u32) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        self.run(position);
        if let Some(proc) = self.proc_of(thread) {
            proc.status = ProcStatus::Running;
        }
    }

    /// Runs a goroutine, in whatever way it runs.
    pub(super) fn run(&mut self, position: u32) {
        let Some(goroutine) = self.goroutines.get(position as usize) else { return };
        let state = match goroutine {
            goroutine if goroutine.label != StringId::EMPTY => goroutine.label,
            goroutine if goroutine.assists => self.words.assist,
            _ => self.words.running,
        };
        let start = goroutine.start;
        self.enter(position, Status::Running, state, start);
    }

    /// Ends what a goroutine did, and begins something else. Without a stack it is where it was.
    pub(super) fn enter(&mut self, position: u32, status: Status, state: StringId, stack: StackId) {
        self.close(position);
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.status = status;
            goroutine.state = state;
            goroutine.since_ns = self.now_ns;
            if stack != StackId::EMPTY || status == Status::Running {
                goroutine.stack = stack;
            }
        }
    }

    /// Adds what a goroutine did until now.
    pub(super) fn close(&mut self, position: u32) {
        if let Some(goroutine) = self.goroutines.get(position as usize) {
            self.piece(position, self.now_ns, goroutine.stack, 0);
        }
    }

    /// Adds what a goroutine did until some moment, at a place. It goes on from then.
    pub(super) fn piece(&mut self, position: u32, end_ns: i64, stack: StackId, cpu_samples: i64) {
        let Some(goroutine) = self.goroutines.get_mut(position as usize) else { return };
        let goroutine_ns = end_ns.saturating_sub(goroutine.since_ns).max(0);
        if goroutine.status == Status::Unknown || (goroutine_ns == 0 && cpu_samples == 0) {
            return;
        }
        let end = End { time_ns: end_ns, stack, span_id: goroutine.span_id };
        goroutine.since_ns = goroutine.since_ns.max(end_ns);
        let off_cpu_ns = if goroutine.status == Status::Waiting { goroutine_ns } else { 0 };
        let subject = Subject::Goroutine { position, state: goroutine.state };
        self.output.push(subject, end, Values { cpu_samples, goroutine_ns, off_cpu_ns, event_ns: 0 });
    }

    /// Learns the function that a goroutine started with from one of its stacks.
    pub(super) fn learn(&mut self, position: u32, stack: StackId) {
        let Some(goroutine) = self.goroutines.get_mut(position as usize) else { return };
        if goroutine.start != StackId::EMPTY || stack == StackId::EMPTY {
            return;
        }
        if let Some(&root) = self.output.profile.stacks.get(stack).last() {
            goroutine.start = self.output.profile.stacks.intern(&[root]);
            if goroutine.status == Status::Running && goroutine.stack == StackId::EMPTY {
                goroutine.stack = goroutine.start;
            }
        }
    }

    /// The runtime says what the goroutine of a thread works on.
    pub(super) fn label(&mut self, thread: u32, label: StringId) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.label = label;
        }
        self.run(position);
    }
}
