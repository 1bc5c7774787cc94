//! Why an upload did not arrive.

use crate::Protocol;

/// Why an upload did not arrive.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// What answers there takes no profiles (404).
    #[error("what answers at {endpoint} takes no profiles (404); is that the address of {}?", takers(*protocol))]
    NoIntake {
        /// The address.
        endpoint: String,
        /// What was spoken.
        protocol: Protocol,
    },
    /// Profiles are not allowed (401, 403).
    #[error("{endpoint} refuses profiles from here ({status}); it may want a key: set {}", keys(*protocol))]
    Forbidden {
        /// The address.
        endpoint: String,
        /// The status.
        status: u16,
        /// What was spoken.
        protocol: Protocol,
    },
    /// Who answers there shows a certificate that is not to be trusted.
    #[error(
        "{endpoint} has a certificate that is not trusted: {reason}; SSL_CERT_FILE names, by its whole path, a file (PEM) \
         with those whom to trust"
    )]
    Untrusted {
        /// The address.
        endpoint: String,
        /// What is wrong with the certificate.
        reason: String,
    },
    /// This upload was refused for good.
    #[error("{endpoint} refused the profile ({status}){}", if message.is_empty() { String::new() } else { format!(": {message}") })]
    Rejected {
        /// The address.
        endpoint: String,
        /// The status.
        status: u16,
        /// What the server said, shortened.
        message: String,
    },
    /// Nothing took it before the deadline.
    #[error("cannot send to {endpoint}: {reason} ({attempts} attempts)")]
    Unavailable {
        /// The address.
        endpoint: String,
        /// What was wrong the last time.
        reason: String,
        /// How often it was tried.
        attempts: u32,
    },
}

impl SendError {
    /// Whether the address itself is wrong, so that no later upload will arrive either.
    pub fn is_permanent(&self) -> bool {
        matches!(self, SendError::NoIntake { .. } | SendError::Forbidden { .. })
    }
}

/// Who takes profiles.
fn takers(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Datadog => "Vesta or of a Datadog Agent 7.20 or newer",
        Protocol::Otlp => {
            "Vesta, or of a Collector with a pipeline of profiles (--feature-gates=service.profilesSupport)"
        }
    }
}

/// Where a key is set.
fn keys(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Datadog => "--api-key or DD_API_KEY",
        Protocol::Otlp => "--otlp-headers or OTEL_EXPORTER_OTLP_HEADERS",
    }
}
