//! Files as uploads: what people import or open is put into the envelope that profiling libraries send.

use crate::build::{BuildError, Built, Compression, MultipartBuilder, UploadBuilder};
use crate::naming::name_value_types;
use crate::otlp::{Process, attribute};
use crate::{Headers, Limits, Tag, Tags, Upload, UploadError};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::time::Duration;
use vesta_formats::compression::{Encoding, decompress, sniff};
use vesta_formats::otlp::{self, Part};
use vesta_formats::{Format, FormatError, decode_file, detect};
use vesta_profile::Profile;

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Contents {
    /// One profile in a format of its own.
    Profile(Box<Profile>),
    /// A captured upload: the body of a request.
    Upload(Box<Upload>),
}

/// A file that was read, and what could not be read of it.
#[derive(Clone, Debug)]
pub struct ReadFile {
    /// What it holds.
    pub contents: Contents,
    /// What could not be read.
    pub problems: Vec<String>,
}

/// Why a file could not be read. The texts go after its name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It begins like the body of an upload, and is none.
    #[error("looks like a captured upload")]
    Upload(#[source] UploadError),
    /// It is no profile that can be read.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// What the user says of a file. It goes before what the file says.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// When the profile starts.
    pub start: Option<Timestamp>,
    /// The language, or another family of profilers.
    pub language: Option<String>,
    /// Tags that take the place of those with the same key.
    pub tags: Vec<Tag>,
}

/// Reads the bytes of a file: a profile in any format that is known, or the body of an upload. The name decides only
/// where the bytes leave a doubt.
pub fn read(name: &str, bytes: &Bytes, limits: &Limits) -> Result<ReadFile, FileError> {
    if let Some(boundary) = boundary(bytes) {
        let headers = Headers::new(format!("multipart/form-data; boundary={boundary}"), []);
        let upload = Upload::parse(&headers, bytes.clone(), limits).map_err(FileError::Upload)?;
        return Ok(ReadFile { contents: Contents::Upload(Box::new(upload)), problems: Vec::new() });
    }
    let mut decoded = decode_file(name, bytes, &limits.formats)?;
    // As it is named once it was imported.
    name_value_types(&mut decoded.profile, "", name.rsplit('/').next().unwrap_or(name));
    let problems = decoded.problems.iter().map(ToString::to_string).collect();
    Ok(ReadFile { contents: Contents::Profile(Box::new(decoded.profile)), problems })
}

/// A captured upload as it is, or with another start and other tags in its event.
pub fn captured(upload: &Upload, about: &About) -> Built {
    if about.start.is_none() && about.tags.is_empty() && about.language.is_none() {
        let content_type = upload.headers.content_type().to_owned();
        return Built { content_type, body: upload.body.clone() };
    }
    let mut event: Map<String, Value> = upload.event.extra.clone();
    let kept = &upload.event;
    let (start, end) = moved(kept.start, kept.end, about.start);
    event.insert("attachments".to_owned(), json!(kept.attachments));
    event.insert("tags_profiler".to_owned(), json!(with_tags(&kept.tags, &about.tags).to_string()));
    event.insert("process_tags".to_owned(), json!(kept.process_tags.to_string()));
    event.insert("start".to_owned(), json!(start.to_string()));
    event.insert("end".to_owned(), json!(end.to_string()));
    event.insert("family".to_owned(), json!(about.language.as_ref().unwrap_or(&kept.family)));
    event.insert("version".to_owned(), json!(kept.version));
    event.insert("endpoint_counts".to_owned(), json!(kept.endpoint_counts));
    event.insert("custom_attributes".to_owned(), json!(kept.custom_attributes));
    event.extend(kept.info.clone().map(|info| ("info".to_owned(), info)));
    event.extend(kept.internal.clone().map(|internal| ("internal".to_owned(), internal)));
    let event = Value::Object(event).to_string();
    let builder = MultipartBuilder::new().part("event", "event.json", Some("application/json"), event);
    let attachments = upload.attachments().fold(builder, |builder, part| {
        builder.part(part.name.clone(), part.file_name(), part.content_type.as_deref(), part.data.clone())
    });
    attachments.build()
}

/// Uploads around a profile: one with the file, byte for byte; of a message of OpenTelemetry about several processes, one
/// per process with its part of the message. `otherwise` is when a profile starts if nobody says.
pub fn envelopes(
    file_name: &str,
    bytes: &Bytes,
    profile: &Profile,
    about: &About,
    otherwise: Timestamp,
) -> Result<Vec<Built>, BuildError> {
    let parts = parts(file_name, bytes);
    if parts.len() < 2 {
        return Ok(vec![around_file(file_name, bytes, profile, &parts, about, otherwise)?]);
    }
    let of_part = |part: Part| {
        let process = Process::of(&part, otherwise);
        let period = Period::new(part.start_ns, part.end_ns.saturating_sub(part.start_ns), otherwise);
        let builder = envelope_of(file_name, Some(&process), period, about);
        builder.attachment("profile.otlp", part.bytes, Compression::Zstd).build()
    };
    parts.into_iter().map(of_part).collect()
}

/// One upload around a profile, whatever the number of processes.
pub fn envelope(
    file_name: &str,
    bytes: &Bytes,
    profile: &Profile,
    about: &About,
    otherwise: Timestamp,
) -> Result<Built, BuildError> {
    around_file(file_name, bytes, profile, &parts(file_name, bytes), about, otherwise)
}

fn around_file(
    file_name: &str,
    bytes: &Bytes,
    profile: &Profile,
    parts: &[Part],
    about: &About,
    otherwise: Timestamp,
) -> Result<Built, BuildError> {
    let process = match parts {
        [part] => Some(Process::of(part, otherwise)),
        _ => None,
    };
    let positive = |number: i64| u64::try_from(number).unwrap_or(0);
    let period = Period::new(positive(profile.start_ns), positive(profile.duration_ns), otherwise);
    let is_compressed = matches!(sniff(bytes), Encoding::Gzip | Encoding::Zstd | Encoding::Lz4);
    let compression = if is_compressed { Compression::None } else { Compression::Zstd };
    envelope_of(file_name, process.as_ref(), period, about)
        .attachment(attachment_name(file_name, bytes), bytes.to_vec(), compression)
        .build()
}

/// An upload about what the user says a file is of, else what the file says, else its name.
fn envelope_of(
    file_name: &str,
    process: Option<&Process>,
    Period { start, end }: Period,
    about: &About,
) -> UploadBuilder {
    let (start, end) = moved(start, end, about.start);
    let mut tags = process.map(|process| process.tags.clone()).unwrap_or_default();
    if !tags.contains_key("service") {
        let stem = file_name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("imported");
        tags.insert(Tag { key: "service".to_owned(), value: stem.replace(',', "_") });
    }
    let family = process.map(|process| process.family).unwrap_or_default();
    UploadBuilder::new(about.language.as_deref().unwrap_or(family), start, end)
        .tags(with_tags(&tags, &about.tags).iter().cloned())
}

/// What messages of OpenTelemetry have of each process; nothing of other files, or if the message cannot be cut.
fn parts(file_name: &str, bytes: &[u8]) -> Vec<Part> {
    let limits = vesta_formats::Limits::default();
    let Ok(plain) = decompress(bytes, limits.max_bytes) else { return Vec::new() };
    if detect(file_name, &plain) != Some(Format::Otlp) {
        return Vec::new();
    }
    otlp::split_file(&plain, &limits).map(|split| split.parts).unwrap_or_default()
}

/// When a profile was taken.
struct Period {
    start: Timestamp,
    end: Timestamp,
}

impl Period {
    /// From a time on, which is 0 if it is not known, for so long.
    fn new(start_ns: u64, duration_ns: u64, otherwise: Timestamp) -> Period {
        let known = Timestamp::from_nanosecond(i128::from(start_ns)).ok().filter(|_| start_ns > 0);
        let start = known.unwrap_or(otherwise);
        let end = start.saturating_add(Duration::from_nanos(duration_ns)).unwrap_or(start);
        Period { start, end }
    }
}

/// The boundary of a captured upload: a body has it in its first line, where its request has it in a header.
fn boundary(bytes: &[u8]) -> Option<&str> {
    let line = bytes.strip_prefix(b"--")?.split(|&byte| byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.trim_end();
    let fits = !line.is_empty() && line.len() <= 70 && line.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(line)
}

/// The name under which a file goes into an upload. Text is taken for collapsed stacks there only if its name says so.
fn attachment_name(file_name: &str, bytes: &[u8]) -> String {
    let limits = vesta_formats::Limits::default();
    let is_collapsed = decompress(bytes, limits.max_bytes)
        .is_ok_and(|plain| detect(file_name, &plain) == Some(Format::Collapsed));
    let is_named_so = [".collapsed", ".folded"].iter().any(|ending| file_name.ends_with(ending));
    if is_collapsed && !is_named_so { format!("{file_name}.collapsed") } else { file_name.to_owned() }
}

/// The period, moved to another start.
fn moved(start: Timestamp, end: Timestamp, to: Option<Timestamp>) -> (Timestamp, Timestamp) {
    let Some(to) = to else { return (start, end) };
    (to, to.saturating_add(end.duration_since(start)).unwrap_or(to))
}

/// `tags` with those of `others` in place of the ones that say the same: under the same key, or under OpenTelemetry's
/// name for it.
fn with_tags(tags: &Tags, others: &[Tag]) -> Tags {
    let mut all = Tags::new();
    let is_said =
        |tag: &Tag| others.iter().any(|other| other.key == tag.key || attribute(&other.key) == tag.key);
    let kept = tags.iter().filter(|tag| !is_said(tag));
    kept.chain(others).for_each(|tag| all.insert(tag.clone()));
    all
}
