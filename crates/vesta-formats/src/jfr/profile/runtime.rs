//! What the JVM does of itself: collections, safepoints, operations, compilations.

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::StringId;

/// Events of the runtime that belong together but are written apart, until their chunk ends.
#[derive(Default)]
pub(super) struct Runtime {
    pauses: Vec<Pause>,
    collections: HashMap<i64, Collection, FixedState>,
    safepoints: HashMap<i64, Safepoint, FixedState>,
}

struct Pause {
    collection: i64,
    start_ns: i64,
    end_ns: i64,
}

#[derive(Clone, Copy)]
struct Collection {
    name: StringId,
    cause: StringId,
    start_ns: i64,
    end_ns: i64,
}

#[derive(Clone, Copy, Default)]
struct Safepoint {
    start_ns: i64,
    end_ns: i64,
    operation: StringId,
}

/// Something that the runtime did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    /// `gc` or `safepoint`.
    pub(super) event: &'static str,
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
    /// The collector.
    pub(super) collector: StringId,
    /// The cause of a collection.
    pub(super) cause: StringId,
    /// The operation of a safepoint.
    pub(super) operation: StringId,
}

/// The most events of a kind that are remembered.
const MOST: usize = 1 << 18;

impl Runtime {
    pub(super) fn pause(&mut self, collection: i64, start_ns: i64, end_ns: i64) {
        if self.pauses.len() < MOST {
            self.pauses.push(Pause { collection, start_ns, end_ns });
        }
    }

    pub(super) fn collection(
        &mut self,
        id: i64,
        (name, cause): (StringId, StringId),
        (start_ns, end_ns): (i64, i64),
    ) {
        if self.collections.len() < MOST {
            self.collections.insert(id, Collection { name, cause, start_ns, end_ns });
        }
    }

    /// A safepoint begins, ends, or does something: the earliest and the latest time count.
    pub(super) fn safepoint(&mut self, id: i64, start_ns: i64, end_ns: i64) {
        let safepoint = self.safepoint_of(id);
        if safepoint.start_ns == 0 || start_ns < safepoint.start_ns {
            safepoint.start_ns = start_ns;
        }
        safepoint.end_ns = safepoint.end_ns.max(end_ns);
    }

    pub(super) fn operation(&mut self, id: i64, operation: StringId) {
        self.safepoint_of(id).operation = operation;
    }

    fn safepoint_of(&mut self, id: i64) -> &mut Safepoint {
        // Past the bound all share one, which is wrong but small.
        let id = if self.safepoints.len() < MOST { id } else { 0 };
        self.safepoints.entry(id).or_default()
    }

    /// What the chunk says, by time.
    pub(super) fn end_chunk(&mut self) -> Vec<Activity> {
        let mut activities = Vec::new();
        for pause in self.pauses.drain(..) {
            let collection = self.collections.get(&pause.collection);
            let (collector, cause) =
                collection.map_or_else(Default::default, |collection| (collection.name, collection.cause));
            let Pause { start_ns, end_ns, .. } = pause;
            let operation = StringId::EMPTY;
            activities.push(Activity { event: "gc", start_ns, end_ns, collector, cause, operation });
        }
        // Some recordings have no phases: then the whole collection is what is known.
        let has_phases = !activities.is_empty();
        for (_, collection) in self.collections.drain().filter(|_| !has_phases) {
            let Collection { name: collector, cause, start_ns, end_ns } = collection;
            let operation = StringId::EMPTY;
            activities.push(Activity { event: "gc", start_ns, end_ns, collector, cause, operation });
        }
        for (_, safepoint) in self.safepoints.drain().filter(|(_, safepoint)| safepoint.start_ns > 0) {
            let Safepoint { start_ns, end_ns, operation } = safepoint;
            let (collector, cause) = Default::default();
            activities.push(Activity { event: "safepoint", start_ns, end_ns, collector, cause, operation });
        }
        activities.sort_by_key(|activity| (activity.start_ns, activity.end_ns));
        activities
    }
}
