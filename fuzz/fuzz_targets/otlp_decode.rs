//! OpenTelemetry profiles, binary or JSON. What can be read can be written, and what can be split can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_formats::{Limits, otlp};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    if let Ok(split) = otlp::split(bytes, &limits) {
        for part in split.parts {
            let _ = otlp::decode(&part.bytes, &limits);
        }
    }
    let Ok(decoded) = otlp::decode(bytes, &limits) else { return };
    let profile = decoded.profile;
    let samples = &profile.samples;
    assert!(samples.stacks.iter().all(|stack| stack.index() < profile.stacks.len()));
    assert!(samples.labels.iter().all(|set| set.index() < profile.label_sets.len()));
    assert!(samples.values.iter().all(|column| column.len() == samples.len()));
    otlp::decode(&otlp::encode(&profile, []), &Limits::default()).expect("what was written is read");
});
