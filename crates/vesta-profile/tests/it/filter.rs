use vesta_profile::{
    Frame, FrameFilter, Label, LabelFilter, LabelMatch, LabelValue, Profile, Sample, Selection, StringId,
    ValueType,
};

/// Three samples: worker 1 in `main;read`, worker 2 in `main;write`, and one without labels or stack.
fn profile() -> Profile {
    let mut profile = Profile::new(vec![ValueType::new("cpu", "nanoseconds")]);
    let [thread, number] = ["thread", "number"].map(|text| profile.strings.intern(text));
    for (value, function) in [(1, "read"), (2, "write")] {
        let worker = profile.strings.intern(&format!("worker-{value}"));
        let labels = profile.label_sets.intern(&[
            Label { key: thread, value: LabelValue::Text(worker) },
            Label { key: number, value: LabelValue::Number(value, StringId::EMPTY) },
        ]);
        let frames = [function, "main"].map(|name| {
            let function = profile.strings.intern(name);
            profile.frames.intern(Frame { function, ..Frame::default() })
        });
        let stack = profile.stacks.intern(&frames);
        profile.samples.push(Sample {
            stack,
            labels,
            values: &[value],
            timestamp_ns: value,
            ..Sample::default()
        });
    }
    profile.samples.push(Sample { values: &[3], ..Sample::default() });
    profile
}

#[track_caller]
fn check(labels: &[LabelFilter], frames: &[FrameFilter], expected: &[i64]) {
    let profile = profile();
    let selection = Selection::new(&profile, labels, frames);
    let selected = profile.samples.select(&selection);
    assert_eq!(selected.values[0], expected);
    assert_eq!(selected.len(), expected.len());
}

fn label(key: &str, value: LabelMatch, negated: bool) -> LabelFilter {
    LabelFilter { key: key.to_owned(), value, negated }
}

fn frame(function: &str, negated: bool) -> FrameFilter {
    FrameFilter { function: function.to_owned(), negated }
}

#[test]
fn no_filter_selects_everything() {
    check(&[], &[], &[1, 2, 3]);
}

#[test]
fn labels_are_compared_as_text_and_as_numbers() {
    let text = |text: &str| LabelMatch::Text(text.to_owned());
    check(&[label("thread", text("worker-2"), false)], &[], &[2]);
    check(&[label("number", text("1"), false)], &[], &[1]);
    check(&[label("number", LabelMatch::Number(2), false)], &[], &[2]);
    check(&[label("thread", text("worker-9"), false)], &[], &[]);
    check(&[label("worker-1", text("thread"), false)], &[], &[]);
    check(&[label("thread", text(""), false)], &[], &[3]);
    check(&[label("thread", text(""), true)], &[], &[1, 2]);
}

#[test]
fn a_negated_filter_selects_the_rest_with_and_without_the_label() {
    check(&[label("thread", LabelMatch::Text("worker-1".to_owned()), true)], &[], &[2, 3]);
}

#[test]
fn all_filters_have_to_pass() {
    let not_first = label("number", LabelMatch::Number(1), true);
    check(&[not_first.clone(), label("number", LabelMatch::Number(2), true)], &[], &[3]);
    check(&[not_first], &[frame("main", false)], &[2]);
}

#[test]
fn frames_are_found_anywhere_on_the_stack() {
    check(&[], &[frame("main", false)], &[1, 2]);
    check(&[], &[frame("read", true)], &[2, 3]);
    check(&[], &[frame("nowhere", false)], &[]);
    check(&[], &[frame("nowhere", true)], &[1, 2, 3]);
}

#[test]
fn selected_samples_keep_what_is_on_them() {
    let profile = profile();
    let selected = profile.samples.select(&Selection { rows: vec![1, 2, 99] });
    assert_eq!(selected.timestamps_ns, [2, 0]);
    assert_eq!(selected.stacks, profile.samples.stacks[1..]);
    assert_eq!(selected.labels, profile.samples.labels[1..]);
}
