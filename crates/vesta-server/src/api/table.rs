//! `GET /api/v1/table`: measures of groups of profiles.

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
use std::collections::BTreeMap;
use vesta_query::{Table, TableColumn, TableOptions};

/// Measures in one request.
const MOST_MEASURES: usize = 32;

/// By what, and which measures.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TableParams {
    /// A tag whose values tell rows apart, as `service`. May be there up to three times; without it there is one row.
    #[param(required = false)]
    group_by: Vec<String>,
    /// A column: one of /measures, of which the mean over profiles is told, or `profiles`, `samples`, `processes`, which
    /// are counted. May be repeated; `profiles` if there is none.
    #[param(required = false)]
    measure: Vec<String>,
    /// A measure or a tag of the table, or `profiles`; with a `-` in front for largest first.
    #[param(default = "-profiles", required = false)]
    sort: String,
    /// The most rows.
    #[param(default = 100, minimum = 1, maximum = 10_000, required = false)]
    limit: usize,
}

/// Rows, as columns.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TableAnswer {
    /// The profiles in scope.
    profiles: u64,
    /// The values of each tag; empty for profiles without it.
    groups: BTreeMap<String, Vec<String>>,
    /// The values of each measure; null where no profile says anything.
    measures: BTreeMap<String, Vec<Option<f64>>>,
    /// The unit of each measure; empty where it is not known.
    units: BTreeMap<String, String>,
    /// The rows there are, shown or not.
    found: u64,
    /// Whether there are more rows than shown.
    truncated: bool,
}

/// Measures of the profiles in scope, by tags.
#[utoipa::path(
    get, path = "/api/v1/table", tag = "search", params(ScopeParams, TableParams),
    responses((status = 200, description = "The rows", body = TableAnswer), QueryProblems)
)]
pub(crate) async fn table(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<TableAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let wanted = TableParams {
        group_by: params.all("group_by"),
        measure: params.all("measure"),
        sort: params.one("sort")?.unwrap_or_default(),
        limit: params.number("limit", 100, 1..=10_000)?,
    };
    params.finish()?;
    let options = wanted.resolve()?;
    let Asked { engine, scope, .. } = scope.resolve(&app).await?;
    let found = answer(&app, "table", engine.table(&scope, &options)).await?;
    Ok(Json(TableAnswer::new(&options, &found)))
}

impl TableParams {
    fn resolve(self) -> Result<TableOptions, Problem> {
        let group_by: Vec<String> = self.group_by.into_iter().filter(|key| !key.is_empty()).collect();
        if group_by.len() > TableOptions::MOST_TAGS {
            let message = format!("at most {} tags tell rows apart", TableOptions::MOST_TAGS);
            return Err(Problem::bad_request(message));
        }
        if self.measure.len() > MOST_MEASURES {
            return Err(Problem::bad_request(format!("at most {MOST_MEASURES} measures fit in one request")));
        }
        let mut columns = Vec::new();
        for name in self.measure.iter().filter(|name| !name.is_empty()) {
            let column = TableColumn::parse(name)?;
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        if columns.is_empty() {
            columns.push(TableColumn::Profiles);
        }
        Ok(TableOptions { group_by, columns, sort: self.sort, limit: self.limit })
    }
}

impl TableAnswer {
    fn new(options: &TableOptions, found: &Table) -> Self {
        let group = |index: usize| {
            found.rows.iter().map(|row| row.groups.get(index).cloned().unwrap_or_default()).collect()
        };
        let measure =
            |index: usize| found.rows.iter().map(|row| row.values.get(index).copied().flatten()).collect();
        let tags = options.group_by.iter().cloned().enumerate();
        let columns = || options.columns.iter().enumerate();
        TableAnswer {
            profiles: found.basis.profiles,
            groups: tags.map(|(index, key)| (key, group(index))).collect(),
            measures: columns().map(|(index, column)| (column.name(), measure(index))).collect(),
            units: columns().map(|(_, column)| (column.name(), column.unit().to_owned())).collect(),
            found: found.found,
            truncated: found.truncated,
        }
    }
}
