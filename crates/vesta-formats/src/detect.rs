//! Which format a file is in.

use crate::collapsed::CollapsedError;
use crate::compression::{DecompressError, Encoding};
use crate::pprof::PprofError;
use crate::{Decoded, Limits, collapsed, compression, pprof};

/// A file format that Vesta knows by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// pprof.
    Pprof,
    /// Collapsed stacks.
    Collapsed,
    /// Java Flight Recorder.
    Jfr,
    /// A profile of V8: what Node's `--cpu-prof` and the browser's developer tools write.
    V8Profile,
    /// What speedscope reads and writes.
    Speedscope,
    /// An execution trace of Go.
    GoTrace,
    /// What .NET's event pipe writes.
    Nettrace,
    /// What `perf record` writes.
    PerfData,
    /// What `perf script` writes.
    PerfScript,
    /// A zip archive.
    Zip,
}

impl Format {
    /// The name for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Pprof => "pprof",
            Format::Collapsed => "collapsed stacks",
            Format::Jfr => "JFR (Java Flight Recorder)",
            Format::V8Profile => "V8 profile",
            Format::Speedscope => "speedscope",
            Format::GoTrace => "Go execution trace",
            Format::Nettrace => "nettrace (.NET)",
            Format::PerfData => "perf.data",
            Format::PerfScript => "perf script",
            Format::Zip => "zip",
        }
    }

    /// What to do with a file of a format that is not decoded yet.
    fn hint(self) -> &'static str {
        match self {
            Format::Jfr | Format::GoTrace => "an upload that holds one is kept and can be downloaded",
            Format::PerfData => "turn it into collapsed stacks: perf script | stackcollapse-perf.pl",
            Format::PerfScript => "turn it into collapsed stacks with stackcollapse-perf.pl",
            Format::Zip => "unpack it and import the files in it",
            _ => "turn it into pprof or collapsed stacks first",
        }
    }
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It could not be decompressed.
    #[error("cannot be decompressed")]
    Decompress(#[from] DecompressError),
    /// It is pprof, but broken.
    #[error("is not readable as pprof")]
    Pprof(#[from] PprofError),
    /// It is collapsed stacks, but broken.
    #[error("is not readable as collapsed stacks")]
    Collapsed(#[from] CollapsedError),
    /// It is a format that Vesta knows but does not decode yet.
    #[error("is a file of format {}, which is not decoded yet; {}", format.as_str(), format.hint())]
    NotDecodedYet {
        /// The format.
        format: Format,
    },
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It is no format that Vesta knows.
    #[error(
        "is no profile that Vesta knows; it reads pprof and collapsed stacks, plain or in gzip, zstd or lz4"
    )]
    Unknown,
}

/// The format of uncompressed bytes, if it is known. The file name decides only where the bytes leave a doubt.
pub fn detect(name: &str, bytes: &[u8]) -> Option<Format> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    match compression::sniff(bytes) {
        Encoding::Jfr => return Some(Format::Jfr),
        Encoding::Zip => return Some(Format::Zip),
        Encoding::Json => return json(bytes),
        _ => {}
    }
    if starts(b"Nettrace") {
        return Some(Format::Nettrace);
    }
    if starts(b"PERFILE2") || starts(b"2ELIFREP") {
        return Some(Format::PerfData);
    }
    if starts(b"go 1.") && bytes.get(..16).is_some_and(|head| contains(head, b" trace\0")) {
        return Some(Format::GoTrace);
    }
    if pprof::looks_like(bytes) {
        return Some(Format::Pprof);
    }
    if collapsed::looks_like(bytes) {
        return Some(Format::Collapsed);
    }
    if contains(head(bytes), b"\n\t") && contains(head(bytes), b": \n\t") {
        return Some(Format::PerfScript);
    }
    // Broken from the start, but then the error says what a file of this name should have been.
    let ends = |ending: &str| name.to_ascii_lowercase().trim_end_matches(".gz").ends_with(ending);
    if [".pprof", ".pb", ".prof"].into_iter().any(ends) {
        return Some(Format::Pprof);
    }
    if [".collapsed", ".folded"].into_iter().any(ends) {
        return Some(Format::Collapsed);
    }
    None
}

/// Reads a file of any format that is known, compressed or not.
pub fn decode_file(name: &str, bytes: &[u8], limits: &Limits) -> Result<Decoded, FormatError> {
    let bytes = compression::decompress(bytes, limits.max_bytes)?;
    if bytes.is_empty() {
        return Err(FormatError::Empty);
    }
    match detect(name, &bytes) {
        Some(Format::Pprof) => Ok(pprof::decode(&bytes, limits)?),
        Some(Format::Collapsed) => Ok(collapsed::decode(&bytes, limits)?),
        Some(format) => Err(FormatError::NotDecodedYet { format }),
        None => Err(FormatError::Unknown),
    }
}

/// Which of the formats in JSON it is, by the keys they all begin with.
fn json(bytes: &[u8]) -> Option<Format> {
    let head = head(bytes);
    if contains(head, b"speedscope") {
        return Some(Format::Speedscope);
    }
    let v8 = [&b"\"nodes\""[..], b"\"callFrame\"", b"\"timeDeltas\""];
    v8.into_iter().any(|key| contains(head, key)).then_some(Format::V8Profile)
}

fn head(bytes: &[u8]) -> &[u8] {
    bytes.get(..4096).unwrap_or(bytes)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}
