//! Files as uploads: what people import or open is put into the envelope that profiling libraries send.

use crate::build::{BuildError, Built, Compression, MultipartBuilder, UploadBuilder};
use crate::{Headers, Limits, Tag, Tags, Upload, UploadError};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use vesta_formats::compression::{Encoding, decompress, sniff};
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
    let decoded = decode_file(name, bytes, &limits.formats)?;
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

/// An upload around a profile. The file goes into it byte for byte. `otherwise` is when the profile starts if nobody
/// says.
pub fn envelope(
    file_name: &str,
    bytes: &Bytes,
    profile: &Profile,
    about: &About,
    otherwise: Timestamp,
) -> Result<Built, BuildError> {
    let service = file_name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("imported");
    let own_start = Some(profile.start_ns).filter(|&start| start > 0);
    let start = own_start.and_then(|start| Timestamp::from_nanosecond(i128::from(start)).ok());
    let start = start.unwrap_or(otherwise);
    let end = start.saturating_add(SignedDuration::from_nanos(profile.duration_ns.max(0)));
    let (start, end) = moved(start, end.unwrap_or(start), about.start);
    let is_compressed = matches!(sniff(bytes), Encoding::Gzip | Encoding::Zstd | Encoding::Lz4);
    let compression = if is_compressed { Compression::None } else { Compression::Zstd };
    let mut tags = Tags::new();
    tags.insert(Tag { key: "service".to_owned(), value: service.replace(',', "_") });
    let tags = with_tags(&tags, &about.tags);
    UploadBuilder::new(about.language.clone().unwrap_or_default(), start, end)
        .tags(tags.iter().cloned())
        .attachment(attachment_name(file_name, bytes), bytes.to_vec(), compression)
        .build()
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

/// `tags` with those of `others` in place of the ones with the same key.
fn with_tags(tags: &Tags, others: &[Tag]) -> Tags {
    let mut all = Tags::new();
    let kept = tags.iter().filter(|tag| others.iter().all(|other| other.key != tag.key));
    kept.chain(others).for_each(|tag| all.insert(tag.clone()));
    all
}
