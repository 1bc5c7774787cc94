//! The engine at its boundary: searches as text, answers from a real store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod fixtures;
mod fleet;

mod breakdown;
mod facets;
mod flame_graph;
mod focus;
mod list;
mod measures;
mod real_uploads;
mod scope;
mod series;
mod table;
mod time;
