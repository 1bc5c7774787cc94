//! `/api/v1/opened`: files that somebody looks at, without storing them.

use super::download::raw;
use super::scope::SourceParams;
use crate::app::{App, SharedApp};
use crate::body;
use crate::extract::{Reader, Writer};
use crate::intake::refuse_append;
use crate::openapi::OpenProblems;
use crate::params::Params;
use crate::problem::{Problem, with_causes};
use axum::Json;
use axum::extract::{Path, Request, State};
use bytes::Bytes;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use vesta_formats::FormatError;
use vesta_upload::file::{self, About, Contents, FileError};
use vesta_upload::{Limits, Tag, Upload};

/// How long a file waits for others that are being opened.
const PATIENCE: Duration = Duration::from_secs(15);
/// The longest name of a file.
const LONGEST_NAME: usize = 255;

/// What to call the file.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OpenParams {
    /// The name of the file. Its ending helps where the bytes leave a doubt.
    #[param(default = "profile", required = false)]
    name: String,
}

/// Of what the profile is.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct KeepParams {
    /// The service to store it under, in place of the one it has.
    service: Option<String>,
    /// The environment to store it under, in place of the one it has.
    env: Option<String>,
}

/// An opened file.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OpenedAnswer {
    /// The profile, for `profile=` with `source=opened`.
    pub(crate) id: String,
    name: String,
    /// What could not be read.
    pub(crate) problems: Vec<String>,
}

/// A profile that was stored.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct KeptAnswer {
    /// The profile, among all others.
    id: String,
}

/// Opens a file, to be asked about with `source=opened`. It is kept for an hour at most, and not beyond the end of the
/// server; nothing else of the server changes.
#[utoipa::path(
    post, path = "/api/v1/opened", tag = "profiles", params(OpenParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "It can be looked at", body = OpenedAnswer), OpenProblems)
)]
pub(crate) async fn open(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
    request: Request,
) -> Result<(StatusCode, Json<OpenedAnswer>), Problem> {
    let wanted = OpenParams { name: params.one("name")?.unwrap_or_default() };
    params.finish()?;
    let name = file_name(&wanted.name);
    let (head, body) = request.into_parts();
    let held = body::read(&head.headers, body, app.body_limits(), &app.memory).await?;
    let answer = store(&app, name, held.bytes.clone()).await?;
    Ok((StatusCode::CREATED, Json(answer)))
}

/// Puts a file into the store of opened files.
pub(crate) async fn store(app: &App, name: String, bytes: Bytes) -> Result<OpenedAnswer, Problem> {
    let slot = tokio::time::timeout(PATIENCE, app.opened.slots.acquire()).await;
    let Ok(Ok(_slot)) = slot else {
        return Err(Problem::overloaded("too many files are being opened", Duration::from_secs(2)));
    };
    let (limits, now) = (app.upload_limits.clone(), now(app));
    let called = name.clone();
    let work = tokio::task::spawn_blocking(move || read(&called, &bytes, &limits, now));
    let (upload, problems) =
        work.await.map_err(|error| Problem::internal("cannot read the file", &error))??;
    let shelf = app.opened.shelf().await?;
    let ack = shelf.store.append(upload).await.map_err(|error| refuse_append(error).into_problem())?;
    Ok(OpenedAnswer { id: ack.id.to_string(), name, problems })
}

/// Stores an opened file like an upload. Needs a token of scope `write` where tokens are needed.
#[utoipa::path(
    post, path = "/api/v1/opened/{id}/keep", tag = "profiles",
    params(("id" = String, Path, description = "16 hexadecimal digits"), KeepParams),
    responses((status = 200, description = "It is stored", body = KeptAnswer), OpenProblems)
)]
pub(crate) async fn keep(
    _: Writer,
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Json<KeptAnswer>, Problem> {
    let wanted = KeepParams { service: params.one("service")?, env: params.one("env")? };
    params.finish()?;
    let source = SourceParams { source: Some("opened".to_owned()), link: None };
    let raw = raw(&source.resolve(&app).await?, &id).await?;
    let about = about(&wanted)?;
    let upload = Upload::parse(&raw.headers, raw.body, &app.upload_limits);
    let upload = upload.map_err(|error| Problem::internal("cannot read the opened file", &error))?;
    let built = file::captured(&upload, &about);
    let headers = if about.tags.is_empty() { raw.headers } else { built.headers() };
    let upload = Upload::parse(&headers, built.body, &app.upload_limits);
    let upload = upload.map_err(|error| Problem::bad_request(with_causes(&error)))?;
    let ack = app.store.append(upload).await.map_err(|error| refuse_append(error).into_problem())?;
    Ok(Json(KeptAnswer { id: ack.id.to_string() }))
}

/// What the profile is to be stored under.
fn about(wanted: &KeepParams) -> Result<About, Problem> {
    let pairs = [("service", &wanted.service), ("env", &wanted.env)];
    let named = pairs.into_iter().filter_map(|(key, value)| {
        let value = value.as_deref().map(str::trim).filter(|value| !value.is_empty())?;
        Some(Tag { key: key.to_owned(), value: value.to_owned() })
    });
    let tags: Vec<Tag> = named.collect();
    match tags.iter().find(|tag| tag.value.contains([',', '\n', '\r']) || tag.value.len() > 200) {
        Some(tag) => Err(Problem::bad_request(format!("`{}` is not a name for {}", tag.value, tag.key))
            .hint("tags are separated by commas, so they have none, and at most 200 bytes")),
        None => Ok(About { tags, ..About::default() }),
    }
}

/// The last part of a path, whichever way it is written.
fn file_name(text: &str) -> String {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|character| !character.is_control()).collect();
    let end = (0..=name.len().min(LONGEST_NAME)).rev().find(|&at| name.is_char_boundary(at));
    let name = name.get(..end.unwrap_or(0)).unwrap_or_default().trim();
    if name.is_empty() { "profile".to_owned() } else { name.to_owned() }
}

fn read(
    name: &str,
    bytes: &Bytes,
    limits: &Limits,
    now: Timestamp,
) -> Result<(Upload, Vec<String>), Problem> {
    let read = file::read(name, bytes, limits).map_err(|error| unreadable(name, &error))?;
    match read.contents {
        Contents::Upload(upload) => {
            let decoded = upload.decode(limits);
            if decoded.profiles.is_empty() {
                let kinds: Vec<String> = decoded
                    .undecoded
                    .iter()
                    .map(|attachment| format!("{} ({})", attachment.file_name, attachment.content.as_str()))
                    .collect();
                let what = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
                return Err(Problem::bad_request(format!(
                    "`{name}` is an upload without a profile that can be read: it has {what}"
                ))
                .hint(readable()));
            }
            let problems = decoded.problems.iter().map(ToString::to_string).collect();
            Ok((*upload, problems))
        }
        Contents::Profile(profile) => {
            let built = file::envelope(name, bytes, &profile, &About::default(), now);
            let built = built.map_err(|error| Problem::bad_request(with_causes(&error)))?;
            let upload = Upload::parse(&built.headers(), built.body, limits);
            let upload = upload.map_err(|error| Problem::too_large(with_causes(&error)))?;
            Ok((upload, read.problems))
        }
    }
}

/// What Vesta reads.
fn readable() -> String {
    format!(
        "Vesta reads {}, plain or in gzip, zstd or lz4, and captured uploads",
        vesta_formats::Format::readable()
    )
}

fn unreadable(name: &str, error: &FileError) -> Problem {
    let problem = Problem::bad_request(format!("`{name}` {}", with_causes(error)));
    match error {
        // This one says itself what is read.
        FileError::Format(FormatError::Unknown) => problem,
        _ => problem.hint(readable()),
    }
}

fn now(app: &App) -> Timestamp {
    Timestamp::from_microsecond(app.now().0).unwrap_or_default()
}
