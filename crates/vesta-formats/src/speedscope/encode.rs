//! Writing.

use super::EXPORTER;
use crate::details::{THREAD_IDS, THREAD_NAMES};
use crate::json::write_text;
use crate::naming::frame_name;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::fmt::Write;
use vesta_profile::{FrameId, LabelSetId, LabelValue, Profile, StackId, Unit, ValueType};

/// Frames by their position in the file.
#[derive(Default)]
struct Frames {
    order: Vec<FrameId>,
    index: HashMap<FrameId, usize, FixedState>,
    /// Stacks as they are written: most of them are those of many samples.
    stacks: HashMap<StackId, String, FixedState>,
}

/// A stack with a value.
type Row = (StackId, i64);

/// Writes all value types of a profile.
pub fn encode(profile: &Profile) -> Vec<u8> {
    let mut frames = Frames::default();
    let mut profiles = Vec::new();
    for (value_type, values) in profile.value_types.iter().zip(&profile.samples.values) {
        for (thread, rows) in rows(profile, values) {
            profiles.push(one(profile, value_type, &thread, &rows, &mut frames));
        }
    }
    let mut output = String::from("{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\",");
    let _ = write!(output, "\"exporter\":\"{EXPORTER}\",\"activeProfileIndex\":0,\"shared\":{{\"frames\":[");
    for (index, &id) in frames.order.iter().enumerate() {
        output.push_str(if index == 0 { "" } else { "," });
        write_frame(&mut output, profile, id);
    }
    let _ = writeln!(output, "]}},\"profiles\":[{}]}}", profiles.join(","));
    output.into_bytes()
}

/// The samples of each thread in the order of their times; or, if they have none, each stack once, for no thread.
fn rows(profile: &Profile, values: &[i64]) -> BTreeMap<String, Vec<Row>> {
    let samples = &profile.samples;
    let times = &samples.timestamps_ns;
    let mut threads: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    if times.iter().all(|&time| time <= 0) {
        let mut sums = vec![0_i64; profile.stacks.len()];
        for (stack, &value) in samples.stacks.iter().zip(values) {
            if let Some(sum) = sums.get_mut(stack.index()) {
                *sum = sum.saturating_add(value);
            }
        }
        let rows: Vec<Row> = (0_u32..).map(StackId).zip(sums).filter(|(_, sum)| *sum != 0).collect();
        if !rows.is_empty() {
            threads.insert(String::new(), rows);
        }
        return threads;
    }
    let names: Vec<String> = profile.label_sets.iter().map(|set| thread_name(profile, set)).collect();
    let mut order: Vec<usize> = (0..samples.len()).filter(|&row| values.get(row) != Some(&0)).collect();
    order.sort_by_key(|&row| times.get(row).copied().unwrap_or(0));
    for row in order {
        let (Some(&stack), Some(&value)) = (samples.stacks.get(row), values.get(row)) else { continue };
        let set = samples.labels.get(row).copied().unwrap_or(LabelSetId::EMPTY);
        let name = names.get(set.index()).map_or("unnamed", String::as_str);
        match threads.get_mut(name) {
            Some(rows) => rows.push((stack, value)),
            None => {
                threads.insert(name.to_owned(), vec![(stack, value)]);
            }
        }
    }
    threads
}

/// The name of the thread, else its id.
fn thread_name(profile: &Profile, set: &[vesta_profile::Label]) -> String {
    let find = |keys: [&str; 2]| {
        let label = set.iter().find(|label| keys.contains(&profile.strings.get(label.key)))?;
        Some(match label.value {
            LabelValue::Text(text) => profile.strings.get(text).to_owned(),
            LabelValue::Number(number, _) => number.to_string(),
        })
    };
    let name = find(THREAD_NAMES).filter(|name| !name.is_empty());
    name.or_else(|| find(THREAD_IDS)).unwrap_or_else(|| "unnamed".to_owned())
}

fn one(profile: &Profile, value_type: &ValueType, thread: &str, rows: &[Row], frames: &mut Frames) -> String {
    let canonical = value_type.canonical();
    let unit = match canonical.unit {
        Unit::Nanoseconds => "nanoseconds",
        Unit::Bytes => "bytes",
        Unit::Count | Unit::Other(_) => "none",
    };
    let name = match thread {
        "" => canonical.name.to_string(),
        thread => format!("{} (thread {thread})", canonical.name),
    };
    let total: i128 = rows.iter().map(|(_, value)| i128::from(canonical.scaled(*value))).sum();
    let mut output = String::from("{\"type\":\"sampled\",\"name\":");
    write_text(&mut output, &name);
    let _ = write!(output, ",\"unit\":\"{unit}\",\"startValue\":0,\"endValue\":{total},\"samples\":[");
    for (index, (stack, _)) in rows.iter().enumerate() {
        output.push_str(if index == 0 { "[" } else { ",[" });
        output.push_str(frames.stack(profile, *stack));
        output.push(']');
    }
    output.push_str("],\"weights\":[");
    for (index, (_, value)) in rows.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(output, "{comma}{}", canonical.scaled(*value));
    }
    output.push_str("]}");
    output
}

fn write_frame(output: &mut String, profile: &Profile, id: FrameId) {
    let frame = profile.frames.get(id);
    output.push_str("{\"name\":");
    write_text(output, &frame_name(profile, id));
    let file = profile.strings.get(frame.file);
    if !file.is_empty() {
        output.push_str(",\"file\":");
        write_text(output, file);
    }
    if frame.line > 0 {
        let _ = write!(output, ",\"line\":{}", frame.line);
    }
    output.push('}');
}

impl Frames {
    /// The positions of the frames of a stack, root first.
    fn stack(&mut self, profile: &Profile, stack: StackId) -> &str {
        if !self.stacks.contains_key(&stack) {
            let mut text = String::new();
            for (depth, &frame) in profile.stacks.get(stack).iter().rev().enumerate() {
                let comma = if depth == 0 { "" } else { "," };
                let _ = write!(text, "{comma}{}", self.position(frame));
            }
            self.stacks.insert(stack, text);
        }
        self.stacks.get(&stack).map_or("", String::as_str)
    }

    fn position(&mut self, frame: FrameId) -> usize {
        let order = &mut self.order;
        *self.index.entry(frame).or_insert_with(|| {
            order.push(frame);
            order.len() - 1
        })
    }
}
