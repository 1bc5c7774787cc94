//! OpenTelemetry profiles and uploads: what the one says of a process, in the words of the other.
//!
//! [`upload`] makes an upload of what a message has of one process, [`message`] a message of a profile with the tags of an
//! upload. Each reads what the other writes: service, environment, version, host, language and all other tags are the
//! same after both.

use crate::build::tag_value;
use crate::{Compression, Limits, Tag, Tags, Upload, UploadBuilder};
use jiff::Timestamp;
use serde_json::json;
use std::time::Duration;
use vesta_formats::otlp::{self, Part, Resource};
use vesta_profile::Profile;
use xxhash_rust::xxh3::Xxh3;

/// Tags of Vesta that attributes of OpenTelemetry have another name for, the better attribute first.
const TAGS: &[(&str, &[&str])] = &[
    (
        "env",
        &["deployment.environment.name", "deployment.environment", "process.environment_variable.DD_ENV"],
    ),
    ("version", &["service.version", "process.environment_variable.DD_VERSION"]),
    ("host", &["host.name", "k8s.node.name", "host.id"]),
    ("container_id", &["container.id"]),
    ("container_name", &["container.name", "k8s.container.name"]),
    ("process_id", &["process.pid"]),
];

const SERVICE: &str = "service.name";
const RUNTIME: &str = "process.runtime.name";
/// The id of a process in uploads. Vesta's own exporter sends it under this name.
const PROCESS_ID: &str = "runtime-id";

/// What names a service, the best first. Profilers of hosts know of most programs no more than the executable.
const SERVICES: &[&str] = &[
    SERVICE,
    "process.environment_variable.OTEL_SERVICE_NAME",
    "process.environment_variable.DD_SERVICE",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "k8s.container.name",
    "container.name",
    "process.executable.name",
    "process.executable.path",
    "process.command",
    "k8s.pod.name",
];

/// What makes a process another one.
const PROCESS: &[&str] = &[
    "host.id",
    "host.name",
    "k8s.node.name",
    "k8s.pod.uid",
    "container.id",
    "process.pid",
    "process.creation.time",
    "process.executable.path",
    "process.executable.name",
    "service.namespace",
    "service.name",
];

/// The longest value of a tag.
const LONGEST: usize = 200;

/// What a message says of one process.
#[derive(Clone, Debug)]
pub struct Process {
    /// The family of profilers.
    pub family: &'static str,
    /// The tags.
    pub tags: Tags,
    /// When its profiles start.
    pub start: Timestamp,
    /// When they end.
    pub end: Timestamp,
    /// The name of the profiler; empty if it does not tell.
    pub profiler: String,
}

impl Process {
    /// The process of a part of a message. Profiles that do not tell their time were taken just before `now`.
    pub fn of(part: &Part, now: Timestamp) -> Process {
        let family = family(part);
        let (start, end) = period(part, now);
        Process { family, tags: tags(part, family), start, end, profiler: part.scope.clone() }
    }

    /// An upload about it, without attachments.
    pub fn upload(&self) -> UploadBuilder {
        let builder = UploadBuilder::new(self.family, self.start, self.end).tags(self.tags.iter().cloned());
        if self.profiler.is_empty() {
            return builder;
        }
        builder.field("info", json!({ "profiler": { "name": self.profiler } }))
    }
}

/// The upload that a part of a message becomes.
pub fn upload(part: Part, now: Timestamp) -> UploadBuilder {
    Process::of(&part, now).upload().attachment("profile.otlp", part.bytes, Compression::Zstd)
}

/// A profile of a process with these tags as a message, not compressed.
pub fn message(family: &str, tags: &Tags, profile: &Profile) -> Vec<u8> {
    let attributes = attributes(family, tags);
    otlp::encode(profile, attributes.iter().map(|(key, value)| (key.as_str(), value.as_str())))
}

/// The profiles of an upload as one message. What is beside them stays behind: metrics, traces, what cannot be read.
pub fn message_of_upload(upload: &Upload, limits: &Limits) -> Vec<u8> {
    let profile = upload.decode(limits).take_whole(&upload.event).unwrap_or_default();
    message(&upload.event.family, &upload.tags, &profile)
}

/// The attributes of a process with these tags. Of several tags with one key, the values are in one attribute.
fn attributes(family: &str, tags: &Tags) -> Vec<(String, String)> {
    let mut attributes: Vec<(String, String)> = Vec::new();
    for tag in tags {
        let key = attribute(&tag.key);
        match attributes.iter_mut().find(|(known, _)| known == key) {
            Some((_, value)) if *value == tag.value => {}
            Some((_, value)) => value.push_str(&format!(",{}", tag.value)),
            None => attributes.push((key.to_owned(), tag.value.clone())),
        }
    }
    let sdk = [
        ("service.instance.id", tags.get(PROCESS_ID)),
        ("telemetry.sdk.name", Some("vesta")),
        ("telemetry.sdk.language", sdk_of_family(family)),
        ("telemetry.sdk.version", Some(env!("CARGO_PKG_VERSION"))),
    ];
    for (key, value) in sdk {
        let is_new = attributes.iter().all(|(known, _)| known != key);
        attributes.extend(value.filter(|_| is_new).map(|value| (key.to_owned(), value.to_owned())));
    }
    attributes
}

/// The attribute that says what a tag does.
pub(crate) fn attribute(tag: &str) -> &str {
    match tag {
        "service" => SERVICE,
        "runtime" => RUNTIME,
        tag => {
            let known = TAGS.iter().find(|(known, _)| *known == tag);
            known.and_then(|(_, attributes)| attributes.first()).copied().unwrap_or(tag)
        }
    }
}

fn tags(part: &Part, family: &str) -> Tags {
    let resource = &part.resource;
    let mut tags = Tags::new();
    let mut add = |key: &str, value: &str| tags.insert(Tag { key: key.to_owned(), value: cut(value) });
    if let Some(service) = service(part) {
        add("service", &service);
    }
    for (tag, attributes) in TAGS {
        if let Some(value) = attributes.iter().find_map(|attribute| resource.get(attribute)) {
            add(tag, value);
        }
    }
    if let Some(id) = process_id(resource) {
        add(PROCESS_ID, &id);
    }
    if let Some(runtime) = runtime(resource, family) {
        add("runtime", runtime);
    }
    // Everything under its own name as well, since that is what users of OpenTelemetry search for.
    for (key, value) in resource.iter().filter(|(key, _)| !key.contains([':', ','])) {
        add(key, value);
    }
    tags
}

fn cut(value: &str) -> String {
    tag_value(&value[..value.floor_char_boundary(LONGEST)])
}

/// The service, if anything names it. Libraries that were given no name call it `unknown_service:java` and the like.
fn service(part: &Part) -> Option<String> {
    let name =
        |attribute: &&str| part.resource.get(attribute).filter(|name| !name.starts_with("unknown_service"));
    if let Some((attribute, name)) = SERVICES.iter().find_map(|key| Some((*key, name(key)?))) {
        // Of the path of a program the last part is what people call it. What they named themselves stays as it is.
        let is_path = attribute.starts_with("process.executable") || attribute == "process.command";
        let base = name.rsplit('/').next().filter(|base| is_path && !base.is_empty());
        return Some(base.unwrap_or(name).to_owned());
    }
    let is_kernel = !part.frame_types.is_empty() && part.frame_types.keys().all(|kind| kind == "kernel");
    is_kernel.then(|| "kernel".to_owned())
}

/// The family of profilers: the language of the program. A library says it; of others the frames do.
fn family(part: &Part) -> &'static str {
    let sdk = part.resource.get("telemetry.sdk.language").and_then(family_of_sdk);
    let runtime = || part.resource.get(RUNTIME).and_then(family_of_runtime);
    let frames = || {
        let known =
            part.frame_types.iter().filter_map(|(kind, count)| Some((*count, family_of_frames(kind)?)));
        known.max().map(|(_, family)| family)
    };
    let native = || if part.frame_types.is_empty() { "otel" } else { "native" };
    sdk.or_else(runtime).or_else(frames).unwrap_or_else(native)
}

fn family_of_sdk(language: &str) -> Option<&'static str> {
    Some(match language {
        "python" => "python",
        "java" => "java",
        "nodejs" => "node",
        "go" => "go",
        "dotnet" => "dotnet",
        "ruby" => "ruby",
        "php" => "php",
        "cpp" | "rust" | "swift" => "native",
        _ => return None,
    })
}

/// The language of the library for a family of profilers; of native programs that of Vesta itself.
fn sdk_of_family(family: &str) -> Option<&'static str> {
    Some(match family {
        "python" => "python",
        "java" => "java",
        "node" => "nodejs",
        "go" => "go",
        "dotnet" => "dotnet",
        "ruby" => "ruby",
        "php" => "php",
        "native" => "rust",
        _ => return None,
    })
}

fn family_of_runtime(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let known = [
        ("python", "python"),
        ("pypy", "python"),
        ("node", "node"),
        ("openjdk", "java"),
        ("java", "java"),
        ("hotspot", "java"),
        (".net", "dotnet"),
        ("ruby", "ruby"),
        ("go", "go"),
        ("php", "php"),
    ];
    known.into_iter().find(|(part, _)| name.contains(part)).map(|(_, family)| family)
}

fn family_of_frames(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "cpython" => "python",
        "jvm" => "java",
        "v8js" => "node",
        "go" => "go",
        "dotnet" => "dotnet",
        "ruby" => "ruby",
        "php" => "php",
        _ => return None,
    })
}

/// The implementation of the language.
fn runtime<'a>(resource: &'a Resource, family: &str) -> Option<&'a str> {
    resource.get(RUNTIME).or(match family {
        "python" => Some("CPython"),
        "node" => Some("nodejs"),
        "java" => Some("jvm"),
        "go" => Some("go"),
        _ => None,
    })
}

/// An id of the process, so that the latest heap of each can be found.
fn process_id(resource: &Resource) -> Option<String> {
    if let Some(id) = resource.get(PROCESS_ID) {
        return Some(id.to_owned());
    }
    if let Some(id) = resource.get("service.instance.id").filter(|_| resource.get("process.pid").is_none()) {
        return Some(id.to_owned());
    }
    let mut hasher = Xxh3::new();
    let mut any = false;
    for attribute in PROCESS {
        let value = resource.get(attribute);
        any |= value.is_some();
        let value = value.unwrap_or_default();
        hasher.update(&(value.len() as u64).to_le_bytes());
        hasher.update(value.as_bytes());
    }
    any.then(|| format!("{:032x}", hasher.digest128()))
}

/// When the profiles were taken; up to the time of receipt if they do not tell.
fn period(part: &Part, now: Timestamp) -> (Timestamp, Timestamp) {
    let time = |nanoseconds: u64| Timestamp::from_nanosecond(i128::from(nanoseconds)).ok();
    let start = time(part.start_ns).filter(|_| part.start_ns > 0);
    let Some(start) = start else {
        return (now.saturating_sub(Duration::from_secs(10)).unwrap_or(now), now);
    };
    (start, time(part.end_ns).unwrap_or(start).max(start))
}
