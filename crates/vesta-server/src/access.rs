//! Access: who sent a request, and whether a browser was tricked into sending it.
//!
//! A listener either asks for tokens or is open. An open listener trusts everybody who can reach it, which on
//! loopback means the users of this machine. It must not trust the web pages that those users visit: a page can send
//! requests to `127.0.0.1` (cross-site requests) and can have its own name resolve to it (DNS rebinding).

use crate::problem::Problem;
use crate::tokens::{Scope, Tokens};
use base64::Engine;
use http::{HeaderMap, Method, header};
use std::borrow::Cow;

/// The name of the cookie that carries the page's token.
pub(crate) const SESSION_COOKIE: &str = "vesta_session";

/// What a listener asks of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Requests need a token.
    pub(crate) demands_tokens: bool,
    /// Requests must name this machine, because only programs on it can connect.
    pub(crate) checks_host: bool,
}

/// What the request presents, or why it may not do what needs `wanted`.
pub(crate) fn authorize(
    policy: Policy,
    tokens: &Tokens,
    headers: &HeaderMap,
    wanted: Scope,
) -> Result<(), Problem> {
    if !policy.demands_tokens {
        return Ok(());
    }
    match presented_scope(tokens, headers) {
        Presented::Scope(scope) if scope.covers(wanted) => Ok(()),
        // 401 and not 403 for uploads: ddprof stops for good on 403.
        Presented::Scope(scope) if wanted == Scope::Write => Err(Problem::unauthorized(format!(
            "this token allows `{}`; uploads need `write`",
            scope.as_str()
        ))),
        Presented::Scope(scope) => Err(Problem::forbidden(format!(
            "this token allows `{}`; this request needs `{}`",
            scope.as_str(),
            wanted.as_str()
        ))),
        Presented::Unknown => Err(Problem::unauthorized("the token is not known, or was revoked")
            .hint("list the tokens with `vesta token list`")),
        Presented::Nothing => Err(Problem::unauthorized(format!(
            "this listener asks for a token that allows `{}`",
            wanted.as_str()
        ))
        .hint(format!(
            "make one with `vesta token create --scope {}` and send it as `Authorization: Bearer ...`{}",
            wanted.as_str(),
            if wanted == Scope::Write { " or as `DD-API-KEY`" } else { "" }
        ))),
    }
}

/// What kind of token a request carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presented {
    /// None.
    Nothing,
    /// One that is not valid.
    Unknown,
    /// A valid one.
    Scope(Scope),
}

/// Looks at the token of a request: that of the `Authorization` first, then the SDKs' header, then the page's cookie.
pub(crate) fn presented_scope(tokens: &Tokens, headers: &HeaderMap) -> Presented {
    let secret = authorization(headers)
        .or_else(|| headers.get("dd-api-key").and_then(|value| value.to_str().ok()).map(Cow::Borrowed))
        .or_else(|| session_cookie(headers).map(Cow::Borrowed));
    match secret {
        None => Presented::Nothing,
        Some(secret) => tokens.verify(secret.trim()).map_or(Presented::Unknown, Presented::Scope),
    }
}

/// A bearer token, or the password of clients that only know user and password.
fn authorization(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(Cow::Borrowed(secret)),
        "basic" => {
            let bytes = base64::engine::general_purpose::STANDARD.decode(secret.trim()).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            text.split_once(':').map(|(_, password)| Cow::Owned(password.to_owned()))
        }
        _ => None,
    }
}

fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, value)| value)
}

/// Refuses requests whose `Host` is not this machine's: the browser believes to talk to somebody else.
pub(crate) fn check_host(policy: Policy, allowed: &[String], headers: &HeaderMap) -> Result<(), Problem> {
    if !policy.checks_host {
        return Ok(());
    }
    // A browser always sends Host. Without one, nobody was tricked.
    let Some(value) = headers.get(header::HOST) else { return Ok(()) };
    let host = value.to_str().map(host_without_port).unwrap_or_default().to_ascii_lowercase();
    let known = is_local_name(&host) || allowed.iter().any(|name| name.eq_ignore_ascii_case(&host));
    if known {
        return Ok(());
    }
    Err(Problem::forbidden(format!(
        "`{host}` is not a name under which this server may be reached without a token"
    ))
    .hint("open it as localhost, or add the name to the setting `allowed_hosts`"))
}

fn is_local_name(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host == "[::1]"
}

fn host_without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether a browser sent this request on behalf of another site.
pub(crate) fn is_cross_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let origin = origin.to_str().unwrap_or_default();
    let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    authority.is_empty() || !authority.eq_ignore_ascii_case(host)
}

/// Refuses requests of other sites' pages that would change something, whatever the listener asks for: the page's
/// cookie may come with them. Reading is left to the browser's same-origin rule.
pub(crate) fn check_site(method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method.is_safe() || !is_cross_site(headers) {
        return Ok(());
    }
    Err(Problem::forbidden("a page of another site sent this request"))
}
