//! What the attachments of an upload hold.

use crate::code_provenance::{self, Library};
use crate::{Limits, Part, Problem, Upload, metrics, naming};
use std::borrow::Cow;
use vesta_formats::compression::{self, DecompressError, Encoding};
use vesta_formats::{Format, collapsed, detect, pprof};
use vesta_profile::{CanonicalType, Profile};

/// What could be read of an upload's attachments.
#[derive(Clone, Debug, Default)]
pub struct DecodedUpload {
    /// The profiles, with the file names of their attachments. Value types whose meaning depends on the file
    /// (`contentions` of Go, say) have names that do not.
    pub profiles: Vec<(String, Profile)>,
    /// The numbers of `metrics.json`.
    pub metrics: Vec<(String, f64)>,
    /// The libraries of `code-provenance.json`.
    pub code_provenance: Vec<Library>,
    /// Attachments that are kept and can be downloaded, but are not read.
    pub undecoded: Vec<Undecoded>,
    /// What was wrong, the problems of the envelope first.
    pub problems: Vec<Problem>,
    /// Bytes of all attachments that were read, after decompression.
    pub decompressed_bytes: usize,
}

/// An attachment that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecoded {
    /// The file name.
    pub file_name: String,
    /// What it seems to be.
    pub content: Content,
}

/// What an attachment that is not read seems to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// Java Flight Recorder.
    Jfr,
    /// An execution trace of the Go runtime.
    GoTrace,
    /// JSON that Vesta has no use for.
    Json,
    /// A zip archive.
    Zip,
    /// Something else, or something broken: then a problem says what is wrong.
    Unknown,
}

/// The total of one value type over an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeTotal {
    /// The value type, under the name that all of Vesta uses.
    pub value_type: CanonicalType,
    /// The sum over all samples of all profiles.
    pub total: i64,
    /// How many samples have a value other than 0.
    pub samples: u64,
}

impl Content {
    /// The name for people and APIs.
    pub fn as_str(self) -> &'static str {
        match self {
            Content::Jfr => "jfr",
            Content::GoTrace => "go-trace",
            Content::Json => "json",
            Content::Zip => "zip",
            Content::Unknown => "unknown",
        }
    }
}

impl Upload {
    /// Reads the attachments. What cannot be read becomes a problem that names the part; the rest is read.
    ///
    /// Takes at most [`Limits::decompressed`] bytes for decompressed attachments, all of them together, plus what
    /// [`Limits::formats`] allows for the profiles.
    pub fn decode(&self, limits: &Limits) -> DecodedUpload {
        let mut decoder = Decoder {
            decoded: DecodedUpload::default(),
            family: &self.event.family,
            limits,
            bytes_left: limits.decompressed,
            memory_left: limits.formats.max_memory,
            problems_left_out: 0,
        };
        for problem in &self.problems {
            decoder.problem(problem.clone());
        }
        for part in self.attachments() {
            decoder.attachment(part);
        }
        decoder.finish()
    }
}

impl Upload {
    /// The libraries of `code-provenance.json`, without a look at the other attachments; none if it is not there or
    /// not readable, which [`Upload::decode`] tells apart.
    pub fn code_provenance(&self, limits: &Limits) -> Vec<Library> {
        let part = self.attachment("code-provenance.json");
        let json = part.and_then(|part| compression::decompress(&part.data, limits.json).ok());
        json.and_then(|json| code_provenance::decode(&json).ok()).unwrap_or_default()
    }
}

impl DecodedUpload {
    /// The total of every value type that has samples with values, the most useful first. A type that several
    /// attachments have is there once.
    pub fn value_types(&self) -> Vec<TypeTotal> {
        let mut totals: Vec<TypeTotal> = Vec::new();
        for (_, profile) in &self.profiles {
            for (index, value_type) in profile.value_types.iter().enumerate() {
                let samples = profile
                    .samples
                    .values
                    .get(index)
                    .map_or(0, |column| column.iter().filter(|&&value| value != 0).count() as u64);
                if samples == 0 {
                    continue;
                }
                let (value_type, total) = (value_type.canonical(), profile.samples.total(index));
                match totals.iter_mut().find(|known| known.value_type.name == value_type.name) {
                    Some(known) => {
                        known.total = known.total.saturating_add(total);
                        known.samples += samples;
                    }
                    None => totals.push(TypeTotal { value_type, total, samples }),
                }
            }
        }
        totals.sort_by_cached_key(|total| (total.value_type.rank(), total.value_type.name.to_string()));
        totals
    }

    /// How many samples there are in all profiles.
    pub fn samples(&self) -> usize {
        self.profiles.iter().map(|(_, profile)| profile.samples.len()).sum()
    }
}

struct Decoder<'a> {
    decoded: DecodedUpload,
    family: &'a str,
    limits: &'a Limits,
    bytes_left: usize,
    memory_left: usize,
    problems_left_out: usize,
}

impl Decoder<'_> {
    fn attachment(&mut self, part: &Part) {
        let name = part.file_name();
        // These two are large and not read, so there is no point in decompressing them. Everything else goes by
        // content.
        match extension(name) {
            "jfr" => return self.undecoded(name, Content::Jfr),
            "trace" => return self.undecoded(name, Content::GoTrace),
            _ => {}
        }
        let Some(bytes) = self.decompress(part) else {
            return self.undecoded(name, Content::Unknown);
        };
        // A plain pprof may start with bytes that look like JSON after a line feed.
        let encoding = match compression::sniff(&bytes) {
            Encoding::Json if extension(name) == "pprof" => Encoding::Plain,
            other => other,
        };
        match encoding {
            Encoding::Jfr => self.undecoded(name, Content::Jfr),
            Encoding::Zip => self.undecoded(name, Content::Zip),
            Encoding::Json => self.json(name, &bytes),
            Encoding::Zstd | Encoding::Gzip | Encoding::Lz4 => {
                self.problem(Problem::in_part(name, "it is compressed twice; it was kept, but not read"));
                self.undecoded(name, Content::Unknown);
            }
            Encoding::Plain if is_go_trace(&bytes) => self.undecoded(name, Content::GoTrace),
            Encoding::Plain => self.profile(name, &bytes),
        }
    }

    /// The bytes of a part, within what is left for the upload. Whatever it took to find out that a part is too large
    /// counts as well, so that a thousand small bombs cost no more than one.
    fn decompress<'b>(&mut self, part: &'b Part) -> Option<Cow<'b, [u8]>> {
        let limit = self.bytes_left.min(self.limits.formats.max_bytes);
        let together =
            || format!("the attachments decompress to more than {} bytes together", self.limits.decompressed);
        let (spent, reason) = match compression::decompress(&part.data, limit) {
            Ok(bytes) => {
                self.bytes_left -= bytes.len().min(limit);
                self.decoded.decompressed_bytes += bytes.len();
                return Some(bytes);
            }
            Err(_) if limit == 0 => (0, together()),
            Err(DecompressError::TooLarge { .. }) if limit == self.bytes_left => (limit, together()),
            Err(error @ DecompressError::Corrupt { read, .. }) => (read, describe(&error)),
            Err(error) => (limit, describe(&error)),
        };
        self.bytes_left -= spent.min(self.bytes_left);
        self.problem(Problem::in_part(part.file_name(), reason));
        None
    }

    fn json(&mut self, name: &str, bytes: &[u8]) {
        if bytes.len() > self.limits.json {
            let message =
                format!("{} bytes of JSON, more than the {} that are read", bytes.len(), self.limits.json);
            self.problem(Problem::in_part(name, message));
            return self.undecoded(name, Content::Json);
        }
        let read = match name {
            "metrics.json" => metrics::decode(bytes).map(|metrics| self.decoded.metrics.extend(metrics)),
            "code-provenance.json" => {
                code_provenance::decode(bytes).map(|libraries| self.decoded.code_provenance.extend(libraries))
            }
            _ => return self.undecoded(name, Content::Json),
        };
        if let Err(error) = read {
            self.problem(Problem::in_part(name, format!("it is not readable: {error}")));
            self.undecoded(name, Content::Json);
        }
    }

    fn profile(&mut self, name: &str, bytes: &[u8]) {
        if bytes.is_empty() {
            self.problem(Problem::in_part(name, "it is empty"));
            return self.undecoded(name, Content::Unknown);
        }
        let limits = vesta_formats::Limits { max_memory: self.memory_left, ..self.limits.formats };
        let read = match format(name, bytes) {
            Some(Format::Pprof) => pprof::decode(bytes, &limits).map_err(|error| describe(&error)),
            Some(Format::Collapsed) => collapsed::decode(bytes, &limits).map_err(|error| describe(&error)),
            _ => return self.undecoded(name, Content::Unknown),
        };
        match read {
            Ok(decoded) => {
                for problem in &decoded.problems {
                    self.problem(Problem::in_part(name, problem.to_string()));
                }
                let mut profile = decoded.profile;
                naming::name_value_types(&mut profile, self.family, name);
                self.memory_left = self.memory_left.saturating_sub(profile.heap_size());
                self.decoded.profiles.push((name.to_owned(), profile));
            }
            Err(reason) => {
                self.problem(Problem::in_part(name, reason));
                self.undecoded(name, Content::Unknown);
            }
        }
    }

    fn undecoded(&mut self, name: &str, content: Content) {
        self.decoded.undecoded.push(Undecoded { file_name: name.to_owned(), content });
    }

    fn problem(&mut self, problem: Problem) {
        if self.decoded.problems.len() < self.limits.problems {
            self.decoded.problems.push(problem);
        } else {
            self.problems_left_out += 1;
        }
    }

    fn finish(mut self) -> DecodedUpload {
        if self.problems_left_out > 0 {
            let message = format!("{} more problems were left out", self.problems_left_out);
            self.decoded.problems.push(Problem::general(message));
        }
        self.decoded
    }
}

/// An error with its causes on one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The format of an attachment. Clients name pprof by extension; text is taken for collapsed stacks only if its name
/// says so, as any list of words and numbers would pass for it.
fn format(name: &str, bytes: &[u8]) -> Option<Format> {
    match extension(name) {
        "pprof" => Some(Format::Pprof),
        "collapsed" | "folded" => Some(Format::Collapsed),
        _ => detect(name, bytes).filter(|format| *format == Format::Pprof),
    }
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// `go 1.26 trace` and zeros up to 16 bytes.
fn is_go_trace(bytes: &[u8]) -> bool {
    bytes.starts_with(b"go 1.") && bytes.get(..16).is_some_and(|head| head.windows(6).any(|w| w == b" trace"))
}
