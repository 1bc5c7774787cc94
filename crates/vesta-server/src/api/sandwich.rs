//! `GET /api/v1/sandwich`: one function between its callers and its callees.

use super::answer;
use super::basis::{BasisAnswer, ValueKind};
use super::flame_graph::read_granularity;
use super::graph::{Functions, Nodes, Symbols};
use super::scope::{AskedSamples, SampleParams, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_query::{FunctionKey, SandwichGraph, SandwichOptions};

/// Which function.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SandwichParams {
    /// The name, as `top` shows it.
    function: String,
    /// The source file, to tell functions of the same name apart.
    file: Option<String>,
    /// The module.
    module: Option<String>,
    /// What one node is: `function`, `line`, `file` or `package`.
    #[param(default = "function", required = false)]
    granularity: Option<String>,
    /// The most nodes of each tree.
    #[param(default = 4096, minimum = 2, maximum = 1_000_000, required = false)]
    max_nodes: usize,
}

/// One function with its callers and callees.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SandwichAnswer {
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    function: SandwichFunction,
    /// The tree turned over: the first node is the function, children are callers.
    callers: Nodes,
    /// The first node is the function, children are what it called.
    callees: Nodes,
    /// Strings that functions refer to; the first is empty.
    strings: Vec<String>,
    functions: Functions,
    /// Nodes of both trees that were folded into `(other)`.
    pruned_nodes: u64,
    /// What could not be read or named.
    problems: Vec<String>,
}

/// The function in the middle.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SandwichFunction {
    name: String,
    file: String,
    module: String,
    #[serde(rename = "self")]
    self_value: i64,
    total: i64,
}

/// One function with its callers and callees.
#[utoipa::path(
    get, path = "/api/v1/sandwich", tag = "samples", params(ScopeParams, SampleParams, SandwichParams),
    responses((status = 200, description = "The trees", body = SandwichAnswer), QueryProblems)
)]
pub(crate) async fn sandwich(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<SandwichAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let options = SandwichParams::read(&mut params)?.resolve()?;
    params.finish()?;
    let AskedSamples { engine, question } = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let graph = answer(&app, "sandwich", engine.sandwich(&question, &options)).await?;
    Ok(Json(SandwichAnswer::from(&graph)))
}

impl SandwichParams {
    fn read(params: &mut Params) -> Result<Self, Problem> {
        Ok(SandwichParams {
            function: params.required("function")?,
            file: params.one("file")?,
            module: params.one("module")?,
            granularity: params.one("granularity")?,
            max_nodes: params.number("max_nodes", 4096, 2..=1_000_000)?,
        })
    }

    fn resolve(self) -> Result<SandwichOptions, Problem> {
        let function =
            FunctionKey { file: self.file, module: self.module, ..FunctionKey::named(self.function) };
        Ok(SandwichOptions {
            granularity: read_granularity(self.granularity.as_deref())?,
            max_nodes: self.max_nodes,
            ..SandwichOptions::new(function)
        })
    }
}

impl From<&SandwichGraph> for SandwichAnswer {
    fn from(graph: &SandwichGraph) -> Self {
        let mut symbols = Symbols::new(&graph.functions);
        let (callers, callees) = (symbols.nodes(&graph.callers), symbols.nodes(&graph.callees));
        let (functions, strings) = symbols.finish();
        let function = graph.functions.get(graph.function);
        let text = |id| graph.functions.strings().get(id).to_owned();
        SandwichAnswer {
            r#type: graph.value_type.name.to_string(),
            unit: graph.value_type.unit.as_str().to_owned(),
            kind: graph.value_type.kind.into(),
            total: graph.total,
            basis: BasisAnswer::from(&graph.basis),
            function: SandwichFunction {
                name: graph.functions.name(graph.function).to_owned(),
                file: text(function.file),
                module: text(function.module),
                self_value: graph.self_value,
                total: graph.function_total,
            },
            callers,
            callees,
            strings,
            functions,
            pruned_nodes: graph.pruned_nodes,
            problems: graph.problems.clone(),
        }
    }
}
