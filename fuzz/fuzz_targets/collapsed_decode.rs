//! Collapsed stacks. What can be read can be written, and reads back as the same text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_formats::{Limits, collapsed, decode_file};

fuzz_target!(|bytes: &[u8]| {
    let limits = Limits { max_memory: 64 << 20, ..Limits::default() };
    let _ = decode_file("file", bytes, &limits);
    let Ok(decoded) = collapsed::decode(bytes, &limits) else { return };
    let text = collapsed::encode(&decoded.profile, 0);
    if let Ok(again) = collapsed::decode(text.as_bytes(), &Limits::default()) {
        assert_eq!(collapsed::encode(&again.profile, 0), text);
    }
});
