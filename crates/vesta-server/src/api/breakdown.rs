//! `GET /api/v1/breakdown`: where the value of a scope goes, by any dimension.

use super::answer;
use super::basis::{BasisAnswer, ValueKind};
use super::scope::{AskedSamples, SampleParams, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_query::{Breakdown, BreakdownOptions, Dimension};

/// By what, and how much of it.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BreakdownParams {
    /// `tag:KEY` (`tag:service`, `tag:version`, ...), `label:KEY` (`label:thread`, `label:endpoint`, ...), or
    /// `frame:function`, `frame:line`, `frame:file`, `frame:package`.
    #[param(default = "frame:function", required = false)]
    by: String,
    /// Only rows whose value, or file, contains this, whatever its case.
    #[param(default = "", required = false)]
    search: String,
    /// The most rows.
    #[param(default = 100, minimum = 1, maximum = 100_000, required = false)]
    limit: usize,
}

/// Values of a dimension, largest first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct BreakdownAnswer {
    by: String,
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope: all of `self`, with that of `other`.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    rows: BreakdownColumns,
    /// The rows that the search finds, shown or not.
    found: u64,
    /// All rows that are not shown; null if there are none.
    other: Option<OtherAnswer>,
    /// What could not be read or named.
    problems: Vec<String>,
}

/// Rows as columns.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct BreakdownColumns {
    /// The value; empty for samples without it.
    value: Vec<String>,
    /// What was spent in it; for functions, in themselves.
    #[serde(rename = "self")]
    self_value: Vec<i64>,
    /// What was spent in it and, for functions, in what they called.
    total: Vec<i64>,
    /// The samples that `total` is made of.
    samples: Vec<u64>,
    /// How often each endpoint was called; null where no profile says so, and as a whole unless by `label:endpoint`.
    calls: Option<Vec<Option<u64>>>,
    /// More about functions; absent unless by `frame:`.
    #[serde(flatten)]
    functions: Option<FunctionColumns>,
}

/// What functions, lines, files and packages are.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct FunctionColumns {
    file: Vec<String>,
    module: Vec<String>,
    /// 0 unless by `frame:line`.
    line: Vec<u32>,
    /// The package, library or program; empty if it is not known.
    package: Vec<String>,
    /// Whose code it is: 0 own, 1 library, 2 standard library, 3 native, 4 kernel, 5 runtime, 6 unknown.
    kind: Vec<u8>,
}

/// Rows that are not shown.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct OtherAnswer {
    /// How many there are.
    rows: u64,
    /// The sum of their `self`.
    #[serde(rename = "self")]
    self_value: i64,
    /// What was spent in samples that any of them is on.
    total: i64,
}

/// Where the value of a scope goes.
#[utoipa::path(
    get, path = "/api/v1/breakdown", tag = "samples", params(ScopeParams, SampleParams, BreakdownParams),
    responses((status = 200, description = "The values", body = BreakdownAnswer), QueryProblems)
)]
pub(crate) async fn breakdown(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<BreakdownAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let wanted = BreakdownParams {
        by: params.one("by")?.unwrap_or_else(|| "frame:function".to_owned()),
        search: params.one("search")?.unwrap_or_default(),
        limit: params.number("limit", 100, 1..=100_000)?,
    };
    params.finish()?;
    let by = wanted.by.parse()?;
    let options = BreakdownOptions { by, search: wanted.search, limit: wanted.limit };
    let AskedSamples { engine, question } = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let found = answer(&app, "breakdown", engine.breakdown(&question, &options)).await?;
    Ok(Json(BreakdownAnswer::new(&options.by, found)))
}

impl BreakdownAnswer {
    fn new(by: &Dimension, found: Breakdown) -> Self {
        let mut columns = BreakdownColumns::default();
        if by.is_endpoint() {
            columns.calls = Some(Vec::new());
        }
        if matches!(by, Dimension::Frame(_)) {
            columns.functions = Some(FunctionColumns::default());
        }
        let strings = found.functions.strings();
        for row in found.rows {
            columns.value.push(row.value);
            columns.self_value.push(row.self_value);
            columns.total.push(row.total);
            columns.samples.push(row.samples);
            if let Some(calls) = &mut columns.calls {
                calls.push(row.calls);
            }
            if let (Some(functions), Some(id)) = (&mut columns.functions, row.function) {
                let function = found.functions.get(id);
                functions.file.push(strings.get(function.file).to_owned());
                functions.module.push(strings.get(function.module).to_owned());
                functions.line.push(function.line);
                functions.package.push(strings.get(function.package).to_owned());
                functions.kind.push(function.kind.code());
            }
        }
        BreakdownAnswer {
            by: by.to_string(),
            r#type: found.value_type.name.to_string(),
            unit: found.value_type.unit.as_str().to_owned(),
            kind: found.value_type.kind.into(),
            total: found.total,
            basis: BasisAnswer::from(&found.basis),
            rows: columns,
            found: found.found,
            other: found.other.map(|other| OtherAnswer {
                rows: other.rows,
                self_value: other.self_value,
                total: other.total,
            }),
            problems: found.problems,
        }
    }
}
