//! A server on free ports, with a clock that tests set.

use crate::client::{Request, Response, Target};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vesta_server::config::Listen;
use vesta_server::{Addresses, Server, ServerConfig, StartError, StopError, Surroundings};
use vesta_store::{Clock, Probe, Timestamp};

/// 2026-11-21T12:00:00Z, half a day after most fixtures were captured.
const NOON: Timestamp = Timestamp(1_795_262_400_000_000);

/// The time range of all fixtures, as query parameters.
pub(crate) const ALL_TIME: &str = "from=2024-01-01T00:00:00Z&to=2026-12-01T00:00:00Z";

/// A running server.
pub(crate) struct TestServer {
    pub(crate) folder: Arc<TempDir>,
    addresses: Addresses,
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<Result<(), StopError>>>,
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOON
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
}

/// A configuration for a server in this folder, on free ports.
pub(crate) fn config(folder: &Path) -> ServerConfig {
    ServerConfig {
        data: folder.join("data"),
        listen: Listen::At("127.0.0.1:0".to_owned()),
        sdk_listen: Listen::At("127.0.0.1:0".to_owned()),
        otlp_grpc_listen: Listen::At("127.0.0.1:0".to_owned()),
        sdk_socket: folder.join("sdk.sock"),
        // Engines that are not optimized, on machines that do something else.
        limit_query_time: "10m".parse().unwrap(),
        ..ServerConfig::default()
    }
}

impl TestServer {
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub(crate) fn start_with(change: impl FnOnce(&mut ServerConfig)) -> Self {
        Self::start_in(Arc::new(TempDir::new().unwrap()), change, None).unwrap()
    }

    pub(crate) fn start_in(
        folder: Arc<TempDir>,
        change: impl FnOnce(&mut ServerConfig),
        probe: Option<Arc<dyn Probe>>,
    ) -> Result<Self, StartError> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut config = config(folder.path());
        change(&mut config);
        let surroundings = Surroundings {
            clock: Some(Arc::new(Noon)),
            probe,
            adjust_store: Some(|store| store.free_bytes = 1 << 20),
            opened_age: None,
        };
        let server = runtime.block_on(Server::start_in(config, surroundings))?;
        let addresses = server.addresses().clone();
        let (stop, stopped) = oneshot::channel();
        let running = runtime.spawn(server.run(async move { drop(stopped.await) }));
        Ok(TestServer { folder, addresses, runtime: Some(runtime), stop: Some(stop), running: Some(running) })
    }

    /// The listener of the API and the page.
    pub(crate) fn api(&self) -> Target {
        Target::Tcp(self.addresses.api)
    }

    /// The listener of profiling libraries on TCP.
    pub(crate) fn sdk(&self) -> Target {
        Target::Tcp(self.addresses.sdk.unwrap())
    }

    /// The listener of OpenTelemetry over gRPC.
    pub(crate) fn otlp(&self) -> SocketAddr {
        self.addresses.otlp_grpc.unwrap()
    }

    pub(crate) fn api_address(&self) -> SocketAddr {
        self.addresses.api
    }

    /// Addresses that others listen at.
    pub(crate) fn taken(&self) -> &[String] {
        &self.addresses.taken
    }

    /// The listener of profiling libraries on a Unix socket.
    pub(crate) fn socket(&self) -> Target {
        Target::Unix(self.addresses.sdk_socket.clone().unwrap())
    }

    /// Asks the API.
    pub(crate) fn get(&self, path: &str) -> Response {
        self.api().send(&Request::get(path))
    }

    /// The ids of all profiles, oldest first.
    pub(crate) fn ids(&self) -> Vec<String> {
        let list = self.get(&format!("/api/v1/profiles?{ALL_TIME}&limit=1000&sort=start"));
        assert_eq!(list.status, 200, "{}", list.text());
        serde_json::from_value(list.json()["columns"]["id"].clone()).unwrap()
    }

    /// Begins to stop, without waiting for the end.
    pub(crate) fn begin_stop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Stops and waits until everything is at rest.
    pub(crate) fn stop(&mut self) {
        self.begin_stop();
        let (runtime, running) = (self.runtime.take().unwrap(), self.running.take().unwrap());
        runtime.block_on(running).unwrap().unwrap();
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            self.begin_stop();
            runtime.shutdown_background();
        }
    }
}
