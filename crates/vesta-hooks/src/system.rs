//! The few system calls that both sides need, without a C library: `errno` is not touched, and nothing is hooked.

use crate::architecture::{number, system_call};

/// A negative result of a system call, as `errno` would have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

pub(crate) const PROT_READ: usize = 1;
pub(crate) const PROT_WRITE: usize = 2;
pub(crate) const MAP_SHARED: usize = 1;
pub(crate) const MAP_PRIVATE: usize = 2;
pub(crate) const MAP_FIXED: usize = 0x10;
pub(crate) const MAP_ANONYMOUS: usize = 0x20;
pub(crate) const MAP_NORESERVE: usize = 0x4000;
pub(crate) const MADV_WIPEONFORK: usize = 18;

fn result(value: isize) -> Result<usize, Errno> {
    if value < 0 { Err(Errno(-(value as i32))) } else { Ok(value as usize) }
}

/// Any system call.
///
/// # Safety
/// As the call.
pub(crate) unsafe fn call(number: usize, arguments: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: the caller's.
    result(unsafe { system_call(number, arguments) })
}

/// `mmap`.
///
/// # Safety
/// With `MAP_FIXED` it replaces what is there.
pub(crate) unsafe fn map(
    address: usize,
    length: usize,
    protection: usize,
    flags: usize,
    fd: i32,
    offset: usize,
) -> Result<usize, Errno> {
    // SAFETY: the caller's.
    unsafe { call(number::MMAP, [address, length, protection, flags, fd as usize, offset]) }
}

/// `munmap`.
///
/// # Safety
/// Nothing may use the memory afterwards.
pub(crate) unsafe fn unmap(address: usize, length: usize) {
    // SAFETY: the caller's.
    let _ = unsafe { call(number::MUNMAP, [address, length, 0, 0, 0, 0]) };
}

/// `close`.
///
/// # Safety
/// The descriptor belongs to the caller.
pub(crate) unsafe fn close(fd: i32) {
    // SAFETY: the caller's.
    let _ = unsafe { call(number::CLOSE, [fd as usize, 0, 0, 0, 0, 0]) };
}

/// The process, in its own pid namespace.
pub(crate) fn process_id() -> u32 {
    // SAFETY: no memory is involved.
    unsafe { system_call(number::GETPID, [0; 6]) as u32 }
}

/// Its parent, in the same namespace.
pub(crate) fn parent_id() -> u32 {
    // SAFETY: no memory is involved.
    unsafe { system_call(number::GETPPID, [0; 6]) as u32 }
}

/// This thread, in its own pid namespace.
pub(crate) fn thread_id() -> u32 {
    // SAFETY: no memory is involved.
    unsafe { system_call(number::GETTID, [0; 6]) as u32 }
}

/// `CLOCK_MONOTONIC`, by system call.
pub(crate) fn monotonic_ns() -> u64 {
    let mut time = [0u64; 2];
    // SAFETY: the kernel fills the two words.
    unsafe { system_call(number::CLOCK_GETTIME, [1, (&raw mut time) as usize, 0, 0, 0, 0]) };
    time[0] * 1_000_000_000 + time[1]
}

/// Wakes everybody who waits for the word.
///
/// # Safety
/// The word is mapped.
pub(crate) unsafe fn futex_wake(word: *const core::sync::atomic::AtomicU32) {
    // SAFETY: FUTEX_WAKE looks at the address only.
    let _ = unsafe { call(number::FUTEX, [word as usize, 1, i32::MAX as usize, 0, 0, 0]) };
}

/// Waits while the word is `expected`, at most `timeout_ns`.
///
/// # Safety
/// The word is mapped.
pub(crate) unsafe fn futex_wait(word: *const core::sync::atomic::AtomicU32, expected: u32, timeout_ns: u64) {
    let time = [timeout_ns / 1_000_000_000, timeout_ns % 1_000_000_000];
    let time = (&raw const time) as usize;
    // SAFETY: the kernel reads the two words of the time and the mapped word.
    let _ = unsafe { call(number::FUTEX, [word as usize, 0, expected as usize, time, 0, 0]) };
}
