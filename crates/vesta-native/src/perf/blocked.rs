//! Where a thread is blocked: its program counter and stack, read from outside.
//!
//! `/proc/PID/task/TID/syscall` has program counter and stack pointer, and `process_vm_readv` the stack. The thread is
//! not stopped. Both need the right to trace it: the same user, and where Yama is on (`kernel.yama.ptrace_scope` 1), an
//! ancestor of the process or the one it named with `PR_SET_PTRACER`; or `CAP_SYS_PTRACE`.

use super::off_cpu::{Candidate, Tick};
use super::queue::Queue;
use super::record::halves;
use super::system::{bytes_of, bytes_of_mut, read_memory};
use super::usage::monotonic_ns;
use std::fs::File;
use std::io::Read;
use vesta_unwind::Registers;

/// The kind of record in which looks are queued among those of the kernel; one that the kernel does not use.
pub(super) const LOOK: u32 = 0x7665_0001;

/// Reads stacks of blocked threads.
#[derive(Debug)]
pub(super) struct Looker {
    buffer: Vec<u64>,
    stack_bytes: usize,
}

/// A look at a thread, as it is queued.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub(super) pid: u32,
    pub(super) tid: u32,
    /// The time of the tick.
    pub(super) began_ns: u64,
    pub(super) ended_ns: u64,
    pub(super) tick: Tick,
    /// `None` if the thread could not be read.
    pub(super) registers: Option<Registers>,
    pub(super) stack: &'a [u8],
}

impl Looker {
    pub(super) fn new(stack_bytes: u32) -> Looker {
        let stack_bytes = usize::try_from(stack_bytes).unwrap_or_default() / 8 * 8;
        Looker { buffer: vec![0; stack_bytes / 8], stack_bytes }
    }

    /// Whether a thread of the process may be looked at.
    pub(super) fn is_permitted(pid: u32) -> bool {
        let mut text = [0; 256];
        File::open(format!("/proc/{pid}/syscall")).and_then(|mut file| file.read(&mut text)).is_ok()
    }

    /// Looks at a thread, and queues what is seen with the time after it.
    pub(super) fn look(&mut self, candidate: Candidate, began_ns: u64, tick: Tick, queue: &mut Queue) {
        let Candidate { pid, tid, place_is_known } = candidate;
        let place = if place_is_known { None } else { position(pid, tid) };
        let mut filled = 0;
        if let Some((_, sp)) = place {
            filled = read_memory(pid, sp, bytes_of_mut(&mut self.buffer)).min(self.stack_bytes);
        }
        let (ip, sp) = place.unwrap_or((0, 0));
        let ended_ns = if place_is_known { began_ns } else { monotonic_ns() };
        let thread = u64::from(pid) | (u64::from(tid) << 32);
        queue.push(|record| {
            let filled = u64::try_from(filled).unwrap_or_default();
            let Tick { distance_ns, stands_for_ns } = tick;
            record.extend([u64::from(LOOK), thread, began_ns, distance_ns, stands_for_ns, ip, sp, filled]);
            let words = usize::try_from(filled.div_ceil(8)).unwrap_or_default();
            record.extend(self.buffer.iter().take(words));
            record.extend([thread, ended_ns, 0, 0]);
        });
    }
}

impl<'a> Look<'a> {
    /// Reads a look back, if the record is one.
    pub(super) fn decode(words: &'a [u64]) -> Option<Look<'a>> {
        let [header, thread, began_ns, distance_ns, stands_for_ns, ip, sp, filled, rest @ ..] = words else {
            return None;
        };
        if *header != u64::from(LOOK) {
            return None;
        }
        let stack = bytes_of(rest).get(..usize::try_from(*filled).ok()?)?;
        let (pid, tid) = halves(*thread);
        let ended_ns = *rest.get(rest.len().checked_sub(3)?)?;
        let registers = (*sp != 0 && !stack.is_empty()).then(|| Registers::partial(*ip, *sp));
        let tick = Tick { distance_ns: *distance_ns, stands_for_ns: *stands_for_ns };
        Some(Look { pid, tid, began_ns: *began_ns, ended_ns, tick, registers, stack })
    }
}

/// Program counter and stack pointer of a thread that is blocked.
fn position(pid: u32, tid: u32) -> Option<(u64, u64)> {
    let mut text = [0; 256];
    let length = File::open(format!("/proc/{pid}/task/{tid}/syscall")).ok()?.read(&mut text).ok()?;
    parse(std::str::from_utf8(text.get(..length)?).ok()?)
}

/// `running`, or `NUMBER ARGUMENTS... SP PC`, or `-1 SP PC` outside of a system call.
fn parse(text: &str) -> Option<(u64, u64)> {
    let mut words = text.split_whitespace().rev();
    let number = |word: &str| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let ip = number(words.next()?)?;
    let sp = number(words.next()?)?;
    (sp != 0).then_some((ip, sp))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_last_two_words_are_where_the_thread_is() {
        let asleep = "230 0x0 0x0 0x7ffd9e2b1d60 0x0 0x0 0x0 0x7ffd9e2b1d08 0x7f5c2f0d8f93\n";
        assert_eq!(parse(asleep), Some((0x7f5c_2f0d_8f93, 0x7ffd_9e2b_1d08)));
        assert_eq!(parse("-1 0x7ffd9e2b1d08 0x4011d6\n"), Some((0x40_11d6, 0x7ffd_9e2b_1d08)));
        for text in ["running\n", "", "0x1", "-1 0x0 0x0\n", "1 2 3"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
