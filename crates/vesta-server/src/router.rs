//! Which path is answered by what, and what every request goes through.

use crate::access;
use crate::agent::{Endpoint, Prefix};
use crate::api;
use crate::app::SharedApp;
use crate::connection::Origin;
use crate::intake;
use crate::page;
use crate::problem::Problem;
use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use std::any::Any;
use std::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// The API, the page, and the endpoints of an agent at their exact paths.
pub(crate) fn api(app: SharedApp) -> Router {
    let compressible = DefaultPredicate::new()
        .and(NotForContentType::const_new("multipart/"))
        .and(NotForContentType::const_new("application/octet-stream"));
    Router::new()
        .route("/api/v1/profiles", get(api::profiles::list))
        .route("/api/v1/profiles/{id}", get(api::profile::show))
        .route("/api/v1/profiles/{id}/upload", get(api::download::upload))
        .route("/api/v1/profiles/{id}/attachments/{filename}", get(api::download::attachment))
        .route("/api/v1/opened", post(api::opened::open))
        .route("/api/v1/opened/{id}/keep", post(api::opened::keep))
        .route("/api/v1/facets", get(api::facets::facets))
        .route("/api/v1/tags", get(api::tags::tags))
        .route("/api/v1/measures", get(api::measures::measures))
        .route("/api/v1/types", get(api::types::types))
        .route("/api/v1/series", get(api::series::series))
        .route("/api/v1/table", get(api::table::table))
        .route("/api/v1/flamegraph", get(api::flame_graph::flame_graph))
        .route("/api/v1/timeline", get(api::timeline::timeline))
        .route("/api/v1/compare", get(api::compare::compare))
        .route("/api/v1/callgraph", get(api::call_graph::call_graph))
        .route("/api/v1/top", get(api::top::top))
        .route("/api/v1/sandwich", get(api::sandwich::sandwich))
        .route("/api/v1/labels", get(api::labels::labels))
        .route("/api/v1/breakdown", get(api::breakdown::breakdown))
        .route("/api/v1/export", get(api::export::export))
        .route("/api/v1/spans/{id}", get(api::spans::spans))
        .route("/api/v1/links", post(api::links::create))
        .route("/api/v1/links/{id}", get(api::links::show).delete(api::links::delete))
        .route("/api/v1/symbols", get(api::symbols::list).post(api::symbols::upload))
        .route("/api/v1/symbols/missing", get(api::symbols::missing))
        .route("/api/v1/symbols/{build_id}", delete(api::symbols::remove))
        .route("/api/v1/source", get(api::source::source))
        .route("/api/v1/status", get(api::status::status))
        .route("/api/v1/settings/retention", get(api::retention::show).put(api::retention::set))
        .route("/api/v1/session", get(api::session::show).post(api::session::start).delete(api::session::end))
        .route("/api/v1/openapi.json", get(crate::openapi::document))
        .route("/querier.v1.QuerierService/{method}", post(api::pyroscope::call))
        .route("/settings.v1.SettingsService/{method}", post(api::pyroscope::service))
        .route("/settings.v1.RecordingRulesService/{method}", post(api::pyroscope::service))
        .route("/capabilities.v1.FeatureFlagsService/{method}", post(api::pyroscope::service))
        .route("/adhocprofiles.v1.AdHocProfileService/{method}", post(api::pyroscope::service))
        .route("/vcs.v1.VCSService/{method}", post(api::pyroscope::service))
        .route("/pyroscope/render", get(api::pyroscope::render))
        .route("/pyroscope/render-diff", get(api::pyroscope::render_diff))
        .route("/pyroscope/label-values", get(api::pyroscope::label_values))
        .route("/metrics", get(api::health::metrics))
        .route("/healthz", get(api::health::alive))
        .route("/readyz", get(api::health::ready))
        .method_not_allowed_fallback(wrong_method)
        .fallback(elsewhere)
        .layer(middleware::from_fn_with_state(app.clone(), guard))
        .layer(middleware::from_fn(page::protect))
        .layer(CompressionLayer::new().compress_when(compressible))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(app.clone(), log))
        .with_state(app)
}

/// The endpoints of an agent, below any prefix.
pub(crate) fn intake(app: SharedApp) -> Router {
    Router::new()
        .fallback(intake::dispatch)
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(middleware::from_fn_with_state(app.clone(), log))
        .with_state(app)
}

/// Paths that no route has: those of an agent, else the page's.
async fn elsewhere(
    State(app): State<SharedApp>,
    Extension(origin): Extension<Origin>,
    request: Request,
) -> Response {
    if let Some(endpoint) = Endpoint::of(request.uri().path(), Prefix::None) {
        return intake::answer(&app, origin, endpoint, request).await;
    }
    page::serve(request.method(), request.uri(), request.headers(), &app.framing)
}

async fn wrong_method(request: Request) -> Problem {
    Problem::method_not_allowed(format!("{} does not fit {}", request.method(), request.uri().path()))
}

/// Refuses what browsers were tricked into sending. Uploads have a rule of their own, and probes of a scheduler
/// come with any host and read nothing.
async fn guard(
    State(app): State<SharedApp>,
    Extension(origin): Extension<Origin>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    let is_probe = matches!(path, "/healthz" | "/readyz");
    if is_probe || Endpoint::of(path, Prefix::None).is_some() {
        return next.run(request).await;
    }
    let checked = access::check_host(origin.policy, &app.config.allowed_hosts.0, request.headers())
        .and_then(|()| access::check_site(request.method(), request.headers()));
    match checked {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// One line per request, without its query and headers: those may hold tokens and names that are nobody's business.
async fn log(
    State(app): State<SharedApp>,
    Extension(origin): Extension<Origin>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let listener = intake::listener_label(origin.purpose);
    let status = response.status().as_u16();
    app.metrics.count_response(listener, status);
    let peer = origin.peer.map_or_else(|| "unix".to_owned(), |peer| peer.to_string());
    let millis = started.elapsed().as_secs_f64() * 1000.0;
    if status >= 500 {
        tracing::warn!(target: "vesta_server::access", %method, path, status, millis, peer, listener, "request");
    } else if path.starts_with("/api/") || status >= 400 {
        tracing::info!(target: "vesta_server::access", %method, path, status, millis, peer, listener, "request");
    } else {
        tracing::debug!(target: "vesta_server::access", %method, path, status, millis, peer, listener, "request");
    }
    response
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(panic = text, "a request failed in a way that it should not");
    Problem::internal("the server failed to answer", &std::io::Error::other("a panic")).into_response()
}
