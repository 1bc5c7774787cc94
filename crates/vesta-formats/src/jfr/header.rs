//! The first 68 bytes of a chunk, and time as the chunk counts it.

use super::unit::Unit;

/// Length of a chunk's header.
pub(super) const HEADER_BYTES: usize = 68;

/// What a chunk begins with.
pub(super) const MAGIC: [u8; 4] = *b"FLR\0";

/// What the header says. Places count from the beginning of the chunk.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) major: u16,
    pub(super) minor: u16,
    pub(super) size: u64,
    pub(super) constants_at: u64,
    pub(super) metadata_at: u64,
    pub(super) start_ns: i64,
    pub(super) duration_ns: i64,
    pub(super) compressed: bool,
    /// Whether the writer was done with the chunk.
    pub(super) finished: bool,
    clock: Clock,
}

/// Ticks of a chunk and what they mean.
#[derive(Clone, Copy, Debug)]
struct Clock {
    start_ns: i64,
    start_ticks: i64,
    ticks_per_second: i64,
}

impl Header {
    /// `None` if these are not the first bytes of a chunk, whatever its version.
    pub(super) fn read(bytes: &[u8]) -> Option<Header> {
        let bytes: &[u8; HEADER_BYTES] = bytes.first_chunk()?;
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let (major, rest) = rest.split_first_chunk::<2>()?;
        let (minor, rest) = rest.split_first_chunk::<2>()?;
        let (words, flags) = rest.as_chunks::<8>();
        let long = |at: usize| words.get(at).copied().map(i64::from_be_bytes);
        let place = |at: usize| long(at).map(|value| u64::try_from(value).unwrap_or(0));
        let [state, .., features] = *flags else { return None };
        let start_ns = long(3)?;
        let (size, metadata_at) = (place(0)?, place(2)?);
        (*magic == MAGIC).then_some(Header {
            major: u16::from_be_bytes(*major),
            minor: u16::from_be_bytes(*minor),
            size,
            constants_at: place(1)?,
            metadata_at,
            start_ns,
            duration_ns: long(4)?,
            compressed: features & 1 != 0,
            // A JDK that streams counts its flushes in the first byte, and writes a zero at the end; older ones fill
            // in the sizes at the end.
            finished: state == 0 && size > 0 && metadata_at > 0,
            clock: Clock { start_ns, start_ticks: long(5)?, ticks_per_second: long(6)? },
        })
    }

    /// Whether this reader knows the version: 0.9 was the closed-source recorder of Java 7 and 8.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.major, 1 | 2)
    }

    pub(super) fn has_clock(&self) -> bool {
        self.clock.ticks_per_second > 0
    }

    /// A value in the unit of its field; times become nanoseconds.
    pub(super) fn convert(&self, value: i64, unit: Unit) -> i64 {
        if matches!(value, i64::MIN | i64::MAX) {
            return value;
        }
        match unit {
            Unit::TimestampTicks => {
                let since = value.saturating_sub(self.clock.start_ticks);
                self.clock.start_ns.saturating_add(self.clock.nanoseconds(since))
            }
            Unit::TimespanTicks => self.clock.nanoseconds(value),
            Unit::TimestampMilliseconds | Unit::TimespanMilliseconds => value.saturating_mul(1_000_000),
            Unit::TimespanMicroseconds => value.saturating_mul(1_000),
            Unit::TimespanSeconds => value.saturating_mul(1_000_000_000),
            _ => value,
        }
    }
}

impl Clock {
    fn nanoseconds(self, ticks: i64) -> i64 {
        const SECOND: i64 = 1_000_000_000;
        match self.ticks_per_second {
            SECOND | ..=0 => ticks,
            per_second => in_double(ticks, per_second),
        }
    }
}

/// In double precision, as the JDK computes it, so that both say the same.
#[expect(clippy::cast_possible_truncation, reason = "saturates")]
fn in_double(ticks: i64, per_second: i64) -> i64 {
    (ticks as f64 / (per_second as f64 / 1e9)) as i64
}
