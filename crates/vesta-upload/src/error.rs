//! Why an upload was refused.

use crate::event::EventError;
use crate::multipart::{MultipartError, MultipartReason};

/// Why an upload was refused. The text names the part and the reason, for the one who sent it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The body is not a readable multipart body.
    #[error(transparent)]
    Multipart(#[from] MultipartError),
    /// There is no event.
    #[error(
        "no part is named event.json (the parts are: {parts}); it must say `start`, `end` and `tags_profiler`"
    )]
    NoEvent {
        /// The file names of the parts.
        parts: String,
    },
    /// The format that client libraries wrote until 2021.
    #[error(
        "this is the upload format from before 2021 (it has a part {part} and no event.json), which is not supported; \
         update the client library"
    )]
    OldFormat {
        /// A part that gives it away.
        part: String,
    },
    /// The event cannot be decompressed.
    #[error("part {part}: it cannot be decompressed: {reason}")]
    Decompress {
        /// The file name of the part.
        part: String,
        /// What is wrong.
        reason: String,
    },
    /// The event cannot be read.
    #[error("part {part}: {}", with_source(.source))]
    Event {
        /// The file name of the part.
        part: String,
        /// What is wrong.
        source: EventError,
    },
}

impl UploadError {
    /// Whether the upload is refused for its size (status 413) rather than for what it says (status 400).
    pub fn is_too_large(&self) -> bool {
        matches!(self, UploadError::Multipart(error) if matches!(error.reason, MultipartReason::BodyTooLarge { .. }))
    }

    /// The file name of the part at fault, if it is a single one.
    pub fn part(&self) -> Option<&str> {
        match self {
            UploadError::Multipart(error) => error.part.as_ref().map(|part| part.name.as_str()),
            UploadError::NoEvent { .. } => None,
            UploadError::OldFormat { part }
            | UploadError::Decompress { part, .. }
            | UploadError::Event { part, .. } => Some(part),
        }
    }
}

/// The error goes to the sender as one line, so the line and column of a JSON error have to be in it.
fn with_source(error: &EventError) -> String {
    match error {
        EventError::Json(source) => format!("{error}: {source}"),
        other => other.to_string(),
    }
}
