//! `GET /api/v1/top`: the functions that a scope spends most in.

use super::answer;
use super::basis::{BasisAnswer, ValueKind};
use super::flame_graph::read_granularity;
use super::scope::{AskedSamples, SampleParams, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_query::{TopList, TopOptions};

/// Which functions.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TopParams {
    /// What one row is: `function`, `line`, `file` or `package`.
    #[param(default = "function", required = false)]
    granularity: Option<String>,
    /// Only functions whose name or file contains this, whatever its case.
    #[param(default = "", required = false)]
    search: String,
    /// The most functions.
    #[param(default = 100, minimum = 1, maximum = 100_000, required = false)]
    limit: usize,
}

/// Functions, largest self value first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct TopAnswer {
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    functions: TopColumns,
    /// Whether there are more functions than shown.
    truncated: bool,
    /// What could not be read or named.
    problems: Vec<String>,
}

/// Functions as columns.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct TopColumns {
    name: Vec<String>,
    file: Vec<String>,
    module: Vec<String>,
    /// 0 unless rows are lines.
    line: Vec<u32>,
    /// The package, library or program that the function is part of; empty if it is not known.
    package: Vec<String>,
    /// Whose code it is: 0 own, 1 library, 2 standard library, 3 native, 4 kernel, 5 runtime, 6 unknown.
    kind: Vec<u8>,
    /// The value spent in the function itself.
    #[serde(rename = "self")]
    self_value: Vec<i64>,
    /// The value spent in the function and what it called; recursion counts once.
    total: Vec<i64>,
}

/// The functions that a scope spends most in.
#[utoipa::path(
    get, path = "/api/v1/top", tag = "samples", params(ScopeParams, SampleParams, TopParams),
    responses((status = 200, description = "The functions", body = TopAnswer), QueryProblems)
)]
pub(crate) async fn top(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<TopAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let wanted = TopParams {
        granularity: params.one("granularity")?,
        search: params.one("search")?.unwrap_or_default(),
        limit: params.number("limit", 100, 1..=100_000)?,
    };
    params.finish()?;
    let options = TopOptions {
        granularity: read_granularity(wanted.granularity.as_deref())?,
        search: wanted.search,
        limit: wanted.limit,
        ..TopOptions::default()
    };
    let AskedSamples { engine, question } = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let list = answer(&app, "top", engine.top(&question, &options)).await?;
    Ok(Json(TopAnswer::from(list)))
}

impl From<TopList> for TopAnswer {
    fn from(list: TopList) -> Self {
        let mut columns = TopColumns::default();
        let strings = list.functions.strings();
        for row in &list.rows {
            let function = list.functions.get(row.function);
            columns.name.push(list.functions.name(row.function).to_owned());
            columns.file.push(strings.get(function.file).to_owned());
            columns.module.push(strings.get(function.module).to_owned());
            columns.line.push(function.line);
            columns.package.push(strings.get(function.package).to_owned());
            columns.kind.push(function.kind.code());
            columns.self_value.push(row.self_value);
            columns.total.push(row.total);
        }
        TopAnswer {
            r#type: list.value_type.name.to_string(),
            unit: list.value_type.unit.as_str().to_owned(),
            kind: list.value_type.kind.into(),
            total: list.total,
            basis: BasisAnswer::from(&list.basis),
            functions: columns,
            truncated: list.truncated,
            problems: list.problems,
        }
    }
}
