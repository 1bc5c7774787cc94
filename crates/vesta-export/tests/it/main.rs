//! Uploads over real sockets, to a small server in the test.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod endpoints;
mod otlp;
mod sending;
mod server;
mod trust;
