//! Settings, and the libraries for Rust and C.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "tests")]

mod agent;
mod library;
mod settings;
