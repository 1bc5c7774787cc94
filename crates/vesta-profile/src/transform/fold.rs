//! Changes that take nodes as one, so that the total of the root stays.

use super::keep::add;
use crate::pattern::is_among;
use crate::tree::Growing;
use crate::{FlameTree, FunctionId, FunctionTable};

pub(super) fn merge(tree: &FlameTree, functions: &FunctionTable, merged: &[bool]) -> FlameTree {
    regrow(tree, functions, |growing, above, _, function| match is_among(merged, function) {
        true => above,
        false => growing.child(above, function),
    })
}

pub(super) fn rename(tree: &FlameTree, functions: &FunctionTable, ids: &[FunctionId]) -> FlameTree {
    regrow(tree, functions, |growing, above, _, function| {
        growing.child(above, ids.get(function.index()).copied().unwrap_or(function))
    })
}

pub(super) fn collapse_runs(
    tree: &FlameTree,
    functions: &FunctionTable,
    collapses: &[bool],
    into: FunctionId,
) -> FlameTree {
    regrow(tree, functions, |growing, above, caller, function| match is_among(collapses, function) {
        true if is_among(collapses, caller) => above,
        true => growing.child(above, into),
        false => growing.child(above, function),
    })
}

pub(super) fn collapse_recursion(
    tree: &FlameTree,
    functions: &FunctionTable,
    collapses: &[bool],
) -> FlameTree {
    let (mut growing, mut values) = (Growing::new(FunctionId::ROOT), vec![0i64]);
    let mut nodes: Vec<u32> = Vec::with_capacity(tree.len());
    // The new node of the last call of each function on the way from the root, and what was there before for all nodes
    // on the way, to go back to.
    let mut last = vec![None; functions.len()];
    let mut path: Vec<(u32, Option<u32>)> = Vec::new();
    for (index, &function) in (0u32..).zip(&tree.functions) {
        let row = index as usize;
        while let Some(&(open, before)) = path.last().filter(|(open, _)| *open != tree.parents[row]) {
            path.pop();
            if let Some(slot) = last.get_mut(tree.functions[open as usize].index()) {
                *slot = before;
            }
        }
        let known = last.get(function.index()).copied().flatten().filter(|_| is_among(collapses, function));
        let node = match (nodes.get(tree.parents[row] as usize), known) {
            (None, _) => 0,
            (Some(_), Some(known)) => known,
            (Some(&above), None) => growing.child(above, function),
        };
        let before = last.get_mut(function.index()).and_then(|slot| slot.replace(node));
        path.push((index, before));
        nodes.push(node);
        add(&mut values, node, tree.self_values[row]);
    }
    values.resize(growing.len(), 0);
    // What went back to an earlier call left nodes behind that nothing was spent in or below.
    super::keep::without_empty(&growing.finish(functions, &values), functions)
}

pub(super) fn keep_own(
    tree: &FlameTree,
    functions: &FunctionTable,
    own: &[bool],
    rest: FunctionId,
) -> FlameTree {
    let (mut growing, mut values) = (Growing::new(FunctionId::ROOT), vec![0i64]);
    // Of each node the nearest own one at or above it.
    let mut nearest: Vec<u32> = Vec::with_capacity(tree.len());
    for (index, &function) in tree.functions.iter().enumerate() {
        let node = match nearest.get(tree.parents[index] as usize) {
            None => 0,
            Some(&above) if is_among(own, function) => growing.child(above, function),
            Some(&above) => above,
        };
        nearest.push(node);
        let value = tree.self_values[index];
        let is_rest = node == 0 && index != 0 && value != 0;
        add(&mut values, if is_rest { growing.child(0, rest) } else { node }, value);
    }
    values.resize(growing.len(), 0);
    growing.finish(functions, &values)
}

/// A tree in which each node goes where `place` says, given the new node of its parent, the function of its parent,
/// and its own function.
fn regrow(
    tree: &FlameTree,
    functions: &FunctionTable,
    place: impl Fn(&mut Growing, u32, FunctionId, FunctionId) -> u32,
) -> FlameTree {
    let (mut growing, mut values) = (Growing::new(FunctionId::ROOT), vec![0i64]);
    let mut nodes: Vec<u32> = Vec::with_capacity(tree.len());
    for (index, &function) in tree.functions.iter().enumerate() {
        let parent = tree.parents[index] as usize;
        let node = match nodes.get(parent) {
            Some(&above) => place(&mut growing, above, tree.functions[parent], function),
            None => 0,
        };
        nodes.push(node);
        add(&mut values, node, tree.self_values[index]);
    }
    values.resize(growing.len(), 0);
    growing.finish(functions, &values)
}
