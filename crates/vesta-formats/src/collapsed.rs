//! Collapsed stacks, the text that flame graph tools pass around: `main;parse;read 12` per line, root first.

use crate::decoded::Problems;
use crate::{Decoded, Limits};
use std::collections::BTreeMap;
use vesta_profile::{Frame, FrameId, Profile, Sample, StackId, StringTable, ValueType};

/// Why text could not be read as collapsed stacks at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollapsedError {
    /// The file is larger than allowed.
    #[error("{size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// The file has more samples than allowed.
    #[error("more than the {limit} samples allowed")]
    TooManySamples {
        /// The most that is allowed.
        limit: usize,
    },
    /// The profile would take more memory than allowed.
    #[error("would take more than the {limit} bytes of memory allowed")]
    TooMuchMemory {
        /// The most that is allowed.
        limit: usize,
    },
    /// No line is a stack with a number.
    #[error("no line is a stack with a number after it")]
    NoSamples,
}

/// The frame that stands for a stack which the profiler could not take.
const NO_STACK: &str = "[no stack]";

/// What a new frame takes, besides its name: itself, its entry in the index, and its name's.
const FRAME_BYTES: usize = size_of::<Frame>() + 32;
/// What a new line takes, besides its frames: the sample with one value, and the stack's entry in the index.
const SAMPLE_BYTES: usize = 64;

/// Reads collapsed stacks, as a profile of `samples`/`count`, one sample per line.
///
/// The number is what follows the last blank of a line, so names may have blanks. Empty lines and lines that start
/// with `#` are skipped. Lines that are not a stack with a number become problems.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, CollapsedError> {
    if bytes.len() > limits.max_bytes {
        return Err(CollapsedError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
    }
    let mut profile = Profile::new(vec![ValueType::new("samples", "count")]);
    let mut problems = Problems::default();
    let mut stack = Vec::new();
    let mut memory = 0;
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let text = String::from_utf8_lossy(line);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            problems.note("a line is not UTF-8", || format!("line {number}"));
        }
        let Some((names, value)) = split(&text) else {
            problems.note("a line is not a stack with a number after it", || format!("line {number}"));
            continue;
        };
        if profile.samples.len() >= limits.max_samples {
            return Err(CollapsedError::TooManySamples { limit: limits.max_samples });
        }
        let strings = profile.strings.heap_size();
        let frames = profile.frames.len();
        if !read_stack(&mut profile, names, limits, &mut stack) {
            let what = "a stack is too deep, its root end is cut off";
            problems.note(what, || format!("line {number}"));
        }
        let known = profile.stacks.len();
        let id = profile.stacks.intern(&stack);
        memory += SAMPLE_BYTES
            + (profile.strings.heap_size() - strings)
            + (profile.frames.len() - frames) * FRAME_BYTES
            + (profile.stacks.len() - known) * stack.len() * size_of::<FrameId>();
        if memory > limits.max_memory {
            return Err(CollapsedError::TooMuchMemory { limit: limits.max_memory });
        }
        profile.samples.push(Sample { stack: id, values: &[value], ..Sample::default() });
    }
    if profile.samples.is_empty() {
        return Err(CollapsedError::NoSamples);
    }
    Ok(Decoded { profile, problems: problems.into_vec() })
}

/// Whether most of the first lines that say something are collapsed stacks.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 16 << 10;
    let head = bytes.get(..ENOUGH).unwrap_or(bytes);
    // The last line of a longer file may be cut off, so it does not count.
    let head = match head.iter().rposition(|byte| *byte == b'\n') {
        Some(end) if bytes.len() > ENOUGH => &head[..end],
        _ => head,
    };
    let lines = head
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    let (mut good, mut bad) = (0, 0);
    for line in lines.take(32) {
        match std::str::from_utf8(line).ok().and_then(split) {
            Some(_) => good += 1,
            None => bad += 1,
        }
    }
    good > bad
}

/// Writes one value type of a profile as collapsed stacks, one line per stack, sorted; empty if there is no such
/// value type. Samples without a stack are under `[no stack]`, frames without a name under their address or file.
/// Of names, `;` becomes `:` and line ends become blanks, for the format has no way to quote them.
pub fn encode(profile: &Profile, value_type: usize) -> String {
    let Some(values) = profile.samples.values.get(value_type) else { return String::new() };
    let mut by_stack = vec![0_i128; profile.stacks.len()];
    for (stack, value) in profile.samples.stacks.iter().zip(values) {
        if let Some(sum) = by_stack.get_mut(stack.index()) {
            *sum += i128::from(*value);
        }
    }
    // Stacks that differ only in lines or modules have one text.
    let mut lines: BTreeMap<String, i128> = BTreeMap::new();
    for (id, sum) in (0_u32..).map(StackId).zip(by_stack) {
        if sum != 0 {
            *lines.entry(stack_text(profile, id)).or_default() += sum;
        }
    }
    let mut output = String::new();
    for (stack, sum) in lines {
        output.push_str(&stack);
        output.push(' ');
        output.push_str(&sum.to_string());
        output.push('\n');
    }
    output
}

/// The stack and the number of a line.
fn split(line: &str) -> Option<(&str, i64)> {
    let (names, number) = line.rsplit_once([' ', '\t'])?;
    let names = names.trim_ascii_end();
    let value = number.parse().ok()?;
    (!names.is_empty()).then_some((names, value))
}

/// Reads names, root first, into `stack`, leaf first. False if it had to be cut.
fn read_stack(profile: &mut Profile, names: &str, limits: &Limits, stack: &mut Vec<FrameId>) -> bool {
    stack.clear();
    if names == NO_STACK {
        return true;
    }
    let mut frame = |name: &str, strings: &mut StringTable| {
        let function = strings.intern(name.trim_ascii());
        profile.frames.intern(Frame { function, ..Frame::default() })
    };
    for name in names.rsplit(';').filter(|name| !name.trim_ascii().is_empty()) {
        if stack.len() == limits.max_stack_depth {
            stack.pop();
            stack.push(frame("[truncated stack]", &mut profile.strings));
            return false;
        }
        stack.push(frame(name, &mut profile.strings));
    }
    true
}

fn stack_text(profile: &Profile, stack: StackId) -> String {
    let frames = profile.stacks.get(stack);
    if frames.is_empty() {
        return NO_STACK.to_owned();
    }
    let names: Vec<String> = frames.iter().rev().map(|id| name_of(profile, *id)).collect();
    names.join(";")
}

fn name_of(profile: &Profile, id: FrameId) -> String {
    let frame = profile.frames.get(id);
    let text = |id| profile.strings.get(id);
    let name = match (text(frame.function), text(frame.module), text(frame.file)) {
        ("", "", "") if frame.address == 0 => "[unknown]".to_owned(),
        ("", "", "") => format!("{:#x}", frame.address),
        ("", "", file) => file.to_owned(),
        ("", module, _) => format!("{module}+{:#x}", frame.address),
        (function, ..) => function.to_owned(),
    };
    name.trim_ascii().replace(';', ":").replace(['\n', '\r'], " ")
}
