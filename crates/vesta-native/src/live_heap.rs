//! What sampled allocations are still there.

use crate::addresses::Address;
use crate::aggregation::Owner;
use crate::module::SourceId;
use crate::process::Program;
use hashbrown::{HashMap, HashSet};
use std::collections::VecDeque;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Frees whose allocation is not there (yet): both ends of the ring are written by several threads at once.
const MAXIMUM_EARLY_FREES: usize = 4096;

/// Live objects of all processes.
#[derive(Debug)]
pub(crate) struct LiveHeap {
    processes: HashMap<u32, HashMap<u64, Object>>,
    sites: HashSet<Arc<Site>>,
    count: usize,
    maximum: usize,
    early_frees: VecDeque<(u32, u64, u64)>,
    next: u64,
    pub(crate) dropped: u64,
    pub(crate) unmatched: u64,
}

/// Which object, even after another got its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) pid: u32,
    address: u64,
    serial: u64,
}

#[derive(Debug)]
struct Object {
    serial: u64,
    time_ns: u64,
    bytes: f64,
    objects: f64,
    /// `None` until its stack is unwound.
    site: Option<Arc<Site>>,
}

/// Where objects were allocated.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) owner: Owner,
    pub(crate) stack: Box<[Address]>,
}

impl Site {
    fn key(&self) -> (*const Program, u32, &str, &[Address]) {
        (Arc::as_ptr(&self.owner.program), self.owner.tid, &self.owner.thread_name, &self.stack)
    }
}

impl PartialEq for Site {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Site {}

impl Hash for Site {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl LiveHeap {
    pub(crate) fn new(maximum: usize) -> Self {
        LiveHeap {
            processes: HashMap::new(),
            sites: HashSet::new(),
            count: 0,
            maximum,
            early_frees: VecDeque::new(),
            next: 0,
            dropped: 0,
            unmatched: 0,
        }
    }

    /// Follows an object. `None` when it is gone already, or there are too many.
    pub(crate) fn allocate(
        &mut self,
        pid: u32,
        address: u64,
        time_ns: u64,
        (bytes, objects): (f64, f64),
    ) -> Option<Ticket> {
        let early = self
            .early_frees
            .iter()
            .position(|&(of, at, freed_ns)| of == pid && at == address && freed_ns >= time_ns);
        if let Some(early) = early {
            self.early_frees.remove(early);
            return None;
        }
        if self.count >= self.maximum {
            self.dropped += 1;
            return None;
        }
        let serial = self.next;
        self.next += 1;
        let object = Object { serial, time_ns, bytes, objects, site: None };
        let before = self.processes.entry(pid).or_default().insert(address, object);
        self.count += 1;
        if let Some(before) = before {
            // Its free was lost.
            self.release(before);
        }
        Some(Ticket { pid, address, serial })
    }

    /// Says where an object was allocated.
    pub(crate) fn set_site(&mut self, ticket: Ticket, site: Site) {
        let Some(object) =
            self.processes.get_mut(&ticket.pid).and_then(|objects| objects.get_mut(&ticket.address))
        else {
            return;
        };
        if object.serial != ticket.serial {
            return;
        }
        let site = Arc::new(site);
        object.site = Some(self.sites.get_or_insert(site).clone());
    }

    /// An object is gone.
    pub(crate) fn free(&mut self, pid: u32, address: u64, time_ns: u64) {
        let objects = self.processes.get_mut(&pid);
        if let Some(objects) = objects
            && objects.get(&address).is_some_and(|object| object.time_ns <= time_ns)
            && let Some(object) = objects.remove(&address)
        {
            self.release(object);
            return;
        }
        if self.early_frees.len() >= MAXIMUM_EARLY_FREES {
            self.early_frees.pop_front();
            self.unmatched += 1;
        }
        self.early_frees.push_back((pid, address, time_ns));
    }

    /// All objects that a process had at a time are gone.
    pub(crate) fn forget(&mut self, pid: u32, time_ns: u64) {
        self.early_frees.retain(|&(of, ..)| of != pid);
        let Some(objects) = self.processes.get_mut(&pid) else { return };
        let gone: Vec<Object> =
            objects.extract_if(|_, object| object.time_ns <= time_ns).map(|(_, object)| object).collect();
        if objects.is_empty() {
            self.processes.remove(&pid);
        }
        gone.into_iter().for_each(|object| self.release(object));
    }

    /// How many objects are followed.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Sites with the bytes and the number of what is there.
    pub(crate) fn sums(&self) -> HashMap<&Site, (f64, f64)> {
        let mut sums: HashMap<&Site, (f64, f64)> = HashMap::new();
        for object in self.processes.values().flat_map(HashMap::values) {
            if let Some(site) = &object.site {
                let sum = sums.entry(site).or_default();
                sum.0 += object.bytes;
                sum.1 += object.objects;
            }
        }
        sums
    }

    /// What the stacks of live objects refer to.
    pub(crate) fn sources(&self) -> HashSet<SourceId> {
        self.sites.iter().flat_map(|site| site.stack.iter().map(|address| address.source)).collect()
    }

    fn release(&mut self, object: Object) {
        self.count -= 1;
        let Some(site) = object.site else { return };
        // This object and the set.
        if Arc::strong_count(&site) <= 2 {
            self.sites.remove(&site);
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn site(offset: u64) -> Site {
        let details = Arc::default();
        let program = Program { pid: 1, executable: "a".into(), name: "a".into(), details };
        let owner = Owner { program: Arc::new(program), tid: 1, thread_name: "a".into(), label: "".into() };
        Site { owner, stack: [Address { source: SourceId::FIRST, offset }].into() }
    }

    #[test]
    fn objects_are_there_until_they_are_freed() {
        let mut heap = LiveHeap::new(10);
        let ticket = heap.allocate(1, 0x10, 100, (64.0, 2.0)).unwrap();
        heap.set_site(ticket, site(1));
        assert_eq!(heap.sums().values().next(), Some(&(64.0, 2.0)));
        heap.free(1, 0x10, 90);
        assert_eq!(heap.len(), 1, "the free of an earlier object at the same address");
        heap.free(1, 0x10, 110);
        assert_eq!((heap.len(), heap.sites.len()), (0, 0));
    }

    #[test]
    fn a_free_that_comes_first_is_remembered() {
        let mut heap = LiveHeap::new(10);
        heap.free(1, 0x10, 110);
        assert!(heap.allocate(1, 0x10, 100, (1.0, 1.0)).is_none());
        assert!(heap.allocate(1, 0x10, 120, (1.0, 1.0)).is_some());
    }

    #[test]
    fn a_stack_that_comes_late_does_not_go_to_the_next_object() {
        let mut heap = LiveHeap::new(10);
        let first = heap.allocate(1, 0x10, 100, (1.0, 1.0)).unwrap();
        heap.free(1, 0x10, 110);
        let second = heap.allocate(1, 0x10, 120, (1.0, 1.0)).unwrap();
        heap.set_site(first, site(1));
        assert!(heap.sums().is_empty());
        heap.set_site(second, site(2));
        assert_eq!(heap.sums().len(), 1);
        heap.forget(1, 200);
        assert_eq!((heap.len(), heap.sites.len()), (0, 0));
    }

    #[test]
    fn objects_are_bounded() {
        let mut heap = LiveHeap::new(2);
        for address in 0..5 {
            heap.allocate(1, address, 1, (1.0, 1.0));
        }
        assert_eq!((heap.len(), heap.dropped), (2, 3));
    }
}
