//! pprof, the format most profilers write: one protocol buffer message, `perftools.profiles.Profile`.
//!
//! Every SDK has its dialect. Samples may come before the tables they refer to, so the file is walked twice: first
//! its top level, then the samples, with everything they refer to at hand. Nothing is copied in between.
//!
//! What does not map one to one onto the model:
//!
//! - The labels `end_timestamp_ns`, `span id`, `local root span id` and `trace id` differ from sample to sample and
//!   become columns. The ids are 64 bits without a sign, whether they come as a signed number or as decimal text.
//! - A location of several lines is several frames, all but the last inlined.
//! - Addresses are kept only for frames without a function, and relative to the file that was mapped.
//! - A label with neither text nor number is the number 0, unless its key has text elsewhere; then it is left out.
//! - Names of .NET's library, which mark assembly, namespace, type and method, become readable ones; the file's are kept as
//!   system names.
//! - `drop_frames`, `keep_frames`, the default sample type and columns within lines are not kept.

mod contents;
mod dotnet_name;
mod encode;
mod frames;
mod ids;
mod labels;
mod output;
mod peek;
mod samples;
mod stacks;

pub use encode::encode;
pub use peek::{Peek, peek};

use crate::budget::{Budget, TooMuchMemory};
use crate::decoded::Problems;
use crate::wire::{Reader, Value};
use crate::{Decoded, Limits};
use contents::{Contents, TypeIndices};
use output::Output;
use vesta_profile::{Period, ValueType};

/// Why a file could not be read as pprof at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PprofError {
    /// The file is larger than allowed.
    #[error("{size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The file has more of something than allowed.
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
    /// The file breaks off before it says what its values are, or never was a pprof.
    #[error("{why} at byte {at}")]
    Malformed {
        /// Where.
        at: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// The file does not say what its values are.
    #[error("the file does not say what its values are")]
    NoValueTypes,
}

impl From<TooMuchMemory> for PprofError {
    fn from(TooMuchMemory { limit }: TooMuchMemory) -> Self {
        PprofError::TooMuchMemory { limit }
    }
}

/// Reads an uncompressed pprof.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, PprofError> {
    if bytes.len() > limits.max_bytes {
        return Err(PprofError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
    }
    let mut budget = Budget::new(limits.max_memory);
    let mut problems = Problems::default();
    let mut contents = Contents::read(bytes, limits, &mut budget, &mut problems)?;
    if let Some((at, why)) = contents.broken {
        if contents.value_types.is_empty() || contents.strings.is_empty() {
            return Err(PprofError::Malformed { at, why });
        }
        problems.note("the file breaks off", || format!("{why} at byte {at}"));
    }

    let strings = std::mem::take(&mut contents.strings);
    let mut output = Output::new(limits, budget, problems, strings);
    for &indices in &contents.value_types {
        let value_type = value_type(&mut output, indices)?;
        output.profile.value_types.push(value_type);
    }
    if output.profile.value_types.iter().all(|value_type| value_type.name.is_empty()) {
        return Err(PprofError::NoValueTypes);
    }
    output.profile.start_ns = contents.time_ns;
    output.profile.duration_ns = contents.duration_ns;
    if contents.period_type.is_some() || contents.period != 0 {
        let value_type = value_type(&mut output, contents.period_type.unwrap_or_default())?;
        output.profile.period = Some(Period { value_type, value: contents.period });
    }
    for &comment in &contents.comments {
        let text = output.text(comment)?;
        output.profile.comments.push(text);
    }
    samples::read(bytes, contents, &mut output)?;
    Ok(Decoded { profile: output.profile, problems: output.problems.into_vec() })
}

/// Whether the first fields are those of a pprof, by number and type.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 64;
    let mut reader = Reader::new(bytes);
    for seen in 0..ENOUGH {
        match reader.field() {
            Ok(None) => return seen > 0,
            Ok(Some((1..=6 | 11 | 13, Value::Bytes(_)) | (7..=10 | 12..=15, Value::Varint(_)))) => {}
            _ => return false,
        }
    }
    true
}

fn value_type(output: &mut Output<'_>, indices: TypeIndices) -> Result<ValueType, PprofError> {
    Ok(ValueType { name: output.text(indices.name)?, unit: output.text(indices.unit)? })
}
