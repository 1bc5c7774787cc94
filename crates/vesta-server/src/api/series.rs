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
use vesta_query::{Dimension, Measure, SampleScope, Series, SeriesOptions, TypeSeriesOptions, parse_filter};

/// What to plot.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SeriesParams {
    /// `cpu_cores`, `alloc_bytes_per_second`, `wall_cores`, `samples`, `profiles`, or another of /measures.
    #[param(example = "cpu_cores")]
    measure: Option<String>,
    /// In place of a measure a value type, by any name that a profiler has for it: what was spent of it per second, as
    /// `cpu-time` in cores; for snapshots what the latest profile of each process in each step says.
    r#type: Option<String>,
    /// With a type only: only samples with this label, as `thread:worker-1`; `-thread:worker-1` for all others. May be
    /// repeated.
    #[param(required = false)]
    filter: Vec<String>,
    /// What gets a line each: `service`, `env`, `version`, `host`, or any other tag; with a type also `label:KEY`,
    /// `frame:function`, `frame:line`, `frame:file` or `frame:package`, by what was spent in themselves.
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
    /// The measure or the type.
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
        measure: params.one("measure")?,
        r#type: params.one("type")?.filter(|name| !name.is_empty()),
        filter: params.all("filter"),
        group_by: params.one("group_by")?.filter(|key| !key.is_empty()),
        limit: params.number("limit", 10, 1..=100)?,
        points: params.number("points", 200, 2..=2000)?,
    };
    params.finish()?;
    let group_by = wanted.group_by.as_deref().map(str::parse::<Dimension>).transpose()?;
    let SeriesParams { limit, points, .. } = wanted;
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let series = match (wanted.r#type, wanted.measure) {
        (Some(_), Some(_)) => {
            let problem = Problem::bad_request("`type` and `measure` exclude each other");
            return Err(problem.hint("leave out one of them"));
        }
        (Some(value_type), None) => {
            let filters = wanted.filter.iter().map(|text| parse_filter(text)).collect::<Result<_, _>>()?;
            let question = SampleScope { filters, ..SampleScope::new(scope, value_type) };
            let options = TypeSeriesOptions { group_by, limit, points, step: None };
            answer(&app, "series", engine.type_series(&question, &options)).await?
        }
        (None, measure) => {
            let group_by = match group_by {
                None => None,
                Some(Dimension::Tag(key)) if wanted.filter.is_empty() => Some(key),
                Some(_) => {
                    let problem =
                        Problem::bad_request("measures are known of profiles, not of their samples");
                    return Err(problem.hint("give a `type` instead, as in type=cpu-time"));
                }
            };
            let measure = Measure::parse(measure.as_deref().unwrap_or("cpu_cores"))?;
            let options = SeriesOptions { measure, group_by, limit, points };
            answer(&app, "series", engine.series(&scope, &options)).await?
        }
    };
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
            measure: series.name,
            unit: series.unit,
            step_ms: u64::try_from(series.step.as_millis()).unwrap_or(u64::MAX),
            times_ms: series.times.into_iter().map(millis).collect(),
            series: lines,
            other,
            profiles: series.basis.profiles,
        }
    }
}
