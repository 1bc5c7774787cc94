//! What hangs from one node of the crown.

use super::walk::{Paths, index};
use crate::FunctionId;

/// The tree of some stacks below the node that they have in common, which is node 0. Parents come before their children.
///
/// A node that one stack alone passes is not continued: its tail, the frames that are left of that stack, says what
/// comes below. Most nodes of a large tree are in such tails.
#[derive(Default)]
pub(super) struct Branch {
    pub(super) nodes: Vec<Node>,
    /// What tails are ranges of.
    pub(super) rest: Vec<FunctionId>,
}

#[derive(Clone, Copy)]
pub(super) struct Node {
    pub(super) parent: u32,
    pub(super) function: FunctionId,
    pub(super) self_value: i64,
    pub(super) total: i64,
    /// The first child and the next sibling; 0 for none.
    pub(super) first: u32,
    pub(super) sibling: u32,
    /// The tail, as a range of the rest.
    pub(super) tail: (u32, u32),
}

/// Memory that the making of one branch leaves to the next.
pub(super) struct Workshop {
    packing: Packing,
    paths: Vec<Path>,
    /// How many functions each path shares with the one before it.
    shared: Vec<u32>,
    /// Ranges of paths that are equal up to a depth, and that depth.
    ranges: Vec<(usize, usize, u32)>,
    /// The nodes from node 0 to the current one.
    open: Vec<u32>,
}

/// One stack of the branch.
#[derive(Clone, Copy)]
pub(super) struct Path {
    /// Its functions from the depth to which the paths are sorted, as many as go into the key.
    key: u64,
    value: i64,
    /// Its functions, as a range of the rest, root first.
    pub(super) next: u32,
    pub(super) leaf: u32,
}

/// How functions go into keys, so that keys compare like the lists of functions.
#[derive(Clone, Copy)]
struct Packing {
    bits: u32,
    functions: u32,
}

impl Packing {
    /// As many functions as fit when each takes the bits that the largest number of one needs.
    fn new(functions: usize) -> Packing {
        match functions {
            0..0xffff => Packing { bits: 16, functions: 4 },
            0xffff..0x1f_ffff => Packing { bits: 21, functions: 3 },
            _ => Packing { bits: 32, functions: 2 },
        }
    }

    /// Places past the end are 0, so that a path comes before those that go on.
    fn key(self, rest: &[FunctionId], path: &Path, depth: u32) -> u64 {
        let functions = &rest[(path.next + depth).min(path.leaf) as usize..path.leaf as usize];
        let mut key = 0;
        for at in 0..self.functions as usize {
            key = key << self.bits | functions.get(at).map_or(0, |function| u64::from(function.0) + 1);
        }
        key
    }

    /// How many functions two different keys share.
    fn common(self, a: u64, b: u64) -> u32 {
        ((a ^ b).leading_zeros() - (64 - self.bits * self.functions)) / self.bits
    }

    /// Whether the path ends within the key.
    fn ends(self, key: u64) -> bool {
        key & ((1 << self.bits) - 1) == 0
    }
}

impl Workshop {
    pub(super) fn new(functions: usize) -> Self {
        Workshop {
            packing: Packing::new(functions),
            paths: Vec::new(),
            shared: Vec::new(),
            ranges: Vec::new(),
            open: Vec::new(),
        }
    }

    /// Sorts the paths and finds out what neighbors share. The next functions of all paths that are equal so far are
    /// looked at together, so that every function is looked at about once.
    fn sort(&mut self, rest: &[FunctionId]) {
        let Workshop { packing, paths, shared, ranges, .. } = self;
        shared.clear();
        shared.resize(paths.len(), 0);
        ranges.clear();
        ranges.push((0, paths.len(), 0));
        while let Some((start, end, depth)) = ranges.pop() {
            let range = &mut paths[start..end];
            for path in range.iter_mut() {
                path.key = packing.key(rest, path, depth);
            }
            range.sort_unstable_by_key(|path| path.key);
            let mut run = 0;
            for at in 1..=range.len() {
                let Path { key, next, leaf, .. } = range[run];
                let after = range.get(at).map(|path| path.key);
                if after == Some(key) {
                    continue;
                }
                if at - run > 1 {
                    if packing.ends(key) {
                        shared[start + run + 1..start + at].fill(leaf - next);
                    } else {
                        ranges.push((start + run, start + at, depth + packing.functions));
                    }
                }
                if let Some(after) = after {
                    shared[start + at] = depth + packing.common(key, after);
                }
                run = at;
            }
        }
    }
}

impl Path {
    pub(super) fn new(value: i64, leaf: u32, next: u32) -> Path {
        Path { key: 0, value, next, leaf }
    }
}

impl Branch {
    /// Grows the branch of stacks with these values, all of which share their first `depth` frames.
    pub(super) fn grow(
        &mut self,
        workshop: &mut Workshop,
        paths: &Paths<'_>,
        (stacks, values): (&[u32], &[i64]),
        depth: u32,
    ) {
        let Branch { nodes, rest } = self;
        nodes.clear();
        nodes.push(Node::new(u32::MAX, FunctionId::ROOT));
        workshop.paths.clear();
        workshop.paths.extend(stacks.iter().zip(values).map(|(&stack, &value)| {
            let walker = paths.walker(stack, 0, depth);
            Path::new(value, walker.leaf, walker.next)
        }));
        paths.copy_rest(&mut workshop.paths, rest);
        workshop.sort(rest);

        let Workshop { paths, shared, open, .. } = workshop;
        open.clear();
        open.push(0);
        let shared_after = shared.iter().skip(1).copied().chain([0]);
        for ((path, &before), after) in paths.iter().zip(shared.iter()).zip(shared_after) {
            open.truncate(before as usize + 1);
            let mut above = open.last().copied().unwrap_or(0);
            let own = &rest[path.next as usize..path.leaf as usize];
            let together = before.max(after) as usize;
            for &function in &own[before as usize..together] {
                nodes.push(Node::new(above, function));
                above = index(nodes.len() - 1);
                open.push(above);
            }
            if let Some(&function) = own.get(together) {
                let tail = (path.next + index(together) + 1, path.leaf);
                let self_value = if tail.0 == tail.1 { path.value } else { 0 };
                nodes.push(Node { self_value, total: path.value, tail, ..Node::new(above, function) });
            } else {
                let node = &mut nodes[above as usize];
                node.self_value = node.self_value.saturating_add(path.value);
            }
        }
        for at in (0..nodes.len()).rev() {
            let node = &mut nodes[at];
            // One stack alone has given its total already, wherever its own value is.
            if node.total == 0 || node.first != 0 {
                node.total = node.total.saturating_add(node.self_value);
            }
            let Node { total, parent, .. } = *node;
            if let Some(above) = nodes.get_mut(parent as usize) {
                above.total = above.total.saturating_add(total);
                let sibling = std::mem::replace(&mut above.first, index(at));
                nodes[at].sibling = sibling;
            }
        }
    }
}

impl Node {
    fn new(parent: u32, function: FunctionId) -> Node {
        Node { parent, function, self_value: 0, total: 0, first: 0, sibling: 0, tail: (0, 0) }
    }
}
