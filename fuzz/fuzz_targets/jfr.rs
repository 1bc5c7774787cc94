//! A recording of Java Flight Recorder: everything that can be asked of it is asked.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/vesta-formats/tests/it/jfr/exercise.rs"]
mod exercise;

fuzz_target!(|bytes: &[u8]| {
    let _ = exercise::exercise(bytes);
});
