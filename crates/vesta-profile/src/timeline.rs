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
    /// The most events. Past it, neighbors become one also if only their state is alike.
    pub max_events: usize,
}

/// What the threads of a process did, and when.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// The lanes: garbage collection and the runtime first, then threads by group and by how busy they were, then
    /// operations in the background.
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
    /// The thread, as the profiler names it; empty where there is none.
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
    let all = events.len();
    let gap = (to_ns - from_ns) / i64::from(options.resolution.max(1));
    merge(&mut events, gap, false);
    let mut coarse = gap.max(1);
    while events.len() > options.max_events && coarse < LONGEST_NS {
        merge(&mut events, coarse, true);
        coarse = coarse.saturating_mul(2);
    }
    let merged = u64::try_from(all - events.len()).unwrap_or(u64::MAX);
    Timeline { lanes, events, strings, samples, merged, without_time }
}

impl Event {
    fn end_ns(&self) -> i64 {
        self.start_ns.saturating_add(self.duration_ns)
    }
}

/// Makes one event of neighbors that are alike and at most `gap` apart. If `coarse`, it is enough that their states are
/// alike and that one of them is shorter than the gap; the function of the longest stays.
fn merge(events: &mut Vec<Event>, gap: i64, coarse: bool) {
    let mut longest = 0;
    let mut kept: Vec<Event> = Vec::with_capacity(events.len());
    for event in events.drain(..) {
        let Some(last) = kept.last_mut() else {
            longest = event.duration_ns;
            kept.push(event);
            continue;
        };
        let near = last.lane == event.lane
            && last.state == event.state
            && event.start_ns.saturating_sub(last.end_ns()) <= gap;
        let joins = near
            && match coarse {
                true => last.duration_ns <= gap || event.duration_ns <= gap,
                false => is_alike(last, &event, gap),
            };
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

/// Whether two events show the same. Requests are told apart as long as both can be seen.
fn is_alike(a: &Event, b: &Event, gap: i64) -> bool {
    let same_request = a.span == b.span && a.endpoint == b.endpoint;
    let too_small = a.duration_ns <= gap || b.duration_ns <= gap;
    a.function == b.function && a.detail == b.detail && (same_request || too_small)
}
