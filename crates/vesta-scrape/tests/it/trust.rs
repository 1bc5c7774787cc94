//! Targets with `https`, and whom they are believed to be.

use crate::http::{Request, serve_tls, tls_file};
use crate::run::{cpu, once, settings};
use std::net::SocketAddr;
use vesta_export::Trust;
use vesta_scrape::{Kind, Outcome, Output, Settings, Target};

/// Scrapes one profile of a server with this certificate, with trust in those in another file.
fn scrape(certificate: &str, trust: Trust) -> (SocketAddr, Outcome, Vec<String>) {
    let target = serve_tls(certificate, |_: Request| (200, cpu()));
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        targets: vec![Target::parse(&format!("https://{target}")).unwrap()],
        trust,
        output: Some(Output::File(folder.path().join("out.pb.gz"))),
        ..settings(&[], &[Kind::Cpu])
    };
    let (outcome, notes) = once(&settings);
    (target, outcome, notes)
}

#[test]
fn who_is_trusted_is_scraped() {
    let all = [
        ("server.pem", Trust::only(&tls_file("authority.pem")).unwrap()),
        ("itself.pem", Trust::only(&tls_file("itself.pem")).unwrap()),
        ("itself.pem", Trust::Anybody),
        ("signer.pem", Trust::Anybody),
    ];
    for (certificate, trust) in all {
        let (_, outcome, notes) = scrape(certificate, trust.clone());
        assert_eq!(
            outcome,
            Outcome { files: 1, ..Outcome::default() },
            "{certificate}, {trust:?}: {notes:?}"
        );
    }
}

#[test]
fn who_is_not_trusted_is_said_to_be_so_once() {
    let only = |file: &str| Trust::only(&tls_file(file)).unwrap();
    let all = [
        ("server.pem", Trust::System, "nobody who is trusted has signed it"),
        ("itself.pem", only("authority.pem"), "nobody who is trusted has signed it"),
        (
            "signer.pem",
            only("signer.pem"),
            "it is one for signing others, and such a one cannot be a server's",
        ),
    ];
    for (certificate, trust, reason) in all {
        let (target, outcome, notes) = scrape(certificate, trust);
        assert_eq!(outcome, Outcome { silent_targets: 1, ..Outcome::default() }, "{notes:?}");
        let expected = format!(
            "https://{target}/debug/pprof/profile?seconds=1 has a certificate that is not trusted: {reason}; \
             --ca-cert FILE names whom to trust, --insecure trusts anybody"
        );
        assert_eq!(notes, [expected]);
    }
}
