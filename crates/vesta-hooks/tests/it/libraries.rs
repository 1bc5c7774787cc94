//! Libraries that are loaded later.

use crate::support::{Programs, everything, watch_well};
use std::process::Command;

#[test]
fn libraries_that_are_loaded_later_are_hooked_before_they_are_called() {
    let programs = Programs::new();
    let library = programs.compile("cc", "library.c", "libloaded.so", &["-shared", "-fPIC"]);
    let program = programs.compile("cc", "loads.c", "loads", &["-ldl", "-Wl,-rpath,$ORIGIN"]);
    // By its path; by its name, which is found by the run path of the one who asks, so that it must stay the one.
    for name in [library.to_str().unwrap(), "libloaded.so"] {
        let (seen, _) = watch_well(&everything(), Command::new(&program).arg(name));
        assert_eq!(seen.count(2_345_678), 50, "{name}");
    }
}
