//! The reception: who may come in, how much may be brought, how many at a time, and the way into the store.

use super::refusal::{Refusal, refuse_append};
use crate::access;
use crate::app::App;
use crate::body::{self, HeldBody};
use crate::connection::Origin;
use crate::metrics::Outcome;
use crate::problem::Problem;
use crate::tokens::Scope;
use axum::extract::Request;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method};
use std::time::{Duration, Instant};
use tokio::sync::SemaphorePermit;
use vesta_store::Ack;
use vesta_upload::Upload;

/// Bodies larger than this are taken apart on a thread that may block.
const PARSED_IN_PLACE: usize = 256 << 10;

/// A request that was let in, with its whole body. It holds the memory of the body and one of the turns that limit how
/// many uploads are worked on at a time.
pub(crate) struct Received<'a> {
    pub(crate) head: Parts,
    body: HeldBody,
    app: &'a App,
    arrived: Instant,
    _turn: SemaphorePermit<'a>,
}

/// Lets in a request that brings uploads: checks its token, reads its body and waits for its turn.
pub(crate) async fn receive(app: &App, origin: Origin, request: Request) -> Result<Received<'_>, Refusal> {
    let (head, body) = request.into_parts();
    if let Err(problem) = check(app, origin, &head.method, &head.headers) {
        body::drain(body).await;
        return Err(problem.into());
    }
    let body = body::read(&head.headers, body, app.body_limits(), &app.memory).await?;
    let arrived = Instant::now();
    app.metrics.count_upload_bytes(body.bytes.len());
    match tokio::time::timeout(app.upload_patience(), app.upload_slots.acquire()).await {
        Ok(Ok(turn)) => Ok(Received { head, body, app, arrived, _turn: turn }),
        _ => Err(Problem::overloaded("too many uploads at a time", Duration::from_secs(2)).into()),
    }
}

impl Received<'_> {
    /// The body, without its `Content-Encoding`.
    pub(crate) fn bytes(&self) -> Bytes {
        self.body.bytes.clone()
    }

    /// Takes memory for what is made of the body, such as an envelope around it.
    pub(crate) fn hold(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.body.hold(&self.app.memory, bytes).map_err(Refusal::from)
    }

    /// Does work that takes as long as the body is large.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        if self.body.bytes.len() <= PARSED_IN_PLACE {
            return Ok(work());
        }
        let done = tokio::task::spawn_blocking(work).await;
        done.map_err(|error| Problem::internal("cannot read the upload", &error).into())
    }

    /// Stores an upload and counts it. When this returns it is durable.
    pub(crate) async fn store(&self, upload: Upload) -> Result<Ack, Refusal> {
        let family = upload.identity.family.clone();
        let ack = self.app.store.append(upload).await;
        let ack = ack.map_err(|error| refuse_append(error).of_family(&family))?;
        self.app.metrics.observe_ack(self.arrived.elapsed());
        let outcome = if ack.duplicate { Outcome::Duplicate } else { Outcome::Stored };
        self.app.metrics.count_upload(outcome, &family);
        Ok(ack)
    }
}

fn check(app: &App, origin: Origin, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
    if method != Method::POST && method != Method::PUT {
        return Err(Problem::method_not_allowed(format!("uploads are sent with POST, not {method}")));
    }
    // 400, because ddprof stops for good on 403. It does not send such headers, but other clients may be like it.
    if access::is_cross_site(headers) {
        return Err(Problem::bad_request(
            "a web page of another site sent this; uploads come from profilers",
        ));
    }
    access::authorize(origin.policy, &app.tokens, headers, Scope::Write)
}
