//! Whose certificates are believed.

use std::path::{Path, PathBuf};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Whose certificates are believed, of whoever is spoken to over `https`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Trust {
    /// Those that this system trusts.
    #[default]
    System,
    /// These, and those that they sign; no others.
    Only(Vec<Certificate<'static>>),
    /// Anybody's.
    Anybody,
}

/// Why a file says nothing about whom to trust.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// It has no certificate.
    #[error("there is no certificate in {}; it takes text (PEM), from `-----BEGIN CERTIFICATE-----` on", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
}

impl Trust {
    /// Trusts the certificates in a file of text (PEM), and those that they sign.
    pub fn only(path: &Path) -> Result<Trust, TrustError> {
        let text =
            std::fs::read(path).map_err(|source| TrustError::Read { path: path.to_owned(), source })?;
        let certificates: Vec<Certificate<'static>> = parse_pem(&text)
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(TrustError::NoCertificate { path: path.to_owned() });
        }
        Ok(Trust::Only(certificates))
    }

    /// The same for a client of HTTP.
    pub fn config(&self) -> TlsConfig {
        let builder = TlsConfig::builder();
        let builder = match self {
            Trust::System => builder.root_certs(RootCerts::PlatformVerifier),
            Trust::Only(certificates) => builder.root_certs(RootCerts::new_with_certs(certificates)),
            Trust::Anybody => builder.disable_verification(true),
        };
        builder.build()
    }
}

/// What is wrong with the certificate that the other side showed, if that is why there is no answer.
pub fn distrust(error: &ureq::Error) -> Option<String> {
    let rustls = match error {
        ureq::Error::Rustls(error) => error,
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref::<rustls::Error>()?,
        _ => return None,
    };
    let error = match rustls {
        rustls::Error::InvalidCertificate(error) => error,
        // What the verifier of the platform says before it has seen a certificate.
        rustls::Error::General(text) if text.contains("No CA certificates") => {
            return Some("this system trusts nobody: it has no certificates of authorities".to_owned());
        }
        _ => return None,
    };
    Some(match error {
        rustls::CertificateError::UnknownIssuer => "nobody who is trusted has signed it".to_owned(),
        // The name of webpki's error, which rustls passes on as one of others.
        error if format!("{error:?}").contains("CaUsedAsEndEntity") => {
            "it is one for signing others, and such a one cannot be a server's".to_owned()
        }
        error => error.to_string(),
    })
}
