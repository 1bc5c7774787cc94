//! From events to stacks over time.

use super::ChromeTraceError;
use super::events::{Event, Events, Kind, Thread};
use crate::builder::{Builder, LimitError};
use crate::paths::{PathId, Paths};
use std::cmp::Reverse;
use vesta_profile::{LabelSetId, Sample};

/// Adds the samples of all threads.
pub(super) fn finish(mut events: Events, builder: &mut Builder<'_>) -> Result<(), ChromeTraceError> {
    let lasts =
        events.threads.iter().any(|thread| thread.events.iter().any(|event| event.kind != Kind::Instant));
    let elapsed = if events.profiles.is_empty() { "wall-time" } else { "event-time" };
    let columns = Columns {
        wall: if lasts { Some(builder.value_type(elapsed, "nanoseconds")?) } else { None },
        events: None,
    };
    let (start, end) = times(&events);
    builder.profile.duration_ns = end.saturating_sub(start);
    let first = events.threads.first().map(|thread| thread.pid.clone());
    let several = events.threads.iter().any(|thread| Some(&thread.pid) != first.as_ref());
    let mut labels = Vec::with_capacity(events.threads.len());
    for thread in &events.threads {
        let process = events.processes.get(&thread.pid).map_or("", String::as_str);
        labels.push(builder.labels(&[
            ("thread name", &thread.name),
            ("thread id", &thread.tid),
            ("process name", if several { process } else { "" }),
            ("process id", if several { &thread.pid } else { "" }),
        ])?);
    }
    let mut sweep = Sweep { paths: Paths::default(), columns, builder };
    for (thread, &labels) in events.threads.iter_mut().zip(&labels) {
        sweep.thread(thread, labels)?;
    }
    for known in events.profiles {
        let labels = labels.get(known.thread).copied().unwrap_or_default();
        known.profile.finish_thread(labels, builder)?;
    }
    Ok(())
}

/// When the first event began, and the last one ended.
fn times(events: &Events) -> (i64, i64) {
    let all = events.threads.iter().flat_map(|thread| &thread.events);
    let ends = |event: &Event| match event.kind {
        Kind::Lasts(duration) => event.at.saturating_add(duration.max(0)),
        _ => event.at,
    };
    let of_events = all.map(|event| (event.at, ends(event)));
    let of_profiles = events.profiles.iter().filter_map(|known| known.profile.range());
    let joined =
        of_events.chain(of_profiles).reduce(|(first, last), (start, end)| (first.min(start), last.max(end)));
    joined.unwrap_or((0, 0))
}

/// By time, and by the order in the file where begins and ends have one time. Events that are written once they have
/// ended come after what was in them: of those that begin at one time, the longest is around the others.
fn sort(events: &mut [Event]) {
    events.sort_by_key(|event| event.at);
    for group in events.chunk_by_mut(|a, b| a.at == b.at).filter(|group| group.len() > 1) {
        group.sort_by_key(|event| match event.kind {
            Kind::Lasts(duration) => (1, Reverse(duration)),
            _ => (0, Reverse(0)),
        });
    }
}

struct Columns {
    wall: Option<usize>,
    events: Option<usize>,
}

struct Sweep<'a, 'l> {
    paths: Paths,
    columns: Columns,
    builder: &'a mut Builder<'l>,
}

/// An event that goes on.
#[derive(Clone, Copy)]
struct Open {
    path: PathId,
    /// When it ends; never, as long as nothing says so.
    until: i64,
}

const NEVER: i64 = i64::MAX;

impl Sweep<'_, '_> {
    /// Goes through the events of a thread in the order of their times.
    fn thread(&mut self, thread: &mut Thread, labels: LabelSetId) -> Result<(), LimitError> {
        let last = thread.events.iter().map(|event| event.at).max().unwrap_or(0);
        sort(&mut thread.events);
        let mut open: Vec<Open> = Vec::new();
        // Where in it those are that have no end yet: looking for the innermost would take as long as it is deep.
        let mut endless: Vec<usize> = Vec::new();
        let mut at = i64::MIN;
        for event in &thread.events {
            self.pass(&mut open, &mut at, event.at, labels)?;
            let (path, until) = open.last().map_or((PathId::ROOT, NEVER), |open| (open.path, open.until));
            match event.kind {
                Kind::Begins => {
                    let path = self.paths.call(path, event.frame, self.builder)?;
                    endless.push(open.len());
                    open.push(Open { path, until: NEVER });
                }
                Kind::Lasts(duration) => {
                    let path = self.paths.call(path, event.frame, self.builder)?;
                    let wanted = event.at.saturating_add(duration.max(0));
                    if wanted > until {
                        let what = "an event lasts longer than the one it is in, it is cut off";
                        self.builder
                            .problems
                            .note(what, || format!("at {} ns of thread {}", event.at, thread.tid));
                    }
                    open.push(Open { path, until: wanted.min(until) });
                }
                Kind::Ends => {
                    // Ends the innermost that has no end of its own, and what is in it.
                    match endless.pop() {
                        Some(index) => open.truncate(index),
                        None => self.builder.problems.note("an event ends that did not begin", || {
                            format!("at {} ns of thread {}", event.at, thread.tid)
                        }),
                    }
                }
                Kind::Instant => self.instant(path, event, labels)?,
            }
        }
        if !endless.is_empty() {
            let what = "an event never ends, it takes the time up to the end of its thread";
            self.builder.problems.note(what, || format!("thread {}", thread.tid));
        }
        let ends = open.iter().map(|open| open.until).filter(|until| *until != NEVER).max();
        self.pass(&mut open, &mut at, ends.unwrap_or(last).max(last), labels)
    }

    /// Lets the time from `at` to `now` pass: adds it to what went on.
    fn pass(
        &mut self,
        open: &mut Vec<Open>,
        at: &mut i64,
        now: i64,
        labels: LabelSetId,
    ) -> Result<(), LimitError> {
        while let Some(&Open { path, until }) = open.last() {
            let end = until.min(now);
            let time = end.saturating_sub(*at);
            if time > 0 {
                *at = end;
                if let Some(wall) = self.columns.wall {
                    self.add(path, wall, time, end, labels)?;
                }
            }
            if until > now {
                break;
            }
            open.pop();
        }
        *at = (*at).max(now);
        Ok(())
    }

    fn instant(&mut self, path: PathId, event: &Event, labels: LabelSetId) -> Result<(), LimitError> {
        let column = match self.columns.events {
            Some(column) => column,
            None => self.builder.value_type("events", "count")?,
        };
        self.columns.events = Some(column);
        let path = self.paths.call(path, event.frame, self.builder)?;
        self.add(path, column, 1, event.at, labels)
    }

    fn add(
        &mut self,
        path: PathId,
        column: usize,
        value: i64,
        end: i64,
        labels: LabelSetId,
    ) -> Result<(), LimitError> {
        let stack = self.paths.stack(path, self.builder, || format!("at {end} ns"))?;
        let mut values = [0; 2];
        if let Some(slot) = values.get_mut(column) {
            *slot = value;
        }
        let timestamp_ns = end.max(1);
        self.builder.sample(Sample { stack, values: &values, labels, timestamp_ns, ..Sample::default() })
    }
}
