//! Whether the native profiler tells the truth: programs whose shares are known by construction, profiled by the real
//! binary, held against files of expectations; and whether it stays harmless when things go wrong around it.
//!
//! - `programs/` are the programs, `expected/` what their profiles must show, in the shape of DataDog's `prof-correctness`
//!   ([`checker`]).
//! - [`program`] compiles them, [`profiler`] profiles them, [`user`] says as whom, [`agent`] takes uploads in, and [`process`]
//!   sees to it that nothing is waited for without end.
//! - Everything else is tests.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod agent;
mod checker;
#[path = "../it/copies.rs"]
mod copies;
mod process;
mod profiler;
mod program;
#[path = "../it/skip.rs"]
mod skip;
mod user;

mod allocations;
mod binaries;
mod checker_checks;
mod languages;
mod processes;
mod robustness;
mod stacks;
mod waiting;
