//! What the unwinder finds, against what is true.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![allow(clippy::cast_possible_truncation, reason = "tests")]
// Programs are stepped on x86-64 only; what is made up is tried on every processor.
#![cfg_attr(not(target_arch = "x86_64"), allow(dead_code, reason = "programs are not stepped"))]

mod hostile;
mod runtimes;
#[cfg(target_arch = "x86_64")]
mod stepped;
#[cfg(target_arch = "x86_64")]
mod stopped;
mod support;
