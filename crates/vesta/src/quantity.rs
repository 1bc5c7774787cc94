//! Numbers for people: time, memory and counts with three digits, as in `1.23 s` and `45.6 MiB`.

use vesta_profile::Unit;
use vesta_server::svg::format_value;

/// A value with a unit as value types have it (`nanoseconds`, `bytes`, `count` or any other).
pub(crate) fn value(value: i64, unit: &str) -> String {
    format_value(value, &Unit::parse(unit))
}

/// A number of bytes in binary units.
pub(crate) fn bytes(value: i64) -> String {
    format_value(value, &Unit::Bytes)
}

/// A length of time.
pub(crate) fn nanoseconds(value: i64) -> String {
    format_value(value, &Unit::Nanoseconds)
}

/// A number in groups of three digits.
pub(crate) fn count(value: u64) -> String {
    format_value(i64::try_from(value).unwrap_or(i64::MAX), &Unit::Count)
}

/// A part of a whole, in percent.
pub(crate) fn percent(part: i64, whole: i64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let share = part as f64 / whole as f64 * 100.0;
    format!("{share:.1} %")
}
