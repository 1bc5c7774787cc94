//! Commands and flags, as clap reads them and as `--help` shows them.

use crate::settings::SettingFlags;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// A continuous profiler: it keeps what profiling libraries send, and shows which code spends the CPU, the time and
/// the memory.
///
/// Start with `vesta up`.
#[derive(Debug, Parser)]
#[command(
    name = "vesta",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start a server with sensible defaults, and say how to send profiles to it
    Up(UpArguments),
    /// Start a server
    Server(ServerArguments),
    /// Send files to a server: pprof, collapsed stacks, or captured uploads
    Import(ImportArguments),
    /// Show a file on the page: pprof, collapsed stacks, or a captured upload
    View(ViewArguments),
    /// List profiles
    Profiles(ProfilesArguments),
    /// Show the functions that spend the most
    Top(TopArguments),
    /// Write a merged flame graph
    Flamegraph(FlamegraphArguments),
    /// Create, list and revoke the tokens of a server
    Token(TokenArguments),
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE", env = "VESTA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ServerArguments {
    /// A TOML file with settings
    #[arg(long, value_name = "FILE", env = "VESTA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Print the settings that would be used and where each comes from, and do nothing else
    #[arg(long)]
    pub(crate) print_config: bool,
    #[command(flatten)]
    pub(crate) settings: SettingFlags,
}

/// Which server, and who asks.
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct Connection {
    /// The address of the server
    #[arg(long, value_name = "URL", env = "VESTA_SERVER", default_value = "http://127.0.0.1:8378")]
    pub(crate) server: String,
    /// The token to show to it
    #[arg(long, value_name = "TOKEN", env = "VESTA_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
}

/// Which profiles a question is about.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which profiles")]
pub(crate) struct ScopeArguments {
    /// Search by tags: `service:web env:prod -version:1.0.* @cpu_cores:>1.5`
    #[arg(long, short, value_name = "QUERY", default_value = "", hide_default_value = true)]
    pub(crate) query: String,
    /// From when on: 2026-11-21T08:00:00Z, now-1h, or Unix seconds [default: an hour ago]
    #[arg(long, value_name = "TIME", conflicts_with = "last")]
    pub(crate) from: Option<String>,
    /// Until when, in the same forms [default: now]
    #[arg(long, value_name = "TIME", conflicts_with = "last")]
    pub(crate) to: Option<String>,
    /// The time up to now: 15m, 1h, 7d
    #[arg(long, value_name = "DURATION")]
    pub(crate) last: Option<String>,
}

/// Which profiles, and which of their values.
#[derive(Debug, Args)]
pub(crate) struct ValueArguments {
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
    /// One profile by its id; may be repeated
    #[arg(long, value_name = "ID", help_heading = "Which profiles")]
    pub(crate) profile: Vec<String>,
    /// The value type, under any library's name for it: cpu-time, wall-time, alloc-space, ... [default: the most
    /// useful one that is there]
    #[arg(long = "type", short = 't', value_name = "TYPE")]
    pub(crate) value_type: Option<String>,
    /// Only samples with this label, such as thread:worker-1; -thread:worker-1 for those without; may be repeated
    #[arg(long, value_name = "LABEL:VALUE", allow_hyphen_values = true)]
    pub(crate) filter: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArguments {
    /// Files to send
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The service that the profiles are of [default: the name of the file without its endings]
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// The environment
    #[arg(long)]
    pub(crate) env: Option<String>,
    /// The version of the service
    #[arg(long = "service-version", value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// The host
    #[arg(long)]
    pub(crate) host: Option<String>,
    /// The language: python, go, javascript, java, ruby, dotnet, php, native
    #[arg(long)]
    pub(crate) language: Option<String>,
    /// A further tag; may be repeated
    #[arg(long, value_name = "KEY:VALUE")]
    pub(crate) tag: Vec<String>,
    /// When the profiles start: 2026-11-21T08:00:00Z, now-10m, Unix seconds [default: what the file says, else when
    /// it was last changed]
    #[arg(long, value_name = "TIME")]
    pub(crate) start: Option<String>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  vesta view profile.pprof\n\nNothing is kept: when the command ends, so does the page."
)]
pub(crate) struct ViewArguments {
    /// The file to show; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print the address of the page and do not open a browser
    #[arg(long)]
    pub(crate) no_browser: bool,
    /// The port of the page on this machine [default: one that is free]
    #[arg(long, value_name = "PORT", default_value_t = 0, hide_default_value = true)]
    pub(crate) port: u16,
    /// A folder with source code that frames are looked up in; paths that begin with PREFIX are in DIR; may be repeated
    #[arg(long = "source-root", value_name = "[PREFIX=]DIR")]
    pub(crate) source_roots: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ProfilesArguments {
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
    /// The order: start, cpu_cores, alloc_bytes_per_second, wall_cores, samples, duration_ms; largest first with a
    /// dash before it
    #[arg(long, value_name = "MEASURE", default_value = "-start", allow_hyphen_values = true)]
    pub(crate) sort: String,
    /// How many profiles to list
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    pub(crate) limit: u32,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct TopArguments {
    /// Read this file instead of asking a server: pprof, collapsed stacks, or a captured upload; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) values: ValueArguments,
    /// How many functions to show [default: 20, and 100 with --json]
    #[arg(long, short = 'n', value_name = "COUNT")]
    pub(crate) limit: Option<u32>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

#[derive(Debug, Args)]
pub(crate) struct FlamegraphArguments {
    /// Read this file instead of asking a server: pprof, collapsed stacks, or a captured upload; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) values: ValueArguments,
    /// The format to write
    #[arg(long, value_enum, default_value_t = GraphFormat::Collapsed)]
    pub(crate) format: GraphFormat,
    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub(crate) json: bool,
    /// The most nodes to keep in json and svg; what is pruned is in nodes called (other)
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 8192)]
    pub(crate) limit: u32,
    /// Where to write to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// How a flame graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// One stack per line and its value, as flame graph tools read it
    Collapsed,
    /// pprof, gzip-compressed
    Pprof,
    /// The nodes as the server's API has them
    Json,
    /// A picture for a browser
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct TokenArguments {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Create a token and print it: this is the only time it can be seen
    Create {
        /// What the token allows: read profiles, write them, or everything
        #[arg(long, value_enum)]
        scope: TokenScope,
        /// What the token is for
        #[arg(long, default_value = "", hide_default_value = true)]
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataArgument,
    },
    /// List tokens, without their secrets
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        data: DataArgument,
    },
    /// Revoke a token, at once
    Revoke {
        /// The id of the token, as `vesta token list` shows it
        id: String,
        #[command(flatten)]
        data: DataArgument,
    },
}

/// The folder of a server on this machine.
#[derive(Debug, Args)]
pub(crate) struct DataArgument {
    /// The data folder of the server
    #[arg(long, value_name = "DIR", env = "VESTA_DATA", default_value = "vesta-data")]
    pub(crate) data: PathBuf,
}

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenScope {
    /// Ask for profiles
    Read,
    /// Send profiles
    Write,
    /// Both, and change settings
    Admin,
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::CommandFactory;

    #[test]
    fn flags_do_not_contradict_each_other() {
        Arguments::command().debug_assert();
    }
}
