use crate::build::{profile, profile_of, stacks, tree};
use proptest::prelude::*;
use vesta_profile::DiffTree;

#[test]
fn both_trees_are_in_the_union_by_content() {
    // The two profiles give the same names different ids.
    let (a, b) = (tree(&profile("main;x 6\n main;y 2")), tree(&profile("main;y 20\n main;z 20")));
    let diff = DiffTree::new((&a.0, &a.1), (&b.0, &b.1));
    let rows: Vec<_> = (0..diff.len())
        .map(|node| {
            let values = [diff.self_a[node], diff.total_a[node], diff.self_b[node], diff.total_b[node]];
            (diff.parents[node].cast_signed(), diff.functions.name(diff.nodes[node]).to_owned(), values)
        })
        .collect();
    let expected = [
        (-1, "root", [0, 8, 0, 40]),
        (0, "main", [0, 8, 0, 40]),
        (1, "x", [6, 6, 0, 0]),
        (1, "y", [2, 2, 20, 20]),
        (1, "z", [0, 0, 20, 20]),
    ];
    assert_eq!(rows, expected.map(|(parent, name, values)| (parent, name.to_owned(), values)));
    let changes: Vec<String> = (0..5).map(|node| format!("{:.2}", diff.change(node))).collect();
    assert_eq!(changes, ["0.00", "0.00", "-0.75", "0.25", "0.50"]);
}

proptest! {
    #[test]
    fn a_tree_does_not_differ_from_itself(stacks in stacks(1..20)) {
        let (tree, functions) = tree(&profile_of(stacks));
        let diff = DiffTree::new((&tree, &functions), (&tree, &functions));
        prop_assert_eq!(&diff.total_a, tree.totals());
        prop_assert_eq!(&diff.total_b, tree.totals());
        prop_assert_eq!(&diff.self_a, &diff.self_b);
        prop_assert_eq!(&diff.parents, tree.parents());
        prop_assert_eq!(&diff.nodes, tree.functions());
        prop_assert!((0u32..).take(diff.len()).all(|node| diff.change(node) == 0.0));
    }

    #[test]
    fn the_union_keeps_both_totals(a in stacks(1..20), b in stacks(1..20)) {
        let (a, b) = (tree(&profile_of(a)), tree(&profile_of(b)));
        let diff = DiffTree::new((&a.0, &a.1), (&b.0, &b.1));
        prop_assert_eq!(diff.self_a.iter().sum::<i64>(), a.0.total());
        prop_assert_eq!(diff.self_b.iter().sum::<i64>(), b.0.total());
        prop_assert_eq!((diff.total_a[0], diff.total_b[0]), (a.0.total(), b.0.total()));
    }
}
