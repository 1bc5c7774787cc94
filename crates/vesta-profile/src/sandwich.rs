//! One function with everything above and below it.

use crate::tree::Growing;
use crate::{FlameTree, FunctionId, FunctionTable};

/// Who calls a function, and what it calls.
///
/// On a stack that holds the function several times (recursion), the occurrence nearest to the root is the one that
/// counts: callers are those of the outermost call, and inner calls are among the callees. So no value counts twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sandwich {
    /// The tree turned over: node 0 is the function, its children are its callers, theirs are the callers of those.
    /// The self value of a node is what was spent in stacks that begin there.
    pub callers: FlameTree,
    /// Node 0 is the function, its children are what it called.
    pub callees: FlameTree,
}

impl Sandwich {
    /// The callers and callees of one function. The totals of both roots are the total of the function.
    pub fn new(tree: &FlameTree, functions: &FunctionTable, function: FunctionId) -> Sandwich {
        Self::of_any(tree, functions, &[function])
    }

    /// The callers and callees of functions taken as one, such as all that share a name. Node 0 carries the first of
    /// them.
    pub fn of_any(tree: &FlameTree, functions: &FunctionTable, wanted: &[FunctionId]) -> Sandwich {
        let root = wanted.first().copied().unwrap_or(FunctionId::ROOT);
        let mut is_wanted = vec![false; functions.len()];
        for function in wanted {
            if let Some(slot) = is_wanted.get_mut(function.index()) {
                *slot = true;
            }
        }
        let matches = |function: FunctionId| is_wanted.get(function.index()).copied().unwrap_or(false);

        let (mut callers, mut caller_values) = (Growing::new(root), vec![0i64]);
        let (mut callees, mut callee_values) = (Growing::new(root), vec![0i64]);
        let mut index = 0;
        while let Some(&function) = tree.functions.get(index) {
            if !matches(function) {
                index += 1;
                continue;
            }
            let top = index;
            let mut node = 0;
            let mut above = tree.parents[top];
            while above != FlameTree::NO_PARENT && tree.functions[above as usize] != FunctionId::ROOT {
                node = callers.child(node, tree.functions[above as usize]);
                above = tree.parents[above as usize];
            }
            caller_values.resize(callers.len(), 0);
            let slot = &mut caller_values[node as usize];
            *slot = slot.saturating_add(tree.totals[top]);

            let start = u32::try_from(top).unwrap_or(u32::MAX);
            let end = tree.subtree_range(start).end as usize;
            let mut placed: Vec<u32> = Vec::with_capacity(end - top);
            for below in top..end {
                let node = if below == top {
                    0
                } else {
                    callees.child(placed[tree.parents[below] as usize - top], tree.functions[below])
                };
                placed.push(node);
                callee_values.resize(callees.len(), 0);
                let slot = &mut callee_values[node as usize];
                *slot = slot.saturating_add(tree.self_values[below]);
            }
            index = end;
        }
        Sandwich {
            callers: callers.finish(functions, &caller_values),
            callees: callees.finish(functions, &callee_values),
        }
    }
}
