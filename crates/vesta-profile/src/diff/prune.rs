//! Making two trees small enough to send, without losing value on either side.

use super::{DiffColumns, DiffTree};
use crate::tree::largest;
use crate::{FlameTree, FunctionId};

/// A union with its smallest nodes folded into `(other)` nodes.
#[derive(Clone, Debug)]
pub struct PrunedDiff {
    /// What is left.
    pub tree: DiffTree,
    /// How many nodes were dropped.
    pub nodes: usize,
    /// The sum of all `(other)` nodes on the first side.
    pub value_a: i64,
    /// The sum of all `(other)` nodes on the second side.
    pub value_b: i64,
}

/// What a kept node has lost on one side.
#[derive(Clone, Copy, Default)]
struct Lost {
    value: i64,
    samples: i64,
}

struct Open {
    node: u32,
    emitted: u32,
    lost: Option<(Lost, Lost)>,
}

impl DiffTree {
    /// Keeps the nodes with the largest shares on either side, so that there are at most `max_nodes` nodes (and at least
    /// the root and one more). Every node that lost children gets one last child `(other)` that has exactly what it
    /// lost, on both sides. No total of a kept node changes.
    pub fn prune(self, max_nodes: usize) -> PrunedDiff {
        let max_nodes = max_nodes.max(2);
        if self.len() <= max_nodes {
            return PrunedDiff { tree: self, nodes: 0, value_a: 0, value_b: 0 };
        }
        let keep = largest(&self.parents, &self.nodes, self.weights(), max_nodes);
        let mut result = PrunedDiff { tree: DiffTree::default(), nodes: 0, value_a: 0, value_b: 0 };
        // The kept nodes from the root to here.
        let mut open: Vec<Open> = Vec::new();
        for (index, node) in (0u32..).take(self.len()).enumerate() {
            let parent = self.parents[index];
            result.nodes += usize::from(!keep[index]);
            if parent != FlameTree::NO_PARENT && !keep[parent as usize] {
                continue;
            }
            while open.last().is_some_and(|last| last.node != parent) {
                result.close(open.pop().as_ref());
            }
            if keep[index] {
                let above = open.last().map_or(FlameTree::NO_PARENT, |last| last.emitted);
                let emitted = result.push(above, self.nodes[index]);
                result.tree.a.push_from(&self.a, index);
                result.tree.b.push_from(&self.b, index);
                open.push(Open { node, emitted, lost: None });
            } else if let Some(last) = open.last_mut() {
                let (a, b) = last.lost.get_or_insert_default();
                a.add(&self.a, index);
                b.add(&self.b, index);
            }
        }
        while let Some(last) = open.pop() {
            result.close(Some(&last));
        }
        result.tree.functions = self.functions;
        result
    }

    /// The larger of the two shares of every node, scaled to whole numbers.
    fn weights(&self) -> Vec<u64> {
        let node = |row: usize| u32::try_from(row).unwrap_or(u32::MAX);
        let share = |columns: &DiffColumns, row| super::share(&columns.totals, node(row)).abs();
        (0..self.len()).map(|row| scaled(share(&self.a, row).max(share(&self.b, row)))).collect()
    }
}

impl PrunedDiff {
    fn push(&mut self, parent: u32, function: FunctionId) -> u32 {
        let node = u32::try_from(self.tree.len()).unwrap_or(u32::MAX);
        self.tree.parents.push(parent);
        self.tree.nodes.push(function);
        node
    }

    fn close(&mut self, open: Option<&Open>) {
        if let Some(&Open { emitted, lost: Some((a, b)), .. }) = open {
            self.push(emitted, FunctionId::OTHER);
            a.emit(&mut self.tree.a);
            b.emit(&mut self.tree.b);
            self.value_a = self.value_a.saturating_add(a.value);
            self.value_b = self.value_b.saturating_add(b.value);
        }
    }
}

impl Lost {
    fn add(&mut self, columns: &DiffColumns, row: usize) {
        self.value = self.value.saturating_add(columns.totals[row]);
        self.samples = self.samples.saturating_add(columns.samples[row]);
    }

    fn emit(self, columns: &mut DiffColumns) {
        columns.self_values.push(self.value);
        columns.totals.push(self.value);
        columns.self_samples.push(self.samples);
        columns.samples.push(self.samples);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share is at most about 1")]
fn scaled(share: f64) -> u64 {
    (share.min(1000.0) * 1e15) as u64
}
