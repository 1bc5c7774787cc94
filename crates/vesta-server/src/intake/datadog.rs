//! Uploads of Datadog's profiling libraries: the envelope as it is.

use super::envelope;
use super::reception::receive;
use super::refusal::Refusal;
use crate::app::App;
use crate::connection::Origin;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use vesta_store::Ack;

/// Takes in an upload. The answer comes after it is durable, and before it is decoded.
pub(crate) async fn upload(app: &App, origin: Origin, request: Request) -> Response {
    match take(app, origin, request).await {
        Ok(ack) => acknowledge(ack),
        Err(refusal) => refusal.count(app).into_response(),
    }
}

async fn take(app: &App, origin: Origin, request: Request) -> Result<Ack, Refusal> {
    let received = receive(app, origin, request).await?;
    let (headers, bytes) = (envelope::headers(&received.head.headers), received.bytes());
    let limits = app.upload_limits.clone();
    let upload = received.work(move || envelope::open(&headers, bytes, &limits)).await??;
    received.store(upload).await
}

/// Clients read only the status. The headers are for tools: they say which profile it became.
pub(super) fn acknowledge(ack: Ack) -> Response {
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
