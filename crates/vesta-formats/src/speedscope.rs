//! What speedscope reads and writes, and py-spy, pyinstrument, rbspy, dotnet-trace and others write for it: JSON with
//! frames that several profiles share.
//!
//! A profile is either `sampled` (stacks with weights) or `evented` (functions that open and close over time). What its
//! numbers count is a unit; what time it is, of a CPU or of a clock, the format does not say.
//!
//! What does not map one to one onto the model:
//!
//! - Times become `wall-time`, whatever their unit. `bytes` and other units become types of that name, no unit
//!   becomes `samples`.
//! - Several profiles in a file are threads: the name of each is the label `thread name`.
//! - Samples of times follow each other, so they have timestamps, in nanoseconds from the zero of the file.
//! - Fractions below a nanosecond are rounded, at instants where the file has instants. So are fractions of other units.
//! - Columns, and which profile to show first, are not kept.
//!
//! [`encode`] writes one profile per value type, and per thread if there are times; [`decode`] knows those by their
//! names and gives the value types back. Labels other than the thread, modules and addresses are not in the file.

mod decode;
mod encode;

pub use decode::decode;
pub use encode::encode;

use crate::builder::LimitError;
use crate::json::{self, JsonError};

/// Why a file could not be read as speedscope at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpeedscopeError {
    /// It is more than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// It is broken before anything could be read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON, but has no profiles.
    #[error("there are no profiles in it")]
    NoProfiles,
}

/// What Vesta calls itself in files.
const EXPORTER: &str = "vesta";

/// Whether text looks like speedscope's.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let keys = json::first_keys(bytes);
    let has = |wanted: &str| keys.iter().any(|key| key == wanted);
    let head = bytes.get(..4096).unwrap_or(bytes);
    let names_schema = has("$schema") && memchr::memmem::find(head, b"speedscope").is_some();
    names_schema || (has("shared") && has("profiles"))
}
