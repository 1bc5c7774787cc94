//! Downloads: uploads and their attachments, byte for byte as they were sent.

use super::profile::{no_profile, read_raw};
use super::scope::{Source, SourceParams, parse_id};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use std::fmt::Write;
use vesta_store::RawUpload;
use vesta_upload::Upload;

/// The upload of a profile, byte for byte as it was received.
#[utoipa::path(
    get, path = "/api/v1/profiles/{id}/upload", tag = "profiles",
    params(("id" = String, Path, description = "16 hexadecimal digits"), SourceParams),
    responses(
        (status = 200, description = "The body", body = Vec<u8>, content_type = "multipart/form-data"),
        QueryProblems
    )
)]
pub(crate) async fn upload(
    _: Reader,
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let source = SourceParams::read(&mut params)?;
    params.finish()?;
    let raw = raw(&source.resolve(&app).await?, &id).await?;
    let id = parse_id(&id)?;
    Ok(file(raw.body, raw.headers.content_type(), &format!("upload-{id}.multipart")))
}

/// One attachment of an upload, as it was sent.
#[utoipa::path(
    get, path = "/api/v1/profiles/{id}/attachments/{filename}", tag = "profiles",
    params(
        ("id" = String, Path, description = "16 hexadecimal digits"),
        ("filename" = String, Path, description = "The file name of the attachment"),
        SourceParams
    ),
    responses(
        (status = 200, description = "The bytes", body = Vec<u8>, content_type = "application/octet-stream"),
        QueryProblems
    )
)]
pub(crate) async fn attachment(
    _: Reader,
    State(app): State<SharedApp>,
    Path((id, filename)): Path<(String, String)>,
    mut params: Params,
) -> Result<Response, Problem> {
    let source = SourceParams::read(&mut params)?;
    params.finish()?;
    let raw = raw(&source.resolve(&app).await?, &id).await?;
    let id = parse_id(&id)?;
    let upload = Upload::parse(&raw.headers, raw.body, &app.upload_limits)
        .map_err(|error| Problem::internal("cannot read the upload", &error))?;
    let part = upload.parts.iter().find(|part| part.file_name() == filename);
    let part = part.ok_or_else(|| {
        let names: Vec<&str> = upload.parts.iter().map(vesta_upload::Part::file_name).collect();
        Problem::not_found(format!("profile {id} has no attachment `{filename}`"))
            .hint(format!("it has: {}", names.join(", ")))
    })?;
    Ok(file(part.data.clone(), "application/octet-stream", &filename))
}

/// The upload of a profile, or that there is none.
pub(crate) async fn raw(source: &Source, id: &str) -> Result<RawUpload, Problem> {
    let asked = parse_id(id)?;
    read_raw(&source.shelf, source.find(id)?).await?.ok_or_else(|| no_profile(asked))
}

/// A response that browsers save under `filename` and do not show.
pub(crate) fn file(bytes: impl Into<Bytes>, content_type: &str, filename: &str) -> Response {
    let mut response = Body::from(bytes.into()).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(content_type);
    headers
        .insert(header::CONTENT_TYPE, kind.unwrap_or(HeaderValue::from_static("application/octet-stream")));
    if let Ok(disposition) = HeaderValue::from_str(&disposition(filename)) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// File names come from clients: they must neither leave their header nor the user's downloads folder.
fn disposition(filename: &str) -> String {
    let name = filename.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe = |character: char| character.is_ascii_alphanumeric() || "-_. ".contains(character);
    let plain: String = name.chars().map(|c| if safe(c) { c } else { '_' }).take(150).collect();
    let plain = plain.trim_matches(['.', ' ']);
    let plain = if plain.is_empty() { "download" } else { plain };
    let mut text = format!("attachment; filename=\"{plain}\"");
    if plain != name && !name.trim_matches(['.', ' ']).is_empty() {
        text.push_str("; filename*=UTF-8''");
        for byte in name.trim_matches(['.', ' ']).bytes().take(300) {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text.push(char::from(byte)),
                // Writing to a string cannot fail.
                byte => drop(write!(text, "%{byte:02X}")),
            }
        }
    }
    text
}
