//! Clocks: that of events, that of people, and that of what the profiler costs.

use crate::system::{clock_ns, page_bytes};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Nanoseconds of `CLOCK_MONOTONIC`, which events carry.
pub(crate) fn monotonic_ns() -> u64 {
    clock_ns(libc::CLOCK_MONOTONIC)
}

/// What to add to `CLOCK_MONOTONIC` to get nanoseconds since the Unix epoch.
pub(crate) fn unix_offset_ns() -> i64 {
    let monotonic = i64::try_from(monotonic_ns()).unwrap_or(0);
    i64::try_from(clock_ns(libc::CLOCK_REALTIME)).unwrap_or(0).saturating_sub(monotonic)
}

/// CPU time of the calling thread.
pub(crate) fn thread_cpu_ns() -> u64 {
    clock_ns(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of the profiler's own threads, added up.
#[derive(Clone, Debug, Default)]
pub(crate) struct CpuMeter {
    total_ns: Arc<AtomicU64>,
}

impl CpuMeter {
    /// All that was added so far.
    pub(crate) fn total_ns(&self) -> u64 {
        self.total_ns.load(Ordering::Relaxed)
    }

    /// Adds what the calling thread took since the last time.
    pub(crate) fn add_since(&self, last: &mut u64) {
        let now = thread_cpu_ns();
        self.total_ns.fetch_add(now.saturating_sub(*last), Ordering::Relaxed);
        *last = now;
    }
}

/// Resident memory of this process.
pub(crate) fn resident_bytes() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/self/statm") else { return 0 };
    let pages: u64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    pages.saturating_mul(page_bytes())
}
