//! Files of real clients, files made by hand, and files meant to do harm, through the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![allow(clippy::cast_possible_truncation, reason = "tests make bytes of numbers on purpose")]
#![allow(clippy::needless_pass_by_value, reason = "messages read as trees")]

mod chrome_trace;
mod collapsed;
mod compression;
mod content;
mod detect;
mod dialects;
mod go_trace;
mod golden;
mod hostile;
mod jfr;
mod message;
mod otlp;
mod perf_script;
mod pgo;
mod pyroscope;
mod round_trip;
#[path = "../../../vesta/tests/it/skip.rs"]
mod skip;
mod speedscope;
mod support;
mod tool_files;
mod v8;
