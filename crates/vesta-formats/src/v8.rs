//! Profiles of V8, in JSON: what `node --cpu-prof` and `--heap-prof`, the developer tools of browsers and everything
//! that speaks their protocol write.
//!
//! A CPU profile (`.cpuprofile`) is a tree of calls and a list of samples: which node, and how long after the sample
//! before. As in the developer tools, a sample lasts until the next one, and the last one until the end; so times add
//! up to the time from the first sample to the end. Older files have hit counts instead of samples, or neither times
//! nor deltas: then the time is spread evenly, and still adds up.
//!
//! A heap profile (`.heapprofile`) is a tree of calls, each with the bytes that were allocated there and are in use.
//!
//! What does not map one to one onto the model:
//!
//! - V8 samples elapsed time. `wall-time` has all of it, `cpu-time` what is not under `(idle)`.
//! - `(root)` is no frame. A function without a name is `(anonymous)`.
//! - Lines are known of the leaf only; other frames have the line at which their function starts. Columns, script ids
//!   and reasons for deoptimization are not kept.

mod cpu;
mod encode;
mod heap;
mod nodes;

pub(crate) use cpu::CpuProfile;
pub use encode::encode_cpu;

use nodes::Nodes;

use crate::builder::{Builder, LimitError};
use crate::json::{self, Json, JsonError};
use crate::{Decoded, Limits};

/// Why a file could not be read as a profile of V8 at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum V8Error {
    /// It is more than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// It is broken before anything could be read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It is JSON, but has no profile.
    #[error("there is no profile of V8 in it")]
    NoProfile,
}

/// Reads a CPU profile.
pub fn decode_cpu(bytes: &[u8], limits: &Limits) -> Result<Decoded, V8Error> {
    let mut builder = Builder::new(bytes, limits)?;
    let mut profile = CpuProfile::default();
    let read = profile.read(&mut Json::new(bytes), &mut builder);
    note_break(read, profile.is_empty(), &mut builder)?;
    profile.finish(&mut builder)?;
    Ok(builder.finish())
}

/// Reads a sampling heap profile.
pub fn decode_heap(bytes: &[u8], limits: &Limits) -> Result<Decoded, V8Error> {
    let mut builder = Builder::new(bytes, limits)?;
    let mut profile = heap::HeapProfile::default();
    let read = profile.read(&mut Json::new(bytes), &mut builder);
    note_break(read, profile.is_empty(), &mut builder)?;
    profile.finish(&mut builder)?;
    Ok(builder.finish())
}

/// Whether text looks like a CPU profile.
pub(crate) fn looks_like_cpu(bytes: &[u8]) -> bool {
    let keys = json::first_keys(bytes);
    let has = |wanted: &str| keys.iter().any(|key| key == wanted);
    (has("nodes") && contains(bytes, b"\"callFrame\"")) || (has("head") && contains(bytes, b"\"hitCount\""))
}

/// Whether text looks like a heap profile.
pub(crate) fn looks_like_heap(bytes: &[u8]) -> bool {
    json::first_keys(bytes).iter().any(|key| key == "head") && contains(bytes, b"\"selfSize\"")
}

fn contains(bytes: &[u8], key: &[u8]) -> bool {
    let head = bytes.get(..16 << 10).unwrap_or(bytes);
    memchr::memmem::find(head, key).is_some()
}

/// A file that breaks off is read as far as it goes.
fn note_break(read: Result<(), V8Error>, is_empty: bool, builder: &mut Builder<'_>) -> Result<(), V8Error> {
    match read {
        Err(V8Error::Json(error)) if !is_empty => {
            builder.problems.note("the file is broken, the rest of it is not read", || error.to_string());
            Ok(())
        }
        Ok(()) if is_empty => Err(V8Error::NoProfile),
        other => other,
    }
}
