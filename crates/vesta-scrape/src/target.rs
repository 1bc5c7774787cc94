//! What is scraped.

use crate::Kind;
use std::fmt;
use std::time::Duration;
use ureq::http::Uri;

/// A program that serves profiles, or one profile that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Without the path when it is the base of several profiles, else whole.
    url: String,
    instance: String,
    host: String,
    only: Option<Kind>,
}

/// Why an address could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is no address.
    #[error("`{0}` is no address; write http://host:6060, or the address of one profile")]
    Address(String),
    /// It names something below a path, and that is no kind of profile.
    #[error(
        "`{0}` is neither the base of profiles (it would end in /pprof or /) nor one of profile, heap, allocs, goroutine, \
         mutex and block"
    )]
    Profile(String),
}

impl Target {
    /// Reads `host:port`, `http://host:port`, a base path (`http://host/debug/pprof/`, `http://host/admin/pprof`), or one
    /// profile (`http://host/debug/pprof/heap`).
    pub fn parse(text: &str) -> Result<Target, TargetError> {
        let text = text.trim();
        let address = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let wrong = || TargetError::Address(text.to_owned());
        let uri: Uri = address.parse().map_err(|_| wrong())?;
        let authority = uri.authority().ok_or_else(wrong)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || authority.host().is_empty() {
            return Err(wrong());
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        // A password before the host is for the request alone.
        let shown = authority.as_str();
        let instance = shown.rsplit_once('@').map_or(shown, |(_, host)| host).to_owned();
        let path = uri.path();
        let last = path.rsplit('/').next().unwrap_or_default();
        if let Some(kind) = Kind::of_path(last) {
            return Ok(Target { url: address, instance, host, only: Some(kind) });
        }
        if uri.query().is_some() || !(path.ends_with('/') || path.ends_with("/pprof")) {
            return Err(TargetError::Profile(text.to_owned()));
        }
        let base =
            if path == "/" { "/debug/pprof".to_owned() } else { path.trim_end_matches('/').to_owned() };
        let scheme = uri.scheme_str().unwrap_or("http");
        Ok(Target { url: format!("{scheme}://{authority}{base}"), instance, host, only: None })
    }

    /// The address of a profile. CPU profiles take this long.
    pub(crate) fn request(&self, kind: Kind, duration: Duration) -> String {
        let mut url = match self.only {
            Some(_) => self.url.clone(),
            None => format!("{}/{}", self.url, kind.path()),
        };
        if kind == Kind::Cpu && !url.contains("seconds=") {
            let seconds = duration.as_secs().max(1);
            url.push_str(&format!("{}seconds={seconds}", if url.contains('?') { '&' } else { '?' }));
        }
        url
    }

    /// Those of `wanted` that it can have, each profile once: Go serves the one of the heap under two names.
    pub(crate) fn kinds(&self, wanted: &[Kind]) -> Vec<Kind> {
        let mut kinds = self.only.map_or_else(|| wanted.to_vec(), |kind| vec![kind]);
        kinds.sort_unstable();
        kinds.dedup_by_key(|kind| kind.file_name());
        kinds
    }

    /// Host and port: what tells it from other targets.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The address without secrets.
    pub(crate) fn identity(&self) -> String {
        format!("{} {:?}", self.instance, self.only)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.instance)
    }
}
