//! Programs in C, C++ and Rust, run with the preload library, and what the reader of the ring saw of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod allocations;
mod in_process;
mod libraries;
mod live;
mod locks;
mod processes;
mod robustness;
#[path = "../../../vesta/tests/it/skip.rs"]
mod skip;
mod support;
