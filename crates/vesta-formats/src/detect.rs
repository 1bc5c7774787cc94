//! Which format a file is in.

use crate::collapsed::CollapsedError;
use crate::compression::DecompressError;
use crate::pprof::PprofError;
use crate::{Decoded, Limits, collapsed, compression, pprof};

/// A file format that Vesta knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// pprof.
    Pprof,
    /// Collapsed stacks.
    Collapsed,
    /// Java Flight Recorder.
    Jfr,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It could not be decompressed.
    #[error(transparent)]
    Decompress(#[from] DecompressError),
    /// It is pprof, but broken.
    #[error("not a readable pprof file")]
    Pprof(#[from] PprofError),
    /// It is collapsed stacks, but broken.
    #[error("not readable as collapsed stacks")]
    Collapsed(#[from] CollapsedError),
    /// It is a format that Vesta knows but does not read yet.
    #[error("{format} is not decoded yet; {hint}")]
    NotDecodedYet {
        /// The format.
        format: &'static str,
        /// What to do instead.
        hint: &'static str,
    },
    /// It is no format that Vesta knows.
    #[error(
        "not a profile that can be read; pprof and collapsed stacks are, gzip, zstd or lz4 or not compressed"
    )]
    Unknown,
}

/// The format of uncompressed bytes, if it is known. The file name helps where the bytes leave a doubt.
pub fn detect(name: &str, bytes: &[u8]) -> Option<Format> {
    let _ = (name, bytes);
    None
}

/// Reads a file of any format that is known, compressed or not.
pub fn decode_file(name: &str, bytes: &[u8], limits: &Limits) -> Result<Decoded, FormatError> {
    let bytes = compression::decompress(bytes, limits.max_bytes)?;
    match detect(name, &bytes) {
        Some(Format::Pprof) => Ok(pprof::decode(&bytes, limits)?),
        Some(Format::Collapsed) => Ok(collapsed::decode(&bytes, limits)?),
        Some(Format::Jfr) => Err(FormatError::NotDecodedYet {
            format: "JFR",
            hint: "an upload that holds one is kept and can be downloaded",
        }),
        None => Err(FormatError::Unknown),
    }
}
