//! Changes that leave stacks out.

use crate::pattern::is_among;
use crate::tree::Growing;
use crate::{FlameTree, FunctionId, FunctionTable};

/// No node of the new tree.
const GONE: u32 = u32::MAX;

pub(super) fn focus(tree: &FlameTree, functions: &FunctionTable, wanted: &[bool]) -> FlameTree {
    let (mut growing, mut values) = (Growing::new(FunctionId::ROOT), vec![0i64]);
    let mut nodes: Vec<u32> = Vec::with_capacity(tree.len());
    for (index, &function) in tree.functions.iter().enumerate() {
        let above = nodes.get(tree.parents[index] as usize).copied().unwrap_or(GONE);
        let node = match above {
            GONE if is_among(wanted, function) => growing.child(0, function),
            GONE => GONE,
            above => growing.child(above, function),
        };
        nodes.push(node);
        add(&mut values, node, tree.self_values[index]);
    }
    values.resize(growing.len(), 0);
    growing.finish(functions, &values)
}

pub(super) fn only(tree: &FlameTree, functions: &FunctionTable, wanted: &[bool]) -> FlameTree {
    let inside = at_or_below(tree, wanted);
    let self_values = values_where(tree, |node| inside[node]);
    without_dead(tree, functions, self_values, &inside)
}

pub(super) fn exclude(tree: &FlameTree, functions: &FunctionTable, unwanted: &[bool]) -> FlameTree {
    let inside = at_or_below(tree, unwanted);
    let self_values = values_where(tree, |node| !inside[node]);
    let alive: Vec<bool> = self_values.iter().map(|&value| value != 0).collect();
    without_dead(tree, functions, self_values, &alive)
}

/// Without nodes that nothing was spent in or below.
pub(super) fn without_empty(tree: &FlameTree, functions: &FunctionTable) -> FlameTree {
    let alive: Vec<bool> = tree.self_values.iter().map(|&value| value != 0).collect();
    without_dead(tree, functions, tree.self_values.clone(), &alive)
}

/// Which nodes are one of these functions, or below one.
fn at_or_below(tree: &FlameTree, functions: &[bool]) -> Vec<bool> {
    let mut inside: Vec<bool> = Vec::with_capacity(tree.len());
    for (&parent, &function) in tree.parents.iter().zip(&tree.functions) {
        let above = inside.get(parent as usize).copied().unwrap_or(false);
        inside.push(above || is_among(functions, function));
    }
    inside
}

fn values_where(tree: &FlameTree, stays: impl Fn(usize) -> bool) -> Vec<i64> {
    let values = tree.self_values.iter().enumerate();
    values.map(|(node, &value)| if stays(node) { value } else { 0 }).collect()
}

/// The nodes that are alive and all above them. No two of them become one, so nothing has to be merged.
fn without_dead(
    tree: &FlameTree,
    functions: &FunctionTable,
    self_values: Vec<i64>,
    alive: &[bool],
) -> FlameTree {
    let mut stays = alive.to_vec();
    for node in (1..tree.len()).rev() {
        if stays[node] {
            stays[tree.parents[node] as usize] = true;
        }
    }
    if let Some(root) = stays.first_mut() {
        *root = true;
    }
    let mut growing = Growing::new(FunctionId::ROOT);
    let mut values = Vec::with_capacity(tree.len());
    let mut nodes: Vec<u32> = Vec::with_capacity(tree.len());
    for (index, value) in self_values.into_iter().enumerate() {
        if !stays[index] {
            nodes.push(GONE);
            continue;
        }
        let node = match nodes.get(tree.parents[index] as usize) {
            Some(&above) => growing.push(above, tree.functions[index]),
            None => 0,
        };
        nodes.push(node);
        values.push(value);
    }
    growing.finish(functions, &values)
}

pub(super) fn add(values: &mut Vec<i64>, node: u32, value: i64) {
    if node == GONE {
        return;
    }
    let at = node as usize;
    if values.len() <= at {
        values.resize(at + 1, 0);
    }
    values[at] = values[at].saturating_add(value);
}
