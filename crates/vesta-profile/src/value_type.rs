//! Value types: what a number counts, in which unit, and whether it may be added up over time.

use std::borrow::Cow;

/// What the numbers of one column count, under the name and unit that the profiler gave them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ValueType {
    /// The profiler's name: `cpu-time`, `cpu`, `alloc_space`, ...
    pub name: String,
    /// The profiler's unit: `nanoseconds`, `bytes`, `count`, ...
    pub unit: String,
}

/// A value type under the one name that all of Vesta uses for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CanonicalType {
    /// The name in tables, queries and the page.
    pub name: Cow<'static, str>,
    /// The unit of the numbers.
    pub unit: Unit,
    /// Whether numbers add up over time.
    pub kind: Kind,
    /// One sentence for people; empty for types that Vesta does not know.
    pub description: &'static str,
}

/// The unit of a value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Time.
    Nanoseconds,
    /// Memory or data.
    Bytes,
    /// Things.
    Count,
    /// What the profiler called it.
    Other(String),
}

/// Whether values of different times may be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What happened within the period of the profile: adds up over time.
    Delta,
    /// What was there when the profile was taken: adds up over processes, never over time.
    Snapshot,
}

struct Known {
    name: &'static str,
    unit: Unit,
    kind: Kind,
    aliases: &'static [&'static str],
    description: &'static str,
}

use Kind::{Delta, Snapshot};
use Unit::{Bytes, Count, Nanoseconds};

/// Every type that has a name of its own in Vesta, most useful first. Aliases are compared after
/// lower-casing and turning `_` into `-`. Sources: the sample types of libdatadog, of the Go runtime's pprof
/// profiles and of the profiling libraries' uploads.
const KNOWN: &[Known] = &[
    known("cpu-time", Nanoseconds, Delta, &["cpu"], "Time spent running on a CPU."),
    known("wall-time", Nanoseconds, Delta, &["wall"], "Elapsed time, running or waiting."),
    known(
        "alloc-space",
        Bytes,
        Delta,
        &["alloc-size"],
        "Memory allocated, whether or not it was freed since.",
    ),
    known("alloc-samples", Count, Delta, &["alloc-objects"], "Allocations made."),
    known(
        "heap-space",
        Bytes,
        Snapshot,
        &["inuse-space", "heap-live-size", "space"],
        "Memory allocated and not freed at the time of the profile.",
    ),
    known(
        "heap-live-samples",
        Count,
        Snapshot,
        &["inuse-objects", "objects"],
        "Objects allocated and not freed at the time of the profile.",
    ),
    known("lock-acquire-wait", Nanoseconds, Delta, &["lock-time"], "Time spent waiting to acquire a lock."),
    known("lock-acquire", Count, Delta, &["lock-count"], "Lock acquisitions."),
    known("lock-release-hold", Nanoseconds, Delta, &[], "Time for which locks were held."),
    known("lock-release", Count, Delta, &[], "Lock releases."),
    known(
        "mutex-delay",
        Nanoseconds,
        Delta,
        &[],
        "Time others waited for a mutex, by the stack that released it.",
    ),
    known("mutex-contentions", Count, Delta, &[], "Waits for a mutex, by the stack that released it."),
    known("block-delay", Nanoseconds, Delta, &[], "Time goroutines were blocked on synchronization."),
    known("block-contentions", Count, Delta, &[], "Blocking synchronization operations."),
    known("exception-samples", Count, Delta, &["exception"], "Exceptions thrown."),
    known(
        "goroutines",
        Count,
        Snapshot,
        &["goroutine"],
        "Goroutines that existed at the time of the profile.",
    ),
    known("cpu-samples", Count, Delta, &["cpu-sample"], "Samples taken on a CPU."),
    known("wall-samples", Count, Delta, &["sample", "samples"], "Samples taken in elapsed time."),
    known("gpu-time", Nanoseconds, Delta, &[], "Time spent in GPU kernels."),
    known("gpu-space", Bytes, Delta, &[], "GPU memory allocated."),
    known("gpu-flops", Count, Delta, &[], "Floating point operations on the GPU."),
    known("gpu-samples", Count, Delta, &[], "Samples taken in GPU kernels."),
    known("gpu-alloc-samples", Count, Delta, &[], "GPU memory allocations."),
    known("gpu-flops-samples", Count, Delta, &[], "Samples of GPU kernels with floating point operations."),
    known("request-time", Nanoseconds, Delta, &[], "Time spent in outgoing requests."),
    known(
        "timeline",
        Nanoseconds,
        Delta,
        &[],
        "Duration of runtime events such as garbage collection and I/O.",
    ),
];

const fn known(
    name: &'static str,
    unit: Unit,
    kind: Kind,
    aliases: &'static [&'static str],
    description: &'static str,
) -> Known {
    Known { name, unit, kind, aliases, description }
}

impl ValueType {
    /// A value type with this name and unit.
    pub fn new(name: impl Into<String>, unit: impl Into<String>) -> Self {
        ValueType { name: name.into(), unit: unit.into() }
    }

    /// The one name, unit and kind that Vesta uses for this type. A type that Vesta does not know keeps its own
    /// name, in lower case with dashes, and counts as a delta.
    pub fn canonical(&self) -> CanonicalType {
        let name = self.name.to_ascii_lowercase().replace('_', "-");
        match KNOWN.iter().find(|known| known.name == name || known.aliases.contains(&name.as_str())) {
            Some(known) => CanonicalType {
                name: Cow::Borrowed(known.name),
                unit: known.unit.clone(),
                kind: known.kind,
                description: known.description,
            },
            None => CanonicalType {
                name: Cow::Owned(name),
                unit: Unit::parse(&self.unit),
                kind: Delta,
                description: "",
            },
        }
    }
}

impl CanonicalType {
    /// The position in the order in which people want to see types: the most useful first, unknown ones last.
    pub fn rank(&self) -> usize {
        KNOWN.iter().position(|known| known.name == self.name).unwrap_or(KNOWN.len())
    }
}

impl Unit {
    /// Reads a profiler's unit. Scaled units (`microseconds`, `kilobytes`) are other units: the numbers stay as
    /// they came.
    pub fn parse(text: &str) -> Unit {
        match text {
            "nanoseconds" | "nanosecond" | "ns" => Nanoseconds,
            "bytes" | "byte" | "B" => Bytes,
            "count" | "" => Count,
            other => Unit::Other(other.to_owned()),
        }
    }

    /// The unit as pprof spells it.
    pub fn as_str(&self) -> &str {
        match self {
            Nanoseconds => "nanoseconds",
            Bytes => "bytes",
            Count => "count",
            Unit::Other(name) => name,
        }
    }
}
