//! The settings of a server as flags, and the layers under them: environment, file, defaults.

use crate::failure::{self, usage};
use anyhow::{Context, Result};
use clap::Args;
use std::path::{Path, PathBuf};
use vesta_server::config::{
    ByteLimit, ByteSize, DiskShare, EffectiveConfig, Listen, LogFormat, Origin, PartialConfig, Period,
    Setting, SettingList, resolve,
};

/// Every setting of a server. `docs/configuration.md` says more on each.
#[derive(Debug, Args)]
#[command(next_help_heading = "Settings (also VESTA_... in the environment, and the TOML file)")]
pub(crate) struct SettingFlags {
    /// The folder that holds everything: uploads, tables, tokens [default: vesta-data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where the page and the API listen [default: 127.0.0.1:8378]
    #[arg(long, value_name = "ADDR")]
    listen: Option<Listen>,
    /// Where profiling libraries send to, or `off`; they try port 8126 by default [default: off]
    #[arg(long, value_name = "ADDR")]
    sdk_listen: Option<Listen>,
    /// Where OpenTelemetry profiles are sent to over gRPC, or `off`; senders try port 4317 by default [default: off]
    #[arg(long, value_name = "ADDR")]
    otlp_grpc_listen: Option<Listen>,
    /// Where OpenTelemetry profiles are sent to over HTTP, or `off`; senders try port 4318 by default [default: off]
    #[arg(long, value_name = "ADDR")]
    otlp_http_listen: Option<Listen>,
    /// A Unix socket where profiling libraries send to
    #[arg(long, value_name = "PATH")]
    sdk_socket: Option<PathBuf>,
    /// Ask nobody for tokens, even beyond loopback
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    no_auth: Option<bool>,
    /// Ask for tokens on loopback, too
    #[arg(long, num_args = 0..=1, default_missing_value = "true", value_name = "BOOL", hide_possible_values = true)]
    require_auth: Option<bool>,
    /// Host names, besides localhost, under which browsers may reach a listener that asks for no tokens
    #[arg(long, value_name = "NAME,...", value_parser = SettingList::from_text)]
    allowed_hosts: Option<SettingList>,
    /// A folder with source code that frames are looked up in; paths that begin with PREFIX are in DIR; may be repeated
    #[arg(
        long = "source-root",
        visible_alias = "source-roots",
        value_name = "[PREFIX=]DIR",
        value_delimiter = ','
    )]
    source_roots: Vec<String>,
    /// Origins whose pages may show flame graphs in a frame, each as scheme and host
    #[arg(long, value_name = "ORIGIN,...", value_parser = SettingList::from_text)]
    embed_origins: Option<SettingList>,
    /// How long uploads and tables are kept [default: 8d]
    #[arg(long, visible_alias = "retention-age", value_name = "DURATION")]
    retention_max_age: Option<Period>,
    /// The share of the disk to stay below [default: 0.5]
    #[arg(long, value_name = "SHARE")]
    retention_max_disk_share: Option<DiskShare>,
    /// The bytes to stay below in all, or `unlimited` [default: unlimited]
    #[arg(long, value_name = "BYTES")]
    retention_max_bytes: Option<ByteLimit>,
    /// The bytes of uploads that permalinks keep, whatever the retention [default: 2GiB]
    #[arg(long, value_name = "BYTES")]
    limit_pinned: Option<ByteSize>,
    /// The bytes of symbol files; those that were not used for longest are removed to stay below [default: 2GiB]
    #[arg(long, value_name = "BYTES")]
    limit_symbols: Option<ByteSize>,
    /// The largest request body [default: 64MiB]
    #[arg(long, value_name = "BYTES")]
    limit_body: Option<ByteSize>,
    /// The most that one upload may grow to when it is decompressed [default: 512MiB]
    #[arg(long, value_name = "BYTES")]
    limit_decompressed: Option<ByteSize>,
    /// The memory that uploads in flight and not yet in tables may take [default: 192MiB]
    #[arg(long, value_name = "BYTES")]
    limit_memory: Option<ByteSize>,
    /// Uploads handled at a time [default: 64]
    #[arg(long, value_name = "COUNT")]
    limit_uploads: Option<usize>,
    /// Queries answered at a time; others wait for a short while [default: 4]
    #[arg(long, value_name = "COUNT")]
    limit_queries: Option<usize>,
    /// How long a query may take [default: 30s]
    #[arg(long, value_name = "DURATION")]
    limit_query_time: Option<Period>,
    /// Connections per listener [default: 1024]
    #[arg(long, value_name = "COUNT")]
    limit_connections: Option<usize>,
    /// How long a connection may take to send the head of a request, or stay idle [default: 75s]
    #[arg(long, value_name = "DURATION")]
    limit_idle_time: Option<Period>,
    /// How long a request body may make no progress [default: 20s]
    #[arg(long, value_name = "DURATION")]
    limit_stall_time: Option<Period>,
    /// How long requests in flight may go on after the signal to stop [default: 20s]
    #[arg(long, value_name = "DURATION")]
    limit_drain_time: Option<Period>,
    /// How log lines look: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<LogFormat>,
    /// What to log: a level, or filter directives [default: warn,vesta=info]
    #[arg(long, value_name = "FILTER")]
    log_level: Option<String>,
}

impl From<SettingFlags> for PartialConfig {
    /// Names every field, so that a new setting does not compile before it has a flag.
    fn from(flags: SettingFlags) -> PartialConfig {
        PartialConfig {
            data: flags.data,
            listen: flags.listen,
            sdk_listen: flags.sdk_listen,
            otlp_grpc_listen: flags.otlp_grpc_listen,
            otlp_http_listen: flags.otlp_http_listen,
            sdk_socket: flags.sdk_socket,
            no_auth: flags.no_auth,
            require_auth: flags.require_auth,
            allowed_hosts: flags.allowed_hosts,
            source_roots: Some(flags.source_roots).filter(|roots| !roots.is_empty()).map(SettingList),
            embed_origins: flags.embed_origins,
            retention_max_age: flags.retention_max_age,
            retention_max_disk_share: flags.retention_max_disk_share,
            retention_max_bytes: flags.retention_max_bytes,
            limit_pinned: flags.limit_pinned,
            limit_symbols: flags.limit_symbols,
            limit_body: flags.limit_body,
            limit_decompressed: flags.limit_decompressed,
            limit_memory: flags.limit_memory,
            limit_uploads: flags.limit_uploads,
            limit_queries: flags.limit_queries,
            limit_query_time: flags.limit_query_time,
            limit_connections: flags.limit_connections,
            limit_idle_time: flags.limit_idle_time,
            limit_stall_time: flags.limit_stall_time,
            limit_drain_time: flags.limit_drain_time,
            log_format: flags.log_format,
            log_level: flags.log_level,
        }
    }
}

/// Puts the layers on top of each other: `base`, the file, the environment, the flags.
pub(crate) fn effective(
    base: PartialConfig,
    file: Option<&Path>,
    flags: SettingFlags,
) -> Result<EffectiveConfig> {
    let mut layers = vec![(Origin::Default, base)];
    if let Some(path) = file {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let layer = PartialConfig::from_toml(&text).map_err(|error| {
            let message = failure::text(&anyhow::Error::new(error).context(path.display().to_string()));
            usage(message, "`vesta server --print-config` prints every setting in the form of such a file")
        })?;
        layers.push((Origin::File(path.to_owned()), layer));
    }
    let environment = PartialConfig::from_environment(readable_environment()).map_err(|error| {
        usage(failure::text(&error.into()), "correct the environment variable, or unset it")
    })?;
    layers.push((Origin::Environment, environment));
    layers.push((Origin::Flag, flags.into()));
    Ok(resolve(layers))
}

/// Variables whose name or value is not text cannot be settings.
fn readable_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}
