//! Asking a target.

use crate::Settings;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use ureq::Agent;
use vesta_export::{Deadline, distrust};

/// The most bytes of one answer.
const MAX_ANSWER: u64 = 64 << 20;
/// The most time that an answer takes beyond what was asked for.
const PATIENCE: Duration = Duration::from_secs(20);
/// What a request takes at least, however little time is left.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// How often a target is asked for one profile.
const ATTEMPTS: u32 = 3;
/// How late an attempt may fail to be followed by another: a CPU profile that took its time is not taken again.
const RETRIED_WITHIN: Duration = Duration::from_secs(5);
/// The pause after the first attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(300);

/// Why a target did not answer with a profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// It answers with another status.
    #[error("{url} answers {status}{}", if message.is_empty() { String::new() } else { format!(": {message}") })]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// The first line of the answer.
        message: String,
    },
    /// There is no answer.
    #[error("{url} does not answer: {reason}")]
    Silent {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// It shows a certificate that is not to be trusted.
    #[error(
        "{url} has a certificate that is not trusted: {reason}; --ca-cert FILE names whom to trust, --insecure trusts \
         anybody"
    )]
    Untrusted {
        /// What was asked for.
        url: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// The answer is no profile.
    #[error("{url} answers with something that is no profile: {reason}")]
    NoProfile {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// The token to show cannot be read.
    #[error("cannot read the token in {}: {reason}", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl FetchError {
    /// Whether there is no such profile.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, FetchError::Status { status: 404 | 405 | 501, .. })
    }

    /// Whether nothing that the target serves can be read.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, FetchError::Silent { .. } | FetchError::Untrusted { .. })
    }

    /// Whether the next moment may be better.
    fn may_pass(&self) -> bool {
        match self {
            FetchError::Silent { .. } => true,
            FetchError::Status { status, .. } => matches!(status, 408 | 429 | 500..=599),
            FetchError::Untrusted { .. } | FetchError::NoProfile { .. } | FetchError::Token { .. } => false,
        }
    }
}

/// Asks targets.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    agent: Agent,
    headers: Vec<(String, String)>,
    bearer_token_file: Option<PathBuf>,
}

impl Fetcher {
    pub(crate) fn new(settings: &Settings) -> Fetcher {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            // The next request is a period away, and a target may be another process by then.
            .max_idle_connections(0)
            .tls_config(settings.trust.config())
            .user_agent(concat!("vesta/", env!("CARGO_PKG_VERSION")));
        Fetcher {
            agent: config.build().into(),
            headers: settings.headers.clone(),
            bearer_token_file: settings.bearer_token_file.clone(),
        }
    }

    /// The answer to a request that takes this long, asked for again if need be and as long as there is time.
    pub(crate) fn get(&self, url: &str, takes: Duration, until: &Deadline) -> Result<Vec<u8>, FetchError> {
        let mut pause = FIRST_PAUSE;
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let patience = until.remaining().unwrap_or_default().clamp(LEAST_PATIENCE, PATIENCE);
            let outcome = self.attempt(url, takes + patience);
            let is_early = attempt < ATTEMPTS && started.elapsed() < RETRIED_WITHIN;
            match outcome {
                Err(error) if error.may_pass() && is_early && until.pause(pause) => {
                    attempt += 1;
                    pause *= 2;
                }
                outcome => return outcome,
            }
        }
    }

    fn attempt(&self, url: &str, patience: Duration) -> Result<Vec<u8>, FetchError> {
        let (bare, credentials) = without_credentials(url);
        let mut request = self.agent.get(bare);
        let is_authorized = |(name, _): &(String, String)| name.eq_ignore_ascii_case("authorization");
        if let Some(credentials) = credentials
            && self.bearer_token_file.is_none()
            && !self.headers.iter().any(is_authorized)
        {
            request =
                request.header("Authorization", format!("Basic {}", BASE64_STANDARD.encode(credentials)));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(path) = &self.bearer_token_file {
            let token = std::fs::read_to_string(path);
            let token =
                token.map_err(|error| FetchError::Token { path: path.clone(), reason: error.to_string() })?;
            request = request.header("Authorization", format!("Bearer {}", token.trim()));
        }
        let silent = |error: ureq::Error| match distrust(&error) {
            Some(reason) => FetchError::Untrusted { url: shown(url), reason },
            None => FetchError::Silent { url: shown(url), reason: error.to_string() },
        };
        let request = request.config().timeout_global(Some(patience)).build();
        let mut answer = request.call().map_err(silent)?;
        let status = answer.status().as_u16();
        if status != 200 {
            let text = answer.body_mut().with_config().limit(4_096).read_to_string().unwrap_or_default();
            let message = text.lines().next().unwrap_or_default().chars().take(200).collect();
            return Err(FetchError::Status { url: shown(url), status, message });
        }
        answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(limit) => {
                FetchError::NoProfile { url: shown(url), reason: format!("it has more than {limit} bytes") }
            }
            error => silent(error),
        })
    }
}

/// An address without a password.
pub(crate) fn shown(url: &str) -> String {
    without_credentials(url).0
}

/// An address without user and password, and those, if it has them.
fn without_credentials(url: &str) -> (String, Option<Vec<u8>>) {
    let whole = || (url.to_owned(), None);
    let Some((scheme, rest)) = url.split_once("://") else { return whole() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some((credentials, host)) = authority.rsplit_once('@') else { return whole() };
    (format!("{scheme}://{host}{path}"), Some(percent_decode_str(credentials).collect()))
}
