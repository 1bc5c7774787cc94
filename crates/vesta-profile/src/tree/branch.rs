//! What hangs from one node of the crown.

use super::walk::{Children, Paths, Walker, index};
use crate::FunctionId;

/// The tree of some stacks below the node that they have in common, which is node 0. Levels follow each other.
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
    walkers: Vec<(Walker, i64)>,
    level: Children,
    counts: Vec<u32>,
}

impl Workshop {
    pub(super) fn new() -> Self {
        Workshop { walkers: Vec::new(), level: Children::new(), counts: Vec::new() }
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
        let Workshop { walkers, level, counts } = workshop;
        let Branch { nodes, rest } = self;
        nodes.clear();
        nodes.push(Node::new(u32::MAX, FunctionId::ROOT));
        walkers.clear();
        walkers
            .extend(stacks.iter().zip(values).map(|(&stack, &value)| (paths.walker(stack, 0, depth), value)));
        paths.copy_rest(walkers, rest);
        counts.clear();
        // Node 0 is written with the crown, so it is not the place for a tail, even if one stack alone is here.
        counts.push(u32::MAX);
        let mut walking = walkers.as_mut_slice();
        while !walking.is_empty() {
            level.clear(walking.len());
            let mut kept = 0;
            for at in 0..walking.len() {
                let (mut walker, value) = walking[at];
                if counts[walker.node as usize] == 1 {
                    let node = &mut nodes[walker.node as usize];
                    node.total = value;
                    node.tail = (walker.next, walker.leaf);
                    if walker.next == walker.leaf {
                        node.self_value = node.total;
                    }
                    continue;
                }
                if walker.next == walker.leaf {
                    let node = &mut nodes[walker.node as usize];
                    node.self_value = node.self_value.saturating_add(value);
                    continue;
                }
                let function = rest[walker.next as usize];
                let new = index(nodes.len());
                let child = level.get_or_insert(walker.node, function, new);
                if child == new {
                    nodes.push(Node::new(walker.node, function));
                    counts.push(0);
                }
                counts[child as usize] += 1;
                walker.node = child;
                walker.next += 1;
                walking[kept] = (walker, value);
                kept += 1;
            }
            walking = &mut walking[..kept];
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
