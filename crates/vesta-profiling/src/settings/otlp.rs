//! What OpenTelemetry's variables say.

use super::layers::{Layers, Source};
use super::{Settings, Sources};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;
use vesta_export::{Endpoint, EndpointError};
use vesta_upload::Tag;

/// The variable that has the whole URL for profiles. In others, the path of profiles comes after what they have.
const WHOLE_URL: &str = "OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT";
/// Variables that say how OpenTelemetry's libraries send.
const PROTOCOLS: &[&str] = &["OTEL_EXPORTER_OTLP_PROFILES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];

/// The receiver at an address.
pub(super) fn receiver(address: &str, source: &Source) -> Result<Endpoint, EndpointError> {
    match source {
        Source::Environment(WHOLE_URL) => Endpoint::otlp_at(address),
        _ => Endpoint::otlp(address),
    }
}

/// Warns if an address from the environment is meant for gRPC, which is not spoken here.
pub(super) fn check_protocol(layers: &mut Layers, sources: &Sources<'_>) {
    let Some((address, Source::Environment(variable))) = layers.strongest("url").cloned() else { return };
    let wanted = PROTOCOLS.iter().find_map(|name| Some((name, (sources.environment)(name)?)));
    if let Some((name, wanted)) = wanted.filter(|(_, wanted)| wanted == "grpc") {
        layers.warn(format!(
            "{name} is {wanted}, but profiles are sent over HTTP: if {variable} ({address}) is for gRPC, name the port for \
             HTTP with --url (http://host:4318)"
        ));
    }
}

/// Pairs of names and values (`name=value,name=value`), in which other characters than those of names are written as
/// in URLs.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=')?;
        Some((decoded(name.trim())?, decoded(value.trim())?)).filter(|(name, _)| !name.is_empty())
    };
    let pairs: Option<Vec<_>> = parts.map(pair).collect();
    pairs.ok_or_else(|| "is no list of NAME=VALUE, separated by commas".to_owned())
}

/// Text with `%20` and the like in place of characters. A `%` that stands for nothing is a mistake.
fn decoded(text: &str) -> Option<String> {
    let is_escape =
        |after: &str| after.as_bytes().iter().take_while(|byte| byte.is_ascii_hexdigit()).count() >= 2;
    if !text.split('%').skip(1).all(is_escape) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

/// Takes from attributes what no other setting says.
pub(super) fn complete(settings: &mut Settings, attributes: Vec<(String, String)>) {
    for (key, value) in attributes {
        let own = match key.as_str() {
            "service.name" => &mut settings.service,
            "service.version" => &mut settings.version,
            "deployment.environment.name" | "deployment.environment" => &mut settings.environment,
            "host.name" => &mut settings.hostname,
            _ => {
                if !settings.tags.contains_key(&key) {
                    settings.tags.insert(Tag { key, value });
                }
                continue;
            }
        };
        own.get_or_insert(value);
    }
}
