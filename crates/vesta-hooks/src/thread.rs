//! What hooks remember per thread and per process.

use crate::architecture::thread_state;
use core::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};

/// State of a thread, zero when it starts. Only its own thread uses it; signal handlers may come in between.
#[repr(C)]
pub(crate) struct Thread {
    /// Bytes to allocate until the next sample. First, since hooks subtract from it in assembly.
    pub(crate) remaining: u64,
    /// The [`EPOCH`](crate::sampling::EPOCH) in which this was set up.
    pub(crate) epoch: u32,
    /// A sample is being taken.
    pub(crate) busy: bool,
    /// The thread belongs to the profiler.
    pub(crate) excluded: bool,
    /// How many samples it took, to see whether one was taken meanwhile.
    pub(crate) samples: u64,
    pub(crate) random: u64,
    /// Where the thread's stack is, as far as known.
    pub(crate) stack_start: usize,
    pub(crate) stack_end: usize,
}

const _: () = assert!(size_of::<Thread>() <= 64);

/// What remained of a thread's gap at some time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) remaining: u64,
    samples: u64,
}

/// What remains of this thread's gap.
#[inline(always)]
pub(crate) fn before() -> Before {
    let thread = current();
    // SAFETY: this thread's state.
    unsafe { Before { remaining: (*thread).remaining, samples: (*thread).samples } }
}

/// This thread's state. A raw pointer: a signal handler in the same thread may hold it too.
#[inline(always)]
pub(crate) fn current() -> *mut Thread {
    thread_state() as *mut Thread
}

/// Size of the part of [`Process`] in front of the filter.
pub(crate) const PROCESS_BYTES: usize = 65_536;
/// Number of counters in the filter of live addresses.
pub(crate) const FILTER_BYTES: usize = 131_072;

/// State of a process that the kernel wipes in the child of a `fork` (and not after `vfork`, where memory is shared).
/// So locks held by threads that the child does not have are free in it, and its live heap is empty, without a handler.
#[repr(C)]
pub(crate) struct Process {
    /// 1 when set up, so 0 tells a child from its parent.
    pub(crate) alive: AtomicU32,
    /// Slots are being patched.
    pub(crate) patching: AtomicU32,
    /// Samples being written now.
    pub(crate) writing: AtomicU32,
    padding: u32,
    /// When to look for new objects again.
    pub(crate) next_look_ns: AtomicU64,
    /// Until when every occasion is taken to look for new objects.
    pub(crate) eager_until_ns: AtomicU64,
    /// How many objects there were at the last look.
    pub(crate) additions: AtomicU64,
    unused: [u8; PROCESS_BYTES - 40],
    /// How many live sampled addresses fall on each place.
    pub(crate) filter: [AtomicU8; FILTER_BYTES],
}

unsafe extern "C" {
    /// Defined in assembly, so that hooks find the filter without a table.
    #[link_name = "vesta_hooks_process"]
    pub(crate) static PROCESS: Process;
}

/// This process's state.
#[inline(always)]
pub(crate) fn process() -> &'static Process {
    // SAFETY: zeros that were there from the start, and atomics only.
    unsafe { &PROCESS }
}
