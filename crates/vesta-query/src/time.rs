//! Times and ranges of time as people write them.

use std::time::Duration;
use vesta_store::Timestamp;

/// From one moment up to, but not including, another. A profile belongs to the range that its start lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// The first moment.
    pub from: Timestamp,
    /// The first moment after the range.
    pub to: Timestamp,
}

/// Why a time or a range could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a time in any form that is known.
    #[error("`{text}` is not a time")]
    Unreadable {
        /// What was written.
        text: String,
    },
    /// A time beyond the calendar.
    #[error("`{text}` is out of range")]
    OutOfRange {
        /// What was written.
        text: String,
    },
    /// A range whose end is not after its start.
    #[error("there is no time between `{from}` and `{to}`")]
    Empty {
        /// The start, as written.
        from: String,
        /// The end, as written.
        to: String,
    },
}

/// Unix times at and above this are milliseconds, below it seconds (the year 5138 in seconds, 1973 in milliseconds).
const FIRST_MILLISECOND: i64 = 100_000_000_000;

impl TimeRange {
    /// Whether `time` lies in the range.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.to
    }

    /// How long the range is.
    pub fn duration(&self) -> Duration {
        Duration::from_micros(self.to.0.saturating_sub(self.from.0).try_into().unwrap_or(0))
    }
}

impl TimeError {
    /// What to write instead.
    pub fn hint(&self) -> &'static str {
        match self {
            TimeError::Unreadable { .. } | TimeError::OutOfRange { .. } => {
                "write 2026-11-21T08:00:00Z, seconds or milliseconds since 1970, now, now-1h, or 15m, 2d, 1w (ago)"
            }
            TimeError::Empty { .. } => "choose an end after the start",
        }
    }
}

/// Reads both ends of a range, seen from `now`.
///
/// ```
/// use vesta_query::time::{parse_range, parse_time};
/// use vesta_store::Timestamp;
///
/// let now = Timestamp(1_795_248_000_000_000); // 2026-11-21T08:00:00Z
/// let range = parse_range("now-1h", "now", now)?;
/// assert_eq!(range.from, parse_time("2026-11-21T07:00:00Z", now)?);
/// # Ok::<(), vesta_query::time::TimeError>(())
/// ```
pub fn parse_range(from: &str, to: &str, now: Timestamp) -> Result<TimeRange, TimeError> {
    let range = TimeRange { from: parse_time(from, now)?, to: parse_time(to, now)? };
    match range.from < range.to {
        true => Ok(range),
        false => Err(TimeError::Empty { from: from.to_owned(), to: to.to_owned() }),
    }
}

/// Reads one time, seen from `now`: RFC 3339 (or a date), Unix seconds or milliseconds, `now`, `now-1h30m`,
/// `now+5m`, or a length of time, which means that long ago.
pub fn parse_time(text: &str, now: Timestamp) -> Result<Timestamp, TimeError> {
    let text = text.trim();
    let unreadable = || TimeError::Unreadable { text: text.to_owned() };
    let out_of_range = || TimeError::OutOfRange { text: text.to_owned() };
    if let Some(offset) = text.strip_prefix("now") {
        let (sign, length) = match (offset.strip_prefix('-'), offset.strip_prefix('+')) {
            (Some(length), _) => (-1, length),
            (_, Some(length)) => (1, length),
            _ if offset.is_empty() => return Ok(now),
            _ => return Err(unreadable()),
        };
        let seconds = parse_seconds(length).ok_or_else(unreadable)?;
        return shifted(now, sign, seconds).ok_or_else(out_of_range);
    }
    if !text.is_empty() && text.trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().map_err(|_| out_of_range())?;
        let scale = if number.abs() >= FIRST_MILLISECOND { 1000 } else { 1_000_000 };
        return number.checked_mul(scale).and_then(valid).ok_or_else(out_of_range);
    }
    if let Some(seconds) = parse_seconds(text) {
        return shifted(now, -1, seconds).ok_or_else(out_of_range);
    }
    let midnight = || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok();
    let time = match text.parse::<jiff::Timestamp>() {
        Ok(time) => time,
        Err(_) if text.len() == "2026-11-21".len() => midnight().ok_or_else(unreadable)?.timestamp(),
        Err(_) => return Err(unreadable()),
    };
    Ok(Timestamp(time.as_microsecond()))
}

/// Reads a length of time such as `15m`, `1h30m` or `2d`, in seconds.
fn parse_seconds(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = after.chars().next()?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 604_800,
            _ => return None,
        };
        total = number.parse::<i64>().ok()?.checked_mul(seconds)?.checked_add(total)?;
        rest = &after[unit.len_utf8()..];
    }
    (!text.is_empty()).then_some(total)
}

fn shifted(now: Timestamp, sign: i64, seconds: i64) -> Option<Timestamp> {
    valid(seconds.checked_mul(1_000_000)?.checked_mul(sign)?.checked_add(now.0)?)
}

/// A time within the calendar, which ends with the year 9999.
fn valid(microseconds: i64) -> Option<Timestamp> {
    jiff::Timestamp::from_microsecond(microseconds).ok().map(|_| Timestamp(microseconds))
}
