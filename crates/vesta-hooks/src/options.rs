//! What to sample, and how densely.

/// What the hooks sample. Travels to the target through the socket as it lies in memory, hence `repr(C)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Options {
    /// Mean number of allocated bytes between two samples; 0 turns allocation hooks off.
    pub allocation_interval_bytes: u64,
    /// Lock waits at least this long are all reported, shorter ones with a probability that grows with the wait.
    pub lock_threshold_ns: u64,
    /// The size of the ring, rounded up to a power of two between 256 KiB and 1 GiB.
    pub ring_bytes: u64,
    /// The most of a stack that is copied into one sample, at most 65,528.
    pub stack_bytes: u32,
    /// Report when sampled allocations are freed.
    pub live_heap: bool,
    /// Sample waits for contended pthread mutexes and reader-writer locks.
    pub locks: bool,
    /// Keep sampling in children: after `fork` in the same ring, after `exec` by putting the variables back.
    pub follow_children: bool,
}

impl Options {
    /// The most stack a sample may hold; a ring record has 11 bits for its length in cells of 64 bytes.
    pub const MAX_STACK_BYTES: u32 = 65_528;

    /// The same options with every number within its bounds.
    pub fn clamped(mut self) -> Options {
        const RING: core::ops::RangeInclusive<u64> = (256 << 10)..=(1 << 30);
        self.ring_bytes = self.ring_bytes.clamp(*RING.start(), *RING.end()).next_power_of_two();
        self.stack_bytes = self.stack_bytes.min(Options::MAX_STACK_BYTES) & !7;
        self.lock_threshold_ns = self.lock_threshold_ns.max(1);
        self
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            allocation_interval_bytes: 512 << 10,
            lock_threshold_ns: 10_000_000,
            ring_bytes: 8 << 20,
            stack_bytes: 32_000,
            live_heap: false,
            locks: false,
            follow_children: true,
        }
    }
}
