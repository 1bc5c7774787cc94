//! Addresses.

use vesta_scrape::{Target, TargetError};

#[test]
fn a_host_a_base_and_one_profile_are_targets() {
    for (text, instance, host) in [
        ("localhost:6060", "localhost:6060", "localhost"),
        ("http://10.0.0.5:6060", "10.0.0.5:6060", "10.0.0.5"),
        ("https://user:secret@web.example.com/admin/pprof/", "web.example.com", "web.example.com"),
        ("http://[::1]:6060/debug/pprof", "[::1]:6060", "::1"),
        ("http://rust:8080/debug/pprof/allocs", "rust:8080", "rust"),
    ] {
        let target = Target::parse(text).unwrap();
        assert_eq!((target.instance(), target.host()), (instance, host), "{text}");
        assert!(!target.to_string().contains("secret"));
    }
}

#[test]
fn other_addresses_are_refused_by_name() {
    for text in ["", "ftp://host/", "http://", "http:///debug/pprof/"] {
        assert!(matches!(Target::parse(text), Err(TargetError::Address(_))), "{text}");
    }
    for text in ["http://host/metrics", "http://host/?x=1"] {
        assert!(matches!(Target::parse(text), Err(TargetError::Profile(_))), "{text}");
    }
}
