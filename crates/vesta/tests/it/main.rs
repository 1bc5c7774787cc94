//! The program as people use it: the real binary, real sockets, real clients.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod client;
mod command;
mod copies;
mod go_program;
mod native_program;
mod server;
mod skip;
mod turns;

mod convert;
mod files;
mod go;
mod help;
mod java;
mod kills;
mod native_run;
mod node;
mod otlp;
mod pgo;
mod pyroscope;
mod python;
mod scrape;
mod servers;
mod symbols;
mod tokens;
mod view;
