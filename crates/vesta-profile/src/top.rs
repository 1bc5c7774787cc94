//! Functions by what was spent in them.

use crate::{FlameTree, FunctionId, FunctionTable};

/// One function with its values over a whole tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopFunction {
    /// The function. When counted by name, the one of the name's functions with the lowest id.
    pub function: FunctionId,
    /// The value spent in it.
    pub self_value: i64,
    /// The value spent in it and in what it called. A stack counts once, however often the function is on it.
    pub total: i64,
}

/// What is one function in a list of top functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TopBy {
    /// A row of the function table.
    #[default]
    Function,
    /// All rows that share a name, whatever their file and module.
    Name,
}

/// All functions of a tree, largest self value first, then largest total, then by name. `(other)` is not among them:
/// take the tree before pruning.
pub fn top(tree: &FlameTree, functions: &FunctionTable, by: TopBy) -> Vec<TopFunction> {
    let group = groups(functions, by);
    let mut rows: Vec<TopFunction> =
        group.iter().map(|&function| TopFunction { function, self_value: 0, total: 0 }).collect();
    let mut seen = vec![false; rows.len()];
    // How often each function is on the way from the root to the current node.
    let mut on_path = vec![0u32; rows.len()];
    let mut path: Vec<u32> = Vec::new();
    for (index, node) in (0u32..).take(tree.len()).enumerate() {
        while path.last().is_some_and(|&last| last != tree.parents[index]) {
            if let Some(slot) = path.pop().and_then(|last| group.get(tree.functions[last as usize].index())) {
                on_path[slot.index()] -= 1;
            }
        }
        path.push(node);
        let Some(slot) = group.get(tree.functions[index].index()).map(|function| function.index()) else {
            continue;
        };
        let row = &mut rows[slot];
        seen[slot] = true;
        row.self_value = row.self_value.saturating_add(tree.self_values[index]);
        if on_path[slot] == 0 {
            row.total = row.total.saturating_add(tree.totals[index]);
        }
        on_path[slot] += 1;
    }
    let mut seen = seen.into_iter();
    rows.retain(|_| seen.next().unwrap_or(false));
    rows.sort_unstable_by(|a, b| {
        (b.self_value, b.total)
            .cmp(&(a.self_value, a.total))
            .then_with(|| functions.rank_of(a.function).cmp(&functions.rank_of(b.function)))
    });
    rows
}

/// The function that stands for each function.
fn groups(functions: &FunctionTable, by: TopBy) -> Vec<FunctionId> {
    let rows = functions.as_slice();
    match by {
        TopBy::Function => (0u32..).take(rows.len()).map(FunctionId).collect(),
        TopBy::Name => {
            let mut first = vec![None; functions.strings().len()];
            (0u32..)
                .zip(rows)
                .map(|(id, row)| *first[row.name.index()].get_or_insert(FunctionId(id)))
                .collect()
        }
    }
}
