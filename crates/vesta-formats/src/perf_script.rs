//! What `perf script` prints: text, one block per sample, with a line of what was sampled and a line per frame.
//!
//! ```text
//! work app  6047/6050  [001] 15562.068152:    5025125 cpu-clock:ppp:
//!             1225 inner+0x44 (inlined)
//!             1225 heavy+0x44 (/srv/my app)
//! ```
//!
//! Which fields there are depends on what was recorded and on `-F`, so a line is read by the shapes of its fields, not
//! by their places. Names of programs have blanks and parentheses, as have names of functions and files.
//!
//! What does not map one to one onto the model:
//!
//! - Each event is a value type that adds up the periods of its samples. The first of `cpu-clock` and `task-clock`,
//!   whose periods are nanoseconds, is `cpu-time`; all others have their own names. `cpu-samples` counts the samples of
//!   events that sample where a CPU is.
//! - The number without a `/` is a thread: that is what perf prints by default.
//! - A frame without a name has its module and the address that perf prints: the one in the file if there is a stack,
//!   in memory if not.
//! - Arguments of tracepoints, registers, branches, raw bytes and offsets within functions are not kept; of the header,
//!   the command line is.

mod frames;
mod head;

use crate::builder::{Builder, LimitError};
use crate::perf_events::Events;
use crate::{Decoded, Limits};
use head::Head;
use std::borrow::Cow;
use vesta_profile::{FrameId, LabelSetId, Sample};

/// Why text could not be read as that of `perf script` at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PerfScriptError {
    /// It is more than allowed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// No line is the first of a sample.
    #[error("no line names a thread and a time or an event")]
    NoSamples,
}

/// Reads what `perf script` printed.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, PerfScriptError> {
    let mut script = Script::new(bytes, limits)?;
    for (number, line) in (1_u64..).zip(bytes.split(|byte| *byte == b'\n')) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let text = String::from_utf8_lossy(line);
        if matches!(text, Cow::Owned(_)) {
            script.builder.problems.note("a line is not UTF-8", || format!("line {number}"));
        }
        script.line(&text, number)?;
    }
    script.end_sample()?;
    if script.builder.profile.samples.is_empty() {
        return Err(PerfScriptError::NoSamples);
    }
    script.builder.profile.duration_ns = script.times.map_or(0, |(first, last)| last.saturating_sub(first));
    Ok(script.builder.finish())
}

/// Whether the first lines that say something are a sample.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    const ENOUGH: usize = 16 << 10;
    let head = bytes.get(..ENOUGH).unwrap_or(bytes);
    // The last line of a longer file may be cut off.
    let end = head.iter().rposition(|byte| *byte == b'\n').filter(|_| bytes.len() > ENOUGH);
    let head = &head[..end.unwrap_or(head.len())];
    let mut heads = 0;
    for line in head.split(|byte| *byte == b'\n').take(256) {
        let Ok(line) = std::str::from_utf8(line) else { return false };
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match Head::read(line) {
            Some(head) if head.is_certain() => heads += 1,
            // A frame, or its source, can only be below a sample.
            _ if heads > 0 && line.starts_with([' ', '\t']) => {}
            _ => return false,
        }
    }
    heads > 0
}

/// A text as it is read.
struct Script<'a> {
    builder: Builder<'a>,
    events: Events,
    /// The sample whose frames are being read.
    open: Option<Open>,
    frames: frames::Frames,
    stack: Vec<FrameId>,
    times: Option<(i64, i64)>,
    number: u64,
}

/// A sample without its stack.
struct Open {
    event: usize,
    period: i64,
    labels: LabelSetId,
    time_ns: i64,
}

impl<'a> Script<'a> {
    fn new(bytes: &[u8], limits: &'a Limits) -> Result<Self, LimitError> {
        Ok(Script {
            builder: Builder::new(bytes, limits)?,
            events: Events::default(),
            open: None,
            frames: frames::Frames::default(),
            stack: Vec::new(),
            times: None,
            number: 0,
        })
    }

    fn line(&mut self, line: &str, number: u64) -> Result<(), PerfScriptError> {
        if line.trim().is_empty() {
            return Ok(self.end_sample()?);
        }
        if let Some(comment) = line.strip_prefix('#') {
            let command = comment.trim().strip_prefix("cmdline :");
            self.builder.profile.comments.extend(command.map(|command| command.trim().to_owned()));
            return Ok(());
        }
        let is_below = self.open.is_some() && line.starts_with([' ', '\t']);
        // Commands are aligned to the right, and one that is called `bad` is not an address.
        let head = if is_below && !line.contains(": ") { None } else { Head::read(line) };
        let is_head = head.as_ref().is_some_and(Head::is_certain);
        if is_below && !is_head && self.frames.read(line, &mut self.builder)? {
            return Ok(());
        }
        match head {
            Some(head) if head.is_record => self.end_sample()?,
            Some(head) => self.begin_sample(&head, number)?,
            None => {
                let what = "a line is neither a sample nor a frame";
                self.builder.problems.note(what, || format!("line {number}"));
            }
        }
        Ok(())
    }

    fn begin_sample(&mut self, head: &Head<'_>, number: u64) -> Result<(), LimitError> {
        self.end_sample()?;
        self.number = number;
        let event = self.events.find(head.event, head.period.is_some(), &mut self.builder)?;
        let labels = self.builder.labels(&[
            ("thread name", head.command),
            ("thread id", head.tid),
            ("process id", head.pid),
            ("cpu", head.cpu),
        ])?;
        let time_ns = head.time_ns.unwrap_or(0);
        if time_ns > 0 {
            let (first, last) = self.times.unwrap_or((time_ns, time_ns));
            self.times = Some((first.min(time_ns), last.max(time_ns)));
        }
        self.open = Some(Open { event, period: head.period.unwrap_or(1), labels, time_ns });
        // Without stacks, the only frame is in the same line.
        if let Some(frame) = head.frame {
            self.frames.read(frame, &mut self.builder)?;
        }
        Ok(())
    }

    fn end_sample(&mut self) -> Result<(), LimitError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        self.frames.finish(&mut self.stack, &mut self.builder)?;
        let mut scratch = Vec::new();
        let number = self.number;
        let frames = self.stack.iter().copied();
        let stack = self.builder.stack(frames, &mut scratch, || format!("line {number}"))?;
        let mut values = vec![0; self.builder.profile.value_types.len()];
        self.events.set(open.event, open.period, &mut values);
        let Open { labels, time_ns: timestamp_ns, .. } = open;
        self.builder.sample(Sample { stack, values: &values, labels, timestamp_ns, ..Sample::default() })
    }
}
