//! What Go's own tool reads in a trace, brought to the form in which Vesta's reading can be compared with it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// What a goroutine did for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Interval {
    /// From the start of the trace.
    pub(crate) start_ns: i64,
    pub(crate) end_ns: i64,
    pub(crate) state: String,
    /// The functions of its stack, leaf first; empty if the goroutine runs.
    pub(crate) stack: Vec<String>,
}

/// What Go's own tool reads in a trace.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) goroutines: BTreeMap<i64, Vec<Interval>>,
    /// The times of all collections, and of all stops of the world with their reason, from the start of the trace.
    pub(crate) marks: Vec<(i64, i64)>,
    pub(crate) stops: Vec<(i64, i64, String)>,
    pub(crate) sweeps: usize,
    /// CPU samples by goroutine (-1 for none) and stack.
    pub(crate) cpu: BTreeMap<(i64, Vec<String>), i64>,
    pub(crate) duration_ns: i64,
}

/// Ticks of Go's clock on Linux, which count 64 ns each.
const TICK_NS: i64 = 64;

/// Reads a trace with `go tool trace`; `None` if this Go cannot.
pub(crate) fn read(trace: &Path) -> Option<Oracle> {
    let output = Command::new("go").args(["tool", "trace", "-d=parsed"]).arg(trace).output().ok()?;
    output.status.success().then(|| parse(&String::from_utf8_lossy(&output.stdout)))
}

fn parse(text: &str) -> Oracle {
    let mut oracle = Oracle::default();
    let mut start = None;
    let mut end = 0;
    let mut open: BTreeMap<i64, Interval> = BTreeMap::new();
    let mut ranges: BTreeMap<String, i64> = BTreeMap::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(time) = number(line, "Time=") else { continue };
        // The tool adds a nanosecond where times are equal.
        let time = time / TICK_NS * TICK_NS;
        let now = time - *start.get_or_insert(time);
        let goroutine = number(line, " G=").unwrap();
        end = now;
        let mut stacks = BTreeMap::new();
        while let Some(name) = lines.next_if(|line| line.ends_with("Stack=")) {
            let mut functions = Vec::new();
            while let Some(frame) = lines.next_if(|line| line.starts_with('\t')) {
                if !frame.starts_with("\t\t") {
                    functions.push(frame.trim_start_matches('\t').rsplit_once(" @ ").unwrap().0.to_owned());
                }
            }
            lines.next_if(|line| line.is_empty());
            stacks.insert(name.to_owned(), functions);
        }
        if line.contains(" StackSample ") {
            *oracle.cpu.entry((goroutine, stacks.remove("Stack=").unwrap_or_default())).or_default() += 1;
        }
        if line.contains(" RangeBegin ") || line.contains(" RangeActive ") {
            // What goes on when it is heard of for the first time went on from the start.
            let from = if line.contains(" RangeBegin ") { now } else { 0 };
            ranges.entry(quoted(line, "Name=") + scope(line)).or_insert(from);
        }
        if line.contains(" RangeEnd ") {
            let name = quoted(line, "Name=");
            let from =
                ranges.remove(&(name.clone() + scope(line))).unwrap_or_else(|| panic!("{line} {ranges:?}"));
            match name.as_str() {
                "GC concurrent mark phase" => oracle.marks.push((from, now)),
                "GC incremental sweep" => oracle.sweeps += 1,
                stop if stop.starts_with("stop-the-world") => {
                    let reason = stop.trim_start_matches("stop-the-world (").trim_end_matches(')');
                    oracle.stops.push((from, now, reason.to_owned()));
                }
                _ => {}
            }
        }
        if line.contains(" StateTransition ")
            && let Some(id) = number(line, "GoID=")
        {
            let change = line.split(' ').find(|word| word.contains("->")).unwrap();
            let (from, to) = change.split_once("->").unwrap();
            if from == to {
                continue;
            }
            let stack = stacks.remove("TransitionStack=").unwrap_or_default();
            let before = open.remove(&id);
            // Where it waited, it can be run.
            let before_stack = before.as_ref().map(|before| before.stack.clone()).unwrap_or_default();
            let stack = match to {
                "Running" => Vec::new(),
                _ if stack.is_empty() => before_stack,
                _ => stack,
            };
            if let Some(before) = before {
                close(&mut oracle, id, before, now);
            }
            let reason = quoted(line, "Reason=");
            let state = match to {
                "Waiting" if !reason.is_empty() => reason,
                other => other.to_lowercase(),
            };
            if to != "NotExist" {
                let start_ns = if from == "Undetermined" { 0 } else { now };
                open.insert(id, Interval { start_ns, end_ns: now, state, stack });
            }
        }
    }
    for (id, interval) in open {
        close(&mut oracle, id, interval, end);
    }
    oracle.duration_ns = end;
    oracle
}

fn close(oracle: &mut Oracle, id: i64, interval: Interval, end_ns: i64) {
    if end_ns > interval.start_ns {
        push(oracle.goroutines.entry(id).or_default(), Interval { end_ns, ..interval });
    }
}

/// Adds an interval, as one with the one before if they are alike.
pub(crate) fn push(intervals: &mut Vec<Interval>, interval: Interval) {
    match intervals.last_mut() {
        Some(last) if last.state == interval.state && last.end_ns == interval.start_ns => {
            last.end_ns = interval.end_ns;
        }
        _ => intervals.push(interval),
    }
}

fn number(line: &str, key: &str) -> Option<i64> {
    let rest = &line[line.find(key)? + key.len()..];
    rest.split(' ').next()?.parse().ok()
}

fn quoted(line: &str, key: &str) -> String {
    let Some(at) = line.find(&format!("{key}\"")) else { return String::new() };
    line[at + key.len() + 1..].split('"').next().unwrap_or_default().to_owned()
}

fn scope(line: &str) -> &str {
    line.find("Scope=").map_or("", |at| line[at..].split(' ').next().unwrap_or_default())
}
