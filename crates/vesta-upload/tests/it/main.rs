//! Behavior of the crate at its boundary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test that cannot go on should fail loudly"
)]

mod build;
mod decode;
mod dedupe;
mod dotnet;
mod event;
mod fixtures;
mod hostile;
mod identity;
mod multipart;
mod otlp;
