//! The bytes of a trace: numbers, and events by their number.

/// Bytes that are read from the front.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bytes<'a> {
    all: &'a [u8],
    at: usize,
}

/// An event of the stream of a thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event {
    pub(super) kind: u8,
    /// When it happened, in ticks of the trace's clock.
    pub(super) ticks: u64,
    /// What it says besides; missing ones are 0.
    pub(super) args: [u64; 4],
}

/// The numbers of events and of the sections that batches start with.
pub(super) mod kind {
    pub(crate) const EVENT_BATCH: u8 = 1;
    pub(crate) const STACKS: u8 = 2;
    pub(crate) const STACK: u8 = 3;
    pub(crate) const STRINGS: u8 = 4;
    pub(crate) const STRING: u8 = 5;
    pub(crate) const CPU_SAMPLES: u8 = 6;
    pub(crate) const CPU_SAMPLE: u8 = 7;
    pub(crate) const FREQUENCY: u8 = 8;
    pub(crate) const PROC_START: u8 = 10;
    pub(crate) const PROC_STOP: u8 = 11;
    pub(crate) const PROC_STEAL: u8 = 12;
    pub(crate) const PROC_STATUS: u8 = 13;
    pub(crate) const GO_CREATE: u8 = 14;
    pub(crate) const GO_CREATE_SYSCALL: u8 = 15;
    pub(crate) const GO_START: u8 = 16;
    pub(crate) const GO_DESTROY: u8 = 17;
    pub(crate) const GO_DESTROY_SYSCALL: u8 = 18;
    pub(crate) const GO_STOP: u8 = 19;
    pub(crate) const GO_BLOCK: u8 = 20;
    pub(crate) const GO_UNBLOCK: u8 = 21;
    pub(crate) const GO_SYSCALL_BEGIN: u8 = 22;
    pub(crate) const GO_SYSCALL_END: u8 = 23;
    pub(crate) const GO_SYSCALL_END_BLOCKED: u8 = 24;
    pub(crate) const GO_STATUS: u8 = 25;
    pub(crate) const STW_BEGIN: u8 = 26;
    pub(crate) const STW_END: u8 = 27;
    pub(crate) const GC_ACTIVE: u8 = 28;
    pub(crate) const GC_BEGIN: u8 = 29;
    pub(crate) const GC_END: u8 = 30;
    pub(crate) const GC_SWEEP_ACTIVE: u8 = 31;
    pub(crate) const GC_SWEEP_BEGIN: u8 = 32;
    pub(crate) const GC_SWEEP_END: u8 = 33;
    pub(crate) const GC_MARK_ASSIST_ACTIVE: u8 = 34;
    pub(crate) const GC_MARK_ASSIST_BEGIN: u8 = 35;
    pub(crate) const GC_MARK_ASSIST_END: u8 = 36;
    pub(crate) const GO_LABEL: u8 = 39;
    pub(crate) const USER_TASK_BEGIN: u8 = 40;
    pub(crate) const USER_TASK_END: u8 = 41;
    pub(crate) const USER_REGION_BEGIN: u8 = 42;
    pub(crate) const USER_REGION_END: u8 = 43;
    pub(crate) const USER_LOG: u8 = 44;
    pub(crate) const GO_SWITCH: u8 = 45;
    pub(crate) const GO_SWITCH_DESTROY: u8 = 46;
    pub(crate) const GO_CREATE_BLOCKED: u8 = 47;
    pub(crate) const GO_STATUS_STACK: u8 = 48;
    pub(crate) const EXPERIMENTAL_BATCH: u8 = 49;
    pub(crate) const SYNC: u8 = 50;
    pub(crate) const CLOCK_SNAPSHOT: u8 = 51;
    pub(crate) const END_OF_GENERATION: u8 = 52;
}

/// How many numbers follow the number of an event in the stream of a thread, the first of them the ticks since the
/// event before. 0 for what has no place there.
const NUMBERS: [u8; 137] = {
    let mut numbers = [0; 137];
    // From ProcsChange to GoStatusStack.
    let timed = [
        3, 3, 1, 4, 3, 4, 2, 3, 1, 1, 3, 3, 4, 3, 1, 1, 4, 3, 1, 2, 3, 2, 2, 2, 3, 2, 2, 1, 2, 2, 2, 5, 3, 4,
        4, 5, 3, 3, 4, 5,
    ];
    let mut index = 0;
    while index < timed.len() {
        numbers[9 + index] = timed[index];
        index += 1;
    }
    // Experiments of Go 1.23: spans, objects and stacks on the heap.
    let experiments = [4, 4, 2, 3, 3, 2, 3, 3, 2];
    index = 0;
    while index < experiments.len() {
        numbers[128 + index] = experiments[index];
        index += 1;
    }
    numbers
};

impl<'a> Bytes<'a> {
    pub(super) fn new(all: &'a [u8]) -> Self {
        Bytes { all, at: 0 }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.all.len()
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = *self.all.get(self.at)?;
        self.at += 1;
        Some(byte)
    }

    /// A number of 7 bits per byte, the lowest first.
    #[inline]
    pub(super) fn number(&mut self) -> Option<u64> {
        let byte = self.byte()?;
        if byte < 0x80 {
            return Some(u64::from(byte));
        }
        self.long_number(u64::from(byte & 0x7f))
    }

    fn long_number(&mut self, first: u64) -> Option<u64> {
        let mut value = first;
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// The next `length` bytes, all of them or none.
    pub(super) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let end = self.at.checked_add(usize::try_from(length).ok()?)?;
        let taken = self.all.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    /// All that is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let rest = self.all.get(self.at..).unwrap_or_default();
        self.at = self.all.len();
        rest
    }

    /// The next event of a thread, whose `ticks` are those since the event before. `None` if it is not readable.
    #[inline]
    pub(super) fn event(&mut self) -> Option<Event> {
        let kind = self.byte()?;
        let numbers = NUMBERS.get(usize::from(kind)).copied().unwrap_or(0);
        if numbers == 0 {
            return None;
        }
        let mut event = Event { kind, ticks: self.number()?, args: [0; 4] };
        for arg in event.args.iter_mut().take(usize::from(numbers - 1)) {
            *arg = self.number()?;
        }
        Some(event)
    }
}
