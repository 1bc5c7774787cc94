//! A minute of a Python service: many samples that differ in time and task, on few stacks and threads.

use vesta_profile::{Frame, Label, LabelValue, Profile, Sample, StringId, ValueType};

pub(crate) fn profile() -> Profile {
    let types = (0..19).map(|index| ValueType::new(format!("type-{index}"), "count")).collect();
    let mut profile = Profile::new(types);
    let [thread, task] = ["thread name", "task id"].map(|text| profile.strings.intern(text));
    let stacks: Vec<_> = (0..191)
        .map(|index| {
            let function = profile.strings.intern(&format!("function_{index}"));
            let frame = profile.frames.intern(Frame { function, ..Frame::default() });
            profile.stacks.intern(&[frame])
        })
        .collect();
    let threads: Vec<StringId> =
        (0..20).map(|index| profile.strings.intern(&format!("worker-{index}"))).collect();
    for index in 0..45_643usize {
        let random = (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let labels = profile.label_sets.intern(&[
            Label { key: thread, value: LabelValue::Text(threads[random as usize % threads.len()]) },
            Label { key: task, value: LabelValue::Number(index as i64 / 20, StringId::EMPTY) },
        ]);
        // A sample is of one kind: it has a value and a count, and nothing for the other types.
        let mut values = [0; 19];
        let kind = (random >> 8) as usize % 9;
        (values[kind * 2], values[kind * 2 + 1]) = (10_000_000, 1);
        profile.samples.push(Sample {
            stack: stacks[(random >> 12) as usize % stacks.len()],
            values: &values,
            labels,
            timestamp_ns: 1_700_000_000_000_000_000 + index as i64,
            ..Sample::default()
        });
    }
    profile
}
