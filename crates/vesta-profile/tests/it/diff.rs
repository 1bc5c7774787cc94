//! Two trees side by side.

use crate::build::{profile, profile_of, stacks, tree};
use proptest::prelude::*;
use vesta_profile::{
    DiffSide, DiffTree, FlameTree, Frame, FunctionId, FunctionTable, Granularity, Profile, Sample, ValueType,
};

type Side = (FlameTree, FunctionTable);

/// Every unit of value is a sample.
fn diff(a: &Side, b: &Side) -> DiffTree {
    let side = |side| {
        let (values, functions): &Side = side;
        DiffSide { functions, values, samples: values }
    };
    DiffTree::new(side(a), side(b))
}

fn of(text: &str) -> Side {
    tree(&profile(text))
}

#[test]
fn both_trees_are_in_the_union_by_content() {
    // The two profiles give the same names different ids.
    let diff = diff(&of("main;x 6\n main;y 2"), &of("main;y 20\n main;z 20"));
    let rows: Vec<_> = (0..diff.len())
        .map(|node| {
            let values = [
                diff.a.self_values[node],
                diff.a.totals[node],
                diff.b.self_values[node],
                diff.b.totals[node],
            ];
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

#[test]
fn functions_that_only_moved_are_one() {
    let side = |stacks: &[(&str, &str)]| {
        let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
        for (name, file) in stacks {
            let (function, file) = (profile.strings.intern(name), profile.strings.intern(file));
            let frame = profile.frames.intern(Frame { function, file, ..Frame::default() });
            let stack = profile.stacks.intern(&[frame]);
            profile.samples.push(Sample { stack, values: &[1], ..Sample::default() });
        }
        tree(&profile)
    };
    let before = side(&[
        ("total", "/srv/releases/41/cart.py"),
        ("get", "/v41/site-packages/flask/app.py"),
        ("<module>", "/srv/releases/41/a/__init__.py"),
        ("<module>", "/srv/releases/41/b/__init__.py"),
        ("run", "/srv/releases/41/main.py"),
    ]);
    let after = side(&[
        ("total", "/srv/releases/42/cart.py"),
        ("get", "/v42/site-packages/flask/app.py"),
        ("<module>", "/srv/releases/42/a/__init__.py"),
        ("<module>", "/srv/releases/42/b/__init__.py"),
        // The same names in another library and in another file.
        ("get", "/v42/site-packages/django/app.py"),
        ("run", "/srv/releases/42/worker.py"),
    ]);
    let diff = diff(&before, &after);
    let on_both = (1..diff.len()).filter(|&node| diff.a.totals[node] > 0 && diff.b.totals[node] > 0);
    let mut names: Vec<&str> = on_both.map(|node| diff.functions.name(diff.nodes[node])).collect();
    names.sort_unstable();
    assert_eq!(names, ["get", "total"]);
    assert_eq!(diff.len(), 1 + 2 + 2 * 2 + 1 + 2);
}

#[test]
fn samples_are_counted_beside_the_values() {
    // Three stacks, of which the last has samples and no value.
    let profile = profile("main;x 600\n main;y 200\n main;idle 0");
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let tree_of = |column: [i64; 3]| {
        let values = profile.samples.stacks.iter().copied().zip(column);
        FlameTree::from_stacks(&functions, &profile.stacks, values)
    };
    let (values, counts) = (tree_of([600, 200, 0]), tree_of([6, 2, 3]));
    let other = of("z;main 5");
    let diff = DiffTree::new(
        DiffSide { functions: &functions, values: &values, samples: &counts },
        DiffSide { functions: &other.1, values: &other.0, samples: &other.0 },
    );
    let name = |node: usize| diff.functions.name(diff.nodes[node]);
    let rows: Vec<_> =
        (0..diff.len()).map(|node| (name(node), diff.a.samples[node], diff.b.samples[node])).collect();
    // What was sampled without value counts above it only.
    assert_eq!(
        rows,
        [("root", 11, 5), ("main", 11, 0), ("x", 6, 0), ("y", 2, 0), ("z", 0, 5), ("main", 0, 5)]
    );
}

#[test]
fn changes_are_of_shares_and_count_recursion_once() {
    let diff = diff(&of("f;f;g 5\n h 5"), &of("f;f;g 5\n f 5\n h 10"));
    let rows: Vec<_> = diff
        .changes()
        .iter()
        .map(|row| {
            let side = |side: vesta_profile::FunctionSide| (side.self_value, side.total, side.self_samples);
            (diff.functions.name(row.function), side(row.a), side(row.b))
        })
        .collect();
    assert_eq!(rows, [("f", (0, 5, 0), (5, 10, 5)), ("g", (5, 5, 5), (5, 5, 5))]);
}

proptest! {
    #[test]
    fn a_tree_does_not_differ_from_itself(stacks in stacks(1..20)) {
        let side = tree(&profile_of(stacks));
        let diff = diff(&side, &side);
        prop_assert_eq!(&diff.a.totals, side.0.totals());
        prop_assert_eq!(&diff.a, &diff.b);
        prop_assert_eq!(&diff.a.samples, &diff.a.totals);
        prop_assert_eq!(&diff.parents, side.0.parents());
        prop_assert_eq!(&diff.nodes, side.0.functions());
        prop_assert!((0u32..).take(diff.len()).all(|node| diff.change(node) == 0.0));
        prop_assert_eq!(diff.changes(), []);
    }

    #[test]
    fn pruning_keeps_every_total_of_both_sides(
        a in stacks(1..20),
        b in stacks(1..20),
        max_nodes in 2usize..60,
    ) {
        let (a, b) = (tree(&profile_of(a)), tree(&profile_of(b)));
        let diff = diff(&a, &b);
        prop_assert_eq!((diff.a.totals[0], diff.b.totals[0]), (a.0.total(), b.0.total()));
        let nodes = diff.len();
        let pruned = diff.prune(max_nodes);
        let tree = pruned.tree;
        prop_assert!(tree.len() <= max_nodes);
        let others = (0..tree.len()).filter(|&node| tree.nodes[node] == FunctionId::OTHER).count();
        prop_assert_eq!(tree.len() - others + pruned.nodes, nodes);
        for (columns, lost) in [(&tree.a, pruned.value_a), (&tree.b, pruned.value_b)] {
            let mut below = columns.self_values.clone();
            let mut samples = columns.self_samples.clone();
            for node in (1..tree.len()).rev() {
                below[tree.parents[node] as usize] += below[node];
                samples[tree.parents[node] as usize] += samples[node];
            }
            prop_assert_eq!(&below, &columns.totals);
            prop_assert_eq!(&samples, &columns.samples);
            let other = (0..tree.len()).filter(|&node| tree.nodes[node] == FunctionId::OTHER);
            prop_assert_eq!(other.map(|node| columns.totals[node]).sum::<i64>(), lost);
        }
    }
}
