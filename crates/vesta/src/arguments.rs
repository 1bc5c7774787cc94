//! Commands and flags, as clap reads them and as `--help` shows them.

use crate::native::flags::ProfilerFlags;
use crate::settings::SettingFlags;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;
use vesta_export::Protocol;
use vesta_formats::Format;
use vesta_scrape::Kind;
use vesta_server::config::Period;

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
    /// Run a native program under the profiler: C, C++, Rust, Go, ...
    Run(RunArguments),
    /// Profile native programs that run already
    Attach(AttachArguments),
    /// Profile all native programs of this host
    Host(HostArguments),
    /// Fetch profiles from programs that serve them over HTTP, and send them
    Scrape(ScrapeArguments),
    /// Send files with profiles to a server
    Import(ImportArguments),
    /// Show a file with a profile on the page
    View(ViewArguments),
    /// Write a file with a profile in another format
    Convert(ConvertArguments),
    /// List profiles
    Profiles(ProfilesArguments),
    /// Show the functions that spend the most
    Top(TopArguments),
    /// Write a merged flame graph
    Flamegraph(FlamegraphArguments),
    /// Write a profile for compilers, which then optimize what is hot in production
    Pgo(PgoArguments),
    /// Send, list and remove the symbols of native programs
    Symbols(SymbolsArguments),
    /// Create, list and revoke the tokens of a server
    Token(TokenArguments),
}

/// How profiles are sent, by its name.
fn protocol(name: &str) -> Result<Protocol, &'static str> {
    Protocol::parse(name).ok_or("it is neither datadog nor otlp")
}

/// What commands read.
fn readable() -> String {
    format!("Reads {}, plain or in gzip, zstd or lz4, and captured uploads.", Format::readable())
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

#[derive(Debug, Args)]
#[command(
    next_line_help = false,
    after_help = "The command runs as it would without: the same process, exit status, signals and terminal.\n\n\
        Examples:\n  vesta run --service web ./web --port 80\n  vesta run -o web.pb.gz ./web && vesta view web.pb.gz"
)]
pub(crate) struct RunArguments {
    /// The command to run, and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
    #[command(flatten)]
    pub(crate) profiler: ProfilerFlags,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C ends it, and so does the end of the processes.\n\nExample:\n  vesta attach --pid 4711 --service web"
)]
pub(crate) struct AttachArguments {
    /// A process to profile, with those that it starts; may be repeated
    #[arg(long, short, value_name = "PID", value_delimiter = ',')]
    pub(crate) pid: Vec<u32>,
    #[command(flatten)]
    pub(crate) profiler: ProfilerFlags,
}

#[derive(Debug, Args)]
#[command(
    after_help = "Each service gets profiles of its own: by DD_SERVICE of the process, its systemd unit, or the name of its \
        program.\n\nExample:\n  sudo vesta host --environment prod"
)]
pub(crate) struct HostArguments {
    #[command(flatten)]
    pub(crate) profiler: ProfilerFlags,
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
#[command(after_help = "Once, or with --every until Ctrl-C, which sends what the counters have.\n\n\
        Examples:\n  vesta scrape http://localhost:6060\n  \
        vesta scrape --every 60s --service web --env prod http://10.0.0.5:6060 http://10.0.0.6:6060\n  \
        vesta scrape --seconds 10 -o web.pb.gz http://localhost:6060 && vesta view web.pb.gz")]
pub(crate) struct ScrapeArguments {
    /// Programs to scrape: http://host:6060, another base path such as http://host/admin/pprof/, or the address of one profile
    #[arg(required = true, value_name = "URL")]
    pub(crate) targets: Vec<String>,
    /// Scrape again and again, with so much time per profile: 60s, 5m [default: once]
    #[arg(long, value_name = "DURATION")]
    pub(crate) every: Option<Period>,
    /// How long a CPU profile takes [default: all of --every, else 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) seconds: Option<u32>,
    /// Which profiles: cpu, heap, allocs, goroutine, mutex, block; Go's allocs are in heap too [default: all]
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    pub(crate) types: Vec<Kind>,
    /// A header for the programs; may be repeated
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// A file with a token for the programs
    #[arg(long, value_name = "FILE")]
    pub(crate) bearer_token_file: Option<PathBuf>,
    /// Of programs with https, trust the certificates in this file (PEM) and those that they sign, not those that the system trusts
    #[arg(long, visible_alias = "cacert", value_name = "FILE", conflicts_with = "insecure")]
    pub(crate) ca_cert: Option<PathBuf>,
    /// Of programs with https, trust any certificate
    #[arg(long, short = 'k')]
    pub(crate) insecure: bool,
    /// Write to a folder, or all of one profile to a file; nothing is sent unless --server is given
    #[arg(long, short, value_name = "DIR|FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The service that the programs are [default: the host of each]
    #[arg(long)]
    pub(crate) service: Option<String>,
    /// The environment
    #[arg(long)]
    pub(crate) env: Option<String>,
    /// The version of the service
    #[arg(long = "service-version", value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// The language: go, native, javascript, python, java, ruby, dotnet, php
    #[arg(long, default_value = "go")]
    pub(crate) language: String,
    /// A further tag; may be repeated
    #[arg(long, value_name = "KEY:VALUE")]
    pub(crate) tag: Vec<String>,
    /// The address of the server [default: http://127.0.0.1:8378; with --protocol otlp http://127.0.0.1:4318]
    #[arg(long, value_name = "URL", env = "VESTA_SERVER", help_heading = "Server")]
    pub(crate) server: Option<String>,
    /// How profiles are sent: as Datadog's uploads, or as OpenTelemetry profiles (OTLP over HTTP)
    #[arg(long, value_name = "datadog|otlp", default_value = "datadog", value_parser = protocol, help_heading = "Server")]
    pub(crate) protocol: Protocol,
    /// The token to show to it
    #[arg(long, value_name = "TOKEN", env = "VESTA_TOKEN", hide_env_values = true, help_heading = "Server")]
    pub(crate) token: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = readable())]
pub(crate) struct ImportArguments {
    /// Files to send; of a folder, all that are profiles
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
#[command(after_help = format!(
    "Example:\n  vesta view profile.pprof\n\nNothing is kept: when the command ends, so does the page.\n\n{}", readable()
))]
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
#[command(after_help = format!(
    "Examples:\n  vesta convert node.cpuprofile profile.pb.gz\n  perf script | vesta convert - flame.speedscope.json\n\n\
        {}\n\nWrites {}, compressed for names that end in .gz, .zst or .lz4.", readable(), Format::writable()
))]
pub(crate) struct ConvertArguments {
    /// The file to read; - for standard input
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// The file to write; - for standard output
    #[arg(value_name = "OUT")]
    pub(crate) output: PathBuf,
    /// The format of IN [default: the one that it is in]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) from: Option<String>,
    /// The format of OUT [default: what its name ends in]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) to: Option<String>,
    /// The value type to write, under any library's name for it [default: all of them, or the most useful one where a
    /// file holds one]
    #[arg(long = "type", short = 't', value_name = "TYPE")]
    pub(crate) value_type: Option<String>,
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
    /// Read this file instead of asking a server, in any format that `vesta view` shows; - for standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) values: ValueArguments,
    /// Look at what runs, and refresh: with --pid, --all, or a command after --
    #[arg(long, help_heading = "Live")]
    pub(crate) live: bool,
    /// A process to look at; may be repeated
    #[arg(long, short, value_name = "PID", value_delimiter = ',', requires = "live", help_heading = "Live")]
    pub(crate) pid: Vec<u32>,
    /// Look at all processes of this host
    #[arg(long, requires = "live", help_heading = "Live")]
    pub(crate) all: bool,
    /// What to sample, as of `vesta run --event` [default: sCPU]
    #[arg(long, short, value_name = "EVENT", requires = "live", help_heading = "Live")]
    pub(crate) event: Option<String>,
    /// A command to run and look at; what it prints is thrown away
    #[arg(last = true, value_name = "COMMAND", requires = "live", help_heading = "Live")]
    pub(crate) command: Vec<OsString>,
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
    /// Read this file instead of asking a server, in any format that `vesta view` shows; - for standard input
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
#[command(
    after_help = "Examples:\n  vesta pgo --query 'service:foo env:prod' -o default.pgo && go build -pgo=default.pgo\n  \
    vesta pgo --query service:bar --format autofdo -o bar.prof && clang -O2 -g -fprofile-sample-use=bar.prof ..."
)]
pub(crate) struct PgoArguments {
    /// Read these files instead of asking a server: pprof, or a captured upload
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) scope: ScopeArguments,
    /// How many profiles to merge: those that spend the most CPU
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) limit: u32,
    /// For which compiler
    #[arg(long, value_enum, default_value_t = PgoFormat::Go)]
    pub(crate) format: PgoFormat,
    /// Where to write to [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: Connection,
}

/// The compiler that a profile is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PgoFormat {
    /// A merged pprof for `go build -pgo`
    Go,
    /// LLVM's sample profile as text, for `clang -fprofile-sample-use` and rustc
    Autofdo,
}

#[derive(Debug, Args)]
pub(crate) struct SymbolsArguments {
    #[command(subcommand)]
    pub(crate) command: SymbolsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SymbolsCommand {
    /// Send the symbols of binaries, so that the server names what profiles have only addresses of
    ///
    /// What names functions, files and lines is read here and sent in a small form; code and debug information stay. It
    /// works for profiles that are there and for those that come.
    #[command(
        after_help = "Example:\n  vesta symbols upload target/release/ --server https://vesta.example.com"
    )]
    Upload(SymbolsUploadArguments),
    /// List the symbols that a server has
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// List the binaries whose symbols a server could use: those with addresses that have no name
    Missing {
        #[command(flatten)]
        values: ValueArguments,
        /// How many binaries to list
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
        limit: u32,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        connection: Connection,
    },
    /// Remove the symbols of builds from a server
    Remove {
        /// Build ids, as `vesta symbols list` shows them
        #[arg(required = true, value_name = "BUILD_ID")]
        build_ids: Vec<String>,
        #[command(flatten)]
        connection: Connection,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SymbolsUploadArguments {
    /// Executables, libraries and files with their debug information; of a folder, all that are in it
    #[arg(required = true, value_name = "BINARY")]
    pub(crate) binaries: Vec<PathBuf>,
    /// A further folder with debug information, in the form of /usr/lib/debug; may be repeated
    #[arg(long = "debug-directory", value_name = "DIR")]
    pub(crate) debug_directories: Vec<PathBuf>,
    /// Send names of functions only, without files, lines and inlined functions
    #[arg(long)]
    pub(crate) functions_only: bool,
    #[command(flatten)]
    pub(crate) connection: Connection,
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
