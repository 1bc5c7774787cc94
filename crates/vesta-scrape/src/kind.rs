//! Kinds of profiles.

use std::str::FromStr;
use vesta_profile::ValueType;

/// A kind of profile that a target serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Where CPU time goes, over some seconds.
    Cpu,
    /// What is on the heap, and what was allocated.
    Heap,
    /// The same profile under Go's other name for it.
    Allocs,
    /// All goroutines.
    Goroutine,
    /// Waits for mutexes.
    Mutex,
    /// Waits for anything.
    Block,
}

impl Kind {
    /// All of them that differ: what is scraped when nobody says otherwise.
    pub const DEFAULT: [Kind; 5] = [Kind::Cpu, Kind::Heap, Kind::Goroutine, Kind::Mutex, Kind::Block];

    /// The name below `/debug/pprof/`.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Kind::Cpu => "profile",
            Kind::Heap => "heap",
            Kind::Allocs => "allocs",
            Kind::Goroutine => "goroutine",
            Kind::Mutex => "mutex",
            Kind::Block => "block",
        }
    }

    /// The file in an upload, as Datadog's library for Go names it.
    pub(crate) fn file_name(self) -> &'static str {
        match self {
            Kind::Cpu => "cpu.pprof",
            Kind::Heap | Kind::Allocs => "delta-heap.pprof",
            Kind::Goroutine => "goroutines.pprof",
            Kind::Mutex => "delta-mutex.pprof",
            Kind::Block => "delta-block.pprof",
        }
    }

    /// Whether some of its values are counted from the start of the process.
    pub(crate) fn has_counters(self) -> bool {
        matches!(self, Kind::Heap | Kind::Allocs | Kind::Mutex | Kind::Block)
    }

    /// Whether this value is.
    pub(crate) fn is_counter(self, value_type: &ValueType) -> bool {
        match self {
            Kind::Heap | Kind::Allocs => value_type.name.starts_with("alloc"),
            Kind::Mutex | Kind::Block => true,
            Kind::Cpu | Kind::Goroutine => false,
        }
    }

    /// The kind that a path ends in.
    pub(crate) fn of_path(name: &str) -> Option<Kind> {
        let all = [Kind::Cpu, Kind::Heap, Kind::Allocs, Kind::Goroutine, Kind::Mutex, Kind::Block];
        all.into_iter().find(|kind| kind.path() == name)
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.trim() {
            "cpu" => Ok(Kind::Cpu),
            "goroutines" => Ok(Kind::Goroutine),
            name => Kind::of_path(name).ok_or_else(|| {
                format!("`{name}` is no type of profile: cpu, heap, allocs, goroutine, mutex or block")
            }),
        }
    }
}
