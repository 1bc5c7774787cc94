//! OpenTelemetry profiles: what OTLP carries over the network and what files of it hold, both ways.
//!
//! A message has profiles of many processes and one dictionary that all of them refer to by index: strings, functions,
//! locations, mappings, stacks, attributes, links. `ExportProfilesServiceRequest`, which senders send, and
//! `ProfilesData`, which files hold, have the same fields.
//!
//! - [`decode`] makes one profile of all that is in a message; [`encode`] writes one.
//! - [`split`] cuts a message into one per process, without losing a field that Vesta does not know; [`split_file`] does
//!   the same to what a file holds.
//! - [`from_json`] turns the JSON form into the binary one, so that everything else sees one form.
//! - [`reply`] has the messages that a receiver answers with.
//!
//! The format is not stable yet: fields were renumbered between releases under the same package name,
//! `v1development`. The releases 1.7 to 1.11 of `opentelemetry-proto` are read; a message does not tell its
//! release, but its fields do, see [`Release`]. Older ones keep their tables elsewhere and are refused by name.
//!
//! What does not map one to one onto the model:
//!
//! - An OTLP profile has one value type, so a process that measures several sends several. They become one profile, and
//!   samples that differ in nothing but the value type become one.
//! - A sample with many timestamps is many samples.
//! - Profilers that count samples of CPU time and tell the time between two get `cpu-time` beside `cpu-samples`.
//! - Attributes become labels: the name and the id of the thread under the names that other profilers use, others
//!   under their own. Of a message about several processes, samples also get what tells the processes apart.
//! - Addresses are kept for frames without a function, as places in files.
//! - Original payloads, columns within lines and attributes of scopes, profiles and locations are not kept, except the
//!   type of frame, which tells the kernel's code from others'.

mod any_value;
mod attributes;
mod contents;
mod encode;
mod frames;
mod json;
mod output;
mod release;
pub mod reply;
mod resource;
mod rewrite;
mod samples;
mod schema;
mod split;
mod value_types;

pub use encode::encode;
pub use json::{JsonError, from_json};
pub use release::Release;
pub use resource::Resource;
pub use split::{Part, Split, split};

use crate::budget::{Budget, TooMuchMemory};
use crate::{Decoded, Limits};
use contents::Contents;
use output::Output;

/// Why a message could not be read as OpenTelemetry profiles at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// The message is larger than allowed.
    #[error("{size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The message has more of something than allowed.
    #[error("more than the {limit} {what} allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The most that is allowed.
        limit: usize,
    },
    /// The profile would take more memory than allowed.
    #[error("would take more than the {limit} bytes of memory allowed")]
    TooMuchMemory {
        /// The most that is allowed.
        limit: usize,
    },
    /// The message breaks off or never was one.
    #[error("{why} at byte {at}")]
    Malformed {
        /// Where.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The message has profiles but no dictionary.
    #[error(
        "the profiles have no dictionary: the sender speaks a version of OTLP before 1.7, which is not read; update it"
    )]
    NoDictionary,
    /// The JSON form cannot be read.
    #[error(transparent)]
    Json(#[from] JsonError),
}

impl From<TooMuchMemory> for OtlpError {
    fn from(TooMuchMemory { limit }: TooMuchMemory) -> Self {
        OtlpError::TooMuchMemory { limit }
    }
}

/// Reads an uncompressed message, in the binary form or as JSON, as one profile.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, OtlpError> {
    if is_json(bytes) {
        return decode(&from_json(bytes, limits)?, limits);
    }
    let mut budget = Budget::new(limits.max_memory);
    let contents = Contents::read(bytes, limits, &mut budget)?;
    let release = Release::of(&contents);
    let mut output = Output::new(limits, budget, &contents.dictionary);
    if let Some((at, why)) = contents.broken {
        output.problems.note("the message breaks off", || format!("{why} at byte {at}"));
    }
    samples::read(&contents, release, &mut output)?;
    Ok(Decoded { profile: output.profile, problems: output.problems.into_vec() })
}

/// Cuts a message as a file holds it, in the binary form or as JSON, into one per process.
pub fn split_file(bytes: &[u8], limits: &Limits) -> Result<Split, OtlpError> {
    if is_json(bytes) { split(&from_json(bytes, limits)?, limits) } else { split(bytes, limits) }
}

/// Whether bytes are a message with profiles, in either form.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    if is_json(bytes) {
        return json::looks_like(bytes);
    }
    contents::looks_like(bytes)
}

/// Whether bytes are JSON. A message in the binary form begins with a line feed, and with a brace after it if its first
/// resource has 123 bytes.
fn is_json(bytes: &[u8]) -> bool {
    let brace = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    match brace.filter(|&at| bytes.get(at) == Some(&b'{')) {
        Some(at) => at == 0 || !contents::looks_like(bytes),
        None => false,
    }
}
