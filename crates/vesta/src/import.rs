//! `vesta import`: files to a server, as uploads.

use crate::arguments::ImportArguments;
use crate::client::Client;
use crate::failure::{self, usage};
use crate::file::{self, Contents};
use crate::output::{note, print_lines};
use crate::quantity;
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use std::path::Path;
use std::time::Duration;
use vesta_formats::Format;
use vesta_formats::compression::{Encoding, decompress, sniff};
use vesta_profile::Profile;
use vesta_upload::build::{Built, Compression, MultipartBuilder, UploadBuilder};
use vesta_upload::{Tag, Tags, Upload};

/// How often a server that is too busy is asked again, for one file.
const ATTEMPTS: u32 = 20;

/// What the flags say about the profiles.
struct About {
    start: Option<Timestamp>,
    language: Option<String>,
    /// Tags that take the place of those that an upload brings.
    tags: Vec<Tag>,
}

/// Runs the command.
pub(crate) fn import(arguments: &ImportArguments) -> Result<()> {
    let about = about(arguments)?;
    let client = Client::new(&arguments.connection);
    // Asked first, so that a server that is not there is reported once and not for every file.
    client.get_bytes("/healthz", &Vec::new())?;
    let bar = progress_bar(arguments.files.len());
    let (mut imported, mut bytes) = (0usize, 0usize);
    for path in &arguments.files {
        bar.set_message(path.display().to_string());
        match send(&client, path, &about) {
            Ok(size) => {
                imported += 1;
                bytes += size;
            }
            Err(error) => bar.suspend(|| failure::report(&error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let all = arguments.files.len();
    let size = quantity::bytes(i64::try_from(bytes).unwrap_or(i64::MAX));
    print_lines([format!("imported {imported} of {all} files ({size}) to {}", client.server())])?;
    match all - imported {
        0 => Ok(()),
        1 => bail!("1 file was not imported"),
        failed => bail!("{failed} files were not imported"),
    }
}

fn about(arguments: &ImportArguments) -> Result<About> {
    let now = Timestamp::now();
    let start = arguments.start.as_deref().map(|text| parse_time(text, now)).transpose()?;
    let pairs = [
        ("service", &arguments.service),
        ("env", &arguments.env),
        ("version", &arguments.version),
        ("host", &arguments.host),
    ];
    let named = pairs
        .into_iter()
        .filter_map(|(key, value)| value.clone().map(|value| Tag { key: key.to_owned(), value }));
    let mut tags: Vec<Tag> = named.collect();
    for text in &arguments.tag {
        let tag = Tag::parse(text).filter(|tag| !tag.value.is_empty());
        tags.push(tag.ok_or_else(|| usage(format!("`{text}` is not a tag"), "write --tag KEY:VALUE"))?);
    }
    if let Some(tag) = tags.iter().find(|tag| tag.to_string().contains(',')) {
        return Err(usage(
            format!("`{tag}` has a comma in it"),
            "uploads separate tags by commas; repeat --tag",
        ));
    }
    Ok(About { start, language: arguments.language.clone(), tags })
}

fn parse_time(text: &str, now: Timestamp) -> Result<Timestamp> {
    let now = vesta_store::Timestamp(now.as_microsecond());
    let time = vesta_query::time::parse_time(text, now)
        .map_err(|error| usage(format!("--start: {error}"), error.hint()))?;
    Timestamp::from_microsecond(time.0).context("--start is out of range")
}

/// Sends one file and answers its size.
fn send(client: &Client, path: &Path, about: &About) -> Result<usize> {
    let bytes = file::read_bytes(path)?;
    let size = bytes.len();
    let built = match file::decode(path, bytes.clone(), note)? {
        Contents::Upload(upload) => as_captured(&upload, about),
        Contents::Profile(profile) => envelope(path, bytes, &profile, about)?,
    };
    for _ in 0..ATTEMPTS {
        match client.upload(&built.content_type, &built.body).with_context(|| path.display().to_string())? {
            None => return Ok(size),
            Some(wait) => std::thread::sleep(wait.min(Duration::from_secs(30))),
        }
    }
    bail!("{}: the server is still too busy after {ATTEMPTS} attempts", path.display())
}

/// A captured upload as it is, or with another start and other tags in its event.
fn as_captured(upload: &Upload, about: &About) -> Built {
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

/// An upload around a profile. The file goes into it byte for byte.
fn envelope(path: &Path, bytes: Vec<u8>, profile: &Profile, about: &About) -> Result<Built> {
    let file_name = path.file_name().map_or_else(|| "profile".into(), |name| name.to_string_lossy());
    let service = file_name.split('.').next().filter(|stem| !stem.is_empty()).unwrap_or("imported");
    let start = if profile.start_ns > 0 {
        Timestamp::from_nanosecond(i128::from(profile.start_ns)).ok()
    } else {
        std::fs::metadata(path)
            .and_then(|metadata| metadata.modified())
            .ok()
            .and_then(|time| time.try_into().ok())
    };
    let start = start.unwrap_or_else(Timestamp::now);
    let end = start.saturating_add(SignedDuration::from_nanos(profile.duration_ns.max(0)));
    let (start, end) = moved(start, end.unwrap_or(start), about.start);
    let is_compressed = matches!(sniff(&bytes), Encoding::Gzip | Encoding::Zstd | Encoding::Lz4);
    let compression = if is_compressed { Compression::None } else { Compression::Zstd };
    let mut tags = Tags::new();
    tags.insert(Tag { key: "service".to_owned(), value: service.to_owned() });
    let tags = with_tags(&tags, &about.tags);
    UploadBuilder::new(about.language.clone().unwrap_or_default(), start, end)
        .tags(tags.iter().cloned())
        .attachment(attachment_name(&file_name, &bytes), bytes, compression)
        .build()
        .with_context(|| format!("cannot make an upload of {}", path.display()))
}

/// The name under which a file goes into an upload. Text is taken for collapsed stacks there only if its name says so.
fn attachment_name(file_name: &str, bytes: &[u8]) -> String {
    let limits = vesta_formats::Limits::default();
    let is_collapsed = decompress(bytes, limits.max_bytes)
        .is_ok_and(|plain| vesta_formats::detect(file_name, &plain) == Some(Format::Collapsed));
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

/// A bar on standard error, if that is a terminal.
fn progress_bar(files: usize) -> ProgressBar {
    let bar = ProgressBar::new(files as u64);
    let style = ProgressStyle::with_template("{pos}/{len} {bar:30} {eta} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
