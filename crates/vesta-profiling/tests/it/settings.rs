//! Flags, then environment, then a file, then defaults.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;
use vesta_export::Protocol;
use vesta_profiling::settings::{SETTINGS, Sources};
use vesta_profiling::{Level, Mode, Settings, SettingsError};

fn load(flags: &[(&str, &str)], environment: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let flags: Vec<(String, String)> =
        flags.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let lookup = |name: &str| {
        environment.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
    };
    Settings::from_sources(&flags, &Sources { environment: &lookup, default_file: false })
}

#[test]
fn without_a_word_it_is_what_ddprof_does() {
    let settings = load(&[], &[]).unwrap();
    assert_eq!(settings.service, None);
    assert_eq!(settings.endpoint.as_ref().unwrap().to_string(), "http://localhost:8126");
    assert_eq!(settings.upload_period, Duration::from_secs(59));
    assert_eq!((settings.stack_bytes, settings.maximum_pids), (32_000, Some(100)));
    assert_eq!(settings.maximum_pids_of_host(), Some(4_096), "a host has more processes than a command");
    assert_eq!(load(&[("maximum-pids", "7")], &[]).unwrap().maximum_pids_of_host(), Some(7));
    assert!(settings.enabled && settings.timeline && !settings.inlined_functions);
    let names = |hooks| settings.all_events(hooks).iter().map(|event| event.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(true), ["sCPU", "sALLOC"]);
    assert_eq!(names(false), ["sCPU"]);
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
}

#[test]
fn flags_override_the_environment_and_that_overrides_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ddprof.toml");
    fs::write(
        &file,
        "service = \"file\"\nenvironment = \"file\"\nservice_version = \"file\"\nupload_period = 7\n\
         timeline = false\nevent = [\"sCPU freq=49\", \"sALLOC\"]\n",
    )
    .unwrap();
    let settings = load(
        &[("service", "flag"), ("config", file.to_str().unwrap())],
        &[("DD_SERVICE", "variable"), ("DD_ENV", "variable")],
    )
    .unwrap();
    assert_eq!(settings.service.as_deref(), Some("flag"));
    assert_eq!(settings.environment.as_deref(), Some("variable"));
    assert_eq!(settings.version.as_deref(), Some("file"));
    assert_eq!(settings.upload_period, Duration::from_secs(7));
    assert!(!settings.timeline);
    assert_eq!(settings.all_events(true).len(), 2, "only the events: there is no preset beside them");
}

#[test]
fn the_document_of_settings_says_the_same_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("captured.toml");
    let tags = "team:shop,note:a \"quoted\" \\ thing";
    let settings = load(
        &[("tags", tags), ("upload_period", "12"), ("api-key", "secret")],
        &[("DD_SERVICE", "web"), ("DD_PROFILING_NATIVE_PRESET", "cpu_live_heap")],
    )
    .unwrap();
    let document = settings.document();
    assert!(document.contains("service = \"web\"  # DD_SERVICE\n"), "{document}");
    assert!(document.contains("upload-period = \"12\"  # a flag\n"), "{document}");
    assert!(!document.contains("secret"), "{document}");
    for setting in SETTINGS {
        assert!(document.contains(&format!("{} = ", setting.name)), "{}", setting.name);
    }
    fs::write(&file, &document).unwrap();
    let again = load(&[("config", file.to_str().unwrap())], &[]).unwrap();
    assert_eq!((again.service, again.tags), (settings.service, settings.tags));
    assert_eq!((again.preset, again.upload_period), (settings.preset, settings.upload_period));
}

#[test]
fn a_wrong_flag_is_an_error_and_a_wrong_variable_is_left_out() {
    for (name, value, reason) in [
        ("upload-period", "soon", "is no number of seconds from 1 to 86400"),
        ("port", "0", "is no number from 1 to 65535"),
        ("stack-sample-size", "100000", "is no number from 8 to 65528"),
        ("log-level", "loud", "is none of debug, informational, notice, warn, error"),
        ("timeline", "maybe", "is neither on nor off"),
        ("preset", "everything", "no preset is named `everything`; there are default"),
        ("event", "sNOTHING", "sNOTHING"),
        ("url", "ftp://x", "write it as http://host:8126"),
        ("maximum-pids", "0", "is no number above 0, nor -1"),
        ("ca-cert", "/missing/ca.pem", "cannot be read: "),
    ] {
        let error = load(&[(name, value)], &[]).unwrap_err().to_string();
        assert!(error.contains(reason), "{name}: {error}");
        let variable = SETTINGS.iter().find(|setting| setting.name == name).unwrap().environment[0];
        let settings = load(&[], &[(variable, value)]).unwrap();
        assert_eq!(settings.warnings.len(), 1, "{name}: {:?}", settings.warnings);
        assert!(settings.warnings[0].contains(variable), "{:?}", settings.warnings);
    }
    assert!(matches!(load(&[("sevrice", "x")], &[]), Err(SettingsError::Unknown(_))));
}

#[test]
fn a_file_that_is_named_has_to_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let path = file.to_str().unwrap();
    assert!(load(&[("config", path)], &[]).unwrap_err().to_string().contains(path));
    fs::write(&file, "sevrice = \"x\"\n").unwrap();
    let error = load(&[("config", path)], &[]).unwrap_err().to_string();
    assert!(error.contains("there is no setting `sevrice`"), "{error}");
    let settings = load(&[], &[("DD_PROFILING_NATIVE_CONFIG", path)]).unwrap();
    assert!(settings.warnings[0].contains("sevrice"), "{:?}", settings.warnings);
}

#[test]
fn uploads_go_where_the_strongest_word_says() {
    let endpoint = |flags: &[(&str, &str)], environment: &[(&str, &str)]| {
        load(flags, environment).unwrap().endpoint.map(|endpoint| endpoint.to_string())
    };
    let url = ("DD_TRACE_AGENT_URL", "unix:///run/a.socket");
    let host = ("DD_AGENT_HOST", "agent");
    assert_eq!(endpoint(&[], &[url, host]).as_deref(), Some("unix:///run/a.socket"));
    assert_eq!(endpoint(&[], &[host]).as_deref(), Some("http://agent:8126"));
    assert_eq!(endpoint(&[("host", "b"), ("port", "9")], &[url]).as_deref(), Some("http://b:9"));
    assert_eq!(endpoint(&[("url", "c:7")], &[url]).as_deref(), Some("http://c:7"));
    assert_eq!(endpoint(&[("do_export", "0")], &[url]), None);
    // A file is instead of uploads, unless they are asked for.
    assert_eq!(endpoint(&[("output", "x")], &[url]), None);
    assert_eq!(endpoint(&[("output", "x"), ("url", "c:7")], &[]).as_deref(), Some("http://c:7"));
    assert_eq!(
        endpoint(&[("output", "x"), ("do-export", "1")], &[host]).as_deref(),
        Some("http://agent:8126")
    );
    let intake = endpoint(&[], &[("DD_PROFILING_AGENTLESS", "1"), ("DD_API_KEY", "k"), ("DD_SITE", "s.eu")]);
    assert_eq!(intake.as_deref(), Some("https://intake.profile.s.eu/api/v2/profile"));
    assert!(load(&[("agentless", "1")], &[]).unwrap_err().to_string().contains("DD_API_KEY"));
}

#[test]
fn events_and_presets_add_up() {
    let names = |flags: &[(&str, &str)]| {
        let settings = load(flags, &[]).unwrap();
        settings.all_events(true).iter().map(|event| event.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&[("event", "sCPU freq=49"), ("event", "sPF")]), ["sCPU", "sPF"]);
    assert_eq!(names(&[("preset", "alloc_only"), ("event", "sPF")]), ["sALLOC", "sPF"]);
}

#[test]
fn values_are_read_as_people_write_them() {
    let settings = load(
        &[
            ("log_mode", "/tmp/some/file.log"),
            ("log_level", "informational"),
            ("nice", "5"),
            ("cpu_affinity", "0x11"),
            ("tags", "a:1 b:2"),
            ("maximum_pids", "-1"),
        ],
        &[("DD_PROFILING_ENABLED", "auto")],
    )
    .unwrap();
    assert_eq!(settings.log_mode, Mode::File("/tmp/some/file.log".into()));
    assert_eq!((settings.log_level, settings.nice), (Level::Info, Some(5)));
    assert_eq!(settings.cpu_affinity, Some(vec![0, 4]));
    assert_eq!((settings.tags.get("a"), settings.tags.get("b")), (Some("1"), Some("2")));
    assert_eq!((settings.maximum_pids, settings.enabled), (None, true));
}

#[test]
fn no_two_settings_share_a_name() {
    let mut names = BTreeSet::new();
    let mut shorts = BTreeSet::new();
    let mut variables = BTreeSet::new();
    for setting in SETTINGS {
        for name in setting.aliases.iter().chain([&setting.name]) {
            assert!(names.insert(*name), "{name}");
        }
        assert!(setting.short.is_none_or(|short| shorts.insert(short)), "{:?}", setting.short);
        for variable in setting.environment.iter().chain(setting.of_otlp) {
            assert!(variables.insert(*variable), "{variable}");
        }
    }
}

#[test]
fn debug_information_is_fetched_only_from_servers_that_somebody_names() {
    let servers = [("DEBUGINFOD_URLS", "https://a.example https://b.example/"), ("HOME", "/home/me")];
    assert!(load(&[], &servers).unwrap().debuginfod.is_empty());
    let settings = load(&[("debuginfod", "on")], &servers).unwrap();
    assert_eq!(settings.debuginfod, ["https://a.example", "https://b.example/"]);
    assert_eq!(settings.debuginfod_cache.to_str(), Some("/home/me/.cache/debuginfod_client"));
    assert_eq!(
        load(&[("debuginfod", "http://c.example")], &servers).unwrap().debuginfod,
        ["http://c.example"]
    );
    for wrong in [load(&[("debuginfod", "on")], &[]), load(&[("debuginfod", "c.example")], &servers)] {
        assert!(wrong.unwrap_err().to_string().contains("--debuginfod"));
    }
}

#[test]
fn with_otlp_the_address_is_that_of_a_receiver() {
    let endpoint = |flags: &[(&str, &str)], environment: &[(&str, &str)]| {
        let flags: Vec<(&str, &str)> = [("protocol", "otlp")].iter().chain(flags).copied().collect();
        let settings = load(&flags, environment).unwrap();
        assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
        let endpoint = settings.endpoint.unwrap();
        assert_eq!(endpoint.protocol(), Protocol::Otlp);
        endpoint.to_string()
    };
    let (base, whole) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT");
    assert_eq!(endpoint(&[], &[]), "http://localhost:4318");
    assert_eq!(endpoint(&[("host", "collector")], &[]), "http://collector:4318");
    assert_eq!(endpoint(&[("port", "14318")], &[(base, "http://b:1")]), "http://localhost:14318");
    assert_eq!(endpoint(&[("url", "http://a:1")], &[(base, "http://b:1")]), "http://a:1");
    assert_eq!(endpoint(&[], &[(base, "http://b:1")]), "http://b:1");
    assert_eq!(endpoint(&[], &[(base, "http://b:1"), (whole, "http://c:1/profiles")]), "http://c:1/profiles");
    // Where Datadog's agent is says nothing about a receiver.
    let datadog = [
        ("DD_TRACE_AGENT_URL", "http://agent:8126"),
        ("DD_AGENT_HOST", "agent"),
        ("DD_TRACE_AGENT_PORT", "1"),
    ];
    assert_eq!(endpoint(&[], &datadog), "http://localhost:4318");
    assert_eq!(
        endpoint(&[], &[("DD_PROFILING_AGENTLESS", "true"), ("DD_API_KEY", "k")]),
        "http://localhost:4318"
    );
    let variable = [("VESTA_PROFILING_PROTOCOL", "OTLP"), (base, "http://b:1")];
    assert_eq!(load(&[], &variable).unwrap().endpoint.unwrap().to_string(), "http://b:1");
}

#[test]
fn variables_of_opentelemetry_count_with_its_protocol_alone() {
    let environment = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20secret"),
        ("OTEL_SERVICE_NAME", "web"),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "service.name=other,service.version=1.2,deployment.environment.name=prod,host.name=node-1,team=a%2Cb",
        ),
    ];
    let settings = load(&[], &environment).unwrap();
    assert_eq!(settings.endpoint.as_ref().unwrap().to_string(), "http://localhost:8126");
    assert_eq!((settings.service, settings.version, settings.tags.len()), (None, None, 0));

    let settings = load(&[("protocol", "otlp")], &environment).unwrap();
    assert_eq!(settings.endpoint.as_ref().unwrap().to_string(), "http://collector:4318");
    assert_eq!(settings.service.as_deref(), Some("web"));
    assert_eq!(settings.version.as_deref(), Some("1.2"));
    assert_eq!(settings.environment.as_deref(), Some("prod"));
    assert_eq!(settings.hostname.as_deref(), Some("node-1"));
    assert_eq!(settings.tags.iter().map(ToString::to_string).collect::<Vec<_>>(), ["team:a,b"]);
    let document = settings.document();
    assert!(
        document.contains("url = \"http://collector:4318\"  # OTEL_EXPORTER_OTLP_ENDPOINT"),
        "{document}"
    );
    assert!(!document.contains("secret"), "{document}");

    let stronger: Vec<_> =
        [("DD_SERVICE", "shop"), ("DD_TAGS", "team:c")].into_iter().chain(environment).collect();
    let settings = load(&[("protocol", "otlp"), ("environment", "dev")], &stronger).unwrap();
    assert_eq!(settings.service.as_deref(), Some("shop"));
    assert_eq!(settings.environment.as_deref(), Some("dev"));
    assert_eq!(settings.tags.to_string(), "team:c");
}

#[test]
fn what_is_wrong_with_variables_of_opentelemetry_is_said() {
    let otlp = [("protocol", "otlp")];
    for (variable, value, part) in [
        ("OTEL_RESOURCE_ATTRIBUTES", "team", "is no list of NAME=VALUE"),
        ("OTEL_RESOURCE_ATTRIBUTES", "team=%zz", "is no list of NAME=VALUE"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector", "write it as http://host:4318"),
        ("OTEL_EXPORTER_OTLP_PROFILES_ENDPOINT", "collector:4318", "write it as http://host:4318"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/missing/ca.pem", "cannot be read: "),
    ] {
        let settings = load(&otlp, &[(variable, value)]).unwrap();
        assert_eq!(settings.warnings.len(), 1, "{:?}", settings.warnings);
        let warning = &settings.warnings[0];
        assert!(warning.contains(variable) && warning.contains(part), "{warning}");
        assert_eq!(settings.endpoint.unwrap().to_string(), "http://localhost:4318");
    }
    let grpc =
        [("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317")];
    let settings = load(&otlp, &grpc).unwrap();
    assert_eq!(settings.warnings.len(), 1, "{:?}", settings.warnings);
    let warning = &settings.warnings[0];
    assert!(warning.starts_with("OTEL_EXPORTER_OTLP_PROTOCOL is grpc"), "{warning}");
    let error = load(&[("protocol", "grpc")], &[]).unwrap_err().to_string();
    assert_eq!(error, "`grpc` for --protocol is neither datadog nor otlp");
    let error = load(&[("protocol", "otlp"), ("agentless", "on")], &[]).unwrap_err().to_string();
    assert_eq!(error, "`on` for --agentless is for --protocol datadog; name a receiver with --url");
    let error = load(&[("resource-attributes", "team")], &[]).unwrap_err().to_string();
    assert!(error.contains("is no list of NAME=VALUE"), "{error}");
}
