//! Every setting once: its names, its default, and what it is for.

/// A setting of the profiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name in configuration files and, with two dashes before it, on the command line.
    pub name: &'static str,
    /// The flag with one dash.
    pub short: Option<char>,
    /// The flag that turns off what is on by default.
    pub off: Option<&'static str>,
    /// Further names, as `ddprof` spells them.
    pub aliases: &'static [&'static str],
    /// Environment variables, the first that is set counts.
    pub environment: &'static [&'static str],
    /// Whether those count with the protocol `datadog` alone: they name an agent, or a secret for it.
    pub of_datadog: bool,
    /// Variables of OpenTelemetry, which count with the protocol `otlp` alone, after the others.
    pub of_otlp: &'static [&'static str],
    /// What holds when nobody says anything; empty for nothing.
    pub default: &'static str,
    /// What a value is, for the help; `None` for a switch.
    pub value: Option<&'static str>,
    /// What it is for.
    pub help: &'static str,
    /// Where the help shows it.
    pub group: Group,
}

/// Where the help shows a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// What the profiles are of.
    Identity,
    /// Where profiles go.
    Destination,
    /// What is sampled.
    Sampling,
    /// How the profiler runs and what it says.
    Running,
    /// What few people need.
    Extended,
}

impl Group {
    /// The heading in the help.
    pub fn heading(self) -> &'static str {
        match self {
            Group::Identity => "What the profiles are of",
            Group::Destination => "Where profiles go",
            Group::Sampling => "What is sampled",
            Group::Running => "The profiler itself",
            Group::Extended => "Rarely needed",
        }
    }
}

const fn setting(
    group: Group,
    name: &'static str,
    value: Option<&'static str>,
    default: &'static str,
    help: &'static str,
) -> Setting {
    Setting {
        name,
        short: None,
        off: None,
        aliases: &[],
        environment: &[],
        of_datadog: false,
        of_otlp: &[],
        default,
        value,
        help,
        group,
    }
}

impl Setting {
    const fn short(self, short: char) -> Setting {
        Setting { short: Some(short), ..self }
    }

    const fn off(self, off: &'static str) -> Setting {
        Setting { off: Some(off), ..self }
    }

    const fn env(self, environment: &'static [&'static str]) -> Setting {
        Setting { environment, ..self }
    }

    const fn datadog_env(self, environment: &'static [&'static str]) -> Setting {
        Setting { environment, of_datadog: true, ..self }
    }

    const fn otlp_env(self, of_otlp: &'static [&'static str]) -> Setting {
        Setting { of_otlp, ..self }
    }

    const fn alias(self, aliases: &'static [&'static str]) -> Setting {
        Setting { aliases, ..self }
    }

    /// Whether it is switched on and off.
    pub fn is_switch(&self) -> bool {
        self.value.is_none()
    }
}

use Group::{Destination, Extended, Identity, Running, Sampling};

/// All settings, in the order of the help.
pub const SETTINGS: &[Setting] = &[
    setting(Identity, "service", Some("NAME"), "", "The service [default: the name of the program]")
        .short('S')
        .env(&["DD_SERVICE"])
        .otlp_env(&["OTEL_SERVICE_NAME"]),
    setting(Identity, "environment", Some("NAME"), "", "The environment, such as prod")
        .short('E')
        .env(&["DD_ENV"]),
    setting(Identity, "service-version", Some("VERSION"), "", "The version of the service")
        .short('V')
        .alias(&["service_version"])
        .env(&["DD_VERSION"]),
    setting(Identity, "tags", Some("KEY:VALUE,..."), "", "Further tags").short('T').env(&["DD_TAGS"]),
    setting(
        Destination,
        "url",
        Some("URL"),
        "",
        "Vesta, an agent or a Collector: http://host:8126, host:8126 or unix:///path; wins over --host and --port",
    )
    .short('U')
    .datadog_env(&["DD_TRACE_AGENT_URL"])
    .otlp_env(&["OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"]),
    setting(Destination, "host", Some("HOST"), "localhost", "The host of Vesta, of an agent or of a Collector")
        .short('H')
        .datadog_env(&["DD_AGENT_HOST"]),
    setting(Destination, "port", Some("PORT"), "8126", "Its port [default: 8126; with --protocol otlp 4318]")
        .short('P')
        .datadog_env(&["DD_TRACE_AGENT_PORT"]),
    setting(
        Destination,
        "protocol",
        Some("datadog|otlp"),
        "datadog",
        "How profiles are sent: as Datadog's uploads, or as OpenTelemetry profiles (OTLP over HTTP)",
    )
    .env(&["VESTA_PROFILING_PROTOCOL"]),
    setting(
        Destination,
        "output",
        Some("FILE"),
        "",
        "Write a file: pprof, collapsed stacks (.folded, .collapsed, .txt) or a flame graph (.svg); nothing is \
         uploaded then unless --url, --host or --port is given",
    )
    .short('o'),
    setting(Destination, "upload-period", Some("SECONDS"), "59", "How often profiles are sent")
        .short('u')
        .alias(&["upload_period"])
        .env(&["DD_PROFILING_UPLOAD_PERIOD"]),
    setting(
        Sampling,
        "preset",
        Some("NAME"),
        "",
        "default (CPU and allocations), cpu_only, alloc_only, alloc_live_heap, cpu_live_heap, wall, wall_only, all",
    )
    .env(&["DD_PROFILING_NATIVE_PRESET"]),
    setting(
        Sampling,
        "event",
        Some("EVENT;..."),
        "",
        "What to sample, such as 'sCPU freq=199;sALLOC mode=sl'; may be repeated; -e help lists all",
    )
    .short('e')
    .env(&["DD_PROFILING_NATIVE_EVENTS"]),
    setting(Sampling, "inlined-functions", None, "off", "Show functions that the compiler inlined")
        .short('I')
        .alias(&["inlined_functions"])
        .env(&["DD_PROFILING_INLINED_FUNCTIONS"]),
    setting(Sampling, "timeline", None, "on", "Keep when samples were taken").off("no-timeline").env(&["DD_PROFILING_TIMELINE_ENABLE"]),
    setting(Running, "enable", Some("0|1"), "1", "0 runs the command and profiles nothing")
        .env(&["DD_PROFILING_ENABLED"]),
    setting(Running, "config", Some("FILE"), "", "A TOML file with settings [default: ./ddprof.toml if there is one]")
        .env(&["DD_PROFILING_NATIVE_CONFIG"]),
    setting(Running, "show-config", None, "off", "Print all settings, and where each comes from")
        .alias(&["show_config"])
        .env(&["DD_PROFILING_SHOW_CONFIG"]),
    setting(Running, "log-level", Some("LEVEL"), "warn", "debug, informational, notice, warn, error")
        .short('l')
        .alias(&["log_level"])
        .env(&["DD_PROFILING_NATIVE_LOG_LEVEL"]),
    setting(Running, "log-mode", Some("WHERE"), "stderr", "stdout, stderr, syslog, disable, or a file")
        .alias(&["log_mode"])
        .env(&["DD_PROFILING_NATIVE_LOG_MODE"]),
    setting(Running, "nice", Some("NUMBER"), "", "The niceness of the profiler, not of the command")
        .env(&["DD_PROFILING_NICE"]),
    setting(Running, "switch-user", Some("USER"), "", "Run the command as this user, the profiler as now")
        .alias(&["switch_user"])
        .env(&["DD_PROFILING_SWITCH_USER"]),
    setting(Running, "maximum-pids", Some("COUNT"), "100", "How many processes are followed at a time; -1 for all [default: 100; of a host 4096]")
        .alias(&["maximum_pids"])
        .env(&["DD_PROFILING_MAXIMUM_PIDS"]),
    setting(
        Extended,
        "stack-sample-size",
        Some("BYTES"),
        "32000",
        "How much of a stack is copied with a sample, at most 65528; deep recursion needs more",
    )
    .alias(&["stack_sample_size"])
    .env(&["DD_PROFILING_SAMPLE_STACK_USER"]),
    setting(Extended, "kernel", None, "on", "Sample kernel code as well, where it is permitted").off("no-kernel")
        .env(&["VESTA_PROFILING_KERNEL"]),
    setting(
        Extended,
        "budget",
        Some("PERCENT"),
        "1",
        "Of all CPUs, what the profiler may take before it samples less often; 0 for no limit",
    )
    .env(&["VESTA_PROFILING_BUDGET"]),
    setting(Extended, "lock-threshold", Some("MICROSECONDS"), "10000", "Waits for locks this long are all counted")
        .env(&["VESTA_PROFILING_LOCK_THRESHOLD"]),
    setting(Extended, "debug-directories", Some("DIR:..."), "", "Folders with debug information by build id")
        .env(&["VESTA_PROFILING_DEBUG_DIRECTORIES"]),
    setting(
        Extended,
        "debuginfod",
        Some("URL ..."),
        "",
        "Servers to ask for debug information that this host does not have; `on` for those of DEBUGINFOD_URLS",
    )
    .env(&["VESTA_PROFILING_DEBUGINFOD"]),
    setting(Extended, "remote-symbolization", None, "off", "Leave names to the server; see `vesta symbols`")
        .alias(&["remote_symbolization"])
        .env(&["DD_PROFILING_REMOTE_SYMBOLIZATION"]),
    setting(Extended, "disable-symbolization", None, "off", "Send addresses without names")
        .alias(&["disable_symbolization"])
        .env(&["DD_PROFILING_DISABLE_SYMBOLIZATION"]),
    setting(Extended, "agentless", None, "off", "Send to the intake of --site, with --api-key")
        .datadog_env(&["DD_PROFILING_AGENTLESS"]),
    setting(Extended, "site", Some("SITE"), "datadoghq.com", "The site of --agentless").env(&["DD_SITE"]),
    setting(Extended, "api-key", Some("KEY"), "", "A key to show with uploads; a token of Vesta, say")
        .alias(&["api_key"])
        .datadog_env(&["DD_API_KEY"]),
    setting(
        Extended,
        "ca-cert",
        Some("FILE"),
        "",
        "With https, trust the certificates in this file (PEM) and those that they sign, not those that the system trusts",
    )
    .alias(&["ca_cert", "cacert"])
    .env(&["VESTA_PROFILING_CA_CERT"])
    .otlp_env(&["OTEL_EXPORTER_OTLP_PROFILES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"]),
    setting(
        Extended,
        "otlp-headers",
        Some("NAME=VALUE,..."),
        "",
        "Headers of requests with --protocol otlp, such as authorization=Bearer%20TOKEN",
    )
    .otlp_env(&["OTEL_EXPORTER_OTLP_PROFILES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"]),
    setting(
        Extended,
        "resource-attributes",
        Some("KEY=VALUE,..."),
        "",
        "What the profiles are of, in OpenTelemetry's names: service.version=1.2,k8s.pod.name=web-1; tags win over it",
    )
    .otlp_env(&["OTEL_RESOURCE_ATTRIBUTES"]),
    setting(Extended, "do-export", Some("0|1"), "", "0 sends nothing; 1 sends although --output is given")
        .alias(&["do_export"])
        .env(&["DD_PROFILING_DO_EXPORT"]),
    setting(Extended, "debug-pprof-prefix", Some("PREFIX"), "", "Also write each profile to PREFIX<time>.pprof.zst")
        .alias(&["debug_pprof_prefix"])
        .env(&["DD_PROFILING_PPROF_PREFIX"]),
    setting(Extended, "runtime-id", Some("ID"), "", "The id of this run [default: a random one]")
        .alias(&["runtime_id"])
        .env(&["DD_PROFILING_RUNTIME_ID"]),
    setting(Extended, "hostname", Some("NAME"), "", "The tag `host` [default: the name of this host]")
        .env(&["DD_HOSTNAME"]),
    setting(Extended, "cpu-affinity", Some("HEX"), "", "The CPUs that the profiler runs on, as a mask")
        .alias(&["cpu_affinity"])
        .env(&["DD_PROFILING_CPU_AFFINITY"]),
    setting(
        Extended,
        "internal-stats",
        Some("SOCKET"),
        "",
        "Send metrics of the profiler to this statsd socket each period",
    )
    .short('b')
    .alias(&["internal_stats"])
    .env(&["DD_PROFILING_INTERNAL_STATS"]),
    setting(Extended, "show-samples", None, "off", "Log the stacks of each profile")
        .alias(&["show_samples"])
        .env(&["DD_PROFILING_SHOW_SAMPLES"]),
    setting(Extended, "capture-config", Some("FILE"), "", "Write all settings to a file that --config reads")
        .alias(&["capture_config"]),
    setting(Extended, "follow-execs", Some("0|1"), "1", "Keep watching allocations of programs that are started")
        .env(&["DD_PROFILING_NATIVE_ALLOCATION_PROFILING_FOLLOW_EXECS"]),
    setting(Extended, "worker-period", Some("UPLOADS"), "240", "Accepted for ddprof; memory is bounded without it")
        .alias(&["worker_period"])
        .env(&["DD_PROFILING_WORKER_PERIOD"]),
    setting(Extended, "fault-info", None, "on", "Accepted for ddprof").off("no-fault-info")
        .alias(&["fault_info"])
        .env(&["DD_PROFILING_FAULT_INFO"]),
    setting(Extended, "reorder-events", None, "on", "Accepted for ddprof; events are always ordered by time").off("no-reorder-events")
        .alias(&["reorder_events"])
        .env(&["DD_PROFILING_REORDER_EVENTS"]),
    setting(Extended, "socket", Some("NAME"), "", "Accepted for ddprof; the name is chosen by chance")
        .env(&["DD_PROFILING_NATIVE_SOCKET"]),
    setting(Extended, "pipefd", Some("FD"), "", "Accepted for ddprof").env(&["DD_PROFILING_PIPEFD"]),
    setting(
        Extended,
        "initial-loaded-libs-check-delay",
        Some("MILLISECONDS"),
        "5000",
        "Accepted for ddprof; libraries are hooked as they are loaded",
    )
    .env(&["DD_PROFILING_INITIAL_LOADED_LIBS_CHECK_DELAY"]),
    setting(Extended, "loaded-libs-check-interval", Some("MILLISECONDS"), "59000", "Accepted for ddprof, likewise")
        .env(&["DD_PROFILING_LOADED_LIBS_CHECK_INTERVAL"]),
];

/// The setting of this name, under any of its spellings.
pub(crate) fn find(name: &str) -> Option<&'static Setting> {
    let dashed = name.replace('_', "-");
    SETTINGS.iter().find(|setting| setting.name == dashed || setting.aliases.contains(&name))
}
