//! Connections: HTTP/1.1, and HTTP/2 for those who begin with it, on accepted sockets, within bounds, until it is time
//! to stop.

use crate::access::Policy;
use crate::listener::{Listener, Purpose, Stream};
use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, watch};
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// The largest head of a request, and the most that is read ahead of a body.
const BUFFER_BYTES: usize = 128 << 10;
/// How HTTP/2 begins. No method of HTTP/1.1 does.
const HTTP_2: &[u8] = b"PRI ";
/// Requests at a time on a connection of HTTP/2, and the largest headers of one.
const MOST_STREAMS: u32 = 64;
const HEADER_BYTES: u32 = 64 << 10;
/// How often a connection of HTTP/2 that says nothing is asked whether it is there, and how long it may take to answer.
const KEEP_ALIVE: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(20));

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
                let origin = Origin { purpose, policy, peer: Some(peer.ip().to_canonical()) };
                match tokio::time::timeout(self.idle, speaks_http_2(&stream)).await {
                    Ok(Ok(true)) => self.talk_http_2(stream, origin).await,
                    Ok(Ok(false)) => self.talk(stream, origin).await,
                    Ok(Err(_)) | Err(_) => {}
                }
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
        until_stopped(connection, &mut stop).await;
    }

    async fn talk_http_2(self, stream: TcpStream, origin: Origin) {
        let Connections { router, mut stop, .. } = self;
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(origin);
            router.clone().oneshot(request)
        });
        let (interval, timeout) = KEEP_ALIVE;
        let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            .max_header_list_size(HEADER_BYTES)
            .keep_alive_interval(interval)
            .keep_alive_timeout(timeout)
            .serve_connection(TokioIo::new(stream), service);
        until_stopped(connection, &mut stop).await;
    }
}

/// Serves a connection; one that is stopped finishes what it has begun.
async fn until_stopped<C>(connection: C, stop: &mut watch::Receiver<bool>)
where
    C: GracefulConnection,
    C::Error: std::error::Error + 'static,
{
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stopped(stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(error = %crate::problem::with_causes(&error), "a connection ended early");
    }
}

/// Looks at how a connection begins, without taking it.
async fn speaks_http_2(stream: &TcpStream) -> io::Result<bool> {
    let mut start = [0; HTTP_2.len()];
    loop {
        let length = stream.peek(&mut start).await?;
        let seen = &start[..length];
        if length == 0 || !HTTP_2.starts_with(seen) {
            return Ok(false);
        }
        if length == HTTP_2.len() {
            return Ok(true);
        }
        // What was seen stays to be seen, so there is nothing to wait for but time.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Nobody is left to say stop if the sender is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
