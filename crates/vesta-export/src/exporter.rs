//! Sending one upload.

use crate::endpoint::{Address, Protocol};
use crate::trust::{Trust, distrust};
use crate::unix::UnixConnector;
use crate::{Deadline, Endpoint, SendError};
use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::time::Duration;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, config::Config, http::Response};
use vesta_formats::compression;
use vesta_formats::otlp::reply;

/// The most time that one attempt takes, as in Datadog's libraries.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The most attempts for one upload.
const MAX_ATTEMPTS: u32 = 5;
/// The pause after the first attempt; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause, also when an agent asks for more.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// The same for receivers of OpenTelemetry: they are given the time that they ask for, as long as it is no nonsense.
const LONGEST_PAUSE_OF_OTLP: Duration = Duration::from_secs(86_400);
/// How much of an answer is read.
const MAX_ANSWER: u64 = 4_096;

/// Who sends.
#[derive(Clone, Copy, Debug)]
pub struct Sender<'a> {
    /// The name of the profiler.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The container that it runs in, when it does.
    pub container_id: Option<&'a str>,
}

/// An upload that was acknowledged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// After how many attempts.
    pub attempts: u32,
    /// What the server has to say of it all the same: that it left something out, say.
    pub remark: Option<String>,
}

/// Sends uploads to one endpoint.
#[derive(Debug)]
pub struct Exporter {
    agent: Agent,
    endpoint: Endpoint,
    headers: Vec<(String, String)>,
}

/// How an attempt ended, when not well.
enum Failure {
    Final(SendError),
    Passing { reason: String, wait: Option<Duration> },
}

impl Exporter {
    /// An exporter; nothing is sent yet.
    pub fn new(endpoint: Endpoint, sender: &Sender<'_>, trust: &Trust) -> Exporter {
        let headers = headers(&endpoint, sender);
        let has_secrets = endpoint.api_key.is_some() || !endpoint.headers.is_empty();
        let is_local = matches!(endpoint.address, Address::Unix(_)) || !has_secrets;
        let mut config = Config::builder()
            .user_agent(header_text(&format!("{}/{}", sender.name, sender.version)))
            .http_status_as_error(false)
            .max_redirects(0)
            .tls_config(trust.config())
            // The next upload comes a minute later: a connection kept for it would only be found closed.
            .max_idle_connections(0)
            .timeout_global(Some(ATTEMPT_TIMEOUT));
        if is_local {
            // An agent is on this host or in this network; a proxy from the environment is for the way out.
            config = config.proxy(None);
        }
        let config = config.build();
        let agent = match &endpoint.address {
            Address::Unix(path) => {
                Agent::with_parts(config, UnixConnector::new(path.clone()), DefaultResolver::default())
            }
            Address::Url(_) => {
                Agent::with_parts(config, DefaultConnector::default(), DefaultResolver::default())
            }
        };
        Exporter { agent, endpoint, headers }
    }

    /// Where it sends.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a body, again if need be, until it is acknowledged or refused or the deadline is there. A message of
    /// OpenTelemetry's is compressed for the way.
    pub fn send(&self, content_type: &str, body: &[u8], deadline: &Deadline) -> Result<Sent, SendError> {
        self.send_watched(content_type, body, deadline, &mut |_| ())
    }

    /// The same, and says of each attempt that failed what was wrong, before the next.
    pub fn send_watched(
        &self,
        content_type: &str,
        body: &[u8],
        deadline: &Deadline,
        failed: &mut dyn FnMut(&str),
    ) -> Result<Sent, SendError> {
        let request = Request::new(self.endpoint.protocol, content_type, body);
        let mut pause = FIRST_PAUSE;
        let mut last = "there was no time left".to_owned();
        let mut attempts = 0;
        while attempts < MAX_ATTEMPTS {
            let Some(left) = deadline.remaining() else { break };
            attempts += 1;
            match self.attempt(&request, left.min(ATTEMPT_TIMEOUT)) {
                Ok(remark) => return Ok(Sent { attempts, remark }),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { reason, wait }) => {
                    failed(&reason);
                    last = reason;
                    let wait = wait.unwrap_or_default().max(jittered(pause)).min(self.longest_pause());
                    if attempts == MAX_ATTEMPTS || !deadline.pause(wait) {
                        break;
                    }
                    pause *= 2;
                }
            }
        }
        Err(SendError::Unavailable { endpoint: self.endpoint.to_string(), reason: last, attempts })
    }

    /// One attempt. Answers what the server has to say of what it took.
    fn attempt(&self, request: &Request<'_>, timeout: Duration) -> Result<Option<String>, Failure> {
        let mut post = self.agent.post(self.endpoint.request_url()).content_type(request.content_type);
        for (name, value) in &self.headers {
            post = post.header(name, value);
        }
        if let Some(encoding) = request.encoding {
            post = post.header("Content-Encoding", encoding);
        }
        let sent = post.config().timeout_global(Some(timeout)).build().send(&*request.body);
        let endpoint = self.endpoint.to_string();
        let mut answer = match sent {
            Ok(answer) => answer,
            Err(error) => {
                return Err(match distrust(&error) {
                    Some(reason) => Failure::Final(SendError::Untrusted { endpoint, reason }),
                    None => Failure::Passing { reason: reason(&error), wait: None },
                });
            }
        };
        let status = answer.status().as_u16();
        let protocol = self.endpoint.protocol;
        if (200..300).contains(&status) {
            return Ok(if protocol == Protocol::Otlp { remark(&mut answer) } else { None });
        }
        let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        match status {
            status if may_pass(protocol, status) => Err(Failure::Passing {
                reason: format!("it answers {status}"),
                wait: wait.map(Duration::from_secs),
            }),
            401 | 403 => Err(Failure::Final(SendError::Forbidden { endpoint, status, protocol })),
            404 => Err(Failure::Final(SendError::NoIntake { endpoint, protocol })),
            status => {
                let message = complaint(&mut answer);
                Err(Failure::Final(SendError::Rejected { endpoint, status, message }))
            }
        }
    }

    fn longest_pause(&self) -> Duration {
        match self.endpoint.protocol {
            Protocol::Datadog => LONGEST_PAUSE,
            Protocol::Otlp => LONGEST_PAUSE_OF_OTLP,
        }
    }
}

/// A request as it goes out.
struct Request<'a> {
    content_type: &'a str,
    encoding: Option<&'static str>,
    body: Cow<'a, [u8]>,
}

impl<'a> Request<'a> {
    /// Attachments of uploads are compressed already.
    fn new(protocol: Protocol, content_type: &'a str, body: &'a [u8]) -> Request<'a> {
        match protocol {
            Protocol::Otlp if let Ok(packed) = compression::compress_gzip(body) => {
                Request { content_type, encoding: Some("gzip"), body: Cow::Owned(packed) }
            }
            _ => Request { content_type, encoding: None, body: Cow::Borrowed(body) },
        }
    }
}

/// What all requests carry.
fn headers(endpoint: &Endpoint, sender: &Sender<'_>) -> Vec<(String, String)> {
    let of_datadog = [
        ("DD-EVP-ORIGIN", Some(sender.name)),
        ("DD-EVP-ORIGIN-VERSION", Some(sender.version)),
        ("Datadog-Container-ID", sender.container_id),
    ];
    let own = of_datadog.into_iter().filter(|_| endpoint.protocol == Protocol::Datadog);
    let own = own.chain([("DD-API-KEY", endpoint.api_key.as_deref())]);
    let own = own.filter_map(|(name, value)| Some((name, value?)));
    let others = endpoint.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    own.chain(others).map(|(name, value)| (name.to_owned(), header_text(value))).collect()
}

/// Whether the same request may be taken a little later.
fn may_pass(protocol: Protocol, status: u16) -> bool {
    match protocol {
        Protocol::Datadog => matches!(status, 408 | 429 | 500..=599),
        // The specification of OTLP has these four, and no others.
        Protocol::Otlp => matches!(status, 429 | 502 | 503 | 504),
    }
}

/// What a receiver says of a message that it took.
fn remark(answer: &mut Response<Body>) -> Option<String> {
    let body = body(answer);
    let reply = reply::Response::parse(&body)?;
    let because = |text: &str| if text.is_empty() { String::new() } else { format!(": {text}") };
    match (reply.rejected, short(reply.message)) {
        (0, text) if text.is_empty() => None,
        (0, text) => Some(format!("it says{}", because(&text))),
        (1, text) => Some(format!("it left out one profile{}", because(&text))),
        (count, text) => Some(format!("it left out {count} profiles{}", because(&text))),
    }
}

/// Why a server refuses a request, on one line.
fn complaint(answer: &mut Response<Body>) -> String {
    let content_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
    let is_protobuf = content_type.is_some_and(|kind| kind.contains("protobuf"));
    let body = body(answer);
    match reply::Status::message_of(&body) {
        Some(message) if is_protobuf => short(message),
        _ => short(&String::from_utf8_lossy(&body)),
    }
}

fn body(answer: &mut Response<Body>) -> Vec<u8> {
    answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().unwrap_or_default()
}

/// As much of a text as fits a line of a log.
fn short(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

/// What was wrong with a connection, shortly.
fn reason(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::HostNotFound => "the host is not known".to_owned(),
        ureq::Error::Io(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
            io::ErrorKind::NotFound => "there is no such socket".to_owned(),
            _ => error.to_string(),
        },
        error => error.to_string(),
    }
}

/// Between half and all of a pause, so that many profilers do not come back at the same moment.
fn jittered(pause: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let share = u32::try_from(random % 512).unwrap_or_default();
    pause / 2 + pause / 1_024 * share
}

/// Text without what a header cannot hold.
fn header_text(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').collect()
}
