//! The query API: one module per resource. Types of the wire live here and nowhere else.

pub(crate) mod basis;
pub(crate) mod breakdown;
pub(crate) mod call_graph;
pub(crate) mod compare;
pub(crate) mod download;
pub(crate) mod export;
pub(crate) mod facets;
pub(crate) mod flame_graph;
pub(crate) mod graph;
pub(crate) mod health;
pub(crate) mod labels;
pub(crate) mod links;
pub(crate) mod measures;
pub(crate) mod opened;
pub(crate) mod profile;
pub(crate) mod profiles;
pub(crate) mod pyroscope;
pub(crate) mod retention;
pub(crate) mod sandwich;
pub(crate) mod scope;
pub(crate) mod series;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod spans;
pub(crate) mod status;
pub(crate) mod symbols;
pub(crate) mod table;
pub(crate) mod tags;
pub(crate) mod timeline;
pub(crate) mod top;
pub(crate) mod types;

mod answer;

pub(crate) use answer::answer;
