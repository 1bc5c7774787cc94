//! `GET /api/v1/compare`: two scopes side by side.

use super::basis::{BasisAnswer, ValueKind, millis};
use super::flame_graph::GraphParams;
use super::graph::{Functions, Symbols};
use super::scope::{AskedSamples, SampleParams, ScopeParams};
use super::{answer, graph};
use crate::app::{App, SharedApp};
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use vesta_profile::{DiffColumns, FlameTree};
use vesta_query::{CompareOptions, ComparedSide, Comparison, Evidence};

/// What is asked of both sides: scopes under `a.` and `b.`, and filters that each side has besides the common ones.
struct Sides;

/// Two merged call trees as one.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct CompareAnswer {
    r#type: String,
    unit: String,
    kind: ValueKind,
    a: SideAnswer,
    b: SideAnswer,
    pruned: PrunedSides,
    /// Strings that functions refer to; the first is empty.
    strings: Vec<String>,
    functions: Functions,
    nodes: ComparedNodes,
    changes: Changes,
    /// What could not be read or named.
    problems: Vec<String>,
}

/// One side of a comparison.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SideAnswer {
    /// The sum over all samples in scope, transformed.
    total: i64,
    #[serde(flatten)]
    basis: BasisAnswer,
    from_ms: i64,
    to_ms: i64,
}

/// What was folded into `(other)`.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct PrunedSides {
    /// Nodes that are not shown.
    nodes: u64,
    /// The sum of all `(other)` nodes of each side.
    value_a: i64,
    value_b: i64,
}

/// The union of two call trees as columns, in depth-first preorder: siblings by the larger of their two shares, largest
/// first; `(other)` last. A node that one side does not have is 0 there.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct ComparedNodes {
    /// The index of the parent; -1 for the first node.
    parent: Vec<i64>,
    /// The index of the function; -1 for the root, -2 for `(other)`: what was pruned at its parent.
    function: Vec<i64>,
    /// The value spent in the node itself.
    self_a: Vec<i64>,
    /// The value spent in the node and below it.
    total_a: Vec<i64>,
    /// The samples taken in the node and below it.
    samples_a: Vec<i64>,
    self_b: Vec<i64>,
    total_b: Vec<i64>,
    samples_b: Vec<i64>,
    /// By how many standard deviations the share of the samples is larger in B than in A. Between -2 and 2 is noise. Null
    /// where there are too few samples to tell.
    z_share: Vec<Option<f64>>,
    /// The same for samples per second. Null also for types that do not add up over time.
    z_rate: Vec<Option<f64>>,
}

/// Functions as columns, the largest change of the share that was spent in the function itself first. At most 200, of all
/// functions, whatever was pruned.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Changes {
    /// The index of the function.
    function: Vec<i64>,
    /// The value spent in the function itself.
    self_a: Vec<i64>,
    /// The value spent in it and in what it called; recursion counts once.
    total_a: Vec<i64>,
    /// The samples taken in the function itself.
    samples_a: Vec<i64>,
    self_b: Vec<i64>,
    total_b: Vec<i64>,
    samples_b: Vec<i64>,
    /// As for nodes, of the samples taken in the function itself.
    z_share: Vec<Option<f64>>,
    /// As for nodes, of the samples taken in the function itself.
    z_rate: Vec<Option<f64>>,
}

/// Two scopes side by side, with how sure each difference is.
#[utoipa::path(
    get, path = "/api/v1/compare", tag = "samples", params(Sides, SampleParams, GraphParams),
    responses((status = 200, description = "Both trees as one", body = CompareAnswer), QueryProblems)
)]
pub(crate) async fn compare(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<CompareAnswer>, Problem> {
    let mut shared = SampleParams::read(&mut params)?;
    let graph = GraphParams::read(&mut params)?.resolve()?;
    let options = CompareOptions {
        granularity: graph.granularity,
        max_nodes: graph.max_nodes,
        path: graph.path,
        ..CompareOptions::default()
    };
    let (sides_a, sides_b) = (params.below("a."), params.below("b."));
    params.finish()?;
    let a = read_side(&app, sides_a, &shared).await?;
    shared.r#type = Some(a.question.value_type.clone());
    let b = read_side(&app, sides_b, &shared).await?;
    let question = a.engine.compare(&a.question, &b.engine, &b.question, &options);
    Ok(Json(CompareAnswer::from(&answer(&app, "compare", question).await?)))
}

async fn read_side(app: &App, mut params: Params, shared: &SampleParams) -> Result<AskedSamples, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let mut samples = SampleParams::read(&mut params)?;
    params.finish()?;
    if samples.r#type.is_some() {
        return Err(
            Problem::bad_request("both sides have the same type").hint("write type=, without a. or b.")
        );
    }
    samples.r#type.clone_from(&shared.r#type);
    samples.filter.extend_from_slice(&shared.filter);
    samples.window = samples.window.or_else(|| shared.window.clone());
    samples.span = samples.span.or_else(|| shared.span.clone());
    samples.focus_on = samples.focus_on.or_else(|| shared.focus_on.clone());
    samples.transform.splice(0..0, shared.transform.iter().cloned());
    samples.resolve(app, scope.resolve(app).await?).await
}

impl IntoParams for Sides {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let of_side = |side: &'static str| {
            let samples = SampleParams::into_params(&parameter_in).into_iter();
            let scope = ScopeParams::into_params(&parameter_in).into_iter();
            let both = scope.chain(samples.filter(|parameter| parameter.name != "type"));
            both.map(move |mut parameter| {
                parameter.name.insert_str(0, side);
                parameter
            })
        };
        of_side("a.").chain(of_side("b.")).collect()
    }
}

impl From<&Comparison> for CompareAnswer {
    fn from(comparison: &Comparison) -> Self {
        let tree = &comparison.tree;
        let mut symbols = Symbols::new(&tree.functions);
        let [z_share, z_rate] = columns_of(comparison.evidence.iter());
        let column = |of: fn(&DiffColumns) -> &Vec<i64>| [of(&tree.a).clone(), of(&tree.b).clone()];
        let [self_a, self_b] = column(|side| &side.self_values);
        let [total_a, total_b] = column(|side| &side.totals);
        let [samples_a, samples_b] = column(|side| &side.samples);
        let parents = tree.parents.iter();
        let nodes = ComparedNodes {
            parent: parents.map(|&at| if at == FlameTree::NO_PARENT { -1 } else { i64::from(at) }).collect(),
            function: tree.nodes.iter().map(|&id| symbols.function(id)).collect(),
            self_a,
            total_a,
            samples_a,
            self_b,
            total_b,
            samples_b,
            z_share,
            z_rate,
        };
        let changes = Changes::new(comparison, &mut symbols);
        let (functions, strings) = symbols.finish();
        CompareAnswer {
            r#type: comparison.value_type.name.to_string(),
            unit: comparison.value_type.unit.as_str().to_owned(),
            kind: comparison.value_type.kind.into(),
            a: SideAnswer::from(&comparison.a),
            b: SideAnswer::from(&comparison.b),
            pruned: PrunedSides {
                nodes: comparison.pruned_nodes,
                value_a: comparison.pruned_a,
                value_b: comparison.pruned_b,
            },
            strings,
            functions,
            nodes,
            changes,
            problems: comparison.problems.clone(),
        }
    }
}

impl Changes {
    fn new(comparison: &Comparison, symbols: &mut graph::Symbols<'_>) -> Changes {
        let [z_share, z_rate] = columns_of(comparison.changes.iter().map(|(_, evidence)| evidence));
        let mut changes = Changes { z_share, z_rate, ..Changes::default() };
        for (row, _) in &comparison.changes {
            changes.function.push(symbols.function(row.function));
            changes.self_a.push(row.a.self_value);
            changes.total_a.push(row.a.total);
            changes.samples_a.push(row.a.self_samples);
            changes.self_b.push(row.b.self_value);
            changes.total_b.push(row.b.total);
            changes.samples_b.push(row.b.self_samples);
        }
        changes
    }
}

impl From<&ComparedSide> for SideAnswer {
    fn from(side: &ComparedSide) -> Self {
        SideAnswer {
            total: side.total,
            basis: BasisAnswer::from(&side.basis),
            from_ms: millis(side.range.from),
            to_ms: millis(side.range.to),
        }
    }
}

/// Shares and rates, to two digits: more says nothing.
fn columns_of<'a>(evidence: impl Iterator<Item = &'a Evidence>) -> [Vec<Option<f64>>; 2] {
    let rounded = |z: Option<f64>| z.map(|z| (z * 100.0).round() / 100.0);
    let (shares, rates) = evidence.map(|of| (rounded(of.share), rounded(of.rate))).unzip();
    [shares, rates]
}
