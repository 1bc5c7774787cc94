//! The upload envelope of the Datadog profiling protocol (v4), both directions: `multipart/form-data` with an
//! `event.json` that says what the upload is about, and attachments that it lists by file name.
//!
//! # Problem
//!
//! Eight client libraries write this envelope in eight dialects: the event comes first or last, part headers in any
//! case and order and at times without a content type, attachments compressed four ways or not at all, tags repeated,
//! hosts missing. Everything after this crate wants one shape, and a clear word on what was wrong with an upload.
//!
//! # Design
//!
//! - Bytes in, values out: no I/O, no clock, no async. Attachments are slices of the body, never copied.
//! - [`Upload::parse`] reads the envelope only, so that an upload can be acknowledged before the heavy work;
//!   [`Upload::decode`] reads the attachments.
//! - Parsing fails only when the upload cannot be placed: no multipart body, no event, no period. An
//!   [`UploadError`] names the part, the byte and the reason. Everything else that is wrong becomes a [`Problem`], and
//!   what could be read is kept.
//! - Content decides, not labels: clients send gzip labelled `application/json` and zstd without any content type.
//! - Every size is bounded by [`Limits`]: the body, the parts, their headers, the event and everything decompressed.
//!
//! # Non-goals
//!
//! HTTP (see `vesta-server`), and the pprof format itself (see `vesta-formats`).
//!
//! ```
//! use bytes::Bytes;
//! use vesta_upload::{Headers, Limits, Upload};
//!
//! let body = Bytes::from_static(
//!     b"--frontier\r\n\
//!       Content-Disposition: form-data; name=\"event\"; filename=\"event.json\"\r\n\r\n\
//!       {\"family\":\"go\",\"version\":\"4\",\"start\":\"2026-11-20T23:12:12Z\",\"end\":\"2026-11-20T23:13:12Z\",\
//!       \"tags_profiler\":\"service:web,env:prod\"}\r\n\
//!       --frontier--\r\n",
//! );
//! let headers = Headers::new("multipart/form-data; boundary=frontier", []);
//! let upload = Upload::parse(&headers, body, &Limits::default())?;
//! assert_eq!(upload.identity.service, "web");
//! assert_eq!(upload.identity.language, "go");
//! # Ok::<(), vesta_upload::UploadError>(())
//! ```

mod header_value;
mod headers;
mod limits;
mod problem;

pub mod multipart;

mod event;
mod facts;
mod identity;
mod tags;

mod error;
mod upload;

mod code_provenance;
mod decode;
mod metrics;
mod naming;

pub mod build;
pub mod file;
pub mod otlp;
pub mod pyroscope;

pub use build::{BuildError, Built, Compression, MultipartBuilder, UploadBuilder};
pub use code_provenance::Library;
pub use decode::{Content, DecodedUpload, TypeTotal, Undecoded};
pub use error::UploadError;
pub use event::{Event, EventError};
pub use headers::Headers;
pub use identity::Identity;
pub use limits::Limits;
pub use multipart::Part;
pub use problem::Problem;
pub use tags::{Tag, Tags};
pub use upload::Upload;
