//! `/api/v1/session`: the page's token, kept in a cookie that scripts cannot read.
//!
//! The cookie carries the token itself: revoking the token ends the session, and there is nothing to store.

use crate::access::{self, Presented, SESSION_COOKIE};
use crate::app::SharedApp;
use crate::connection::Origin;
use crate::openapi::SessionProblems;
use crate::problem::Problem;
use crate::tokens::Scope;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};

/// What the page may do.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SessionAnswer {
    /// Whether requests need a token.
    auth_required: bool,
    /// What the token of this request allows; null without a valid one.
    scope: Option<Scope>,
}

/// A token to start a session with.
#[derive(Deserialize, utoipa::ToSchema)]
pub(crate) struct SessionRequest {
    /// `vst_...`
    token: String,
}

/// What this request may do.
#[utoipa::path(
    get, path = "/api/v1/session", tag = "session",
    responses((status = 200, description = "The session", body = SessionAnswer))
)]
pub(crate) async fn show(
    State(app): State<SharedApp>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
) -> Json<SessionAnswer> {
    let scope = match access::presented_scope(&app.tokens, &headers) {
        Presented::Scope(scope) => Some(scope),
        Presented::Nothing | Presented::Unknown => None,
    };
    Json(SessionAnswer { auth_required: origin.policy.demands_tokens, scope })
}

/// Sets a cookie with a token, for the page.
#[utoipa::path(
    post, path = "/api/v1/session", tag = "session", request_body = SessionRequest,
    responses((status = 200, description = "The session", body = SessionAnswer), SessionProblems)
)]
pub(crate) async fn start(
    State(app): State<SharedApp>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    // Not for its type alone: browsers ask first before they send JSON to another site.
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    let request: SessionRequest = Some(&body)
        .filter(|_| is_json)
        .and_then(|body| serde_json::from_slice(body).ok())
        .ok_or_else(|| Problem::bad_request("the body must be JSON: {\"token\":\"vst_...\"}"))?;
    let token = request.token.trim();
    let scope = app.tokens.verify(token).ok_or_else(|| {
        Problem::unauthorized("the token is not known, or was revoked")
            .hint("list the tokens with `vesta token list`")
    })?;
    let answer = SessionAnswer { auth_required: origin.policy.demands_tokens, scope: Some(scope) };
    let secure = headers.get("x-forwarded-proto").is_some_and(|protocol| protocol == "https");
    let mut response = Json(answer).into_response();
    set_cookie(&mut response, &format!("{SESSION_COOKIE}={token}; Max-Age=31536000"), secure)?;
    Ok(response)
}

/// Forgets the cookie.
#[utoipa::path(
    delete, path = "/api/v1/session", tag = "session",
    responses((status = 204, description = "The cookie is gone"))
)]
pub(crate) async fn end() -> Result<Response, Problem> {
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &format!("{SESSION_COOKIE}=; Max-Age=0"), false)?;
    Ok(response)
}

fn set_cookie(response: &mut Response, cookie: &str, secure: bool) -> Result<(), Problem> {
    let secure = if secure { "; Secure" } else { "" };
    let value = HeaderValue::from_str(&format!("{cookie}; Path=/; HttpOnly; SameSite=Strict{secure}"))
        .map_err(|_| Problem::bad_request("the token has characters that no token has"))?;
    response.headers_mut().insert(header::SET_COOKIE, value);
    Ok(())
}
