//! The endpoints of an agent: which path means what, and quiet answers for all but uploads.
//!
//! One URL in a client's configuration serves profiling, tracing, telemetry and more. Vesta takes the profiles. If the
//! rest got errors, the client would fill its application's log with them, so the rest is read, dropped and counted.
//! Profiles may come in the protocols of other collectors as well, at the paths that their clients know.

use crate::intake::{Call, is_call};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

/// What a client asks of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Endpoint {
    /// An upload of profiles.
    Upload(Protocol),
    /// What the agent can do.
    Info,
    /// Something that is dropped.
    Dropped(Dropped),
}

/// How profiles are uploaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Protocol {
    /// As Datadog's profiling libraries do.
    Datadog,
    /// As Pyroscope's older clients do: a profile, described by the URL.
    PyroscopeIngest,
    /// As Pyroscope's newer clients do: profiles with labels, in a call.
    PyroscopePush,
    /// As OpenTelemetry does over HTTP.
    Otlp,
    /// As OpenTelemetry does over gRPC.
    OtlpGrpc(Call),
}

/// What is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Dropped {
    Traces,
    Telemetry,
    Configuration,
    Stats,
    Metrics,
    Proxied,
    Debugger,
    Symbols,
    Flare,
}

/// Whether something may stand before the path that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// Nothing.
    None,
    /// Anything, as when a client is given an agent URL with a path.
    Any,
}

/// Exact paths. `/v1/input` also ends the path of the agent's upload endpoint.
const EXACT: &[(&str, Endpoint)] = &[
    ("/profiling/v1/input", Endpoint::Upload(Protocol::Datadog)),
    ("/api/v2/profile", Endpoint::Upload(Protocol::Datadog)),
    ("/v1/input", Endpoint::Upload(Protocol::Datadog)),
    ("/ingest", Endpoint::Upload(Protocol::PyroscopeIngest)),
    ("/pyroscope/ingest", Endpoint::Upload(Protocol::PyroscopeIngest)),
    ("/push.v1.PusherService/Push", Endpoint::Upload(Protocol::PyroscopePush)),
    ("/v1development/profiles", Endpoint::Upload(Protocol::Otlp)),
    ("/info", Endpoint::Info),
    ("/v0.2/traces", Endpoint::Dropped(Dropped::Traces)),
    ("/v0.3/traces", Endpoint::Dropped(Dropped::Traces)),
    ("/v0.4/traces", Endpoint::Dropped(Dropped::Traces)),
    ("/v0.5/traces", Endpoint::Dropped(Dropped::Traces)),
    ("/v0.7/traces", Endpoint::Dropped(Dropped::Traces)),
    ("/v1.0/traces", Endpoint::Dropped(Dropped::Traces)),
    ("/v0.7/config", Endpoint::Dropped(Dropped::Configuration)),
    ("/v0.6/stats", Endpoint::Dropped(Dropped::Stats)),
    ("/v0.1/pipeline_stats", Endpoint::Dropped(Dropped::Stats)),
    ("/dogstatsd/v2/proxy", Endpoint::Dropped(Dropped::Metrics)),
    ("/dogstatsd/v1/proxy", Endpoint::Dropped(Dropped::Metrics)),
    ("/v0.4/services", Endpoint::Dropped(Dropped::Stats)),
];

/// Paths with something behind them.
const BELOW: &[(&str, Dropped)] = &[
    ("/telemetry/proxy/", Dropped::Telemetry),
    ("/evp_proxy/", Dropped::Proxied),
    ("/openlineage/", Dropped::Proxied),
    ("/intake/pipelines", Dropped::Proxied),
    ("/debugger/", Dropped::Debugger),
    ("/symdb", Dropped::Symbols),
    ("/tracer_flare", Dropped::Flare),
];

impl Endpoint {
    /// What a path means, if anything.
    pub(crate) fn of(path: &str, prefix: Prefix) -> Option<Endpoint> {
        match prefix {
            Prefix::None => known(path),
            Prefix::Any => path.match_indices('/').find_map(|(at, _)| known(&path[at..])),
        }
    }
}

fn known(path: &str) -> Option<Endpoint> {
    let path = path.strip_suffix('/').filter(|path| !path.is_empty()).unwrap_or(path);
    let exact = EXACT.iter().find(|(known, _)| *known == path).map(|(_, endpoint)| *endpoint);
    let below = || BELOW.iter().find(|(start, _)| path.starts_with(start));
    let call = || is_call(path).map(|call| Endpoint::Upload(Protocol::OtlpGrpc(call)));
    exact.or_else(call).or_else(|| below().map(|(_, what)| Endpoint::Dropped(*what)))
}

impl Dropped {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Dropped::Traces => "traces",
            Dropped::Telemetry => "telemetry",
            Dropped::Configuration => "config",
            Dropped::Stats => "stats",
            Dropped::Metrics => "dogstatsd",
            Dropped::Proxied => "evp_proxy",
            Dropped::Debugger => "debugger",
            Dropped::Symbols => "symdb",
            Dropped::Flare => "tracer_flare",
        }
    }

    /// The answer that keeps the client quiet.
    pub(crate) fn response(self) -> Response {
        match self {
            Dropped::Traces => Json(json!({ "rate_by_service": {} })).into_response(),
            Dropped::Telemetry => (StatusCode::ACCEPTED, Json(json!({}))).into_response(),
            _ => Json(json!({})).into_response(),
        }
    }
}

/// What this agent can do: take profiles. Remote configuration is not listed, so that clients do not poll for it.
/// There is no `Datadog-Agent-State` header: clients that see one fetch this again after every flush of traces.
pub(crate) fn info() -> Response {
    Json(json!({
        "version": concat!("vesta-", env!("CARGO_PKG_VERSION")),
        // Without the debugger's, ddtrace 4 warns about an agent that is too old, whether or not anybody debugs.
        "endpoints": ["/profiling/v1/input", "/debugger/v2/input"],
        "client_drop_p0s": false,
    }))
    .into_response()
}
