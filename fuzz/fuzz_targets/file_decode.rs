//! Files of tools: every format that Vesta knows, whatever the bytes look like, and what was read in every format that it
//! writes. Totals stay.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_formats::{Format, Limits, decode_file};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let _ = decode_file("file", bytes, &limits);
    for format in Format::all() {
        let Ok(decoded) = format.decode(bytes, &limits) else { continue };
        let profile = decoded.profile;
        for index in 0..profile.value_types.len() {
            let total: i128 = profile.samples.values[index].iter().map(|value| i128::from(*value)).sum();
            let is_exact = i64::try_from(total).is_ok();
            if let Ok(written) = Format::Collapsed.encode(&profile, index)
                && let Ok(again) = Format::Collapsed.decode(&written, &Limits::default())
                && is_exact
            {
                assert_eq!(i128::from(again.profile.samples.total(0)), total);
            }
            let _ = Format::V8CpuProfile.encode(&profile, index);
        }
        let _ = Format::Speedscope.encode(&profile, 0);
    }
});
