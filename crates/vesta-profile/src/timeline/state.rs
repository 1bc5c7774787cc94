//! What goes on in an event.

/// What goes on in an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// Ready to run, but there is no CPU for it.
    Runnable,
    /// In a system call.
    Syscall,
    /// Waiting for another part of the program: on a channel, or for one of several.
    Channel,
    /// The profiler does not say.
    #[default]
    Unknown,
}

impl State {
    /// All states, in the order of their numbers on the wire.
    pub const ALL: [State; 11] = [
        State::Cpu,
        State::Wait,
        State::Lock,
        State::Io,
        State::Gc,
        State::Runtime,
        State::Sleep,
        State::Unknown,
        State::Runnable,
        State::Syscall,
        State::Channel,
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
            State::Runnable => "runnable",
            State::Syscall => "syscall",
            State::Channel => "channel",
        }
    }

    /// Whether something was done, rather than waited for.
    pub fn is_busy(self) -> bool {
        matches!(self, State::Cpu | State::Io | State::Gc | State::Runtime | State::Syscall)
    }

    /// What the label `state` of Ruby's and Java's samples means.
    pub(super) fn of_label(text: &str) -> State {
        match text {
            "running" => State::Cpu,
            "waiting for gvl" | "contended" => State::Lock,
            "network" | "io" => State::Io,
            "sleeping" => State::Sleep,
            "blocked" | "waiting" | "parked" => State::Wait,
            _ => State::Unknown,
        }
    }

    /// What the label `state` of Go's goroutines means: what they do, or in the words of the runtime what they wait for.
    pub(super) fn of_goroutine(text: &str) -> State {
        match text {
            "running" => State::Cpu,
            "runnable" => State::Runnable,
            "syscall" => State::Syscall,
            "network" => State::Io,
            "sleep" => State::Sleep,
            "chan send" | "chan receive" | "select" => State::Channel,
            // Before Go 1.23 this is also what waiting for a group is called.
            "sync" | "sync.(*Cond).Wait" => State::Lock,
            "wait until GC ends" => State::Gc,
            gc if gc.starts_with("GC ") && !gc.ends_with("wait") => State::Gc,
            _ => State::Wait,
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

    /// What the label `event` means: of Node's `events.pprof`, of the type `timeline` of .NET, PHP and Ruby, and of what
    /// Java records of its runtime.
    pub(super) fn of_event(text: &str) -> State {
        match text {
            "gc" | "garbage_collection" | "stw" | "stop_the_world" | "concurrent gc" => State::Gc,
            "dns" | "net" | "fs" | "http" | "http2" | "select" | "socket" | "file" => State::Io,
            "sleeping" | "idle" => State::Sleep,
            // What a Go program calls its pieces of work, and the times in which Go ran on one of its processors.
            "task" | "region" => State::Unknown,
            "proc" => State::Cpu,
            _ => State::Runtime,
        }
    }
}
