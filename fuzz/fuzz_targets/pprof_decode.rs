//! A pprof file, not compressed. What can be read can be written, and reads back with the same sums.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_formats::{Limits, pprof};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let Ok(decoded) = pprof::decode(bytes, &limits) else { return };
    let profile = decoded.profile;
    let samples = &profile.samples;
    assert!(samples.stacks.iter().all(|stack| stack.index() < profile.stacks.len()));
    assert!(samples.labels.iter().all(|set| set.index() < profile.label_sets.len()));
    assert!(samples.values.iter().all(|column| column.len() == samples.len()));
    let again = pprof::decode(&pprof::encode(&profile), &Limits::default()).expect("what was written is read");
    for column in 0..profile.value_types.len() {
        assert_eq!(profile.samples.total(column), again.profile.samples.total(column));
    }
});
