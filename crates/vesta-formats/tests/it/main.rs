//! Files of real clients, files made by hand, and files meant to do harm, through the public API.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod golden;
mod support;
