use crate::build::{profile, profile_of, render, stacks, tree};
use proptest::prelude::*;
use vesta_profile::{Label, LabelValue, Profile, Sample, StackId, ValueType};

fn merged(profiles: &[&Profile]) -> Profile {
    let mut result = Profile::default();
    for profile in profiles {
        result.merge(profile);
    }
    result
}

fn text(profile: &Profile) -> String {
    let (tree, functions) = tree(profile);
    render(&tree, &functions)
}

proptest! {
    #[test]
    fn merging_is_associative_and_commutative(a in stacks(1..20), b in stacks(1..20), c in stacks(1..20)) {
        let (a, b, c) = (profile_of(a), profile_of(b), profile_of(c));
        let left = merged(&[&merged(&[&a, &b]), &c]);
        let right = merged(&[&a, &merged(&[&b, &c])]);
        prop_assert_eq!(text(&left), text(&right));
        prop_assert_eq!(text(&left), text(&merged(&[&c, &b, &a])));
        prop_assert_eq!(left.samples.total(0), a.samples.total(0) + b.samples.total(0) + c.samples.total(0));
        prop_assert_eq!(left.samples.len(), a.samples.len() + b.samples.len() + c.samples.len());
    }
}

fn single(types: &[(&str, &str)], values: &[i64]) -> Profile {
    let mut profile = Profile::new(types.iter().map(|&(name, unit)| ValueType::new(name, unit)).collect());
    profile.samples.push(Sample { values, ..Sample::default() });
    profile
}

#[test]
fn value_types_meet_under_their_canonical_name() {
    let mut profile = single(&[("cpu-time", "nanoseconds"), ("alloc_space", "bytes")], &[7, 100]);
    profile.merge(&single(
        &[("alloc-size", "kilobytes"), ("cpu", "microseconds"), ("queries", "count")],
        &[2, 3, 4],
    ));
    let totals: Vec<_> = (0..3).map(|index| profile.samples.total(index)).collect();
    assert_eq!(totals, [3007, 2148, 4]);
    assert_eq!(profile.samples.values, [vec![7, 3000], vec![100, 2048], vec![0, 4]]);
}

#[test]
fn a_coarser_column_takes_the_canonical_unit() {
    let mut profile = single(&[("cpu", "microseconds")], &[5]);
    profile.merge(&single(&[("cpu-time", "nanoseconds")], &[1]));
    assert_eq!(profile.samples.total(0), 5001);
    assert_eq!(profile.value_types, [ValueType::new("cpu", "nanoseconds")]);
    assert_eq!(profile.value_types[0].canonical().scale, 1);
}

#[test]
fn units_that_do_not_convert_stay_apart() {
    let mut profile = single(&[("cpu", "nanoseconds")], &[5]);
    profile.merge(&single(&[("cpu", "cycles")], &[9]));
    assert_eq!(profile.samples.values, [vec![5, 0], vec![0, 9]]);
    assert_eq!(profile.value_type_index("cpu-cycles"), Some(1));
}

#[test]
fn what_is_on_a_sample_comes_along() {
    let mut target = profile("main;a 1");
    let mut other = profile("zero;main 2");
    let [thread, worker, trace] = ["thread", "worker", "0af7"].map(|text| other.strings.intern(text));
    let labels = other.label_sets.intern(&[Label { key: thread, value: LabelValue::Text(worker) }]);
    let (stack, values) = (StackId(1), &[3][..]);
    other.samples.push(Sample {
        stack,
        values,
        labels,
        timestamp_ns: 11,
        span_id: 12,
        local_root_span_id: 13,
        trace_id: trace,
    });
    target.merge(&other);
    let samples = &target.samples;
    assert_eq!(samples.timestamps_ns, [0, 0, 11]);
    assert_eq!((samples.span_ids[2], samples.local_root_span_ids[2]), (12, 13));
    assert_eq!(target.strings.get(samples.trace_ids[2]), "0af7");
    let names: Vec<&str> = target
        .stacks
        .get(samples.stacks[2])
        .iter()
        .map(|&frame| target.strings.get(target.frames.get(frame).function))
        .collect();
    assert_eq!(names, ["main", "zero"]);
    let label = target.label_sets.get(samples.labels[2])[0];
    assert_eq!(target.strings.get(label.key), "thread");
    let LabelValue::Text(value) = label.value else { panic!("{label:?}") };
    assert_eq!(target.strings.get(value), "worker");
}

#[test]
fn the_time_of_a_merged_profile_holds_both() {
    let at = |start_ns, duration_ns| Profile { start_ns, duration_ns, ..Profile::default() };
    let span = |profiles: &[&Profile]| {
        let profile = merged(profiles);
        (profile.start_ns, profile.duration_ns)
    };
    assert_eq!(span(&[&at(100, 10), &at(50, 20)]), (50, 60));
    assert_eq!(span(&[&at(100, 10), &at(0, 0)]), (100, 10));
    assert_eq!(span(&[&at(0, 5), &at(100, 10)]), (100, 10));
}
