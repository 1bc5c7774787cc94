//! What handlers ask of a request before they run.

use crate::access;
use crate::app::SharedApp;
use crate::connection::Origin;
use crate::params::Params;
use crate::problem::Problem;
use crate::tokens::Scope;
use axum::extract::FromRequestParts;
use http::request::Parts;
use std::convert::Infallible;

/// The request may read.
pub(crate) struct Reader;

/// The request may store profiles.
pub(crate) struct Writer;

/// The request may do everything.
pub(crate) struct Admin;

impl FromRequestParts<SharedApp> for Reader {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, Problem> {
        authorize(parts, app, Scope::Read).map(|()| Reader)
    }
}

impl FromRequestParts<SharedApp> for Writer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, Problem> {
        authorize(parts, app, Scope::Write).map(|()| Writer)
    }
}

impl FromRequestParts<SharedApp> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Self, Problem> {
        authorize(parts, app, Scope::Admin).map(|()| Admin)
    }
}

fn authorize(parts: &Parts, app: &SharedApp, wanted: Scope) -> Result<(), Problem> {
    let origin = parts.extensions.get::<Origin>();
    let origin = origin.ok_or_else(|| Problem::unauthorized("the request came from nowhere"))?;
    access::authorize(origin.policy, &app.tokens, &parts.headers, wanted)
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Params::new(parts.uri.query().unwrap_or_default()))
    }
}
