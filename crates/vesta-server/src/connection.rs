//! Connections: HTTP/1.1 on accepted sockets, within bounds, until it is time to stop.

use crate::access::Policy;
use crate::listener::{Listener, Purpose, Stream};
use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// The largest head of a request, and the most that is read ahead of a body.
const BUFFER_BYTES: usize = 128 << 10;

/// Where a request came in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) purpose: Purpose,
    pub(crate) policy: Policy,
    /// The client; none on a Unix socket.
    pub(crate) peer: Option<IpAddr>,
}

/// What connections share.
#[derive(Clone)]
pub(crate) struct Connections {
    pub(crate) router: Router,
    pub(crate) idle: Duration,
    pub(crate) most: usize,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) tasks: TaskTracker,
}

impl Connections {
    /// Accepts connections until it is time to stop. At the most connections allowed, new ones wait in the backlog.
    pub(crate) async fn accept(mut self, listener: Listener) {
        let slots = Arc::new(Semaphore::new(self.most));
        loop {
            let next = async {
                let slot = slots.clone().acquire_owned().await;
                (listener.accept().await, slot)
            };
            let (accepted, slot) = tokio::select! {
                () = stopped(&mut self.stop) => return,
                next = next => next,
            };
            match accepted {
                Ok(stream) => {
                    let connection = self.clone();
                    let (purpose, policy) = (listener.purpose, listener.policy);
                    self.tasks.spawn(async move {
                        connection.serve(stream, purpose, policy).await;
                        drop(slot);
                    });
                }
                Err(error) => {
                    // Out of file descriptors, mostly: connections that end give some back.
                    tracing::warn!(%error, listener = listener.name(), "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    async fn serve(self, stream: Stream, purpose: Purpose, policy: Policy) {
        match stream {
            Stream::Tcp(stream, peer) => {
                self.talk(stream, Origin { purpose, policy, peer: Some(peer.ip().to_canonical()) }).await;
            }
            Stream::Unix(stream) => self.talk(stream, Origin { purpose, policy, peer: None }).await,
        }
    }

    async fn talk(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, origin: Origin) {
        let Connections { router, idle, mut stop, .. } = self;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(origin);
            router.clone().oneshot(request)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(idle)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = stopped(&mut stop) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(error = %crate::problem::with_causes(&error), "a connection ended early");
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody is left to say stop if the sender is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
