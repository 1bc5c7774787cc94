//! Lanes: which event goes where, and in which order lanes are shown.

use super::{Event, Lane, LaneKind};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cmp::Reverse;

/// The most lanes that operations of one kind are spread over. What goes on beyond that at the same time is drawn on top
/// of each other.
const MAX_PARALLEL: usize = 64;

/// Events by where they belong, while they are read.
#[derive(Default)]
pub(super) struct Lanes {
    places: Vec<Place>,
    index: HashMap<PlaceKey, u32, FixedState>,
    /// Events; `lane` is a place until they are finished.
    events: Vec<Event>,
}

/// Where events go that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PlaceKey {
    pub(super) kind: LaneKind,
    /// The thread by its id, else by its name; the kind of operations; empty if there is only one place of this kind.
    pub(super) id: String,
}

struct Place {
    kind: LaneKind,
    /// Names that threads have, the first one seen first: the main one is what most samples say.
    names: Vec<(String, usize)>,
    thread_id: String,
}

impl Lanes {
    /// The place of a key. `name` is what the event at hand calls it.
    pub(super) fn place(&mut self, key: PlaceKey, name: &str, thread_id: &str) -> u32 {
        let kind = key.kind;
        let index = *self.index.entry(key).or_insert_with(|| {
            self.places.push(Place { kind, names: Vec::new(), thread_id: thread_id.to_owned() });
            u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
        });
        if let Some(place) = self.places.get_mut(index as usize) {
            match place.names.iter_mut().find(|(known, _)| known == name) {
                Some((_, seen)) => *seen += 1,
                None => place.names.push((name.to_owned(), 1)),
            }
        }
        index
    }

    /// Adds an event; its `lane` is a place.
    pub(super) fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    /// The lanes in the order in which they are shown, and the events between two times, by lane and start.
    pub(super) fn finish(mut self, from_ns: i64, to_ns: i64) -> (Vec<Lane>, Vec<Event>) {
        self.events.retain_mut(|event| clip(event, from_ns, to_ns));
        self.events.sort_by_key(|event| (event.lane, event.start_ns, Reverse(event.duration_ns)));
        let mut lanes: Vec<Lane> = Vec::new();
        let mut rest = self.events.as_mut_slice();
        for (index, place) in (0u32..).zip(&self.places) {
            let end = rest.iter().position(|event| event.lane != index).unwrap_or(rest.len());
            let (own, others) = std::mem::take(&mut rest).split_at_mut(end);
            rest = others;
            if own.is_empty() {
                continue;
            }
            match place.kind {
                LaneKind::Async => spread(place, own, &mut lanes),
                _ => add_lane(place, own, &mut lanes),
            }
        }
        let order = order(&lanes);
        for event in &mut self.events {
            event.lane = order.get(event.lane as usize).copied().unwrap_or(0);
        }
        self.events.sort_by_key(|event| (event.lane, event.start_ns, Reverse(event.duration_ns)));
        let mut placed: Vec<(u32, Lane)> = order.iter().copied().zip(lanes).collect();
        placed.sort_by_key(|(position, _)| *position);
        (placed.into_iter().map(|(_, lane)| lane).collect(), self.events)
    }
}

/// Cuts off what lies outside; whether anything is left.
fn clip(event: &mut Event, from_ns: i64, to_ns: i64) -> bool {
    let (start, end) = (event.start_ns.max(from_ns), event.end_ns().min(to_ns));
    event.start_ns = start;
    event.duration_ns = end.saturating_sub(start);
    event.duration_ns > 0
}

fn add_lane(place: &Place, events: &mut [Event], lanes: &mut Vec<Lane>) {
    let name = place.names.iter().max_by_key(|(_, seen)| *seen).map_or("", |(name, _)| name.as_str());
    let name = if name.is_empty() { "unnamed" } else { name };
    let lane = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
    events.iter_mut().for_each(|event| event.lane = lane);
    let group = match place.kind {
        LaneKind::Thread => pool(name).to_owned(),
        _ => "runtime".to_owned(),
    };
    lanes.push(Lane {
        name: name.to_owned(),
        group,
        kind: place.kind,
        thread_id: place.thread_id.clone(),
        busy_ns: busy(events),
    });
}

/// Puts operations that go on at the same time into lanes of their own: each into the first that is free.
fn spread(place: &Place, events: &mut [Event], lanes: &mut Vec<Lane>) {
    let first = lanes.len();
    let group = place.names.first().map_or("", |(name, _)| name.as_str());
    let mut ends: Vec<i64> = Vec::new();
    for event in events.iter_mut() {
        let free = ends.iter().position(|&end| end <= event.start_ns);
        let at = match free {
            Some(at) => at,
            None if ends.len() < MAX_PARALLEL => {
                ends.push(i64::MIN);
                lanes.push(Lane {
                    name: format!("{group} {}", ends.len()),
                    group: group.to_owned(),
                    kind: LaneKind::Async,
                    thread_id: String::new(),
                    busy_ns: 0,
                });
                ends.len() - 1
            }
            None => ends.iter().enumerate().min_by_key(|(_, end)| **end).map_or(0, |(at, _)| at),
        };
        ends[at] = ends[at].max(event.end_ns());
        event.lane = u32::try_from(first + at).unwrap_or(u32::MAX);
        if event.state.is_busy() {
            lanes[first + at].busy_ns = lanes[first + at].busy_ns.saturating_add(event.duration_ns);
        }
    }
}

fn busy(events: &[Event]) -> i64 {
    let busy = events.iter().filter(|event| event.state.is_busy());
    busy.fold(0, |sum, event| sum.saturating_add(event.duration_ns))
}

/// The position of each lane.
fn order(lanes: &[Lane]) -> Vec<u32> {
    let mut groups: HashMap<(LaneKind, &str), i64, FixedState> = HashMap::default();
    for lane in lanes {
        let sum = groups.entry((lane.kind, lane.group.as_str())).or_default();
        *sum = sum.saturating_add(lane.busy_ns);
    }
    let of_group = |lane: &Lane| groups.get(&(lane.kind, lane.group.as_str())).copied().unwrap_or(0);
    let mut sorted: Vec<usize> = (0..lanes.len()).collect();
    sorted.sort_by(|&a, &b| {
        let (a, b) = (&lanes[a], &lanes[b]);
        let groups = || of_group(b).cmp(&of_group(a)).then_with(|| a.group.cmp(&b.group));
        // Operations are spread from the first lane on, so their order is that of their names already.
        let within = || match a.kind {
            LaneKind::Async => std::cmp::Ordering::Equal,
            _ => b.busy_ns.cmp(&a.busy_ns).then_with(|| a.name.cmp(&b.name)),
        };
        a.kind.cmp(&b.kind).then_with(groups).then_with(within)
    });
    let mut positions = vec![0; lanes.len()];
    for (position, index) in (0u32..).zip(sorted) {
        positions[index] = position;
    }
    positions
}

/// The pool that a thread belongs to: its name without the number at its end.
pub(super) fn pool(name: &str) -> &str {
    let pool = name.trim_end_matches(|character: char| character.is_ascii_digit());
    let pool = pool.trim_end_matches(['-', '_', '#', ' ', ':', '/']);
    if pool.is_empty() { "unnamed threads" } else { pool }
}
