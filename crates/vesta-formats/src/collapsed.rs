//! Collapsed stacks, the text that flame graph tools pass around: `main;parse;read 12` per line, root first.

use crate::decoded::Problems;
use crate::naming::frame_name;
use crate::{Decoded, Limits};
use std::borrow::Cow;
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
    let mut stacks = Stacks::new(limits);
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"#") {
            continue;
        }
        let at = || format!("line {number}");
        let text = stacks.text(line, at);
        match split(&text) {
            Some((names, value)) => stacks.add(names, value, at)?,
            None => stacks.problems.note("a line is not a stack with a number after it", at),
        }
    }
    stacks.finish()
}

/// Stacks on their way into a profile of `samples`/`count`, one sample each, within bounds.
pub(crate) struct Stacks<'a> {
    profile: Profile,
    pub(crate) problems: Problems,
    limits: &'a Limits,
    stack: Vec<FrameId>,
    memory: usize,
}

impl<'a> Stacks<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Stacks {
            profile: Profile::new(vec![ValueType::new("samples", "count")]),
            problems: Problems::default(),
            limits,
            stack: Vec::new(),
            memory: 0,
        }
    }

    /// Bytes as text, with a problem if they are not.
    pub(crate) fn text<'b>(&mut self, bytes: &'b [u8], at: impl FnOnce() -> String) -> Cow<'b, str> {
        let text = String::from_utf8_lossy(bytes);
        if matches!(text, Cow::Owned(_)) {
            self.problems.note("a line is not UTF-8", at);
        }
        text
    }

    /// Adds a sample whose frames `names` has, root first, separated by `;`.
    pub(crate) fn add(
        &mut self,
        names: &str,
        value: i64,
        at: impl FnOnce() -> String,
    ) -> Result<(), CollapsedError> {
        let profile = &mut self.profile;
        if profile.samples.len() >= self.limits.max_samples {
            return Err(CollapsedError::TooManySamples { limit: self.limits.max_samples });
        }
        let strings = profile.strings.heap_size();
        let frames = profile.frames.len();
        if !read_stack(profile, names, self.limits, &mut self.stack) {
            self.problems.note("a stack is too deep, its root end is cut off", at);
        }
        let known = profile.stacks.len();
        let id = profile.stacks.intern(&self.stack);
        self.memory += SAMPLE_BYTES
            + (profile.strings.heap_size() - strings)
            + (profile.frames.len() - frames) * FRAME_BYTES
            + (profile.stacks.len() - known) * self.stack.len() * size_of::<FrameId>();
        if self.memory > self.limits.max_memory {
            return Err(CollapsedError::TooMuchMemory { limit: self.limits.max_memory });
        }
        profile.samples.push(Sample { stack: id, values: &[value], ..Sample::default() });
        Ok(())
    }

    /// The profile, if there is anything in it.
    pub(crate) fn finish(self) -> Result<Decoded, CollapsedError> {
        if self.profile.samples.is_empty() {
            return Err(CollapsedError::NoSamples);
        }
        Ok(Decoded { profile: self.profile, problems: self.problems.into_vec() })
    }
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
    let names: Vec<String> = frames.iter().rev().map(|id| quoted(&frame_name(profile, *id))).collect();
    names.join(";")
}

fn quoted(name: &str) -> String {
    name.trim_ascii().replace(';', ":").replace(['\n', '\r'], " ")
}
