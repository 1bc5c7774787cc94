//! Endpoints with `https`, and whom they are believed to be.

use crate::server::{Server, tls_file};
use std::time::Duration;
use vesta_export::{Deadline, Endpoint, Exporter, SendError, Sender, Sent, Trust, TrustError};

/// Sends an upload to a server with this certificate.
fn send(certificate: &str, trust: &Trust) -> (Server, Result<Sent, SendError>) {
    let server = Server::tls(certificate, &["200 OK"]);
    let sender = Sender { name: "vesta", version: "1.2", container_id: None };
    let exporter = Exporter::new(Endpoint::parse(&server.address).unwrap(), &sender, trust);
    let sent = exporter.send("text/plain", b"a profile", &Deadline::after(Duration::from_secs(20)));
    (server, sent)
}

#[test]
fn who_is_trusted_gets_the_upload() {
    let all = [
        ("server.pem", Trust::only(&tls_file("authority.pem")).unwrap()),
        ("itself.pem", Trust::only(&tls_file("itself.pem")).unwrap()),
        ("itself.pem", Trust::Anybody),
    ];
    for (certificate, trust) in all {
        let (server, sent) = send(certificate, &trust);
        assert_eq!(sent, Ok(Sent { attempts: 1, remark: None }), "{certificate}, {trust:?}");
        assert_eq!(server.request().body, b"a profile");
    }
}

#[test]
fn who_is_not_trusted_gets_nothing_and_is_asked_once() {
    for trust in [Trust::System, Trust::only(&tls_file("itself.pem")).unwrap()] {
        let (server, sent) = send("server.pem", &trust);
        let error = sent.unwrap_err();
        assert!(matches!(error, SendError::Untrusted { .. }), "{error}");
        assert!(error.to_string().contains("nobody who is trusted has signed it; "), "{error}");
        // It may be renewed before the next upload.
        assert!(!error.is_permanent());
        assert_eq!(server.waiting(), 0);
    }
}

#[test]
fn a_file_without_certificates_is_refused_by_name() {
    let key = Trust::only(&tls_file("server.key")).unwrap_err();
    assert!(matches!(key, TrustError::NoCertificate { .. }), "{key}");
    assert!(key.to_string().contains("server.key"), "{key}");
    assert!(matches!(Trust::only(&tls_file("missing.pem")), Err(TrustError::Read { .. })));
}
