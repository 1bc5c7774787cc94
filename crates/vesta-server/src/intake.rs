//! The intake: uploads in, acknowledged once they are durable.
//!
//! Every protocol goes through the same rooms: [`reception`] lets a request in, reads its body within bounds and gives
//! it a turn; the protocol makes [`Upload`](vesta_upload::Upload)s of it, around the bytes as they came ([`envelope`]);
//! the reception stores them. What stands in the way is a [`Refusal`], which each protocol words as its clients expect.

mod datadog;
mod envelope;
mod otlp;
mod pyroscope;
mod reception;
mod refusal;

pub(crate) use otlp::{Call, is_call};
pub(crate) use refusal::refuse_append;

use crate::agent::{self, Endpoint, Prefix, Protocol};
use crate::app::{App, SharedApp};
use crate::body;
use crate::connection::Origin;
use crate::listener::Purpose;
use crate::problem::Problem;
use axum::extract::{Extension, Request, State};
use axum::response::{IntoResponse, Response};

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
                .hint("profiles are sent to /profiling/v1/input, or to /v1development/profiles as OpenTelemetry does")
                .into_response()
        }
    }
}

/// Answers a request for an endpoint that takes uploads or stands beside one, on any listener.
pub(crate) async fn answer(app: &App, origin: Origin, endpoint: Endpoint, request: Request) -> Response {
    match endpoint {
        Endpoint::Upload(Protocol::Datadog) => datadog::upload(app, origin, request).await,
        Endpoint::Upload(Protocol::PyroscopeIngest) => pyroscope::ingest(app, origin, request).await,
        Endpoint::Upload(Protocol::PyroscopePush) => pyroscope::push(app, origin, request).await,
        Endpoint::Upload(Protocol::Otlp) => otlp::export_over_http(app, origin, request).await,
        Endpoint::Upload(Protocol::OtlpGrpc(call)) => {
            otlp::export_over_grpc(app, origin, call, request).await
        }
        Endpoint::Info => agent::info(),
        Endpoint::Dropped(what) => {
            let bytes = body::drain(request.into_body()).await;
            app.metrics.count_dropped(what.name(), bytes);
            what.response()
        }
    }
}

/// The label of a listener in metrics and logs.
pub(crate) fn listener_label(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Api => "api",
        Purpose::Intake => "intake",
    }
}
