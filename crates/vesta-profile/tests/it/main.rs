//! What the crate promises, tested through its public functions.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod aggregate;
mod build;
mod call_graph;
mod counters;
mod diff;
mod filter;
mod merge;
mod origin;
mod prune;
mod sandwich;
mod significance;
mod timeline;
mod top;
mod transform;
mod value_type;
