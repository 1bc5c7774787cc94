//! Profiling processes that run already, and whole hosts, from a command of its own.

use crate::delivery::Delivered;
use crate::log::Log;
use crate::output::Draw;
use crate::service::{PATIENCE, Service, ServiceError, Subject};
use crate::{Settings, system};
use std::sync::Arc;
use vesta_native::perf::Target;

/// What is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watched {
    /// These processes, and those that they start.
    Processes(Vec<u32>),
    /// All processes of the host.
    Host,
}

/// Why nothing is watched.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// A process that is not there.
    #[error("there is no process {0}")]
    NoProcess(u32),
    /// The profiler does not start.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl WatchError {
    /// What to change, when the kernel refused.
    pub fn advice(&self) -> Option<String> {
        match self {
            WatchError::NoProcess(_) => None,
            WatchError::Service(error) => error.advice(),
        }
    }
}

/// Profiles until all processes have ended, or a signal (INT, TERM, HUP) says to stop; the second ends it at once.
/// `started` is called when sampling has begun. `None` when the last profile did not get out in time.
pub fn watch(
    settings: &Settings,
    watched: Watched,
    draw: Option<Draw>,
    started: impl FnOnce(),
) -> Result<Option<Delivered>, WatchError> {
    let subject = subject(watched)?;
    let log = Arc::new(Log::open(settings.log_level, &settings.log_mode));
    if let Some(nice) = settings.nice
        && let Err(error) = system::set_nice(nice)
    {
        log.warn(format!("the profiler cannot have niceness {nice}: {error}"));
    }
    if let Some(cpus) = &settings.cpu_affinity
        && let Err(error) = system::set_affinity(cpus)
    {
        log.warn(format!("the profiler cannot run on those CPUs: {error}"));
    }
    let stop = system::stop_on(&[libc::SIGINT, libc::SIGTERM, libc::SIGHUP]);
    let service = Service::start(settings, subject, None, draw, log)?;
    started();
    Ok(service.run(stop, || (), || PATIENCE))
}

/// The flag that is set when a signal (INT, TERM, HUP) says to stop; for programs with a loop of their own.
pub fn stop_on_signals() -> &'static std::sync::atomic::AtomicBool {
    system::stop_on(&[libc::SIGINT, libc::SIGTERM, libc::SIGHUP])
}

pub(crate) fn subject(watched: Watched) -> Result<Subject, WatchError> {
    let processes = match watched {
        Watched::Host => {
            let process_id = std::process::id();
            return Ok(Subject { program: "host".to_owned(), process_id, target: Target::Host });
        }
        Watched::Processes(processes) => processes,
    };
    if let Some(missing) = processes.iter().find(|process| !system::is_there(**process)) {
        return Err(WatchError::NoProcess(*missing));
    }
    let first = processes.first().copied().unwrap_or_default();
    let program = system::process_name(first).ok_or(WatchError::NoProcess(first))?;
    Ok(Subject { program, process_id: first, target: Target::Processes(processes) })
}
