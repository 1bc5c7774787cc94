//! Functions as nodes, and how much flows from each to those it calls.

use crate::{FlameTree, FunctionId, FunctionTable, TopBy, TopFunction, top};
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// The largest functions of a tree and the calls between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallGraph {
    /// The functions that are shown, largest total first. A stack counts once, however often the function is on it.
    pub nodes: Vec<TopFunction>,
    /// The calls between them, largest first.
    pub edges: Vec<CallEdge>,
    /// How many functions are not shown.
    pub pruned_nodes: usize,
    /// How many calls between functions that are shown are not.
    pub pruned_edges: usize,
}

/// All calls of one function by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallEdge {
    /// The caller, or the nearest one that is shown.
    pub from: FunctionId,
    /// What is called.
    pub to: FunctionId,
    /// What was spent in and below those calls. A stack counts once, however often the call is on it.
    pub value: i64,
    /// The part of it that came by way of functions that are not shown.
    pub indirect: i64,
}

/// An edge while the tree is walked.
struct Growing {
    edge: CallEdge,
    /// How often it is on the way from the root to the current node.
    on_path: u32,
}

/// A node on the way from the root to the current one.
struct Open {
    node: u32,
    /// The function of the nearest node at or above it that is shown.
    shown: Option<FunctionId>,
    edge: Option<usize>,
}

impl CallGraph {
    /// The functions with the largest totals, and the largest flows between them. Calls by way of functions that are not
    /// shown are calls of the nearest caller that is.
    pub fn new(tree: &FlameTree, functions: &FunctionTable, max_nodes: usize, max_edges: usize) -> CallGraph {
        let mut nodes = top(tree, functions, TopBy::Function);
        nodes.sort_by_key(|row| {
            (std::cmp::Reverse((row.total, row.self_value)), functions.rank_of(row.function))
        });
        let pruned_nodes = nodes.len().saturating_sub(max_nodes);
        nodes.truncate(max_nodes);
        let mut is_shown = vec![false; functions.len()];
        for row in &nodes {
            is_shown[row.function.index()] = true;
        }
        let mut edges = edges(tree, &is_shown);
        edges.sort_unstable_by_key(|edge| {
            let rank = |function| functions.rank_of(function);
            (std::cmp::Reverse(edge.value), rank(edge.from), rank(edge.to))
        });
        let pruned_edges = edges.len().saturating_sub(max_edges);
        edges.truncate(max_edges);
        CallGraph { nodes, edges, pruned_nodes, pruned_edges }
    }
}

fn edges(tree: &FlameTree, is_shown: &[bool]) -> Vec<CallEdge> {
    let mut index: HashMap<(FunctionId, FunctionId), usize, FixedState> = HashMap::default();
    let mut edges: Vec<Growing> = Vec::new();
    let mut path: Vec<Open> = Vec::new();
    for (row, node) in (0u32..).take(tree.len()).enumerate() {
        while let Some(last) = path.pop_if(|last| last.node != tree.parents[row]) {
            if let Some(edge) = last.edge.and_then(|edge| edges.get_mut(edge)) {
                edge.on_path -= 1;
            }
        }
        let function = tree.functions[row];
        let caller = path.last().and_then(|above| above.shown);
        if !is_shown.get(function.index()).copied().unwrap_or(false) {
            path.push(Open { node, shown: caller, edge: None });
            continue;
        }
        let edge = caller.map(|from| {
            *index.entry((from, function)).or_insert_with(|| {
                let edge = CallEdge { from, to: function, value: 0, indirect: 0 };
                edges.push(Growing { edge, on_path: 0 });
                edges.len() - 1
            })
        });
        if let Some(growing) = edge.and_then(|edge| edges.get_mut(edge)) {
            if growing.on_path == 0 {
                let total = tree.totals[row];
                growing.edge.value = growing.edge.value.saturating_add(total);
                if caller != tree.functions.get(tree.parents[row] as usize).copied() {
                    growing.edge.indirect = growing.edge.indirect.saturating_add(total);
                }
            }
            growing.on_path += 1;
        }
        path.push(Open { node, shown: Some(function), edge });
    }
    edges.into_iter().map(|growing| growing.edge).collect()
}
