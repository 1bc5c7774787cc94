//! A running server: from configuration to sockets, and back to rest with nothing lost.

use crate::app::{App, Looks, Shelves};
use crate::config::{Listen, ServerConfig};
use crate::connection::Connections;
use crate::links::Links;
use crate::listener::{Demand, Listener, Purpose};
use crate::page::Framing;
use crate::router;
use crate::shelf::{OPENED_AGE, Scratch, Shelf};
use crate::source_roots::SourceRoots;
use bytes::Bytes;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use vesta_store::{Clock, OpenError, Probe, Retention, StoreConfig, SystemClock, TableError};

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Settings that contradict each other.
    #[error("{0}")]
    Settings(String),
    /// An address is taken, or not ours.
    #[error("cannot listen at {address}")]
    Listen {
        /// The address or path.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The store did not open.
    #[error("cannot open the data folder")]
    Store(#[from] OpenError),
    /// The store cannot take the settings.
    #[error("cannot set up the data folder")]
    Setup(#[from] TableError),
}

/// Why a server did not stop as it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StopError {
    /// The store could not write everything to tables. Acknowledged uploads are in the log and are read from there
    /// at the next start.
    #[error("cannot close the data folder")]
    Store(#[from] TableError),
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// The API and the page.
    pub api: SocketAddr,
    /// The intake of profiling libraries on TCP.
    pub sdk: Option<SocketAddr>,
    /// The intake of profiling libraries on a Unix socket.
    pub sdk_socket: Option<PathBuf>,
    /// The intake of OpenTelemetry profiles over gRPC.
    pub otlp_grpc: Option<SocketAddr>,
    /// The intake of OpenTelemetry profiles over HTTP.
    pub otlp_http: Option<SocketAddr>,
    /// Addresses that were to be listened at only if they were free, and were not.
    pub taken: Vec<String>,
}

/// A file that was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedFile {
    /// What the page calls it: it is shown at `/opened/ID`.
    pub id: String,
    /// What could not be read of it.
    pub problems: Vec<String>,
}

/// Why a file was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct UnreadableFile {
    /// What is wrong with it.
    pub detail: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// What a server takes from its surroundings; tests put in their own.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The clock; the system's by default.
    pub clock: Option<Arc<dyn Clock>>,
    /// Failures to order; none by default.
    pub probe: Option<Arc<dyn Probe>>,
    /// Changes the configuration of the store, after everything else.
    pub adjust_store: Option<fn(&mut StoreConfig)>,
    /// How long opened files stay; an hour by default.
    pub opened_age: Option<Duration>,
}

/// A server whose sockets are bound and whose store is open. Connections wait until it runs.
pub struct Server {
    app: Arc<App>,
    listeners: Vec<Listener>,
    addresses: Addresses,
}

impl Server {
    /// Binds the sockets, then opens the store. Nothing in the data folder is touched when an address is taken.
    pub async fn start(config: ServerConfig) -> Result<Server, StartError> {
        Self::start_in(config, Surroundings::default()).await
    }

    /// The same with a clock and failures of one's own.
    pub async fn start_in(config: ServerConfig, surroundings: Surroundings) -> Result<Server, StartError> {
        let looks = Looks {
            source_roots: SourceRoots::new(&config.source_roots.0).map_err(StartError::Settings)?,
            framing: Framing::new(&config.embed_origins.0).map_err(StartError::Settings)?,
        };
        let (listeners, addresses) = bind(&config).await?;
        let clock = surroundings.clock.unwrap_or_else(|| Arc::new(SystemClock::default()));
        let mut store_config = store_config(&config, clock.clone());
        if let Some(probe) = surroundings.probe {
            store_config.probe = probe;
        }
        if let Some(adjust) = surroundings.adjust_store {
            adjust(&mut store_config);
        }
        let upload_limits = store_config.limits.clone();
        let limits = query_limits(&config);
        // The main store is opened first: it holds the lock of the data folder.
        let main = Shelf::open(store_config.clone(), limits).await?;
        // Opened files and those of links are of the same programs.
        store_config.symbol_files = Some(Arc::clone(main.store.symbol_files()));
        let opened_age = surroundings.opened_age.unwrap_or(OPENED_AGE);
        let opened = Scratch::new(&config, clock.clone(), &store_config, limits, opened_age);
        let links = Links::new(&config, clock.clone(), &store_config, limits);
        let shelves = Shelves { main, opened, links };
        let app = Arc::new(App::new(config, shelves, looks, upload_limits, clock));
        let demands = listeners.iter().find(|listener| listener.policy.demands_tokens);
        if let Some(listener) = demands.filter(|_| !app.tokens.any()) {
            tracing::warn!(
                listener = listener.name(),
                "this listener demands tokens and there is none yet: make one with `vesta token create`, or say --no-auth"
            );
        }
        Ok(Server { app, listeners, addresses })
    }

    /// Opens a file, to be looked at like one that was dropped on the page. `name` is that of the file.
    pub async fn open(&self, name: &str, bytes: Bytes) -> Result<OpenedFile, UnreadableFile> {
        let opened = crate::api::opened::store(&self.app, name.to_owned(), bytes).await;
        match opened {
            Ok(opened) => Ok(OpenedFile { id: opened.id, problems: opened.problems }),
            Err(problem) => {
                let (detail, hint) = problem.into_text();
                Err(UnreadableFile { detail, hint: hint.unwrap_or_default() })
            }
        }
    }

    /// Where the server listens, with the ports that were taken.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Serves until `stop` resolves, then finishes what is in flight and closes the store.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), StopError> {
        let Server { app, listeners, addresses } = self;
        let (stopping, stopped) = watch::channel(false);
        let connections = TaskTracker::new();
        let accepting = TaskTracker::new();
        for listener in listeners {
            let router = match listener.purpose {
                Purpose::Api => router::api(app.clone()),
                Purpose::Intake => router::intake(app.clone()),
            };
            tracing::info!(
                listener = listener.name(),
                purpose = crate::intake::listener_label(listener.purpose),
                tokens = listener.policy.demands_tokens,
                "listening"
            );
            let serving = Connections {
                router,
                idle: app.config.limit_idle_time.0,
                most: app.config.limit_connections,
                stop: stopped.clone(),
                tasks: connections.clone(),
            };
            accepting.spawn(serving.accept(listener));
        }
        tracing::info!(page = %format!("http://{}", addresses.api), "ready");
        stop.await;
        tracing::info!("stopping: finishing what is in flight");
        app.start_draining();
        stopping.send_replace(true);
        accepting.close();
        accepting.wait().await;
        connections.close();
        let drained = tokio::time::timeout(app.config.limit_drain_time.0, connections.wait()).await;
        if drained.is_err() {
            // Their uploads are not acknowledged, so their clients know that they may be lost.
            tracing::warn!(connections = connections.len(), "some requests did not finish in time");
        }
        app.opened.close().await;
        app.links.close().await;
        app.store.shutdown().await?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Resolves when the process is asked to stop, by SIGTERM or SIGINT.
pub async fn stop_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

async fn bind(config: &ServerConfig) -> Result<(Vec<Listener>, Addresses), StartError> {
    if config.no_auth && config.require_auth {
        return Err(StartError::Settings("no_auth and require_auth contradict each other".to_owned()));
    }
    let demand = Demand { no_auth: config.no_auth, require_auth: config.require_auth };
    let failed = |address: &str| {
        let address = address.to_owned();
        move |source| StartError::Listen { address, source }
    };
    let Some(address) = config.listen.address() else {
        return Err(StartError::Settings(
            "`listen` is off: without it nobody can ask for anything".to_owned(),
        ));
    };
    let api = Listener::tcp(Purpose::Api, address, demand).await.map_err(failed(address))?;
    let Some(api_address) = api.address() else {
        return Err(StartError::Settings("`listen` is not a TCP address".to_owned()));
    };
    let mut addresses = Addresses {
        api: api_address,
        sdk: None,
        sdk_socket: None,
        otlp_grpc: None,
        otlp_http: None,
        taken: Vec::new(),
    };
    let mut listeners = vec![api];
    let intakes = [
        (&config.sdk_listen, &mut addresses.sdk),
        (&config.otlp_grpc_listen, &mut addresses.otlp_grpc),
        (&config.otlp_http_listen, &mut addresses.otlp_http),
    ];
    for (listen, bound) in intakes {
        let Some(address) = listen.address() else { continue };
        match Listener::tcp(Purpose::Intake, address, demand).await {
            Ok(listener) => {
                *bound = listener.address();
                listeners.push(listener);
            }
            Err(error) if matches!(listen, Listen::IfFree(_)) && error.kind() == io::ErrorKind::AddrInUse => {
                addresses.taken.push(address.to_owned());
            }
            Err(error) => return Err(failed(address)(error)),
        }
    }
    if !config.sdk_socket.as_os_str().is_empty() {
        let path = &config.sdk_socket;
        let listener = Listener::unix(path, demand).map_err(failed(&path.display().to_string()))?;
        addresses.sdk_socket = Some(path.clone());
        listeners.push(listener);
    }
    Ok((listeners, addresses))
}

fn store_config(config: &ServerConfig, clock: Arc<dyn Clock>) -> StoreConfig {
    let defaults = StoreConfig::new(&config.data);
    StoreConfig {
        retention: Retention {
            max_age: config.retention_max_age.0,
            max_disk_share: config.retention_max_disk_share.get(),
            max_bytes: config.retention_max_bytes.0,
        },
        // Half for uploads that wait, half for their rows. A flush sorts a copy of the rows it writes, so they count
        // twice while it lasts.
        queue_bytes: (config.limit_memory.as_usize() / 2).max(config.limit_body.as_usize()),
        memory_bytes: config.limit_memory.as_usize() / 2,
        flush_bytes: config.limit_memory.as_usize() / 6,
        symbol_file_bytes: config.limit_symbols.0,
        limits: vesta_upload::Limits {
            body: config.limit_body.as_usize(),
            decompressed: config.limit_decompressed.as_usize(),
            ..defaults.limits.clone()
        },
        clock,
        ..defaults
    }
}

fn query_limits(config: &ServerConfig) -> vesta_query::Limits {
    vesta_query::Limits {
        concurrency: config.limit_queries,
        timeout: config.limit_query_time.0.max(Duration::from_millis(1)),
        ..vesta_query::Limits::default()
    }
}
