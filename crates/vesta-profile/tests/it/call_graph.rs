//! Functions and the flows between them.

use crate::build::{profile, profile_of, stacks, tree};
use proptest::prelude::*;
use vesta_profile::{CallGraph, TopBy, top};

#[track_caller]
fn check(
    stacks: &str,
    max_nodes: usize,
    max_edges: usize,
    nodes: &[&str],
    edges: &[&str],
    pruned: (usize, usize),
) {
    let (tree, functions) = tree(&profile(stacks));
    let graph = CallGraph::new(&tree, &functions, max_nodes, max_edges);
    let name = |function| functions.name(function);
    let found =
        graph.nodes.iter().map(|row| format!("{} {}/{}", name(row.function), row.self_value, row.total));
    assert_eq!(found.collect::<Vec<_>>(), nodes);
    let found = graph.edges.iter().map(|edge| {
        let indirect = if edge.indirect == 0 { String::new() } else { format!(" ({})", edge.indirect) };
        format!("{}>{} {}{indirect}", name(edge.from), name(edge.to), edge.value)
    });
    assert_eq!(found.collect::<Vec<_>>(), edges);
    assert_eq!((graph.pruned_nodes, graph.pruned_edges), pruned);
}

#[test]
fn a_function_that_is_called_from_two_places_is_one_node() {
    check(
        "main;a;f 5\n main;b;f 2\n main;b 1",
        10,
        10,
        &["main 0/8", "f 7/7", "a 0/5", "b 1/3"],
        &["a>f 5", "main>a 5", "main>b 3", "b>f 2"],
        (0, 0),
    );
}

#[test]
fn recursion_counts_once() {
    check(
        "main;f;g;f;g;f 5\n main;f;f 2",
        10,
        10,
        &["f 7/7", "main 0/7", "g 0/5"],
        &["main>f 7", "f>g 5", "g>f 5", "f>f 2"],
        (0, 0),
    );
}

#[test]
fn what_is_not_shown_is_passed_through_and_counted() {
    check(
        "main;wrap;work 5\n main;work 2\n main;idle 1",
        2,
        10,
        &["main 0/8", "work 7/7"],
        &["main>work 7 (5)"],
        (2, 0),
    );
    check("main;a 5\n main;b 2", 10, 1, &["main 0/7", "a 5/5", "b 2/2"], &["main>a 5"], (0, 1));
}

proptest! {
    #[test]
    fn no_flow_is_larger_than_what_it_comes_from_or_goes_to(stacks in stacks(1..20), max_nodes in 1usize..8) {
        let (tree, functions) = tree(&profile_of(stacks));
        let graph = CallGraph::new(&tree, &functions, max_nodes, 1000);
        let all = top(&tree, &functions, TopBy::Function);
        prop_assert_eq!(graph.nodes.len() + graph.pruned_nodes, all.len());
        let total = |function| all.iter().find(|row| row.function == function).map_or(0, |row| row.total);
        for edge in &graph.edges {
            prop_assert!(edge.value <= total(edge.from) && edge.value <= total(edge.to));
            prop_assert!((0..=edge.value).contains(&edge.indirect));
        }
        // What is spent in functions that are shown comes from the root or by a flow.
        for row in &graph.nodes {
            let inside: i64 = graph.edges.iter().filter(|edge| edge.to == row.function).map(|edge| edge.value).sum();
            let entered: i64 = (1..tree.len())
                .filter(|&node| tree.functions()[node] == row.function)
                .filter(|&node| {
                    let mut above = tree.parents()[node] as usize;
                    while above != 0 {
                        if graph.nodes.iter().any(|shown| shown.function == tree.functions()[above]) {
                            return false;
                        }
                        above = tree.parents()[above] as usize;
                    }
                    true
                })
                .map(|node| tree.totals()[node])
                .sum();
            prop_assert!(inside + entered >= row.total);
        }
    }
}
