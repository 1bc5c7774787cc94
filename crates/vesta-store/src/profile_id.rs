//! Names of profiles.

use crate::Timestamp;
use std::fmt;
use std::str::FromStr;

/// Milliseconds of the Unix epoch at which profile ids begin: 2020-01-01T00:00:00Z.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// Bits of the counter that tells profiles of one millisecond apart.
const COUNTER_BITS: u32 = 20;

/// The name of a profile: one per upload, given when the upload is written to the log, and never given twice.
///
/// Ids grow in the order of the log, also when the clock jumps back. The upper bits are milliseconds since 2020, so
/// an id also says roughly when the upload arrived. People see 16 lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileId(pub i64);

impl ProfileId {
    /// An id below every other.
    pub const ZERO: ProfileId = ProfileId(0);

    /// The smallest id that an upload received at this time may have.
    pub fn at(unix_us: i64) -> ProfileId {
        ProfileId((unix_us.div_euclid(1000) - EPOCH_MS).max(0) << COUNTER_BITS)
    }

    /// When the upload was received, to the millisecond; later than that if the clock was set back before.
    pub(crate) fn time(self) -> Timestamp {
        Timestamp(((self.0 >> COUNTER_BITS) + EPOCH_MS).saturating_mul(1000))
    }

    /// The id for an upload received now, after `self` was the latest one given.
    pub(crate) fn next(self, unix_us: i64) -> ProfileId {
        ProfileId::at(unix_us).max(ProfileId(self.0 + 1))
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// A text that is no profile id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no profile id: expected up to 16 hexadecimal digits")]
pub struct ProfileIdError(String);

impl FromStr for ProfileId {
    type Err = ProfileIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match u64::from_str_radix(text, 16).ok().and_then(|value| i64::try_from(value).ok()) {
            Some(value) if !text.starts_with('+') => Ok(ProfileId(value)),
            _ => Err(ProfileIdError(text.to_owned())),
        }
    }
}
