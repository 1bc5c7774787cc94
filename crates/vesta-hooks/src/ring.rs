//! The reader's side of the ring.

use crate::architecture::{REGISTERS, number};
use crate::event::{
    Allocation, AllocationKind, Event, Free, LockKind, LockWait, Lost, Place, ProcessStart, StartCause,
};
use crate::layout::{self, BUSY, CELL, HEADER_BYTES, MAX_CELLS, Mapping, READY};
use crate::options::Options;
use crate::system;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Shared memory that hooks write events to and a profiler reads them from.
///
/// Whoever has the ring can write anything to it at any time. So each record is copied before it is looked at, what it
/// says about lengths is checked against what the reader knows, and positions are the reader's own.
#[derive(Debug)]
pub struct Ring {
    shared: Arc<Shared>,
    options: Options,
    head: u64,
    /// A copy of the record that is being given out.
    copy: Vec<u64>,
    /// The record that is being written, and since when we know.
    stuck: Option<(u64, Instant)>,
    abandoned: u64,
    corrupt: u64,
    waker: Option<Waker>,
}

/// The memory, kept as long as anything looks at it.
#[derive(Debug)]
struct Shared {
    mapping: Mapping,
    file: File,
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the last one who knew of it.
        unsafe { self.mapping.unmap() };
    }
}

/// A thread that turns wake-ups into something for `poll`.
#[derive(Debug)]
struct Waker {
    event: Arc<File>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// The word of a record that has its time.
const TIME: usize = 3;
/// How long a writer may take for a record before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long before it is asked whether its process still exists.
const DOUBT: Duration = Duration::from_millis(20);

impl Ring {
    pub(crate) fn new(options: &Options) -> io::Result<Ring> {
        let options = options.clamped();
        let file = memory_file(layout::file_bytes(options.ring_bytes))?;
        let mapping = Mapping::new(file.as_raw_fd(), options.ring_bytes).map_err(os_error)?;
        let shared = Arc::new(Shared { mapping, file });
        let mapping = &shared.mapping;
        // Not 0: a thread that read an old position must not find it again by chance in other data.
        let mut random = [0u8; 8];
        fill_random(&mut random)?;
        let head = (u64::from_ne_bytes(random) >> 24) & !(mapping.capacity - 1);
        for position in head..head + mapping.capacity {
            mapping.word(position).store(layout::free_word(position), Ordering::Relaxed);
        }
        mapping.header().head.store(head, Ordering::Relaxed);
        mapping.header().tail.store(head, Ordering::Release);
        Ok(Ring {
            shared,
            options,
            head,
            copy: Vec::new(),
            stuck: None,
            abandoned: 0,
            corrupt: 0,
            waker: None,
        })
    }

    /// Gives up to `max` events to `each`, in the order in which their room was reserved, as far as the first that is
    /// younger than `until_ns`. The number of events that were given; less than `max` when the ring is empty, or its next
    /// record is younger or still being written.
    pub fn drain(&mut self, until_ns: u64, max: usize, each: &mut dyn FnMut(Event<'_>)) -> usize {
        let mut given = 0;
        // At most one round, whatever is written meanwhile.
        let end = self.head + self.shared.mapping.capacity;
        while given < max && self.head < end {
            let position = self.head;
            let tail = self.shared.mapping.header().tail.load(Ordering::Acquire);
            let word = self.shared.mapping.word(position).load(Ordering::Acquire);
            let cells = layout::word_cells(word);
            let fits = layout::word_is_at(word, position) && (1..=MAX_CELLS).contains(&cells);
            match word & 3 {
                _ if word == layout::free_word(position) => {
                    // Room is taken before the tail moves, so nothing can be behind a free cell.
                    let behind = tail.wrapping_sub(position);
                    if behind == 0 {
                        break;
                    }
                    self.corrupt += 1;
                    if behind > self.shared.mapping.capacity {
                        self.shared.mapping.header().tail.store(position, Ordering::Release);
                        break;
                    }
                    self.release(1);
                }
                READY if fits => {
                    self.take_copy(position, cells);
                    if is_younger(&self.copy, until_ns) {
                        break;
                    }
                    self.release(cells);
                    match decode(&self.copy) {
                        Some(event) => {
                            given += 1;
                            each(event);
                        }
                        None => self.corrupt += 1,
                    }
                }
                BUSY if fits => {
                    if !self.is_given_up(position, layout::word_pid(word)) {
                        break;
                    }
                    // Unless it was finished just now.
                    if self.shared.mapping.word(position).load(Ordering::Acquire) == word {
                        self.abandoned += 1;
                        self.release(cells);
                    }
                }
                _ => {
                    // Somebody wrote over the ring: on to where it makes sense again.
                    self.corrupt += 1;
                    self.release(1);
                }
            }
        }
        // Ours, whatever it was set to.
        self.shared.mapping.header().head.store(self.head, Ordering::Release);
        given
    }

    /// Waits until the ring is an eighth full, at most `timeout`. Whether there is anything to read.
    pub fn wait(&self, timeout: Duration) -> bool {
        wait(&self.shared.mapping, timeout);
        self.shared.mapping.header().tail.load(Ordering::Acquire) != self.head
    }

    /// A descriptor that becomes readable when the ring is an eighth full, for `poll`. Read its 8 bytes to rearm it.
    ///
    /// Targets know nothing of it: a descriptor in them could be closed by a program that closes all it does not know,
    /// and its number be given to something else. They wake a futex, and a thread here passes that on.
    ///
    /// # Errors
    /// When the descriptor or its thread cannot be made.
    pub fn event_fd(&mut self) -> io::Result<BorrowedFd<'_>> {
        if self.waker.is_none() {
            self.waker = Some(Waker::start(Arc::clone(&self.shared))?);
        }
        self.waker.as_ref().map(|waker| waker.event.as_fd()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// What was lost since the ring was made.
    pub fn lost(&self) -> Lost {
        let header = self.shared.mapping.header();
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Lost {
            allocations: read(&header.lost_allocations),
            frees: read(&header.lost_frees),
            locks: read(&header.lost_locks),
            untracked: read(&header.untracked),
            abandoned: self.abandoned,
            corrupt: self.corrupt,
        }
    }

    /// What the hooks sample, with every number within its bounds.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The memory, for a listener to hand over.
    pub(crate) fn file(&self) -> io::Result<OwnedFd> {
        self.shared.file.as_fd().try_clone_to_owned()
    }

    fn take_copy(&mut self, position: u64, cells: usize) {
        let words = cells * CELL / 8;
        let first = self.shared.mapping.cell(position) as *const AtomicU64;
        self.copy.clear();
        // SAFETY: a record begins in the first round of the cells and is shorter than the second. Atomic, since it may be
        // written to at this moment.
        self.copy.extend((0..words).map(|at| unsafe { (*first.add(at)).load(Ordering::Relaxed) }));
    }

    /// Makes the next cells free for the next round.
    fn release(&mut self, cells: usize) {
        let mapping = &self.shared.mapping;
        let next = self.head + cells as u64;
        // A writer that died right after taking its room has not moved the tail.
        let header = mapping.header();
        let _ = header.tail.compare_exchange(self.head, next, Ordering::AcqRel, Ordering::Relaxed);
        for position in self.head..next {
            let free = layout::free_word(position + mapping.capacity);
            mapping.word(position).store(free, Ordering::Relaxed);
        }
        header.head.store(next, Ordering::Release);
        self.head = next;
        self.stuck = None;
    }

    /// Whether the writer of the record at this position is gone, or has taken too long.
    fn is_given_up(&mut self, position: u64, pid: u32) -> bool {
        let now = Instant::now();
        let since = match self.stuck {
            Some((stuck, since)) if stuck == position => since,
            _ => {
                self.stuck = Some((position, now));
                return false;
            }
        };
        let waited = now.duration_since(since);
        if waited >= PATIENCE {
            return true;
        }
        waited >= DOUBT && pid != 0 && !is_running(pid)
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        if let Some(waker) = &mut self.waker {
            waker.stop.store(true, Ordering::Release);
            let waiting = &self.shared.mapping.header().waiting;
            waiting.store(0, Ordering::Release);
            // SAFETY: a word of the mapping.
            unsafe { system::futex_wake(waiting) };
            if let Some(thread) = waker.thread.take() {
                let _ = thread.join();
            }
        }
    }
}

impl Waker {
    fn start(shared: Arc<Shared>) -> io::Result<Waker> {
        const NONBLOCKING: usize = 0o4000;
        const CLOSE_ON_EXEC: usize = 0o2_000_000;
        // SAFETY: makes a descriptor and nothing else.
        let event = unsafe { system::call(number::EVENTFD2, [0, NONBLOCKING | CLOSE_ON_EXEC, 0, 0, 0, 0]) };
        // SAFETY: the descriptor was made just now.
        let event = Arc::new(File::from(unsafe { OwnedFd::from_raw_fd(event.map_err(os_error)? as i32) }));
        let stop = Arc::new(AtomicBool::new(false));
        let (thread_event, thread_stop) = (Arc::clone(&event), Arc::clone(&stop));
        let pass_on = move || {
            crate::in_process::exclude_current_thread();
            while !thread_stop.load(Ordering::Acquire) {
                if wait(&shared.mapping, Duration::from_secs(1)) {
                    let _ = (&*thread_event).write(&1u64.to_ne_bytes());
                    // Until the reader has made room, another wake-up would be the same one.
                    std::thread::sleep(Duration::from_millis(1));
                }
            }
        };
        let thread = std::thread::Builder::new().name("vesta-wake".to_owned()).spawn(pass_on)?;
        Ok(Waker { event, stop, thread: Some(thread) })
    }
}

/// Waits until a writer finds the ring an eighth full. Whether it is.
fn wait(mapping: &Mapping, timeout: Duration) -> bool {
    let header = mapping.header();
    let is_full = || {
        let used = header.tail.load(Ordering::Acquire).wrapping_sub(header.head.load(Ordering::Acquire));
        used >= mapping.capacity / 8
    };
    header.waiting.store(1, Ordering::SeqCst);
    if !is_full() {
        let timeout_ns = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        // SAFETY: a word of the mapping.
        unsafe { system::futex_wait(&raw const header.waiting, 1, timeout_ns) };
    }
    header.waiting.store(0, Ordering::SeqCst);
    is_full()
}

fn is_running(pid: u32) -> bool {
    const NO_SUCH_PROCESS: i32 = 3;
    // SAFETY: signal 0 is none.
    let error = unsafe { system::call(number::KILL, [pid as usize, 0, 0, 0, 0, 0]) }.err();
    if error.is_some_and(|error| error.0 == NO_SUCH_PROCESS) {
        return false;
    }
    // Dead ones whose parent does not care are still there.
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = status.rsplit_once(") ").and_then(|(_, state)| state.chars().next());
    !matches!(state, Some('Z' | 'X'))
}

/// Whether a record is younger than `until_ns`. One that says it is of the future is not: it would block the ring.
fn is_younger(words: &[u64], until_ns: u64) -> bool {
    words.get(TIME).is_some_and(|&time_ns| time_ns > until_ns && time_ns <= system::monotonic_ns())
}

fn decode(words: &[u64]) -> Option<Event<'_>> {
    const FIXED: usize = CELL / 8;
    let (fixed, rest) = words.split_at_checked(FIXED)?;
    let byte = |word: u64, at: u32| (word >> (8 * at)) as u8;
    let kind = byte(fixed[1], 0);
    let detail = byte(fixed[1], 1);
    let flags = (fixed[1] >> 16) as u16;
    let pid = (fixed[1] >> 32) as u32;
    let tid = fixed[2] as u32;
    let stack_bytes = (fixed[2] >> 32) as usize;
    let time_ns = fixed[TIME];
    let [address, size, weight, stack_start] = [fixed[4], fixed[5], fixed[6], fixed[7]];
    let place = || -> Option<(Place<'_>, f64)> {
        let (registers, stack) = rest.split_at_checked(REGISTERS)?;
        let stack = stack.get(..stack_bytes / 8)?;
        // SAFETY: words are bytes.
        let stack = unsafe { std::slice::from_raw_parts(stack.as_ptr().cast::<u8>(), stack.len() * 8) };
        let truncated = flags & layout::FLAG_TRUNCATED != 0;
        let registers = registers.first_chunk()?;
        let place = Place { pid, tid, time_ns, registers, stack_start, stack, truncated };
        let weight = f64::from_bits(weight);
        // No sample stands for less than itself.
        (weight.is_finite() && weight >= 1.0).then_some((place, weight))
    };
    Some(match kind {
        layout::KIND_ALLOCATION => {
            let kind = match detail {
                layout::DETAIL_MALLOC => AllocationKind::Malloc,
                layout::DETAIL_REALLOC => AllocationKind::Realloc,
                layout::DETAIL_NEW => AllocationKind::New,
                layout::DETAIL_MAP => AllocationKind::Map,
                _ => return None,
            };
            let (place, weight) = place()?;
            let tracked = flags & layout::FLAG_TRACKED != 0;
            Event::Allocation(Allocation { place, address, size, weight, kind, tracked })
        }
        layout::KIND_FREE => Event::Free(Free { pid, address, time_ns }),
        layout::KIND_LOCK => {
            let kind = match detail {
                layout::DETAIL_MUTEX => LockKind::Mutex,
                layout::DETAIL_READ => LockKind::Read,
                layout::DETAIL_WRITE => LockKind::Write,
                _ => return None,
            };
            let (place, weight) = place()?;
            Event::Lock(LockWait { place, address, wait_ns: size, weight, kind })
        }
        layout::KIND_START => {
            let cause = match detail {
                layout::DETAIL_EXEC => StartCause::Exec,
                layout::DETAIL_FORK => StartCause::Fork,
                layout::DETAIL_STARTED => StartCause::Started,
                _ => return None,
            };
            Event::ProcessStart(ProcessStart { pid, parent: u32::try_from(size).ok()?, time_ns, cause })
        }
        layout::KIND_LIVE_RESET => Event::LiveReset { pid, time_ns },
        _ => return None,
    })
}

/// A file in memory that nobody can shrink: reading it will not fault, whoever else has it.
fn memory_file(bytes: usize) -> io::Result<File> {
    const CLOSE_ON_EXEC: usize = 1;
    const ALLOW_SEALING: usize = 2;
    const ADD_SEALS: usize = 1033;
    const SEAL: usize = 1;
    const SHRINK: usize = 2;
    const GROW: usize = 4;
    debug_assert!(bytes > HEADER_BYTES);
    let name = c"vesta-hooks".as_ptr() as usize;
    // SAFETY: the name ends with a zero, and the descriptor is ours from then on.
    unsafe {
        let flags = CLOSE_ON_EXEC | ALLOW_SEALING;
        let fd = system::call(number::MEMFD_CREATE, [name, flags, 0, 0, 0, 0]).map_err(os_error)?;
        let file = File::from_raw_fd(fd as i32);
        system::call(number::FTRUNCATE, [fd, bytes, 0, 0, 0, 0]).map_err(os_error)?;
        system::call(number::FCNTL, [fd, ADD_SEALS, SEAL | SHRINK | GROW, 0, 0, 0]).map_err(os_error)?;
        Ok(file)
    }
}

pub(crate) fn fill_random(bytes: &mut [u8]) -> io::Result<()> {
    // SAFETY: a buffer of that size.
    let filled =
        unsafe { system::call(number::GETRANDOM, [bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0, 0]) };
    match filled.map_err(os_error)? == bytes.len() {
        true => Ok(()),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

pub(crate) fn os_error(error: system::Errno) -> io::Error {
    io::Error::from_raw_os_error(error.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::writer;

    fn small() -> Ring {
        let options = Options { ring_bytes: 256 << 10, ..Options::default() };
        Ring::new(&options).unwrap_or_else(|error| unreachable!("{error}"))
    }

    fn writers(ring: &Ring) -> Mapping {
        Mapping::from_base(ring.shared.mapping.base(), ring.shared.mapping.capacity)
    }

    fn write_free(ring: &Ring, address: u64) -> bool {
        write_free_of(ring, address, 0)
    }

    fn write_free_of(ring: &Ring, address: u64, time_ns: u64) -> bool {
        let Some(room) = writer::reserve(writers(ring), CELL, std::process::id(), true) else { return false };
        // SAFETY: a record of our own.
        unsafe {
            let record = room.record();
            (&raw mut (*record).kind).write(layout::KIND_FREE);
            (&raw mut (*record).pid).write(std::process::id());
            (&raw mut (*record).address).write(address);
            (&raw mut (*record).time_ns).write(time_ns);
        }
        room.commit();
        true
    }

    #[test]
    fn younger_records_wait_but_for_those_of_the_future() {
        const FUTURE: u64 = u64::MAX;
        let mut ring = small();
        for (address, time_ns) in [(1, 100), (2, FUTURE), (3, 200), (4, 100)] {
            assert!(write_free_of(&ring, address, time_ns));
        }
        let mut addresses_until = |until_ns| {
            let mut addresses = Vec::new();
            ring.drain(until_ns, usize::MAX, &mut |event| {
                if let Event::Free(free) = event {
                    addresses.push(free.address);
                }
            });
            addresses
        };
        assert_eq!(addresses_until(99), []);
        assert_eq!(addresses_until(199), [1, 2]);
        assert_eq!(addresses_until(200), [3, 4]);
    }

    #[test]
    fn records_come_out_as_they_went_in_round_after_round() {
        let mut ring = small();
        let mut written = 0u64;
        let mut read = 0u64;
        for round in 0..50 {
            while write_free(&ring, written) {
                written += 1;
            }
            assert_eq!(written - read, 4096, "all cells are used in round {round}");
            ring.drain(u64::MAX, usize::MAX, &mut |event| {
                assert!(matches!(event, Event::Free(free) if free.address == read));
                read += 1;
            });
            assert_eq!(read, written);
        }
        assert_eq!(ring.lost(), Lost::default());
    }

    #[test]
    fn writers_that_stop_between_any_two_steps_block_neither_others_nor_the_reader() {
        let mut ring = small();
        // Took its room, and died before it moved the tail. No process has this number.
        let tail = ring.shared.mapping.header().tail.load(Ordering::Relaxed);
        let busy = layout::word(tail, 0x3F_FFF0, 7, BUSY);
        ring.shared.mapping.word(tail).store(busy, Ordering::Release);
        assert!(write_free(&ring, 1), "another one goes past it");
        // Took its room and nothing else.
        assert!(writer::reserve(writers(&ring), 1_000, 0, false).is_some());
        assert!(write_free(&ring, 2));
        let mut addresses = Vec::new();
        let start = Instant::now();
        while addresses.len() < 2 {
            ring.drain(u64::MAX, 10, &mut |event| {
                if let Event::Free(free) = event {
                    addresses.push(free.address);
                }
            });
            assert!(start.elapsed() < PATIENCE * 3);
            std::thread::yield_now();
        }
        assert_eq!(addresses, [1, 2]);
        assert_eq!(ring.lost().abandoned, 2);
    }

    #[test]
    fn garbage_is_passed_over_and_the_ring_works_again() {
        let mut ring = small();
        let mut state = 99;
        for round in 0..200u64 {
            let mapping = &ring.shared.mapping;
            let words = HEADER_BYTES / 8..HEADER_BYTES / 8 + mapping.capacity as usize * CELL / 8;
            for at in words {
                let random = crate::math::random(&mut state);
                let position = ring.head + random % mapping.capacity;
                let value = match random >> 60 {
                    // What looks like a record of some length, ready or not.
                    0..8 => layout::word(position, 1, (random >> 20) as usize % 2_000, random >> 40 & 3),
                    _ => random,
                };
                // SAFETY: a word of the mapping.
                unsafe { (*((mapping.base() as *const AtomicU64).add(at))).store(value, Ordering::Relaxed) };
            }
            // Records of every kind at the head, with random contents.
            let head = mapping.word(ring.head);
            head.store(layout::word(ring.head, 1, 1 + round as usize % 600, READY), Ordering::Relaxed);
            mapping.header().tail.store(crate::math::random(&mut state), Ordering::Relaxed);
            ring.drain(u64::MAX, usize::MAX, &mut |_| {});
        }
        // What was written over last looks like records that are being written, for as long as that may take at most.
        let start = Instant::now();
        let tail = || ring.shared.mapping.header().tail.load(Ordering::Relaxed);
        assert_ne!(tail(), ring.head);
        ring.shared.mapping.header().head.store(12_345, Ordering::Relaxed);
        while ring.shared.mapping.header().tail.load(Ordering::Relaxed) != ring.head {
            ring.drain(u64::MAX, usize::MAX, &mut |_| {});
            assert!(start.elapsed() < PATIENCE * 20);
            std::thread::yield_now();
        }
        assert!(ring.lost().corrupt > 0);
        assert!(write_free(&ring, 5));
        let mut found = false;
        ring.drain(u64::MAX, 10, &mut |event| {
            found |= matches!(event, Event::Free(free) if free.address == 5);
        });
        assert!(found);
    }
}
