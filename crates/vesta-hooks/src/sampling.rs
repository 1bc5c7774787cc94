//! Samples: deciding on them, and writing them to the ring.

use crate::architecture::{Context, number};
use crate::layout::{self, Record};
use crate::options::Options;
use crate::table::{self, Index};
use crate::thread::{self, Before, Thread, process};
use crate::{install, live, math, system, writer};
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Grows with each start of the hooks, and in each child: threads set themselves up anew when it differs from theirs.
pub(crate) static EPOCH: AtomicU32 = AtomicU32::new(0);
/// Whether samples are taken.
static ACTIVE: AtomicBool = AtomicBool::new(false);
/// The process's id for itself, and for whoever reads the ring.
static INNER_PID: AtomicU32 = AtomicU32::new(0);
static OUTER_PID: AtomicU32 = AtomicU32::new(0);
/// The main thread's stack.
static MAIN_STACK_START: AtomicU64 = AtomicU64::new(0);
static MAIN_STACK_END: AtomicU64 = AtomicU64::new(0);

/// A free was lost: what is alive has to be forgotten, or it would look alive for ever.
static RESET: AtomicBool = AtomicBool::new(false);
static INTERVAL: AtomicU64 = AtomicU64::new(0);
static STACK_BYTES: AtomicU32 = AtomicU32::new(0);
static LOCK_THRESHOLD_NS: AtomicU64 = AtomicU64::new(0);
static LIVE_HEAP: AtomicBool = AtomicBool::new(false);
static FOLLOW: AtomicBool = AtomicBool::new(false);

/// Bytes after which a thread that takes no samples looks whether it should.
const RETRY_BYTES: u64 = 1 << 20;

/// Samples are taken from now on. The ring must be attached.
pub(crate) fn activate(options: &Options, outer_pid: u32, cause: u8) {
    INTERVAL.store(options.allocation_interval_bytes, Ordering::Relaxed);
    STACK_BYTES.store(options.stack_bytes, Ordering::Relaxed);
    LOCK_THRESHOLD_NS.store(options.lock_threshold_ns, Ordering::Relaxed);
    LIVE_HEAP.store(options.live_heap, Ordering::Relaxed);
    FOLLOW.store(options.follow_children, Ordering::Relaxed);
    INNER_PID.store(system::process_id(), Ordering::Relaxed);
    OUTER_PID.store(outer_pid, Ordering::Relaxed);
    find_main_stack();
    process().writing.store(0, Ordering::Relaxed);
    process().alive.store(1, Ordering::Relaxed);
    EPOCH.fetch_add(1, Ordering::Relaxed);
    ACTIVE.store(true, Ordering::Release);
    write_start(cause);
}

/// No samples are taken from now on; some may be in the making.
pub(crate) fn deactivate() {
    ACTIVE.store(false, Ordering::SeqCst);
}

/// Whether no sample is in the making.
#[cfg_attr(vesta_preload, expect(dead_code, reason = "only stops in process wait"))]
pub(crate) fn is_quiet() -> bool {
    process().writing.load(Ordering::SeqCst) == 0
}

/// An original function gave out `size` bytes at `address`. `before` is what remained of the thread's gap before it was
/// called: when that has changed, another hook beneath has counted these bytes already (musl's `calloc` calls `malloc`).
///
/// # Safety
/// Called by a hook with what its stub saved.
pub(crate) unsafe fn allocated(before: Before, size: usize, address: usize, kind: u8, context: &Context) {
    let thread = thread::current();
    // SAFETY: this thread's state, through a raw pointer since handlers of signals use it too.
    unsafe {
        if address == 0 || thread::before() != before {
            return;
        }
        let size = size as u64;
        let before = before.remaining;
        if size <= before {
            (*thread).remaining = before - size;
            return;
        }
        if !enter(thread) {
            return;
        }
        // A thread's first allocation comes here with nothing set up, whatever its size.
        let fresh = set_up(thread);
        let interval = INTERVAL.load(Ordering::Relaxed);
        if interval == 0 || (*thread).excluded {
            (*thread).remaining = RETRY_BYTES;
        } else if fresh && size <= next_gap(thread, interval) {
            (*thread).remaining -= size;
        } else {
            next_gap(thread, interval);
            (*thread).samples += 1;
            let weight = math::weight(size as f64, interval as f64);
            write_allocation(thread, size, address, weight, kind, context);
        }
        leave(thread);
    }
}

/// A thread's wait for a lock has ended.
///
/// # Safety
/// As [`allocated`].
pub(crate) unsafe fn waited(wait_ns: u64, end_ns: u64, lock: usize, kind: u8, context: &Context) {
    let thread = thread::current();
    // SAFETY: as above.
    unsafe {
        if (*thread).excluded || !enter(thread) {
            return;
        }
        set_up(thread);
        let threshold = LOCK_THRESHOLD_NS.load(Ordering::Relaxed);
        let mut weight = 1.0;
        let mut sampled = true;
        if wait_ns < threshold {
            let probability = math::one_minus_exp_minus(wait_ns as f64 / threshold as f64);
            sampled = math::uniform(&mut (*thread).random) < probability;
            weight = 1.0 / probability;
        }
        if sampled {
            let record = Record {
                kind: layout::KIND_LOCK,
                detail: kind,
                time_ns: end_ns,
                address: lock as u64,
                size: wait_ns,
                weight,
                ..empty()
            };
            if !write_with_stack(thread, record, context) {
                lose(|header| &header.lost_locks);
            }
        }
        leave(thread);
    }
}

/// A sampled address that was taken out of the table is being freed.
pub(crate) fn freed(address: usize, time_ns: u64) {
    process().writing.fetch_add(1, Ordering::SeqCst);
    if ACTIVE.load(Ordering::SeqCst) {
        let record =
            Record { kind: layout::KIND_FREE, time_ns, address: address as u64, pid: pid(), ..empty() };
        if !write_short(&record) {
            lose(|header| &header.lost_frees);
            RESET.store(true, Ordering::Relaxed);
        }
    }
    process().writing.fetch_sub(1, Ordering::SeqCst);
}

/// What runs in the child of a fork, once: from the hook, or else at its first sample.
pub(crate) fn forked() {
    let process = process();
    if process.alive.swap(1, Ordering::Relaxed) == 1 {
        // Kernels before 4.14 do not wipe.
        if INNER_PID.load(Ordering::Relaxed) == system::process_id() {
            return;
        }
        process.writing.store(0, Ordering::Relaxed);
        process.patching.store(0, Ordering::Relaxed);
        live::clear();
    }
    if !FOLLOW.load(Ordering::Relaxed) {
        deactivate();
    }
    if !ACTIVE.load(Ordering::Relaxed) {
        return;
    }
    let (inner, outer) = (INNER_PID.load(Ordering::Relaxed), OUTER_PID.load(Ordering::Relaxed));
    let now = system::process_id();
    INNER_PID.store(now, Ordering::Relaxed);
    // In another pid namespace only the listener can tell.
    let seen = if inner == outer { now } else { install::outer_pid().unwrap_or(now) };
    OUTER_PID.store(seen, Ordering::Relaxed);
    EPOCH.fetch_add(1, Ordering::Relaxed);
    write_start(layout::DETAIL_FORK);
}

/// Whether samples are taken.
pub(crate) fn is_active() -> bool {
    ACTIVE.load(Ordering::Relaxed)
}

/// Now, on `CLOCK_MONOTONIC`.
pub(crate) fn now_ns() -> u64 {
    if table::original(Index::ClockGettime) == 0 {
        return system::monotonic_ns();
    }
    let mut time = [0u64; 2];
    // SAFETY: the C library's function, which fills two words and cannot fail for this clock.
    unsafe { table::call(Index::ClockGettime, [1, (&raw mut time) as usize, 0, 0, 0, 0]) };
    time[0] * 1_000_000_000 + time[1]
}

/// Keeps handlers of signals, and what is called from here, from taking a sample within a sample.
unsafe fn enter(thread: *mut Thread) -> bool {
    // SAFETY: this thread's state.
    unsafe {
        if (*thread).busy {
            (*thread).remaining = RETRY_BYTES;
            return false;
        }
        (*thread).busy = true;
    }
    process().writing.fetch_add(1, Ordering::SeqCst);
    if process().alive.load(Ordering::Relaxed) == 0 && ACTIVE.load(Ordering::SeqCst) {
        forked();
        process().writing.store(1, Ordering::SeqCst);
    }
    if !ACTIVE.load(Ordering::SeqCst) {
        // SAFETY: this thread's state.
        unsafe {
            (*thread).remaining = RETRY_BYTES;
            leave(thread);
        }
        return false;
    }
    true
}

unsafe fn leave(thread: *mut Thread) {
    process().writing.fetch_sub(1, Ordering::SeqCst);
    // SAFETY: this thread's state.
    unsafe { (*thread).busy = false };
}

/// Sets up a thread's state. Whether it was not.
unsafe fn set_up(thread: *mut Thread) -> bool {
    let epoch = EPOCH.load(Ordering::Relaxed);
    // SAFETY: this thread's state.
    unsafe {
        if (*thread).epoch == epoch {
            return false;
        }
        (*thread).epoch = epoch;
        let id = system::thread_id();
        (*thread).random = now_ns() ^ (u64::from(id) << 40) ^ (thread as u64).rotate_left(17);
        if (*thread).stack_end == 0 && id == system::process_id() {
            (*thread).stack_start = MAIN_STACK_START.load(Ordering::Relaxed) as usize;
            (*thread).stack_end = MAIN_STACK_END.load(Ordering::Relaxed) as usize;
        }
    }
    true
}

unsafe fn next_gap(thread: *mut Thread, interval: u64) -> u64 {
    // SAFETY: this thread's state.
    unsafe {
        (*thread).remaining = math::gap(&mut (*thread).random, interval as f64);
        (*thread).remaining
    }
}

unsafe fn write_allocation(
    thread: *mut Thread,
    size: u64,
    address: usize,
    weight: f64,
    kind: u8,
    context: &Context,
) {
    let time_ns = now_ns();
    let live_heap = LIVE_HEAP.load(Ordering::Relaxed);
    if live_heap && RESET.load(Ordering::Relaxed) {
        reset(time_ns);
    }
    let tracked = live_heap && live::insert(address);
    if live_heap && !tracked {
        lose(|header| &header.untracked);
    }
    let record = Record {
        kind: layout::KIND_ALLOCATION,
        detail: kind,
        flags: if tracked { layout::FLAG_TRACKED } else { 0 },
        time_ns,
        address: address as u64,
        size,
        weight,
        ..empty()
    };
    // SAFETY: the caller's.
    if unsafe { !write_with_stack(thread, record, context) } {
        if tracked {
            live::remove(address);
        }
        lose(|header| &header.lost_allocations);
    }
    // SAFETY: not in a signal handler that interrupted the linker: those must not allocate.
    unsafe { install::look_again(time_ns) };
}

/// Forgets what is alive and says so, as soon as there is room to say it.
fn reset(time_ns: u64) {
    if RESET.swap(false, Ordering::Relaxed) {
        live::clear();
        let record = Record { kind: layout::KIND_LIVE_RESET, time_ns, pid: pid(), ..empty() };
        if !write_short(&record) {
            RESET.store(true, Ordering::Relaxed);
        }
    }
}

fn lose(counter: impl Fn(&layout::Header) -> &AtomicU64) {
    if let Some(ring) = writer::ring() {
        counter(ring.header()).fetch_add(1, Ordering::Relaxed);
    }
}

fn empty() -> Record {
    Record {
        word: 0,
        kind: 0,
        detail: 0,
        flags: 0,
        pid: 0,
        tid: 0,
        stack_bytes: 0,
        time_ns: 0,
        address: 0,
        size: 0,
        weight: 0.0,
        stack_start: 0,
        registers: [0; crate::architecture::REGISTERS],
    }
}

fn pid() -> u32 {
    let now = system::process_id();
    if now == INNER_PID.load(Ordering::Relaxed) { OUTER_PID.load(Ordering::Relaxed) } else { now }
}

fn write_start(cause: u8) {
    let record = Record {
        kind: layout::KIND_START,
        detail: cause,
        time_ns: now_ns(),
        pid: pid(),
        size: u64::from(system::parent_id()),
        ..empty()
    };
    write_short(&record);
}

/// Writes the first cell of a record.
fn write_short(record: &Record) -> bool {
    let Some(ring) = writer::ring() else { return false };
    let Some(room) = writer::reserve(ring, layout::CELL, record.pid, true) else { return false };
    // SAFETY: a cell of our own; its first word stays.
    unsafe {
        core::ptr::copy_nonoverlapping(
            core::ptr::from_ref(record).cast::<u8>().add(8),
            room.record().cast::<u8>().add(8),
            layout::CELL - 8,
        );
    }
    room.commit();
    true
}

/// Completes a record with the caller's registers and stack, and writes it.
unsafe fn write_with_stack(thread: *mut Thread, mut record: Record, context: &Context) -> bool {
    let Some(ring) = writer::ring() else { return false };
    let wanted = STACK_BYTES.load(Ordering::Relaxed) as usize;
    let start = context.stack_pointer();
    // SAFETY: this thread's state.
    let (known_start, known_end) = unsafe { ((*thread).stack_start, (*thread).stack_end) };
    let known = (known_start..known_end).contains(&start);
    let mut bytes = if known { wanted.min(known_end - start) & !7 } else { wanted };
    record.pid = pid();
    let length = size_of::<Record>() + bytes;
    let Some(room) = writer::reserve(ring, length, record.pid, false) else { return false };
    let end_of_stack = if known {
        // SAFETY: within this thread's stack, into room of at least this size.
        unsafe { core::ptr::copy_nonoverlapping(start as *const u8, room.stack() as *mut u8, bytes) };
        bytes < wanted
    } else {
        // SAFETY: room of at least this size.
        bytes = unsafe { copy_unknown(start, room.stack(), bytes) };
        false
    };
    record.tid = system::thread_id();
    record.stack_start = start as u64;
    record.stack_bytes = bytes as u32;
    record.registers = context.registers();
    if !end_of_stack && bytes == wanted {
        record.flags |= layout::FLAG_TRUNCATED;
    }
    // SAFETY: room of our own; its first word stays.
    unsafe {
        core::ptr::copy_nonoverlapping(
            (&raw const record).cast::<u8>().add(8),
            room.record().cast::<u8>().add(8),
            size_of::<Record>() - 8,
        );
    }
    room.commit();
    true
}

/// Copies a stack of which the end is not known (of a fiber, or of a thread from before the hooks) as far as there is
/// memory.
unsafe fn copy_unknown(start: usize, to: usize, bytes: usize) -> usize {
    const PAGE: usize = 4096;
    let (local, remote) = ([to, bytes], [start, bytes]);
    let (local, remote) = ((&raw const local) as usize, (&raw const remote) as usize);
    // SAFETY: the kernel checks every address, and writes into room of this size.
    let copied = unsafe {
        let pid = system::process_id() as usize;
        system::call(number::PROCESS_VM_READV, [pid, local, 1, remote, 1, 0])
    };
    match copied {
        Ok(copied) => copied & !7,
        Err(_) => {
            // Filtered by seccomp. The page with the stack pointer is there in any case.
            let bytes = bytes.min(PAGE - start % PAGE) & !7;
            // SAFETY: the rest of a page that the caller's frame is on.
            unsafe { core::ptr::copy_nonoverlapping(start as *const u8, to as *mut u8, bytes) };
            bytes
        }
    }
}

/// The main thread's stack ends after the strings that the kernel put there, the last of which it names; it starts no
/// lower than its limit allows.
fn find_main_stack() {
    const EXECUTABLE_NAME: u64 = 31;
    const AT_WORKING_DIRECTORY: usize = -100isize as usize;
    const STACK_LIMIT: usize = 3;
    let mut words = [[0u64; 2]; 64];
    let mut limit = [0u64; 2];
    // SAFETY: a path that ends with a zero, a buffer of that size, our own descriptor.
    unsafe {
        let path = c"/proc/self/auxv".as_ptr() as usize;
        let Ok(fd) = system::call(number::OPENAT, [AT_WORKING_DIRECTORY, path, 0o2_000_000, 0, 0, 0]) else {
            return;
        };
        let _ = system::call(number::READ, [fd, words.as_mut_ptr() as usize, size_of_val(&words), 0, 0, 0]);
        system::close(fd as i32);
        let _ = system::call(number::PRLIMIT64, [0, STACK_LIMIT, 0, (&raw mut limit) as usize, 0, 0]);
    }
    let Some([_, name]) = words.iter().find(|[kind, _]| *kind == EXECUTABLE_NAME) else { return };
    let end = (name | 4095) + 1;
    MAIN_STACK_END.store(end, Ordering::Relaxed);
    MAIN_STACK_START.store(end.saturating_sub(limit[0].min(8 << 20)), Ordering::Relaxed);
}
