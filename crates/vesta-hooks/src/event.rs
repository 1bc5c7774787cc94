//! What the hooks report.

use crate::architecture::REGISTERS;

/// One thing that happened in a profiled process. Everything in it was written by that process: a broken or hostile
/// one can put any value anywhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event<'a> {
    /// A sampled allocation.
    Allocation(Allocation<'a>),
    /// An allocation that was reported earlier, with live heap on, is gone.
    Free(Free),
    /// A sampled wait for a lock.
    Lock(LockWait<'a>),
    /// Hooks run in a process from now on.
    ProcessStart(ProcessStart),
    /// A process forgot its live allocations, since its table or the ring lost track; its frees will not be reported.
    LiveReset {
        /// The process.
        pid: u32,
        /// When, on `CLOCK_MONOTONIC`.
        time_ns: u64,
    },
}

/// Where a thread was. The registers are those of the caller of the hooked function at the call: no frame of the hooks
/// is on the stack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place<'a> {
    /// The process.
    pub pid: u32,
    /// The thread, as its own pid namespace numbers it.
    pub tid: u32,
    /// When, on `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// In DWARF order. The instruction pointer is the return address minus one, so inside the call: use it as it is for
    /// symbols and for unwinding. Caller-saved registers are 0.
    pub registers: &'a [u64; REGISTERS],
    /// The address of `stack[0]`, equal to the stack pointer in `registers`.
    pub stack_start: u64,
    /// A copy of the stack from there upwards.
    pub stack: &'a [u8],
    /// Whether the copy ends because `stack_bytes` was reached rather than at the end of the stack.
    pub truncated: bool,
}

/// A sampled allocation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allocation<'a> {
    /// Who allocated.
    pub place: Place<'a>,
    /// What was returned.
    pub address: u64,
    /// What was asked for.
    pub size: u64,
    /// How many allocations of this size this one stands for: 1 / (1 - exp(-size / interval)). `weight * size` is the
    /// unbiased number of bytes.
    pub weight: f64,
    /// Which kind of function it came from.
    pub kind: AllocationKind,
    /// A [`Free`] will follow when it goes: live heap is on and the table had room.
    pub tracked: bool,
}

impl Allocation<'_> {
    /// The number of allocated bytes it stands for.
    pub fn weight_bytes(&self) -> f64 {
        self.weight * self.size as f64
    }
}

/// Which kind of function an allocation came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AllocationKind {
    /// `malloc` and its relatives.
    Malloc,
    /// `realloc`, `reallocarray`, `rallocx`.
    Realloc,
    /// `operator new` of an allocator that brings its own (others call `malloc`).
    New,
    /// An anonymous, writable `mmap`, or `mremap`.
    Map,
}

/// A reported allocation is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Free {
    /// The process.
    pub pid: u32,
    /// The address that was allocated.
    pub address: u64,
    /// When, on `CLOCK_MONOTONIC`, before the memory was given back. An allocation at the same address with a later
    /// time is another one, whatever the order of the two in the ring.
    pub time_ns: u64,
}

/// A sampled wait for a contended lock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LockWait<'a> {
    /// Who waited; the time is when the wait ended.
    pub place: Place<'a>,
    /// The lock.
    pub address: u64,
    /// How long it waited.
    pub wait_ns: u64,
    /// How many waits of this length this one stands for; 1 from the threshold on.
    pub weight: f64,
    /// Which kind of lock.
    pub kind: LockKind,
}

/// Which kind of lock, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LockKind {
    /// `pthread_mutex_lock` and its timed relatives.
    Mutex,
    /// `pthread_rwlock_rdlock` and relatives.
    Read,
    /// `pthread_rwlock_wrlock` and relatives.
    Write,
}

/// Hooks run in a process from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessStart {
    /// The process, as the profiler sees it when the process is in another pid namespace.
    pub pid: u32,
    /// Its parent at that time, as its own namespace numbers it.
    pub parent: u32,
    /// When, on `CLOCK_MONOTONIC`.
    pub time_ns: u64,
    /// Why: a new image has the addresses of none before it, while a fork starts with those of its parent.
    pub cause: StartCause,
}

/// How a process came to run hooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StartCause {
    /// The library was loaded into a fresh image, after `exec`.
    Exec,
    /// `fork` of a process with hooks. Its live heap starts empty: what it inherited is its parent's.
    Fork,
    /// [`start`](crate::start) was called in it.
    Started,
}

/// What was lost since the ring was made, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Sampled allocations that found the ring full.
    pub allocations: u64,
    /// Frees that found the ring full. A [`LiveReset`](Event::LiveReset) follows.
    pub frees: u64,
    /// Sampled lock waits that found the ring full.
    pub locks: u64,
    /// Allocations without a place in the table of live ones.
    pub untracked: u64,
    /// Records whose writer died or stopped in the middle.
    pub abandoned: u64,
    /// Records that made no sense, or room lost to them.
    pub corrupt: u64,
}
