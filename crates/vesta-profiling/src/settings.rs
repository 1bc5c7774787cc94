//! Settings: flags, then environment, then a file, then defaults.

mod document;
mod layers;
mod otlp;
mod table;

pub use layers::SettingsError;
pub use table::{Group, SETTINGS, Setting};

use crate::log::{Level, Mode};
use layers::Layers;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vesta_export::{Endpoint, Protocol, Trust, TrustError};
use vesta_native::event_spec::{self, EventSpec, MAX_STACK_BYTES};
use vesta_upload::{Tag, Tags};

/// The file that is read when no other is named, if it is there.
const DEFAULT_FILE: &str = "ddprof.toml";
/// The shortest upload period: each upload costs the server an fsync.
const SHORTEST_PERIOD: Duration = Duration::from_secs(1);

/// Processes that are followed on a whole host. Only those with samples count.
const PIDS_OF_HOST: usize = 4_096;

/// What the profiler is asked to do.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The service; `None` to take the name of the program.
    pub service: Option<String>,
    /// The environment.
    pub environment: Option<String>,
    /// The version of the service.
    pub version: Option<String>,
    /// Further tags.
    pub tags: Tags,
    /// The tag `host`; `None` for the name of this host.
    pub hostname: Option<String>,
    /// The id of this run; `None` for a random one.
    pub runtime_id: Option<String>,
    /// Where uploads go; `None` when nothing is uploaded.
    pub endpoint: Option<Endpoint>,
    /// Whose certificates are believed, of an endpoint with `https`.
    pub trust: Trust,
    /// The file to write.
    pub output: Option<PathBuf>,
    /// How long a profile is.
    pub upload_period: Duration,
    /// Where else each profile is written.
    pub pprof_prefix: Option<String>,
    /// The name of the preset, unless there are only events.
    pub preset: Option<String>,
    /// Events beside those of the preset.
    pub events: Vec<EventSpec>,
    /// Whether inlined functions are shown.
    pub inlined_functions: bool,
    /// Whether samples keep their time.
    pub timeline: bool,
    /// Whether kernel code is sampled where that is permitted.
    pub kernel: bool,
    /// How much of a stack is copied.
    pub stack_bytes: u32,
    /// How many processes are followed; `None` for all.
    pub maximum_pids: Option<usize>,
    /// Whether addresses get names here.
    pub symbolization: Symbolization,
    /// Further folders with debug information.
    pub debug_directories: Vec<PathBuf>,
    /// Servers to ask for debug information.
    pub debuginfod: Vec<String>,
    /// The folder for what they send.
    pub debuginfod_cache: PathBuf,
    /// The share of all CPUs that the profiler may take.
    pub budget: f64,
    /// Waits for locks that are all counted.
    pub lock_threshold: Duration,
    /// Whether hooks follow `exec`.
    pub follow_execs: bool,
    /// Whether anything is profiled at all.
    pub enabled: bool,
    /// The niceness of the profiler.
    pub nice: Option<i32>,
    /// The user of the command.
    pub switch_user: Option<String>,
    /// The CPUs of the profiler, as a mask.
    pub cpu_affinity: Option<Vec<usize>>,
    /// What is logged.
    pub log_level: Level,
    /// Where to.
    pub log_mode: Mode,
    /// Whether settings are printed.
    pub show_config: bool,
    /// Whether stacks are logged.
    pub show_samples: bool,
    /// Where settings are written.
    pub capture_config: Option<PathBuf>,
    /// The socket for metrics of the profiler.
    pub internal_stats: Option<PathBuf>,
    /// What was wrong in the environment or the file, and was left out.
    pub warnings: Vec<String>,
    layers: Layers,
}

/// Whether addresses get names here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbolization {
    /// They do.
    Local,
    /// The server finds them.
    Remote,
    /// Nobody looks.
    Off,
}

/// Where settings may come from beside flags.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Looks up an environment variable.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Whether `ddprof.toml` in the working directory counts. A library inside a program looks at named files only.
    pub default_file: bool,
}

impl Settings {
    /// Settings of a program: these flags (names without dashes, and values), the environment of this process, and the
    /// configuration file.
    pub fn load(flags: &[(String, String)]) -> Result<Settings, SettingsError> {
        let environment = |name: &str| std::env::var(name).ok();
        Settings::from_sources(flags, &Sources { environment: &environment, default_file: true })
    }

    /// Settings from these sources. Only a wrong flag is an error, since somebody is there to read it; what is wrong in
    /// the environment or the file is left out and becomes a warning, so that it cannot stop a service.
    pub fn from_sources(
        flags: &[(String, String)],
        sources: &Sources<'_>,
    ) -> Result<Settings, SettingsError> {
        let mut layers = Layers::new(flags, sources)?;
        let text = |layers: &Layers, name: &str| Some(layers.text(name)).filter(|text| !text.is_empty());
        let tags = layers.read("tags", |text| Ok(parse_tags(text)))?;
        let events = layers.read("event", |text| {
            if text.trim().is_empty() {
                return Ok(Vec::new());
            }
            EventSpec::parse(text).map_err(|error| error.to_string())
        })?;
        let preset = layers.read("preset", |text| match text {
            "" => Ok(None),
            name => event_spec::preset(name, true)
                .map(|_| Some(name.to_owned()))
                .map_err(|error| error.to_string()),
        })?;
        let preset = preset.or_else(|| events.is_empty().then(|| "default".to_owned()));
        let output = text(&layers, "output").map(PathBuf::from);
        let endpoint = endpoint(&mut layers, sources, output.is_some())?;
        let trust = layers.read("ca-cert", trust)?;
        let attributes = layers.read("resource-attributes", otlp::pairs)?;
        let seconds = |text: &str| {
            let period =
                text.parse::<f64>().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            period
                .filter(|period| *period >= SHORTEST_PERIOD && *period <= Duration::from_secs(86_400))
                .ok_or_else(|| "is no number of seconds from 1 to 86400".to_owned())
        };
        let symbolization =
            match (layers.switch("disable-symbolization")?, layers.switch("remote-symbolization")?) {
                (true, _) => Symbolization::Off,
                (false, true) => Symbolization::Remote,
                (false, false) => Symbolization::Local,
            };
        let mut settings = Settings {
            service: text(&layers, "service"),
            environment: text(&layers, "environment"),
            version: text(&layers, "service-version"),
            tags,
            hostname: text(&layers, "hostname"),
            runtime_id: text(&layers, "runtime-id"),
            endpoint,
            trust,
            output,
            upload_period: layers.read("upload-period", seconds)?,
            pprof_prefix: text(&layers, "debug-pprof-prefix"),
            preset,
            events,
            inlined_functions: layers.switch("inlined-functions")?,
            timeline: layers.switch("timeline")?,
            kernel: layers.switch("kernel")?,
            stack_bytes: layers.read("stack-sample-size", |text| {
                let bytes = text.parse::<u32>().ok().filter(|bytes| (8..=MAX_STACK_BYTES).contains(bytes));
                bytes
                    .map(|bytes| bytes & !7)
                    .ok_or_else(|| format!("is no number from 8 to {MAX_STACK_BYTES}"))
            })?,
            maximum_pids: layers.read("maximum-pids", |text| match text.parse::<i64>() {
                Ok(-1) => Ok(None),
                Ok(count) if count > 0 => Ok(Some(usize::try_from(count).unwrap_or(usize::MAX))),
                _ => Err("is no number above 0, nor -1".to_owned()),
            })?,
            symbolization,
            debug_directories: layers
                .text("debug-directories")
                .split(':')
                .filter(|text| !text.is_empty())
                .map(PathBuf::from)
                .collect(),
            debuginfod: layers.read("debuginfod", |text| debuginfod(text, sources))?,
            debuginfod_cache: debuginfod_cache(sources),
            budget: layers.read("budget", |text| match text.parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent / 100.0),
                _ => Err("is no percentage".to_owned()),
            })?,
            lock_threshold: layers.read("lock-threshold", |text| {
                text.parse().map(Duration::from_micros).map_err(|_| "is no number of microseconds".to_owned())
            })?,
            follow_execs: layers.switch("follow-execs")?,
            // Other languages know `auto`, which for a program under this profiler is on.
            enabled: layers
                .read("enable", |text| if text == "auto" { Ok(true) } else { layers::switch(text) })?,
            nice: layers.read("nice", |text| match text.parse::<i32>() {
                _ if text.is_empty() => Ok(None),
                // ddprof says -1 where it means not to change anything.
                Ok(-1) => Ok(None),
                Ok(nice) if (-20..=19).contains(&nice) => Ok(Some(nice)),
                _ => Err("is no number from -20 to 19".to_owned()),
            })?,
            switch_user: text(&layers, "switch-user"),
            cpu_affinity: layers.read("cpu-affinity", |text| match text {
                "" => Ok(None),
                text => cpus(text).map(Some).ok_or_else(|| "is no hexadecimal mask of CPUs".to_owned()),
            })?,
            log_level: layers.read("log-level", |text| Level::parse(text).ok_or_else(Level::expected))?,
            log_mode: layers.read("log-mode", |text| Ok(Mode::parse(text)))?,
            show_config: layers.switch("show-config")?,
            show_samples: layers.switch("show-samples")?,
            capture_config: text(&layers, "capture-config").map(PathBuf::from),
            internal_stats: text(&layers, "internal-stats").map(PathBuf::from),
            warnings: Vec::new(),
            layers,
        };
        otlp::complete(&mut settings, attributes);
        settings.warnings = settings.layers.take_warnings();
        Ok(settings)
    }

    /// What is sampled: the preset and the events. Without `hooks` (processes that run already, the whole host) the
    /// default preset is the CPU alone, as in `ddprof`.
    pub fn all_events(&self, hooks: bool) -> Vec<EventSpec> {
        let preset = self.preset.as_deref().and_then(|name| event_spec::preset(name, hooks).ok());
        let mut events = preset.unwrap_or_default();
        for event in &self.events {
            if !events.contains(event) {
                events.push(event.clone());
            }
        }
        events.truncate(event_spec::MAX_EVENTS);
        events
    }

    /// How many processes are followed on a whole host: the default for one command would leave out most of them.
    pub fn maximum_pids_of_host(&self) -> Option<usize> {
        if self.layers.is_default("maximum-pids") { Some(PIDS_OF_HOST) } else { self.maximum_pids }
    }

    /// All settings as a configuration file that says the same, with where each comes from. Secrets are left out.
    pub fn document(&self) -> String {
        document::write(&self.layers)
    }
}

fn debuginfod(text: &str, sources: &Sources<'_>) -> Result<Vec<String>, String> {
    let text = match text {
        "off" | "0" => String::new(),
        "on" | "1" => match (sources.environment)("DEBUGINFOD_URLS") {
            Some(servers) if !servers.trim().is_empty() => servers,
            _ => return Err("needs servers, and DEBUGINFOD_URLS names none".to_owned()),
        },
        servers => servers.to_owned(),
    };
    let servers: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    match servers.iter().find(|server| !server.starts_with("http://") && !server.starts_with("https://")) {
        Some(server) => Err(format!("has `{server}`, which is no address of a server (https://...)")),
        None => Ok(servers),
    }
}

/// Where elfutils keeps what it fetches.
fn debuginfod_cache(sources: &Sources<'_>) -> PathBuf {
    let folder = |name: &str| (sources.environment)(name).filter(|text| !text.is_empty()).map(PathBuf::from);
    folder("DEBUGINFOD_CACHE_PATH")
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("debuginfod_client")))
        .or_else(|| folder("HOME").map(|home| home.join(".cache/debuginfod_client")))
        .unwrap_or_else(|| std::env::temp_dir().join("debuginfod_client"))
}

fn endpoint(
    layers: &mut Layers,
    sources: &Sources<'_>,
    has_output: bool,
) -> Result<Option<Endpoint>, SettingsError> {
    let export = layers.read("do-export", |text| match text {
        "" => Ok(None),
        text => layers::switch(text).map(Some),
    })?;
    let asked = ["url", "host", "port", "agentless"].into_iter().any(|name| layers.is_flag(name));
    if !export.unwrap_or(!has_output || asked) {
        return Ok(None);
    }
    let protocol = layers.protocol()?;
    let api_key = layers.text("api-key");
    if protocol == Protocol::Otlp && layers.is_flag("agentless") && layers.switch("agentless")? {
        let reason = "is for --protocol datadog; name a receiver with --url".to_owned();
        return Err(SettingsError::Value { name: "agentless", value: "on".to_owned(), reason });
    }
    if protocol == Protocol::Datadog && layers.switch("agentless")? {
        let site = layers.text("site");
        match Endpoint::agentless(&site, &api_key) {
            Ok(endpoint) => return Ok(Some(endpoint)),
            Err(error) if layers.is_flag("agentless") => {
                return Err(SettingsError::Endpoint(error));
            }
            Err(error) => layers.warn(error.to_string()),
        }
    }
    let endpoint = address(layers, protocol)?.with_api_key(&api_key);
    let headers = layers.read("otlp-headers", otlp::pairs)?;
    if protocol == Protocol::Datadog {
        return Ok(Some(endpoint));
    }
    otlp::check_protocol(layers, sources);
    Ok(Some(endpoint.with_headers(headers)))
}

/// Those whose certificates are in a file; without one, those that this system trusts.
fn trust(path: &str) -> Result<Trust, String> {
    if path.is_empty() {
        return Ok(Trust::System);
    }
    Trust::only(Path::new(path)).map_err(|error| match error {
        TrustError::Read { source, .. } => format!("cannot be read: {source}"),
        error => format!("cannot be: {error}"),
    })
}

/// Where to: a URL, or a host and a port.
fn address(layers: &mut Layers, protocol: Protocol) -> Result<Endpoint, SettingsError> {
    let port = layers.read("port", |text| match text.parse::<u16>() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err("is no number from 1 to 65535".to_owned()),
    })?;
    let port = if layers.is_default("port") { protocol.port() } else { port };
    let host = layers.text("host");
    // A flag for the host says more than a URL that happens to be in the environment.
    let is_host = (layers.is_flag("host") || layers.is_flag("port")) && !layers.is_flag("url");
    if is_host {
        return Ok(Endpoint::agent(protocol, &host, port));
    }
    layers.read_with_source("url", |text, source| {
        let parsed = match protocol {
            _ if text.is_empty() => Ok(Endpoint::agent(protocol, &host, port)),
            Protocol::Datadog => Endpoint::parse(text),
            Protocol::Otlp => otlp::receiver(text, source),
        };
        parsed.map_err(|error| format!("cannot be: {error}"))
    })
}

/// Tags separated by commas; Datadog's libraries take spaces as well where there is no comma.
fn parse_tags(text: &str) -> Tags {
    if text.contains(',') {
        Tags::parse(text)
    } else {
        text.split_whitespace().filter_map(Tag::parse).collect()
    }
}

/// The CPUs of a hexadecimal mask: `0x5` is the first and the third.
fn cpus(text: &str) -> Option<Vec<usize>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut cpus = Vec::new();
    for (position, digit) in digits.chars().rev().enumerate().take(256) {
        let value = digit.to_digit(16)?;
        cpus.extend((0..4).filter(|bit| value & (1 << bit) != 0).map(|bit| position * 4 + bit));
    }
    (!cpus.is_empty()).then_some(cpus)
}
