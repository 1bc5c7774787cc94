//! Where uploads go.

use std::fmt;
use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

/// What is spoken at an endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// Datadog's uploads, which Vesta and Datadog's agent take.
    #[default]
    Datadog,
    /// OpenTelemetry's, over HTTP in protocol buffers, which Vesta and OpenTelemetry's Collector take.
    Otlp,
}

impl Protocol {
    /// The protocol that settings call so.
    pub fn parse(name: &str) -> Option<Protocol> {
        [Protocol::Datadog, Protocol::Otlp].into_iter().find(|protocol| protocol.as_str() == name)
    }

    /// The name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Datadog => "datadog",
            Protocol::Otlp => "otlp",
        }
    }

    /// The port where it is usually spoken.
    pub fn port(self) -> u16 {
        match self {
            Protocol::Datadog => 8126,
            Protocol::Otlp => 4318,
        }
    }

    /// The path of the intake below the address of an agent or a receiver.
    fn path(self) -> &'static str {
        match self {
            Protocol::Datadog => "/profiling/v1/input",
            Protocol::Otlp => "/v1development/profiles",
        }
    }
}

/// Where uploads go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    pub(crate) protocol: Protocol,
    pub(crate) address: Address,
    /// The address as a person would write it, without secrets.
    shown: String,
    pub(crate) api_key: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    Url(String),
    Unix(PathBuf),
}

/// Why an address could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// Nothing was given.
    #[error("the address is empty; write it as http://host:{} or unix:///path", .0.port())]
    Empty(Protocol),
    /// A scheme that nobody speaks.
    #[error(
        "the address `{0}` has an unknown scheme; write it as http://host:{port}, https://host or unix:///path",
        port = .1.port()
    )]
    Scheme(String, Protocol),
    /// The host or its port makes no sense.
    #[error(
        "the address `{0}` has no host or a port that is no number from 1 to 65535; write it as http://host:{port}",
        port = .1.port()
    )]
    Host(String, Protocol),
    /// A Unix socket without a path.
    #[error("the address `{0}` has no absolute path; write it as unix:///run/vesta.socket")]
    Path(String),
    /// Agentless without a key.
    #[error("sending without an agent takes an API key: set --api-key or DD_API_KEY")]
    NoApiKey,
}

impl Endpoint {
    /// The intake of an agent at this address: `http://host:8126`, `https://host/prefix`, `host`, `host:8126`,
    /// `unix:///path` or `/path`.
    pub fn parse(address: &str) -> Result<Endpoint, EndpointError> {
        Endpoint::below(Protocol::Datadog, address)
    }

    /// A receiver of OpenTelemetry profiles at this address, in the same forms: `http://host:4318`. The path of profiles
    /// is added unless it is there.
    pub fn otlp(address: &str) -> Result<Endpoint, EndpointError> {
        let path = Protocol::Otlp.path();
        let address = address.trim().trim_end_matches('/');
        Endpoint::below(Protocol::Otlp, address.strip_suffix(path).unwrap_or(address))
    }

    /// A receiver of OpenTelemetry profiles at exactly this URL, path and all.
    pub fn otlp_at(url: &str) -> Result<Endpoint, EndpointError> {
        let url = url.trim();
        let unknown = || EndpointError::Scheme(url.to_owned(), Protocol::Otlp);
        let (scheme, rest) = url.split_once("://").ok_or_else(unknown)?;
        if !matches!(scheme, "http" | "https") {
            return Err(unknown());
        }
        let authority = rest.split('/').next().unwrap_or_default();
        check_authority(authority).ok_or_else(|| EndpointError::Host(url.to_owned(), Protocol::Otlp))?;
        let slash = if authority.len() == rest.len() { "/" } else { "" };
        let address = Address::Url(format!("{url}{slash}"));
        Ok(Endpoint::new(Protocol::Otlp, address, url.to_owned()))
    }

    /// The intake of an agent, or of a receiver, on this host and port.
    pub fn agent(protocol: Protocol, host: &str, port: u16) -> Endpoint {
        let is_v6 = host.parse::<Ipv6Addr>().is_ok();
        let base = if is_v6 { format!("http://[{host}]:{port}") } else { format!("http://{host}:{port}") };
        Endpoint::url(protocol, base)
    }

    /// The intake of a Datadog site (`datadoghq.com`), without an agent in between.
    pub fn agentless(site: &str, api_key: &str) -> Result<Endpoint, EndpointError> {
        if api_key.trim().is_empty() {
            return Err(EndpointError::NoApiKey);
        }
        let url = format!("https://intake.profile.{site}/api/v2/profile");
        Ok(Endpoint::new(Protocol::Datadog, Address::Url(url.clone()), url).with_api_key(api_key))
    }

    /// The same with an API key, for a server that demands one.
    #[must_use]
    pub fn with_api_key(mut self, api_key: &str) -> Endpoint {
        self.api_key = Some(api_key.trim().to_owned()).filter(|key| !key.is_empty());
        self
    }

    /// The same with further headers in each request. Those whose names cannot be are left out.
    #[must_use]
    pub fn with_headers(mut self, headers: impl IntoIterator<Item = (String, String)>) -> Endpoint {
        let is_name = |name: &str| {
            !name.is_empty()
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        self.headers.extend(headers.into_iter().filter(|(name, _)| is_name(name)));
        self
    }

    /// What is spoken there.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The intake below an address.
    fn below(protocol: Protocol, address: &str) -> Result<Endpoint, EndpointError> {
        let address = address.trim().trim_end_matches('/');
        if address.is_empty() {
            return Err(EndpointError::Empty(protocol));
        }
        if address.starts_with('/') {
            return Ok(Endpoint::unix(protocol, Path::new(address)));
        }
        let wrong_host = || EndpointError::Host(address.to_owned(), protocol);
        match address.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Ok(Endpoint::unix(protocol, Path::new(path))),
            Some(("unix", _)) => Err(EndpointError::Path(address.to_owned())),
            Some((scheme @ ("http" | "https"), rest)) => {
                let (authority, prefix) = match rest.split_once('/') {
                    Some((authority, prefix)) => (authority, format!("/{prefix}")),
                    None => (rest, String::new()),
                };
                check_authority(authority).ok_or_else(wrong_host)?;
                Ok(Endpoint::url(protocol, format!("{scheme}://{authority}{prefix}")))
            }
            Some(_) => Err(EndpointError::Scheme(address.to_owned(), protocol)),
            None if address.parse::<Ipv6Addr>().is_ok() => {
                Ok(Endpoint::agent(protocol, address, protocol.port()))
            }
            None => {
                let has_port = check_authority(address).ok_or_else(wrong_host)?;
                let port = if has_port { String::new() } else { format!(":{}", protocol.port()) };
                Ok(Endpoint::url(protocol, format!("http://{address}{port}")))
            }
        }
    }

    fn url(protocol: Protocol, base: String) -> Endpoint {
        Endpoint::new(protocol, Address::Url(format!("{base}{}", protocol.path())), base)
    }

    fn unix(protocol: Protocol, path: &Path) -> Endpoint {
        Endpoint::new(protocol, Address::Unix(path.to_owned()), format!("unix://{}", path.display()))
    }

    fn new(protocol: Protocol, address: Address, shown: String) -> Endpoint {
        Endpoint { protocol, address, shown, api_key: None, headers: Vec::new() }
    }

    /// The URL of a request.
    pub(crate) fn request_url(&self) -> String {
        match &self.address {
            Address::Url(url) => url.clone(),
            Address::Unix(_) => format!("http://localhost{}", self.protocol.path()),
        }
    }
}

/// Whether a host and an optional port could be that, and whether there is a port.
fn check_authority(authority: &str) -> Option<bool> {
    let port = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            if after.is_empty() { None } else { Some(after.strip_prefix(':')?) }
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let is_fine = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            if host.is_empty() || !host.chars().all(is_fine) {
                return None;
            }
            port
        }
    };
    match port {
        Some(port) => port.parse::<u16>().ok().filter(|port| *port > 0).map(|_| true),
        None => Some(false),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.shown)
    }
}
