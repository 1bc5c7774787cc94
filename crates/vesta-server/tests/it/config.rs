//! Configuration in layers.

use std::path::PathBuf;
use vesta_server::config::{ByteLimit, ByteSize, Listen, Origin, Period, resolve};
use vesta_server::{PartialConfig, ServerConfig};

#[test]
fn flags_win_over_the_environment_that_wins_over_the_file_that_wins_over_defaults() {
    let file =
        PartialConfig::from_toml("listen = '127.0.0.1:1'\nlimit_body = '1MiB'\nretention_max_age = '2d'\n");
    let environment = PartialConfig::from_environment([
        ("VESTA_LISTEN", "127.0.0.1:2"),
        ("VESTA_LIMIT_BODY", "2MiB"),
        ("VESTA_SERVER", "http://elsewhere"),
        ("PATH", "/bin"),
    ]);
    let flags = PartialConfig { listen: Some("127.0.0.1:3".parse().unwrap()), ..PartialConfig::default() };
    let path = PathBuf::from("/etc/vesta.toml");
    let effective = resolve([
        (Origin::File(path.clone()), file.unwrap()),
        (Origin::Environment, environment.unwrap()),
        (Origin::Flag, flags),
    ]);
    let config = &effective.config;
    assert_eq!(config.listen, Listen::At("127.0.0.1:3".to_owned()));
    assert_eq!(config.limit_body, ByteSize::from_mib(2));
    assert_eq!(config.retention_max_age, Period::from_days(2));
    assert_eq!(config.limit_queries, ServerConfig::default().limit_queries);
    assert_eq!(effective.origin("listen"), &Origin::Flag);
    assert_eq!(effective.origin("limit_body"), &Origin::Environment);
    assert_eq!(effective.origin("retention_max_age"), &Origin::File(path));
    assert_eq!(effective.origin("limit_queries"), &Origin::Default);
}

#[test]
fn the_printed_configuration_reads_back_as_the_same_and_says_where_values_come_from() {
    let changed = "sdk_listen = '127.0.0.1:8126'\nsdk_socket = '/run/vesta.sock'\nallowed_hosts = ['a', 'b']\n\
                   retention_max_bytes = '1000'\nretention_max_disk_share = 0.25\nlog_format = 'json'\nno_auth = true\n";
    let layer = PartialConfig::from_toml(changed).unwrap();
    let effective = resolve([(Origin::File("v.toml".into()), layer)]);
    let printed = effective.to_toml();
    assert!(printed.contains("(from v.toml)\nsdk_listen = \"127.0.0.1:8126\"\n"), "{printed}");
    assert!(printed.contains("(default)\nlimit_body = \"64MiB\"\n"), "{printed}");
    let again = resolve([(Origin::Flag, PartialConfig::from_toml(&printed).unwrap())]);
    assert_eq!(again.config, effective.config);
    assert_eq!(again.config.retention_max_bytes, ByteLimit(Some(1000)));
}

#[test]
fn mistakes_are_errors_that_name_the_setting_and_what_to_write() {
    let error = |text: &str| PartialConfig::from_toml(text).unwrap_err().to_string();
    assert_eq!(error("lisen = 'x'"), "there is no setting `lisen`; did you mean `listen`?");
    assert_eq!(error("limit-body = 1"), "there is no setting `limit-body`; did you mean `limit_body`?");
    assert_eq!(error("colour = 'red'"), "there is no setting `colour`");
    assert_eq!(
        error("listen = 'here'"),
        "listen: `here` is not an address: write HOST:PORT, such as 127.0.0.1:8378, or `off`"
    );
    assert_eq!(error("limit_queries = 0"), "limit_queries: `0` is not a number of at least 1");
    assert_eq!(error("no_auth = 'yes'"), "no_auth: a string is neither true nor false");
    let environment = PartialConfig::from_environment([("VESTA_RETENTION_MAX_AGE", "soon")]);
    assert_eq!(
        environment.unwrap_err().to_string(),
        "VESTA_RETENTION_MAX_AGE: `soon` is not a length of time: write 8d, 1h30m or 45s"
    );
}

#[test]
fn sizes_and_times_are_read_and_written_as_people_do() {
    for (text, bytes) in [("1048576", 1 << 20), ("1MiB", 1 << 20), ("2 GB", 2_000_000_000), ("3kb", 3000)] {
        assert_eq!(text.parse::<ByteSize>().unwrap().0, bytes, "{text}");
    }
    for wrong in ["", "MiB", "-1", "1.5GB", "99999999999TiB"] {
        assert!(wrong.parse::<ByteSize>().is_err(), "{wrong}");
    }
    for (text, written) in [("8d", "8d"), ("90", "1m30s"), ("1h30m", "1h30m"), ("1w", "7d"), ("0s", "0s")] {
        assert_eq!(text.parse::<Period>().unwrap().to_string(), written);
    }
    for wrong in ["", "h", "1y", "-1d", "1d2"] {
        assert!(wrong.parse::<Period>().is_err(), "{wrong}");
    }
}
