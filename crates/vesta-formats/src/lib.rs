//! Foreign bytes ⇄ [`Profile`](vesta_profile::Profile): every file format that profilers write, both ways where
//! that makes sense.
//!
//! # Problem
//!
//! Profilers write pprof in a dozen dialects, collapsed text, JFR and more, compressed in whatever way their SDK
//! likes this year. All of it comes from somewhere else, so all of it may be broken or made to do harm.
//!
//! # Design constraints
//!
//! - A decoder returns what it could read plus a list of [`Problem`]s. It never panics, and it never takes more
//!   memory than [`Limits`] say.
//! - Sums are exact: a sample that can be read is never dropped or rounded, whatever else is wrong with it.
//! - Bytes in, values out: no files, no clock, no threads.
//!
//! # Non-goals
//!
//! The envelope around the files (`vesta-upload`), and finding the names of addresses.
//!
//! ```
//! use vesta_formats::{Limits, decode_file};
//!
//! let decoded = decode_file("stacks.txt", b"main;work 7\nmain;rest 3\n", &Limits::default())?;
//! assert_eq!(decoded.profile.samples.total(0), 10);
//! assert!(decoded.problems.is_empty());
//!
//! let pprof = vesta_formats::pprof::encode(&decoded.profile);
//! let again = vesta_formats::pprof::decode(&pprof, &Limits::default())?;
//! assert_eq!(again.profile.samples.total(0), 10);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod budget;
mod builder;
pub mod chrome_trace;
pub mod collapsed;
pub mod compression;
mod decoded;
mod details;
mod detect;
pub mod dotnet_heap;
mod format;
pub mod go_trace;
pub mod jfr;
mod json;
mod limits;
mod mappings;
mod naming;
pub mod otlp;
mod paths;
mod perf_events;
pub mod perf_script;
pub mod pgo;
pub mod pprof;
pub mod pyroscope;
pub mod speedscope;
pub mod v8;
mod wire;

pub use builder::LimitError;
pub use decoded::{Decoded, Problem};
pub use detect::{decode_file, detect};
pub use format::{EncodeError, Format, FormatError};
pub use json::JsonError;
pub use limits::Limits;
