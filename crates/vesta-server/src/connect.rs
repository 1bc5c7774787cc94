//! The Connect protocol, as much of it as single calls need: a message in a POST, protobuf or JSON by its content type,
//! a message back in the same form, and errors as JSON with a code.

use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Proto,
    Json,
}

impl Codec {
    /// The codec that a request names.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Codec, Problem> {
        let value =
            headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/proto" | "application/protobuf" | "application/x-protobuf" => Ok(Codec::Proto),
            "application/json" => Ok(Codec::Json),
            other => Err(Problem::unsupported(format!("messages of type `{other}` are not known here"))
                .hint("send application/proto or application/json")),
        }
    }

    /// Reads a message.
    pub(crate) fn decode<M: prost::Message + Default + DeserializeOwned>(
        self,
        bytes: Bytes,
    ) -> Result<M, Problem> {
        match self {
            Codec::Proto => M::decode(bytes)
                .map_err(|error| Problem::bad_request(format!("the message is not readable: {error}"))),
            // Nothing at all is an empty message.
            Codec::Json if bytes.is_empty() => Ok(M::default()),
            Codec::Json => serde_json::from_slice(&bytes)
                .map_err(|error| Problem::bad_request(format!("the message is not readable: {error}"))),
        }
    }

    /// Writes a message as the answer.
    pub(crate) fn answer<M: prost::Message + Serialize>(self, message: &M) -> Response {
        let (content_type, body) = match self {
            Codec::Proto => ("application/proto", message.encode_to_vec()),
            Codec::Json => match serde_json::to_vec(message) {
                Ok(body) => ("application/json", body),
                Err(error) => return refuse(Problem::internal("cannot write the answer", &error)),
            },
        };
        ([(header::CONTENT_TYPE, HeaderValue::from_static(content_type))], body).into_response()
    }
}

/// An error as clients of Connect read it.
#[derive(Serialize)]
struct ConnectError {
    code: &'static str,
    message: String,
}

/// Answers with a problem: its status and headers, and the code that clients of Connect go by.
pub(crate) fn refuse(problem: Problem) -> Response {
    let code = code(problem.status());
    let mut response = problem.clone().into_response();
    let (detail, hint) = problem.into_text();
    let message = hint.map_or_else(|| detail.clone(), |hint| format!("{detail}; {hint}"));
    let body = serde_json::to_vec(&ConnectError { code, message }).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = body.into();
    response
}

fn code(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "unauthenticated",
        StatusCode::FORBIDDEN => "permission_denied",
        StatusCode::NOT_FOUND => "not_found",
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => "unimplemented",
        StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => "deadline_exceeded",
        StatusCode::PAYLOAD_TOO_LARGE | StatusCode::TOO_MANY_REQUESTS => "resource_exhausted",
        StatusCode::SERVICE_UNAVAILABLE => "unavailable",
        status if status.is_server_error() => "internal",
        _ => "invalid_argument",
    }
}
