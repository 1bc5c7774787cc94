//! What goes on in an event.

/// What goes on in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// On a CPU.
    Cpu,
    /// Not on a CPU, and nobody says why.
    Wait,
    /// Waiting for a lock.
    Lock,
    /// Waiting for the network, a disk, or another process.
    Io,
    /// Garbage collection.
    Gc,
    /// Other work of the runtime: compiling, its thread pool, starting threads.
    Runtime,
    /// Asleep because it wanted to.
    Sleep,
    /// The profiler does not say.
    Unknown,
}

impl State {
    /// All states, in the order of their numbers on the wire.
    pub const ALL: [State; 8] = [
        State::Cpu,
        State::Wait,
        State::Lock,
        State::Io,
        State::Gc,
        State::Runtime,
        State::Sleep,
        State::Unknown,
    ];

    /// The name for APIs.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Cpu => "cpu",
            State::Wait => "wait",
            State::Lock => "lock",
            State::Io => "io",
            State::Gc => "gc",
            State::Runtime => "runtime",
            State::Sleep => "sleep",
            State::Unknown => "unknown",
        }
    }

    /// Whether something was done, rather than waited for.
    pub fn is_busy(self) -> bool {
        !matches!(self, State::Wait | State::Lock | State::Sleep | State::Unknown)
    }

    /// What the label `state` of Ruby's samples means.
    pub(super) fn of_label(text: &str) -> State {
        match text {
            "had cpu" => State::Cpu,
            "waiting for gvl" => State::Lock,
            "network" => State::Io,
            "sleeping" => State::Sleep,
            "blocked" | "waiting" => State::Wait,
            _ => State::Unknown,
        }
    }

    /// What V8 means by functions that are none.
    pub(super) fn of_function(name: &str) -> Option<State> {
        Some(match name {
            "(idle)" => State::Sleep,
            "Garbage Collection" | "(garbage collector)" => State::Gc,
            "(program)" => State::Runtime,
            _ => return None,
        })
    }

    /// What the label `event` means: of Node's `events.pprof`, and of the type `timeline` of .NET, PHP and Ruby.
    pub(super) fn of_event(text: &str) -> State {
        match text {
            "gc" | "garbage_collection" | "stw" | "stop_the_world" => State::Gc,
            "dns" | "net" | "fs" | "http" | "http2" | "select" | "socket" | "file" => State::Io,
            "sleeping" | "idle" => State::Sleep,
            _ => State::Runtime,
        }
    }
}
