use crate::build::{profile, profile_of, stacks, tree, values};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use vesta_profile::{FlameTree, Frame, FunctionTable, Granularity, Profile, Sample, TopBy, ValueType, top};

fn list(profile: &Profile, by: TopBy) -> Vec<(String, i64, i64)> {
    let (tree, functions) = tree(profile);
    top(&tree, &functions, by)
        .into_iter()
        .map(|row| (functions.name(row.function).to_owned(), row.self_value, row.total))
        .collect()
}

#[test]
fn a_recursive_function_counts_once_per_stack() {
    let profile = profile("main;walk;walk;walk 5\n main;walk;leaf;walk 2\n main 1\n main;leaf 3\n 4");
    let expected = [("walk", 7, 7), ("[no stack]", 4, 4), ("leaf", 3, 5), ("main", 1, 11)];
    assert_eq!(
        list(&profile, TopBy::Function),
        expected.map(|(name, own, total)| (name.to_owned(), own, total))
    );
}

#[test]
fn functions_of_one_name_in_different_files_are_one_by_name() {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    let name = profile.strings.intern("run");
    let frames = ["a.py", "b.py"].map(|file| {
        let file = profile.strings.intern(file);
        profile.frames.intern(Frame { function: name, file, ..Frame::default() })
    });
    let stack = profile.stacks.intern(&frames);
    profile.samples.push(Sample { stack, values: &[5], ..Sample::default() });
    let expect = |rows: &[(i64, i64)]| {
        rows.iter().map(|&(own, total)| ("run".to_owned(), own, total)).collect::<Vec<_>>()
    };
    assert_eq!(list(&profile, TopBy::Function), expect(&[(5, 5), (0, 5)]));
    assert_eq!(list(&profile, TopBy::Name), expect(&[(5, 5)]));
}

proptest! {
    #[test]
    fn top_functions_are_what_counting_stacks_gives(stacks in stacks(1..20)) {
        let profile = profile_of(stacks.clone());
        let mut expected: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (names, value) in &stacks {
            let leaf = names.last().map_or("[no stack]", String::as_str);
            expected.entry(leaf.to_owned()).or_default().0 += value;
            let on_stack: BTreeSet<&str> =
                if names.is_empty() { BTreeSet::from(["[no stack]"]) } else { names.iter().map(String::as_str).collect() };
            for name in on_stack {
                expected.entry(name.to_owned()).or_default().1 += value;
            }
        }
        let mut actual: Vec<_> = list(&profile, TopBy::Name);
        prop_assert!(actual.is_sorted_by(|a, b| (a.1, a.2) >= (b.1, b.2)));
        actual.sort();
        prop_assert_eq!(actual, expected.into_iter().map(|(name, (own, total))| (name, own, total)).collect::<Vec<_>>());
    }
}

#[test]
fn the_top_of_every_granularity_has_the_same_self_total() {
    let profile = profile("main;a 1\n main;b 2\n 3");
    for granularity in [Granularity::Function, Granularity::Line, Granularity::File, Granularity::Package] {
        let functions = FunctionTable::new(&profile.strings, &profile.frames, granularity);
        let tree = FlameTree::from_stacks(&functions, &profile.stacks, values(&profile));
        let rows = top(&tree, &functions, TopBy::Function);
        assert_eq!(rows.iter().map(|row| row.self_value).sum::<i64>(), 6, "{}", granularity.as_str());
    }
}
