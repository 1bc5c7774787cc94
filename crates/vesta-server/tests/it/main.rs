//! Tests of the server over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "tests"
)]

mod client;
mod compare;
mod fixture;
mod server;

mod access;
mod agent;
mod config;
mod goldens;
mod hostile;
mod intake;
mod links;
mod openapi;
mod opened;
mod otlp;
mod page;
mod pyroscope;
mod pyroscope_query;
mod query;
mod rest;
mod source;
mod svg;
mod symbols;
mod timeline;
mod tokens;
