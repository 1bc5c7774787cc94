//! Sending uploads: HTTP over TCP, TLS and Unix sockets, with bounded retries.
//!
//! # Problem
//!
//! A profiler sends once a minute, for years, to something that is at times restarted, busy, wrong or not there. It
//! must get the profile across when that is possible, and must never hold up or harm what it profiles when it is not.
//!
//! # Design
//!
//! - [`Endpoint`] reads an address in every form that Datadog's libraries take: `http://host:8126`, `host:8126`,
//!   `unix:///run/apm.socket`, `/run/apm.socket`, or a site with an API key.
//! - A [`Protocol`] says what goes there: Datadog's uploads, or messages of OpenTelemetry, which are compressed for the way
//!   and of which a receiver may take a part only.
//! - [`Exporter::send`] blocks until the upload is acknowledged or refused, or until a [`Deadline`] that another thread
//!   may bring forward. One attempt takes [`ATTEMPT_TIMEOUT`] at most.
//! - What can pass (no connection, timeouts, 429, 5xx) is tried again with growing, jittered pauses; what cannot
//!   (403, 404, other 4xx; with OpenTelemetry all but 429, 502, 503 and 504) is not. [`SendError`] says what to change.
//! - With `https`, a [`Trust`] says whose certificates are believed: those of this system, as everything else on it does,
//!   or those in a file.
//! - No thread of its own, no queue: the caller decides what waits.
//!
//! # Non-goals
//!
//! The content of an upload (see `vesta-upload`), and keeping uploads on disk.
//!
//! ```
//! use vesta_export::{Endpoint, Exporter, Sender, Trust};
//!
//! let endpoint = Endpoint::parse("unix:///run/vesta.socket")?;
//! assert_eq!(endpoint.to_string(), "unix:///run/vesta.socket");
//! let sender = Sender { name: "vesta", version: "1.0", container_id: None };
//! let exporter = Exporter::new(endpoint, &sender, &Trust::System);
//! assert_eq!(exporter.endpoint().to_string(), "unix:///run/vesta.socket");
//! # Ok::<(), vesta_export::EndpointError>(())
//! ```

mod deadline;
mod endpoint;
mod exporter;
mod send_error;
mod trust;
mod unix;

pub use deadline::Deadline;
pub use endpoint::{Endpoint, EndpointError, Protocol};
pub use exporter::{ATTEMPT_TIMEOUT, Exporter, Sender, Sent};
pub use send_error::SendError;
pub use trust::{Trust, TrustError, distrust};
