//! Time off the CPU, and waits for locks.

use super::program::{assert_share, profile};
use vesta_native::EngineOptions;

#[test]
fn time_off_the_cpu_is_split_as_the_program_waits() {
    let test = "time_off_the_cpu_is_split_as_the_program_waits";
    let engine = EngineOptions { wall: true, ..EngineOptions::default() };
    let Some(seen) = profile(test, &["wait", "12"], "sCPU; wall", engine) else { return };
    let text = seen.text("off-cpu-time");
    let (a, b) = (seen.of("off-cpu-time", "wait_a"), seen.of("off-cpu-time", "wait_b"));
    assert_share(a, a + b, 2.0 / 3.0, &text);
    // 12 rounds of 240 ms; a busy machine wakes late.
    assert!((2_700_000_000..6_000_000_000).contains(&(a + b)), "{text}");
    let wall = seen.total("wall-time");
    assert_eq!(wall, seen.total("cpu-time") + seen.total("off-cpu-time"), "{text}");
}

#[test]
fn waits_for_a_lock_are_seen_where_they_wait() {
    let test = "waits_for_a_lock_are_seen_where_they_wait";
    let Some(seen) = profile(test, &["locks"], "lock", EngineOptions::default()) else { return };
    let text = seen.text("lock-acquire-wait");
    let waited = seen.of("lock-acquire-wait", "contend");
    // Ten times 30 ms.
    assert!((270_000_000..900_000_000).contains(&waited), "{waited}\n{text}");
    assert_eq!(seen.of("lock-acquire", "contend"), 10, "{text}");
    assert!(waited as f64 > 0.9 * seen.total("lock-acquire-wait") as f64, "{text}");
}
