//! Time, passed in so that nothing else reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Microseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// A clock on the wall, which people set, and one that only ever runs on.
pub trait Clock: Send + Sync {
    /// The time of day.
    fn now(&self) -> Timestamp;

    /// How long this clock has been running.
    fn uptime(&self) -> Duration;
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        SystemClock { started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let micros = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros();
        Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Timestamp {
    const DAY_US: i64 = 86_400_000_000;

    /// This time less `age`.
    #[must_use]
    pub fn before(self, age: Duration) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::try_from(age.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The UTC day.
    pub(crate) fn date(self) -> jiff::civil::Date {
        jiff::Timestamp::from_microsecond(self.0).map_or(jiff::civil::date(1970, 1, 1), |timestamp| {
            timestamp.to_zoned(jiff::tz::TimeZone::UTC).date()
        })
    }

    /// Midnight UTC after the day `date`, which is written as in `2026-11-21`.
    pub(crate) fn end_of_date(date: &str) -> Option<Timestamp> {
        let date: jiff::civil::Date = date.parse().ok()?;
        let start = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond();
        Some(Timestamp(start + Self::DAY_US))
    }
}
