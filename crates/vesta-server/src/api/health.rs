//! `/healthz`, `/readyz` and `/metrics`: for schedulers and monitoring.

use crate::app::SharedApp;
use crate::extract::Reader;
use crate::metrics;
use crate::problem::Problem;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use std::time::Duration;

/// Whether the process runs.
#[utoipa::path(
    get, path = "/healthz", tag = "server",
    responses((status = 200, description = "It does", body = String, content_type = "text/plain"))
)]
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// Whether the server takes requests.
#[utoipa::path(
    get, path = "/readyz", tag = "server",
    responses(
        (status = 200, description = "It does", body = String, content_type = "text/plain"),
        (status = 503, description = "It is stopping", body = Problem, content_type = "application/problem+json")
    )
)]
pub(crate) async fn ready(State(app): State<SharedApp>) -> Result<&'static str, Problem> {
    if app.is_draining() {
        return Err(Problem::unavailable("the server is stopping", Duration::from_secs(5)));
    }
    Ok("ready\n")
}

/// The server's own metrics, in the OpenMetrics text format.
#[utoipa::path(
    get, path = "/metrics", tag = "server",
    responses((status = 200, description = "Metrics", body = String, content_type = "application/openmetrics-text"))
)]
pub(crate) async fn metrics(_: Reader, State(app): State<SharedApp>) -> Result<Response, Problem> {
    let text = app.metrics.render().map_err(|error| Problem::internal("cannot write metrics", &error))?;
    Ok(([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response())
}
