//! Addresses in every form that people write them.

use vesta_export::{Endpoint, EndpointError, Protocol};

#[test]
fn addresses_are_understood_in_every_form_that_libraries_take() {
    for (written, shown) in [
        ("http://vesta:8126", "http://vesta:8126"),
        ("https://vesta.example/tenant/", "https://vesta.example/tenant"),
        ("vesta:9000", "http://vesta:9000"),
        ("vesta", "http://vesta:8126"),
        ("10.0.0.1:1", "http://10.0.0.1:1"),
        ("http://[::1]:8126", "http://[::1]:8126"),
        ("::1", "http://[::1]:8126"),
        ("unix:///run/apm.socket", "unix:///run/apm.socket"),
        ("/run/apm.socket", "unix:///run/apm.socket"),
        (" localhost:8126 ", "http://localhost:8126"),
    ] {
        assert_eq!(Endpoint::parse(written).unwrap().to_string(), shown, "{written}");
    }
    assert_eq!(Endpoint::agent(Protocol::Datadog, "fe80::1", 8126).to_string(), "http://[fe80::1]:8126");
}

#[test]
fn an_address_that_cannot_be_says_how_to_write_it() {
    for written in
        ["", "ftp://vesta", "vesta:port", "http://:8126", "unix://run/apm", "a b:1", "http://h:0", "h:99999"]
    {
        let error = Endpoint::parse(written).unwrap_err().to_string();
        assert!(error.contains("write it as"), "{written}: {error}");
    }
}

#[test]
fn a_receiver_of_opentelemetry_has_the_port_of_its_own() {
    for (written, shown) in [
        ("http://collector:4318/", "http://collector:4318"),
        ("collector", "http://collector:4318"),
        ("https://otlp.example/tenant", "https://otlp.example/tenant"),
        ("http://collector:4318/v1development/profiles", "http://collector:4318"),
        ("unix:///run/otlp.socket", "unix:///run/otlp.socket"),
    ] {
        let endpoint = Endpoint::otlp(written).unwrap();
        assert_eq!(
            (endpoint.to_string().as_str(), endpoint.protocol()),
            (shown, Protocol::Otlp),
            "{written}"
        );
    }
    let error = Endpoint::otlp("ftp://collector").unwrap_err().to_string();
    assert!(error.contains("write it as http://host:4318"), "{error}");
    for written in ["collector:4318", "ftp://collector", "http://:4318/v1"] {
        assert!(Endpoint::otlp_at(written).is_err(), "{written}");
    }
}

#[test]
fn without_an_agent_there_has_to_be_a_key() {
    assert_eq!(Endpoint::agentless("datadoghq.eu", " "), Err(EndpointError::NoApiKey));
    let endpoint = Endpoint::agentless("datadoghq.eu", "0123").unwrap();
    assert_eq!(endpoint.to_string(), "https://intake.profile.datadoghq.eu/api/v2/profile");
}
