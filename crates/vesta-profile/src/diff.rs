//! Two trees side by side.

use crate::tree::Growing;
use crate::{FlameTree, FunctionId, FunctionTable};

/// The union of two trees, with the values of both, as columns in preorder like [`FlameTree`]. Siblings come by the
/// larger of their two shares of the root, largest first, then by name.
#[derive(Clone, Debug)]
pub struct DiffTree {
    /// The functions of both trees.
    pub functions: FunctionTable,
    /// The parent of every node; [`FlameTree::NO_PARENT`] for the root.
    pub parents: Vec<u32>,
    /// The function of every node.
    pub nodes: Vec<FunctionId>,
    /// The value spent in every node itself in the first tree; 0 where it has no such node.
    pub self_a: Vec<i64>,
    /// The same with all below it.
    pub total_a: Vec<i64>,
    /// The value spent in every node itself in the second tree; 0 where it has no such node.
    pub self_b: Vec<i64>,
    /// The same with all below it.
    pub total_b: Vec<i64>,
}

impl DiffTree {
    /// Puts two trees together by the content of their functions.
    pub fn new(a: (&FlameTree, &FunctionTable), b: (&FlameTree, &FunctionTable)) -> DiffTree {
        let mut functions = a.1.clone();
        let ids = functions.absorb(b.1);
        let mut growing = Growing::new(FunctionId::ROOT);
        let nodes_a = place(&mut growing, a.0, |function| function);
        let nodes_b =
            place(&mut growing, b.0, |function| ids.get(function.index()).copied().unwrap_or(function));
        let (self_a, total_a) = spread(growing.len(), &nodes_a, a.0);
        let (self_b, total_b) = spread(growing.len(), &nodes_b, b.0);
        let (root_a, root_b) = (i128::from(a.0.total()), i128::from(b.0.total()));
        let mut result = DiffTree {
            functions: FunctionTable::default(),
            parents: Vec::with_capacity(growing.len()),
            nodes: Vec::with_capacity(growing.len()),
            self_a: Vec::with_capacity(growing.len()),
            total_a: Vec::with_capacity(growing.len()),
            self_b: Vec::with_capacity(growing.len()),
            total_b: Vec::with_capacity(growing.len()),
        };
        // total_a / root_a and total_b / root_b compare like the products with the other root.
        let weight = |node: u32| {
            let (a, b) = (i128::from(total_a[node as usize]), i128::from(total_b[node as usize]));
            match (root_a, root_b) {
                (0, _) | (_, 0) => a.max(b),
                _ => (a * root_b).max(b * root_a),
            }
        };
        growing.visit(&functions, weight, |node, parent, function| {
            let node = node as usize;
            result.parents.push(parent);
            result.nodes.push(function);
            result.self_a.push(self_a[node]);
            result.total_a.push(total_a[node]);
            result.self_b.push(self_b[node]);
            result.total_b.push(total_b[node]);
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
        let share = |totals: &[i64]| match (totals.get(node as usize), totals.first()) {
            (Some(&part), Some(&whole)) if whole != 0 => float(part) / float(whole),
            _ => 0.0,
        };
        share(&self.total_b) - share(&self.total_a)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share is shown to three digits")]
fn float(value: i64) -> f64 {
    value as f64
}

/// Adds the nodes of a tree and tells which node each of them became.
pub(crate) fn place(
    growing: &mut Growing,
    tree: &FlameTree,
    function: impl Fn(FunctionId) -> FunctionId,
) -> Vec<u32> {
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

fn spread(len: usize, nodes: &[u32], tree: &FlameTree) -> (Vec<i64>, Vec<i64>) {
    let (mut self_values, mut totals) = (vec![0; len], vec![0; len]);
    for (&node, (&self_value, &total)) in nodes.iter().zip(tree.self_values.iter().zip(&tree.totals)) {
        self_values[node as usize] = self_value;
        totals[node as usize] = total;
    }
    (self_values, totals)
}
