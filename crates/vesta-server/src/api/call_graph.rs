//! `GET /api/v1/callgraph`: functions as nodes, and what flows between them.

use super::answer;
use super::basis::{BasisAnswer, ValueKind};
use super::flame_graph::read_granularity;
use super::graph::{Functions, Symbols};
use super::scope::{SampleParams, ScopeParams};
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use vesta_query::{CallGraphOptions, ScopeCallGraph};

/// How much of the graph.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CallGraphParams {
    /// What one node is: `function`, `line`, `file` or `package`.
    #[param(default = "function", required = false)]
    granularity: Option<String>,
    /// The most nodes: those with the largest totals.
    #[param(default = 80, minimum = 1, maximum = 10_000, required = false)]
    max_nodes: usize,
    /// The most edges: those with the largest values.
    #[param(default = 200, minimum = 0, maximum = 100_000, required = false)]
    max_edges: usize,
}

/// The largest functions and the calls between them.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CallGraphAnswer {
    r#type: String,
    unit: String,
    kind: ValueKind,
    /// The sum over all samples in scope.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    /// Strings that functions refer to; the first is empty.
    strings: Vec<String>,
    functions: Functions,
    nodes: CallNodes,
    edges: CallEdges,
    pruned: PrunedCalls,
    /// What could not be read or named.
    problems: Vec<String>,
}

/// Functions as columns, largest total first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CallNodes {
    /// The index of the function.
    function: Vec<i64>,
    /// The value spent in the function itself.
    #[serde(rename = "self")]
    self_value: Vec<i64>,
    /// The value spent in it and in what it called; recursion counts once.
    total: Vec<i64>,
}

/// Calls as columns, largest value first.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CallEdges {
    /// The index of the caller among the functions, or of the nearest caller that is shown.
    from: Vec<i64>,
    /// The index of what is called among the functions.
    to: Vec<i64>,
    /// What was spent in those calls and below; recursion counts once.
    value: Vec<i64>,
    /// The part of it that came by way of functions that are not shown.
    indirect: Vec<i64>,
}

/// What is not shown.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PrunedCalls {
    /// Functions.
    nodes: usize,
    /// Calls between functions that are shown.
    edges: usize,
}

/// The call graph of a scope.
#[utoipa::path(
    get, path = "/api/v1/callgraph", tag = "samples", params(ScopeParams, SampleParams, CallGraphParams),
    responses((status = 200, description = "The graph", body = CallGraphAnswer), QueryProblems)
)]
pub(crate) async fn call_graph(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<CallGraphAnswer>, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let wanted = CallGraphParams {
        granularity: params.one("granularity")?,
        max_nodes: params.number("max_nodes", 80, 1..=10_000)?,
        max_edges: params.number("max_edges", 200, 0..=100_000)?,
    };
    params.finish()?;
    let options = CallGraphOptions {
        granularity: read_granularity(wanted.granularity.as_deref())?,
        max_nodes: wanted.max_nodes,
        max_edges: wanted.max_edges,
    };
    let asked = samples.resolve(&app, scope.resolve(&app).await?).await?;
    let graph = answer(&app, "callgraph", asked.engine.call_graph(&asked.question, options)).await?;
    Ok(Json(CallGraphAnswer::from(graph)))
}

impl From<ScopeCallGraph> for CallGraphAnswer {
    fn from(answer: ScopeCallGraph) -> Self {
        let graph = &answer.graph;
        let mut symbols = Symbols::new(&answer.functions);
        let nodes = CallNodes {
            function: graph.nodes.iter().map(|row| symbols.function(row.function)).collect(),
            self_value: graph.nodes.iter().map(|row| row.self_value).collect(),
            total: graph.nodes.iter().map(|row| row.total).collect(),
        };
        let edges = CallEdges {
            from: graph.edges.iter().map(|edge| symbols.function(edge.from)).collect(),
            to: graph.edges.iter().map(|edge| symbols.function(edge.to)).collect(),
            value: graph.edges.iter().map(|edge| edge.value).collect(),
            indirect: graph.edges.iter().map(|edge| edge.indirect).collect(),
        };
        let (functions, strings) = symbols.finish();
        CallGraphAnswer {
            r#type: answer.value_type.name.to_string(),
            unit: answer.value_type.unit.as_str().to_owned(),
            kind: answer.value_type.kind.into(),
            total: answer.total,
            basis: BasisAnswer::from(&answer.basis),
            strings,
            functions,
            nodes,
            edges,
            pruned: PrunedCalls { nodes: graph.pruned_nodes, edges: graph.pruned_edges },
            problems: answer.problems,
        }
    }
}
