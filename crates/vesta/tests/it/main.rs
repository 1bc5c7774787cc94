//! The program as people use it: the real binary, real sockets, real clients.

#![expect(clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod client;
mod command;
mod server;
mod skip;

mod files;
mod help;
mod kills;
mod node;
mod python;
mod servers;
mod tokens;
mod view;
