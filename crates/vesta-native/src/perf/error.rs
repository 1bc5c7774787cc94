//! Why a target cannot be sampled, and what to change.

use std::fmt::Write;
use std::fs;
use std::io;

/// Why a target cannot be sampled. [`OpenError::advice`] says what to change.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The kernel refused an event.
    #[error("the kernel refuses the event `{event}`: {source}")]
    Event {
        /// The event's name.
        event: String,
        /// What kind of refusal it is.
        refused: Refused,
        /// What the kernel said.
        source: io::Error,
    },
    /// No ring could be made, however small.
    #[error("the kernel maps no buffer of {bytes} bytes for samples of CPU {cpu}: {source}")]
    Ring {
        /// The smallest size that was tried.
        bytes: usize,
        /// The CPU.
        cpu: u32,
        /// What the kernel said.
        source: io::Error,
    },
    /// The target has more threads than files can be open.
    #[error("{needed} open files are needed for {threads} threads on {cpus} CPUs, and {limit} are allowed")]
    Files {
        /// Threads of the target.
        threads: usize,
        /// CPUs that are online.
        cpus: usize,
        /// How many files that makes.
        needed: usize,
        /// The limit.
        limit: u64,
    },
    /// None of the processes is there.
    #[error("there is no process {}", pids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    NoProcess {
        /// Those that were asked for.
        pids: Vec<u32>,
    },
    /// The kernel's tracing files are not there.
    #[error("the number of the tracepoint {label} cannot be looked up: no tracing file system is mounted")]
    TracingNotMounted {
        /// The tracepoint.
        label: String,
    },
    /// The tracing files are there, the tracepoint is not.
    #[error("this kernel has no tracepoint {label}")]
    NoSuchTracepoint {
        /// The tracepoint.
        label: String,
    },
    /// The number of a tracepoint cannot be read.
    #[error("the number of the tracepoint {label} cannot be read: {source}")]
    Tracepoint {
        /// The tracepoint.
        label: String,
        /// What the kernel said.
        source: io::Error,
    },
    /// Another system call failed.
    #[error("{call} failed: {source}")]
    System {
        /// The system call.
        call: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
}

/// Kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The caller may not do that.
    Permission,
    /// A filter of system calls, as containers have them, most likely.
    Filter,
    /// The machine has no such event.
    Unsupported,
    /// Too many open files.
    Files,
    /// The process is gone.
    Gone,
    /// Something else.
    Other,
}

impl Refused {
    pub(super) fn of(error: &io::Error) -> Refused {
        match error.raw_os_error() {
            // The kernel's own checks of perf_event_paranoid say EACCES; EPERM is what seccomp profiles answer, and what
            // some distributions' paranoid levels above 2 and ptrace checks do.
            Some(libc::EPERM) if is_filtered() => Refused::Filter,
            Some(libc::EACCES | libc::EPERM) => Refused::Permission,
            Some(libc::ENOSYS) => Refused::Filter,
            Some(libc::ENOENT | libc::EOPNOTSUPP | libc::ENODEV | libc::ENXIO) => Refused::Unsupported,
            Some(libc::EMFILE | libc::ENFILE) => Refused::Files,
            Some(libc::ESRCH) => Refused::Gone,
            _ => Refused::Other,
        }
    }
}

impl OpenError {
    /// What to change, in whole sentences.
    pub fn advice(&self) -> String {
        match self {
            OpenError::Event { refused: Refused::Permission, .. } => permission_advice(),
            OpenError::Event { refused: Refused::Filter, .. } => {
                let mut text = String::from(
                    "A seccomp filter seems to forbid the system call perf_event_open; in a container, allow it with \
                     `--cap-add PERFMON` (or `--security-opt seccomp=unconfined`), in Kubernetes with the capability \
                     PERFMON in the securityContext. ",
                );
                text.push_str(&permission_advice());
                text
            }
            OpenError::Event { event, refused: Refused::Unsupported, .. } => format!(
                "This machine has no event `{event}`; virtual machines often have no hardware events (names that begin \
                 with h). `sCPU` is there always."
            ),
            OpenError::Event { refused: Refused::Files, .. } | OpenError::Files { .. } => String::from(
                "Raise the limit of open files (`ulimit -n`, or LimitNOFILE= of a systemd unit), or sample the whole \
                 host, which needs a file per CPU only.",
            ),
            OpenError::Event { refused: Refused::Gone, .. } | OpenError::NoProcess { .. } => {
                String::from("The process ended before it could be sampled; check the process id.")
            }
            OpenError::Event { .. } | OpenError::System { .. } => String::from(
                "See the messages of the kernel (`dmesg`), and whether `perf record` works here.",
            ),
            OpenError::Ring { .. } => format!(
                "The memory that a user may lock for samples is used up, perhaps by another profiler. Raise {} \
                 (`sysctl kernel.perf_event_mlock_kb=4096`) or the limit of locked memory (`ulimit -l`), or give the \
                 profiler the capability IPC_LOCK.",
                match number("/proc/sys/kernel/perf_event_mlock_kb") {
                    Some(kib) => format!("kernel.perf_event_mlock_kb, which is {kib},"),
                    None => String::from("kernel.perf_event_mlock_kb"),
                }
            ),
            OpenError::TracingNotMounted { .. } => String::from(
                "Mount the tracing file system as root (`mount -t tracefs tracefs /sys/kernel/tracing`), or give the \
                 number of the tracepoint with id=.",
            ),
            OpenError::NoSuchTracepoint { .. } => String::from(
                "The folders of /sys/kernel/tracing/events are the groups, and those within the names.",
            ),
            OpenError::Tracepoint { .. } => String::from(
                "Only root may read /sys/kernel/tracing by default: run as root, or give the number of the tracepoint \
                 with id=. Tracepoints also need kernel.perf_event_paranoid at -1 or the capability PERFMON.",
            ),
        }
    }
}

fn permission_advice() -> String {
    let mut text = String::new();
    match number("/proc/sys/kernel/perf_event_paranoid") {
        Some(level) => {
            let _ = write!(text, "kernel.perf_event_paranoid is {level}. ");
            if level > 2 {
                text.push_str(
                    "Own processes can be sampled at 2 or less (`sysctl kernel.perf_event_paranoid=2`); ",
                );
            } else if level > 0 {
                text.push_str(
                    "Own processes can be sampled at this level, those of other users not, and the whole host only at \
                     0 or less; ",
                );
            }
        }
        None => text.push_str(
            "There is no /proc/sys/kernel/perf_event_paranoid: was the kernel built without perf? ",
        ),
    }
    text.push_str(
        "otherwise run as root or give the profiler the capability PERFMON \
         (`setcap cap_perfmon,cap_sys_ptrace=ep PROGRAM`; SYS_ADMIN before Linux 5.8).",
    );
    text
}

fn number(path: &str) -> Option<i64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Whether a filter of system calls is in force for this thread.
fn is_filtered() -> bool {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("Seccomp:").is_some_and(|mode| mode.trim() == "2"))
}
