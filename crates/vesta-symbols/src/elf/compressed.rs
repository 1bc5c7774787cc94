//! Compressed sections: the header of ELF, and the older `.zdebug_` names of Go before 1.19.

use std::io::Read;

use super::ElfError;
use super::section::Section;
use super::source::Source;
use crate::little_endian::{size_of_slice, u32_at, u64_at};

const HEADER: usize = 24;
const ZLIB: u32 = 1;
const ZSTD: u32 = 2;
const OLD_HEADER: usize = 12;

pub(super) fn decompress(section: &Section, bytes: Vec<u8>, limit: u64) -> Result<Vec<u8>, ElfError> {
    let Some(header) = header_of(section, &bytes) else { return Ok(bytes) };
    let failed = |why: String| ElfError::Compression { section: section.name.clone(), why };
    let size = header.size;
    if size > limit {
        return Err(ElfError::TooLarge { what: format!("section {}", section.name), size, limit });
    }
    let input = bytes.get(header.skip..).unwrap_or_default();
    let mut output = Vec::new();
    let read = match header.method {
        ZLIB => flate2::read::ZlibDecoder::new(input).take(size).read_to_end(&mut output),
        ZSTD => zstd::stream::read::Decoder::new(input)
            .and_then(|decoder| decoder.take(size).read_to_end(&mut output)),
        method => return Err(failed(format!("unknown compression {method}"))),
    };
    read.map_err(|error| failed(error.to_string()))?;
    if size_of_slice(&output) != size {
        return Err(failed(format!("{} bytes instead of {size}", output.len())));
    }
    Ok(output)
}

/// The size after decompression, when the section is compressed.
pub(super) fn size(section: &Section, source: &Source) -> Option<u64> {
    let start = source.read(section.offset, section.size.min(24)).ok()?;
    header_of(section, &start).map(|header| header.size)
}

struct Header {
    method: u32,
    size: u64,
    skip: usize,
}

fn header_of(section: &Section, bytes: &[u8]) -> Option<Header> {
    if section.is_compressed() {
        return Some(Header { method: u32_at(bytes, 0)?, size: u64_at(bytes, 8)?, skip: HEADER });
    }
    if section.name.starts_with(".zdebug_") && bytes.starts_with(b"ZLIB") {
        let size = u64_at(bytes, 4)?.swap_bytes();
        return Some(Header { method: ZLIB, size, skip: OLD_HEADER });
    }
    None
}
