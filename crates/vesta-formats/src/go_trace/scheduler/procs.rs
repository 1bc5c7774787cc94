//! Procs: the right to run Go code, and who has it.

use super::super::goroutine::Sequence;
use super::super::output::{End, Subject, Values};
use super::{FULL, Lasting, MISFIT, Scheduler, position};

/// The right to run Go code; there are as many as `GOMAXPROCS`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Proc {
    pub(super) id: u64,
    pub(super) status: ProcStatus,
    pub(super) sequence: Sequence,
    /// When it began to be used.
    pub(super) since_ns: i64,
    /// Since when it sweeps, and where.
    pub(super) sweep: Option<Lasting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProcStatus {
    Unknown,
    Running,
    Idle,
    Syscall,
    /// Left behind in a system call by a thread that nobody knows any more.
    Abandoned,
}

/// What a proc takes, with its index.
const PROC_BYTES: usize = 2 * size_of::<Proc>() + 48;

impl Scheduler<'_> {
    pub(super) fn proc(&self, id: u64) -> Option<&Proc> {
        self.procs.get(*self.proc_of_id.get(&id)? as usize)
    }

    pub(super) fn proc_position(&mut self, id: u64) -> Option<u32> {
        if let Some(&position) = self.proc_of_id.get(&id) {
            return Some(position);
        }
        if !self.output.memory.take(PROC_BYTES) {
            self.output.stop(FULL);
            return None;
        }
        let position = position(self.procs.len());
        let sequence = self.sequence(0);
        self.procs.push(Proc {
            id,
            status: ProcStatus::Unknown,
            sequence,
            since_ns: self.now_ns,
            sweep: None,
        });
        self.proc_of_id.insert(id, position);
        Some(position)
    }

    pub(super) fn proc_status(&mut self, thread: u32, id: u64, number: u64) {
        let status = match number {
            1 => ProcStatus::Running,
            2 => ProcStatus::Idle,
            3 => ProcStatus::Syscall,
            4 => ProcStatus::Abandoned,
            _ => return self.note(MISFIT),
        };
        let Some(position) = self.proc_position(id) else { return };
        let sequence = self.sequence(0);
        let Some(proc) = self.procs.get_mut(position as usize) else { return };
        proc.sequence = sequence;
        if status == ProcStatus::Abandoned && proc.status == ProcStatus::Syscall {
            // Its thread is known, so nothing is lost.
            return;
        }
        let is_new = proc.status == ProcStatus::Unknown;
        let is_misfit = !is_new && proc.status != status;
        self.set_proc(position, status, self.since_ns(is_new));
        if is_misfit {
            self.note(MISFIT);
        }
        if matches!(status, ProcStatus::Running | ProcStatus::Syscall)
            && let Some(thread) = self.threads.get_mut(thread as usize)
        {
            thread.proc = Some(position);
        }
    }

    pub(super) fn proc_start(&mut self, thread: u32, id: u64, number: u64) {
        let Some(position) = self.proc_position(id) else { return };
        let sequence = self.sequence(number);
        self.set_proc(position, ProcStatus::Running, self.now_ns);
        if let Some(proc) = self.procs.get_mut(position as usize) {
            proc.sequence = sequence;
        }
        if let Some(thread) = self.threads.get_mut(thread as usize) {
            thread.proc = Some(position);
        }
    }

    pub(super) fn proc_stop(&mut self, thread: u32) {
        let proc = self.threads.get_mut(thread as usize).and_then(|thread| thread.proc.take());
        match proc {
            Some(proc) => self.set_proc(proc, ProcStatus::Idle, self.now_ns),
            None => self.note(MISFIT),
        }
    }

    pub(super) fn proc_steal(&mut self, id: u64, number: u64, from: u64) {
        let Some(position) = self.proc_position(id) else { return };
        let sequence = self.sequence(number);
        let Some(proc) = self.procs.get_mut(position as usize) else { return };
        proc.sequence = sequence;
        let was_abandoned = proc.status == ProcStatus::Abandoned;
        self.set_proc(position, ProcStatus::Idle, self.now_ns);
        if was_abandoned {
            return;
        }
        let victim = self.thread_of_id.get(&from).and_then(|&thread| self.threads.get_mut(thread as usize));
        match victim {
            Some(thread) if thread.proc == Some(position) => thread.proc = None,
            _ => self.note(MISFIT),
        }
    }

    /// Gives a proc another status. In a system call it is still in use.
    pub(super) fn set_proc(&mut self, position: u32, status: ProcStatus, since_ns: i64) {
        let is_used = |status| matches!(status, ProcStatus::Running | ProcStatus::Syscall);
        let Some(proc) = self.procs.get(position as usize) else { return };
        let was_used = is_used(proc.status);
        if was_used && !is_used(status) {
            self.proc_rests(position);
        }
        if let Some(proc) = self.procs.get_mut(position as usize) {
            proc.status = status;
            if !was_used {
                proc.since_ns = since_ns;
            }
        }
    }

    /// Adds the time that a proc was in use.
    pub(super) fn proc_rests(&mut self, position: u32) {
        let Some(&proc) = self.procs.get(position as usize) else { return };
        let event_ns = self.now_ns.saturating_sub(proc.since_ns);
        if event_ns > 0 && matches!(proc.status, ProcStatus::Running | ProcStatus::Syscall) {
            let end = End { time_ns: self.now_ns, ..End::default() };
            self.output.push(Subject::Proc(proc.id), end, Values { event_ns, ..Values::default() });
        }
    }

    pub(super) fn proc_of(&mut self, thread: u32) -> Option<&mut Proc> {
        let proc = self.threads.get(thread as usize)?.proc?;
        self.procs.get_mut(proc as usize)
    }
}
