//! One function with its callers and callees.

use crate::engine::compute;
use crate::flame_graph::{FunctionKey, build_tree, problems_of};
use crate::stack_sums::StackSums;
use crate::{Basis, Engine, QueryError, SampleScope};
use vesta_profile::{CanonicalType, FlameTree, FunctionId, FunctionTable, Granularity, Sandwich, TopBy};

/// Which function to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SandwichOptions {
    /// The function; all that it may mean are taken as one.
    pub function: FunctionKey,
    /// What is one node.
    pub granularity: Granularity,
    /// The most nodes of each tree. Default 4096.
    pub max_nodes: usize,
}

/// One function with its callers and callees.
#[derive(Clone, Debug)]
pub struct SandwichGraph {
    /// What the values count.
    pub value_type: CanonicalType,
    /// What nodes stand for.
    pub functions: FunctionTable,
    /// The function, the first of those that were meant.
    pub function: FunctionId,
    /// The value spent in it.
    pub self_value: i64,
    /// The value spent in it and in what it called: the total of both trees.
    pub function_total: i64,
    /// The tree turned over: node 0 is the function, children are callers.
    pub callers: FlameTree,
    /// Node 0 is the function, children are what it called.
    pub callees: FlameTree,
    /// How many nodes of both trees were folded into `(other)`.
    pub pruned_nodes: u64,
    /// The sum of the values of all samples in scope.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

impl SandwichOptions {
    /// This function, with the default bounds.
    pub fn new(function: FunctionKey) -> Self {
        SandwichOptions { function, granularity: Granularity::Function, max_nodes: 4096 }
    }
}

impl Engine {
    /// One function with its callers and callees.
    pub async fn sandwich(
        &self,
        question: &SampleScope,
        options: &SandwichOptions,
    ) -> Result<SandwichGraph, QueryError> {
        self.bounded(async {
            let sums = self.stack_sums(question).await?;
            let options = options.clone();
            compute(move || draw(sums, &options)).await
        })
        .await
    }
}

fn draw(sums: StackSums, options: &SandwichOptions) -> Result<SandwichGraph, QueryError> {
    let (functions, tree) = build_tree(&sums, options.granularity);
    let meant = |id: &FunctionId| options.function.matches(&functions, *id);
    let wanted: Vec<FunctionId> = functions.named(&options.function.name).filter(meant).collect();
    let Some(&function) = wanted.first() else {
        return Err(QueryError::UnknownFunction { name: options.function.name.clone() });
    };
    let rows = vesta_profile::top(&tree, &functions, TopBy::Function);
    let self_value = rows
        .iter()
        .filter(|row| wanted.contains(&row.function))
        .fold(0i64, |sum, row| sum.saturating_add(row.self_value));
    let whole = Sandwich::of_any(&tree, &functions, &wanted);
    let (callers, callees) = (whole.callers.prune(options.max_nodes), whole.callees.prune(options.max_nodes));
    Ok(SandwichGraph {
        problems: problems_of(&sums),
        value_type: sums.value_type,
        function,
        self_value,
        function_total: whole.callees.total(),
        callers: callers.tree,
        callees: callees.tree,
        pruned_nodes: u64::try_from(callers.nodes + callees.nodes).unwrap_or(u64::MAX),
        total: tree.total(),
        functions,
        basis: sums.basis,
    })
}
