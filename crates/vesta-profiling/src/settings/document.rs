//! Settings as a configuration file.

use super::layers::{Layers, Source};
use super::table::SETTINGS;

/// All settings; those that nobody set are comments.
pub(super) fn write(layers: &Layers) -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let Some((value, source)) = layers.strongest(setting.name) else { continue };
        let (place, is_set) = match source {
            Source::Flag => ("a flag".to_owned(), true),
            Source::Environment(name) => ((*name).to_owned(), true),
            Source::File(path) => (path.clone(), true),
            Source::Default => ("the default".to_owned(), false),
        };
        let is_secret = matches!(setting.name, "api-key" | "otlp-headers") && !value.is_empty();
        let value = if is_secret { "(not shown)" } else { value.as_str() };
        let mark = if is_set && !is_secret && !is_about_this_run(setting.name) { "" } else { "# " };
        // A TOML string, which escapes as Rust does what can be in a value.
        let quoted = toml::Value::String(value.to_owned()).to_string();
        text.push_str(&format!("{mark}{} = {quoted}  # {place}\n", setting.name));
    }
    text
}

/// What makes no sense in a file.
fn is_about_this_run(name: &str) -> bool {
    matches!(name, "config" | "show-config" | "capture-config")
}
