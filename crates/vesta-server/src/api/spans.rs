//! `GET /api/v1/spans/{id}`: the profiles that hold a span.

use super::answer;
use super::scope::SourceParams;
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use vesta_query::{QueryError, Scope, SpanId, time};

/// When to look for the span.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpanParams {
    /// The start of the time range.
    #[param(default = "now-1h", required = false)]
    from: String,
    /// The end of the time range, exclusive.
    #[param(default = "now", required = false)]
    to: String,
}

/// The profiles that have samples of a span.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SpansAnswer {
    /// Their ids, oldest first.
    profiles: Vec<String>,
}

/// The profiles that hold a span, or spans below it within its service.
#[utoipa::path(
    get, path = "/api/v1/spans/{id}", tag = "search",
    params(("id" = String, Path, description = "In decimal, or in hexadecimal after 0x or with 16 digits"), SpanParams,
        SourceParams),
    responses((status = 200, description = "The profiles", body = SpansAnswer), QueryProblems)
)]
pub(crate) async fn spans(
    _: Reader,
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    mut params: Params,
) -> Result<Json<SpansAnswer>, Problem> {
    let wanted = SpanParams {
        from: params.one("from")?.unwrap_or_else(|| "now-1h".to_owned()),
        to: params.one("to")?.unwrap_or_else(|| "now".to_owned()),
    };
    let source = SourceParams::read(&mut params)?;
    params.finish()?;
    let span: SpanId = id.parse()?;
    let range = time::parse_range(&wanted.from, &wanted.to, app.now()).map_err(QueryError::from)?;
    let source = source.resolve(&app).await?;
    let found = answer(&app, "spans", source.shelf.engine.spans(&Scope::all(range), span)).await?;
    Ok(Json(SpansAnswer { profiles: found.iter().map(|&id| source.shown(id).to_string()).collect() }))
}
