//! Readings of counters that only grow.

use vesta_profile::{Counters, Frame, Label, LabelValue, Profile, Reading, Sample, Since, ValueType};

/// Two counters and what is in use: stacks of one frame each.
fn reading(rows: &[(&str, [i64; 3])]) -> Profile {
    let mut profile = Profile::new(vec![
        ValueType::new("alloc_objects", "count"),
        ValueType::new("alloc_space", "bytes"),
        ValueType::new("inuse_space", "bytes"),
    ]);
    for (name, values) in rows {
        let function = profile.strings.intern(name);
        let frame = profile.frames.intern(Frame { function, ..Frame::default() });
        let stack = profile.stacks.intern(&[frame]);
        profile.samples.push(Sample { stack, values, ..Sample::default() });
    }
    profile
}

fn read(counters: &mut Counters, rows: &[(&str, [i64; 3])]) -> Reading {
    counters.read(&reading(rows), |value_type| value_type.name.starts_with("alloc"))
}

fn rows(reading: &Reading) -> Vec<(String, Vec<i64>)> {
    let profile = &reading.profile;
    (0..profile.samples.len())
        .map(|row| {
            let frame = profile.stacks.get(profile.samples.stacks[row])[0];
            let name = profile.strings.get(profile.frames.get(frame).function).to_owned();
            (name, profile.samples.values.iter().map(|column| column[row]).collect())
        })
        .collect()
}

fn row(name: &str, values: [i64; 3]) -> (String, Vec<i64>) {
    (name.to_owned(), values.to_vec())
}

#[test]
fn counters_become_what_was_added_and_other_columns_stay() {
    let mut counters = Counters::new();
    let first = read(&mut counters, &[("a", [10, 1000, 400]), ("b", [1, 50, 0])]);
    assert_eq!((first.since, rows(&first).len()), (Since::Start, 2));

    let second = read(&mut counters, &[("b", [1, 50, 0]), ("a", [12, 1300, 350]), ("c", [5, 5, 5])]);
    assert_eq!(second.since, Since::LastReading);
    assert_eq!(rows(&second), [row("a", [2, 300, 350]), row("c", [5, 5, 5])]);

    let third = read(&mut counters, &[("b", [1, 50, 0]), ("a", [12, 1300, 340]), ("c", [5, 5, 0])]);
    assert_eq!(rows(&third), [row("a", [0, 0, 340])]);
}

#[test]
fn rows_of_one_stack_are_one_row() {
    let mut counters = Counters::new();
    read(&mut counters, &[("a", [1, 10, 1]), ("a", [2, 20, 2])]);
    let second = read(&mut counters, &[("a", [2, 20, 2]), ("a", [3, 30, 3])]);
    assert_eq!(rows(&second), [row("a", [2, 20, 5])]);
}

#[test]
fn smaller_counters_mean_that_another_process_answers() {
    let mut counters = Counters::new();
    read(&mut counters, &[("a", [10, 1000, 400]), ("b", [10, 1000, 0])]);
    // More in all, but what `b` had counted is gone.
    let after = read(&mut counters, &[("a", [90, 9000, 100])]);
    assert_eq!((after.since, rows(&after)), (Since::Restart, vec![row("a", [90, 9000, 100])]));
    let next = read(&mut counters, &[("a", [91, 9100, 100])]);
    assert_eq!((next.since, rows(&next)), (Since::LastReading, vec![row("a", [1, 100, 100])]));
}

#[test]
fn a_counter_that_is_smaller_by_its_rounding_is_no_restart_and_counts_nothing() {
    let mut counters = Counters::new();
    read(&mut counters, &[("a", [1000, 100_000, 0]), ("b", [500, 50_000, 0])]);
    let next = read(&mut counters, &[("a", [1010, 101_000, 0]), ("b", [500, 49_999, 0])]);
    assert_eq!((next.since, rows(&next)), (Since::LastReading, vec![row("a", [10, 1_000, 0])]));
}

#[test]
fn other_value_types_are_another_process() {
    let mut counters = Counters::new();
    read(&mut counters, &[("a", [10, 1000, 400])]);
    let mut other = reading(&[("a", [10, 1000, 400])]);
    other.value_types.swap(0, 1);
    let after = counters.read(&other, |value_type| value_type.name.starts_with("alloc"));
    assert_eq!(after.since, Since::Restart);
}

#[test]
fn samples_of_one_stack_with_different_labels_are_counted_apart() {
    let labelled = |values: [(&str, i64); 2]| {
        let mut profile = Profile::new(vec![ValueType::new("delay", "nanoseconds")]);
        for (text, value) in values {
            let key = profile.strings.intern("route");
            let text = LabelValue::Text(profile.strings.intern(text));
            let labels = profile.label_sets.intern(&[Label { key, value: text }]);
            profile.samples.push(Sample { labels, values: &[value], ..Sample::default() });
        }
        profile
    };
    let mut counters = Counters::new();
    counters.read(&labelled([("/a", 5), ("/b", 7)]), |_| true);
    let next = counters.read(&labelled([("/b", 9), ("/a", 6)]), |_| true);
    assert_eq!((next.since, next.profile.samples.values), (Since::LastReading, vec![vec![2, 1]]));
}
