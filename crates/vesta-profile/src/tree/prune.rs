//! Making a tree small enough to send, without losing value.

use super::FlameTree;
use crate::FunctionId;
use std::cmp::Reverse;

/// A tree with its smallest nodes folded into `(other)` nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruned {
    /// What is left.
    pub tree: FlameTree,
    /// How many nodes were dropped.
    pub nodes: usize,
    /// The sum of all `(other)` nodes.
    pub value: i64,
}

impl FlameTree {
    /// Keeps the nodes with the largest totals, so that the tree has at most `max_nodes` nodes (and at least the
    /// root and one more). Every node that lost children gets one last child `(other)` whose self and total value
    /// are exactly what it lost. No total of a kept node changes.
    pub fn prune(&self, max_nodes: usize) -> Pruned {
        if self.len() <= max_nodes.max(2) {
            return Pruned { tree: self.clone(), nodes: 0, value: 0 };
        }
        let weights = self.totals.iter().map(|total| total.unsigned_abs()).collect();
        let keep = largest(&self.parents, &self.functions, weights, max_nodes.max(2));
        let mut result = Pruned { tree: FlameTree::without_nodes(), nodes: 0, value: 0 };
        // The kept nodes from the root to here: where they are in both trees, and what they have lost so far.
        let mut open: Vec<Open> = Vec::new();
        for (index, node) in (0u32..).take(self.len()).enumerate() {
            let parent = self.parents[index];
            let parent_kept = parent == Self::NO_PARENT || keep[parent as usize];
            if !keep[index] {
                result.nodes += 1;
            }
            if !parent_kept {
                continue;
            }
            while open.last().is_some_and(|last| last.node != parent) {
                result.close(open.pop().as_ref());
            }
            if keep[index] {
                let above = open.last().map_or(Self::NO_PARENT, |last| last.emitted);
                let emitted = result.tree.push(
                    above,
                    self.functions[index],
                    self.self_values[index],
                    self.totals[index],
                );
                open.push(Open { node, emitted, lost: None });
            } else if let Some(last) = open.last_mut() {
                last.lost = Some(last.lost.unwrap_or(0).saturating_add(self.totals[index]));
            }
        }
        while let Some(last) = open.pop() {
            result.close(Some(&last));
        }
        result
    }
}

/// Which nodes to keep so that they and their `(other)` nodes are at most `max_nodes`.
pub(crate) fn largest(
    parents: &[u32],
    functions: &[FunctionId],
    mut weights: Vec<u64>,
    max_nodes: usize,
) -> Vec<bool> {
    // With negative values a node can weigh less than a child of it; what counts is the heaviest node at or
    // below, so that a node is never larger than its parent.
    let mut children = vec![0u32; parents.len()];
    for node in (1..parents.len()).rev() {
        let parent = parents[node] as usize;
        weights[parent] = weights[parent].max(weights[node]);
        children[parent] += 1;
    }
    let mut order: Vec<(Reverse<u64>, u32)> = weights
        .iter()
        .zip(0u32..)
        .filter(|&(_, node)| functions[node as usize] != FunctionId::OTHER)
        .map(|(&weight, node)| (Reverse(weight), node))
        .collect();
    if max_nodes < order.len() {
        order.select_nth_unstable(max_nodes);
        order.truncate(max_nodes);
    }
    order.sort_unstable();
    let mut keep = vec![false; parents.len()];
    // One more node of the order takes its own place, needs one for its `(other)` if it has children, and frees
    // the one of its parent if it is the last child of it. So the sum never falls, and the first that does not
    // fit ends it.
    let mut used = 0usize;
    for (_, node) in order {
        let node = node as usize;
        let mut after = used + 1 + usize::from(children[node] > 0);
        let parent = parents[node];
        if parent != FlameTree::NO_PARENT {
            after -= usize::from(children[parent as usize] == 1);
        }
        if after > max_nodes {
            break;
        }
        if parent != FlameTree::NO_PARENT {
            children[parent as usize] -= 1;
        }
        keep[node] = true;
        used = after;
    }
    keep
}

struct Open {
    node: u32,
    emitted: u32,
    lost: Option<i64>,
}

impl Pruned {
    fn close(&mut self, open: Option<&Open>) {
        if let Some(&Open { emitted, lost: Some(lost), .. }) = open {
            self.tree.push(emitted, FunctionId::OTHER, lost, lost);
            self.value = self.value.saturating_add(lost);
        }
    }
}
