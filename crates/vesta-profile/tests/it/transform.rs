//! Transforms of trees, against the same done to each stack.

use crate::build::{assert_lines, render, stacks};
use proptest::prelude::*;
use vesta_profile::{
    FlameTree, Frame, FrameId, FunctionId, FunctionPattern, FunctionTable, Granularity, Profile, Sample,
    Transform, ValueType,
};

type Stacks = Vec<(Vec<String>, i64)>;

/// Where the code of a test is: `a` to `c` and `main` are the service's own, `d` and `e` a library's, `f` the language's.
fn file_of(name: &str) -> &str {
    match name {
        "d" | "e" => "/v/lib/python3.12/site-packages/flask/app.py",
        "f" => "/usr/lib/python3.12/json/encoder.py",
        "flask" | "[library code]" => "",
        _ => "/srv/shop/app.py",
    }
}

fn tree_at(stacks: &Stacks, granularity: Granularity) -> (FlameTree, FunctionTable) {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    for (names, value) in stacks {
        let frames: Vec<FrameId> = names
            .iter()
            .rev()
            .map(|name| {
                let (function, file) = (profile.strings.intern(name), profile.strings.intern(file_of(name)));
                profile.frames.intern(Frame { function, file, ..Frame::default() })
            })
            .collect();
        let stack = profile.stacks.intern(&frames);
        profile.samples.push(Sample { stack, values: &[*value], ..Sample::default() });
    }
    let functions = FunctionTable::new(&profile.strings, &profile.frames, granularity);
    let values = profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied());
    (FlameTree::from_stacks(&functions, &profile.stacks, values), functions)
}

fn shown(stacks: &Stacks) -> String {
    let (tree, functions) = tree_at(stacks, Granularity::Function);
    render(&tree, &functions)
}

fn transformed(stacks: &Stacks, transforms: &[&str]) -> (FlameTree, FunctionTable) {
    let (mut tree, mut functions) = tree_at(stacks, Granularity::Function);
    for transform in transforms {
        tree = Transform::parse(transform).unwrap().apply(&tree, &mut functions);
    }
    (tree, functions)
}

fn read(text: &str) -> Stacks {
    let line = |line: &str| {
        let (stack, value) = line.trim().rsplit_once(' ').unwrap();
        (stack.split(';').map(str::to_owned).collect(), value.parse().unwrap())
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(line).collect()
}

#[track_caller]
fn check(stacks: &str, transforms: &[&str], expected: &str) {
    let (tree, functions) = transformed(&read(stacks), transforms);
    assert_lines(&render(&tree, &functions), expected);
}

#[test]
fn chips_are_applied_in_their_order() {
    let stacks = "main;a;d;e;b 4\n main;a;f 2\n main;c;a;d 1\n main;c 8";
    check(
        stacks,
        &["focus:a", "my-code"],
        "
        root 0/7
          a 3/7
            b 4/4
        ",
    );
    check(
        stacks,
        &["exclude:c", "collapse-library:flask", "merge:a"],
        "
        root 0/6
          main 0/6
            flask 0/4
              b 4/4
            f 2/2
        ",
    );
    check(stacks, &["only:c", "exclude:d"], "root 0/8\n  main 0/8\n    c 8/8");
    check("d;e 3\n f;main;d 2", &["my-code"], "root 0/5\n  [library code] 3/3\n  main 2/2");
    check("x;y;x;z 3", &["collapse-recursion"], "root 0/3\n  x 0/3\n    z 3/3");
    check("x;y;x;z;y 3", &["collapse-recursion:y"], "root 0/3\n  x 0/3\n    y 3/3");
}

#[test]
fn what_nothing_matches_changes_nothing_or_leaves_nothing() {
    let stacks = read("main;a 4");
    for transform in
        ["exclude:nobody", "merge:\t/nowhere.py", "collapse-recursion:nobody", "collapse-library:x"]
    {
        let (tree, functions) = transformed(&stacks, &[transform]);
        assert_eq!(render(&tree, &functions), shown(&stacks), "{transform}");
    }
    for transform in ["focus:nobody", "only:\t\t\t\tnowhere"] {
        let (tree, _) = transformed(&stacks, &[transform]);
        assert_eq!((tree.total(), tree.is_empty()), (0, true), "{transform}");
    }
    let everything = transformed(&stacks, &["exclude:main"]).0;
    assert_eq!((everything.total(), everything.is_empty()), (0, true));
}

#[test]
fn patterns_say_as_much_as_they_want() {
    let pattern = |text: &str| FunctionPattern::parse(text);
    assert_eq!(pattern("f"), Some(FunctionPattern::named("f")));
    let full = pattern("f\ta.py\tlib\t12\tflask").unwrap();
    assert_eq!(
        (full.file.as_deref(), full.line, full.package.as_deref()),
        (Some("a.py"), Some(12), Some("flask"))
    );
    assert_eq!(pattern("\t\t\t\tflask").unwrap().package.as_deref(), Some("flask"));
    for wrong in ["", "\t\t", "f\t\t\tx", "f\t\t\t\t\tmore"] {
        assert_eq!(pattern(wrong), None, "{wrong:?}");
    }
    for wrong in ["", "focus", "focus:", "my-code:x", "collapse-library:", "collapse-recursion:", "shrink:f"]
    {
        assert_eq!(Transform::parse(wrong), None, "{wrong}");
    }
    assert!(Transform::parse("focus:f\t\t\t3").unwrap().needs_lines());
    assert!(!Transform::parse("collapse-recursion").unwrap().needs_lines());
    let (_, functions) = tree_at(&read("main;d;e 1"), Granularity::Function);
    let meant = |text: &str| {
        let matches = pattern(text).unwrap().matches(&functions);
        let ids = (0u32..).zip(matches).filter(|(_, is)| *is).map(|(id, _)| FunctionId(id));
        ids.map(|id| functions.name(id).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(meant("\t\t\t\tflask"), ["e", "d"]);
    assert_eq!(meant("d\t\t\t\tflask"), ["d"]);
    assert_eq!(meant("d\t\t\t\tother"), [""; 0]);
}

#[test]
fn a_stack_of_a_million_frames_is_no_problem() {
    let names: Vec<String> = (0..1_000_000).map(|at| ["a", "d", "b"][at % 3].to_owned()).collect();
    let stacks = vec![(names, 7)];
    for transform in
        ["focus:b", "only:b", "merge:d", "collapse-recursion", "collapse-library:flask", "my-code"]
    {
        assert_eq!(transformed(&stacks, &[transform]).0.total(), 7, "{transform}");
    }
}

#[test]
fn a_tree_of_functions_becomes_the_tree_of_files_or_packages() {
    let stacks = read("main;d;e;f 1\n a;d;a 2\n main;a;f 4\n f 8");
    let (tree, functions) = tree_at(&stacks, Granularity::Function);
    for granularity in [Granularity::File, Granularity::Package] {
        let (coarse, ids) = functions.coarsen(granularity);
        let (expected, names) = tree_at(&stacks, granularity);
        assert_eq!(render(&tree.renamed(&coarse, &ids), &coarse), render(&expected, &names));
    }
}

/// What becomes of one stack; `None` if it goes.
fn model(transform: &str, stack: &[String]) -> Option<Vec<String>> {
    let keep = |names: &[String]| Some(names.to_vec());
    let first = |name: &str| stack.iter().position(|own| own == name);
    match transform {
        "focus:b" => keep(&stack[first("b")?..]),
        "only:b" => first("b").and_then(|_| keep(stack)),
        "exclude:b" => first("b").map_or_else(|| keep(stack), |_| None),
        "merge:b" => Some(stack.iter().filter(|name| *name != "b").cloned().collect()),
        "collapse-recursion" | "collapse-recursion:b" => {
            let mut seen: Vec<(&String, Vec<String>)> = Vec::new();
            let mut path: Vec<String> = Vec::new();
            for name in stack {
                let collapses = transform == "collapse-recursion" || name == "b";
                match seen.iter().rev().find(|(known, _)| collapses && *known == name) {
                    Some((_, back)) => path = back.clone(),
                    None => path.push(name.clone()),
                }
                seen.push((name, path.clone()));
            }
            Some(path)
        }
        "collapse-library:flask" => {
            let mut names: Vec<String> = stack
                .iter()
                .map(|name| if name == "d" || name == "e" { "flask".into() } else { name.clone() })
                .collect();
            names.dedup_by(|next, before| next == "flask" && before == "flask");
            Some(names)
        }
        "my-code" => {
            let own: Vec<String> =
                stack.iter().filter(|name| file_of(name) == "/srv/shop/app.py").cloned().collect();
            Some(if own.is_empty() { vec!["[library code]".to_owned()] } else { own })
        }
        _ => unreachable!(),
    }
}

proptest! {
    #[test]
    fn a_transformed_tree_is_the_tree_of_transformed_stacks(mut stacks in stacks(1..20), own_root in any::<bool>()) {
        stacks.retain(|(names, _)| !names.is_empty());
        if own_root {
            stacks.iter_mut().for_each(|(names, _)| names.insert(0, "main".to_owned()));
        }
        for transform in [
            "focus:b", "only:b", "exclude:b", "merge:b", "collapse-recursion", "collapse-recursion:b",
            "collapse-library:flask", "my-code",
        ] {
            let expected: Stacks = stacks
                .iter()
                .filter_map(|(stack, value)| model(transform, stack).map(|stack| (stack, *value)))
                .collect();
            let (tree, functions) = transformed(&stacks, &[transform]);
            let total: i64 = expected.iter().map(|(_, value)| value).sum();
            prop_assert_eq!(tree.total(), total, "{}", transform);
            // A stack without frames has a node of its own, what was merged into the root has not.
            if expected.iter().all(|(stack, _)| !stack.is_empty()) {
                prop_assert_eq!(render(&tree, &functions), shown(&expected), "{}", transform);
            }
            for node in 0..tree.len() {
                let children = (0u32..).take(tree.len()).filter(|&child| tree.parents()[child as usize] as usize == node);
                let below: i64 = children.map(|child| tree.totals()[child as usize]).sum();
                prop_assert_eq!(tree.totals()[node], tree.self_values()[node] + below);
            }
        }
    }

    #[test]
    fn no_path_holds_a_function_twice_once_recursion_is_collapsed(stacks in stacks(1..20)) {
        let (tree, _) = transformed(&stacks, &["collapse-recursion"]);
        for node in 1..tree.len() {
            let mut above = tree.parents()[node] as usize;
            while above != 0 {
                prop_assert_ne!(tree.functions()[above], tree.functions()[node]);
                above = tree.parents()[above] as usize;
            }
        }
    }
}
