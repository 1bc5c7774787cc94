//! The addresses of sampled allocations that are alive.
//!
//! Nearly every `free` is of an address that was not sampled, so that question is answered first, by one byte: a counter
//! per hash. Only then is the table looked at: words in overlapping windows, taken and given back with one exchange each, so
//! that there is no lock that a signal, a fork or a killed thread could leave held.

use crate::system::{
    self, MADV_WIPEONFORK, MAP_ANONYMOUS, MAP_NORESERVE, MAP_PRIVATE, PROT_READ, PROT_WRITE,
};
use crate::thread::{FILTER_BYTES, process};
use core::sync::atomic::{AtomicUsize, Ordering};

/// Words in the table: live samples of a heap of 128 GiB at the default interval. 2 MiB, touched as needed.
const SLOTS: usize = 1 << 18;
/// How many places an address may have. At a quarter full, one in 10^12 finds no place.
const WINDOW: usize = 32;

static TABLE: AtomicUsize = AtomicUsize::new(0);

/// Makes the table, or empties it.
pub(crate) fn prepare() -> bool {
    if TABLE.load(Ordering::Acquire) != 0 {
        clear();
        return true;
    }
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    // SAFETY: fresh memory.
    let Ok(table) = (unsafe { system::map(0, SLOTS * 8, PROT_READ | PROT_WRITE, flags, -1, 0) }) else {
        return false;
    };
    // SAFETY: memory of our own. Kernels before 4.14 refuse, and then the fork hook empties the table.
    let _ = unsafe {
        system::call(crate::architecture::number::MADVISE, [table, SLOTS * 8, MADV_WIPEONFORK, 0, 0, 0])
    };
    TABLE.store(table, Ordering::Release);
    true
}

/// Forgets everything.
pub(crate) fn clear() {
    for counter in &process().filter {
        if counter.load(Ordering::Relaxed) != 0 {
            counter.store(0, Ordering::Relaxed);
        }
    }
    for at in 0..SLOTS {
        match slot(at) {
            Some(slot) if slot.load(Ordering::Relaxed) != 0 => slot.store(0, Ordering::Relaxed),
            Some(_) => {}
            None => break,
        }
    }
}

fn slot(at: usize) -> Option<&'static AtomicUsize> {
    let table = TABLE.load(Ordering::Acquire);
    // SAFETY: the table is never given back, and the index is within it.
    (table != 0).then(|| unsafe { &*((table as *const AtomicUsize).add(at & (SLOTS - 1))) })
}

fn home(address: usize) -> usize {
    (address >> 3).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - 18)
}

/// Where an address falls in the filter: addresses near each other share a cache line. The hooks of `free` compute the
/// same in assembly.
fn filter_index(address: usize) -> usize {
    let page = ((address >> 10) as u32).wrapping_mul(0x9E37_79B1) >> 15;
    let line = (address >> 4 ^ address >> 12) & 63;
    (page & 0x1_FFC0) as usize | line
}

const _: () = assert!(FILTER_BYTES == 0x1_FFC0 + 64);

/// Whether the address may be alive.
pub(crate) fn may_contain(address: usize) -> bool {
    process().filter[filter_index(address)].load(Ordering::Relaxed) != 0
}

/// Remembers an address. `false` when there is no place for it.
pub(crate) fn insert(address: usize) -> bool {
    if may_contain(address) && contains(address) {
        // Freed behind our back, and allocated again.
        return true;
    }
    let counter = &process().filter[filter_index(address)];
    // A counter that is full stays full: it can no longer rule anything out, which costs time only.
    let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_add(1));
    for step in 0..WINDOW {
        let Some(slot) = slot(home(address) + step) else { break };
        if slot.load(Ordering::Relaxed) == 0
            && slot.compare_exchange(0, address, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            return true;
        }
    }
    lower(address);
    false
}

fn contains(address: usize) -> bool {
    (0..WINDOW)
        .any(|step| slot(home(address) + step).is_some_and(|slot| slot.load(Ordering::Relaxed) == address))
}

/// Forgets an address. Whether it was there: of two that ask at once, one is told so.
pub(crate) fn remove(address: usize) -> bool {
    for step in 0..WINDOW {
        let Some(slot) = slot(home(address) + step) else { return false };
        if slot.load(Ordering::Relaxed) == address
            && slot.compare_exchange(address, 0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        {
            lower(address);
            return true;
        }
    }
    false
}

fn lower(address: usize) {
    let counter = &process().filter[filter_index(address)];
    let _ = counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| match count {
        0 | u8::MAX => None,
        _ => Some(count - 1),
    });
}
