//! The system calls of the engine that the standard library does not have.
#![expect(unsafe_code, reason = "system calls; each block says why it is sound")]

use std::os::fd::RawFd;
use std::time::Duration;

/// Nanoseconds of a clock.
pub(crate) fn clock_ns(clock: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer; an unknown clock leaves it as it is.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(u64::try_from(time.tv_nsec).unwrap_or(0))
}

/// Bytes of a page.
pub(crate) fn page_bytes() -> u64 {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    u64::try_from(page).unwrap_or(4096)
}

/// How many files this process may open.
pub(crate) fn maximum_files() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is a valid place for the answer.
    let result = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    if result == 0 { usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX) } else { 1024 }
}

/// Waits until one of two descriptors can be read, and says whether the first can. A negative one is left out.
pub(crate) fn wait_for(descriptors: [RawFd; 2], timeout: Duration) -> bool {
    let mut entries = descriptors.map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 });
    let milliseconds = i32::try_from(timeout.as_millis()).unwrap_or(i32::MAX).max(1);
    // SAFETY: both entries are valid for as long as the call takes.
    let ready = unsafe { libc::poll(entries.as_mut_ptr(), 2, milliseconds) };
    ready > 0 && entries[0].revents != 0
}

/// Sets the counter of an eventfd to 0.
pub(crate) fn rearm(descriptor: RawFd) {
    let mut count = [0_u8; 8];
    // SAFETY: reads at most as many bytes as there is room for. The number is not needed.
    unsafe { libc::read(descriptor, count.as_mut_ptr().cast(), count.len()) };
}

/// Makes the calling thread one of the profiler: hooks leave it alone, and signals go to threads of the application when
/// the profiler runs within one.
pub(crate) fn become_profiler_thread() {
    vesta_hooks::exclude_current_thread();
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: `sigfillset` fills the set in before it is read, and the old mask is not asked for.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_BLOCK, all.as_ptr(), std::ptr::null_mut());
    }
}

/// Gives memory that is free back to the system: tables of symbols come and go by the ten megabytes.
pub(crate) fn release_memory() {
    // SAFETY: has no requirements. Other allocators than that of glibc give memory back by themselves.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
