//! Timelines: what each thread of a process did, and when.

mod lanes;
mod reading;
mod state;

pub use state::State;

use crate::{FunctionId, FunctionTable, Profile, Selection, StringId, StringTable};
use lanes::Lanes;
use reading::Reading;

/// How fine a timeline is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimelineOptions {
    /// Neighbors in a lane that are alike become one if less than this part of the whole lies between them.
    pub resolution: u32,
    /// The most events. Past it, the short ones of a lane are put together by state: how long each state took is told, and not in
    /// which order.
    pub max_events: usize,
    /// The only time, in nanoseconds since the Unix epoch, to draw events of, and as finely as if it were the whole. Lanes
    /// are those of the whole, so that one part can take the place of a coarser drawing of all.
    pub detail: Option<(i64, i64)>,
}

/// What the threads of a process did, and when.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The lanes: garbage collection and the runtime first, then goroutines and threads by group and by how busy they
    /// were, then operations in the background.
    pub lanes: Vec<Lane>,
    /// The events by lane, then by start.
    pub events: Vec<Event>,
    /// The strings of events.
    pub strings: StringTable,
    /// Samples that events were made of.
    pub samples: u64,
    /// Events that became part of their neighbor.
    pub merged: u64,
    /// Samples of time that do not say when they were taken.
    pub without_time: u64,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The name of the thread, or what the lane holds.
    pub name: String,
    /// What the lane belongs to: the pool of a thread, the kind of operations.
    pub group: String,
    /// What the lane is about.
    pub kind: LaneKind,
    /// The thread or the goroutine, as the profiler names it; empty where there is none.
    pub thread_id: String,
    /// The time that is neither waiting nor sleeping.
    pub busy_ns: i64,
}

/// What a lane is about, in the order in which lanes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LaneKind {
    /// Garbage collection.
    Gc,
    /// The runtime itself.
    Runtime,
    /// A goroutine, or several of the same function one after the other.
    Goroutine,
    /// A thread.
    Thread,
    /// Operations that no thread waits for; those at the same time are in lanes of their own.
    Async,
}

/// Something that lasted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The lane, an index.
    pub lane: u32,
    /// When it began, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// How long it took.
    pub duration_ns: i64,
    /// What went on.
    pub state: State,
    /// The function that it happened in.
    pub function: Option<FunctionId>,
    /// The endpoint that was served; empty for none.
    pub endpoint: StringId,
    /// The span that was active; 0 for none.
    pub span: u64,
    /// More about it: the reason of a collection, the name of a lock, the host of a connection.
    pub detail: StringId,
}

/// The longest that a timeline may be, so that sums of its times stay far from the ends of `i64`.
const LONGEST_NS: i64 = 1 << 60;

/// The timeline of the selected samples of `profile` (all without a selection) between two times, in nanoseconds
/// since the Unix epoch. `functions` are those of the profile.
///
/// A sample that says when it ended and how long it took covers the time before its end. Of the wall time of a
/// sample, the part that it spent on a CPU comes last; which part of it that was, no profiler says.
pub fn timeline(
    profile: &Profile,
    functions: &FunctionTable,
    selection: Option<&Selection>,
    (from_ns, to_ns): (i64, i64),
    options: &TimelineOptions,
) -> Timeline {
    let to_ns = to_ns.clamp(from_ns, from_ns.saturating_add(LONGEST_NS));
    let mut lanes = Lanes::default();
    let mut reading = Reading::new(profile, functions);
    match selection {
        Some(selection) => selection.rows.iter().for_each(|&row| reading.sample(row, &mut lanes)),
        None => (0..profile.samples.len()).for_each(|row| reading.sample(row, &mut lanes)),
    }
    let (strings, samples, without_time) = reading.finish();
    let (lanes, mut events) = lanes.finish(from_ns, to_ns);
    let drawn_ns = match options.detail {
        Some((first_ns, last_ns)) => {
            let first_ns = first_ns.clamp(from_ns, to_ns);
            let last_ns = last_ns.clamp(first_ns, to_ns);
            events.retain_mut(|event| event.clip(first_ns, last_ns));
            last_ns - first_ns
        }
        None => to_ns - from_ns,
    };
    let all = events.len();
    let gap = drawn_ns / i64::from(options.resolution.max(1));
    merge(&mut events, gap);
    let mut cell = gap.max(1);
    while events.len() > options.max_events && cell < LONGEST_NS {
        gather(&mut events, cell);
        cell = cell.saturating_mul(2);
    }
    let merged = u64::try_from(all - events.len()).unwrap_or(u64::MAX);
    Timeline { lanes, events, strings, samples, merged, without_time }
}

impl Event {
    fn end_ns(&self) -> i64 {
        self.start_ns.saturating_add(self.duration_ns)
    }

    /// Cuts off what lies outside; whether anything is left.
    fn clip(&mut self, from_ns: i64, to_ns: i64) -> bool {
        let (start_ns, end_ns) = (self.start_ns.max(from_ns), self.end_ns().min(to_ns));
        self.start_ns = start_ns;
        self.duration_ns = end_ns.saturating_sub(start_ns);
        self.duration_ns > 0
    }
}

/// Makes one event of neighbors that are alike and at most `gap` apart.
fn merge(events: &mut Vec<Event>, gap: i64) {
    let mut longest = 0;
    let mut kept: Vec<Event> = Vec::with_capacity(events.len());
    for event in events.drain(..) {
        let Some(last) = kept.last_mut() else {
            longest = event.duration_ns;
            kept.push(event);
            continue;
        };
        let joins = last.lane == event.lane
            && last.state == event.state
            && event.start_ns.saturating_sub(last.end_ns()) <= gap
            && is_alike(last, &event, gap);
        if !joins {
            longest = event.duration_ns;
            kept.push(event);
            continue;
        }
        let end = last.end_ns().max(event.end_ns());
        if event.duration_ns > longest {
            longest = event.duration_ns;
            *last = Event { lane: last.lane, start_ns: last.start_ns, ..event };
        }
        last.duration_ns = end.saturating_sub(last.start_ns);
    }
    *events = kept;
}

/// Makes one event per state of all in a lane that are shorter than `cell` and begin within the same one: what alternates
/// quickly would never become less otherwise. The function of the longest stays.
fn gather(events: &mut Vec<Event>, cell: i64) {
    let mut kept: Vec<Event> = Vec::new();
    let mut open = Cell::default();
    for event in events.drain(..) {
        if event.duration_ns >= cell {
            open.close(&mut kept);
            kept.push(event);
            continue;
        }
        let place = (event.lane, event.start_ns.div_euclid(cell));
        if open.place != Some(place) {
            open.close(&mut kept);
            open.place = Some(place);
        }
        open.add(event);
    }
    open.close(&mut kept);
    *events = kept;
}

/// Short events of a lane that begin within the same part of the time.
#[derive(Default)]
struct Cell {
    place: Option<(u32, i64)>,
    /// For each state the longest event and the time of all, in the order in which they came.
    states: Vec<(Event, i64)>,
    first_ns: i64,
    last_ns: i64,
}

impl Cell {
    fn add(&mut self, event: Event) {
        if self.states.is_empty() {
            self.first_ns = event.start_ns;
        }
        self.last_ns = event.start_ns;
        match self.states.iter_mut().find(|(longest, _)| longest.state == event.state) {
            Some((longest, sum)) => {
                *sum = sum.saturating_add(event.duration_ns);
                if event.duration_ns > longest.duration_ns {
                    *longest = event;
                }
            }
            None => self.states.push((event, event.duration_ns)),
        }
    }

    /// Adds an event per state, one after the other. Where some lie within others, their time is more than there is: so that
    /// events stay in order, none begins later than the last of those that it stands for.
    fn close(&mut self, kept: &mut Vec<Event>) {
        let mut start_ns = self.first_ns;
        for (event, duration_ns) in self.states.drain(..) {
            kept.push(Event { start_ns: start_ns.min(self.last_ns), duration_ns, ..event });
            start_ns = start_ns.saturating_add(duration_ns);
        }
        self.place = None;
    }
}

/// Whether two events show the same. Requests are told apart as long as both can be seen.
fn is_alike(a: &Event, b: &Event, gap: i64) -> bool {
    let same_request = a.span == b.span && a.endpoint == b.endpoint;
    let too_small = a.duration_ns <= gap || b.duration_ns <= gap;
    a.function == b.function && a.detail == b.detail && (same_request || too_small)
}
