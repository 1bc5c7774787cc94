//! `GET /api/v1/series`: a measure over time.

use super::answer;
use super::basis::millis;
use super::scope::{Asked, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_query::{Measure, Series, SeriesOptions};

/// What to plot.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesParams {
    /// `cpu_cores`, `alloc_bytes_per_second`, `wall_cores`, `samples`, `profiles`, or another of /measures.
    #[param(default = "cpu_cores", required = false)]
    measure: String,
    /// The tag whose values get a line each: `service`, `env`, `version`, `host`, or any other.
    group_by: Option<String>,
    /// The most lines, besides that of all others.
    #[param(default = 10, minimum = 1, maximum = 100, required = false)]
    limit: usize,
    /// About how many points each line may have.
    #[param(default = 200, minimum = 2, maximum = 2000, required = false)]
    points: usize,
}

/// Lines over time.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SeriesAnswer {
    measure: String,
    /// `cores`, `bytes/s`, `samples`, `profiles`, or empty where it is not known.
    unit: String,
    step_ms: u64,
    /// When each step starts.
    times_ms: Vec<i64>,
    /// Largest first.
    series: Vec<SeriesLine>,
    /// Whether the last line is the sum of all that are not shown.
    other: bool,
    /// The profiles behind the answer.
    profiles: u64,
}

/// One line.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SeriesLine {
    /// The value of the tag; `(other)` for the last line if there are more values than lines.
    group: String,
    /// One per step; null where no profile says anything.
    values: Vec<Option<f64>>,
}

/// A measure of the profiles in scope over time.
#[utoipa::path(
    get, path = "/api/v1/series", tag = "search", params(ScopeParams, SeriesParams),
    responses((status = 200, description = "The lines", body = SeriesAnswer), QueryProblems)
)]
pub(crate) async fn series(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<SeriesAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let wanted = SeriesParams {
        measure: params.one("measure")?.unwrap_or_else(|| "cpu_cores".to_owned()),
        group_by: params.one("group_by")?.filter(|key| !key.is_empty()),
        limit: params.number("limit", 10, 1..=100)?,
        points: params.number("points", 200, 2..=2000)?,
    };
    params.finish()?;
    let options = SeriesOptions {
        measure: Measure::parse(&wanted.measure)?,
        group_by: wanted.group_by,
        limit: wanted.limit,
        points: wanted.points,
    };
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let series = answer(&app, "series", engine.series(&scope, &options)).await?;
    Ok(Json(SeriesAnswer::from(series)))
}

impl From<Series> for SeriesAnswer {
    fn from(series: Series) -> Self {
        let lines =
            series.groups.into_iter().map(|line| SeriesLine { group: line.group, values: line.values });
        let mut lines: Vec<SeriesLine> = lines.collect();
        let other = series.other.is_some();
        lines.extend(series.other.map(|values| SeriesLine { group: "(other)".to_owned(), values }));
        SeriesAnswer {
            measure: series.measure.name().into_owned(),
            unit: series.measure.unit().to_owned(),
            step_ms: u64::try_from(series.step.as_millis()).unwrap_or(u64::MAX),
            times_ms: series.times.into_iter().map(millis).collect(),
            series: lines,
            other,
            profiles: series.basis.profiles,
        }
    }
}
