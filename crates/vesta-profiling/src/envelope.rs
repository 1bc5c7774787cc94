//! A window as what is sent of it.

use crate::identity::{Identity, VERSION};
use jiff::Timestamp;
use serde_json::json;
use vesta_export::Protocol;
use vesta_native::Window;
use vesta_upload::{BuildError, Built, Compression, UploadBuilder, otlp};

/// The family of uploads.
const FAMILY: &str = "native";

/// The body of a request that takes a window to where this protocol is spoken.
pub(crate) fn build(
    protocol: Protocol,
    identity: &Identity,
    window: &Window,
    sequence: u64,
) -> Result<Built, BuildError> {
    match protocol {
        Protocol::Datadog => upload(identity, window, sequence),
        Protocol::Otlp => Ok(message(identity, window)),
    }
}

fn upload(identity: &Identity, window: &Window, sequence: u64) -> Result<Built, BuildError> {
    let time = |ns: i64| Timestamp::from_nanosecond(i128::from(ns)).unwrap_or(Timestamp::UNIX_EPOCH);
    UploadBuilder::new(FAMILY, time(window.start_ns), time(window.end_ns))
        .tags(identity.tags(window, sequence).iter().cloned())
        .field("info", json!({ "profiler": { "name": "vesta", "version": VERSION } }))
        .profile("profile.pprof", &window.profile, Compression::Zstd)
        .metrics(window.statistics.metrics())
        .build()
}

/// A message has no place for metrics of the profiler.
fn message(identity: &Identity, window: &Window) -> Built {
    let bytes = otlp::message(FAMILY, &identity.resource(window), &window.profile);
    Built { content_type: "application/x-protobuf".to_owned(), body: bytes.into() }
}
