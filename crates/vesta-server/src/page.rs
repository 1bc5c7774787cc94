//! The page: its files, and headers that keep browsers from being tricked.

use crate::problem::Problem;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use vesta_web::Asset;

/// The page needs its own scripts, styles, images and the API; nothing inline and nothing from elsewhere.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; \
     connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);
/// The same for the page that others may frame, up to who they are.
const EMBEDDED_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
/// Everything else is data. A flame graph opened as SVG has styles inside, and no scripts.
const DATA_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
);

/// Who may show `/embed` in a frame.
#[derive(Clone, Debug)]
pub(crate) struct Framing(HeaderValue);

/// Marks a response that may be shown in frames.
#[derive(Clone, Copy)]
struct Framed;

impl Framing {
    /// Reads origins: a scheme, a host and maybe a port each.
    pub(crate) fn new(origins: &[String]) -> Result<Self, String> {
        let mut policy = EMBEDDED_POLICY.to_owned();
        for origin in origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            let plain = |host: &str| {
                let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
                !host.is_empty() && host.len() <= 255 && host.bytes().all(fits)
            };
            if !host.is_some_and(plain) {
                return Err(format!(
                    "`{origin}` is not an origin for `embed_origins`: write https://wiki.example.com"
                ));
            }
            policy.push(' ');
            policy.push_str(origin);
        }
        HeaderValue::from_str(&policy).map(Framing).map_err(|error| format!("`embed_origins`: {error}"))
    }

    fn allow(&self, mut response: Response) -> Response {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, self.0.clone());
        response.extensions_mut().insert(Framed);
        response
    }
}

/// Answers with a file of the page. Paths that no file has are the page's own, see its router.
pub(crate) fn serve(method: &Method, uri: &Uri, headers: &HeaderMap, framing: &Framing) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return Problem::not_found(format!("there is nothing to {method} at {}", uri.path())).into_response();
    }
    let path = uri.path().trim_start_matches('/');
    match vesta_web::asset(path) {
        Some(asset) if !path.is_empty() => respond(asset, headers),
        _ if is_embedded(path) => framing.allow(respond(vesta_web::index(), headers)),
        _ if is_page_route(path) => respond(vesta_web::index(), headers),
        _ => Problem::not_found(format!("there is nothing at {}", uri.path())).into_response(),
    }
}

/// What is shown in frames of other pages.
fn is_embedded(path: &str) -> bool {
    path == "embed" || (path.starts_with("embed/") && is_page_route(path))
}

/// A path that names a file, or something of the API, is not the page's.
fn is_page_route(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    !path.starts_with("api/") && !path.starts_with("assets/") && !last.contains('.')
}

fn respond(asset: Asset, headers: &HeaderMap) -> Response {
    let caching = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged = known.flat_map(|tags| tags.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == asset.etag
    });
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Body::from(asset.bytes.into_owned()).into_response(),
    };
    let fields = response.headers_mut();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(etag) = HeaderValue::from_str(&asset.etag) {
        fields.insert(header::ETAG, etag);
    }
    if asset.content_type.starts_with("text/html") {
        fields.insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    }
    response
}

/// Puts the headers on every response that tell browsers what not to do with it.
pub(crate) async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_framed = response.extensions().get::<Framed>().is_some();
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(DATA_POLICY);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Whom the policy allows, these would refuse: they know no origins.
    let resource_policy = if is_framed { "cross-origin" } else { "same-origin" };
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static(resource_policy));
    if !is_framed {
        headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    response
}
