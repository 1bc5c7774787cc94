//! What a target answered.

use crate::fetch::{FetchError, shown};
use vesta_formats::compression::{self, Encoding};
use vesta_formats::{Limits, pprof};
use vesta_profile::Profile;

/// A profile as it goes into an upload.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// The file.
    pub(crate) file_name: &'static str,
    /// Its content.
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// Whether it has to be compressed.
    pub(crate) fn is_plain(&self) -> bool {
        !matches!(compression::sniff(&self.bytes), Encoding::Gzip | Encoding::Zstd | Encoding::Lz4)
    }
}

/// Reads a profile.
pub(crate) fn read(url: &str, bytes: &[u8]) -> Result<Profile, FetchError> {
    let limits = Limits::default();
    let no_profile = |reason: String| FetchError::NoProfile { url: shown(url), reason };
    let plain =
        compression::decompress(bytes, limits.max_bytes).map_err(|error| no_profile(error.to_string()))?;
    let decoded = pprof::decode(&plain, &limits).map_err(|error| no_profile(error.to_string()))?;
    Ok(decoded.profile)
}
