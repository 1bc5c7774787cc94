//! `GET /api/v1/facets`: which values the tags in scope have.

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
use vesta_query::FacetOptions;

/// Facets in one request.
const MOST_FACETS: usize = 32;

/// Which facets.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FacetParams {
    /// The key of a facet; `env`, `service`, `version`, `host`, `runtime` and `language` when there is none. May be
    /// repeated.
    #[param(required = false)]
    facet: Vec<String>,
    /// Only values that contain this, whatever their case; those that begin with it come first.
    #[param(default = "", required = false)]
    prefix: String,
    /// The most values of each facet.
    #[param(default = 20, minimum = 1, maximum = 1000, required = false)]
    limit: usize,
}

/// Counts of values.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FacetsAnswer {
    /// The profiles in scope.
    profiles: u64,
    facets: Vec<FacetAnswer>,
}

/// The values of one key, most frequent first. What the scope asks of this key itself is left aside, so that other
/// values can be chosen.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FacetAnswer {
    key: String,
    values: Vec<String>,
    /// Profiles with each value.
    counts: Vec<u64>,
    /// Distinct values, shown here or not.
    distinct: u64,
    /// Whether there are more values than shown.
    truncated: bool,
}

/// Values of tags, with counts.
#[utoipa::path(
    get, path = "/api/v1/facets", tag = "search", params(ScopeParams, FacetParams),
    responses((status = 200, description = "The facets", body = FacetsAnswer), QueryProblems)
)]
pub(crate) async fn facets(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<FacetsAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let wanted = FacetParams {
        facet: params.all("facet"),
        prefix: params.one("prefix")?.unwrap_or_default(),
        limit: params.number("limit", 20, 1..=1000)?,
    };
    params.finish()?;
    if wanted.facet.len() > MOST_FACETS {
        return Err(Problem::bad_request(format!("at most {MOST_FACETS} facets fit in one request")));
    }
    let mut options = FacetOptions { prefix: wanted.prefix, limit: wanted.limit, ..FacetOptions::default() };
    if !wanted.facet.is_empty() {
        options.keys = wanted.facet;
    }
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let found = answer(&app, "facets", engine.facets(&scope, &options)).await?;
    let facets = found.facets.into_iter().map(|facet| {
        let (values, counts) = facet.values.into_iter().map(|entry| (entry.value, entry.count)).unzip();
        FacetAnswer { key: facet.key, values, counts, distinct: facet.distinct, truncated: facet.truncated }
    });
    Ok(Json(FacetsAnswer { profiles: found.basis.profiles, facets: facets.collect() }))
}
