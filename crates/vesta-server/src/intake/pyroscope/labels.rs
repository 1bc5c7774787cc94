//! What labels say of the process, in the words of the upload.

use crate::connection::Origin;
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};
use vesta_upload::build::tag_value;
use vesta_upload::{Tag, Tags};

/// A label of a profile.
#[derive(Clone, PartialEq, Eq, prost::Message, Deserialize)]
#[serde(default)]
pub(super) struct Label {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) value: String,
}

/// The labels of a profile, and what the request says besides.
pub(super) struct Labels<'a> {
    labels: &'a [Label],
    /// What the application is called where no label says it.
    application: &'a str,
}

/// Clients by the name they give themselves.
const SPIES: &[(&str, &str)] = &[
    ("gospy", "go"),
    ("pyspy", "python"),
    ("nodespy", "node"),
    ("rbspy", "ruby"),
    ("rubyspy", "ruby"),
    ("javaspy", "java"),
    ("dotnetspy", "dotnet"),
    ("phpspy", "php"),
    ("ebpfspy", "native"),
    ("pyroscope-rs", "native"),
    ("pprof-rs", "native"),
];

/// Runtimes by the name that OpenTelemetry's conventions give them.
const RUNTIMES: &[(&str, &str)] = &[
    ("go", "go"),
    ("cpython", "python"),
    ("pypy", "python"),
    ("nodejs", "node"),
    ("ruby", "ruby"),
    ("rust", "native"),
    (".net", "dotnet"),
    ("php", "php"),
];

/// Labels that tell hosts apart, the best first.
const HOSTS: &[&str] = &["host", "hostname", "host.name", "instance", "pod", "k8s.pod.name", "node"];

impl<'a> Labels<'a> {
    pub(super) fn new(labels: &'a [Label], application: &'a str) -> Self {
        Labels { labels, application }
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        let found = self.labels.iter().find(|label| label.name == name && !label.value.is_empty());
        found.map(|label| label.value.as_str())
    }

    /// The family of the upload: the client's language, as far as anything tells it.
    pub(super) fn family(&self, spy: &str, is_go: bool) -> &'static str {
        let find = |known: &[(&str, &'static str)], name: &str| {
            known.iter().find(|(known, _)| *known == name).map(|(_, family)| *family)
        };
        let runtime = self.get("process.runtime.name").unwrap_or_default();
        find(SPIES, spy).or_else(|| find(RUNTIMES, &runtime.to_ascii_lowercase())).unwrap_or(if is_go {
            "go"
        } else {
            "pyroscope"
        })
    }

    /// The tags: those that Vesta goes by, then all labels that are not private, under their own names.
    ///
    /// Processes that do not say which host they are on are told apart by the address they send from: values that are
    /// snapshots count once per process, and a fleet must not pass for one process.
    pub(super) fn tags(&self, origin: Origin, headers: &HeaderMap) -> Tags {
        let mut tags = Tags::new();
        let mut add = |key: &str, value: Option<&str>| {
            if let Some(value) = value.filter(|value| !value.trim().is_empty()) {
                tags.insert(Tag { key: key.to_owned(), value: tag_value(value.trim()) });
            }
        };
        let application = (!self.application.is_empty()).then_some(self.application);
        let service = self.get("service_name").or_else(|| self.get("service.name"));
        add("service", service.or(application));
        if service.is_some() {
            add("app_name", application);
        }
        add("runtime-id", self.get("__session_id__"));
        add("runtime", self.get("process.runtime.name"));
        add("runtime_version", self.get("process.runtime.version"));
        add("tenant", headers.get("x-scope-orgid").and_then(|value| value.to_str().ok()));
        let peer = origin.peer.filter(|peer| !peer.is_loopback()).map(|peer| peer.to_string());
        add("host", HOSTS.iter().find_map(|name| self.get(name)).or(peer.as_deref()));
        for label in self.labels.iter().filter(|label| !is_private(&label.name)) {
            add(&label.name, Some(&label.value));
        }
        tags
    }

    /// The labels that only Pyroscope goes by; they are kept with the upload.
    pub(super) fn private(&self) -> Value {
        let private = self.labels.iter().filter(|label| is_private(&label.name));
        Value::Object(
            private.map(|label| (label.name.clone(), label.value.clone().into())).collect::<Map<_, _>>(),
        )
    }
}

fn is_private(name: &str) -> bool {
    name.starts_with("__")
}
