//! `/ingest`: a profile in the body, and what it is in the URL.

use super::labels::Labels;
use super::name;
use super::push::file_name;
use crate::app::App;
use crate::connection::Origin;
use crate::intake::datadog::acknowledge;
use crate::intake::envelope;
use crate::intake::reception::{Received, receive};
use crate::intake::refusal::Refusal;
use crate::problem::Problem;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashMap;
use vesta_formats::compression::{self, Encoding};
use vesta_formats::pprof;
use vesta_profile::ValueType;
use vesta_store::Ack;
use vesta_upload::pyroscope::{CONTEXT_LABELS, Counted, Note, PREVIOUS_PROFILE};
use vesta_upload::{Compression, Limits, Upload, UploadBuilder, multipart};

/// Samples per second of clients that do not say.
const USUAL_RATE: i64 = 100;

/// Takes in a profile. The answer comes after it is durable.
pub(crate) async fn ingest(app: &App, origin: Origin, request: Request) -> Response {
    match take(app, origin, request).await {
        Ok(Some(ack)) => acknowledge(ack),
        Ok(None) => StatusCode::OK.into_response(),
        Err(refusal) => refusal.count(app).into_response(),
    }
}

async fn take(app: &App, origin: Origin, request: Request) -> Result<Option<Ack>, Refusal> {
    let mut received = receive(app, origin, request).await?;
    match upload(app, origin, &mut received).await? {
        Some(upload) => received.store(upload).await.map(Some),
        // A client that had nothing to report.
        None => Ok(None),
    }
}

async fn upload(app: &App, origin: Origin, received: &mut Received<'_>) -> Result<Option<Upload>, Refusal> {
    let bytes = received.bytes();
    // The envelope repeats what is in the body.
    received.hold(bytes.len())?;
    let (uri, headers) = (received.head.uri.clone(), received.head.headers.clone());
    let limits = app.upload_limits.clone();
    let now = Timestamp::from_microsecond(app.now().0).unwrap_or_default();
    let work = move || {
        let about = About::new(&uri, now)?;
        let body = Body::read(&about, &headers, &bytes, &limits)?;
        if body.is_empty() {
            return Ok(None);
        }
        envelope::seal(body.upload(&about, origin, &headers, &limits), &headers, &limits).map(Some)
    };
    received.work(work).await?
}

/// What the URL says.
struct About {
    name: name::Name,
    start: Timestamp,
    end: Timestamp,
    format: String,
    rate: i64,
    units: String,
    spy: String,
}

impl About {
    fn new(uri: &Uri, now: Timestamp) -> Result<About, Problem> {
        let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let mut values: HashMap<String, String> = pairs.into_owned().collect();
        let mut take = |key: &str| values.remove(key).unwrap_or_default();
        let name = name::parse(&take("name"));
        if name.application.is_empty() && name.labels.is_empty() {
            return Err(Problem::bad_request("the parameter `name` is missing: it names the application"));
        }
        let end = time(&take("until"), now);
        Ok(About {
            name,
            start: time(&take("from"), end),
            end,
            format: take("format"),
            // Clients write 0 where no rate applies; then numbers are as they are.
            rate: take("sampleRate").parse().unwrap_or(USUAL_RATE),
            units: take("units"),
            spy: take("spyName"),
        })
    }
}

/// A time as clients write it: since the Unix epoch, in the unit that its length suggests.
fn time(text: &str, otherwise: Timestamp) -> Timestamp {
    let Ok(number) = text.parse::<i64>() else { return text.parse().unwrap_or(otherwise) };
    let time = match text.len() {
        ..=11 => Timestamp::from_second(number),
        12..=14 => Timestamp::from_millisecond(number),
        15..=17 => Timestamp::from_microsecond(number),
        _ => Timestamp::from_nanosecond(i128::from(number)),
    };
    time.ok().filter(|_| number > 0).unwrap_or(otherwise)
}

/// What the body holds.
enum Body {
    /// pprof, the profile before it, and what is said of its value types.
    Pprof { profile: Bytes, previous: Option<Bytes>, types: HashMap<String, Value> },
    /// Stacks without value types: collapsed text or one of the other layouts, named by the ending of its file.
    Stacks { layout: &'static str, bytes: Bytes },
    /// A file that says all about itself.
    File { name: &'static str, bytes: Bytes, labels: Option<Bytes> },
}

impl Body {
    fn read(about: &About, headers: &HeaderMap, bytes: &Bytes, limits: &Limits) -> Result<Body, Problem> {
        let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let parts = if content_type.starts_with("multipart/form-data") {
            let parts = multipart::read(content_type, bytes, limits);
            Some(parts.map_err(|error| Problem::bad_request(format!("the body: {error}")))?)
        } else {
            None
        };
        let part = |name: &str| {
            let parts = parts.as_deref().unwrap_or_default();
            parts.iter().find(|part| part.name == name).map(|part| part.data.clone())
        };
        let required = |name: &str| match &parts {
            None => Ok(bytes.clone()),
            Some(_) => {
                part(name).ok_or_else(|| Problem::bad_request(format!("the body has no part `{name}`")))
            }
        };
        let stacks = |layout| Ok(Body::Stacks { layout, bytes: bytes.clone() });
        match about.format.as_str() {
            "jfr" => Ok(Body::File { name: "profile.jfr", bytes: required("jfr")?, labels: part("labels") }),
            "speedscope" => {
                Ok(Body::File { name: "profile.speedscope.json", bytes: bytes.clone(), labels: None })
            }
            "trie" => stacks("trie"),
            "tree" => stacks("tree"),
            "lines" => stacks("lines"),
            _ if content_type == "binary/octet-stream+trie" => stacks("trie"),
            _ if content_type == "binary/octet-stream+tree" => stacks("tree"),
            format if format == "pprof" || parts.is_some() || compression::sniff(bytes) == Encoding::Gzip => {
                let types = part("sample_type_config").and_then(|json| serde_json::from_slice(&json).ok());
                Ok(Body::Pprof {
                    profile: required("profile")?,
                    previous: part("prev_profile").filter(|previous| !previous.is_empty()),
                    types: types.unwrap_or_default(),
                })
            }
            _ => stacks("collapsed"),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Body::Pprof { profile: bytes, .. } | Body::Stacks { bytes, .. } | Body::File { bytes, .. } => {
                bytes.is_empty()
            }
        }
    }

    fn upload(self, about: &About, origin: Origin, headers: &HeaderMap, limits: &Limits) -> UploadBuilder {
        let mut note = Note { spy: about.spy.clone(), ..Note::default() };
        let mut application = about.name.application.as_str();
        let mut is_go = false;
        let attachments = match self {
            Body::Pprof { profile, previous, types } => {
                let bytes = compression::decompress(&profile, limits.formats.max_bytes);
                is_go = bytes.is_ok_and(|bytes| pprof::peek(&bytes).is_go);
                note.cumulative = cumulative(&types, previous.is_some());
                let is_delta = note.cumulative.is_empty() || previous.is_some();
                let mut attachments = vec![(file_name(kind(&types), is_delta), profile)];
                attachments.extend(previous.map(|previous| (PREVIOUS_PROFILE.to_owned(), previous)));
                attachments
            }
            Body::Stacks { layout, bytes } => {
                let (without, counted) = counted(application, &about.units, about.rate);
                (application, note.counted) = (without, Some(counted));
                vec![(format!("stacks.{layout}"), bytes)]
            }
            Body::File { name, bytes, labels } => {
                let mut attachments = vec![(name.to_owned(), bytes)];
                attachments.extend(labels.map(|labels| (CONTEXT_LABELS.to_owned(), labels)));
                attachments
            }
        };
        let labels = Labels::new(&about.name.labels, application);
        let (field, value) = note.to_field();
        let builder = UploadBuilder::new(labels.family(&about.spy, is_go), about.start, about.end)
            .tags(labels.tags(origin, headers).iter().cloned())
            .field(field, value)
            .field("pyroscope_labels", labels.private());
        attachments
            .into_iter()
            .fold(builder, |builder, (name, bytes)| builder.attachment(name, bytes, Compression::None))
    }
}

/// The kind of profile that the display names of its value types give away: those of Go's `mutex` and `block` profiles
/// are the same otherwise.
fn kind(types: &HashMap<String, Value>) -> &'static str {
    let is_shown_as = |prefix: &str| {
        types.values().filter_map(|of| of.get("display-name")?.as_str()).any(|name| name.starts_with(prefix))
    };
    let has = |name: &str| types.contains_key(name);
    match () {
        () if is_shown_as("mutex_") => "mutex",
        () if is_shown_as("block_") => "block",
        () if has("inuse_space") || has("alloc_space") => "memory",
        () if has("cpu") => "process_cpu",
        () if has("goroutine") => "goroutine",
        () => "",
    }
}

/// The value types that count from the start of the process. Who sends two profiles means the difference, and unless
/// told otherwise of allocations, not of what is in use.
fn cumulative(types: &HashMap<String, Value>, has_previous: bool) -> Vec<String> {
    if types.is_empty() && has_previous {
        return ["alloc_objects", "alloc_space", "contentions", "delay"].map(str::to_owned).to_vec();
    }
    let is_cumulative = |of: &Value| of.get("cumulative").and_then(Value::as_bool) == Some(true);
    types.iter().filter(|(_, of)| is_cumulative(of)).map(|(name, _)| name.clone()).collect()
}

/// What the numbers of stacks count: the ending of the application's name says it, else the unit. Answers the name
/// without that ending.
fn counted<'a>(application: &'a str, units: &str, rate: i64) -> (&'a str, Counted) {
    let (name, ending) = application.rsplit_once('.').unwrap_or((application, ""));
    if let Some(counted) = counted_as(ending, rate) {
        return (name, counted);
    }
    let by_units = match units {
        "objects" => "alloc_objects",
        "bytes" => "alloc_space",
        "goroutines" => "goroutines",
        "lock_samples" => "lock_count",
        "lock_nanoseconds" => "lock_duration",
        "exceptions" => "exceptions",
        _ => "cpu",
    };
    let counted = counted_as(by_units, rate);
    (application, counted.unwrap_or(Counted { value_type: ValueType::new("samples", "count"), scale: 1 }))
}

fn counted_as(kind: &str, rate: i64) -> Option<Counted> {
    let timed = |name: &str, count: &str| match 1_000_000_000_i64.checked_div(rate) {
        Some(scale) if scale > 0 => Counted { value_type: ValueType::new(name, "nanoseconds"), scale },
        _ => Counted { value_type: ValueType::new(count, "count"), scale: 1 },
    };
    let plain = |name: &str, unit: &str| Counted { value_type: ValueType::new(name, unit), scale: 1 };
    Some(match kind {
        "cpu" | "itimer" => timed("cpu", "cpu-samples"),
        "wall" => timed("wall", "wall-samples"),
        "inuse_objects" | "alloc_objects" | "alloc_in_new_tlab_objects" | "alloc_outside_tlab_objects" => {
            plain(kind, "count")
        }
        "inuse_space" | "alloc_space" | "alloc_in_new_tlab_bytes" | "alloc_outside_tlab_bytes" => {
            plain(kind, "bytes")
        }
        "live" => plain("inuse_objects", "count"),
        "goroutines" => plain("goroutines", "count"),
        "mutex_count" => plain("mutex-contentions", "count"),
        "mutex_duration" => plain("mutex-delay", "nanoseconds"),
        "block_count" => plain("block-contentions", "count"),
        "block_duration" => plain("block-delay", "nanoseconds"),
        "lock_count" => plain("lock-acquire", "count"),
        "lock_duration" => plain("lock-acquire-wait", "nanoseconds"),
        "exceptions" => plain("exception-samples", "count"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{counted, time};
    use jiff::Timestamp;

    #[test]
    fn times_are_read_in_any_unit() {
        let expected = Timestamp::from_second(1_795_726_845).ok();
        for text in
            ["1795726845", "1795726845000", "1795726845000000", "1795726845000000000", "2026-11-26T21:00:45Z"]
        {
            assert_eq!(Some(time(text, Timestamp::UNIX_EPOCH)), expected, "{text}");
        }
        for text in ["", "0", "now-1h", "-5"] {
            assert_eq!(time(text, Timestamp::UNIX_EPOCH), Timestamp::UNIX_EPOCH, "{text}");
        }
    }

    #[test]
    fn names_and_units_say_what_is_counted() {
        for (application, units, rate, name, value_type, scale) in [
            ("app.cpu", "samples", 100, "app", "cpu", 10_000_000),
            ("app", "", 250, "app", "cpu", 4_000_000),
            ("my.app", "", 100, "my.app", "cpu", 10_000_000),
            ("app.wall", "", 100, "app", "wall", 10_000_000),
            ("app.alloc_space", "bytes", 100, "app", "alloc_space", 1),
            ("app", "lock_nanoseconds", 0, "app", "lock-acquire-wait", 1),
            ("app", "samples", 0, "app", "cpu-samples", 1),
        ] {
            let (found, counted) = counted(application, units, rate);
            assert_eq!(
                (found, counted.value_type.name.as_str(), counted.scale),
                (name, value_type, scale),
                "{application}"
            );
        }
    }
}
