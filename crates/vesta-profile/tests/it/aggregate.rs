use crate::build::sequence;
use std::collections::BTreeMap;
use vesta_profile::{
    Frame, FrameId, Label, LabelSetId, LabelValue, Profile, Sample, StackId, StringId, ValueType, aggregate,
};

fn frame(profile: &mut Profile, name: &str) -> FrameId {
    let function = profile.strings.intern(name);
    profile.frames.intern(Frame { function, ..Frame::default() })
}

/// Samples `(stack, thread, task, [cpu in microseconds, allocations])`, each with a timestamp of its own.
fn profile(rows: &[(u32, &str, i64, [i64; 2])]) -> Profile {
    let mut profile =
        Profile::new(vec![ValueType::new("cpu", "microseconds"), ValueType::new("alloc_objects", "count")]);
    let [thread, task] = ["thread", "task id"].map(|text| profile.strings.intern(text));
    for (&(stack, name, number, values), timestamp_ns) in rows.iter().zip(1..) {
        let frame = frame(&mut profile, &stack.to_string());
        let name = profile.strings.intern(name);
        let labels = profile.label_sets.intern(&[
            Label { key: thread, value: LabelValue::Text(name) },
            Label { key: task, value: LabelValue::Number(number, StringId::EMPTY) },
        ]);
        let stack = profile.stacks.intern(&[frame]);
        profile.samples.push(Sample { stack, labels, values: &values, timestamp_ns, ..Sample::default() });
    }
    profile
}

#[test]
fn samples_that_differ_in_unwanted_labels_only_become_one_row() {
    let profile =
        profile(&[(1, "a", 1, [5, 0]), (1, "a", 2, [6, 1]), (1, "b", 3, [7, 0]), (2, "a", 4, [8, 0])]);
    let rows = aggregate(&profile, |key| key == "thread", 100);
    assert_eq!(rows.len(), 3);
    assert_eq!(rows.stacks, [StackId(1), StackId(1), StackId(2)]);
    let threads: Vec<&str> = rows
        .labels
        .iter()
        .map(|&set| match rows.label_sets.get(set) {
            [Label { value: LabelValue::Text(text), .. }] => profile.strings.get(*text),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(threads, ["a", "b", "a"]);
    assert_eq!(rows.columns[0].value_type.name, "cpu-time");
    assert_eq!(rows.columns[0].sums, [11_000, 7_000, 8_000]);
    assert_eq!(rows.columns[0].counts, [2, 1, 1]);
    assert_eq!(rows.columns[1].sums, [1, 0, 0]);
    assert_eq!(rows.columns[1].counts, [1, 0, 0]);
    assert!(rows.dropped.is_empty());
}

#[test]
fn a_key_with_too_many_values_is_left_out_and_reported() {
    let profile = profile(&[(1, "a", 1, [5, 0]), (1, "a", 2, [6, 1]), (1, "a", 3, [7, 0])]);
    let rows = aggregate(&profile, |_| true, 2);
    assert_eq!(rows.len(), 1);
    let dropped: Vec<(&str, usize)> =
        rows.dropped.iter().map(|key| (key.key.as_str(), key.distinct)).collect();
    assert_eq!(dropped, [("task id", 3)]);
    assert_eq!(aggregate(&profile, |_| true, 3).len(), 3);
}

#[test]
fn rows_add_up_to_the_samples() {
    let mut random = sequence(7);
    let mut number = |below| i64::try_from(random(below)).unwrap();
    let threads = ["a", "b", "c"];
    let rows: Vec<(u32, &str, i64, [i64; 2])> = (0..500)
        .map(|_| {
            let stack = u32::try_from(number(9)).unwrap();
            (stack, threads[usize::try_from(number(3)).unwrap()], number(400), [number(100), number(3)])
        })
        .collect();
    let profile = profile(&rows);
    let aggregated = aggregate(&profile, |key| key != "task id", 100);
    let mut expected: BTreeMap<(StackId, LabelSetId), ()> = BTreeMap::new();
    for (&stack, &set) in aggregated.stacks.iter().zip(&aggregated.labels) {
        assert_eq!(expected.insert((stack, set), ()), None, "every row is there once");
    }
    assert_eq!(aggregated.len(), 27);
    for (index, scale) in [(0, 1000), (1, 1)] {
        let column = &aggregated.columns[index];
        assert_eq!(column.sums.iter().sum::<i64>(), profile.samples.total(index) * scale);
        let counted = profile.samples.values[index].iter().filter(|&&value| value != 0).count();
        assert_eq!(column.counts.iter().sum::<u32>() as usize, counted);
    }
}
