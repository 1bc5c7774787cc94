//! The formats: all that Vesta knows of each, in one place.

use crate::{
    Decoded, Limits, chrome_trace, collapsed, go_trace, jfr, otlp, perf_script, pprof, speedscope, v8,
};
use std::error::Error;
use vesta_profile::Profile;

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
    /// A CPU profile of V8: what Node's `--cpu-prof` and the browser's developer tools write.
    V8CpuProfile,
    /// A sampling heap profile of V8: what Node's `--heap-prof` and the browser's developer tools write.
    V8HeapProfile,
    /// Events in the JSON of Chrome's tracing, which many tools write.
    ChromeTrace,
    /// What speedscope reads and writes.
    Speedscope,
    /// An execution trace of Go.
    GoTrace,
    /// What .NET's event pipe writes.
    Nettrace,
    /// OpenTelemetry profiles.
    Otlp,
    /// What `perf record` writes.
    PerfData,
    /// What `perf script` writes.
    PerfScript,
    /// A zip archive.
    Zip,
}

/// Why a file could not be read. The texts go after its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// It could not be decompressed.
    #[error("cannot be decompressed")]
    Decompress(#[from] crate::compression::DecompressError),
    /// It is of this format, but broken or too large.
    #[error("is not readable as {format}")]
    Broken {
        /// The format.
        format: Format,
        /// What is wrong with it.
        source: Box<dyn Error + Send + Sync>,
    },
    /// It is a format that Vesta knows but does not decode.
    #[error("is a file of format {format}, which is not decoded yet; {}", format.instead())]
    NotDecodedYet {
        /// The format.
        format: Format,
    },
    /// It is empty.
    #[error("is empty")]
    Empty,
    /// It is no format that Vesta knows.
    #[error("is no profile that Vesta knows; it reads {}, plain or in gzip, zstd or lz4", Format::readable())]
    Unknown,
}

/// Why a profile could not be written in a format.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Nobody wrote an encoder.
    #[error("cannot write {format}; Vesta writes {}", Format::writable())]
    NoEncoder {
        /// The format.
        format: Format,
    },
    /// The profile has no value type at this position.
    #[error("the profile has no value type at position {index}")]
    NoValueType {
        /// The position.
        index: usize,
    },
    /// The format holds other value types only.
    #[error("{format} holds {holds}, not {value_type}")]
    OtherValueType {
        /// The format.
        format: Format,
        /// What it holds.
        holds: &'static str,
        /// The value type that was to be written.
        value_type: String,
    },
    /// The format has no way to say less than nothing.
    #[error("{format} has no negative values, but the profile does")]
    Negative {
        /// The format.
        format: Format,
    },
}

/// How the bytes of a format become a profile.
type Decode = fn(&[u8], &Limits) -> Result<Decoded, Box<dyn Error + Send + Sync>>;

/// How a profile becomes a file.
#[derive(Clone, Copy)]
enum Encode {
    /// With all value types.
    Whole(fn(&Profile) -> Vec<u8>),
    /// With one value type, named by its position.
    One(fn(&Profile, usize) -> Result<Vec<u8>, EncodeError>),
}

/// What Vesta knows of a format.
struct Entry {
    /// The name for people.
    name: &'static str,
    /// The name for commands.
    id: &'static str,
    /// How names of files end, the most usual ending first.
    extensions: &'static [&'static str],
    /// Whether bytes look like it. Those of formats further up have said no before.
    sniff: fn(&[u8]) -> bool,
    /// The decoder, or what to do with a file instead.
    decode: Result<Decode, &'static str>,
    encode: Option<Encode>,
}

impl Format {
    /// All formats, in the order in which bytes are looked at.
    pub fn all() -> impl Iterator<Item = Format> {
        ORDER.iter().copied()
    }

    /// The format that commands call `id`.
    pub fn by_id(id: &str) -> Option<Format> {
        Format::all().find(|format| format.id() == id)
    }

    /// The format that files of this name have, compressed or not. Longer endings go before shorter ones.
    pub fn by_file_name(name: &str) -> Option<Format> {
        let name = name.to_ascii_lowercase();
        let packed = [".gz", ".zst", ".lz4"].into_iter().find_map(|ending| name.strip_suffix(ending));
        let name = packed.unwrap_or(&name);
        let ends = |extension: &str| {
            name.strip_suffix(extension).is_some_and(|stem| stem.is_empty() || stem.ends_with('.'))
        };
        let longest = |format: Format| {
            let lengths = format.extensions().iter().copied().filter(|end| ends(end)).map(str::len);
            lengths.max().map(|length| (length, format))
        };
        Format::all().filter_map(longest).max_by_key(|(length, _)| *length).map(|(_, format)| format)
    }

    /// The name for people.
    pub fn as_str(self) -> &'static str {
        entry(self).name
    }

    /// The name for commands.
    pub fn id(self) -> &'static str {
        entry(self).id
    }

    /// How names of its files end, without the dot, the most usual ending first.
    pub fn extensions(self) -> &'static [&'static str] {
        entry(self).extensions
    }

    /// Whether Vesta has a decoder for it.
    pub fn is_readable(self) -> bool {
        entry(self).decode.is_ok()
    }

    /// Whether Vesta has an encoder for it.
    pub fn is_writable(self) -> bool {
        entry(self).encode.is_some()
    }

    /// Whether a file holds all value types of a profile, rather than one.
    pub fn holds_all_value_types(self) -> bool {
        matches!(entry(self).encode, Some(Encode::Whole(_)))
    }

    /// The names of all formats that can be read, for people: `JFR (Java Flight Recorder), pprof and collapsed stacks`.
    pub fn readable() -> String {
        names(Format::is_readable)
    }

    /// The names of all formats that can be written, for people.
    pub fn writable() -> String {
        names(Format::is_writable)
    }

    /// Reads uncompressed bytes.
    pub fn decode(self, bytes: &[u8], limits: &Limits) -> Result<Decoded, FormatError> {
        match entry(self).decode {
            Ok(decode) => {
                decode(bytes, limits).map_err(|source| FormatError::Broken { format: self, source })
            }
            Err(_) => Err(FormatError::NotDecodedYet { format: self }),
        }
    }

    /// Writes a profile, not compressed. `value_type` is the position of the one to write where a file holds one only.
    pub fn encode(self, profile: &Profile, value_type: usize) -> Result<Vec<u8>, EncodeError> {
        match entry(self).encode {
            Some(Encode::Whole(encode)) => Ok(encode(profile)),
            Some(Encode::One(_)) if value_type >= profile.value_types.len() => {
                Err(EncodeError::NoValueType { index: value_type })
            }
            Some(Encode::One(encode)) => encode(profile, value_type),
            None => Err(EncodeError::NoEncoder { format: self }),
        }
    }

    /// Whether bytes look like it, if they look like no format before it.
    pub(crate) fn sniffs(self, bytes: &[u8]) -> bool {
        (entry(self).sniff)(bytes)
    }

    /// What to do with a file that is not decoded.
    fn instead(self) -> &'static str {
        entry(self).decode.err().unwrap_or_default()
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// The order in which bytes are looked at: what has magic bytes before what is guessed.
const ORDER: &[Format] = &[
    Format::Jfr,
    Format::Zip,
    Format::Nettrace,
    Format::PerfData,
    Format::GoTrace,
    Format::Speedscope,
    Format::ChromeTrace,
    Format::V8HeapProfile,
    Format::V8CpuProfile,
    Format::Otlp,
    Format::Pprof,
    Format::PerfScript,
    Format::Collapsed,
];

/// All that is known of a format.
fn entry(format: Format) -> Entry {
    match format {
        Format::Jfr => Entry {
            name: "JFR (Java Flight Recorder)",
            id: "jfr",
            extensions: &["jfr"],
            sniff: |bytes| bytes.starts_with(b"FLR\0"),
            decode: Ok(|bytes, limits| {
                let recording = jfr::profile::decode(bytes, limits)?;
                Ok(Decoded { profile: recording.profile, problems: recording.problems })
            }),
            encode: None,
        },
        Format::Zip => Entry {
            name: "zip",
            id: "zip",
            extensions: &["zip"],
            sniff: |bytes| bytes.starts_with(b"PK\x03\x04"),
            decode: Err("unpack it and import the files in it"),
            encode: None,
        },
        Format::Nettrace => Entry {
            name: "nettrace (.NET)",
            id: "nettrace",
            extensions: &["nettrace"],
            sniff: |bytes| bytes.starts_with(b"Nettrace"),
            decode: Err("turn it into speedscope first: dotnet-trace convert --format Speedscope"),
            encode: None,
        },
        Format::Otlp => Entry {
            name: "OTLP (OpenTelemetry)",
            id: "otlp",
            extensions: &["otlp", "otlp.json"],
            sniff: otlp::looks_like,
            decode: Ok(|bytes, limits| Ok(otlp::decode(bytes, limits)?)),
            encode: Some(Encode::Whole(|profile| otlp::encode(profile, []))),
        },
        Format::PerfData => Entry {
            name: "perf.data",
            id: "perf-data",
            extensions: &["perf.data"],
            sniff: |bytes| bytes.starts_with(b"PERFILE2") || bytes.starts_with(b"2ELIFREP"),
            decode: Err("write it as text where it was recorded: perf script > out.perf"),
            encode: None,
        },
        Format::GoTrace => Entry {
            name: "Go execution trace",
            id: "go-trace",
            extensions: &["trace"],
            sniff: go_trace::looks_like,
            decode: Ok(|bytes, limits| Ok(go_trace::decode(bytes, limits)?)),
            encode: None,
        },
        Format::Speedscope => Entry {
            name: "speedscope",
            id: "speedscope",
            extensions: &["speedscope.json", "speedscope"],
            sniff: speedscope::looks_like,
            decode: Ok(|bytes, limits| Ok(speedscope::decode(bytes, limits)?)),
            encode: Some(Encode::Whole(speedscope::encode)),
        },
        Format::V8CpuProfile => Entry {
            name: "V8 CPU profile",
            id: "cpuprofile",
            extensions: &["cpuprofile"],
            sniff: v8::looks_like_cpu,
            decode: Ok(|bytes, limits| Ok(v8::decode_cpu(bytes, limits)?)),
            encode: Some(Encode::One(v8::encode_cpu)),
        },
        Format::V8HeapProfile => Entry {
            name: "V8 heap profile",
            id: "heapprofile",
            extensions: &["heapprofile"],
            sniff: v8::looks_like_heap,
            decode: Ok(|bytes, limits| Ok(v8::decode_heap(bytes, limits)?)),
            encode: None,
        },
        Format::ChromeTrace => Entry {
            name: "Chrome trace",
            id: "chrome-trace",
            extensions: &["trace.json", "chrometrace.json"],
            sniff: chrome_trace::looks_like,
            decode: Ok(|bytes, limits| Ok(chrome_trace::decode(bytes, limits)?)),
            encode: None,
        },
        Format::Pprof => Entry {
            name: "pprof",
            id: "pprof",
            extensions: &["pprof", "pb", "prof"],
            sniff: pprof::looks_like,
            decode: Ok(|bytes, limits| Ok(pprof::decode(bytes, limits)?)),
            encode: Some(Encode::Whole(pprof::encode)),
        },
        Format::Collapsed => Entry {
            name: "collapsed stacks",
            id: "collapsed",
            extensions: &["collapsed", "folded"],
            sniff: |bytes| !is_json(bytes) && collapsed::looks_like(bytes),
            decode: Ok(|bytes, limits| Ok(collapsed::decode(bytes, limits)?)),
            encode: Some(Encode::One(|profile, index| Ok(collapsed::encode(profile, index).into_bytes()))),
        },
        Format::PerfScript => Entry {
            name: "perf script",
            id: "perf-script",
            extensions: &["perf", "perf.txt"],
            sniff: perf_script::looks_like,
            decode: Ok(|bytes, limits| Ok(perf_script::decode(bytes, limits)?)),
            encode: None,
        },
    }
}

/// The names of some formats, pprof first as what most people have.
fn names(wanted: fn(Format) -> bool) -> String {
    let mut names: Vec<&str> = Format::all().filter(|format| wanted(*format)).map(Format::as_str).collect();
    names.sort_by_key(|name| *name != "pprof");
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

fn is_json(bytes: &[u8]) -> bool {
    matches!(bytes.iter().find(|byte| !byte.is_ascii_whitespace()), Some(b'{' | b'['))
}
