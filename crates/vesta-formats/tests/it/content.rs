//! Profiles as text, to compare them.

use std::fmt::Write;
use vesta_profile::{LabelValue, Profile, StringId};

/// The content of a profile as text, one line per sample, without the ids that differ between equal profiles.
pub(crate) fn content(profile: &Profile) -> String {
    let text = |id: StringId| profile.strings.get(id);
    let frames: Vec<String> = (profile.frames.as_slice().iter())
        .map(|frame| {
            let vesta_profile::Frame { line, start_line, address, inlined, .. } = frame;
            let texts =
                [frame.function, frame.system_name, frame.file, frame.module, frame.build_id].map(text);
            format!("{texts:?}:{line}:{start_line}:{address:x}:{inlined}")
        })
        .collect();
    let stacks: Vec<String> = (profile.stacks.iter())
        .map(|stack| stack.iter().map(|frame| &*frames[frame.index()]).collect::<Vec<_>>().join(";"))
        .collect();
    let Profile { value_types, start_ns, duration_ns, period, comments, samples, .. } = profile;
    let mut output = format!("{value_types:?} {start_ns} {duration_ns} {period:?} {comments:?}\n");
    for row in 0..samples.len() {
        let values: Vec<i64> = samples.values.iter().map(|column| column[row]).collect();
        write!(output, "{} {values:?}", stacks[samples.stacks[row].index()]).unwrap();
        for label in profile.label_sets.get(samples.labels[row]) {
            match label.value {
                LabelValue::Text(value) => {
                    write!(output, " {:?}={:?}", text(label.key), text(value)).unwrap();
                }
                LabelValue::Number(number, unit) => {
                    write!(output, " {:?}={number}{}", text(label.key), text(unit)).unwrap();
                }
            }
        }
        let trace_id = samples.trace_ids.get(row).copied().unwrap_or_default();
        writeln!(
            output,
            " at {:?} span {:?} root {:?} trace {:?}",
            samples.timestamps_ns.get(row).unwrap_or(&0),
            samples.span_ids.get(row).unwrap_or(&0),
            samples.local_root_span_ids.get(row).unwrap_or(&0),
            text(trace_id)
        )
        .unwrap();
    }
    output
}
