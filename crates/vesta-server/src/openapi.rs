//! The OpenAPI document, made from the handlers.

use crate::api::{
    breakdown, call_graph, compare, download, export, facets, flame_graph, health, labels, links, measures,
    opened, profile, profiles, retention, sandwich, series, session, source, spans, status, symbols, table,
    tags, timeline, top, types,
};
use crate::problem::Problem;
use axum::response::{IntoResponse, Response};
use http::header;
use std::collections::BTreeMap;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, Ref, RefOr, Response as ApiResponse, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vesta",
        description = "Profiles of production, and which lines of code spend the CPU, the time and the memory. \
            Answers are columnar and say how many samples and profiles stand behind them. Uploads use the Datadog \
            profiling protocol: `POST /profiling/v1/input`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        profiles::list, profile::show, download::upload, download::attachment,
        opened::open, opened::keep, links::create, links::show, links::delete,
        facets::facets, tags::tags, measures::measures, types::types, series::series, table::table, spans::spans,
        flame_graph::flame_graph, compare::compare, call_graph::call_graph, top::top, timeline::timeline, sandwich::sandwich, labels::labels,
        breakdown::breakdown, export::export,
        session::show, session::start, session::end,
        symbols::upload, symbols::list, symbols::missing, symbols::remove,
        retention::show, retention::set,
        status::status, source::source, health::alive, health::ready, health::metrics,
        upload, document,
    ),
    components(schemas(Problem)),
    tags(
        (name = "profiles", description = "Single profiles"),
        (name = "search", description = "Which profiles there are"),
        (name = "links", description = "Short addresses that keep the profiles they show"),
        (name = "samples", description = "Where the value of a scope goes"),
        (name = "symbols", description = "What places in binaries are called"),
        (name = "intake", description = "Uploads"),
        (name = "session", description = "The page's token"),
        (name = "settings", description = "What can be changed while the server runs"),
        (name = "server", description = "The server itself")
    ),
    modifiers(&Tokens),
    security((), ("token" = []), ("session" = []))
)]
struct Document;

struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let key = |name: &str, what: &str| ApiKeyValue::with_description(name, what);
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token made with `vesta token create`; not needed on loopback."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let cookie = key("vesta_session", "The page's token, see /api/v1/session.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let api_key = key("DD-API-KEY", "A token of scope `write`, for uploads.");
        components.add_security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(api_key)));
    }
}

/// An upload of one profile of one process: `event.json` and attachments, as profiling libraries send it.
#[utoipa::path(
    post, path = "/profiling/v1/input", tag = "intake",
    request_body(content = Vec<u8>, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "It is stored durably", content_type = "application/json", body = Object),
        UploadProblems
    ),
    security((), ("token" = []), ("api_key" = []))
)]
#[expect(
    dead_code,
    reason = "documents the intake, which is not a route: it also answers below other prefixes"
)]
fn upload() {}

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "server",
    responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object))
)]
pub(crate) async fn document() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi_json()).into_response()
}

/// The OpenAPI document as JSON.
pub fn openapi_json() -> String {
    Document::openapi().to_pretty_json().unwrap_or_default()
}

/// What may go wrong with a query.
pub(crate) struct QueryProblems;

/// What may go wrong with an upload.
pub(crate) struct UploadProblems;

/// What may go wrong with an opened file.
pub(crate) struct OpenProblems;

/// What may go wrong with a session.
pub(crate) struct SessionProblems;

const BAD_REQUEST: (u16, &str) = (400, "The request cannot be understood");
const UNAUTHORIZED: (u16, &str) = (401, "A token is needed");

impl IntoResponses for QueryProblems {
    fn responses() -> BTreeMap<String, RefOr<ApiResponse>> {
        problems(&[
            BAD_REQUEST,
            UNAUTHORIZED,
            (403, "The token, or the site that sent the request, does not allow this"),
            (404, "There is no such thing in scope"),
            (429, "Too many queries at a time; see Retry-After"),
            (503, "No answer in time; see Retry-After"),
        ])
    }
}

impl IntoResponses for UploadProblems {
    fn responses() -> BTreeMap<String, RefOr<ApiResponse>> {
        problems(&[
            (400, "The upload cannot be read; the detail names the part and the reason"),
            UNAUTHORIZED,
            (408, "The body came too slowly"),
            (413, "The body is too large"),
            (415, "The Content-Encoding is not known"),
            (429, "Too many uploads at a time; see Retry-After"),
            (503, "The disk is full, or the server is stopping; see Retry-After"),
        ])
    }
}

impl IntoResponses for OpenProblems {
    fn responses() -> BTreeMap<String, RefOr<ApiResponse>> {
        problems(&[
            (400, "The file cannot be read; the detail names what it is, and the hint what can be read"),
            UNAUTHORIZED,
            (403, "The token, or the site that sent the request, does not allow this"),
            (404, "It is not there any more"),
            (408, "The body came too slowly"),
            (413, "The body is too large"),
            (415, "The Content-Encoding is not known"),
            (429, "Too many uploads at a time; see Retry-After"),
            (503, "The disk is full, or the server is stopping; see Retry-After"),
        ])
    }
}

impl IntoResponses for SessionProblems {
    fn responses() -> BTreeMap<String, RefOr<ApiResponse>> {
        problems(&[BAD_REQUEST, UNAUTHORIZED, (403, "A page of another site sent the request")])
    }
}

fn problems(known: &[(u16, &str)]) -> BTreeMap<String, RefOr<ApiResponse>> {
    let response = |description: &str| {
        let content = Content::new(Some(Ref::from_schema_name("Problem")));
        ResponseBuilder::new().description(description).content("application/problem+json", content).build()
    };
    known.iter().map(|(status, text)| (status.to_string(), RefOr::T(response(text)))).collect()
}
