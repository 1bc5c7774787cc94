//! What the attachments of an upload hold.

use crate::code_provenance::{self, Library};
use crate::pyroscope::{self, CONTEXT_LABELS, Note, PREVIOUS_PROFILE};
use crate::{Event, Limits, Part, Problem, Upload, facts, metrics, naming};
use std::borrow::Cow;
use std::collections::BTreeMap;
use vesta_formats::compression::{self, DecompressError, Encoding};
use vesta_formats::dotnet_heap::{self, DotnetHeapError};
use vesta_formats::jfr::profile::{self as recording, Contexts, Recording};
use vesta_formats::{Decoded, Format, FormatError, detect};
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
    /// Settings of the profiler, the runtime, the platform: what the event says, completed by what recordings do.
    pub info: Option<serde_json::Value>,
    /// Requests finished within the period, by endpoint: of the event, or of recordings if it has none.
    pub endpoint_counts: BTreeMap<String, i64>,
    /// Attachments that are kept and can be downloaded, but are not read: among them execution traces of Go beside
    /// profiles, which [`Upload::decode_traces`] reads.
    pub undecoded: Vec<Undecoded>,
    /// What was wrong, the problems of the envelope first.
    pub problems: Vec<Problem>,
    /// Bytes of all attachments that were read, after decompression.
    pub decompressed_bytes: usize,
}

impl DecodedUpload {
    /// Takes the profiles out, as one; none if there are none. Its time is that of the upload: files say when they were
    /// written, or when their last period was, and together they would last longer.
    pub fn take_whole(&mut self, event: &Event) -> Option<Profile> {
        let mut profiles = std::mem::take(&mut self.profiles).into_iter().map(|(_, profile)| profile);
        let mut whole = profiles.next()?;
        profiles.for_each(|profile| whole.merge(&profile));
        whole.start_ns = i64::try_from(event.start.as_nanosecond()).unwrap_or_default();
        whole.duration_ns = i64::try_from(event.duration().as_nanos()).unwrap_or(i64::MAX);
        Some(whole)
    }
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
    /// What bytes are whose format is not read.
    fn of(format: Option<Format>, bytes: &[u8]) -> Content {
        match format {
            Some(Format::Jfr) => Content::Jfr,
            Some(Format::GoTrace) => Content::GoTrace,
            Some(Format::Zip) => Content::Zip,
            _ if compression::sniff(bytes) == Encoding::Json => Content::Json,
            _ => Content::Unknown,
        }
    }

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
    ///
    /// Execution traces of Go are read only if there is no profile beside them. They tell of a few seconds what the
    /// profiles tell of the whole period: together, the two would count it twice.
    pub fn decode(&self, limits: &Limits) -> DecodedUpload {
        let mut decoder = Decoder::new(self, limits);
        for problem in &self.problems {
            decoder.problem(problem.clone());
        }
        // What a profile is read with has to be there before it.
        let (before, others): (Vec<_>, Vec<_>) = self
            .attachments()
            .partition(|part| [PREVIOUS_PROFILE, CONTEXT_LABELS].contains(&part.file_name()));
        before.into_iter().chain(others).for_each(|part| decoder.attachment(part));
        for (part, bytes) in std::mem::take(&mut decoder.traces) {
            match self.has_only_traces() {
                true => decoder.trace(part, bytes),
                false => decoder.undecoded(part.file_name(), Content::GoTrace),
            }
        }
        decoder.finish()
    }

    /// Reads the execution traces of Go that [`Upload::decode`] leaves out because there are profiles beside them. Times
    /// in a trace that does not say when it was taken count from the start of the upload's period.
    pub fn decode_traces(&self, limits: &Limits) -> DecodedUpload {
        let mut decoder = Decoder::new(self, limits);
        if !self.has_only_traces() {
            for part in self.attachments().filter(|part| is_trace(part)) {
                decoder.trace(part, None);
            }
        }
        decoder.finish()
    }

    /// Whether traces are all there is, besides JSON. Their names decide, as nothing was read yet.
    fn has_only_traces(&self) -> bool {
        self.attachments().all(|part| is_trace(part) || extension(part.file_name()) == "json")
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

type DotnetHeapDecoder = fn(&[u8], &vesta_formats::Limits) -> Result<Decoded, DotnetHeapError>;

struct Decoder<'a> {
    decoded: DecodedUpload,
    family: &'a str,
    note: Option<Note>,
    /// The profile before this one, if it came along.
    previous: Option<Profile>,
    /// The labels that the contexts of a recording mean, if they came along.
    contexts: Contexts,
    /// Whether endpoints are counted in recordings.
    counts_endpoints: bool,
    limits: &'a Limits,
    bytes_left: usize,
    memory_left: usize,
    problems_left_out: usize,
    start_ns: i64,
    /// Execution traces, which are read last or not at all, with their bytes if it took those to know what they are.
    traces: Vec<(&'a Part, Option<Cow<'a, [u8]>>)>,
}

impl<'a> Decoder<'a> {
    fn new(upload: &'a Upload, limits: &'a Limits) -> Self {
        Decoder {
            decoded: DecodedUpload {
                info: upload.event.info.clone(),
                endpoint_counts: upload.event.endpoint_counts.clone(),
                ..DecodedUpload::default()
            },
            family: &upload.event.family,
            note: Note::of(&upload.event.extra),
            previous: None,
            contexts: Contexts::default(),
            counts_endpoints: upload.event.endpoint_counts.is_empty(),
            limits,
            bytes_left: limits.decompressed,
            memory_left: limits.formats.max_memory,
            problems_left_out: 0,
            start_ns: upload.event.start.as_microsecond().saturating_mul(1000),
            traces: Vec::new(),
        }
    }

    fn attachment(&mut self, part: &'a Part) {
        let name = part.file_name();
        if is_trace(part) {
            return self.traces.push((part, None));
        }
        // Large and of no use as long as nothing reads them, so there is no point in decompressing them. Everything else
        // goes by content.
        let by_name = Format::by_file_name(name).filter(|format| !format.is_readable());
        if let Some(format @ Format::Jfr) = by_name {
            return self.undecoded(name, Content::of(Some(format), &[]));
        }
        let Some(bytes) = self.decompress(part) else {
            return self.undecoded(name, Content::Unknown);
        };
        match (compression::sniff(&bytes), name) {
            (Encoding::Zstd | Encoding::Gzip | Encoding::Lz4, _) => {
                self.problem(Problem::in_part(name, "it is compressed twice; it was kept, but not read"));
                self.undecoded(name, Content::Unknown);
            }
            (Encoding::Json, "metrics.json" | "code-provenance.json") => self.json(name, &bytes),
            (_, CONTEXT_LABELS) if self.note.is_some() => self.context_labels(name, &bytes),
            (_, "histogram.json") => self.dotnet_heap(name, &bytes, dotnet_heap::decode_histogram),
            (_, "reference_tree.json" | "reference_tree.bin") => {
                self.dotnet_heap(name, &bytes, dotnet_heap::decode_reference_tree);
            }
            _ if format(name, &bytes) == Some(Format::GoTrace) => self.traces.push((part, Some(bytes))),
            _ => self.profile(name, &bytes),
        }
    }

    fn trace(&mut self, part: &'a Part, bytes: Option<Cow<'a, [u8]>>) {
        let name = part.file_name();
        let Some(bytes) = bytes.or_else(|| self.decompress(part)) else {
            return self.undecoded(name, Content::Unknown);
        };
        let before = self.decoded.profiles.len();
        self.profile(name, &bytes);
        for (_, profile) in self.decoded.profiles.iter_mut().skip(before).filter(|(_, it)| it.start_ns == 0) {
            profile.samples.shift(self.start_ns);
            profile.start_ns = self.start_ns;
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
            _ => {
                code_provenance::decode(bytes).map(|libraries| self.decoded.code_provenance.extend(libraries))
            }
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
        let limits = self.limits();
        let read = match pyroscope::layout(extension(name)) {
            Some(layout) => {
                vesta_formats::pyroscope::decode(layout, bytes, &limits).map_err(|error| describe(&error))
            }
            None => {
                let known = format(name, bytes);
                let Some(format) = known.filter(|format| format.is_readable()) else {
                    return self.undecoded(name, Content::of(known, bytes));
                };
                match format {
                    // A recording says more than what is in its samples.
                    Format::Jfr => recording::decode_with(bytes, &self.contexts, &limits)
                        .map(|recording| self.recording(recording))
                        .map_err(|source| FormatError::Broken { format, source: Box::new(source) }),
                    _ => format.decode(bytes, &limits),
                }
                .map_err(|error| describe(&error))
            }
        };
        match read {
            Ok(decoded) => self.keep(name, decoded),
            Err(reason) => self.unreadable(name, reason),
        }
    }

    fn context_labels(&mut self, name: &str, bytes: &[u8]) {
        match Contexts::decode(bytes) {
            Ok(contexts) => self.contexts = contexts,
            Err(error) => self.unreadable(name, describe(&error)),
        }
    }

    /// What .NET says of its heap. It sends the file, with nothing in it, when it looked at no heap.
    fn dotnet_heap(&mut self, name: &str, bytes: &[u8], decode: DotnetHeapDecoder) {
        match decode(bytes, &self.limits()) {
            Ok(decoded) if decoded.profile.samples.is_empty() && decoded.problems.is_empty() => {}
            Ok(decoded) => self.keep(name, decoded),
            Err(error) => self.unreadable(name, describe(&error)),
        }
    }

    /// What one more profile may take.
    fn limits(&self) -> vesta_formats::Limits {
        vesta_formats::Limits { max_memory: self.memory_left, ..self.limits.formats }
    }

    fn unreadable(&mut self, name: &str, reason: String) {
        self.problem(Problem::in_part(name, reason));
        self.undecoded(name, Content::Unknown);
    }

    fn keep(&mut self, name: &str, decoded: Decoded) {
        for problem in &decoded.problems {
            self.problem(Problem::in_part(name, problem.to_string()));
        }
        let mut profile = decoded.profile;
        self.memory_left = self.memory_left.saturating_sub(profile.heap_size());
        if let Some(note) = &self.note {
            if name == PREVIOUS_PROFILE {
                self.previous = Some(profile);
                return;
            }
            if let Some(previous) = self.previous.take() {
                note.subtract(&mut profile, &previous);
            }
            note.apply(&mut profile);
        }
        naming::name_value_types(&mut profile, self.family, name);
        self.decoded.profiles.push((name.to_owned(), profile));
    }

    /// Keeps what a recording says besides its samples.
    fn recording(&mut self, recording: Recording) -> Decoded {
        self.decoded.metrics.extend(recording.metrics);
        facts::complete(&mut self.decoded.info, facts::info(recording.facts));
        if self.counts_endpoints {
            for (endpoint, count) in recording.endpoint_counts {
                let sum = self.decoded.endpoint_counts.entry(endpoint).or_default();
                *sum = sum.saturating_add(count);
            }
        }
        Decoded { profile: recording.profile, problems: recording.problems }
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
        _ => detect(name, bytes).filter(|format| *format != Format::Collapsed),
    }
}

/// Whether a part is an execution trace of Go, as its name has it.
fn is_trace(part: &Part) -> bool {
    Format::by_file_name(part.file_name()) == Some(Format::GoTrace)
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}
