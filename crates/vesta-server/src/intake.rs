//! The intake: uploads in, acknowledged once they are durable.

use crate::access;
use crate::agent::{self, Endpoint, Prefix};
use crate::app::{App, SharedApp};
use crate::body::{self, HeldBody};
use crate::connection::Origin;
use crate::listener::Purpose;
use crate::metrics::Outcome;
use crate::problem::Problem;
use crate::tokens::Scope;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use std::time::{Duration, Instant};
use vesta_store::{Ack, AppendError};
use vesta_upload::{Headers, Upload, UploadError};

/// Bodies larger than this are parsed on a thread that may block.
const PARSED_IN_PLACE: usize = 256 << 10;

/// Answers requests on the intake listener.
pub(crate) async fn dispatch(
    State(app): State<SharedApp>,
    Extension(origin): Extension<Origin>,
    request: Request,
) -> Response {
    let path = request.uri().path().to_owned();
    match Endpoint::of(&path, Prefix::Any) {
        Some(endpoint) => answer(&app, origin, endpoint, request).await,
        None => {
            body::drain(request.into_body()).await;
            Problem::not_found(format!("there is nothing at {path}"))
                .hint("profiles are sent to /profiling/v1/input")
                .into_response()
        }
    }
}

/// Answers a request for an endpoint of an agent, on any listener.
pub(crate) async fn answer(app: &App, origin: Origin, endpoint: Endpoint, request: Request) -> Response {
    match endpoint {
        Endpoint::Upload => upload(app, origin, request).await,
        Endpoint::Info => agent::info(),
        Endpoint::Dropped(what) => {
            let bytes = body::drain(request.into_body()).await;
            app.metrics.count_dropped(what.name(), bytes);
            what.response()
        }
    }
}

/// Takes in an upload. The answer comes after it is durable, and before it is decoded.
async fn upload(app: &App, origin: Origin, request: Request) -> Response {
    let outcome = match check(app, origin, request.method(), request.headers()) {
        Err((outcome, problem)) => {
            body::drain(request.into_body()).await;
            Err(Refusal { outcome, family: String::new(), problem })
        }
        Ok(()) => take(app, request).await,
    };
    match outcome {
        Ok((ack, family)) => {
            let outcome = if ack.duplicate { Outcome::Duplicate } else { Outcome::Stored };
            app.metrics.count_upload(outcome, &family);
            acknowledge(ack)
        }
        Err(refusal) => {
            app.metrics.count_upload(refusal.outcome, &refusal.family);
            refusal.problem.into_response()
        }
    }
}

/// Why an upload was not stored.
pub(crate) struct Refusal {
    outcome: Outcome,
    family: String,
    pub(crate) problem: Problem,
}

fn check(app: &App, origin: Origin, method: &Method, headers: &HeaderMap) -> Result<(), (Outcome, Problem)> {
    if method != Method::POST && method != Method::PUT {
        let problem = Problem::method_not_allowed(format!("uploads are sent with POST, not {method}"));
        return Err((Outcome::Invalid, problem));
    }
    // 400, because ddprof stops for good on 403. It does not send such headers, but other clients may be like it.
    if access::is_cross_site(headers) {
        let problem =
            Problem::bad_request("a web page of another site sent this; uploads come from profilers");
        return Err((Outcome::Invalid, problem));
    }
    access::authorize(origin.policy, &app.tokens, headers, Scope::Write)
        .map_err(|problem| (Outcome::Unauthorized, problem))
}

async fn take(app: &App, request: Request) -> Result<(Ack, String), Refusal> {
    let (head, body) = request.into_parts();
    let held = body::read(&head.headers, body, app.body_limits(), &app.memory).await.map_err(|problem| {
        let outcome = match problem.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Outcome::TooLarge,
            StatusCode::TOO_MANY_REQUESTS => Outcome::Overloaded,
            _ => Outcome::Invalid,
        };
        Refusal { outcome, family: String::new(), problem }
    })?;
    let arrived = Instant::now();
    app.metrics.count_upload_bytes(held.bytes.len());
    let slot = tokio::time::timeout(app.upload_patience(), app.upload_slots.acquire()).await;
    let Ok(Ok(_slot)) = slot else {
        let problem = Problem::overloaded("too many uploads at a time", Duration::from_secs(2));
        return Err(Refusal { outcome: Outcome::Overloaded, family: String::new(), problem });
    };
    let upload = parse(app, &head.headers, &held).await?;
    let family = upload.identity.family.clone();
    let ack = app.store.append(upload).await.map_err(|error| refuse_append(error, &family))?;
    app.metrics.observe_ack(arrived.elapsed());
    Ok((ack, family))
}

async fn parse(app: &App, headers: &HeaderMap, held: &HeldBody) -> Result<Upload, Refusal> {
    let pairs = headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let headers = Headers::from_pairs(pairs.collect::<Vec<_>>());
    let (bytes, limits) = (held.bytes.clone(), app.upload_limits.clone());
    let parsed = if bytes.len() <= PARSED_IN_PLACE {
        Upload::parse(&headers, bytes, &limits)
    } else {
        let work = tokio::task::spawn_blocking(move || Upload::parse(&headers, bytes, &limits));
        work.await.map_err(|error| Refusal {
            outcome: Outcome::Failed,
            family: String::new(),
            problem: Problem::internal("cannot read the upload", &error),
        })?
    };
    parsed.map_err(|error| refuse_envelope(&error))
}

fn refuse_envelope(error: &UploadError) -> Refusal {
    let (outcome, problem) = if error.is_too_large() {
        (Outcome::TooLarge, Problem::too_large(error.to_string()))
    } else {
        (Outcome::Invalid, Problem::bad_request(error.to_string()))
    };
    Refusal { outcome, family: String::new(), problem }
}

/// What a client hears of an upload that could not be stored.
pub(crate) fn refuse_append(error: AppendError, family: &str) -> Refusal {
    let (outcome, problem) = match error {
        AppendError::Overloaded { retry_after } => (
            Outcome::Overloaded,
            Problem::overloaded("uploads come faster than they can be stored", retry_after),
        ),
        AppendError::DiskFull => (
            Outcome::DiskFull,
            Problem::unavailable("the disk of the server is full", Duration::from_secs(60))
                .hint("free some space, or lower the retention"),
        ),
        AppendError::Closed => {
            (Outcome::Failed, Problem::unavailable("the server is shutting down", Duration::from_secs(5)))
        }
        error => (Outcome::Failed, Problem::internal("cannot store the upload", &error)),
    };
    Refusal { outcome, family: family.to_owned(), problem }
}

/// Clients read only the status. The headers are for tools: they say which profile it became.
fn acknowledge(ack: Ack) -> Response {
    let mut response = (StatusCode::OK, "{}").into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(&ack.id.to_string()) {
        headers.insert("vesta-profile", id);
    }
    if ack.duplicate {
        headers.insert("vesta-duplicate", HeaderValue::from_static("true"));
    }
    response
}

/// The label of a listener in metrics and logs.
pub(crate) fn listener_label(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Api => "api",
        Purpose::Intake => "intake",
    }
}
