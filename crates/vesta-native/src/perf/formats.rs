//! What the records of each event look like, by the id that the kernel gave the event.

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use perf_event_open_sys::bindings as sys;

/// Fields that every sample has.
pub(super) const COMMON_FIELDS: u64 = sys::PERF_SAMPLE_IDENTIFIER as u64
    | sys::PERF_SAMPLE_IP as u64
    | sys::PERF_SAMPLE_TID as u64
    | sys::PERF_SAMPLE_TIME as u64
    | sys::PERF_SAMPLE_CPU as u64
    | sys::PERF_SAMPLE_PERIOD as u64;

/// What samples of one event hold beyond id, instruction pointer, thread, time, CPU and period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// The index of the event in the options of the sampler.
    pub event: usize,
    /// Kernel frames.
    pub callchain: bool,
    /// The data of a tracepoint.
    pub raw: bool,
    /// Registers and stack of the user half.
    pub user: bool,
    /// Whose event it is: events that were opened for the same thread have the same number.
    pub group: u32,
    /// The thread that the event was opened for; samples of others come from what they inherited.
    pub thread: Option<u32>,
    /// The period, if the event is a clock, or zero. The kernel keeps reporting the first period of a clock after it was
    /// changed (seen on 6.18), but for those that inherit it later.
    pub clock_period_ns: u64,
}

/// The formats of all events by id.
#[derive(Clone, Debug, Default)]
pub struct Formats {
    by_id: HashMap<u64, Format, RandomState>,
}

impl Format {
    /// The period of a sample of a thread.
    #[inline]
    pub(super) fn period(self, reported: u64, tid: u32) -> u64 {
        let is_own = self.thread.is_none_or(|thread| thread == tid);
        if self.clock_period_ns != 0 && is_own { self.clock_period_ns } else { reported }
    }

    pub(super) fn sample_type(self) -> u64 {
        let optional = [
            (self.callchain, sys::PERF_SAMPLE_CALLCHAIN),
            (self.raw, sys::PERF_SAMPLE_RAW),
            (self.user, sys::PERF_SAMPLE_REGS_USER | sys::PERF_SAMPLE_STACK_USER),
        ];
        optional
            .iter()
            .filter(|(wanted, _)| *wanted)
            .fold(COMMON_FIELDS, |all, (_, field)| all | u64::from(*field))
    }
}

impl Formats {
    /// Adds the event with the id.
    pub fn insert(&mut self, id: u64, format: Format) {
        self.by_id.insert(id, format);
    }

    /// The event with the id.
    #[inline]
    pub fn get(&self, id: u64) -> Option<Format> {
        self.by_id.get(&id).copied()
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.by_id.remove(&id);
    }
}
