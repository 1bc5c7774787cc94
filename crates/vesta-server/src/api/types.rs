//! `GET /api/v1/types`: which value types the profiles in scope have.

use super::answer;
use super::basis::TypeName;
use super::scope::{Asked, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;

/// The value types with values, most useful first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TypesAnswer {
    types: Vec<TypeAnswer>,
}

/// A value type and what there is of it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TypeAnswer {
    #[serde(flatten)]
    name: TypeName,
    total: i64,
    /// Profiles that have it.
    profiles: u64,
}

/// Value types in scope.
#[utoipa::path(
    get, path = "/api/v1/types", tag = "search", params(ScopeParams),
    responses((status = 200, description = "The types", body = TypesAnswer), QueryProblems)
)]
pub(crate) async fn types(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<TypesAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    params.finish()?;
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let found = answer(&app, "types", engine.types(&scope)).await?;
    let types = found.types.iter().map(|entry| TypeAnswer {
        name: TypeName::from(&entry.value_type),
        total: entry.total,
        profiles: entry.profiles,
    });
    Ok(Json(TypesAnswer { types: types.collect() }))
}
