//! A goroutine as it is at some point of the trace.

use vesta_profile::{StackId, StringId};

/// What a goroutine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    /// It was not heard of yet, or is gone.
    Unknown,
    Runnable,
    Running,
    Syscall,
    Waiting,
}

/// A goroutine as it is at some point of the trace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goroutine {
    pub(super) id: u64,
    pub(super) status: Status,
    pub(super) sequence: Sequence,
    /// When it began to be as it is.
    pub(super) since_ns: i64,
    /// What it does, in words.
    pub(super) state: StringId,
    /// Where it does that.
    pub(super) stack: StackId,
    /// The function that it started with, as a stack; empty while it is not known.
    pub(super) start: StackId,
    /// What the runtime calls the work it does now; empty for none.
    pub(super) label: StringId,
    /// Whether it helps the garbage collector.
    pub(super) assists: bool,
    /// The span it works for; 0 for none.
    pub(super) span_id: u64,
}

/// Counts the changes of a goroutine or a proc that other threads may cause, anew in every generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sequence {
    pub(super) generation: u64,
    pub(super) number: u64,
}

impl Sequence {
    /// Whether `self` comes right after `before`.
    pub(super) fn follows(self, before: Sequence) -> bool {
        self.generation == before.generation && Some(self.number) == before.number.checked_add(1)
    }
}

impl Status {
    /// The status with this number in a trace.
    pub(super) fn of_number(number: u64) -> Option<Status> {
        match number {
            1 => Some(Status::Runnable),
            2 => Some(Status::Running),
            3 => Some(Status::Syscall),
            4 => Some(Status::Waiting),
            _ => None,
        }
    }
}

impl Goroutine {
    pub(super) fn new(id: u64, since_ns: i64) -> Self {
        Goroutine {
            id,
            status: Status::Unknown,
            sequence: Sequence::default(),
            since_ns,
            state: StringId::EMPTY,
            stack: StackId::EMPTY,
            start: StackId::EMPTY,
            label: StringId::EMPTY,
            assists: false,
            span_id: 0,
        }
    }
}
