//! Tests that cannot run on this machine say so, loudly.

#![expect(clippy::print_stderr, reason = "a skipped test says so where it runs, too")]

use std::io::Write;

/// Counts this test as skipped: adds a line to the file that `cargo xtask test` reads. A test that passes has no other
/// way to be heard.
pub(crate) fn skip(test: &str, reason: &str) {
    eprintln!("SKIPPED: {test}: {reason}");
    if let Some(file) = std::env::var_os("VESTA_TEST_SKIPS") {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
        writeln!(file, "{test}: {reason}").unwrap();
    }
}
