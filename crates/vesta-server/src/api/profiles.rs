//! `GET /api/v1/profiles`: the profiles in scope, a page at a time.

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
use std::collections::BTreeMap;
use vesta_query::{ListOptions, Measure, ProfileList};

/// How the list is ordered and cut.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// `start`, `duration_ms`, or any of /measures, as `cpu_cores` or `metrics.go_num_goroutine`; with a `-` in front
    /// for largest first.
    #[param(default = "-start", required = false)]
    sort: Option<String>,
    /// The most profiles on this page.
    #[param(default = 50, minimum = 1, maximum = 1000, required = false)]
    limit: usize,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// A measure to show as a column too, as `heap_bytes` or `metrics.go_num_goroutine`. May be repeated.
    #[param(required = false)]
    column: Vec<String>,
}

/// Columns in one request.
const MOST_COLUMNS: usize = 32;

/// A page of profiles, as columns.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ProfilesAnswer {
    /// The profiles on all pages.
    total: u64,
    /// Where the next page starts; null on the last page.
    next_cursor: Option<String>,
    /// The columns; all have one entry per profile.
    columns: ProfileColumns,
}

/// The columns of a list of profiles.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ProfileColumns {
    /// Ids: 16 hexadecimal digits.
    id: Vec<String>,
    start_ms: Vec<i64>,
    end_ms: Vec<i64>,
    service: Vec<String>,
    env: Vec<String>,
    version: Vec<String>,
    host: Vec<String>,
    runtime: Vec<String>,
    language: Vec<String>,
    /// CPU time per second.
    cpu_cores: Vec<Option<f64>>,
    /// Memory allocated per second.
    alloc_bytes_per_second: Vec<Option<f64>>,
    /// Wall time per second, summed over threads.
    wall_cores: Vec<Option<f64>>,
    samples: Vec<u64>,
    upload_bytes: Vec<u64>,
    /// The measures that were asked for, by name.
    #[serde(flatten)]
    measures: BTreeMap<String, Vec<Option<f64>>>,
}

/// Profiles in scope.
#[utoipa::path(
    get, path = "/api/v1/profiles", tag = "profiles", params(ScopeParams, ListParams),
    responses((status = 200, description = "A page of profiles", body = ProfilesAnswer), QueryProblems)
)]
pub(crate) async fn list(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<ProfilesAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let page = ListParams::read(&mut params)?;
    params.finish()?;
    let options = page.resolve()?;
    let Asked { engine, scope, source, .. } = scope.resolve(&app).await?;
    let mut list = answer(&app, "profiles", engine.profiles(&scope, &options)).await?;
    list.profiles.iter_mut().for_each(|profile| profile.id = source.shown(profile.id));
    Ok(Json(ProfilesAnswer::new(list, &options.measures)))
}

impl ListParams {
    fn read(params: &mut Params) -> Result<Self, Problem> {
        Ok(ListParams {
            sort: params.one("sort")?,
            limit: params.number("limit", 50, 1..=1000)?,
            cursor: params.one("cursor")?,
            column: params.all("column"),
        })
    }

    fn resolve(self) -> Result<ListOptions, Problem> {
        if self.column.len() > MOST_COLUMNS {
            return Err(Problem::bad_request(format!("at most {MOST_COLUMNS} columns fit in one request")));
        }
        let mut measures = Vec::new();
        for name in &self.column {
            let measure = Measure::parse(name)?;
            if !is_on_every_row(&measure) && !measures.contains(&measure) {
                measures.push(measure);
            }
        }
        Ok(ListOptions {
            sort: self.sort.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            limit: self.limit,
            cursor: self.cursor.as_deref().map(str::parse).transpose()?,
            measures,
        })
    }
}

/// Whether a measure has a column of its own in every answer.
fn is_on_every_row(measure: &Measure) -> bool {
    let standard = [Measure::CpuCores, Measure::AllocBytesPerSecond, Measure::WallCores, Measure::Samples];
    standard.contains(measure)
}

impl ProfilesAnswer {
    fn new(list: ProfileList, measures: &[Measure]) -> Self {
        let mut columns = ProfileColumns::default();
        for measure in measures {
            columns.measures.insert(measure.name().into_owned(), Vec::new());
        }
        for profile in list.profiles {
            for (measure, value) in measures.iter().zip(profile.measures) {
                columns.measures.entry(measure.name().into_owned()).or_default().push(value);
            }
            columns.id.push(profile.id.to_string());
            columns.start_ms.push(millis(profile.start));
            columns.end_ms.push(millis(profile.end));
            columns.service.push(profile.service);
            columns.env.push(profile.env);
            columns.version.push(profile.version);
            columns.host.push(profile.host);
            columns.runtime.push(profile.runtime);
            columns.language.push(profile.language);
            columns.cpu_cores.push(profile.cpu_cores);
            columns.alloc_bytes_per_second.push(profile.alloc_bytes_per_second);
            columns.wall_cores.push(profile.wall_cores);
            columns.samples.push(profile.samples);
            columns.upload_bytes.push(profile.upload_bytes);
        }
        ProfilesAnswer { total: list.total, next_cursor: list.next.map(|next| next.to_string()), columns }
    }
}
