//! OTLP over gRPC: calls of one message each way. That is so little of gRPC that it stands here: a prefix of five bytes
//! before the message, and the outcome in trailers.

use super::{Form, Taken, code_of, store, text_of};
use crate::app::App;
use crate::body;
use crate::connection::Origin;
use crate::intake::reception::{Received, receive};
use crate::intake::refusal::Refusal;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use http_body_util::StreamBody;
use hyper::body::Frame;
use std::convert::Infallible;
use vesta_formats::compression::{self, Encoding};
use vesta_formats::otlp::reply;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    /// Profiles.
    Export,
    /// Something else that senders of OpenTelemetry call.
    Unknown,
}

/// The path of the only call that is answered.
const EXPORT: &str = "/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export";
/// How the paths of all calls of OTLP begin.
const CALLS: &str = "/opentelemetry.proto.collector.";

const UNIMPLEMENTED: u32 = 12;
/// What messages may be compressed with, in the header that says so.
const ENCODINGS: &str = "identity,gzip,zstd";

/// The call that a path names, if any.
pub(crate) fn is_call(path: &str) -> Option<Call> {
    let is_known = path.starts_with(CALLS);
    is_known.then_some(if path == EXPORT { Call::Export } else { Call::Unknown })
}

/// Answers a call.
pub(crate) async fn export(app: &App, origin: Origin, call: Call, request: Request) -> Response {
    if call == Call::Unknown {
        body::drain(request.into_body()).await;
        let text = "Vesta takes profiles: ProfilesService.Export of v1development";
        return failure(&reply::Status { code: UNIMPLEMENTED, message: text, retry_after: None });
    }
    match take(app, origin, request).await {
        Ok(taken) => success(&taken),
        Err(refusal) => {
            let problem = refusal.count(app);
            // An encoding that is not known is answered like a method that is not, with the list of those that are.
            let code = match problem.status().as_u16() {
                415 => UNIMPLEMENTED,
                _ => code_of(problem.status()),
            };
            let text = text_of(&problem);
            failure(&reply::Status { code, message: &text, retry_after: problem.retry_after() })
        }
    }
}

async fn take(app: &App, origin: Origin, request: Request) -> Result<Taken, Refusal> {
    let mut received = receive(app, origin, request).await?;
    let message = message(app, &mut received).await?;
    store(app, &mut received, message, Form::Protobuf).await
}

/// The message of a call, decompressed.
async fn message(app: &App, received: &mut Received<'_>) -> Result<Bytes, Refusal> {
    let body = received.bytes();
    let Some((&[flag, a, b, c, d], rest)) = body.split_first_chunk::<5>() else {
        return Err(Problem::bad_request("the call has no message").into());
    };
    if u32::from_be_bytes([a, b, c, d]) as usize != rest.len() {
        return Err(
            Problem::bad_request("the call does not have one message of the length that it tells").into()
        );
    }
    let message = body.slice(5..);
    if flag == 0 {
        return Ok(message);
    }
    let encoding = received.head.headers.get("grpc-encoding").and_then(|value| value.to_str().ok());
    let wanted = match encoding.unwrap_or("identity") {
        "gzip" => Encoding::Gzip,
        "zstd" => Encoding::Zstd,
        other => {
            let problem = Problem::unsupported(format!("the message is compressed with `{other}`"));
            return Err(problem.hint("gzip and zstd are read").into());
        }
    };
    if compression::sniff(&message) != wanted {
        return Err(Problem::bad_request("the message is not compressed as the call says").into());
    }
    // What it decompresses to is not known before.
    let limit = app.body_limits().bytes.min(app.memory.available());
    received.hold(limit)?;
    let work = move || compression::decompress(&message, limit).map(|bytes| Bytes::from(bytes.into_owned()));
    let decompressed = received.work(work).await?;
    decompressed.map_err(|error| match error {
        compression::DecompressError::TooLarge { limit } => {
            Problem::too_large(format!("the message is larger than {limit} bytes")).into()
        }
        error => Problem::bad_request(format!("the message: {error}")).into(),
    })
}

fn success(taken: &Taken) -> Response {
    let reply = reply::Response { rejected: taken.rejected, message: &taken.reason }.to_protobuf();
    let mut message = vec![0];
    message.extend_from_slice(&u32::try_from(reply.len()).unwrap_or(0).to_be_bytes());
    message.extend_from_slice(&reply);
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames: [Result<_, Infallible>; 2] =
        [Ok(Frame::data(Bytes::from(message))), Ok(Frame::trailers(trailers))];
    response(Body::new(StreamBody::new(futures::stream::iter(frames))))
}

/// An answer of headers alone.
fn failure(status: &reply::Status<'_>) -> Response {
    let mut response = response(Body::empty());
    let headers = response.headers_mut();
    headers.insert("grpc-status", HeaderValue::from(status.code));
    let details = STANDARD_NO_PAD.encode(status.to_protobuf());
    let texts = [("grpc-message", percent_encoded(status.message)), ("grpc-status-details-bin", details)];
    for (name, text) in texts {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn response(body: Body) -> Response {
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert("grpc-accept-encoding", HeaderValue::from_static(ENCODINGS));
    response
}

/// As gRPC has it: all but printable ASCII, and the percent sign.
fn percent_encoded(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | 0..=0x1f | 0x7f.. => output.push_str(&format!("%{byte:02X}")),
            byte => output.push(char::from(byte)),
        }
    }
    output
}
