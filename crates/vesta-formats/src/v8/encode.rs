//! CPU profiles of V8, written from any profile of times.

use crate::format::{EncodeError, Format};
use crate::json::write_text;
use crate::naming::frame_name;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::fmt::Write;
use vesta_profile::{Frame, Profile, StackId, Unit};

/// A node: the function that runs, below its callers.
struct Node {
    frame: Frame,
    name: String,
    children: Vec<u32>,
    hits: u64,
}

/// Nodes by what tells them apart.
#[derive(Default)]
struct Tree {
    nodes: Vec<Node>,
    index: HashMap<(u32, String, Frame), u32, FixedState>,
    by_stack: HashMap<StackId, u32, FixedState>,
}

/// Writes one value type of a profile, which must be a time, as a CPU profile of V8.
///
/// The format has one row of samples, each of which lasts until the next: samples come in the order of their times if
/// they have any, and one after the other whatever thread they are of. Times stay exact, below a microsecond as a
/// fraction. Other value types, labels, modules and addresses are not in the file; lines are those at which functions
/// start, where they are known.
pub fn encode_cpu(profile: &Profile, value_type: usize) -> Result<Vec<u8>, EncodeError> {
    let no_such = EncodeError::NoValueType { index: value_type };
    let Some(canonical) = profile.value_types.get(value_type).map(vesta_profile::ValueType::canonical) else {
        return Err(no_such);
    };
    if canonical.unit != Unit::Nanoseconds {
        return Err(EncodeError::OtherValueType {
            format: Format::V8CpuProfile,
            holds: "times",
            value_type: canonical.name.into_owned(),
        });
    }
    let values = profile.samples.values.get(value_type).map(Vec::as_slice).unwrap_or_default();
    if values.iter().any(|&value| value < 0) {
        return Err(EncodeError::Negative { format: Format::V8CpuProfile });
    }
    let rows = in_order(profile, values);
    let mut tree = Tree::new();
    let mut nodes = Vec::with_capacity(rows.len());
    for &(stack, value) in &rows {
        nodes.push((tree.hit(profile, stack), i128::from(canonical.scaled(value))));
    }
    Ok(write(profile, &tree, &nodes).into_bytes())
}

/// Stacks with their values: one by one in the order of their times, or each once.
fn in_order(profile: &Profile, values: &[i64]) -> Vec<(StackId, i64)> {
    let samples = profile.samples.stacks.iter().copied().zip(values.iter().copied());
    let times = &profile.samples.timestamps_ns;
    if !times.is_empty() {
        let mut rows: Vec<_> = samples.zip(times).filter(|((_, value), _)| *value != 0).collect();
        rows.sort_by_key(|(_, time)| **time);
        return rows.into_iter().map(|(row, _)| row).collect();
    }
    let mut sums = vec![0_i64; profile.stacks.len()];
    for (stack, value) in samples {
        if let Some(sum) = sums.get_mut(stack.index()) {
            *sum = sum.saturating_add(value);
        }
    }
    (0_u32..).map(StackId).zip(sums).filter(|(_, sum)| *sum != 0).collect()
}

impl Tree {
    fn new() -> Self {
        let root = Node { frame: Frame::default(), name: "(root)".to_owned(), children: Vec::new(), hits: 0 };
        Tree { nodes: vec![root], ..Tree::default() }
    }

    /// The node of a stack, which was hit once more.
    fn hit(&mut self, profile: &Profile, stack: StackId) -> u32 {
        let node = match self.by_stack.get(&stack) {
            Some(known) => *known,
            None => {
                let node = self.add(profile, stack);
                self.by_stack.insert(stack, node);
                node
            }
        };
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.hits += 1;
        }
        node
    }

    fn add(&mut self, profile: &Profile, stack: StackId) -> u32 {
        let frames = profile.stacks.get(stack);
        if frames.is_empty() {
            return self.child(0, "[no stack]".to_owned(), Frame::default());
        }
        frames.iter().rev().fold(0, |parent, id| {
            let frame = profile.frames.get(*id);
            let line = if frame.start_line > 0 { frame.start_line } else { frame.line };
            let kept = Frame { file: frame.file, line, ..Frame::default() };
            self.child(parent, frame_name(profile, *id), kept)
        })
    }

    fn child(&mut self, parent: u32, name: String, frame: Frame) -> u32 {
        let key = (parent, name, frame);
        if let Some(known) = self.index.get(&key) {
            return *known;
        }
        let id = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(Node { frame, name: key.1.clone(), children: Vec::new(), hits: 0 });
        if let Some(parent) = self.nodes.get_mut(parent as usize) {
            parent.children.push(id);
        }
        self.index.insert(key, id);
        id
    }
}

/// Ids are positions from 1 on: 0 is no node for some readers.
fn write(profile: &Profile, tree: &Tree, samples: &[(u32, i128)]) -> String {
    let mut output = String::from("{\"nodes\":[");
    for (index, node) in tree.nodes.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(output, "{comma}{{\"id\":{},\"callFrame\":{{\"functionName\":", index + 1);
        write_text(&mut output, &node.name);
        output.push_str(",\"scriptId\":\"0\",\"url\":");
        write_text(&mut output, profile.strings.get(node.frame.file));
        let line = i64::from(node.frame.line) - 1;
        let _ = write!(output, ",\"lineNumber\":{line},\"columnNumber\":-1}},\"hitCount\":{}", node.hits);
        let children: Vec<String> = node.children.iter().map(|child| (child + 1).to_string()).collect();
        let _ = write!(output, ",\"children\":[{}]}}", children.join(","));
    }
    let start = i128::from(profile.start_ns.max(0));
    let sum: i128 = samples.iter().map(|(_, value)| value).sum();
    let _ = write!(output, "],\"startTime\":{},\"endTime\":{}", Micros(start), Micros(start + sum));
    let ids: Vec<String> = samples.iter().map(|(node, _)| (node + 1).to_string()).collect();
    let _ = write!(output, ",\"samples\":[{}],\"timeDeltas\":[", ids.join(","));
    // The first delta is the time up to the first sample; each one after it is how long the sample before it lasted.
    let deltas = std::iter::once(0).chain(samples.iter().map(|(_, value)| *value));
    for (index, delta) in deltas.take(samples.len()).enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(output, "{comma}{}", Micros(delta));
    }
    output.push_str("]}\n");
    output
}

/// Nanoseconds as microseconds.
struct Micros(i128);

impl std::fmt::Display for Micros {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (whole, 0) => write!(formatter, "{whole}"),
            (whole, rest) => write!(formatter, "{whole}.{rest:03}"),
        }
    }
}
