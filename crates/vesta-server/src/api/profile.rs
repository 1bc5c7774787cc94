//! `GET /api/v1/profiles/{id}`: everything about one profile.

use super::answer;
use super::basis::{TypeName, millis};
use super::scope::{SourceParams, parse_id};
use crate::app::{App, SharedApp};
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use crate::shelf::Shelf;
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use std::collections::BTreeMap;
use vesta_formats::compression;
use vesta_query::ProfileDetail;
use vesta_store::{ProfileId, RawUpload};
use vesta_upload::Upload;

/// Everything about one profile.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProfileAnswer {
    /// 16 hexadecimal digits.
    id: String,
    start_ms: i64,
    end_ms: i64,
    /// When the upload arrived.
    received_ms: i64,
    service: String,
    env: String,
    version: String,
    host: String,
    runtime: String,
    language: String,
    /// Which client library sent it.
    family: String,
    /// The process.
    runtime_id: String,
    /// `key:value`, sorted.
    tags: Vec<String>,
    /// The value types with values, most useful first.
    types: Vec<ProfileType>,
    samples: u64,
    measures: Measures,
    /// Metrics that the profiler sent along.
    metrics: BTreeMap<String, f64>,
    /// Requests served within the period, by endpoint.
    endpoint_counts: BTreeMap<String, i64>,
    /// `key:value`, as the process says of itself.
    process_tags: Vec<String>,
    /// What the client library says of its platform and settings.
    #[schema(value_type = Option<Object>)]
    info: Option<serde_json::Value>,
    /// The libraries that the process had loaded.
    code_provenance: Vec<Library>,
    attachments: Vec<Attachment>,
    /// What could not be read.
    problems: Vec<String>,
    upload_bytes: u64,
}

/// A value type and its total within one profile.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProfileType {
    #[serde(flatten)]
    name: TypeName,
    total: i64,
}

/// What a profile uses, per second. Null where the profiler did not measure it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Measures {
    cpu_cores: Option<f64>,
    alloc_bytes_per_second: Option<f64>,
    wall_cores: Option<f64>,
}

/// A library that a process had loaded.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Library {
    kind: String,
    name: String,
    version: String,
}

/// A file of the upload.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Attachment {
    filename: String,
    /// The name of the form field.
    name: String,
    /// What the client says it is, which is often wrong.
    content_type: Option<String>,
    /// What it starts like: `zstd`, `gzip`, `lz4`, `zip`, `jfr`, `json`, `plain`.
    encoding: &'static str,
    size: u64,
}

/// One profile.
#[utoipa::path(
    get, path = "/api/v1/profiles/{id}", tag = "profiles",
    params(("id" = String, Path, description = "16 hexadecimal digits"), SourceParams),
    responses((status = 200, description = "The profile", body = ProfileAnswer), QueryProblems)
)]
pub(crate) async fn show(
    _: Reader,
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Json<ProfileAnswer>, Problem> {
    let source = SourceParams::read(&mut params)?;
    params.finish()?;
    let source = source.resolve(&app).await?;
    let (asked, shelf) = (parse_id(&id)?, &source.shelf);
    let id = source.find(&id)?;
    let detail = answer(&app, "profile", shelf.engine.profile(id)).await?;
    let mut detail = detail.ok_or_else(|| no_profile(asked))?;
    detail.summary.id = source.shown(id);
    let envelope = match read_raw(shelf, id).await? {
        Some(raw) => Envelope::read(&app, raw).await?,
        None => Envelope::default(),
    };
    Ok(Json(ProfileAnswer::new(detail, envelope)))
}

/// The upload of a profile as it was received.
pub(crate) async fn read_raw(shelf: &Shelf, id: ProfileId) -> Result<Option<RawUpload>, Problem> {
    shelf.store.raw(id).await.map_err(|error| Problem::internal("cannot read the upload", &error))
}

/// That a profile is not there, or not any more.
pub(crate) fn no_profile(id: ProfileId) -> Problem {
    Problem::not_found(format!("there is no profile {id}")).hint("it may have been older than the retention")
}

/// What is read from the upload itself, because tables do not have it.
#[derive(Default)]
struct Envelope {
    process_tags: Vec<String>,
    code_provenance: Vec<Library>,
    attachments: Vec<Attachment>,
    problems: Vec<String>,
}

impl Envelope {
    async fn read(app: &App, raw: RawUpload) -> Result<Envelope, Problem> {
        let limits = app.upload_limits.clone();
        let work =
            tokio::task::spawn_blocking(move || match Upload::parse(&raw.headers, raw.body, &limits) {
                Ok(upload) => Envelope::of(&upload, &limits),
                Err(error) => Envelope { problems: vec![error.to_string()], ..Envelope::default() },
            });
        work.await.map_err(|error| Problem::internal("cannot read the upload", &error))
    }

    fn of(upload: &Upload, limits: &vesta_upload::Limits) -> Envelope {
        let decoded = upload.decode(limits);
        let attachments = upload.attachments().map(|part| Attachment {
            filename: part.file_name().to_owned(),
            name: part.name.clone(),
            content_type: part.content_type.clone(),
            encoding: compression::sniff(&part.data).as_str(),
            size: part.data.len() as u64,
        });
        let libraries = decoded.code_provenance.into_iter();
        Envelope {
            process_tags: upload.event.process_tags.to_sorted_strings(),
            code_provenance: libraries
                .map(|library| Library { kind: library.kind, name: library.name, version: library.version })
                .collect(),
            attachments: attachments.collect(),
            problems: decoded.problems.iter().map(ToString::to_string).collect(),
        }
    }
}

impl ProfileAnswer {
    fn new(detail: ProfileDetail, envelope: Envelope) -> Self {
        let summary = detail.summary;
        let types = detail.types.iter();
        ProfileAnswer {
            id: summary.id.to_string(),
            start_ms: millis(summary.start),
            end_ms: millis(summary.end),
            received_ms: millis(detail.received),
            service: summary.service,
            env: summary.env,
            version: summary.version,
            host: summary.host,
            runtime: summary.runtime,
            language: summary.language,
            family: detail.family,
            runtime_id: detail.runtime_id,
            tags: detail.tags,
            types: types
                .map(|entry| ProfileType { name: TypeName::from(&entry.value_type), total: entry.total })
                .collect(),
            samples: summary.samples,
            measures: Measures {
                cpu_cores: summary.cpu_cores,
                alloc_bytes_per_second: summary.alloc_bytes_per_second,
                wall_cores: summary.wall_cores,
            },
            metrics: detail.metrics.into_iter().collect(),
            endpoint_counts: detail.endpoint_counts.into_iter().collect(),
            process_tags: envelope.process_tags,
            info: serde_json::from_str(&detail.info).ok(),
            code_provenance: envelope.code_provenance,
            attachments: envelope.attachments,
            problems: envelope.problems,
            upload_bytes: summary.upload_bytes,
        }
    }
}
