//! The values of settings, layer over layer.

use super::table::{self, SETTINGS};
use super::{DEFAULT_FILE, Sources};
use std::collections::BTreeMap;
use std::path::Path;
use vesta_export::{EndpointError, Protocol};

/// Why the profiler was called wrongly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A flag that does not exist.
    #[error("there is no setting `{0}`")]
    Unknown(String),
    /// A value that cannot be.
    #[error("`{value}` for --{name} {reason}")]
    Value {
        /// The setting.
        name: &'static str,
        /// What was given.
        value: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Where to send to.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The file that a flag names cannot be used.
    #[error("cannot read the settings in {path}: {reason}")]
    File {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Flag,
    Environment(&'static str),
    File(String),
    Default,
}

/// What each layer says about each setting, the strongest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Layers {
    values: BTreeMap<&'static str, Vec<(String, Source)>>,
    warnings: Vec<String>,
}

impl Layers {
    pub(super) fn new(flags: &[(String, String)], sources: &Sources<'_>) -> Result<Layers, SettingsError> {
        let mut layers = Layers::default();
        for (name, value) in flags {
            let setting = table::find(name).ok_or_else(|| SettingsError::Unknown(name.clone()))?;
            layers.add_flag(setting.name, value);
        }
        for setting in SETTINGS {
            for variable in setting.environment.iter().chain(setting.of_otlp) {
                // A variable that is set to nothing says nothing.
                if let Some(value) = (sources.environment)(variable).filter(|value| !value.is_empty()) {
                    layers.add(setting.name, value, Source::Environment(variable));
                }
            }
        }
        layers.add_file(sources.default_file)?;
        for setting in SETTINGS {
            layers.add(setting.name, setting.default.to_owned(), Source::Default);
        }
        let protocol = layers.protocol()?;
        layers.leave_out_variables_of_others(protocol);
        Ok(layers)
    }

    /// How profiles are sent.
    pub(super) fn protocol(&mut self) -> Result<Protocol, SettingsError> {
        self.read("protocol", |text| {
            Protocol::parse(&text.to_ascii_lowercase())
                .ok_or_else(|| "is neither datadog nor otlp".to_owned())
        })
    }

    /// An address or a key of one protocol is of no use to the other.
    fn leave_out_variables_of_others(&mut self, protocol: Protocol) {
        for setting in SETTINGS {
            let Some(values) = self.values.get_mut(setting.name) else { continue };
            values.retain(|(_, source)| match (source, protocol) {
                (Source::Environment(name), Protocol::Datadog) => !setting.of_otlp.contains(name),
                (Source::Environment(name), Protocol::Otlp) => {
                    !setting.of_datadog || setting.of_otlp.contains(name)
                }
                _ => true,
            });
        }
    }

    /// A later flag wins, except that events add up.
    fn add_flag(&mut self, name: &'static str, value: &str) {
        let values = self.values.entry(name).or_default();
        match values.first_mut() {
            Some((events, _)) if name == "event" => {
                events.push(';');
                events.push_str(value);
            }
            Some((first, _)) => value.clone_into(first),
            None => values.push((value.to_owned(), Source::Flag)),
        }
    }

    fn add(&mut self, name: &'static str, value: String, source: Source) {
        self.values.entry(name).or_default().push((value, source));
    }

    fn add_file(&mut self, default_file: bool) -> Result<(), SettingsError> {
        let (path, is_flag) = match self.strongest("config") {
            Some((path, source)) => (path.clone(), *source == Source::Flag),
            None if default_file && Path::new(DEFAULT_FILE).is_file() => (DEFAULT_FILE.to_owned(), false),
            None => return Ok(()),
        };
        match read_file(&path) {
            Ok(entries) => {
                for (name, value) in entries {
                    match table::find(&name) {
                        Some(setting) => self.add(setting.name, value, Source::File(path.clone())),
                        None if is_flag => {
                            let reason = format!("there is no setting `{name}`");
                            return Err(SettingsError::File { path, reason });
                        }
                        None => self.warn(format!("{path}: there is no setting `{name}`")),
                    }
                }
                Ok(())
            }
            Err(reason) if is_flag => Err(SettingsError::File { path, reason }),
            Err(reason) => {
                self.warn(format!("cannot read the settings in {path}: {reason}"));
                Ok(())
            }
        }
    }

    /// What the strongest layer says.
    pub(super) fn strongest(&self, name: &str) -> Option<&(String, Source)> {
        self.values.get(name).and_then(|values| values.first())
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.strongest(name).map(|(text, _)| text.trim().to_owned()).unwrap_or_default()
    }

    pub(super) fn is_flag(&self, name: &str) -> bool {
        self.strongest(name).is_some_and(|(_, source)| *source == Source::Flag)
    }

    pub(super) fn is_default(&self, name: &str) -> bool {
        self.strongest(name).is_some_and(|(_, source)| *source == Source::Default)
    }

    pub(super) fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    pub(super) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    pub(super) fn switch(&mut self, name: &'static str) -> Result<bool, SettingsError> {
        self.read(name, switch)
    }

    /// The strongest value that makes sense. One that does not is an error as a flag, else a warning and left out.
    pub(super) fn read<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        self.read_with_source(name, |text, _| parse(text))
    }

    /// The same, where it matters who said it.
    pub(super) fn read_with_source<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str, &Source) -> Result<T, String>,
    ) -> Result<T, SettingsError> {
        loop {
            let Some((value, source)) = self.strongest(name).cloned() else {
                let reason = "is missing".to_owned();
                return Err(SettingsError::Value { name, value: String::new(), reason });
            };
            let reason = match parse(value.trim(), &source) {
                Ok(parsed) => return Ok(parsed),
                Err(reason) => reason,
            };
            let place = match source {
                Source::Flag | Source::Default => {
                    return Err(SettingsError::Value { name, value, reason });
                }
                Source::Environment(variable) => variable.to_owned(),
                Source::File(path) => format!("{name} in {path}"),
            };
            self.warn(format!("`{value}` for {place} {reason}; it is left out"));
            if let Some(values) = self.values.get_mut(name) {
                values.remove(0);
            }
        }
    }
}

/// What people write for on and off.
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" | "" => Ok(false),
        _ => Err("is neither on nor off".to_owned()),
    }
}

/// Names and values of a TOML file. A list (of events) is joined.
fn read_file(path: &str) -> Result<Vec<(String, String)>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let table: toml::Table = toml::from_str(&text).map_err(|error| error.message().to_owned())?;
    let plain = |value: &toml::Value| match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(is_on) => Some(if *is_on { "on" } else { "off" }.to_owned()),
        _ => None,
    };
    let mut entries = Vec::new();
    for (name, value) in &table {
        let joined = match value {
            toml::Value::Array(values) => {
                let separator = if name == "tags" { "," } else { ";" };
                values.iter().map(plain).collect::<Option<Vec<_>>>().map(|texts| texts.join(separator))
            }
            value => plain(value),
        };
        entries.push((name.clone(), joined.ok_or_else(|| format!("`{name}` is neither text nor a number"))?));
    }
    Ok(entries)
}
