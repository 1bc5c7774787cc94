//! What numbers of a recording count.

/// What the number of a field counts, from its annotations. Values are given in nanoseconds for every kind of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Unit {
    /// Nothing in particular, or something unknown.
    #[default]
    None,
    /// A time in ticks of the chunk.
    TimestampTicks,
    /// A time in milliseconds since 1970.
    TimestampMilliseconds,
    /// A time in nanoseconds since 1970.
    TimestampNanoseconds,
    /// A duration in ticks of the chunk.
    TimespanTicks,
    /// A duration in nanoseconds.
    TimespanNanoseconds,
    /// A duration in microseconds.
    TimespanMicroseconds,
    /// A duration in milliseconds.
    TimespanMilliseconds,
    /// A duration in seconds.
    TimespanSeconds,
    /// Bytes.
    Bytes,
    /// Bits.
    Bits,
    /// Times per second.
    Hertz,
    /// A share: 1.0 is all.
    Share,
    /// An address in memory.
    Address,
}

impl Unit {
    /// Whether the field holds a point in time.
    pub fn is_timestamp(self) -> bool {
        matches!(self, Unit::TimestampTicks | Unit::TimestampMilliseconds | Unit::TimestampNanoseconds)
    }

    /// Whether the field holds a duration.
    pub fn is_timespan(self) -> bool {
        matches!(
            self,
            Unit::TimespanTicks
                | Unit::TimespanNanoseconds
                | Unit::TimespanMicroseconds
                | Unit::TimespanMilliseconds
                | Unit::TimespanSeconds
        )
    }

    /// What an annotation of a field says about its unit.
    pub(super) fn of_annotation(name: &str, value: Option<&str>) -> Option<Unit> {
        Some(match (name, value) {
            ("jdk.jfr.Timestamp", Some("TICKS")) => Unit::TimestampTicks,
            ("jdk.jfr.Timestamp", Some("NANOSECONDS_SINCE_EPOCH")) => Unit::TimestampNanoseconds,
            ("jdk.jfr.Timestamp", _) => Unit::TimestampMilliseconds,
            ("jdk.jfr.Timespan", Some("TICKS")) => Unit::TimespanTicks,
            ("jdk.jfr.Timespan", Some("MICROSECONDS")) => Unit::TimespanMicroseconds,
            ("jdk.jfr.Timespan", Some("MILLISECONDS")) => Unit::TimespanMilliseconds,
            ("jdk.jfr.Timespan", Some("SECONDS")) => Unit::TimespanSeconds,
            ("jdk.jfr.Timespan", _) => Unit::TimespanNanoseconds,
            ("jdk.jfr.DataAmount", Some("BITS")) => Unit::Bits,
            ("jdk.jfr.DataAmount", _) => Unit::Bytes,
            ("jdk.jfr.Frequency", _) => Unit::Hertz,
            ("jdk.jfr.Percentage", _) => Unit::Share,
            ("jdk.jfr.MemoryAddress", _) => Unit::Address,
            _ => return None,
        })
    }
}
