//! An execution trace of Go, not compressed (`fixtures/traces` is a corpus). All ids are those of the profile, no time runs
//! backwards, and what was read can be written as pprof and reads back with the same sums.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_formats::{Limits, go_trace, pprof};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let Ok(decoded) = go_trace::decode(bytes, &limits) else { return };
    let profile = decoded.profile;
    let samples = &profile.samples;
    assert!(samples.stacks.iter().all(|stack| stack.index() < profile.stacks.len()));
    assert!(samples.labels.iter().all(|set| set.index() < profile.label_sets.len()));
    assert!(samples.values.iter().flatten().all(|&value| value >= 0));
    assert!(samples.timestamps_ns.iter().all(|&time| time > 0));
    let again = pprof::decode(&pprof::encode(&profile), &Limits::default()).expect("what was written is read");
    for column in 0..profile.value_types.len() {
        assert_eq!(profile.samples.total(column), again.profile.samples.total(column));
    }
});
