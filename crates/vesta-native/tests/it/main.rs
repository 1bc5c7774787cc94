//! What the native profiler does, at its boundary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests"
)]

#[path = "../../../vesta/tests/it/copies.rs"]
mod copies;
mod perf;
mod session;
#[path = "../../../vesta/tests/it/skip.rs"]
mod skip;
