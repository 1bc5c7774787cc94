//! The merged call tree behind a flame graph.

mod branch;
mod build;
mod crown;
mod grow;
mod prune;
mod walk;

pub(crate) use grow::Growing;
pub use prune::Pruned;
pub(crate) use prune::largest;

use crate::{FunctionId, FunctionTable, StackId, StackTable};

/// A call tree with the value spent in each node itself and below it, as columns in depth-first preorder.
///
/// Node 0 is the root, whose total is the sum over everything in the tree. A parent comes before its children, and
/// siblings come largest total first, then by name; `(other)` is always last. Sums are exact as long as the sum of
/// all magnitudes fits `i64`, and stop at the ends of `i64` beyond that. Negative values are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlameTree {
    pub(crate) parents: Vec<u32>,
    pub(crate) functions: Vec<FunctionId>,
    pub(crate) self_values: Vec<i64>,
    pub(crate) totals: Vec<i64>,
}

impl Default for FlameTree {
    fn default() -> Self {
        FlameTree {
            parents: vec![Self::NO_PARENT],
            functions: vec![FunctionId::ROOT],
            self_values: vec![0],
            totals: vec![0],
        }
    }
}

impl FlameTree {
    /// What stands in the parent column for the root.
    pub const NO_PARENT: u32 = u32::MAX;

    /// Merges stacks with their values. A stack may come any number of times; one whose values add up to 0 leaves
    /// no node. Values of the empty stack go to a node `[no stack]` under the root.
    ///
    /// `functions` must have been made of the frames that `stacks` refers to.
    pub fn from_stacks(
        functions: &FunctionTable,
        stacks: &StackTable,
        values: impl IntoIterator<Item = (StackId, i64)>,
    ) -> FlameTree {
        build::build(functions, stacks, values)
    }

    /// The parent of every node; [`FlameTree::NO_PARENT`] for the root.
    pub fn parents(&self) -> &[u32] {
        &self.parents
    }

    /// The function of every node.
    pub fn functions(&self) -> &[FunctionId] {
        &self.functions
    }

    /// The value spent in every node itself.
    pub fn self_values(&self) -> &[i64] {
        &self.self_values
    }

    /// The value spent in every node and below it.
    pub fn totals(&self) -> &[i64] {
        &self.totals
    }

    /// The total of the root.
    pub fn total(&self) -> i64 {
        self.totals.first().copied().unwrap_or(0)
    }

    /// How many nodes there are, the root included.
    pub fn len(&self) -> usize {
        self.parents.len()
    }

    /// Whether there is nothing but the root.
    pub fn is_empty(&self) -> bool {
        self.parents.len() <= 1
    }

    /// The nodes of the subtree of `node`, itself included: in preorder they follow each other.
    pub fn subtree_range(&self, node: u32) -> std::ops::Range<u32> {
        let start = node as usize + 1;
        // The first node after the subtree hangs from an ancestor of `node`, so from a lower index.
        let below = self
            .parents
            .get(start..)
            .unwrap_or_default()
            .iter()
            .take_while(|&&parent| parent != Self::NO_PARENT && parent >= node)
            .count();
        node..u32::try_from(start + below).unwrap_or(u32::MAX)
    }

    /// The children of `node`, largest first.
    pub fn children(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        self.subtree_range(node).filter(move |&child| self.parents[child as usize] == node && child != node)
    }

    /// The node that a path of functions leads to from the root; the root for an empty path.
    pub fn find(&self, path: &[FunctionId]) -> Option<u32> {
        path.iter().try_fold(0, |node, &function| {
            self.children(node).find(|&child| self.functions[child as usize] == function)
        })
    }

    /// The part of the tree at and below the node that a path of functions leads to, as a tree of its own. Its node
    /// 0 is that node and keeps its function.
    pub fn subtree(&self, path: &[FunctionId]) -> Option<FlameTree> {
        let node = self.find(path)?;
        let range = self.subtree_range(node);
        let rows = range.start as usize..range.end as usize;
        let mut parents: Vec<u32> =
            self.parents[rows.clone()].iter().map(|&parent| parent.wrapping_sub(node)).collect();
        parents[0] = Self::NO_PARENT;
        Some(FlameTree {
            parents,
            functions: self.functions[rows.clone()].to_vec(),
            self_values: self.self_values[rows.clone()].to_vec(),
            totals: self.totals[rows].to_vec(),
        })
    }

    pub(crate) fn push(&mut self, parent: u32, function: FunctionId, self_value: i64, total: i64) -> u32 {
        let node = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.parents.push(parent);
        self.functions.push(function);
        self.self_values.push(self_value);
        self.totals.push(total);
        node
    }

    fn reserve(&mut self, nodes: usize) {
        self.parents.reserve_exact(nodes);
        self.functions.reserve_exact(nodes);
        self.self_values.reserve_exact(nodes);
        self.totals.reserve_exact(nodes);
    }

    fn shrink(&mut self) {
        self.parents.shrink_to_fit();
        self.functions.shrink_to_fit();
        self.self_values.shrink_to_fit();
        self.totals.shrink_to_fit();
    }

    pub(crate) fn without_nodes() -> FlameTree {
        FlameTree { parents: Vec::new(), functions: Vec::new(), self_values: Vec::new(), totals: Vec::new() }
    }
}
