//! Two trees side by side.

mod prune;

use crate::tree::Growing;
use crate::{FlameTree, FunctionId, FunctionTable};
pub use prune::PrunedDiff;

/// What one side of a comparison has.
#[derive(Clone, Copy, Debug)]
pub struct DiffSide<'a> {
    /// The functions of both trees.
    pub functions: &'a FunctionTable,
    /// What was spent where.
    pub values: &'a FlameTree,
    /// How many samples were taken where.
    pub samples: &'a FlameTree,
}

/// The union of two trees, with the values of both, as columns in preorder like [`FlameTree`]. Siblings come by the
/// larger of their two shares of the root, largest first, then by name.
#[derive(Clone, Debug, Default)]
pub struct DiffTree {
    /// The functions of both trees.
    pub functions: FunctionTable,
    /// The parent of every node; [`FlameTree::NO_PARENT`] for the root.
    pub parents: Vec<u32>,
    /// The function of every node.
    pub nodes: Vec<FunctionId>,
    /// The first side of every node.
    pub a: DiffColumns,
    /// The second side of every node.
    pub b: DiffColumns,
}

/// What one side has in the nodes of the union; 0 where it has no such node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffColumns {
    /// The value spent in every node itself.
    pub self_values: Vec<i64>,
    /// The same with all below it.
    pub totals: Vec<i64>,
    /// The samples taken in every node itself.
    pub self_samples: Vec<i64>,
    /// The same with all below it.
    pub samples: Vec<i64>,
}

/// One function on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionChange {
    /// The function.
    pub function: FunctionId,
    /// The first side.
    pub a: FunctionSide,
    /// The second side.
    pub b: FunctionSide,
}

/// What one side spent in a function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FunctionSide {
    /// The value spent in it.
    pub self_value: i64,
    /// The value spent in it and in what it called; recursion counts once.
    pub total: i64,
    /// The samples taken in it.
    pub self_samples: i64,
}

impl DiffTree {
    /// Puts two trees together by the content of their functions; those that only moved are one, see
    /// [`FunctionTable::absorb_moved`].
    pub fn new(a: DiffSide<'_>, b: DiffSide<'_>) -> DiffTree {
        let mut functions = a.functions.clone();
        let ids = functions.absorb_moved(b.functions);
        let id_of_b = |function: FunctionId| ids.get(function.index()).copied().unwrap_or(function);
        let mut growing = Growing::new(FunctionId::ROOT);
        let nodes_a = place(&mut growing, a.values, |function| function);
        let nodes_b = place(&mut growing, b.values, id_of_b);
        let columns_a = spread(&growing, &nodes_a, a, |function| function);
        let columns_b = spread(&growing, &nodes_b, b, id_of_b);
        let (root_a, root_b) = (i128::from(a.values.total()), i128::from(b.values.total()));
        // total_a / root_a and total_b / root_b compare like the products with the other root.
        let weight = |node: u32| {
            let (a, b) = (columns_a.totals[node as usize], columns_b.totals[node as usize]);
            match (root_a, root_b) {
                (0, _) | (_, 0) => i128::from(a.max(b)),
                _ => (i128::from(a) * root_b).max(i128::from(b) * root_a),
            }
        };
        let mut result = DiffTree::default();
        growing.visit(&functions, weight, |node, parent, function| {
            result.parents.push(parent);
            result.nodes.push(function);
            result.a.push_from(&columns_a, node as usize);
            result.b.push_from(&columns_b, node as usize);
        });
        result.functions = functions;
        result
    }

    /// How many nodes there are, the root included.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.parents.len() <= 1
    }

    /// How much the share of `node` in its whole tree grew from the first to the second, from -1 to 1. Shares, not
    /// values, so that scopes of different length or load can be compared. A tree without value has shares of 0.
    pub fn change(&self, node: u32) -> f64 {
        share(&self.b.totals, node) - share(&self.a.totals, node)
    }

    /// The children of `node`.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        self.range(node).filter(move |&child| self.parents[child as usize] == node && child != node)
    }

    /// The part of the tree at and below `node`, as a tree of its own.
    pub fn subtree(&self, node: u32) -> DiffTree {
        let rows = self.range(node);
        let rows = rows.start as usize..rows.end as usize;
        let mut parents: Vec<u32> =
            self.parents[rows.clone()].iter().map(|&parent| parent.wrapping_sub(node)).collect();
        if let Some(root) = parents.first_mut() {
            *root = FlameTree::NO_PARENT;
        }
        DiffTree {
            functions: self.functions.clone(),
            parents,
            nodes: self.nodes[rows.clone()].to_vec(),
            a: self.a.slice(rows.clone()),
            b: self.b.slice(rows),
        }
    }

    /// All functions, the largest change of the share that they have themselves first, then by name. Those whose share
    /// is the same are left out. Take the tree before pruning.
    pub fn changes(&self) -> Vec<FunctionChange> {
        let new =
            |function| FunctionChange { function, a: FunctionSide::default(), b: FunctionSide::default() };
        let mut rows: Vec<FunctionChange> =
            (0u32..).take(self.functions.len()).map(|id| new(FunctionId(id))).collect();
        // How often each function is on the way from the root to the current node.
        let mut on_path = vec![0u32; rows.len()];
        let mut path: Vec<u32> = Vec::new();
        for (index, node) in (0u32..).take(self.len()).enumerate() {
            while let Some(&last) = path.last().filter(|last| **last != self.parents[index]) {
                path.pop();
                if let Some(slot) = on_path.get_mut(self.nodes[last as usize].index()) {
                    *slot -= 1;
                }
            }
            path.push(node);
            let slot = self.nodes[index].index();
            let Some(row) = rows.get_mut(slot) else { continue };
            row.a.add(&self.a, index, on_path[slot] == 0);
            row.b.add(&self.b, index, on_path[slot] == 0);
            on_path[slot] += 1;
        }
        let root = |columns: &DiffColumns| i128::from(columns.totals.first().copied().unwrap_or(0));
        let (root_a, root_b) = (root(&self.a), root(&self.b));
        let change = |row: &FunctionChange| {
            let (a, b) = (i128::from(row.a.self_value), i128::from(row.b.self_value));
            match (root_a, root_b) {
                (0, _) | (_, 0) => (b - a).abs(),
                _ => (b * root_a - a * root_b).abs(),
            }
        };
        rows.retain(|row| change(row) != 0);
        rows.sort_by_cached_key(|row| (std::cmp::Reverse(change(row)), self.functions.rank_of(row.function)));
        rows
    }

    fn range(&self, node: u32) -> std::ops::Range<u32> {
        let start = node as usize + 1;
        let rest = self.parents.get(start..).unwrap_or_default();
        let below = rest.iter().take_while(|&&parent| parent >= node).count();
        node..u32::try_from(start + below).unwrap_or(u32::MAX)
    }
}

impl DiffColumns {
    fn slice(&self, rows: std::ops::Range<usize>) -> DiffColumns {
        DiffColumns {
            self_values: self.self_values[rows.clone()].to_vec(),
            totals: self.totals[rows.clone()].to_vec(),
            self_samples: self.self_samples[rows.clone()].to_vec(),
            samples: self.samples[rows].to_vec(),
        }
    }

    fn push_from(&mut self, other: &DiffColumns, row: usize) {
        self.self_values.push(other.self_values[row]);
        self.totals.push(other.totals[row]);
        self.self_samples.push(other.self_samples[row]);
        self.samples.push(other.samples[row]);
    }
}

impl FunctionSide {
    fn add(&mut self, columns: &DiffColumns, row: usize, is_outermost: bool) {
        self.self_value = self.self_value.saturating_add(columns.self_values[row]);
        self.self_samples = self.self_samples.saturating_add(columns.self_samples[row]);
        if is_outermost {
            self.total = self.total.saturating_add(columns.totals[row]);
        }
    }
}

fn share(totals: &[i64], node: u32) -> f64 {
    match (totals.get(node as usize), totals.first()) {
        (Some(&part), Some(&whole)) if whole != 0 => float(part) / float(whole),
        _ => 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is shown to three digits")]
fn float(value: i64) -> f64 {
    value as f64
}

/// Adds the nodes of a tree and tells which node each of them became.
fn place(growing: &mut Growing, tree: &FlameTree, function: impl Fn(FunctionId) -> FunctionId) -> Vec<u32> {
    let mut nodes: Vec<u32> = Vec::with_capacity(tree.len());
    for (&parent, &id) in tree.parents.iter().zip(&tree.functions) {
        let node = match nodes.get(parent as usize) {
            Some(&parent) => growing.child(parent, function(id)),
            None => 0,
        };
        nodes.push(node);
    }
    nodes
}

/// The columns of one side. Samples of value 0 may have been taken where nothing was spent; they count above only.
fn spread(
    growing: &Growing,
    nodes: &[u32],
    side: DiffSide<'_>,
    function: impl Fn(FunctionId) -> FunctionId,
) -> DiffColumns {
    let zeros = || vec![0i64; growing.len()];
    let mut columns =
        DiffColumns { self_values: zeros(), totals: zeros(), self_samples: zeros(), samples: zeros() };
    for ((&node, &value), &total) in nodes.iter().zip(&side.values.self_values).zip(&side.values.totals) {
        columns.self_values[node as usize] = value;
        columns.totals[node as usize] = total;
    }
    let samples = side.samples;
    let mut placed: Vec<Option<u32>> = Vec::with_capacity(samples.len());
    for (index, &id) in samples.functions.iter().enumerate() {
        let node = match placed.get(samples.parents[index] as usize) {
            Some(above) => above.and_then(|above| growing.find(above, function(id))),
            None => Some(0),
        };
        placed.push(node);
        if let Some(node) = node {
            columns.self_samples[node as usize] = samples.self_values[index];
            columns.samples[node as usize] = samples.totals[index];
        }
    }
    columns
}
