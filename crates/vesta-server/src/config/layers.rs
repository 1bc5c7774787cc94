//! Layers: reading one, and putting them on top of each other.

use super::{PartialConfig, ServerConfig};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Why a layer of configuration cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file is not TOML.
    #[error("the configuration is not valid TOML")]
    Syntax(#[source] toml::de::Error),
    /// A name that no setting has.
    #[error("there is no setting `{name}`{}", Suggestion(.suggestion))]
    Unknown {
        /// The name.
        name: String,
        /// A setting whose name is close.
        suggestion: Option<&'static str>,
    },
    /// A value that a setting cannot have.
    #[error("{name}: {reason}")]
    Value {
        /// The setting, or the environment variable.
        name: String,
        /// What is wrong with the value and what to write.
        reason: String,
    },
}

struct Suggestion<'a>(&'a Option<&'static str>);

impl fmt::Display for Suggestion<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "; did you mean `{name}`?"),
            None => Ok(()),
        }
    }
}

/// Which layer a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The configuration file at this path.
    File(PathBuf),
    /// The environment variable `VESTA_...`.
    Environment,
    /// A command line flag.
    Flag,
}

impl Origin {
    fn describe(&self, name: &str) -> String {
        match self {
            Origin::Default => "default".to_owned(),
            Origin::File(path) => format!("from {}", path.display()),
            Origin::Environment => format!("from {}", variable(name)),
            Origin::Flag => format!("from --{}", name.replace('_', "-")),
        }
    }
}

/// A configuration whose every value knows where it comes from.
#[derive(Clone, Debug)]
pub struct EffectiveConfig {
    /// The values.
    pub config: ServerConfig,
    origins: BTreeMap<&'static str, Origin>,
}

/// Puts `layers` on top of the defaults, the weakest first.
pub fn resolve(layers: impl IntoIterator<Item = (Origin, PartialConfig)>) -> EffectiveConfig {
    let mut config = ServerConfig::default();
    let mut origins = BTreeMap::new();
    for (origin, layer) in layers {
        config.apply(layer, |name| {
            origins.insert(name, origin.clone());
        });
    }
    EffectiveConfig { config, origins }
}

impl EffectiveConfig {
    /// Where the value of the setting `name` comes from.
    pub fn origin(&self, name: &str) -> &Origin {
        self.origins.get(name).unwrap_or(&Origin::Default)
    }

    /// The configuration as a TOML file that says the same, with each value's meaning and origin.
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        self.config.visit(|name, documentation, value| {
            let origin = self.origin(name).describe(name);
            text.push_str(&format!("#{documentation} ({origin})\n{name} = {value}\n\n"));
        });
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

impl PartialConfig {
    /// Reads a TOML file. A name that no setting has is an error: a misspelled limit would be no limit.
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = text.parse().map_err(ConfigError::Syntax)?;
        let mut layer = PartialConfig::default();
        for (name, value) in &table {
            match layer.set_toml(name, value) {
                Some(Ok(())) => {}
                Some(Err(reason)) => return Err(ConfigError::Value { name: name.clone(), reason }),
                None => {
                    return Err(ConfigError::Unknown { name: name.clone(), suggestion: closest(name) });
                }
            }
        }
        Ok(layer)
    }

    /// Reads environment variables. Other variables, `VESTA_` or not, belong to others and are left alone.
    pub fn from_environment<K, V>(variables: impl IntoIterator<Item = (K, V)>) -> Result<Self, ConfigError>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut layer = PartialConfig::default();
        for (name, value) in variables {
            let Some(setting) = name.as_ref().strip_prefix("VESTA_") else { continue };
            if let Some(Err(reason)) = layer.set_text(&setting.to_ascii_lowercase(), value.as_ref()) {
                return Err(ConfigError::Value { name: name.as_ref().to_owned(), reason });
            }
        }
        Ok(layer)
    }
}

fn variable(name: &str) -> String {
    format!("VESTA_{}", name.to_ascii_uppercase())
}

/// The setting whose name is closest to `name`, when it is close enough to be meant.
fn closest(name: &str) -> Option<&'static str> {
    let name = name.replace('-', "_");
    PartialConfig::NAMES
        .iter()
        .map(|known| (edit_distance(&name, known), *known))
        .min()
        .filter(|(distance, known)| *distance <= known.len().div_ceil(3))
        .map(|(_, known)| known)
}

fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}
