//! Writing records: never waits, never allocates.

use crate::layout::{self, BUSY, CELL, Header, Mapping, READY, Record};
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

static BASE: AtomicUsize = AtomicUsize::new(0);
static CAPACITY: AtomicU64 = AtomicU64::new(0);

/// Records go there from now on.
pub(crate) fn attach(mapping: &Mapping) {
    CAPACITY.store(mapping.capacity, Ordering::Relaxed);
    BASE.store(mapping.base(), Ordering::Release);
}

/// Records go nowhere from now on. The mapping that they went to.
pub(crate) fn detach() -> Option<Mapping> {
    let base = BASE.swap(0, Ordering::AcqRel);
    (base != 0).then(|| Mapping::from_base(base, CAPACITY.load(Ordering::Relaxed)))
}

/// The ring, if there is one.
pub(crate) fn ring() -> Option<Mapping> {
    let base = BASE.load(Ordering::Acquire);
    (base != 0).then(|| Mapping::from_base(base, CAPACITY.load(Ordering::Relaxed)))
}

/// Room in the ring.
pub(crate) struct Room {
    mapping: Mapping,
    position: u64,
    pid: u32,
    cells: usize,
}

/// Takes room for a record of this many bytes by this process; none when the ring is full. The last eighth of the ring is for
/// `important` ones: frees and process starts, which are small and cannot be made up for.
pub(crate) fn reserve(mapping: Mapping, bytes: usize, pid: u32, important: bool) -> Option<Room> {
    let cells = bytes.div_ceil(CELL);
    let header = mapping.header();
    let limit = if important { mapping.capacity } else { mapping.capacity - mapping.capacity / 8 };
    // Each round without success is one in which another writer had success; the bound is for a ring gone mad.
    for _ in 0..10_000 {
        let tail = header.tail.load(Ordering::Acquire);
        let head = header.head.load(Ordering::Acquire);
        let used = tail.wrapping_sub(head);
        if used > mapping.capacity {
            // The two were read at different times, or somebody wrote garbage.
            core::hint::spin_loop();
            continue;
        }
        if used + cells as u64 > limit {
            return None;
        }
        let word = mapping.word(tail);
        let found = word.load(Ordering::Acquire);
        if found == layout::free_word(tail) {
            let taken = layout::word(tail, pid, cells, BUSY);
            if word.compare_exchange(found, taken, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                advance(header, tail, cells);
                return Some(Room { mapping, position: tail, pid, cells });
            }
        } else if layout::word_is_at(found, tail) {
            let cells = layout::word_cells(found);
            if cells == 0 {
                return None;
            }
            advance(header, tail, cells);
        }
    }
    None
}

fn advance(header: &Header, tail: u64, cells: usize) {
    let next = tail.wrapping_add(cells as u64);
    let _ = header.tail.compare_exchange(tail, next, Ordering::AcqRel, Ordering::Relaxed);
}

impl Room {
    /// The record's memory. Its first word must be left alone.
    pub(crate) fn record(&self) -> *mut Record {
        self.mapping.cell(self.position) as *mut Record
    }

    /// Where the stack goes.
    pub(crate) fn stack(&self) -> usize {
        self.record() as usize + size_of::<Record>()
    }

    /// Shows the record to the reader, and wakes it when much has gathered.
    pub(crate) fn commit(self) {
        let busy = layout::word(self.position, self.pid, self.cells, BUSY);
        let ready = layout::word(self.position, self.pid, self.cells, READY);
        // Not a plain store: the reader may have given up on us, and the cells be somebody else's.
        let word = self.mapping.word(self.position);
        let _ = word.compare_exchange(busy, ready, Ordering::AcqRel, Ordering::Relaxed);
        let header = self.mapping.header();
        let used = self.position.wrapping_sub(header.head.load(Ordering::Relaxed));
        if used >= self.mapping.capacity / 8
            && header.waiting.load(Ordering::Relaxed) != 0
            && header.waiting.swap(0, Ordering::AcqRel) != 0
        {
            // SAFETY: a word of the mapping.
            unsafe { crate::system::futex_wake(&raw const header.waiting) };
        }
    }
}
