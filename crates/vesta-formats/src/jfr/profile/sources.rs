//! Which events become samples, and of what.

/// An event that becomes samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Source {
    /// `jdk.ExecutionSample` of the JDK: threads that run Java code, every period.
    Execution,
    /// `jdk.ExecutionSample` of async-profiler on a CPU.
    AsyncCpu,
    /// `jdk.ExecutionSample` of async-profiler in elapsed time.
    AsyncWall,
    /// `jdk.ExecutionSample` of async-profiler for events that are no time: cache misses, say.
    AsyncEvent,
    /// `jdk.CPUTimeSample`: a timer per thread that counts CPU time.
    CpuTime,
    /// `datadog.ExecutionSample`: the same, by Datadog's engine.
    DatadogCpu,
    /// `datadog.MethodSample`: threads with a span, in elapsed time.
    DatadogWall,
    /// `profiler.WallClockSample`.
    WallClock,
    /// `jdk.NativeMethodSample`.
    NativeMethod,
    /// `jdk.ObjectAllocationInNewTLAB` and `jdk.ObjectAllocationOutsideTLAB`.
    Tlab,
    /// `jdk.ObjectAllocationSample`.
    Allocation,
    /// `datadog.ObjectSample`.
    DatadogAllocation,
    /// `jdk.OldObjectSample`.
    OldObject,
    /// `profiler.LiveObject`.
    LiveObject,
    /// `datadog.HeapLiveObject`.
    DatadogLiveObject,
    /// `jdk.JavaExceptionThrow` and `jdk.JavaErrorThrow`.
    Exception,
    /// `datadog.ExceptionSample`.
    DatadogException,
    /// Waits for monitors and locks.
    Lock,
    /// Threads that were parked, asleep or waiting to be notified.
    Wait,
    /// `jdk.FileRead`.
    FileRead,
    /// `jdk.FileWrite` and `jdk.FileForce`.
    FileWrite,
    /// `jdk.SocketRead`.
    SocketRead,
    /// `jdk.SocketWrite`.
    SocketWrite,
    /// `datadog.NativeSocketEvent` that reads.
    NativeSocketRead,
    /// `datadog.NativeSocketEvent` that writes.
    NativeSocketWrite,
    /// `datadog.QueueTime`.
    Queue,
    /// `jdk.ClassLoad`.
    ClassLoad,
    /// `jdk.ThreadStart`.
    ThreadStart,
    /// Memory outside of the heap.
    NativeAllocation,
    /// `datadog.DirectAllocationSample`: buffers outside of the heap.
    DirectAllocation,
    /// `jdk.ObjectCount` and `jdk.ObjectCountAfterGC`: all objects on the heap.
    Histogram,
    /// `datadog.DeadlockedThread`.
    Deadlock,
    /// What the runtime does.
    Runtime,
    /// Events that nobody knows, with a stack.
    Other,
}

/// Sources that count the same thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Nothing else counts it.
    None,
    Cpu,
    Wall,
    Allocation,
    LiveHeap,
    Exception,
    Socket,
    NativeMemory,
}

/// What a value of a sample counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Nanoseconds that the sample took itself, up to its end.
    Duration(&'static str),
    /// Nanoseconds that the sample stands for.
    Time(&'static str),
    /// Bytes.
    Bytes(&'static str),
    /// Things.
    Count(&'static str),
}

/// What is known of a source.
pub(super) struct About {
    pub(super) source: Source,
    /// The event, for the names of value types that others have.
    pub(super) event: &'static str,
    pub(super) family: Family,
    /// Within its family, the best source has the lowest.
    pub(super) rank: u8,
    pub(super) measures: [Option<Measure>; 2],
}

use Measure::{Bytes, Count, Duration, Time};
use Source::{
    Allocation, AsyncCpu, AsyncEvent, AsyncWall, ClassLoad, CpuTime, DatadogAllocation, DatadogCpu,
    DatadogException, DatadogLiveObject, DatadogWall, Deadlock, DirectAllocation, Exception, Execution,
    FileRead, FileWrite, Histogram, LiveObject, Lock, NativeAllocation, NativeMethod, NativeSocketRead,
    NativeSocketWrite, OldObject, Other, Queue, Runtime, SocketRead, SocketWrite, ThreadStart, Tlab, Wait,
    WallClock,
};

/// All sources, in the order of [`Source`].
///
/// How much a sample stands for:
///
/// - `jdk.ExecutionSample` and those of async-profiler and Datadog: the period in the settings of their chunk, times the
///   weight where they have one. The JDK looks at no more than a few threads each period, so it says too little of
///   programs with more busy threads than that; the others look at all.
/// - `jdk.CPUTimeSample`: the period that it says itself.
/// - `jdk.ObjectAllocationInNewTLAB`: the bytes of the new buffer, as the thread has filled about one since the event
///   before; objects of the size of this one fill it. Outside of buffers, every allocation is an event.
/// - `jdk.ObjectAllocationSample`: its weight, the bytes that the thread has allocated since its sample before.
/// - `datadog.ObjectSample` and `datadog.HeapLiveObject`: the weight is a number of objects of this size, the inverse of
///   how likely it was to be sampled.
/// - `profiler.LiveObject`: as much as the interval in the settings, or its size if that is more.
/// - `jdk.OldObjectSample`: one object. Nobody knows how many others it stands for.
/// - `datadog.ExceptionSample`: `datadog.ExceptionCount` says how many of the class there were; the samples share them.
pub(super) const SOURCES: &[About] = &[
    about(
        Execution,
        "jdk.ExecutionSample",
        Family::Cpu,
        3,
        [Some(Time("cpu-time")), Some(Count("cpu-samples"))],
    ),
    about(
        AsyncCpu,
        "jdk.ExecutionSample",
        Family::Cpu,
        1,
        [Some(Time("cpu-time")), Some(Count("cpu-samples"))],
    ),
    about(AsyncWall, "jdk.ExecutionSample", Family::Wall, 2, WALL),
    about(AsyncEvent, "jdk.ExecutionSample", Family::None, 0, [Some(Count("tracepoint")), None]),
    about(CpuTime, "jdk.CPUTimeSample", Family::Cpu, 2, [Some(Time("cpu-time")), Some(Count("cpu-samples"))]),
    about(
        DatadogCpu,
        "datadog.ExecutionSample",
        Family::Cpu,
        0,
        [Some(Time("cpu-time")), Some(Count("cpu-samples"))],
    ),
    about(DatadogWall, "datadog.MethodSample", Family::Wall, 0, WALL),
    about(WallClock, "profiler.WallClockSample", Family::Wall, 1, WALL),
    about(
        NativeMethod,
        "jdk.NativeMethodSample",
        Family::None,
        0,
        [Some(Count("native-method-samples")), None],
    ),
    about(Tlab, "jdk.ObjectAllocationInNewTLAB", Family::Allocation, 1, ALLOCATION),
    about(Allocation, "jdk.ObjectAllocationSample", Family::Allocation, 2, ALLOCATION),
    about(DatadogAllocation, "datadog.ObjectSample", Family::Allocation, 0, ALLOCATION),
    about(OldObject, "jdk.OldObjectSample", Family::LiveHeap, 2, LIVE),
    about(LiveObject, "profiler.LiveObject", Family::LiveHeap, 1, LIVE),
    about(DatadogLiveObject, "datadog.HeapLiveObject", Family::LiveHeap, 0, LIVE),
    about(
        Exception,
        "jdk.JavaExceptionThrow",
        Family::Exception,
        0,
        [Some(Count("exception-samples")), None],
    ),
    about(
        DatadogException,
        "datadog.ExceptionSample",
        Family::Exception,
        1,
        [Some(Count("exception-samples")), None],
    ),
    about(
        Lock,
        "jdk.JavaMonitorEnter",
        Family::None,
        0,
        [Some(Duration("lock-acquire-wait")), Some(Count("lock-acquire"))],
    ),
    about(Wait, "jdk.ThreadPark", Family::None, 0, [Some(Duration("wait-time")), Some(Count("waits"))]),
    about(
        FileRead,
        "jdk.FileRead",
        Family::None,
        0,
        [Some(Duration("file-io-read-time")), Some(Bytes("file-io-read-size"))],
    ),
    about(
        FileWrite,
        "jdk.FileWrite",
        Family::None,
        0,
        [Some(Duration("file-io-write-time")), Some(Bytes("file-io-write-size"))],
    ),
    about(SocketRead, "jdk.SocketRead", Family::Socket, 0, SOCKET_READ),
    about(SocketWrite, "jdk.SocketWrite", Family::Socket, 0, SOCKET_WRITE),
    about(NativeSocketRead, "datadog.NativeSocketEvent", Family::Socket, 1, SOCKET_READ),
    about(NativeSocketWrite, "datadog.NativeSocketEvent", Family::Socket, 1, SOCKET_WRITE),
    about(
        Queue,
        "datadog.QueueTime",
        Family::None,
        0,
        [Some(Duration("queue-time")), Some(Count("queued-tasks"))],
    ),
    about(ClassLoad, "jdk.ClassLoad", Family::None, 0, [Some(Count("class-loads")), None]),
    about(ThreadStart, "jdk.ThreadStart", Family::None, 0, [Some(Count("thread-starts")), None]),
    about(NativeAllocation, "profiler.Malloc", Family::NativeMemory, 0, NATIVE),
    about(DirectAllocation, "datadog.DirectAllocationSample", Family::NativeMemory, 1, NATIVE),
    about(
        Histogram,
        "jdk.ObjectCount",
        Family::None,
        0,
        [Some(Bytes("heap-histogram-space")), Some(Count("heap-histogram-objects"))],
    ),
    about(Deadlock, "datadog.DeadlockedThread", Family::None, 0, [Some(Count("deadlocked-threads")), None]),
    about(Runtime, "jdk.GCPhasePause", Family::None, 0, [Some(Duration("timeline")), None]),
    // Named by their events.
    about(Other, "", Family::None, 0, [None, None]),
];

const WALL: [Option<Measure>; 2] = [Some(Time("wall-time")), Some(Count("wall-samples"))];
const ALLOCATION: [Option<Measure>; 2] = [Some(Bytes("alloc-space")), Some(Count("alloc-samples"))];
const LIVE: [Option<Measure>; 2] = [Some(Bytes("heap-space")), Some(Count("heap-live-samples"))];
const NATIVE: [Option<Measure>; 2] = [Some(Bytes("native-alloc-space")), Some(Count("native-alloc-samples"))];
const SOCKET_READ: [Option<Measure>; 2] =
    [Some(Duration("socket-read-time")), Some(Bytes("socket-read-size"))];
const SOCKET_WRITE: [Option<Measure>; 2] =
    [Some(Duration("socket-write-time")), Some(Bytes("socket-write-size"))];

const fn about(
    source: Source,
    event: &'static str,
    family: Family,
    rank: u8,
    measures: [Option<Measure>; 2],
) -> About {
    About { source, event, family, rank, measures }
}

impl Source {
    /// The position in [`SOURCES`].
    pub(super) fn index(self) -> usize {
        self as usize
    }

    /// Whether it says what is there rather than what happened.
    pub(super) fn is_snapshot(self) -> bool {
        matches!(self, OldObject | LiveObject | DatadogLiveObject | Histogram | Deadlock)
    }
}

impl Measure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Duration(name) | Time(name) | Bytes(name) | Count(name) => name,
        }
    }

    pub(super) fn unit(self) -> &'static str {
        match self {
            Duration(_) | Time(_) => "nanoseconds",
            Bytes(_) => "bytes",
            Count(_) => "count",
        }
    }

    pub(super) fn is_duration(self) -> bool {
        matches!(self, Duration(_))
    }
}

#[cfg(test)]
mod tests {
    use super::SOURCES;

    #[test]
    fn every_source_is_at_its_place() {
        for (place, about) in SOURCES.iter().enumerate() {
            assert_eq!(about.source.index(), place, "{:?}", about.source);
        }
    }
}
