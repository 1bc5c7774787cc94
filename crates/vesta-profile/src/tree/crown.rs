//! The crown of a tree: the nodes near the root that very many stacks pass.

use super::walk::{CHUNK, Children, Paths, Shortcuts, Walker, index};
use crate::FunctionId;

/// A node that fewer stacks pass than this stands in a branch. It keeps what a branch works on in the cache.
const BRANCH: usize = 2048;
/// One stack in so many decides what the crown is.
const SAMPLE: usize = 64;

/// Nodes in an order in which parents come before children. Node 0 is the root.
pub(super) struct Crown {
    pub(super) parents: Vec<u32>,
    pub(super) functions: Vec<FunctionId>,
    pub(super) depths: Vec<u32>,
    children: Children,
}

/// Which stacks leave the crown at which node.
pub(super) struct Branches {
    stacks: Vec<u32>,
    values: Vec<i64>,
    /// `ends[n]` is where the stacks of node `n` end; they start where those of the node before end.
    ends: Vec<u32>,
}

impl Crown {
    /// Finds the crown of the stacks that have a value.
    pub(super) fn new(paths: &Paths<'_>, values: &[i64]) -> Crown {
        let mut crown = Crown {
            parents: vec![u32::MAX],
            functions: vec![FunctionId::ROOT],
            depths: vec![0],
            children: Children::new(),
        };
        let mut sample: Vec<Walker> = (0u32..)
            .zip(values)
            .filter(|&(_, &value)| value != 0)
            .step_by(SAMPLE)
            .map(|(stack, _)| paths.walker(stack, 0, 0))
            .collect();
        let mut level = Children::new();
        let mut counts: Vec<u32> = Vec::new();
        let mut found: Vec<(u32, FunctionId)> = Vec::new();
        // Nodes of this level become nodes of the crown, or nothing.
        let mut in_crown: Vec<u32> = Vec::new();
        while sample.len() >= BRANCH / SAMPLE {
            level.clear(sample.len());
            counts.clear();
            found.clear();
            sample.retain_mut(|walker| {
                if walker.next == walker.leaf {
                    return false;
                }
                let function = paths.next(*walker);
                let new = index(found.len());
                let node = level.get_or_insert(walker.node, function, new);
                if node == new {
                    found.push((walker.node, function));
                    counts.push(0);
                }
                counts[node as usize] += 1;
                walker.node = node;
                walker.next -= 1;
                true
            });
            in_crown.clear();
            for (&(parent, function), &count) in found.iter().zip(&counts) {
                let wanted = count as usize >= BRANCH / SAMPLE;
                in_crown.push(if wanted { crown.push(parent, function) } else { u32::MAX });
            }
            sample.retain_mut(|walker| {
                walker.node = in_crown[walker.node as usize];
                walker.node != u32::MAX
            });
        }
        if values.first().is_some_and(|&value| value != 0) {
            let known = (1..crown.len()).any(|node| crown.is_no_stack(node));
            if !known {
                crown.push(0, FunctionId::NO_STACK);
            }
        }
        crown.children.clear(crown.len());
        for node in 1..crown.len() {
            crown.children.get_or_insert(crown.parents[node], crown.functions[node], index(node));
        }
        crown
    }

    pub(super) fn len(&self) -> usize {
        self.parents.len()
    }

    /// Walks every stack that has a value to where it leaves the crown.
    pub(super) fn branches(&self, paths: &Paths<'_>, values: &[i64]) -> Branches {
        let mut left_at = vec![u32::MAX; values.len()];
        let mut ends = vec![0u32; self.len()];
        let mut shortcuts = Shortcuts::new();
        let live = (0u32..).zip(values).filter(|&(_, &value)| value != 0);
        for (stack, _) in live {
            let mut walker = paths.walker(stack, 0, 0);
            loop {
                let place = shortcuts.follow(paths, &mut walker);
                let from = walker;
                let steps = self.walk(paths, &mut walker);
                match (place, paths.chunk(from)) {
                    (Some(place), Some(frames)) if steps == CHUNK => {
                        shortcuts.remember(place, frames, from.node, walker.node);
                    }
                    _ => break,
                }
            }
            left_at[stack as usize] = walker.node;
            ends[walker.node as usize] += 1;
        }
        // The empty stack has no frame to walk.
        if left_at.first() == Some(&0)
            && let Some(node) = (1..self.len()).find(|&node| self.is_no_stack(node))
        {
            left_at[0] = index(node);
            ends[0] -= 1;
            ends[node] += 1;
        }
        Branches::sorted(&left_at, values, ends)
    }

    /// Goes up to as many steps as a shortcut has, and tells how many.
    fn walk(&self, paths: &Paths<'_>, walker: &mut Walker) -> usize {
        for step in 0..CHUNK {
            if walker.next == walker.leaf {
                return step;
            }
            let Some(child) = self.children.get(walker.node, paths.next(*walker)) else { return step };
            walker.node = child;
            walker.next -= 1;
        }
        CHUNK
    }

    fn is_no_stack(&self, node: usize) -> bool {
        self.parents[node] == 0 && self.functions[node] == FunctionId::NO_STACK
    }

    fn push(&mut self, parent: u32, function: FunctionId) -> u32 {
        let node = index(self.parents.len());
        self.parents.push(parent);
        self.functions.push(function);
        self.depths.push(self.depths[parent as usize] + 1);
        node
    }
}

impl Branches {
    /// The stacks that leave the crown at `node`, in ascending order, and their values.
    pub(super) fn of(&self, node: usize) -> (&[u32], &[i64]) {
        let start = if node == 0 { 0 } else { self.ends[node - 1] as usize };
        let range = start..self.ends[node] as usize;
        (&self.stacks[range.clone()], &self.values[range])
    }

    /// How many stacks there are.
    pub(super) fn stacks(&self) -> usize {
        self.stacks.len()
    }

    /// Sorts by node. Values move along, so that from here on they are read in the order in which they lie.
    fn sorted(left_at: &[u32], by_stack: &[i64], counts: Vec<u32>) -> Branches {
        let mut ends = counts;
        let mut sum = 0;
        for end in &mut ends {
            // For now where the stacks of the node start; it moves to their end as they come.
            sum += std::mem::replace(end, sum);
        }
        let (mut stacks, mut values) = (vec![0u32; sum as usize], vec![0i64; sum as usize]);
        for ((stack, &node), &value) in (0u32..).zip(left_at).zip(by_stack) {
            if node != u32::MAX {
                let at = &mut ends[node as usize];
                stacks[*at as usize] = stack;
                values[*at as usize] = value;
                *at += 1;
            }
        }
        Branches { stacks, values, ends }
    }
}
