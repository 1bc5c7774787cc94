//! From stacks to a tree.

use super::{FlameTree, Growing};
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
    let mut growing = Growing::new(FunctionId::ROOT);
    let mut self_values = vec![0i64];
    for (frames, &value) in stacks.iter().zip(&by_stack) {
        if value == 0 {
            continue;
        }
        let leaf = if frames.is_empty() {
            growing.child(0, FunctionId::NO_STACK)
        } else {
            frames.iter().rev().fold(0, |node, &frame| growing.child(node, functions.of(frame)))
        };
        self_values.resize(growing.len(), 0);
        self_values[leaf as usize] = self_values[leaf as usize].saturating_add(value);
    }
    growing.finish(functions, &self_values)
}
