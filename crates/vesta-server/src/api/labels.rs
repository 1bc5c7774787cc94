//! `GET /api/v1/labels`: by which labels samples can be narrowed.

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
use vesta_query::LabelOptions;

/// Which values.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LabelParams {
    /// The most values of each label.
    #[param(default = 50, minimum = 1, maximum = 1000, required = false)]
    limit: usize,
}

/// The labels of samples.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LabelsAnswer {
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope, with the label or without it.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    /// `thread` and `endpoint` first.
    labels: Vec<LabelAnswer>,
}

/// One label and its values, largest total first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LabelAnswer {
    key: String,
    values: Vec<String>,
    /// What was spent in samples with each value.
    totals: Vec<i64>,
    /// Whether there are more values than shown.
    truncated: bool,
}

/// The labels of samples in scope.
#[utoipa::path(
    get, path = "/api/v1/labels", tag = "samples", params(ScopeParams, SampleParams, LabelParams),
    responses((status = 200, description = "The labels", body = LabelsAnswer), QueryProblems)
)]
pub(crate) async fn labels(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<LabelsAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let wanted = LabelParams { limit: params.number("limit", 50, 1..=1000)? };
    params.finish()?;
    let AskedSamples { engine, question } = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let options = LabelOptions { limit: wanted.limit };
    let found = answer(&app, "labels", engine.labels(&question, &options)).await?;
    let labels = found.labels.into_iter().map(|label| {
        let (values, totals) = label.values.into_iter().map(|entry| (entry.value, entry.total)).unzip();
        LabelAnswer { key: label.key, values, totals, truncated: label.truncated }
    });
    Ok(Json(LabelsAnswer {
        r#type: found.value_type.name.to_string(),
        unit: found.value_type.unit.as_str().to_owned(),
        kind: found.value_type.kind.into(),
        total: found.total,
        basis: BasisAnswer::from(&found.basis),
        labels: labels.collect(),
    }))
}
