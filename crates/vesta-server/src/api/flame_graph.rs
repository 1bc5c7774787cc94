//! `GET /api/v1/flamegraph`: the merged call tree of a scope.

use super::answer;
use super::basis::{BasisAnswer, ValueKind, millis};
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
use vesta_profile::Granularity;
use vesta_query::{FlameGraph, FlameGraphOptions, FunctionKey};

/// How the tree is made.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GraphParams {
    /// What one node is: `function`, `line`, `file` or `package`.
    #[param(default = "function", required = false)]
    granularity: Option<String>,
    /// The most nodes; the smallest ones are folded into `(other)`.
    #[param(default = 8192, minimum = 2, maximum = 1_000_000, required = false)]
    max_nodes: usize,
    /// The functions from the root to the node where the tree starts, one parameter each, to see what was pruned there:
    /// the name, or name, file, module and line, separated by tabs.
    #[param(required = false)]
    path: Vec<String>,
}

/// A merged call tree.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct FlameGraphAnswer {
    /// The value type.
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    from_ms: i64,
    to_ms: i64,
    pruned: PrunedAnswer,
    /// Strings that functions refer to; the first is empty.
    strings: Vec<String>,
    functions: Functions,
    nodes: Nodes,
    /// What could not be read or named.
    problems: Vec<String>,
}

/// What was folded into `(other)`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PrunedAnswer {
    /// Nodes that are not shown.
    nodes: u64,
    /// The sum of all `(other)` nodes.
    value: i64,
}

/// The flame graph of a scope.
#[utoipa::path(
    get, path = "/api/v1/flamegraph", tag = "samples", params(ScopeParams, SampleParams, GraphParams),
    responses((status = 200, description = "The tree", body = FlameGraphAnswer), QueryProblems)
)]
pub(crate) async fn flame_graph(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<FlameGraphAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let options = GraphParams::read(&mut params)?.resolve()?;
    params.finish()?;
    let AskedSamples { engine, question } = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let graph = answer(&app, "flamegraph", engine.flame_graph(&question, &options)).await?;
    Ok(Json(FlameGraphAnswer::from(&graph)))
}

/// Reads the parameter `granularity`.
pub(crate) fn read_granularity(text: Option<&str>) -> Result<Granularity, Problem> {
    let text = text.unwrap_or("function");
    Granularity::parse(text).ok_or_else(|| {
        Problem::bad_request(format!("`{text}` is not a granularity"))
            .hint("choose function, line, file or package")
    })
}

impl GraphParams {
    /// Reads the parameters.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Problem> {
        Ok(GraphParams {
            granularity: params.one("granularity")?,
            max_nodes: params.number("max_nodes", 8192, 2..=1_000_000)?,
            path: params.all("path"),
        })
    }

    /// What they mean.
    pub(crate) fn resolve(self) -> Result<FlameGraphOptions, Problem> {
        Ok(FlameGraphOptions {
            granularity: read_granularity(self.granularity.as_deref())?,
            max_nodes: self.max_nodes,
            path: self.path.iter().map(|key| FunctionKey::parse(key)).collect(),
        })
    }
}

impl From<&FlameGraph> for FlameGraphAnswer {
    fn from(graph: &FlameGraph) -> Self {
        let mut symbols = Symbols::new(&graph.functions);
        let nodes = symbols.nodes(&graph.tree);
        let (functions, strings) = symbols.finish();
        FlameGraphAnswer {
            r#type: graph.value_type.name.to_string(),
            unit: graph.value_type.unit.as_str().to_owned(),
            kind: graph.value_type.kind.into(),
            total: graph.total,
            basis: BasisAnswer::from(&graph.basis),
            from_ms: millis(graph.range.from),
            to_ms: millis(graph.range.to),
            pruned: PrunedAnswer { nodes: graph.pruned_nodes, value: graph.pruned_value },
            strings,
            functions,
            nodes,
            problems: graph.problems.clone(),
        }
    }
}
