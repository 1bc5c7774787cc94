//! Two scopes side by side: where the value goes in each, and which differences are real.

use crate::engine::compute;
use crate::flame_graph::{build_trees, problems_of};
use crate::stack_sums::StackSums;
use crate::time::TimeRange;
use crate::{Basis, Engine, FunctionKey, QueryError, SampleScope};
use vesta_profile::significance::{Measured, z_of_rate, z_of_share};
use vesta_profile::{CanonicalType, DiffColumns, DiffSide, DiffTree, FunctionChange, Granularity, Kind};

/// How to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompareOptions {
    /// What is one node.
    pub granularity: Granularity,
    /// The most nodes; the smallest are folded into `(other)`. Default 8192.
    pub max_nodes: usize,
    /// The functions that lead from the root to the node to begin with, so that what was pruned there can be seen.
    pub path: Vec<FunctionKey>,
    /// The most functions in the list of changes. Default 200.
    pub max_changes: usize,
}

impl Default for CompareOptions {
    fn default() -> Self {
        CompareOptions {
            granularity: Granularity::Function,
            max_nodes: 8192,
            path: Vec::new(),
            max_changes: 200,
        }
    }
}

/// Two scopes side by side.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// What the values count.
    pub value_type: CanonicalType,
    /// The first side.
    pub a: ComparedSide,
    /// The second side.
    pub b: ComparedSide,
    /// The nodes that are shown.
    pub tree: DiffTree,
    /// What is known of the difference in each node, of the total.
    pub evidence: Vec<Evidence>,
    /// How many nodes were folded into `(other)`.
    pub pruned_nodes: u64,
    /// The sum of all `(other)` nodes on the first side.
    pub pruned_a: i64,
    /// The sum of all `(other)` nodes on the second side.
    pub pruned_b: i64,
    /// The functions whose share of the whole changed most, whatever was pruned, and what is known of the difference in
    /// what was spent in the function itself.
    pub changes: Vec<(FunctionChange, Evidence)>,
    /// What could not be read or named.
    pub problems: Vec<String>,
}

/// One side of a comparison.
#[derive(Clone, Copy, Debug)]
pub struct ComparedSide {
    /// The sum of the values of all samples in scope, transformed.
    pub total: i64,
    /// What stands behind it.
    pub basis: Basis,
    /// The time of the scope.
    pub range: TimeRange,
}

/// By how many standard deviations the second side is above the first; see [`vesta_profile::significance`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evidence {
    /// In the share of the whole.
    pub share: Option<f64>,
    /// In the value per second. `None` for what does not add up over time.
    pub rate: Option<f64>,
}

impl Engine {
    /// Compares samples with others, which another engine may have. Filters and transforms are of each side's own
    /// question; the value type is that of the first.
    pub async fn compare(
        &self,
        a: &SampleScope,
        other: &Engine,
        b: &SampleScope,
        options: &CompareOptions,
    ) -> Result<Comparison, QueryError> {
        let b = SampleScope { value_type: a.value_type.clone(), ..b.clone() };
        self.bounded(async {
            let sums = tokio::try_join!(self.stack_sums(a), other.stack_sums(&b))?;
            let (options, ranges) = (options.clone(), (a.scope.range, b.scope.range));
            compute(move || compare(sums, ranges, &options)).await
        })
        .await
    }
}

fn compare(
    (a, b): (StackSums, StackSums),
    ranges: (TimeRange, TimeRange),
    options: &CompareOptions,
) -> Result<Comparison, QueryError> {
    let (functions_a, [values_a, samples_a]) = build_trees(&a, [&a.values, &a.counts], options.granularity);
    let (functions_b, [values_b, samples_b]) = build_trees(&b, [&b.values, &b.counts], options.granularity);
    let whole = DiffTree::new(
        DiffSide { functions: &functions_a, values: &values_a, samples: &samples_a },
        DiffSide { functions: &functions_b, values: &values_b, samples: &samples_b },
    );
    let side = |sums: &StackSums, total, range| ComparedSide { total, basis: sums.basis, range };
    let (side_a, side_b) = (side(&a, values_a.total(), ranges.0), side(&b, values_b.total(), ranges.1));
    let judge = Judge {
        totals: (values_a.total(), values_b.total()),
        seconds: (a.value_type.kind == Kind::Delta)
            .then_some((side_a.basis.covered.as_secs_f64(), side_b.basis.covered.as_secs_f64())),
    };
    let mut changes = whole.changes();
    changes.truncate(options.max_changes);
    let changes = changes
        .into_iter()
        .map(|row| {
            let (a, b) = (row.a, row.b);
            let evidence = judge
                .evidence(measured(a.self_value, a.self_samples), measured(b.self_value, b.self_samples));
            (row, evidence)
        })
        .collect();
    let part = match find(&whole, &options.path)? {
        0 => whole,
        node => whole.subtree(node),
    };
    let pruned = part.prune(options.max_nodes);
    let tree = pruned.tree;
    let column = |side: &DiffColumns| -> Vec<Measured> {
        side.totals.iter().zip(&side.samples).map(|(&value, &samples)| measured(value, samples)).collect()
    };
    let evidence =
        column(&tree.a).into_iter().zip(column(&tree.b)).map(|(a, b)| judge.evidence(a, b)).collect();
    let mut problems = problems_of(&a);
    problems.extend(problems_of(&b));
    Ok(Comparison {
        evidence,
        value_type: a.value_type,
        a: side_a,
        b: side_b,
        tree,
        pruned_nodes: u64::try_from(pruned.nodes).unwrap_or(u64::MAX),
        pruned_a: pruned.value_a,
        pruned_b: pruned.value_b,
        changes,
        problems,
    })
}

/// The node that a path leads to. Of several children that a key may mean, the largest is taken.
fn find(tree: &DiffTree, path: &[FunctionKey]) -> Result<u32, QueryError> {
    path.iter().try_fold(0, |node, key| {
        let is_meant = |child: &u32| {
            tree.nodes.get(*child as usize).is_some_and(|&function| key.matches(&tree.functions, function))
        };
        let found = tree.children(node).find(is_meant);
        found.ok_or_else(|| QueryError::UnknownFunction { name: key.name.clone() })
    })
}

/// What functions are compared with.
struct Judge {
    /// All of the value of both sides.
    totals: (i64, i64),
    /// The time of both sides, if rates mean anything.
    seconds: Option<(f64, f64)>,
}

impl Judge {
    fn evidence(&self, a: Measured, b: Measured) -> Evidence {
        Evidence {
            share: z_of_share(a, b, self.totals),
            rate: self.seconds.and_then(|seconds| z_of_rate(a, b, seconds)),
        }
    }
}

fn measured(value: i64, samples: i64) -> Measured {
    Measured { value, samples: u64::try_from(samples).unwrap_or(0) }
}
