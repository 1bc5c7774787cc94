use crate::build::{assert_lines, profile, profile_of, render, stacks, tree};
use proptest::prelude::*;
use vesta_profile::{FlameTree, FunctionId};

/// Every total is the self value plus the totals of the children.
fn adds_up(tree: &FlameTree) -> bool {
    let mut sums = tree.self_values().to_vec();
    for node in (1..tree.len()).rev() {
        let parent = tree.parents()[node] as usize;
        sums[parent] += sums[node];
    }
    sums == tree.totals()
}

proptest! {
    #[test]
    fn totals_add_up_before_and_after_pruning(stacks in stacks(-5..20), max_nodes in 2usize..120) {
        let (tree, _) = tree(&profile_of(stacks));
        prop_assert!(adds_up(&tree));
        let pruned = tree.prune(max_nodes);
        prop_assert!(adds_up(&pruned.tree));
        prop_assert_eq!(pruned.tree.total(), tree.total());
        prop_assert!(pruned.tree.len() <= max_nodes);
        let others: Vec<usize> =
            (0..pruned.tree.len()).filter(|&node| pruned.tree.functions()[node] == FunctionId::OTHER).collect();
        prop_assert_eq!(pruned.tree.len() - others.len() + pruned.nodes, tree.len());
        prop_assert_eq!(others.iter().map(|&node| pruned.tree.totals()[node]).sum::<i64>(), pruned.value);
        // At most one per parent, and after all its siblings.
        for (&other, node) in others.iter().zip(0..) {
            let parent = pruned.tree.parents()[other];
            prop_assert!(others[node + 1..].iter().all(|&next| pruned.tree.parents()[next] != parent));
            prop_assert!(pruned.tree.parents()[other + 1..].iter().all(|&next| next != parent));
        }
        prop_assert_eq!(pruned.tree.prune(max_nodes).tree, pruned.tree);
    }

    #[test]
    fn no_dropped_node_is_larger_than_a_kept_one(stacks in stacks(1..20), max_nodes in 2usize..40) {
        let (tree, _) = tree(&profile_of(stacks));
        let pruned = tree.prune(max_nodes);
        let smallest_kept = (0..pruned.tree.len())
            .filter(|&node| pruned.tree.functions()[node] != FunctionId::OTHER)
            .map(|node| pruned.tree.totals()[node])
            .min();
        let kept = pruned.tree.functions().iter().filter(|&&function| function != FunctionId::OTHER).count();
        let mut totals = tree.totals().to_vec();
        totals.sort_unstable_by(|a, b| b.cmp(a));
        prop_assert_eq!(smallest_kept, totals.get(kept - 1).copied());
    }
}

#[test]
fn small_nodes_become_the_last_child_of_their_parent() {
    let (tree, functions) = tree(&profile("main;a;x 50\n main;b 3\n main;c 2\n main;a;y 1\n main 4"));
    let pruned = tree.prune(6);
    assert_lines(
        &render(&pruned.tree, &functions),
        "
        root 0/60
          main 4/60
            a 0/51
              x 50/50
              (other) 1/1
            (other) 5/5
        ",
    );
    assert_eq!((pruned.nodes, pruned.value), (3, 6));
}

#[test]
fn a_tree_that_fits_is_left_alone() {
    let (tree, _) = tree(&profile("main;a 1\n main;b 1"));
    let pruned = tree.prune(4);
    assert_eq!((pruned.tree, pruned.nodes, pruned.value), (tree, 0, 0));
}
