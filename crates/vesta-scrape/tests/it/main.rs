//! Scraping, against programs that answer what the tests want.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod http;
mod run;
mod target;
mod trust;
