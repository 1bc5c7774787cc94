//! Hooks in this process.

use crate::install::{self, Plan};
use crate::layout::{DETAIL_STARTED, Mapping};
use crate::options::Options;
use crate::ring::{Ring, os_error};
use crate::{objects, sampling, system, thread, writer};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One start or stop at a time.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Installs the hooks in this process. The ring is to be read by this process.
///
/// Other programs are not followed. Children of `fork` write to the same ring if the options say so, else they run without.
///
/// # Errors
/// When they run already, or there is nothing to install them in.
pub fn start(options: &Options) -> Result<Ring, StartError> {
    let _turn = turn();
    if sampling::is_active() {
        return Err(StartError::Active);
    }
    // SAFETY: no signal handler calls this.
    if unsafe { objects::find(b"vesta_hooks_preloaded") }.is_some() {
        return Err(StartError::Preloaded);
    }
    let ring = Ring::new(options).map_err(StartError::Memory)?;
    let options = *ring.options();
    let file = ring.file().map_err(StartError::Memory)?;
    // The reader drops its mapping when it likes; the writers have one of their own.
    let mapping = Mapping::new(file.as_raw_fd(), options.ring_bytes);
    let mapping = mapping.map_err(|error| StartError::Memory(os_error(error)))?;
    writer::attach(&mapping);
    let plan = Plan {
        options,
        outer_pid: system::process_id(),
        cause: DETAIL_STARTED,
        exec: false,
        skip_own_object: false,
        ask: None,
    };
    // SAFETY: one at a time, by the lock.
    if unsafe { install::install(&plan) } {
        // What remains of a gap of other options. Other threads use theirs up first.
        // SAFETY: this thread's state.
        unsafe { (*thread::current()).remaining = 0 };
        return Ok(ring);
    }
    if let Some(mapping) = writer::detach() {
        // SAFETY: no hook was put in.
        unsafe { mapping.unmap() };
    }
    Err(StartError::NoSymbols)
}

/// Takes the hooks out again and waits up to `timeout` for samples that are being written. Whether none is left. Their
/// code and memory stay, since function pointers to them may be kept elsewhere; [`start`] may follow.
pub fn stop(timeout: Duration) -> bool {
    let _turn = turn();
    if !sampling::is_active() {
        return true;
    }
    // SAFETY: one at a time, by the lock.
    unsafe { install::remove() };
    let mapping = writer::detach();
    let until = Instant::now() + timeout;
    while !sampling::is_quiet() {
        if Instant::now() >= until {
            // Its memory stays: somebody may be writing to it.
            return false;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    if let Some(mapping) = mapping {
        // SAFETY: nobody writes, and nobody can begin to.
        unsafe { mapping.unmap() };
    }
    true
}

/// Whether hooks run in this process.
pub fn is_active() -> bool {
    sampling::is_active()
}

/// This thread is not sampled from now on: for the threads of a profiler that runs in the process it profiles.
pub fn exclude_current_thread() {
    // SAFETY: this thread's state.
    unsafe { (*thread::current()).excluded = true };
}

/// Why hooks cannot run in this process.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// They run already.
    Active,
    /// The preload library has hooked this process: another profiler watches it.
    Preloaded,
    /// The executable is linked statically: there are no symbols to hook.
    NoSymbols,
    /// No memory for the ring.
    Memory(io::Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Active => formatter.write_str("allocation hooks run already; stop them first"),
            StartError::Preloaded => {
                formatter.write_str("another profiler watches allocations of this process")
            }
            StartError::NoSymbols => formatter.write_str(
                "this program is linked statically, so there is nothing to hook; link it dynamically",
            ),
            StartError::Memory(source) => write!(formatter, "no shared memory for events of hooks: {source}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StartError::Memory(source) => Some(source),
            _ => None,
        }
    }
}
