//! Lanes: which event goes where, and in which order lanes are shown.

use super::{Event, Lane, LaneKind, State};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::cmp::Reverse;

/// The most lanes that operations of one kind are spread over. What goes on beyond that at the same time is drawn on top
/// of each other.
const MAX_PARALLEL: usize = 64;

/// Goroutines of one function up to this many have lanes of their own. Where there are more, most are short, like those
/// that serve a request: then as many share a lane as fit into it one after the other.
const MAX_OWN_LANES: usize = 16;

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

impl Place {
    /// What most events call it.
    fn name(&self) -> &str {
        let name = self.names.iter().max_by_key(|(_, seen)| *seen).map_or("", |(name, _)| name.as_str());
        if name.is_empty() { "unnamed" } else { name }
    }
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
        self.events.retain_mut(|event| event.clip(from_ns, to_ns));
        sort(&mut self.events, self.places.len());
        let mut lanes: Vec<Lane> = Vec::new();
        let mut rest = self.events.as_mut_slice();
        let mut goroutines: HashMap<&str, Vec<(&Place, &mut [Event])>, FixedState> = HashMap::default();
        for (index, place) in (0u32..).zip(&self.places) {
            let end = rest.iter().position(|event| event.lane != index).unwrap_or(rest.len());
            let (own, others) = std::mem::take(&mut rest).split_at_mut(end);
            rest = others;
            if own.is_empty() {
                continue;
            }
            match place.kind {
                LaneKind::Async => spread(place, own, &mut lanes),
                LaneKind::Goroutine => goroutines.entry(place.name()).or_default().push((place, own)),
                _ => add_lane(place, own, &mut lanes),
            }
        }
        for (function, group) in goroutines {
            match group.len() {
                0..=MAX_OWN_LANES => {
                    group.into_iter().for_each(|(place, own)| add_lane(place, own, &mut lanes));
                }
                _ => share(function, group.into_iter().map(|(_, own)| own).collect(), &mut lanes),
            }
        }
        let order = order(&lanes);
        for event in &mut self.events {
            event.lane = order.get(event.lane as usize).copied().unwrap_or(0);
        }
        sort(&mut self.events, order.len());
        let mut placed: Vec<(u32, Lane)> = order.iter().copied().zip(lanes).collect();
        placed.sort_by_key(|(position, _)| *position);
        (placed.into_iter().map(|(_, lane)| lane).collect(), self.events)
    }
}

/// Sorts events by lane, of which there are so many, and by start. Within a lane they are nearly in order already, so telling
/// lanes apart first is most of the work.
fn sort(events: &mut Vec<Event>, lanes: usize) {
    let mut ends = vec![0; lanes + 1];
    for event in events.iter() {
        ends[event.lane as usize + 1] += 1;
    }
    for lane in 0..lanes {
        ends[lane + 1] += ends[lane];
    }
    let mut sorted = events.clone();
    for event in events.drain(..) {
        // The start of the lane moves on to its end.
        let at = &mut ends[event.lane as usize];
        sorted[*at] = event;
        *at += 1;
    }
    let mut rest = sorted.as_mut_slice();
    let mut start = 0;
    for end in ends.into_iter().take(lanes) {
        let (lane, others) = rest.split_at_mut(end - start);
        lane.sort_by_key(|event| (event.start_ns, Reverse(event.duration_ns)));
        (rest, start) = (others, end);
    }
    *events = sorted;
}

fn add_lane(place: &Place, events: &mut [Event], lanes: &mut Vec<Lane>) {
    let name = place.name();
    let lane = u32::try_from(lanes.len()).unwrap_or(u32::MAX);
    events.iter_mut().for_each(|event| event.lane = lane);
    let group = match place.kind {
        LaneKind::Thread => pool(name).to_owned(),
        LaneKind::Goroutine => name.to_owned(),
        _ => "runtime".to_owned(),
    };
    let name = match place.kind {
        LaneKind::Goroutine => format!("{name} #{}", place.thread_id),
        _ => name.to_owned(),
    };
    lanes.push(Lane {
        name,
        group,
        kind: place.kind,
        thread_id: place.thread_id.clone(),
        busy_ns: busy(place.kind, events),
    });
}

/// Puts goroutines of the same function into lanes: each into the first that is free for as long as it lives. Those that
/// fit into none are drawn on top of each other in one more.
fn share(function: &str, mut goroutines: Vec<&mut [Event]>, lanes: &mut Vec<Lane>) {
    goroutines.sort_by_key(|events| events.first().map_or(0, |event| event.start_ns));
    let first = lanes.len();
    let mut ends: Vec<i64> = Vec::new();
    let mut left_over = 0;
    for events in goroutines {
        let start_ns = events.first().map_or(0, |event| event.start_ns);
        let free = ends.iter().take(MAX_PARALLEL).position(|&end| end <= start_ns);
        let at = free.unwrap_or_else(|| ends.len().min(MAX_PARALLEL));
        if at == ends.len() {
            ends.push(i64::MIN);
            lanes.push(Lane {
                name: format!("{function} {}", at + 1),
                group: function.to_owned(),
                kind: LaneKind::Goroutine,
                thread_id: String::new(),
                busy_ns: 0,
            });
        }
        left_over += usize::from(at == MAX_PARALLEL);
        ends[at] = ends[at].max(events.last().map_or(0, Event::end_ns));
        let lane = u32::try_from(first + at).unwrap_or(u32::MAX);
        events.iter_mut().for_each(|event| event.lane = lane);
        let lane = &mut lanes[first + at];
        lane.busy_ns = lane.busy_ns.saturating_add(busy(LaneKind::Goroutine, events));
    }
    if let Some(last) = lanes.get_mut(first + MAX_PARALLEL) {
        last.name = format!("{function} and {left_over} more at the same time");
    }
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

fn busy(kind: LaneKind, events: &[Event]) -> i64 {
    // What other lanes do while they wait for the network, a goroutine has the runtime do.
    let is_busy = |state: State| state.is_busy() && (state != State::Io || kind != LaneKind::Goroutine);
    let busy = events.iter().filter(|event| is_busy(event.state));
    busy.fold(0, |sum, event| sum.saturating_add(event.duration_ns))
}

/// Whether a goroutine is one of Go's own, which people look at last.
fn is_of_runtime(lane: &Lane) -> bool {
    lane.kind == LaneKind::Goroutine && ["runtime.", "runtime/"].iter().any(|own| lane.group.starts_with(own))
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
        let whose = || is_of_runtime(a).cmp(&is_of_runtime(b));
        // Operations are spread from the first lane on, so their order is that of their names already.
        let within = || match a.kind {
            LaneKind::Async => std::cmp::Ordering::Equal,
            // These are few, and looked for by name: `Proc 2` before `Proc 10`.
            LaneKind::Gc | LaneKind::Runtime => {
                let key = |lane: &Lane| (pool(&lane.name).to_owned(), lane.name.len(), lane.name.clone());
                key(a).cmp(&key(b))
            }
            _ => b.busy_ns.cmp(&a.busy_ns).then_with(|| a.name.cmp(&b.name)),
        };
        a.kind.cmp(&b.kind).then_with(whose).then_with(groups).then_with(within)
    });
    let mut positions = vec![0; lanes.len()];
    for (position, index) in (0u32..).zip(sorted) {
        positions[index] = position;
    }
    positions
}

/// The pool that a thread belongs to: its name without the number at its end, which .NET puts into brackets.
pub(super) fn pool(name: &str) -> &str {
    let numbered = name.strip_suffix(']').filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
    let pool = numbered.unwrap_or(name).trim_end_matches(|character: char| character.is_ascii_digit());
    let pool = pool.trim_end_matches(['-', '_', '#', ' ', ':', '/', '[']);
    if pool.is_empty() { "unnamed threads" } else { pool }
}
