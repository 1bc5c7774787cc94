//! What the ticks of a trace mean.

/// Turns ticks into nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// The ticks at some moment.
    ticks: u64,
    /// That moment.
    moment_ns: i64,
    /// Nanoseconds per tick, shifted.
    scale: i128,
}

/// So exact that an hour is off by less than a tick.
const SHIFT: u32 = 40;

impl Clock {
    /// A clock of `frequency` ticks per second that stands at `ticks` in the moment given.
    pub(super) fn new(frequency: u64, ticks: u64, moment_ns: i64) -> Self {
        Clock { ticks, moment_ns, scale: (1_000_000_000 << SHIFT) / i128::from(frequency.max(1)) }
    }

    /// Nanoseconds since the Unix epoch. Never 0 or less, which would mean that a time is not known.
    #[inline]
    pub(super) fn nanoseconds(&self, ticks: u64) -> i64 {
        let distance = i128::from(ticks) - i128::from(self.ticks);
        let nanoseconds = distance.saturating_mul(self.scale) >> SHIFT;
        let moment = i128::from(self.moment_ns) + nanoseconds;
        i64::try_from(moment.max(1)).unwrap_or(i64::MAX)
    }
}
