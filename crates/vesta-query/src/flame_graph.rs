//! Flame graphs: where the value of a scope goes.

use crate::engine::compute;
use crate::stack_sums::StackSums;
use crate::time::TimeRange;
use crate::{Basis, Engine, QueryError, SampleScope};
use vesta_profile::{CanonicalType, FlameTree, FunctionId, FunctionTable, Granularity, Transform};

/// How to draw a flame graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlameGraphOptions {
    /// What is one node.
    pub granularity: Granularity,
    /// The most nodes; the smallest are folded into `(other)`. Default 8192.
    pub max_nodes: usize,
    /// The functions that lead from the root to the node to begin with, so that what was pruned there can be seen.
    pub path: Vec<FunctionKey>,
}

impl Default for FlameGraphOptions {
    fn default() -> Self {
        FlameGraphOptions { granularity: Granularity::Function, max_nodes: 8192, path: Vec::new() }
    }
}

/// A function by its content. What is `None` may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FunctionKey {
    /// The name, as flame graphs show it.
    pub name: String,
    /// The source file.
    pub file: Option<String>,
    /// The module.
    pub module: Option<String>,
    /// The line.
    pub line: Option<u32>,
}

/// The merged call tree of a scope for one value type.
#[derive(Clone, Debug)]
pub struct FlameGraph {
    /// What the values count.
    pub value_type: CanonicalType,
    /// What nodes stand for.
    pub functions: FunctionTable,
    /// The nodes that are shown.
    pub tree: FlameTree,
    /// How many nodes were folded into `(other)`.
    pub pruned_nodes: u64,
    /// The sum of all `(other)` nodes.
    pub pruned_value: i64,
    /// The sum of the values of all samples in scope. Equals the total of node 0, unless a path was given.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
    /// The time of the scope.
    pub range: TimeRange,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

impl Engine {
    /// The flame graph of a scope.
    pub async fn flame_graph(
        &self,
        question: &SampleScope,
        options: &FlameGraphOptions,
    ) -> Result<FlameGraph, QueryError> {
        self.bounded(async {
            let sums = self.stack_sums(question).await?;
            let (options, range) = (options.clone(), question.scope.range);
            compute(move || draw(sums, &options, range)).await
        })
        .await
    }
}

// === impl FunctionKey ===

impl FunctionKey {
    /// Any function of this name.
    pub fn named(name: impl Into<String>) -> Self {
        FunctionKey { name: name.into(), ..Self::default() }
    }

    /// Reads `name`, file, module and line, separated by tabs; those after the name may be missing.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split('\t');
        let name = parts.next().unwrap_or_default().to_owned();
        let (file, module) = (parts.next().map(str::to_owned), parts.next().map(str::to_owned));
        FunctionKey { name, file, module, line: parts.next().and_then(|line| line.parse().ok()) }
    }

    /// Whether `id` is such a function.
    pub fn matches(&self, functions: &FunctionTable, id: FunctionId) -> bool {
        let function = functions.get(id);
        let is = |wanted: &Option<String>, found| {
            wanted.as_ref().is_none_or(|wanted| functions.strings().get(found) == wanted)
        };
        functions.name(id) == self.name
            && is(&self.file, function.file)
            && is(&self.module, function.module)
            && self.line.is_none_or(|line| line == function.line)
    }
}

/// The functions and the whole tree of the stacks of a question, transformed.
pub(crate) fn build_tree(sums: &StackSums, granularity: Granularity) -> (FunctionTable, FlameTree) {
    let (functions, [tree]) = build_trees(sums, [&sums.values], granularity);
    (functions, tree)
}

/// The functions and the whole trees of the stacks of a question, one tree for each column of values, transformed.
///
/// Transforms tell functions apart, so they are applied to a tree of functions or lines, whatever the granularity.
pub(crate) fn build_trees<const N: usize>(
    sums: &StackSums,
    columns: [&[i64]; N],
    granularity: Granularity,
) -> (FunctionTable, [FlameTree; N]) {
    let symbols = &sums.symbols;
    let functions_at = |granularity| {
        FunctionTable::with_libraries(&symbols.strings, &symbols.frames, granularity, &sums.libraries)
    };
    let tree_of = |functions: &FunctionTable, values: &[i64]| {
        let values = symbols.ids.iter().copied().zip(values.iter().copied());
        FlameTree::from_stacks(functions, &symbols.stacks, values)
    };
    if sums.transforms.is_empty() {
        let functions = functions_at(granularity);
        let trees = columns.map(|values| tree_of(&functions, values));
        return (functions, trees);
    }
    let needs_lines = granularity == Granularity::Line || sums.transforms.iter().any(Transform::needs_lines);
    let fine = if needs_lines { Granularity::Line } else { Granularity::Function };
    let mut functions = functions_at(fine);
    let trees = columns.map(|values| {
        let tree = tree_of(&functions, values);
        sums.transforms.iter().fold(tree, |tree, transform| transform.apply(&tree, &mut functions))
    });
    if fine == granularity {
        return (functions, trees);
    }
    let (coarse, ids) = functions.coarsen(granularity);
    let trees = trees.map(|tree| tree.renamed(&coarse, &ids));
    (coarse, trees)
}

/// What the user should know of the symbols.
pub(crate) fn problems_of(sums: &StackSums) -> Vec<String> {
    match sums.symbols.unknown {
        0 => Vec::new(),
        1 => vec!["1 stack is not in the tables any more".to_owned()],
        several => vec![format!("{several} stacks are not in the tables any more")],
    }
}

fn draw(sums: StackSums, options: &FlameGraphOptions, range: TimeRange) -> Result<FlameGraph, QueryError> {
    let (functions, whole) = build_tree(&sums, options.granularity);
    let total = whole.total();
    let tree = match options.path.is_empty() {
        true => whole,
        false => subtree(&whole, &functions, &options.path)?,
    };
    let pruned = tree.prune(options.max_nodes);
    Ok(FlameGraph {
        problems: problems_of(&sums),
        value_type: sums.value_type,
        functions,
        tree: pruned.tree,
        pruned_nodes: u64::try_from(pruned.nodes).unwrap_or(u64::MAX),
        pruned_value: pruned.value,
        total,
        basis: sums.basis,
        range,
    })
}

/// The subtree that a path leads to. Of several children that a key may mean, the largest is taken.
fn subtree(
    tree: &FlameTree,
    functions: &FunctionTable,
    path: &[FunctionKey],
) -> Result<FlameTree, QueryError> {
    let (mut node, mut ids) = (0, Vec::with_capacity(path.len()));
    for key in path {
        let matches = |child: &u32| {
            tree.functions().get(*child as usize).is_some_and(|&function| key.matches(functions, function))
        };
        let Some(child) = tree.children(node).find(matches) else {
            return Err(QueryError::UnknownFunction { name: key.name.clone() });
        };
        node = child;
        ids.extend(tree.functions().get(child as usize));
    }
    tree.subtree(&ids).ok_or_else(|| QueryError::UnknownFunction {
        name: path.last().map(|key| key.name.clone()).unwrap_or_default(),
    })
}
