//! Configuration: one table of settings, filled in layers.
//!
//! Every setting has one name. `retention_max_age` is that in the TOML file, `VESTA_RETENTION_MAX_AGE` in the
//! environment and `--retention-max-age` on the command line. Layers override each other in that order.

mod layers;
mod values;

pub use layers::{ConfigError, EffectiveConfig, Origin, resolve};
pub use values::{ByteLimit, ByteSize, DiskShare, Listen, LogFormat, Period, Setting, SettingList};

use std::path::PathBuf;

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty = $default:expr;)+) => {
        /// How a server runs, every setting with its effective value.
        #[derive(Clone, Debug, PartialEq)]
        pub struct ServerConfig {
            $($(#[doc = $doc])+ pub $name: $kind,)+
        }

        /// One layer of configuration: the settings that somebody has set.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct PartialConfig {
            $($(#[doc = $doc])+ pub $name: Option<$kind>,)+
        }

        impl Default for ServerConfig {
            fn default() -> Self {
                ServerConfig { $($name: $default,)+ }
            }
        }

        impl PartialConfig {
            /// The names of all settings, in the order of the documentation.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];

            /// Sets the setting `name` from a TOML value. `None` when there is no such setting.
            fn set_toml(&mut self, name: &str, value: &toml::Value) -> Option<Result<(), String>> {
                match name {
                    $(stringify!($name) => Some(Setting::from_toml(value).map(|value| self.$name = Some(value))),)+
                    _ => None,
                }
            }

            /// Sets the setting `name` from text. `None` when there is no such setting.
            fn set_text(&mut self, name: &str, text: &str) -> Option<Result<(), String>> {
                match name {
                    $(stringify!($name) => Some(Setting::from_text(text).map(|value| self.$name = Some(value))),)+
                    _ => None,
                }
            }
        }

        impl ServerConfig {
            /// Takes over what `layer` sets and calls `set` with the name of each.
            fn apply(&mut self, layer: PartialConfig, mut set: impl FnMut(&'static str)) {
                $(if let Some(value) = layer.$name {
                    self.$name = value;
                    set(stringify!($name));
                })+
            }

            /// Calls `each` with the name, documentation and value of every setting.
            fn visit(&self, mut each: impl FnMut(&'static str, &'static str, toml::Value)) {
                $(each(stringify!($name), concat!($($doc),+), self.$name.to_toml());)+
            }
        }
    };
}

settings! {
    /// The folder that holds everything: uploads, tables, tokens.
    data: PathBuf = PathBuf::from("vesta-data");
    /// Where the API and the page listen, as HOST:PORT.
    listen: Listen = Listen::At("127.0.0.1:8378".to_owned());
    /// Where profiling libraries send to, as HOST:PORT, or `off`.
    sdk_listen: Listen = Listen::Off;
    /// Where senders of OpenTelemetry profiles send to over gRPC, as HOST:PORT, or `off`.
    otlp_grpc_listen: Listen = Listen::Off;
    /// Where senders of OpenTelemetry profiles send to over HTTP, as HOST:PORT, or `off`.
    otlp_http_listen: Listen = Listen::Off;
    /// A Unix socket where profiling libraries send to; empty for none.
    sdk_socket: PathBuf = PathBuf::new();
    /// Ask nobody for tokens, even beyond loopback.
    no_auth: bool = false;
    /// Ask for tokens on loopback, too.
    require_auth: bool = false;
    /// Host names, besides localhost, under which browsers may reach a listener that asks for no tokens.
    allowed_hosts: SettingList = SettingList(Vec::new());
    /// Folders with source code that frames are looked up in, as [PREFIX=]DIR: paths that begin with PREFIX are in DIR.
    source_roots: SettingList = SettingList(Vec::new());
    /// Origins whose pages may show flame graphs of this server in a frame (`/embed`), such as `https://wiki.example.com`.
    embed_origins: SettingList = SettingList(Vec::new());
    /// How long uploads and tables are kept.
    retention_max_age: Period = Period::from_days(8);
    /// The share of the disk to stay below, from 0 to 1.
    retention_max_disk_share: DiskShare = DiskShare::HALF;
    /// The bytes to stay below in all, or `unlimited`.
    retention_max_bytes: ByteLimit = ByteLimit(None);
    /// The bytes of uploads that permalinks keep, whatever the retention.
    limit_pinned: ByteSize = ByteSize::from_mib(2048);
    /// The bytes of symbol files; those that were not used for longest are removed to stay below.
    limit_symbols: ByteSize = ByteSize::from_mib(2048);
    /// The largest request body.
    limit_body: ByteSize = ByteSize::from_mib(64);
    /// The most that one upload may grow to when it is decompressed.
    limit_decompressed: ByteSize = ByteSize::from_mib(512);
    /// The memory that uploads in flight and not yet in tables may take.
    limit_memory: ByteSize = ByteSize::from_mib(192);
    /// Uploads handled at a time.
    limit_uploads: usize = 64;
    /// Queries answered at a time; others wait for a short while.
    limit_queries: usize = 4;
    /// How long a query may take.
    limit_query_time: Period = Period::from_seconds(30);
    /// Connections per listener.
    limit_connections: usize = 1024;
    /// How long a connection may take to send the head of a request, or stay idle between requests.
    limit_idle_time: Period = Period::from_seconds(75);
    /// How long a request body may make no progress.
    limit_stall_time: Period = Period::from_seconds(20);
    /// How long requests in flight may go on after the signal to stop.
    limit_drain_time: Period = Period::from_seconds(20);
    /// `text` or `json`.
    log_format: LogFormat = LogFormat::Text;
    /// What to log, as a level or as filter directives: `warn,vesta=info` (libraries say little, Vesta more).
    log_level: String = "warn,vesta=info".to_owned();
}
