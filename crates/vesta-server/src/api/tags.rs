//! `GET /api/v1/tags`: which tag keys there are to search by.

use super::answer;
use super::scope::{Asked, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_query::TagKeyOptions;

/// Which keys.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TagParams {
    /// Only keys that contain this, whatever their case; those that begin with it come first.
    #[param(default = "", required = false)]
    prefix: String,
    /// The most keys.
    #[param(default = 50, minimum = 1, maximum = 1000, required = false)]
    limit: usize,
}

/// Keys of tags, most frequent first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TagsAnswer {
    keys: Vec<String>,
    /// Profiles with each key.
    counts: Vec<u64>,
    /// Whether there are more keys than shown.
    truncated: bool,
}

/// Keys of tags in scope.
#[utoipa::path(
    get, path = "/api/v1/tags", tag = "search", params(ScopeParams, TagParams),
    responses((status = 200, description = "The keys", body = TagsAnswer), QueryProblems)
)]
pub(crate) async fn tags(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<TagsAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let wanted = TagParams {
        prefix: params.one("prefix")?.unwrap_or_default(),
        limit: params.number("limit", 50, 1..=1000)?,
    };
    params.finish()?;
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let options = TagKeyOptions { prefix: wanted.prefix, limit: wanted.limit };
    let found = answer(&app, "tags", engine.tag_keys(&scope, &options)).await?;
    let (keys, counts) = found.keys.into_iter().map(|key| (key.key, key.count)).unzip();
    Ok(Json(TagsAnswer { keys, counts, truncated: found.truncated }))
}
