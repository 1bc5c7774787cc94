//! The garbage collector: marking, sweeping, and goroutines that help it.

use super::super::goroutine::Status;
use super::super::output::EventName;
use super::{Lasting, MISFIT, Scheduler};
use vesta_profile::{StackId, StringId};

/// The phase of a garbage collection in which the heap is marked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Collector {
    pub(super) sequence: u64,
    /// Whether a beginning or an end was seen.
    pub(super) is_known: bool,
    pub(super) mark: Option<Lasting>,
}

impl Scheduler<'_> {
    pub(super) fn mark_active(&mut self, sequence: u64) {
        self.collector.sequence = sequence;
        self.collector.is_known = true;
        let since_ns = self.generation_start_ns;
        let new = Lasting { since_ns, stack: StackId::EMPTY, name: StringId::EMPTY };
        self.collector.mark.get_or_insert(new);
    }

    pub(super) fn mark_begin(&mut self, sequence: u64, stack: StackId) {
        self.collector.sequence = sequence;
        self.collector.is_known = true;
        let new = self.lasting(StringId::EMPTY, stack);
        if self.collector.mark.replace(new).is_some() {
            self.note(MISFIT);
        }
    }

    pub(super) fn mark_end(&mut self, sequence: u64) {
        self.collector.sequence = sequence;
        self.collector.is_known = true;
        match self.collector.mark.take() {
            Some(mark) => self.event(EventName::Mark, mark, 0),
            None => self.note(MISFIT),
        }
    }

    pub(super) fn sweep_active(&mut self, proc: u64) {
        let Some(position) = self.proc_position(proc) else { return };
        let since_ns = self.generation_start_ns;
        if let Some(proc) = self.procs.get_mut(position as usize) {
            let new = Lasting { since_ns, stack: StackId::EMPTY, name: StringId::EMPTY };
            proc.sweep.get_or_insert(new);
        }
    }

    pub(super) fn sweep_begin(&mut self, thread: u32, stack: StackId) {
        let new = self.lasting(StringId::EMPTY, stack);
        match self.proc_of(thread) {
            Some(proc) => proc.sweep = Some(new),
            None => self.note(MISFIT),
        }
    }

    pub(super) fn sweep_end(&mut self, thread: u32) {
        match self.proc_of(thread).and_then(|proc| proc.sweep.take()) {
            Some(sweep) => self.event(EventName::Sweep, sweep, 0),
            None => self.note(MISFIT),
        }
    }

    pub(super) fn assist_active(&mut self, id: u64) {
        let Some(position) = self.goroutine(id) else { return };
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.assists = true;
            if goroutine.status == Status::Running {
                goroutine.state = self.words.assist;
            }
        }
    }

    /// The goroutine of a thread begins to help the collector, or ends that.
    pub(super) fn assist(&mut self, thread: u32, assists: bool) {
        let Some(position) = self.current(thread) else { return self.note(MISFIT) };
        if let Some(goroutine) = self.goroutines.get_mut(position as usize) {
            goroutine.assists = assists;
        }
        self.run(position);
    }
}
