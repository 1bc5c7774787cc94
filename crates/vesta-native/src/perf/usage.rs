//! What the profiler itself costs.

use super::system::clock;
use std::time::Duration;

/// CPU time of this process, read twice to know what happened in between.
#[derive(Clone, Copy, Debug)]
pub struct CpuUsage {
    cpu: Duration,
    wall: Duration,
}

impl CpuUsage {
    /// Begins to measure.
    pub fn start() -> CpuUsage {
        CpuUsage { cpu: clock(libc::CLOCK_PROCESS_CPUTIME_ID), wall: clock(libc::CLOCK_MONOTONIC) }
    }

    /// CPU time since the start or the last call, and the part of one CPU that it is; begins anew.
    pub fn lap(&mut self) -> (Duration, f64) {
        let now = CpuUsage::start();
        let cpu = now.cpu.saturating_sub(self.cpu);
        let wall = now.wall.saturating_sub(self.wall);
        *self = now;
        (cpu, cpu.as_secs_f64() / wall.as_secs_f64().max(1e-9))
    }
}

/// Nanoseconds of the clock that all records are stamped with.
pub(super) fn monotonic_ns() -> u64 {
    u64::try_from(clock(libc::CLOCK_MONOTONIC).as_nanos()).unwrap_or(u64::MAX)
}
