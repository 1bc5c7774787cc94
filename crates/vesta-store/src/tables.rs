//! The tables: what the log says, as rows that can be searched and added up.

pub(crate) mod catalog;
pub(crate) mod data_file;
pub(crate) mod file_writer;
pub(crate) mod flush;
pub(crate) mod generation;
pub(crate) mod provider;
pub(crate) mod rows;
pub(crate) mod schema;
