//! `push.v1.PusherService/Push`: profiles in pprof, with labels.

use super::labels::{Label, Labels};
use crate::app::App;
use crate::connect::{self, Codec};
use crate::connection::Origin;
use crate::intake::envelope;
use crate::intake::reception::{Received, receive};
use crate::intake::refusal::Refusal;
use crate::problem::Problem;
use axum::extract::Request;
use axum::response::Response;
use base64::Engine;
use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use vesta_formats::compression;
use vesta_formats::pprof;
use vesta_upload::pyroscope::Note;
use vesta_upload::{Compression, Limits, Tags, Upload, UploadBuilder};

/// Profiles that one call may bring.
const MOST_PROFILES: usize = 1_000;

#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    series: Vec<Series>,
}

#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
struct Series {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<RawProfile>,
}

#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawProfile {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(alias = "raw_profile", deserialize_with = "base64_bytes")]
    raw_profile: Bytes,
}

#[derive(Clone, PartialEq, prost::Message, Serialize)]
struct PushResponse {}

/// Takes in profiles. The answer comes after all of them are durable.
pub(crate) async fn push(app: &App, origin: Origin, request: Request) -> Response {
    match take(app, origin, request).await {
        Ok(codec) => codec.answer(&PushResponse {}),
        Err(refusal) => connect::refuse(refusal.count(app)),
    }
}

async fn take(app: &App, origin: Origin, request: Request) -> Result<Codec, Refusal> {
    let mut received = receive(app, origin, request).await?;
    let codec = Codec::of(&received.head.headers)?;
    for upload in uploads(app, origin, codec, &mut received).await? {
        received.store(upload).await?;
    }
    Ok(codec)
}

/// The uploads that a call becomes: one for each process and period.
async fn uploads(
    app: &App,
    origin: Origin,
    codec: Codec,
    received: &mut Received<'_>,
) -> Result<Vec<Upload>, Refusal> {
    let bytes = received.bytes();
    // The envelopes repeat what is in the body.
    received.hold(bytes.len())?;
    let (headers, limits) = (received.head.headers.clone(), app.upload_limits.clone());
    let now = Timestamp::from_microsecond(app.now().0).unwrap_or_default();
    received
        .work(move || {
            let request: PushRequest = codec.decode(bytes)?;
            let profiles: usize = request.series.iter().map(|series| series.samples.len()).sum();
            if profiles > MOST_PROFILES {
                let text = format!("{profiles} profiles in one call, more than the {MOST_PROFILES} allowed");
                return Err(Problem::too_large(text).into());
            }
            let mut groups: Vec<Group> = Vec::new();
            for series in &request.series {
                for profile in series.samples.iter().filter(|profile| !profile.raw_profile.is_empty()) {
                    let group = Group::of_one(
                        &Labels::new(&series.labels, ""),
                        profile,
                        origin,
                        &headers,
                        now,
                        &limits,
                    );
                    match groups.iter_mut().find(|known| known.takes(&group)) {
                        Some(known) => known.files.extend(group.files),
                        None => groups.push(group),
                    }
                }
            }
            groups.into_iter().map(|group| envelope::seal(group.upload(), &headers, &limits)).collect()
        })
        .await?
}

/// Profiles of one process and period: its CPU and its memory, say. They are one upload, as the time of a process counts
/// once per upload.
struct Group {
    family: &'static str,
    start: Timestamp,
    end: Timestamp,
    tags: Tags,
    spy: String,
    private: Value,
    files: Vec<(String, Bytes)>,
}

impl Group {
    fn of_one(
        labels: &Labels<'_>,
        profile: &RawProfile,
        origin: Origin,
        headers: &HeaderMap,
        now: Timestamp,
        limits: &Limits,
    ) -> Group {
        let peek = compression::decompress(&profile.raw_profile, limits.formats.max_bytes)
            .map(|bytes| pprof::peek(&bytes))
            .unwrap_or_default();
        let (start, end) = period(peek, now);
        let spy = labels.get("pyroscope_spy").unwrap_or_default().to_owned();
        let family = labels.family(&spy, peek.is_go);
        // Who computes differences says so; Go's own profiles count from the start of the process.
        let is_delta = family != "go" || labels.get("__delta__") == Some("false");
        let name = file_name(labels.get("__name__").unwrap_or_default(), is_delta);
        Group {
            family,
            start,
            end,
            tags: labels.tags(origin, headers),
            spy,
            private: labels.private(),
            files: vec![(name, profile.raw_profile.clone())],
        }
    }

    /// Whether the one profile of another group belongs to this one.
    fn takes(&self, other: &Group) -> bool {
        let has = |name: &str| self.files.iter().any(|(known, _)| known == name);
        (self.family, self.start, self.end, &self.tags, &self.spy)
            == (other.family, other.start, other.end, &other.tags, &other.spy)
            && !other.files.iter().any(|(name, _)| has(name))
    }

    fn upload(self) -> UploadBuilder {
        let (field, value) = Note { spy: self.spy, ..Note::default() }.to_field();
        let builder = UploadBuilder::new(self.family, self.start, self.end)
            .tags(self.tags.iter().cloned())
            .field(field, value)
            .field("pyroscope_labels", self.private);
        self.files
            .into_iter()
            .fold(builder, |builder, (name, bytes)| builder.attachment(name, bytes, Compression::None))
    }
}

/// The period of a profile: what it says, or else it ended just now.
fn period(peek: pprof::Peek, now: Timestamp) -> (Timestamp, Timestamp) {
    let start = Timestamp::from_nanosecond(i128::from(peek.time_ns)).ok().filter(|_| peek.time_ns > 0);
    let Some(start) = start else { return (now, now) };
    let end = i128::from(peek.time_ns) + i128::from(peek.duration_ns.max(0));
    (start, Timestamp::from_nanosecond(end).unwrap_or(start))
}

/// The file name of a profile, which tells kinds of profiles apart whose value types have the same names.
pub(super) fn file_name(kind: &str, is_delta: bool) -> String {
    let stem = match kind {
        "" => "profile",
        "process_cpu" => "cpu",
        "memory" => "heap",
        "goroutine" => "goroutines",
        kind => kind,
    };
    let stem: String =
        stem.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-').take(64).collect();
    let prefix = if is_delta && matches!(stem.as_str(), "heap" | "mutex" | "block") { "delta-" } else { "" };
    format!("{prefix}{stem}.pprof")
}

fn base64_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let bytes = base64::engine::general_purpose::STANDARD_NO_PAD.decode(text);
    bytes.map(Bytes::from).map_err(serde::de::Error::custom)
}
