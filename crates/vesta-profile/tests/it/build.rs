//! Trees of stacks, and the small language in which the other tests write them.

use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use vesta_profile::{
    FlameTree, Frame, FrameId, FunctionId, FunctionTable, Granularity, Profile, Sample, StackId, ValueType,
};

/// One line per stack: `main;run;work 5`, root first as in collapsed stacks. ` 5` is a stack without frames.
pub(crate) fn profile(text: &str) -> Profile {
    let stacks = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| {
        let (stack, value) = line.rsplit_once(' ').unwrap_or(("", line));
        let frames: Vec<&str> = stack.split(';').filter(|name| !name.is_empty()).collect();
        (frames, value.parse().unwrap())
    });
    profile_of(stacks)
}

pub(crate) fn profile_of<S: AsRef<str>>(stacks: impl IntoIterator<Item = (Vec<S>, i64)>) -> Profile {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    for (names, value) in stacks {
        let frames: Vec<FrameId> = names
            .iter()
            .rev()
            .map(|name| {
                let function = profile.strings.intern(name.as_ref());
                profile.frames.intern(Frame { function, ..Frame::default() })
            })
            .collect();
        let stack = profile.stacks.intern(&frames);
        profile.samples.push(Sample { stack, values: &[value], ..Sample::default() });
    }
    profile
}

pub(crate) fn values(profile: &Profile) -> impl Iterator<Item = (StackId, i64)> + '_ {
    profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied())
}

pub(crate) fn tree(profile: &Profile) -> (FlameTree, FunctionTable) {
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    (FlameTree::from_stacks(&functions, &profile.stacks, values(profile)), functions)
}

/// The tree as text, one node per line, indented by depth: `name self/total`.
pub(crate) fn render(tree: &FlameTree, functions: &FunctionTable) -> String {
    let mut depths: Vec<usize> = Vec::new();
    let mut text = String::new();
    for node in 0..tree.len() {
        let depth = depths.get(tree.parents()[node] as usize).map_or(0, |depth| depth + 1);
        depths.push(depth);
        let name = functions.name(tree.functions()[node]);
        writeln!(text, "{:1$}{name} {2}/{3}", "", depth * 2, tree.self_values()[node], tree.totals()[node])
            .unwrap();
    }
    text
}

/// Stacks over a small alphabet, so that they share much, recurse, and now and then are empty.
pub(crate) fn stacks(values: std::ops::Range<i64>) -> impl Strategy<Value = Vec<(Vec<String>, i64)>> {
    let name = (0u8..6).prop_map(|letter| char::from(b'a' + letter).to_string());
    prop::collection::vec((prop::collection::vec(name, 0..9), values), 0..80)
}

#[track_caller]
pub(crate) fn assert_lines(actual: &str, expected: &str) {
    let trim = |text: &str| {
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let indent = lines.iter().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
        lines.iter().map(|line| &line[indent..]).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(trim(actual), trim(expected));
}

#[track_caller]
fn check(stacks: &str, expected: &str) {
    let (tree, functions) = tree(&profile(stacks));
    assert_lines(&render(&tree, &functions), expected);
}

/// The tree that a map from paths to values gives, in the order that the documentation promises.
fn reference(profile: &Profile) -> Vec<(Vec<String>, i64, i64)> {
    let mut by_stack: BTreeMap<StackId, i64> = BTreeMap::new();
    for (stack, value) in values(profile) {
        *by_stack.entry(stack).or_default() += value;
    }
    let mut nodes: BTreeMap<Vec<String>, (i64, i64)> = BTreeMap::from([(Vec::new(), (0, 0))]);
    for (stack, value) in by_stack.into_iter().filter(|&(_, value)| value != 0) {
        let frames = profile.stacks.get(stack);
        let name = |&frame: &FrameId| profile.strings.get(profile.frames.get(frame).function).to_owned();
        let mut path: Vec<String> = frames.iter().rev().map(name).collect();
        if path.is_empty() {
            path.push("[no stack]".to_owned());
        }
        for depth in 0..=path.len() {
            nodes.entry(path[..depth].to_vec()).or_default().1 += value;
        }
        nodes.get_mut(&path).unwrap().0 += value;
    }
    // Preorder with siblings by total: compare at the first step in which two paths part.
    let mut rows: Vec<(Vec<String>, i64, i64)> =
        nodes.iter().map(|(path, &(own, total))| (path.clone(), own, total)).collect();
    rows.sort_by(|(a, ..), (b, ..)| {
        let shared = a.iter().zip(b).take_while(|(a, b)| a == b).count();
        match (a.get(..=shared), b.get(..=shared)) {
            (Some(a), Some(b)) => nodes[b].1.cmp(&nodes[a].1).then_with(|| a.cmp(b)),
            _ => a.len().cmp(&b.len()),
        }
    });
    rows
}

fn rows(tree: &FlameTree, functions: &FunctionTable) -> Vec<(Vec<String>, i64, i64)> {
    let mut paths: Vec<Vec<String>> = Vec::new();
    for node in 0..tree.len() {
        let path = match paths.get(tree.parents()[node] as usize) {
            Some(above) => {
                let mut path = above.clone();
                path.push(functions.name(tree.functions()[node]).to_owned());
                path
            }
            None => Vec::new(),
        };
        paths.push(path);
    }
    paths
        .into_iter()
        .zip(tree.self_values().iter().zip(tree.totals()))
        .map(|(path, (&own, &total))| (path, own, total))
        .collect()
}

proptest! {
    #[test]
    fn a_tree_is_what_a_map_of_paths_gives(stacks in stacks(-5..20)) {
        let profile = profile_of(stacks);
        let (tree, functions) = tree(&profile);
        prop_assert_eq!(rows(&tree, &functions), reference(&profile));
    }
}

/// A few numbers that look random, the same in every run.
pub(crate) fn sequence(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

#[test]
fn a_large_tree_is_what_a_map_of_paths_gives() {
    let mut random = sequence(1);
    let stacks: Vec<(Vec<String>, i64)> = (0..60_000)
        .map(|_| {
            let depth = 1 + random(14);
            // Few functions near the root, many near the leaf; one in ten stacks parts ways at once.
            let lone = random(10) == 0;
            let names = (0..depth)
                .map(|level| format!("f{}", random(if lone { 3000 } else { 2 + level * level })))
                .collect();
            (names, i64::try_from(random(50)).unwrap() - 5)
        })
        .collect();
    let profile = profile_of(stacks);
    let (tree, functions) = tree(&profile);
    assert!(tree.len() > 100_000, "{}", tree.len());
    assert_eq!(rows(&tree, &functions), reference(&profile));
}

#[test]
fn equal_beginnings_become_one_node_and_siblings_come_by_total_then_name() {
    check(
        "
        main;b 1
        main;a 1
        main;c;d 5
        main;c 2
        start 3
        ",
        "
        root 0/12
          main 0/9
            c 2/7
              d 5/5
            a 1/1
            b 1/1
          start 3/3
        ",
    );
}

#[test]
fn samples_without_a_stack_have_a_node() {
    check(
        "
        main 1
         4
         -1
        ",
        "
        root 0/4
          [no stack] 3/3
          main 1/1
        ",
    );
}

#[test]
fn an_empty_profile_has_a_root() {
    check("", "root 0/0");
}

#[test]
fn values_that_cancel_out_leave_no_node() {
    check("main;a 5\n main;a -5\n main;b 1", "root 0/1\n  main 0/1\n    b 1/1");
}

#[test]
fn sums_stop_at_the_ends_of_the_range() {
    let most = i64::MAX - 1;
    check(
        &format!("main;a {most}\n main;b {most}"),
        &format!("root 0/{max}\n  main 0/{max}\n    a {most}/{most}\n    b {most}/{most}", max = i64::MAX),
    );
}

#[test]
fn recursion_a_hundred_thousand_frames_deep_is_a_tree() {
    let deep = vec!["recurse"; 100_000];
    let profile = profile_of([(deep.clone(), 3), (deep[..50_000].to_vec(), 4), (vec!["recurse", "leaf"], 5)]);
    let (tree, _) = tree(&profile);
    assert_eq!(tree.len(), 100_002);
    assert_eq!(tree.total(), 12);
    let mut totals = tree.totals().to_vec();
    totals.sort_unstable();
    assert_eq!(totals[0], 3);
    assert_eq!(totals[49_999], 3);
    assert_eq!(tree.prune(100).tree.total(), 12);
}

#[test]
fn every_granularity_names_its_nodes() {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    let text = &mut profile.strings;
    let (get, file, module) = (
        text.intern("get"),
        text.intern("/site-packages/requests/api.py"),
        text.intern("/usr/lib/libz.so.1"),
    );
    let libc = text.intern("/usr/lib/libc.so.6");
    let frames = [
        Frame { function: get, file, line: 10, ..Frame::default() },
        Frame { function: get, file, line: 11, ..Frame::default() },
        Frame { module, address: 16, ..Frame::default() },
        Frame { address: 17, ..Frame::default() },
        Frame { module: libc, ..Frame::default() },
    ];
    for frame in frames {
        let frame = profile.frames.intern(frame);
        let stack = profile.stacks.intern(&[frame]);
        profile.samples.push(Sample { stack, values: &[1], ..Sample::default() });
    }
    let names = |granularity| {
        let functions = FunctionTable::new(&profile.strings, &profile.frames, granularity);
        let tree = FlameTree::from_stacks(&functions, &profile.stacks, values(&profile));
        let nodes = tree.functions()[1..].iter();
        nodes
            .map(|&id| {
                let row = functions.get(id);
                format!("{}|{}|{}", functions.name(id), functions.strings().get(row.file), row.line)
            })
            .collect::<Vec<_>>()
    };
    let requests = "/site-packages/requests/api.py";
    assert_eq!(
        names(Granularity::Function),
        [
            format!("get|{requests}|0"),
            "[libc.so.6]||0".to_owned(),
            "[unknown]||0".to_owned(),
            "libz.so.1+0x10||0".to_owned()
        ]
    );
    assert_eq!(
        names(Granularity::Line),
        [
            "[libc.so.6]||0".to_owned(),
            "[unknown]||0".to_owned(),
            format!("get|{requests}|10"),
            format!("get|{requests}|11"),
            "libz.so.1+0x10||0".to_owned()
        ]
    );
    assert_eq!(
        names(Granularity::File),
        [
            format!("{requests}|{requests}|0"),
            "/usr/lib/libc.so.6||0".to_owned(),
            "/usr/lib/libz.so.1||0".to_owned(),
            "[unknown]||0".to_owned()
        ]
    );
    assert_eq!(names(Granularity::Package), ["requests||0", "[unknown]||0", "libc||0", "libz||0"]);
    for granularity in [Granularity::Function, Granularity::Line, Granularity::File, Granularity::Package] {
        assert_eq!(Granularity::parse(granularity.as_str()), Some(granularity));
    }
}

#[test]
fn a_path_leads_to_the_subtree_below_it() {
    let profile = profile("main;a;x 1\n main;a;y;z 2\n main;a 4\n main;b 9\n other 1");
    let (tree, functions) = tree(&profile);
    let path: Vec<FunctionId> = ["main", "a"].iter().flat_map(|name| functions.named(name)).collect();
    let below = tree.subtree(&path).unwrap();
    assert_lines(&render(&below, &functions), "a 4/7\n  y 0/2\n    z 2/2\n  x 1/1");
    assert_eq!(tree.subtree(&[]).unwrap(), tree);
    assert_eq!(tree.subtree(&[path[1]]), None);
}

#[test]
fn a_tree_of_very_many_functions_is_what_a_map_of_paths_gives() {
    // More than fit into sixteen bits, in branches that stacks share for a while and then leave.
    let stacks = (0..90_000).map(|index| {
        let path =
            ["main".to_owned(), format!("a{}", index % 11), format!("b{}", index % 13), format!("c{index}")];
        let depth = if index % 5 == 0 { 3 } else { 4 };
        (path.into_iter().take(depth).chain([format!("d{}", index % 3)]).collect(), index % 9)
    });
    let profile = profile_of::<String>(stacks);
    let (tree, functions) = tree(&profile);
    assert!(functions.len() > 0xffff, "{}", functions.len());
    assert_eq!(rows(&tree, &functions), reference(&profile));
}
