//! The store, from outside: uploads in, rows and bytes out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod compaction;
mod crash;
mod documented;
mod duplicates;
mod exchange;
mod fixtures;
mod full_disk;
mod retention;
#[path = "../../../vesta/tests/it/skip.rs"]
mod skip;
mod support;
mod symbol_files;
mod symbols;
