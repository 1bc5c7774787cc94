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
    /// What the profiler's numbers have to be multiplied with to be in `unit`: 1000 for microseconds. See
    /// [`CanonicalType::scaled`].
    pub scale: i64,
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
        "off-cpu-time",
        Nanoseconds,
        Delta,
        &["off-cpu"],
        "Time that threads waited, by the stack that waited.",
    ),
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
    known(
        "goroutine-leaks",
        Count,
        Snapshot,
        &["goroutineleak"],
        "Goroutines that can never run again, at the time of the profile.",
    ),
    known(
        "goroutine-time",
        Nanoseconds,
        Delta,
        &[],
        "Time of goroutines by what they did: running, ready to run, waiting, in a system call.",
    ),
    known("file-io-read-time", Nanoseconds, Delta, &[], "Time spent reading files."),
    known("file-io-read-size", Bytes, Delta, &[], "Data read from files."),
    known(
        "file-io-write-time",
        Nanoseconds,
        Delta,
        &[],
        "Time spent writing files and bringing them to disk.",
    ),
    known("file-io-write-size", Bytes, Delta, &[], "Data written to files."),
    known("socket-read-time", Nanoseconds, Delta, &[], "Time spent reading from sockets, waiting included."),
    known("socket-read-size", Bytes, Delta, &[], "Data read from sockets."),
    known("socket-write-time", Nanoseconds, Delta, &[], "Time spent writing to sockets, waiting included."),
    known("socket-write-size", Bytes, Delta, &[], "Data written to sockets."),
    known("queue-time", Nanoseconds, Delta, &[], "Time that tasks waited for a thread of their executor."),
    known("queued-tasks", Count, Delta, &[], "Tasks that waited for a thread of their executor."),
    known(
        "wait-time",
        Nanoseconds,
        Delta,
        &[],
        "Time that threads were parked, asleep or waiting to be notified: idle threads of pools, mostly.",
    ),
    known("waits", Count, Delta, &[], "Times that threads were parked, asleep or waiting to be notified."),
    known("native-alloc-space", Bytes, Delta, &[], "Memory allocated outside of the heap of the runtime."),
    known("native-alloc-samples", Count, Delta, &[], "Allocations outside of the heap of the runtime."),
    known("class-loads", Count, Delta, &[], "Classes loaded."),
    known("thread-starts", Count, Delta, &[], "Threads started, by the stack that started them."),
    known("deadlocked-threads", Count, Snapshot, &[], "Threads that wait for one another, and always will."),
    known("cpu-samples", Count, Delta, &["cpu-sample"], "Samples taken on a CPU."),
    known("wall-samples", Count, Delta, &["sample", "samples"], "Samples taken in elapsed time."),
    known("off-cpu-samples", Count, Delta, &["off-cpu-count"], "Waits of threads, by the stack that waited."),
    known(
        "tracepoint",
        Count,
        Delta,
        &[],
        "Times that a tracepoint of the kernel, or another event, was hit.",
    ),
    known("gpu-time", Nanoseconds, Delta, &[], "Time spent in GPU kernels."),
    known("gpu-space", Bytes, Delta, &[], "GPU memory allocated."),
    known("gpu-flops", Count, Delta, &[], "Floating point operations on the GPU."),
    known("gpu-samples", Count, Delta, &[], "Samples taken in GPU kernels."),
    known("gpu-alloc-samples", Count, Delta, &[], "GPU memory allocations."),
    known("gpu-flops-samples", Count, Delta, &[], "Samples of GPU kernels with floating point operations."),
    known("request-time", Nanoseconds, Delta, &[], "Time spent in outgoing requests."),
    known("socket-read-time-samples", Count, Delta, &[], "Reads from sockets that took time."),
    known("socket-read-size-samples", Count, Delta, &[], "Reads from sockets."),
    known("socket-write-time-samples", Count, Delta, &[], "Writes to sockets that took time."),
    known("socket-write-size-samples", Count, Delta, &[], "Writes to sockets."),
    known("file-io-read-time-samples", Count, Delta, &[], "Reads from files that took time."),
    known("file-io-read-size-samples", Count, Delta, &[], "Reads from files."),
    known("file-io-write-time-samples", Count, Delta, &[], "Writes to files that took time."),
    known("file-io-write-size-samples", Count, Delta, &[], "Writes to files."),
    known("heap-histogram-space", Bytes, Snapshot, &[], "Memory of all objects on the heap, by class."),
    known("heap-histogram-objects", Count, Snapshot, &[], "Objects on the heap, by class."),
    known(
        "heap-reference-space",
        Bytes,
        Snapshot,
        &[],
        "Memory of objects, by the classes that hold them, from a root of the garbage collector.",
    ),
    known(
        "heap-reference-objects",
        Count,
        Snapshot,
        &[],
        "Objects, by the classes that hold them, from a root of the garbage collector.",
    ),
    known("alloc-samples-unscaled", Count, Delta, &[], "Allocations that were sampled, each counted once."),
    known(
        "timeline",
        Nanoseconds,
        Delta,
        &[],
        "Duration of runtime events such as garbage collection and I/O.",
    ),
    // Go with DD_PROFILING_DELTA=false counts from the start of the process: the latest profile of a process holds all
    // of it, and adding up over time would count most of it again and again.
    known("cumulative-alloc-space", Bytes, Snapshot, &[], "Memory allocated since the process started."),
    known("cumulative-alloc-samples", Count, Snapshot, &[], "Allocations since the process started."),
    known(
        "cumulative-mutex-delay",
        Nanoseconds,
        Snapshot,
        &[],
        "Waits for mutexes since the process started.",
    ),
    known(
        "cumulative-mutex-contentions",
        Count,
        Snapshot,
        &[],
        "Number of waits for mutexes since the process started.",
    ),
    known(
        "cumulative-block-delay",
        Nanoseconds,
        Snapshot,
        &[],
        "Time goroutines were blocked since the process started.",
    ),
    known(
        "cumulative-block-contentions",
        Count,
        Snapshot,
        &[],
        "Blocking operations since the process started.",
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
    /// name, in lower case with dashes, and counts as a delta. Tables have names alone, so where its name does not tell
    /// its unit, the name is followed by it: `energy-microjoules`, but `disk-latency`.
    ///
    /// Times and sizes in a larger unit (`microseconds`, `kilobytes`) have the canonical unit and a scale. A known
    /// name with a unit that does not convert (`cpu` in `cycles`) is another type, so that the two never mix: it
    /// keeps its unit, and has it in its name (`cpu-cycles`).
    pub fn canonical(&self) -> CanonicalType {
        let name = dashed(&self.name);
        let known = KNOWN.iter().find(|known| known.name == name || known.aliases.contains(&name.as_str()));
        let (unit, scale) = Unit::scaled(&self.unit);
        match known {
            Some(known) if self.unit.is_empty() || known.unit == unit => CanonicalType {
                name: Cow::Borrowed(known.name),
                unit: known.unit.clone(),
                scale,
                kind: known.kind,
                description: known.description,
            },
            Some(known) => CanonicalType {
                name: Cow::Owned(format!("{name}-{}", dashed(unit.as_str()))),
                unit,
                scale,
                kind: known.kind,
                description: "",
            },
            None => {
                let told = told_unit(&name);
                let unit = if self.unit.is_empty() { told.clone() } else { unit };
                let suffix = dashed(unit.as_str());
                let ends_with_it =
                    name == suffix || name.strip_suffix(&suffix).is_some_and(|rest| rest.ends_with('-'));
                let name = match told == unit || ends_with_it {
                    true => name,
                    false => format!("{name}-{suffix}"),
                };
                CanonicalType { name: Cow::Owned(name), unit, scale, kind: Delta, description: "" }
            }
        }
    }
}

/// The unit that the name of an unknown type tells, by its last word.
fn told_unit(name: &str) -> Unit {
    // One of several types of a recording that count the same: `cpu-time-of-jdk.executionsample`.
    let own = |known: &&Known| name.strip_prefix(known.name).is_some_and(|rest| rest.starts_with("-of-"));
    if let Some(known) = KNOWN.iter().find(own) {
        return known.unit.clone();
    }
    match name.rsplit('-').next().unwrap_or_default() {
        "nanoseconds" | "time" | "clock" | "delay" | "wait" | "duration" | "latency" => Nanoseconds,
        "bytes" | "space" | "size" => Bytes,
        _ => Count,
    }
}

fn dashed(text: &str) -> String {
    text.to_ascii_lowercase().replace(['_', ' '], "-")
}

impl CanonicalType {
    /// A number of the profiler in the unit of this type, stopping at the ends of `i64`.
    pub fn scaled(&self, value: i64) -> i64 {
        value.saturating_mul(self.scale)
    }

    /// The position in the order in which people want to see types: the most useful first, unknown ones last.
    pub fn rank(&self) -> usize {
        KNOWN.iter().position(|known| known.name == self.name).unwrap_or(KNOWN.len())
    }
}

impl Unit {
    /// Reads a profiler's unit, leaving out its scale; see [`Unit::scaled`].
    pub fn parse(text: &str) -> Unit {
        Self::scaled(text).0
    }

    /// Reads a profiler's unit: what it becomes in Vesta, and what numbers have to be multiplied with. Larger units
    /// of memory are powers of 1024, as in pprof's own tools.
    pub fn scaled(text: &str) -> (Unit, i64) {
        let lower = text.to_ascii_lowercase();
        match lower.as_str() {
            "nanoseconds" | "nanosecond" | "ns" => (Nanoseconds, 1),
            "microseconds" | "microsecond" | "us" | "µs" | "usec" => (Nanoseconds, 1_000),
            "milliseconds" | "millisecond" | "ms" | "msec" => (Nanoseconds, 1_000_000),
            "seconds" | "second" | "s" | "sec" => (Nanoseconds, 1_000_000_000),
            "minutes" | "minute" | "min" => (Nanoseconds, 60_000_000_000),
            "hours" | "hour" | "hrs" | "h" => (Nanoseconds, 3_600_000_000_000),
            "bytes" | "byte" | "b" => (Bytes, 1),
            "kilobytes" | "kilobyte" | "kb" | "kib" => (Bytes, 1 << 10),
            "megabytes" | "megabyte" | "mb" | "mib" => (Bytes, 1 << 20),
            "gigabytes" | "gigabyte" | "gb" | "gib" => (Bytes, 1 << 30),
            "terabytes" | "terabyte" | "tb" | "tib" => (Bytes, 1 << 40),
            "count" | "events" | "" => (Count, 1),
            _ => (Unit::Other(text.to_owned()), 1),
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
