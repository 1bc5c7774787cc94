//! `/api/v1/symbols`: symbol files, which name what profiles left as places in binaries.

use super::answer;
use super::basis::{BasisAnswer, ValueKind};
use super::scope::{AskedSamples, SampleParams, ScopeParams};
use crate::app::SharedApp;
use crate::body;
use crate::extract::{Reader, Writer};
use crate::openapi::{OpenProblems, QueryProblems};
use crate::params::Params;
use crate::problem::{Problem, with_causes};
use axum::Json;
use axum::extract::{Path, Request, State};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use std::time::Duration;
use vesta_store::{BuildId, StoredSymbols, SymbolFileError, SymbolFileInfo};

/// How long a symbol file waits for others that are being stored.
const PATIENCE: Duration = Duration::from_secs(15);

/// What the symbols are of.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadParams {
    /// What the binary is called, for people who read the list.
    #[param(default = "", required = false)]
    module: String,
}

/// A symbol file that was sent.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StoredSymbolsAnswer {
    /// Whether it was stored. Not if the one of the same build that is there says more: it is that one that is described.
    stored: bool,
    #[serde(flatten)]
    file: SymbolFileAnswer,
}

/// A symbol file.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SymbolFileAnswer {
    build_id: String,
    /// What the binary is called.
    module: String,
    /// How many functions it names.
    functions: u64,
    /// Its bytes on disk.
    bytes: u64,
    /// When it was stored, in RFC 3339.
    uploaded: String,
    /// When it was needed the last time, to the day, in RFC 3339.
    used: String,
}

/// All symbol files.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SymbolFilesAnswer {
    /// The last stored first.
    files: Vec<SymbolFileAnswer>,
    /// Bytes of all of them on disk.
    bytes: u64,
    /// The bytes to stay below: the setting `limit_symbols`.
    limit_bytes: u64,
}

/// How many binaries to list.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MissingParams {
    /// The most binaries.
    #[param(default = 100, minimum = 1, maximum = 10000, required = false)]
    limit: usize,
}

/// Binaries that need symbols.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MissingSymbolsAnswer {
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    /// Those with the largest value first.
    modules: MissingColumns,
    /// How many there are without the limit.
    found: u64,
}

/// One row for each binary.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct MissingColumns {
    build_id: Vec<String>,
    /// The path of the binary.
    module: Vec<String>,
    /// How many places in it have no name.
    places: Vec<u64>,
    /// Samples with any of those on their stack.
    samples: Vec<u64>,
    /// What was spent in those samples.
    value: Vec<i64>,
    /// Whether there is a symbol file, which does not name these places: then another debug file may.
    has_symbols: Vec<bool>,
}

impl From<SymbolFileInfo> for SymbolFileAnswer {
    fn from(file: SymbolFileInfo) -> Self {
        let text = |time: vesta_store::Timestamp| {
            Timestamp::from_microsecond(time.0).unwrap_or_default().to_string()
        };
        SymbolFileAnswer {
            build_id: file.build_id.to_string(),
            module: file.module,
            functions: file.functions,
            bytes: file.bytes,
            uploaded: text(file.uploaded),
            used: text(file.used),
        }
    }
}

/// Stores a symbol file, as `vesta symbols upload` makes it of a binary, plain or compressed with Zstandard. It names places in profiles that are there and
/// in those that come. Needs a token of scope `write` where tokens are needed.
#[utoipa::path(
    post, path = "/api/v1/symbols", tag = "symbols", params(UploadParams),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "It is stored", body = StoredSymbolsAnswer),
        (status = 200, description = "The one that is there says more", body = StoredSymbolsAnswer),
        OpenProblems
    )
)]
pub(crate) async fn upload(
    _: Writer,
    State(app): State<SharedApp>,
    mut params: Params,
    request: Request,
) -> Result<(StatusCode, Json<StoredSymbolsAnswer>), Problem> {
    let wanted = UploadParams { module: params.one("module")?.unwrap_or_default() };
    params.finish()?;
    let slot = tokio::time::timeout(PATIENCE, app.symbol_slots.acquire()).await;
    let Ok(Ok(_slot)) = slot else {
        return Err(Problem::overloaded("too many symbol files are being stored", Duration::from_secs(2)));
    };
    let (head, body) = request.into_parts();
    let held = body::read(&head.headers, body, app.body_limits(), &app.memory).await?;
    let outcome = app
        .store
        .symbol_files()
        .put(&wanted.module, held.bytes.clone())
        .await
        .map_err(|error| refuse(&error))?;
    let (status, stored, file) = match outcome {
        StoredSymbols::Stored(file) => (StatusCode::CREATED, true, file),
        StoredSymbols::Kept(file) => (StatusCode::OK, false, file),
    };
    tracing::info!(build_id = %file.build_id, module = file.module, stored, "a symbol file was sent");
    Ok((status, Json(StoredSymbolsAnswer { stored, file: file.into() })))
}

fn refuse(error: &SymbolFileError) -> Problem {
    let text = with_causes(error);
    match error {
        SymbolFileError::Unreadable(_) => Problem::bad_request(text)
            .hint("`vesta symbols upload BINARY` makes symbol files of binaries and sends them"),
        SymbolFileError::BuildId(_) => {
            Problem::bad_request(text).hint("link with --build-id, and send the binary that was linked")
        }
        SymbolFileError::TooLong { .. } => {
            Problem::too_large(text).hint("leave out lines with `vesta symbols upload --functions-only`")
        }
        SymbolFileError::TooLarge { .. } => {
            Problem::too_large(text).hint("raise the setting `limit_symbols` of the server")
        }
        SymbolFileError::DiskFull => Problem::unavailable(text, Duration::from_secs(30)),
        error => Problem::internal("cannot store the symbol file", error),
    }
}

/// The symbol files that there are.
#[utoipa::path(
    get, path = "/api/v1/symbols", tag = "symbols",
    responses((status = 200, description = "The symbol files", body = SymbolFilesAnswer), QueryProblems)
)]
pub(crate) async fn list(
    _: Reader,
    State(app): State<SharedApp>,
    params: Params,
) -> Result<Json<SymbolFilesAnswer>, Problem> {
    params.finish()?;
    let files = app.store.symbol_files();
    let status = files.status();
    Ok(Json(SymbolFilesAnswer {
        files: files.list().into_iter().map(SymbolFileAnswer::from).collect(),
        bytes: status.bytes,
        limit_bytes: status.max_bytes,
    }))
}

/// Binaries that samples in scope are in and of which places have no name: those whose symbols are worth sending.
#[utoipa::path(
    get, path = "/api/v1/symbols/missing", tag = "symbols", params(ScopeParams, SampleParams, MissingParams),
    responses((status = 200, description = "The binaries", body = MissingSymbolsAnswer), QueryProblems)
)]
pub(crate) async fn missing(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<MissingSymbolsAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let wanted = MissingParams { limit: params.number("limit", 100, 1..=10_000)? };
    params.finish()?;
    let AskedSamples { engine, question } = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let found = answer(&app, "missing_symbols", engine.missing_symbols(&question, wanted.limit)).await?;
    let files = app.store.symbol_files();
    let mut modules = MissingColumns::default();
    for module in found.modules {
        let known = BuildId::parse(&module.build_id).ok().and_then(|build_id| files.get(&build_id));
        modules.has_symbols.push(known.is_some());
        modules.build_id.push(module.build_id);
        modules.module.push(module.module);
        modules.places.push(module.places);
        modules.samples.push(module.samples);
        modules.value.push(module.value);
    }
    Ok(Json(MissingSymbolsAnswer {
        r#type: found.value_type.name.to_string(),
        unit: found.value_type.unit.as_str().to_owned(),
        kind: found.value_type.kind.into(),
        total: found.total,
        basis: BasisAnswer::from(&found.basis),
        modules,
        found: found.found,
    }))
}

/// Removes a symbol file. What it named is shown as places again. Needs a token of scope `write` where tokens are needed.
#[utoipa::path(
    delete, path = "/api/v1/symbols/{build_id}", tag = "symbols",
    params(("build_id" = String, Path, description = "Hexadecimal digits")),
    responses((status = 204, description = "It is gone"), QueryProblems)
)]
pub(crate) async fn remove(
    _: Writer,
    State(app): State<SharedApp>,
    Path(build_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let build_id = BuildId::parse(&build_id).map_err(|error| Problem::bad_request(error.to_string()))?;
    let removed = app.store.symbol_files().remove(build_id.clone()).await;
    match removed.map_err(|error| Problem::internal("cannot remove the symbol file", &error))? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found(format!("there are no symbols of build `{build_id}`"))
            .hint("GET /api/v1/symbols lists what there is")),
    }
}
