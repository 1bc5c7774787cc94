use crate::build::{assert_lines, profile, profile_of, render, stacks, tree};
use proptest::prelude::*;
use vesta_profile::{FunctionId, Sandwich, TopBy, top};

#[track_caller]
fn check(stacks: &str, name: &str, callers: &str, callees: &str) {
    let (tree, functions) = tree(&profile(stacks));
    let function = functions.named(name).next().unwrap();
    let sandwich = Sandwich::new(&tree, &functions, function);
    assert_lines(&render(&sandwich.callers, &functions), callers);
    assert_lines(&render(&sandwich.callees, &functions), callees);
}

#[test]
fn callers_are_above_and_callees_below() {
    check(
        "main;a;f;x 5\n main;b;f;x 2\n main;b;f 1\n f;y 1\n main;b 9",
        "f",
        "
        f 1/9
          a 0/5
            main 5/5
          b 0/3
            main 3/3
        ",
        "
        f 1/9
          x 7/7
          y 1/1
        ",
    );
}

#[test]
fn inner_calls_of_a_recursive_function_are_among_its_callees() {
    check(
        "main;f;g;f;x 5\n main;f;f 2",
        "f",
        "
        f 0/7
          main 7/7
        ",
        "
        f 0/7
          g 0/5
            f 0/5
              x 5/5
          f 2/2
        ",
    );
}

proptest! {
    #[test]
    fn both_halves_have_the_total_of_the_function(stacks in stacks(1..20)) {
        let (tree, functions) = tree(&profile_of(stacks));
        for row in top(&tree, &functions, TopBy::Function) {
            let sandwich = Sandwich::new(&tree, &functions, row.function);
            prop_assert_eq!(sandwich.callers.total(), row.total);
            prop_assert_eq!(sandwich.callees.total(), row.total);
            let inside: i64 = (0..sandwich.callees.len())
                .filter(|&node| sandwich.callees.functions()[node] == row.function)
                .map(|node| sandwich.callees.self_values()[node])
                .sum();
            prop_assert_eq!(inside, row.self_value);
        }
    }
}

#[test]
fn a_function_that_is_not_there_has_nothing_around_it() {
    let (tree, functions) = tree(&profile("main 1"));
    let sandwich = Sandwich::new(&tree, &functions, FunctionId::NO_STACK);
    assert_eq!((sandwich.callers.len(), sandwich.callers.total()), (1, 0));
    assert_eq!((sandwich.callees.len(), sandwich.callees.total()), (1, 0));
}
