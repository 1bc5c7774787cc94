//! What the crate promises, on programs that the compilers of this machine make.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod demangle;
mod few;
mod go;
mod hostile;
mod jit;
mod languages;
mod layout;
mod programs;
mod resolve;
mod separate;
mod skip;
mod symbol_files;
