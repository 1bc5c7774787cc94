//! Which format a file is in.

use crate::{Decoded, Format, FormatError, Limits, compression};

/// The format of uncompressed bytes, if it is known. The file name decides only where the bytes leave a doubt.
pub fn detect(name: &str, bytes: &[u8]) -> Option<Format> {
    let by_name = || Format::by_file_name(name).filter(|format| format.is_readable());
    // Broken from the start, but then the error says what a file of this name should have been.
    Format::all().find(|format| format.sniffs(bytes)).or_else(by_name)
}

/// Reads a file of any format that is known, compressed or not.
pub fn decode_file(name: &str, bytes: &[u8], limits: &Limits) -> Result<Decoded, FormatError> {
    let bytes = compression::decompress(bytes, limits.max_bytes)?;
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    detect(name, &bytes).ok_or(FormatError::Unknown)?.decode(&bytes, limits)
}
