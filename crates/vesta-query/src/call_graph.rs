//! Call graphs: functions as nodes, and the value that flows between them.

use crate::engine::compute;
use crate::flame_graph::{build_tree, problems_of};
use crate::stack_sums::StackSums;
use crate::{Basis, Engine, QueryError, SampleScope};
use vesta_profile::{CallGraph, CanonicalType, FunctionTable, Granularity};

/// How to draw a call graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallGraphOptions {
    /// What is one node.
    pub granularity: Granularity,
    /// The most nodes: those with the largest totals. Default 80.
    pub max_nodes: usize,
    /// The most edges: those with the largest values. Default 200.
    pub max_edges: usize,
}

impl Default for CallGraphOptions {
    fn default() -> Self {
        CallGraphOptions { granularity: Granularity::Function, max_nodes: 80, max_edges: 200 }
    }
}

/// The functions of a scope and what flows between them.
#[derive(Clone, Debug)]
pub struct ScopeCallGraph {
    /// What the values count.
    pub value_type: CanonicalType,
    /// What nodes stand for.
    pub functions: FunctionTable,
    /// Nodes and edges.
    pub graph: CallGraph,
    /// The sum of the values of all samples in scope.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

impl Engine {
    /// The call graph of a scope.
    pub async fn call_graph(
        &self,
        question: &SampleScope,
        options: CallGraphOptions,
    ) -> Result<ScopeCallGraph, QueryError> {
        self.bounded(async {
            let sums = self.stack_sums(question).await?;
            compute(move || Ok(draw(sums, options))).await
        })
        .await
    }
}

fn draw(sums: StackSums, options: CallGraphOptions) -> ScopeCallGraph {
    let (functions, tree) = build_tree(&sums, options.granularity);
    ScopeCallGraph {
        problems: problems_of(&sums),
        value_type: sums.value_type,
        graph: CallGraph::new(&tree, &functions, options.max_nodes, options.max_edges),
        total: tree.total(),
        functions,
        basis: sums.basis,
    }
}
