//! A call tree that still takes new nodes, in any order.

use super::FlameTree;
use crate::{FunctionId, FunctionTable};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Nodes in the order in which they were made; a parent is always older than its children. Node 0 is the root.
#[derive(Clone, Debug)]
pub(crate) struct Growing {
    parents: Vec<u32>,
    functions: Vec<FunctionId>,
    index: HashTable<u32>,
    hasher: FixedState,
}

impl Growing {
    pub(crate) fn new(root: FunctionId) -> Self {
        Growing {
            parents: vec![FlameTree::NO_PARENT],
            functions: vec![root],
            index: HashTable::new(),
            hasher: FixedState::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.parents.len()
    }

    /// The child of `parent` for `function`, made if it is not there.
    pub(crate) fn child(&mut self, parent: u32, function: FunctionId) -> u32 {
        let (parents, functions, hasher) = (&mut self.parents, &mut self.functions, &self.hasher);
        let hash = hasher.hash_one((parent, function));
        let same = |&node: &u32| parents[node as usize] == parent && functions[node as usize] == function;
        if let Some(&found) = self.index.find(hash, same) {
            return found;
        }
        let node = u32::try_from(parents.len()).unwrap_or(u32::MAX);
        parents.push(parent);
        functions.push(function);
        self.index.insert_unique(hash, node, |&node| {
            hasher.hash_one((parents[node as usize], functions[node as usize]))
        });
        node
    }

    /// The child of `parent` for `function`, if it is there.
    pub(crate) fn find(&self, parent: u32, function: FunctionId) -> Option<u32> {
        let hash = self.hasher.hash_one((parent, function));
        let same =
            |&node: &u32| self.parents[node as usize] == parent && self.functions[node as usize] == function;
        self.index.find(hash, same).copied()
    }

    /// A new child of `parent` for `function`, which must not have one yet. It is not found by [`Growing::child`].
    pub(crate) fn push(&mut self, parent: u32, function: FunctionId) -> u32 {
        let node = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        self.parents.push(parent);
        self.functions.push(function);
        node
    }

    /// The value of every node and all below it, from the values of the nodes themselves.
    pub(crate) fn totals(&self, self_values: &[i64]) -> Vec<i64> {
        let mut totals = self_values.to_vec();
        for node in (1..self.parents.len()).rev() {
            let parent = self.parents[node] as usize;
            totals[parent] = totals[parent].saturating_add(totals[node]);
        }
        totals
    }

    /// Calls `visit(node, parent, function)` in preorder, siblings by `weight` largest first, then by name. `parent`
    /// counts visits: it is the position at which the parent was visited.
    pub(crate) fn visit<W: Ord>(
        &self,
        functions: &FunctionTable,
        weight: impl Fn(u32) -> W,
        mut visit: impl FnMut(u32, u32, FunctionId),
    ) {
        let (mut first, mut next) = (vec![0u32; self.parents.len()], vec![0u32; self.parents.len()]);
        for node in (1..self.parents.len()).rev() {
            let parent = self.parents[node] as usize;
            next[node] = std::mem::replace(&mut first[parent], u32::try_from(node).unwrap_or(u32::MAX));
        }
        let mut pending = vec![(0u32, FlameTree::NO_PARENT)];
        let mut siblings = Vec::new();
        let mut visited = 0u32;
        while let Some((node, parent)) = pending.pop() {
            visit(node, parent, self.functions[node as usize]);
            let mut child = first[node as usize];
            while child != 0 {
                siblings.push(child);
                child = next[child as usize];
            }
            // Smallest first, since the last one pushed is the first one popped.
            siblings.sort_unstable_by_key(|&child| {
                let function = self.functions[child as usize];
                let rank = functions.rank_of(function);
                (function != FunctionId::OTHER, weight(child), std::cmp::Reverse(rank))
            });
            pending.extend(siblings.drain(..).map(|child| (child, visited)));
            visited += 1;
        }
    }

    /// The finished tree, from the values of the nodes themselves.
    pub(crate) fn finish(&self, functions: &FunctionTable, self_values: &[i64]) -> FlameTree {
        let totals = self.totals(self_values);
        let mut tree = FlameTree::without_nodes();
        self.visit(
            functions,
            |node| totals[node as usize],
            |node, parent, function| {
                tree.push(parent, function, self_values[node as usize], totals[node as usize]);
            },
        );
        tree
    }
}
