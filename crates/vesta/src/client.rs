//! A server's API, as the commands need it.

use crate::arguments::{Connection, ScopeArguments, ValueArguments};
use crate::failure::hinted;
use anyhow::{Context, Result};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body};
use vesta_export::{Trust, distrust};

/// A connection to a server.
pub(crate) struct Client {
    agent: Agent,
    server: String,
    token: Option<String>,
}

/// Parameters of a request, in order.
pub(crate) type Parameters = Vec<(&'static str, String)>;

/// What the server says when it does not do what it was asked: `application/problem+json`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: String,
    detail: String,
    hint: Option<String>,
}

/// The answer of `GET /api/v1/types`, as far as it is used: the most useful type comes first.
#[derive(Debug, Deserialize)]
struct Types {
    types: Vec<Type>,
}

#[derive(Debug, Deserialize)]
struct Type {
    name: String,
}

impl Client {
    /// A client for the server and token of the command line.
    pub(crate) fn new(connection: &Connection) -> Client {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(10)))
            // Queries end after 30 s at the server by default, uploads take as long as their bytes do.
            .timeout_recv_response(Some(Duration::from_secs(120)))
            .user_agent(concat!("vesta/", env!("CARGO_PKG_VERSION")))
            .tls_config(Trust::System.config())
            .build();
        Client {
            agent: config.into(),
            server: connection.server.trim_end_matches('/').to_owned(),
            token: connection.token.clone().filter(|token| !token.is_empty()),
        }
    }

    /// The address of the server.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Asks for a JSON document.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str, parameters: &Parameters) -> Result<T> {
        let bytes = self.get_bytes(path, parameters)?;
        serde_json::from_slice(&bytes).with_context(|| {
            format!("the answer of {}{path} is not what this version of vesta expects", self.server)
        })
    }

    /// Asks for a file.
    pub(crate) fn get_bytes(&self, path: &str, parameters: &Parameters) -> Result<Vec<u8>> {
        let request = self
            .agent
            .get(format!("{}{path}", self.server))
            .query_pairs(parameters.iter().map(|(name, value)| (*name, value.as_str())));
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let mut response = request.call().map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(self.refusal(path, &mut response));
        }
        let body = response.body_mut().with_config().limit(1 << 30).read_to_vec();
        body.with_context(|| format!("the answer of {}{path} broke off", self.server))
    }

    /// Sends an upload. A server that is too busy says when to come again: `Ok(Some(wait))`.
    pub(crate) fn upload(&self, content_type: &str, body: &[u8]) -> Result<Option<Duration>> {
        let path = "/profiling/v1/input";
        let request = self.agent.post(format!("{}{path}", self.server)).header("Content-Type", content_type);
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let mut response = request.send(body).map_err(|error| self.unreachable(error))?;
        match response.status() {
            status if status.is_success() => Ok(None),
            StatusCode::TOO_MANY_REQUESTS => {
                let seconds = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
                let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or(1);
                Ok(Some(Duration::from_secs(seconds)))
            }
            _ => Err(self.refusal(path, &mut response)),
        }
    }

    /// Sends a file, and answers the JSON document that comes back.
    pub(crate) fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &Parameters,
        body: &[u8],
    ) -> Result<T> {
        let request = self
            .agent
            .post(format!("{}{path}", self.server))
            .query_pairs(parameters.iter().map(|(name, value)| (*name, value.as_str())))
            .header("Content-Type", "application/octet-stream");
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let mut response = request.send(body).map_err(|error| self.unreachable(error))?;
        if !response.status().is_success() {
            return Err(self.refusal(path, &mut response));
        }
        let bytes = response.body_mut().read_to_vec();
        let bytes = bytes.with_context(|| format!("the answer of {}{path} broke off", self.server))?;
        serde_json::from_slice(&bytes).with_context(|| {
            format!("the answer of {}{path} is not what this version of vesta expects", self.server)
        })
    }

    /// Removes something.
    pub(crate) fn delete(&self, path: &str) -> Result<()> {
        let request = self.agent.delete(format!("{}{path}", self.server));
        let request = match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        };
        let mut response = request.call().map_err(|error| self.unreachable(error))?;
        if response.status().is_success() { Ok(()) } else { Err(self.refusal(path, &mut response)) }
    }

    fn unreachable(&self, error: ureq::Error) -> anyhow::Error {
        if let Some(reason) = distrust(&error) {
            return hinted(
                format!("the server at {} has a certificate that is not trusted: {reason}", self.server),
                "name a file (PEM) with those whom to trust in SSL_CERT_FILE",
            );
        }
        let hint = "start one with `vesta up`, or name another with --server or VESTA_SERVER";
        match error {
            ureq::Error::BadUri(reason) => {
                hinted(format!("{} is not an address: {reason}", self.server), "write http://127.0.0.1:8378")
            }
            ureq::Error::Timeout(_) => hinted(
                format!("the server at {} does not answer in time", self.server),
                "ask for less, or try again",
            ),
            error => hinted(format!("cannot reach a server at {}: {error}", self.server), hint),
        }
    }

    fn refusal(&self, path: &str, response: &mut Response<Body>) -> anyhow::Error {
        let status = response.status();
        let text = response.body_mut().read_to_string().unwrap_or_default();
        let problem: Problem = serde_json::from_str(&text).unwrap_or_default();
        let what = [
            problem.detail.as_str(),
            problem.title.as_str(),
            status.canonical_reason().unwrap_or("an error"),
        ]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
        .to_owned();
        let message = format!("{} answers {}: {what}", self.server, status.as_u16());
        match (problem.hint, status) {
            (Some(hint), _) => hinted(message, hint),
            (None, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => hinted(
                message,
                "pass a token with --token or VESTA_TOKEN; `vesta token create` makes one where the server runs",
            ),
            (None, StatusCode::NOT_FOUND) => {
                hinted(message, format!("is that a Vesta server? {path} is not there"))
            }
            _ => anyhow::anyhow!(message),
        }
    }
}

/// The parameters of a scope.
pub(crate) fn scope_parameters(scope: &ScopeArguments) -> Parameters {
    let mut parameters = Parameters::new();
    if !scope.query.is_empty() {
        parameters.push(("query", scope.query.clone()));
    }
    let from = scope.from.clone().or_else(|| scope.last.as_ref().map(|last| format!("now-{last}")));
    parameters.extend(from.map(|from| ("from", from)));
    parameters.extend(scope.to.clone().map(|to| ("to", to)));
    parameters
}

/// The parameters of a scope and a value type. Without one on the command line it is the most useful one in scope, which
/// the server has to be asked for.
pub(crate) fn value_parameters(client: &Client, values: &ValueArguments) -> Result<Parameters> {
    let mut parameters = scope_parameters(&values.scope);
    parameters.extend(values.profile.iter().map(|id| ("profile", id.clone())));
    let value_type = match &values.value_type {
        Some(value_type) => Some(value_type.clone()),
        None => {
            let known: Types = client.get("/api/v1/types", &parameters)?;
            known.types.into_iter().next().map(|value_type| value_type.name)
        }
    };
    parameters.extend(value_type.map(|value_type| ("type", value_type)));
    parameters.extend(values.filter.iter().map(|filter| ("filter", filter.clone())));
    Ok(parameters)
}

/// Fails when a scope is given together with a file, which has none.
pub(crate) fn check_no_scope(values: &ValueArguments) -> Result<()> {
    let ValueArguments { scope, profile, value_type: _, filter } = values;
    let given = [
        ("--query", !scope.query.is_empty()),
        ("--from", scope.from.is_some()),
        ("--to", scope.to.is_some()),
        ("--last", scope.last.is_some()),
        ("--profile", !profile.is_empty()),
        ("--filter", !filter.is_empty()),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(crate::failure::usage(
            format!("{flag} asks a server, but a FILE is read without one"),
            "`vesta import` the file and leave FILE out, or leave the flag out",
        )),
    }
}
