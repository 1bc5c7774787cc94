//! From stacks to a tree.
//!
//! Many stacks share what is near the root, and most of them are alone near the leaf. So a tree is made in two steps:
//! the crown is found from a sample of the stacks, and every stack walks through it once, in the order of memory;
//! then the stacks that leave the crown at the same node are merged with each other, which are few enough to stay in
//! the cache. Nodes are written once, in their final order.

use super::FlameTree;
use super::branch::{Branch, Workshop};
use super::crown::Crown;
use super::walk::Paths;
use crate::{FunctionId, FunctionTable, StackId, StackTable};

pub(super) fn build(
    functions: &FunctionTable,
    stacks: &StackTable,
    values: impl IntoIterator<Item = (StackId, i64)>,
) -> FlameTree {
    let mut by_stack = vec![0i64; stacks.len()];
    for (stack, value) in values {
        let slot = if stack.index() < by_stack.len() { stack.index() } else { StackId::EMPTY.index() };
        by_stack[slot] = by_stack[slot].saturating_add(value);
    }
    let paths = Paths::new(functions, stacks);
    let crown = Crown::new(&paths, &by_stack);
    let branches = crown.branches(&paths, &by_stack);

    drop(by_stack);
    let mut totals = vec![0i64; crown.len()];
    for (node, total) in totals.iter_mut().enumerate() {
        *total = branches.of(node).1.iter().fold(0, |sum, &value| value.saturating_add(sum));
    }
    let mut children = vec![(0u32, 0u32); crown.len()];
    for node in (1..crown.len()).rev() {
        let parent = crown.parents[node] as usize;
        totals[parent] = totals[parent].saturating_add(totals[node]);
        children[node].1 = std::mem::replace(&mut children[parent].0, u32::try_from(node).unwrap_or(0));
    }

    let mut tree = FlameTree::without_nodes();
    // Memory that is not written to costs nothing, but growing costs a copy.
    tree.reserve(crown.len() + 4 * branches.stacks());
    let mut workshop = Workshop::new(functions.len());
    // Branches whose nodes are not all written yet, and empty ones for the next to use.
    let mut growing: Vec<Branch> = Vec::new();
    let mut spare: Vec<Branch> = Vec::new();
    let mut pending = vec![Pending { parent: FlameTree::NO_PARENT, what: What::Crown(0) }];
    let mut siblings: Vec<Sibling> = Vec::new();
    while let Some(Pending { parent, what }) = pending.pop() {
        let written;
        match what {
            What::Done => {
                spare.extend(growing.pop());
                continue;
            }
            What::Crown(node) => {
                let index = node as usize;
                let mut branch = spare.pop().unwrap_or_default();
                let alone = crown.functions[index] == FunctionId::NO_STACK;
                let (stacks, values) = branches.of(index);
                // The empty stack ends at `[no stack]` without having a frame for it.
                let empty = usize::from(alone && stacks.first() == Some(&0));
                branch.grow(&mut workshop, &paths, (&stacks[empty..], &values[empty..]), crown.depths[index]);
                let mut own = branch.nodes[0].self_value;
                if empty == 1 {
                    own = own.saturating_add(values[0]);
                }
                written = tree.push(parent, crown.functions[index], own, totals[index]);
                let mut child = children[index].0;
                while child != 0 {
                    siblings.push(Sibling {
                        total: totals[child as usize],
                        function: crown.functions[child as usize],
                        what: What::Crown(child),
                    });
                    child = children[child as usize].1;
                }
                pending.push(Pending { parent: written, what: What::Done });
                list(&branch, 0, &mut siblings);
                growing.push(branch);
            }
            What::Branch(mut node) => {
                let Some(branch) = growing.last() else { continue };
                let mut above = parent;
                // An only child needs no place in the order.
                let row = loop {
                    let row = &branch.nodes[node as usize];
                    above = tree.push(above, row.function, row.self_value, row.total);
                    if row.first == 0 || branch.nodes[row.first as usize].sibling != 0 {
                        break row;
                    }
                    node = row.first;
                };
                written = above;
                if row.first == 0 {
                    tail(
                        &mut tree,
                        written,
                        &branch.rest[row.tail.0 as usize..row.tail.1 as usize],
                        row.total,
                    );
                    continue;
                }
                list(branch, node, &mut siblings);
            }
        }
        if siblings.len() > 1 {
            // Smallest first, since the last one pushed is the first one popped.
            siblings.sort_unstable_by(|a, b| {
                let rank = |sibling: &Sibling| functions.rank_of(sibling.function);
                a.total.cmp(&b.total).then_with(|| rank(b).cmp(&rank(a)))
            });
        }
        pending.extend(siblings.drain(..).map(|sibling| Pending { parent: written, what: sibling.what }));
    }
    tree.shrink();
    tree
}

#[derive(Clone, Copy)]
struct Pending {
    parent: u32,
    what: What,
}

#[derive(Clone, Copy)]
enum What {
    /// A node of the crown.
    Crown(u32),
    /// A node of the branch that is last in line.
    Branch(u32),
    /// The branch that is last in line is written.
    Done,
}

struct Sibling {
    total: i64,
    function: FunctionId,
    what: What,
}

fn list(branch: &Branch, node: u32, siblings: &mut Vec<Sibling>) {
    let mut child = branch.nodes[node as usize].first;
    while child != 0 {
        let row = &branch.nodes[child as usize];
        siblings.push(Sibling { total: row.total, function: row.function, what: What::Branch(child) });
        child = row.sibling;
    }
}

/// Writes what is left of a stack that is alone.
fn tail(tree: &mut FlameTree, above: u32, rest: &[FunctionId], value: i64) {
    let mut parent = above;
    for (&function, left) in rest.iter().zip((0..rest.len()).rev()) {
        parent = tree.push(parent, function, if left == 0 { value } else { 0 }, value);
    }
}
