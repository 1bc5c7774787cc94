//! Files of real clients, files made by hand, and files meant to do harm, through the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![allow(clippy::cast_possible_truncation, reason = "tests make bytes of numbers on purpose")]
#![allow(clippy::needless_pass_by_value, reason = "messages read as trees")]

mod collapsed;
mod compression;
mod content;
mod detect;
mod dialects;
mod golden;
mod hostile;
mod message;
mod round_trip;
#[path = "../../../vesta/tests/it/skip.rs"]
mod skip;
mod support;
