//! `GET /api/v1/measures`: what profiles in scope can be narrowed and ordered by.

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
use vesta_query::{MeasureSummary, Measures};

/// Measures: numbers of each profile.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MeasuresAnswer {
    /// The profiles in scope.
    profiles: u64,
    /// Those that any profile in scope has. Their names work in searches (`@cpu_cores:>1`), as `sort` and `column` of
    /// profiles, and as `measure` of series and tables.
    measures: Vec<MeasureAnswer>,
    /// Whether metrics were left out because there are too many.
    truncated: bool,
}

/// One measure over the profiles that have it.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct MeasureAnswer {
    /// `cpu_cores`, ..., or `metrics.NAME` for what the profiling library sent with the profile.
    name: String,
    /// `cores`, `bytes/s`, `bytes`, `nanoseconds`, ..., or empty where it is not known.
    unit: String,
    min: f64,
    max: f64,
    mean: f64,
    /// How many profiles have it.
    profiles: u64,
    histogram: HistogramAnswer,
}

/// How many profiles have how much: equal parts from the smallest value to the largest.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct HistogramAnswer {
    from: f64,
    to: f64,
    /// 20 numbers.
    counts: Vec<u64>,
}

/// Measures of the profiles in scope.
#[utoipa::path(
    get, path = "/api/v1/measures", tag = "search", params(ScopeParams),
    responses((status = 200, description = "The measures", body = MeasuresAnswer), QueryProblems)
)]
pub(crate) async fn measures(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<MeasuresAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    params.finish()?;
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let found = answer(&app, "measures", engine.measures(&scope)).await?;
    Ok(Json(MeasuresAnswer::from(found)))
}

impl From<Measures> for MeasuresAnswer {
    fn from(found: Measures) -> Self {
        MeasuresAnswer {
            profiles: found.basis.profiles,
            measures: found.measures.into_iter().map(MeasureAnswer::from).collect(),
            truncated: found.truncated,
        }
    }
}

impl From<MeasureSummary> for MeasureAnswer {
    fn from(summary: MeasureSummary) -> Self {
        let histogram = summary.histogram;
        MeasureAnswer {
            name: summary.measure.name().into_owned(),
            unit: summary.measure.unit().to_owned(),
            min: summary.min,
            max: summary.max,
            mean: summary.mean,
            profiles: summary.profiles,
            histogram: HistogramAnswer {
                from: histogram.from,
                to: histogram.to,
                counts: histogram.counts.to_vec(),
            },
        }
    }
}
