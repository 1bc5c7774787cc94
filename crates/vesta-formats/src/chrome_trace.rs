//! Events in the JSON of Chrome's tracing: what browsers, Node, py-spy, viztracer, compilers (`-ftime-trace`), build tools and
//! many others write.
//!
//! Durations (`B` and `E`, or `X`) of a thread are within each other, so they are stacks over time: `wall-time` is how
//! long each event was the innermost one. What the developer tools of browsers call a performance profile is such a trace
//! with a CPU profile of V8 in it, in chunks: its samples become `cpu-time` and `cpu-samples`, and the events, which are
//! about the same time, `event-time`.
//!
//! What does not map one to one onto the model:
//!
//! - Threads are the labels `thread name` and `thread id`; where a trace has several processes, they are `process name`
//!   and `process id`.
//! - An event that lasts longer than the one it is in is cut off at its end. Events that never end do so with their
//!   thread.
//! - Instants (`I`) are one sample each of the type `events`.
//! - Counters, asynchronous events, flows, objects, categories and arguments are not kept, but for the arguments
//!   `filename` and `line`, which py-spy and others write.

mod events;
mod threads;

use crate::builder::{Builder, LimitError};
use crate::json::{self, Json, JsonError};
use crate::v8::V8Error;
use crate::{Decoded, Limits};

/// Why a file could not be read as a Chrome trace at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChromeTraceError {
    /// It is more than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// It is broken before anything could be read.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The CPU profile in it cannot be read.
    #[error(transparent)]
    V8(#[from] V8Error),
    /// No event lasts, and there are no samples.
    #[error("no event in it lasts, and there are no samples")]
    NoEvents,
}

/// Reads a trace.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, ChromeTraceError> {
    let mut builder = Builder::new(bytes, limits)?;
    let mut events = events::Events::default();
    let mut json = Json::new(bytes);
    // An array may lack its end, so that a program that is killed leaves a readable file.
    let may_break_off = json.peek() == Some(b'[');
    match events.read(&mut json, &mut builder) {
        Err(ChromeTraceError::Json(JsonError::BreaksOff)) if may_break_off && !events.is_empty() => {}
        Err(ChromeTraceError::Json(error)) if !events.is_empty() => {
            builder.problems.note("the file is broken, the rest of it is not read", || error.to_string());
        }
        other => other?,
    }
    threads::finish(events, &mut builder)?;
    if builder.profile.samples.is_empty() {
        return Err(ChromeTraceError::NoEvents);
    }
    Ok(builder.finish())
}

/// Whether text looks like a trace.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let head = bytes.get(..4096).unwrap_or(bytes);
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{') => json::first_keys(bytes).iter().any(|key| key == "traceEvents"),
        Some(b'[') => memchr::memmem::find(head, b"\"ph\"").is_some(),
        _ => false,
    }
}
