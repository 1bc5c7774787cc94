//! `vesta server` and `vesta up`: a server in this process.

use crate::arguments::{ServerArguments, UpArguments};
use crate::failure::hinted;
use crate::output::{note, print_lines};
use crate::settings;
use anyhow::{Context, Result};
use std::net::SocketAddr;
use vesta_server::config::Listen;
use vesta_server::{Addresses, PartialConfig, Server, ServerConfig, StartError, start_logging, stop_signal};

/// The port that profiling libraries send to unless they are told otherwise.
const SDK_PORT: u16 = 8126;

/// The ports that senders of OpenTelemetry send to unless they are told otherwise, over gRPC and over HTTP.
const OTLP_PORTS: [u16; 2] = [4317, 4318];

/// Runs `vesta server`.
pub(crate) fn server(arguments: ServerArguments) -> Result<()> {
    let config =
        settings::effective(PartialConfig::default(), arguments.config.as_deref(), arguments.settings)?;
    if arguments.print_config {
        return print_lines([config.to_toml().trim_end()]);
    }
    serve(&config.config, |_, _| Ok(()))
}

/// Runs `vesta up`.
pub(crate) fn up(arguments: UpArguments) -> Result<()> {
    let base = PartialConfig {
        sdk_listen: Some(Listen::At(format!("127.0.0.1:{SDK_PORT}"))),
        // Many a machine has a collector there, and few people who start Vesta need the two.
        otlp_grpc_listen: Some(if_free(OTLP_PORTS[0])),
        otlp_http_listen: Some(if_free(OTLP_PORTS[1])),
        // The banner says what there is to say at the start; the log is for what goes wrong after it.
        log_level: Some("warn".to_owned()),
        ..PartialConfig::default()
    };
    let config = settings::effective(base, arguments.config.as_deref(), arguments.settings)?;
    serve(&config.config, |config, addresses| print_lines(banner(config, addresses)))
}

fn if_free(port: u16) -> Listen {
    Listen::IfFree(format!("127.0.0.1:{port}"))
}

fn serve(
    config: &ServerConfig,
    announce: impl FnOnce(&ServerConfig, &Addresses) -> Result<()>,
) -> Result<()> {
    start_logging(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads of the server")?;
    runtime.block_on(async {
        // Waited for from here on, so that a signal during a long recovery ends in a clean stop, too.
        let signal = tokio::spawn(stop_signal());
        let server =
            Server::start(config.clone()).await.map_err(|error| explained(error, config, "--listen"))?;
        let asked_to_stop = async {
            match signal.await {
                Ok(Ok(())) => {}
                failed => tracing::error!(?failed, "cannot wait for signals: stopping"),
            }
            stop_at_once_on_the_next_signal();
        };
        announce(config, server.addresses())?;
        server.run(asked_to_stop).await.context("the server did not stop as it should")
    })
}

/// Somebody who presses Ctrl-C twice does not want to wait. What was acknowledged is on disk already.
fn stop_at_once_on_the_next_signal() {
    tokio::spawn(async {
        if stop_signal().await.is_ok() {
            note("stopped at once; nothing that was acknowledged is lost");
            std::process::exit(1);
        }
    });
}

/// What to do about a server that does not start.
pub(crate) fn explained(error: StartError, config: &ServerConfig, listen_flag: &str) -> anyhow::Error {
    let StartError::Listen { address, source } = &error else {
        return anyhow::Error::new(error).context("the server does not start");
    };
    let is_sdk = config.sdk_listen.address() == Some(address);
    let others = [
        (&config.sdk_listen, "--sdk-listen"),
        (&config.otlp_grpc_listen, "--otlp-grpc-listen"),
        (&config.otlp_http_listen, "--otlp-http-listen"),
    ];
    let flag = others.into_iter().find(|(listen, _)| listen.address() == Some(address));
    let flag = flag.map_or(listen_flag, |(_, flag)| flag);
    let hint = match source.kind() {
        std::io::ErrorKind::AddrInUse if is_sdk => format!(
            "a Datadog agent listens there as a rule; {flag} 127.0.0.1:8127 takes another port, {flag} off takes none"
        ),
        std::io::ErrorKind::AddrInUse => {
            format!("another program, maybe another Vesta, listens there; {flag} takes another address")
        }
        _ => format!("{flag} takes another address"),
    };
    hinted(format!("{error}: {source}"), hint)
}

fn banner(config: &ServerConfig, addresses: &Addresses) -> Vec<String> {
    let mut lines = vec![
        "Vesta is up.".to_owned(),
        String::new(),
        format!("  page      http://{}", shown(addresses.api)),
    ];
    if let Some(sdk) = addresses.sdk {
        lines.push(format!("  intake    http://{}", shown(sdk)));
    }
    if let Some(socket) = &addresses.sdk_socket {
        lines.push(format!("  intake    unix://{}", socket.display()));
    }
    let otlp = [(addresses.otlp_grpc, "gRPC"), (addresses.otlp_http, "HTTP")];
    for (address, protocol) in otlp {
        lines.extend(address.map(|address| format!("  otlp      http://{} ({protocol})", shown(address))));
    }
    if !addresses.taken.is_empty() {
        let taken = addresses.taken.join(" and ");
        lines.push(format!("  otlp      not at {taken}: another program listens there"));
    }
    lines.push(format!("  data      {}", config.data.display()));
    lines.push(String::new());
    lines.extend(how_to_send(addresses));
    lines.push("Profiles show up a minute later. Ctrl-C stops Vesta.".to_owned());
    lines
}

/// The lines to copy.
fn how_to_send(addresses: &Addresses) -> Vec<String> {
    let agent = match (addresses.sdk, &addresses.sdk_socket) {
        (Some(sdk), _) if sdk.port() == SDK_PORT => String::new(),
        (Some(sdk), _) => format!("DD_TRACE_AGENT_URL=http://{} ", shown(sdk)),
        (None, Some(socket)) => format!("DD_TRACE_AGENT_URL=unix://{} ", socket.display()),
        (None, None) => return Vec::new(),
    };
    let variables =
        format!("{agent}DD_PROFILING_ENABLED=true DD_ENV=prod DD_SERVICE=my-web-app DD_VERSION=1.0.3");
    vec![
        "Profile a service, in Python, in Node.js or compiled:".to_owned(),
        String::new(),
        "  pip install ddtrace".to_owned(),
        format!("  {variables} ddtrace-run python app.py"),
        String::new(),
        "  npm install dd-trace".to_owned(),
        format!("  {variables} node --require dd-trace/init app.js"),
        String::new(),
        format!("  {variables} vesta run ./app"),
        String::new(),
    ]
}

/// An address as people open it.
fn shown(address: SocketAddr) -> String {
    match address.ip() {
        ip if ip.is_loopback() && ip.is_ipv4() => format!("localhost:{}", address.port()),
        ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    }
}
