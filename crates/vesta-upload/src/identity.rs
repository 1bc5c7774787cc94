//! Who an upload is from.

use crate::{Event, Headers, Tag, Tags};

/// Who an upload is from, as the columns that searches start with. Empty where it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The tag `service`. Without one it is `unnamed-python-service` and so on, as with Datadog's agent; with no known
    /// language it is `unnamed-service`.
    pub service: String,
    /// The tag `env`, else the `default_env` of the agent in between.
    pub env: String,
    /// The tag `version`: the version of the service.
    pub version: String,
    /// The tag `host`, else what the headers say.
    pub host: String,
    /// The implementation of the language: `CPython`, `nodejs`, `go`, `jvm`, ...
    pub runtime: String,
    /// The language, from the family: `python`, `javascript`, `go`, `java`, `ruby`, `dotnet`, `php`, `native`.
    pub language: String,
    /// The family of the event, as it came.
    pub family: String,
    /// The tag `runtime-id`: one per process.
    pub runtime_id: String,
}

/// The tags of an upload: those of the event, then those that the headers add.
pub(crate) fn complete_tags(event: &Event, headers: &Headers) -> Tags {
    let mut tags = event.tags.clone();
    for tag in &additional_tags(headers) {
        match tag.key.as_str() {
            "default_env" => insert_if_missing(&mut tags, "env", &tag.value),
            "host" | "env" => insert_if_missing(&mut tags, &tag.key, &tag.value),
            _ => tags.insert(tag.clone()),
        }
    }
    if let Some(list) = headers.get("x-datadog-container-tags") {
        Tags::parse(list).iter().for_each(|tag| tags.insert(tag.clone()));
    }
    if let Some(id) = container_id(headers) {
        insert_if_missing(&mut tags, "container_id", id);
    }
    tags
}

impl Identity {
    pub(crate) fn new(event: &Event, tags: &Tags, headers: &Headers) -> Identity {
        let tag = |keys: &[&str]| keys.iter().find_map(|key| tags.get(key)).map(str::to_owned);
        let language = language(&event.family, tags);
        let host = tag(&["host", "hostname"])
            .or_else(|| hostname_of_platform(event))
            .or_else(|| headers.get("x-datadog-hostname").map(str::to_owned))
            .or_else(|| tag(&["container_id"]));
        Identity {
            service: tag(&["service"]).unwrap_or_else(|| unnamed_service(&language)),
            env: tag(&["env"]).unwrap_or_default(),
            version: tag(&["version"]).unwrap_or_default(),
            host: host.unwrap_or_default(),
            runtime: tag(&["runtime", "runtime_engine", "language"]).unwrap_or_default(),
            language,
            family: event.family.clone(),
            runtime_id: tag(&["runtime-id", "runtime_id"]).unwrap_or_default(),
        }
    }
}

/// `X-Datadog-Additional-Tags`, which agents add. In Lambda they forget a comma before `_dd.origin`.
fn additional_tags(headers: &Headers) -> Tags {
    let list = headers.get("x-datadog-additional-tags").unwrap_or_default();
    Tags::parse(&list.replace("_dd.origin:", ",_dd.origin:"))
}

fn container_id(headers: &Headers) -> Option<&str> {
    let entity = headers.get("datadog-entity-id").and_then(|entity| entity.strip_prefix("ci-"));
    headers.get("datadog-container-id").or(entity).map(str::trim).filter(|id| !id.is_empty())
}

fn insert_if_missing(tags: &mut Tags, key: &str, value: &str) {
    if tags.get(key).is_none() && !value.is_empty() {
        tags.insert(Tag { key: key.to_owned(), value: value.to_owned() });
    }
}

/// The family decides: the tag says `jvm` for Java and is missing for Go. It helps where the family is unknown.
fn language(family: &str, tags: &Tags) -> String {
    let known = |name: &str| match name {
        "node" | "nodejs" | "javascript" | "chrome" => Some("javascript"),
        "java" | "jvm" => Some("java"),
        "go" => Some("go"),
        "python" => Some("python"),
        "ruby" => Some("ruby"),
        "dotnet" => Some("dotnet"),
        "php" => Some("php"),
        "native" => Some("native"),
        _ => None,
    };
    let tag = tags.get("language").unwrap_or_default();
    match known(family).or_else(|| known(tag)) {
        Some(language) => language.to_owned(),
        None if tag.is_empty() => family.to_owned(),
        None => tag.to_owned(),
    }
}

fn unnamed_service(language: &str) -> String {
    if language.is_empty() { "unnamed-service".to_owned() } else { format!("unnamed-{language}-service") }
}

fn hostname_of_platform(event: &Event) -> Option<String> {
    let name = event.info.as_ref()?.pointer("/platform/hostname")?.as_str()?;
    (!name.is_empty()).then(|| name.to_owned())
}
