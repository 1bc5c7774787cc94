//! The shared memory of a ring: what both sides agree on.
//!
//! A page of counters, then `capacity` cells of 64 bytes, mapped twice in a row so that records never wrap. Positions
//! count cells and never go back. The first word of each cell says what begins there:
//!
//! ```text
//! position << 35 | process << 13 | cells << 2 | state      state 1: being written   2: ready   3: free (all bits set)
//! ```
//!
//! A writer takes room by exchanging the word of the cell at `tail`, which must say that it is free *at this very
//! position*, for one that says how long its record will be; only then does it move `tail`. Whoever finds the word taken
//! but `tail` not moved moves it: a writer may be killed between any two instructions and holds up nobody. The reader
//! marks cells as free for the next round before it moves `head`. A record whose writer died stays "being written";
//! the reader gives up on it when that process is gone, or else after two seconds.

use crate::architecture::{REGISTERS, number};
use crate::system::{self, Errno};
use core::sync::atomic::{AtomicU32, AtomicU64};

/// The unit of room.
pub(crate) const CELL: usize = 64;
/// Where cells begin: a page, whatever its size.
pub(crate) const HEADER_BYTES: usize = 64 << 10;
/// Longest record: a stack of the largest size and what comes before it.
pub(crate) const MAX_CELLS: usize =
    (size_of::<Record>() + crate::options::Options::MAX_STACK_BYTES as usize).div_ceil(CELL);

pub(crate) const BUSY: u64 = 1;
pub(crate) const READY: u64 = 2;
/// Numbers of processes have at most 22 bits; lengths 11, which is 128 KiB.
const PROCESS: u32 = 13;
/// The rest: 4,096 rounds of a ring of 8 MiB, until a position looks as one before.
const POSITION: u32 = 35;
const BELOW_POSITION: u64 = (1 << POSITION) - 1;
const _: () = assert!(MAX_CELLS < 1 << 11);

/// Counters that both sides share.
#[repr(C)]
pub(crate) struct Header {
    /// Where the next record goes. Writers move it.
    pub(crate) tail: AtomicU64,
    padding: [u64; 7],
    /// What is read. The reader moves it.
    pub(crate) head: AtomicU64,
    /// 1 while the reader waits for a wake-up.
    pub(crate) waiting: AtomicU32,
    padding2: [u32; 13],
    pub(crate) lost_allocations: AtomicU64,
    pub(crate) lost_frees: AtomicU64,
    pub(crate) lost_locks: AtomicU64,
    pub(crate) untracked: AtomicU64,
}

/// What a record says. Frees and process starts are the first cell only.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Record {
    pub(crate) word: u64,
    pub(crate) kind: u8,
    pub(crate) detail: u8,
    pub(crate) flags: u16,
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) stack_bytes: u32,
    pub(crate) time_ns: u64,
    pub(crate) address: u64,
    /// Bytes, nanoseconds or the parent.
    pub(crate) size: u64,
    pub(crate) weight: f64,
    pub(crate) stack_start: u64,
    pub(crate) registers: [u64; REGISTERS],
}

pub(crate) const KIND_ALLOCATION: u8 = 1;
pub(crate) const KIND_FREE: u8 = 2;
pub(crate) const KIND_LOCK: u8 = 3;
pub(crate) const KIND_START: u8 = 4;
pub(crate) const KIND_LIVE_RESET: u8 = 5;

pub(crate) const DETAIL_MALLOC: u8 = 0;
pub(crate) const DETAIL_REALLOC: u8 = 1;
pub(crate) const DETAIL_NEW: u8 = 2;
pub(crate) const DETAIL_MAP: u8 = 3;
pub(crate) const DETAIL_MUTEX: u8 = 0;
pub(crate) const DETAIL_READ: u8 = 1;
pub(crate) const DETAIL_WRITE: u8 = 2;
pub(crate) const DETAIL_EXEC: u8 = 0;
pub(crate) const DETAIL_FORK: u8 = 1;
pub(crate) const DETAIL_STARTED: u8 = 2;

pub(crate) const FLAG_TRACKED: u16 = 1;
pub(crate) const FLAG_TRUNCATED: u16 = 2;

/// The first word of the cell where a record begins.
pub(crate) fn word(position: u64, pid: u32, cells: usize, state: u64) -> u64 {
    (position << POSITION) | (u64::from(pid) << PROCESS) & BELOW_POSITION | ((cells as u64) << 2) | state
}

/// The first word of a free cell.
pub(crate) fn free_word(position: u64) -> u64 {
    (position << POSITION) | BELOW_POSITION
}

/// How many cells a word speaks of.
pub(crate) fn word_cells(word: u64) -> usize {
    (word >> 2 & 0x7FF) as usize
}

/// Which process wrote a word.
pub(crate) fn word_pid(word: u64) -> u32 {
    (word >> PROCESS & 0x3F_FFFF) as u32
}

/// Whether a word speaks of this position.
pub(crate) fn word_is_at(word: u64, position: u64) -> bool {
    (word ^ (position << POSITION)) & !BELOW_POSITION == 0
}

/// The bytes of a file for a ring with this many bytes of cells.
pub(crate) fn file_bytes(ring_bytes: u64) -> usize {
    HEADER_BYTES + ring_bytes as usize
}

/// A ring, mapped.
#[derive(Debug)]
pub(crate) struct Mapping {
    base: usize,
    /// In cells, a power of two.
    pub(crate) capacity: u64,
}

impl Mapping {
    /// Maps the file of a ring with this many bytes of cells (a power of two), and the cells once more after them.
    pub(crate) fn new(fd: i32, ring_bytes: u64) -> Result<Mapping, Errno> {
        use system::{
            MAP_ANONYMOUS, MAP_FIXED, MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE,
        };
        let bytes = ring_bytes as usize;
        let total = HEADER_BYTES + 2 * bytes;
        let writable = PROT_READ | PROT_WRITE;
        // SAFETY: a fresh range, and then only parts of that range are replaced.
        unsafe {
            let base = system::map(0, total, 0, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)?;
            let flags = MAP_SHARED | MAP_FIXED;
            let first = system::map(base, HEADER_BYTES + bytes, writable, flags, fd, 0);
            let again = base + HEADER_BYTES + bytes;
            let second = first.and_then(|_| system::map(again, bytes, writable, flags, fd, HEADER_BYTES));
            if let Err(error) = second {
                system::unmap(base, total);
                return Err(error);
            }
            // A core file of the target is about the target.
            const DONT_DUMP: usize = 16;
            let _ = system::call(number::MADVISE, [base, total, DONT_DUMP, 0, 0, 0]);
            Ok(Mapping { base, capacity: (bytes / CELL) as u64 })
        }
    }

    /// A writer's view of a mapping that is never unmapped while it is used.
    pub(crate) fn from_base(base: usize, capacity: u64) -> Mapping {
        Mapping { base, capacity }
    }

    pub(crate) fn base(&self) -> usize {
        self.base
    }

    /// The counters.
    pub(crate) fn header(&self) -> &Header {
        // SAFETY: the mapping begins with a page for it, and atomics have no invalid values.
        unsafe { &*(self.base as *const Header) }
    }

    /// Where a position's cell is, with at least `capacity` cells after it.
    pub(crate) fn cell(&self, position: u64) -> usize {
        self.base + HEADER_BYTES + (position & (self.capacity - 1)) as usize * CELL
    }

    /// The first word of a position's cell.
    pub(crate) fn word(&self, position: u64) -> &AtomicU64 {
        // SAFETY: a cell of the mapping, aligned to 64 bytes.
        unsafe { &*(self.cell(position) as *const AtomicU64) }
    }

    /// Gives the memory back.
    ///
    /// # Safety
    /// Nothing may use the mapping afterwards.
    pub(crate) unsafe fn unmap(&self) {
        // SAFETY: the caller's.
        unsafe { system::unmap(self.base, HEADER_BYTES + 2 * self.capacity as usize * CELL) };
    }
}

/// What a target sends to the listener: the magic and the secret, and which process it is.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Hello {
    pub(crate) magic: u64,
    pub(crate) token: [u8; 32],
    pub(crate) pid: u32,
    pub(crate) padding: u32,
}

/// What it gets, together with the descriptor of the ring.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Welcome {
    pub(crate) magic: u64,
    pub(crate) options: crate::options::Options,
    /// The process as the listener sees it.
    pub(crate) pid: u32,
    pub(crate) padding: u32,
}

/// Changes whenever the two sides would misunderstand each other.
pub(crate) const MAGIC: u64 = 0x5645_5354_4148_4b31 ^ ((size_of::<Record>() as u64) << 32);

/// The variable that says where the listener is: name, secret and path of the library, separated by colons.
pub(crate) const VARIABLE: &str = "VESTA_HOOKS";

/// The address of an abstract Unix socket with a name of 32 characters.
#[repr(C)]
pub(crate) struct SocketAddress {
    family: u16,
    zero: u8,
    name: [u8; 32],
}

impl SocketAddress {
    pub(crate) const LENGTH: usize = 2 + 1 + 32;

    pub(crate) fn new(name: [u8; 32]) -> SocketAddress {
        SocketAddress { family: 1, zero: 0, name }
    }
}

/// A message with one descriptor, for `sendmsg` and `recvmsg`.
#[repr(C)]
pub(crate) struct Message {
    name: usize,
    name_length: u64,
    vector: usize,
    vector_length: usize,
    control: usize,
    control_length: usize,
    flags: u64,
}

/// The control part of such a message.
#[repr(C)]
pub(crate) struct Control {
    length: usize,
    level: i32,
    kind: i32,
    fd: i32,
    padding: i32,
}

impl Control {
    /// Carries this descriptor.
    pub(crate) fn new(fd: i32) -> Control {
        Control { length: 20, level: 1, kind: 1, fd, padding: 0 }
    }

    /// The descriptor that came, if one did.
    pub(crate) fn fd(&self) -> Option<i32> {
        (self.length == 20 && self.level == 1 && self.kind == 1).then_some(self.fd)
    }
}

/// Sends or receives `bytes` and a descriptor. Returns the number of bytes.
///
/// # Safety
/// `socket` belongs to the caller; `address` and `length` are memory that may be read, or written when receiving.
pub(crate) unsafe fn message(
    receive: bool,
    socket: i32,
    address: usize,
    length: usize,
    control: &mut Control,
) -> Result<usize, Errno> {
    const NO_SIGNAL: usize = 0x4000;
    const CLOSE_ON_EXEC: usize = 0x4000_0000;
    let vector = [address, length];
    let mut message = Message {
        name: 0,
        name_length: 0,
        vector: (&raw const vector) as usize,
        vector_length: 1,
        control: core::ptr::from_mut(control) as usize,
        control_length: size_of::<Control>(),
        flags: 0,
    };
    let (call, flags) = if receive { (number::RECVMSG, CLOSE_ON_EXEC) } else { (number::SENDMSG, NO_SIGNAL) };
    // SAFETY: the message points to memory that lives until the call returns.
    unsafe { system::call(call, [socket as usize, (&raw mut message) as usize, flags, 0, 0, 0]) }
}
