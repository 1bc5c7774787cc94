//! OpenTelemetry profiles, over HTTP and over gRPC.
//!
//! A request has profiles of many processes; each process becomes an upload with its part of the message, cut so that
//! nothing is lost (`docs/adr/0010-otlp-requests-become-uploads.md`). The answer comes after all of them are durable. If
//! some were stored and others could not be for now, the sender is told to send again, and what is there already is
//! recognized.

mod grpc;
mod http;

pub(crate) use grpc::{Call, export as export_over_grpc, is_call};
pub(crate) use http::export as export_over_http;

use super::envelope;
use super::reception::Received;
use super::refusal::Refusal;
use crate::app::App;
use crate::problem::Problem;
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use futures::StreamExt;
use jiff::Timestamp;
use vesta_formats::otlp::{self, OtlpError, Part};
use vesta_upload::{Limits, Upload};

/// How many uploads of one request are written at the same time; the log takes what comes together in one go.
const WRITTEN_TOGETHER: usize = 32;

/// The header in which senders say which version of the unstable format they write, and the version that is read.
/// Senders that say nothing write this one, or one from before there were numbers.
const VERSION_HEADER: &str = "otlp-profiles-development-version";
const VERSION: &str = "1";

/// What became of a request.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// Profiles that will not be stored, however often they are sent.
    rejected: u64,
    /// Why.
    reason: String,
}

/// The forms of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Protobuf,
    Json,
}

/// Stores what is in a message.
async fn store(app: &App, received: &mut Received<'_>, message: Bytes, form: Form) -> Result<Taken, Refusal> {
    check_version(&received.head.headers)?;
    // The parts repeat what is in the message, and then there are envelopes around them.
    received.hold(2 * message.len())?;
    let (headers, limits) = (received.head.headers.clone(), app.upload_limits.clone());
    let now = Timestamp::from_microsecond(app.now().0).unwrap_or_default();
    let work = move || uploads(&message, form, &headers, &limits, now);
    let uploads = received.work(work).await??;
    let received = &*received;
    let stores = uploads.into_iter().map(|(profiles, upload)| async move {
        match upload {
            Ok(upload) => (profiles, received.store(upload).await.map(|_| ())),
            Err(refusal) => (profiles, Err(refusal)),
        }
    });
    let outcomes: Vec<_> = futures::stream::iter(stores).buffered(WRITTEN_TOGETHER).collect().await;
    let mut taken = Taken::default();
    let mut postponed = None;
    for (profiles, outcome) in outcomes {
        match outcome {
            Ok(()) => {}
            Err(refusal) if refusal.is_final() => {
                taken.rejected += profiles as u64;
                let (reason, _) = refusal.count(app).into_text();
                if taken.reason.is_empty() {
                    taken.reason = reason;
                }
            }
            Err(refusal) => postponed = Some(refusal),
        }
    }
    match postponed {
        Some(refusal) => Err(refusal),
        None => Ok(taken),
    }
}

/// A version that is not known would be read wrongly: fields change their numbers from one to the next.
fn check_version(headers: &HeaderMap) -> Result<(), Refusal> {
    let unknown =
        headers.get_all(VERSION_HEADER).iter().find(|version| version.as_bytes() != VERSION.as_bytes());
    unknown.map_or(Ok(()), |version| {
        let version = String::from_utf8_lossy(version.as_bytes());
        let problem = Problem::bad_request(format!("the profiles are in development version `{version}`"));
        Err(problem.hint(format!("version {VERSION} is read; update Vesta")).into())
    })
}

/// How many profiles a process has in a message, and the upload that they become.
type OfProcess = (usize, Result<Upload, Refusal>);

/// The uploads of a message, each with how many profiles it has.
fn uploads(
    message: &[u8],
    form: Form,
    headers: &HeaderMap,
    limits: &Limits,
    now: Timestamp,
) -> Result<Vec<OfProcess>, Refusal> {
    let transcoded;
    let message = match form {
        Form::Protobuf => message,
        Form::Json => {
            transcoded = otlp::from_json(message, &limits.formats).map_err(|error| refuse(&error))?;
            &transcoded
        }
    };
    let split = otlp::split(message, &limits.formats).map_err(|error| refuse(&error))?;
    let upload = |part: Part| {
        let profiles = part.profiles;
        (profiles, envelope::seal(vesta_upload::otlp::upload(part, now), headers, limits))
    };
    Ok(split.parts.into_iter().map(upload).collect())
}

fn refuse(error: &OtlpError) -> Refusal {
    match error {
        OtlpError::TooLarge { .. } | OtlpError::TooMany { .. } | OtlpError::TooMuchMemory { .. } => {
            Problem::too_large(format!("the profiles: {error}")).into()
        }
        error => Problem::bad_request(error.to_string()).into(),
    }
}

/// What is wrong and what to do about it in one line, for the senders' logs.
fn text_of(problem: &Problem) -> String {
    let (detail, hint) = problem.clone().into_text();
    hint.map_or_else(|| detail.clone(), |hint| format!("{detail}; {hint}"))
}

/// The code of gRPC that means the same as a status of HTTP.
fn code_of(status: StatusCode) -> u32 {
    match status.as_u16() {
        401 => 16,
        403 => 7,
        404 | 405 => 12,
        408 => 1,
        // Exhausted for good without a time to try again; RetryInfo tells the two apart.
        413 | 429 => 8,
        503 => 14,
        500..=599 => 13,
        _ => 3,
    }
}
