//! Logging: structured lines on standard error.

use crate::config::{LogFormat, ServerConfig};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Why logging cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The level is neither a level nor filter directives.
    #[error("log_level: `{0}` is neither a level nor filter directives such as warn,vesta=info")]
    Filter(String),
    /// Something else took the logs before.
    #[error("logs go somewhere else already")]
    Taken,
}

/// Sends the logs of this process to standard error, as the configuration says.
pub fn start_logging(config: &ServerConfig) -> Result<(), LogError> {
    let filter =
        EnvFilter::try_new(&config.log_level).map_err(|_| LogError::Filter(config.log_level.clone()))?;
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(has_color());
    let started = match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    started.map_err(|_| LogError::Taken)
}

/// Whether color is seen and wanted: on a terminal, unless `NO_COLOR` says otherwise.
fn has_color() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
