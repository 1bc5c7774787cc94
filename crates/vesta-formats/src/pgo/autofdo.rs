//! LLVM's sample profile, as text.

use super::{CpuStacks, PgoError};
use std::collections::BTreeMap;
use std::fmt::Write;
use vesta_profile::{Frame, Profile, StringId};

/// Functions that were inlined into each other this deep are enough; what is deeper counts for the last.
const MAX_DEPTH: usize = 32;
/// The nanoseconds of a sample when only time was counted: 99 Hz.
const SAMPLE_NS: i64 = 10_000_000;

/// A sample profile for LLVM's compilers, and what it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SampleProfile {
    /// The profile in LLVM's text form: `function:total:head`, then `offset: count` and inlined functions, indented.
    pub text: String,
    /// Functions in it, those that are only inlined not among them.
    pub functions: usize,
    /// CPU samples that are in it.
    pub used: i64,
    /// CPU samples that a compiler cannot use: they have no line, or not the name that a linker uses.
    pub unused: i64,
}

/// What was sampled within a function, or within a copy of it that was inlined.
#[derive(Debug, Default)]
struct Body {
    /// Samples at each line, counted from the start of the function.
    lines: BTreeMap<u32, i64>,
    /// Copies of other functions at each line, by their names.
    inlined: BTreeMap<(u32, StringId), Body>,
    total: i64,
}

/// One function on the way from the outermost to the innermost that share an address.
struct Step {
    name: StringId,
    offset: u32,
}

/// Counts samples by function and line, with inlined functions within those that they were inlined into.
///
/// Only the line at which a sample was taken counts, as with `perf record` without branch records. Callers are left out:
/// how long a callee ran does not tell how often it was called. Discriminators are not known, so blocks on one line are
/// one; names are those that the linker sees.
pub fn autofdo(profile: &Profile) -> Result<SampleProfile, PgoError> {
    let stacks = CpuStacks::of(profile)?;
    let (sums, divisor) = match (stacks.sums(stacks.samples), stacks.sums(stacks.time)) {
        (Some(samples), _) => (samples, 1),
        (None, Some(time)) => (time, SAMPLE_NS),
        (None, None) => return Err(PgoError::NoCpu),
    };
    let mut result = SampleProfile::default();
    let mut functions: BTreeMap<StringId, Body> = BTreeMap::new();
    for (&stack, &sum) in stacks.rows.stacks.iter().zip(sums) {
        let count = if sum > 0 { (sum / divisor).max(1) } else { continue };
        let Some(steps) = steps(profile, stack) else {
            result.unused = result.unused.saturating_add(count);
            continue;
        };
        result.used = result.used.saturating_add(count);
        add(&mut functions, &steps, count);
    }
    if functions.is_empty() {
        return Err(PgoError::NoStartLines);
    }
    result.functions = functions.len();
    let mut functions: Vec<(&str, Body)> =
        functions.into_iter().map(|(name, body)| (profile.strings.get(name), body)).collect();
    functions.sort_by(|(a, first), (b, second)| second.total.cmp(&first.total).then_with(|| a.cmp(b)));
    for (name, body) in &functions {
        // Without branch records, samples of the first line are the best sign of how often a function was entered.
        let head = body.lines.get(&0).copied().unwrap_or(0);
        // Writing to a string cannot fail.
        let _ = writeln!(result.text, "{name}:{}:{head}", body.total);
        write_body(&mut result.text, profile, body, 1);
    }
    Ok(result)
}

/// The functions that share the address of the innermost frame, the outermost first. `None` when a compiler could not find
/// one of them again.
fn steps(profile: &Profile, stack: vesta_profile::StackId) -> Option<Vec<Step>> {
    let frames = profile.stacks.get(stack);
    let inlined = frames.iter().take_while(|id| profile.frames.get(**id).inlined).count();
    let here = frames.get(..=inlined)?;
    here.iter().rev().take(MAX_DEPTH).map(|id| step(profile, &profile.frames.get(*id))).collect()
}

fn step(profile: &Profile, frame: &Frame) -> Option<Step> {
    let name = if frame.system_name == StringId::EMPTY { frame.function } else { frame.system_name };
    let text = profile.strings.get(name);
    // A name for people: linkers have none with spaces, and colons end a name in this format.
    let is_for_linkers =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && c != ':' && c != '[');
    if !is_for_linkers || frame.start_line == 0 {
        return None;
    }
    // 16 bits are what LLVM keeps of it.
    let offset = frame.line.checked_sub(frame.start_line)? & 0xffff;
    Some(Step { name, offset })
}

fn add(functions: &mut BTreeMap<StringId, Body>, steps: &[Step], count: i64) {
    let Some((outermost, inner)) = steps.split_first() else { return };
    let mut body = functions.entry(outermost.name).or_default();
    let mut offset = outermost.offset;
    body.total = body.total.saturating_add(count);
    for step in inner {
        body = body.inlined.entry((offset, step.name)).or_default();
        body.total = body.total.saturating_add(count);
        offset = step.offset;
    }
    let line = body.lines.entry(offset).or_default();
    *line = line.saturating_add(count);
}

/// Writes lines and inlined functions in the order of lines. Not deeper than [`MAX_DEPTH`].
fn write_body(text: &mut String, profile: &Profile, body: &Body, depth: usize) {
    for (offset, count) in &body.lines {
        let _ = writeln!(text, "{:depth$}{offset}: {count}", "");
    }
    for ((offset, name), inlined) in &body.inlined {
        let _ = writeln!(text, "{:depth$}{offset}: {}:{}", "", profile.strings.get(*name), inlined.total);
        write_body(text, profile, inlined, depth + 1);
    }
}
