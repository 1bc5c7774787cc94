//! The functions for C, under the names of Datadog's library and under Vesta's own; and the start by environment.

#![expect(unsafe_code, reason = "C finds functions by their names")]

use crate::{Profiler, StartError, system};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

/// The variable that starts profiling when the library is loaded.
const AUTOSTART: &str = "DD_PROFILING_NATIVE_AUTOSTART";
/// How long the end of the program waits for the last upload.
const AT_EXIT: Duration = Duration::from_secs(5);

/// The profiler that was started by a function for C, and in which process.
static PROFILER: Mutex<Option<(u32, Profiler)>> = Mutex::new(None);
/// Whether the end of the program ends the profiler.
static AT_EXIT_REGISTERED: Mutex<bool> = Mutex::new(false);

/// Starts profiling this process. 0 when it is profiled, -1 when it cannot be or is already.
#[unsafe(no_mangle)]
pub extern "C" fn vesta_start_profiling() -> libc::c_int {
    // A panic must not unwind into C.
    std::panic::catch_unwind(start).unwrap_or(-1)
}

/// Ends profiling and sends what was seen last, within this many milliseconds. Profiling may be started again.
#[unsafe(no_mangle)]
pub extern "C" fn vesta_stop_profiling(timeout_ms: libc::c_int) {
    let patience = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0));
    let _ = std::panic::catch_unwind(|| stop(patience));
}

/// The same as [`vesta_start_profiling`], under the name of Datadog's library.
#[unsafe(no_mangle)]
pub extern "C" fn ddprof_start_profiling() -> libc::c_int {
    vesta_start_profiling()
}

/// The same as [`vesta_stop_profiling`], under the name of Datadog's library.
#[unsafe(no_mangle)]
pub extern "C" fn ddprof_stop_profiling(timeout_ms: libc::c_int) {
    vesta_stop_profiling(timeout_ms);
}

#[expect(clippy::print_stderr, reason = "C has a number only, and somebody wants to know why")]
fn start() -> libc::c_int {
    let mut slot = PROFILER.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((owner, inherited)) = slot.take() {
        if owner == process {
            *slot = Some((owner, inherited));
            return -1;
        }
        // Of a parent. Its threads are not here, and what belongs to them is left alone.
        std::mem::forget(inherited);
    }
    match Profiler::builder().start() {
        Ok(profiler) => {
            *slot = Some((process, profiler));
            drop(slot);
            stop_at_exit();
            0
        }
        Err(error) => {
            let line = match &error {
                StartError::Service(error) => error.line(),
                error => error.to_string(),
            };
            eprintln!("vesta: not profiling: {line}");
            -1
        }
    }
}

fn stop(patience: Duration) {
    let mut slot = match PROFILER.try_lock() {
        Ok(slot) => slot,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // Another thread starts or stops it, or did when this process was forked.
        Err(TryLockError::WouldBlock) => return,
    };
    match slot.take() {
        Some((owner, profiler)) if owner == std::process::id() => {
            profiler.stop(patience);
        }
        Some((_, inherited)) => std::mem::forget(inherited),
        None => {}
    }
}

fn stop_at_exit() {
    let mut registered = AT_EXIT_REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*registered {
        *registered = system::at_exit(end_of_program);
    }
}

extern "C" fn end_of_program() {
    let _ = std::panic::catch_unwind(|| stop(AT_EXIT));
}

/// Runs when the library is loaded, or before `main` of a program that it is linked into.
extern "C" fn loaded() {
    let is_asked = std::env::var_os(AUTOSTART)
        .is_some_and(|value| matches!(value.to_str(), Some("1" | "true" | "yes" | "on")));
    // The command line has the library in it as well, and profiles others.
    let is_command_line = std::fs::read_link("/proc/self/exe")
        .is_ok_and(|path| path.file_name().is_some_and(|name| name == "vesta"));
    if is_asked && !is_command_line {
        vesta_start_profiling();
    }
}

#[used]
// SAFETY: the section holds pointers to functions without arguments that the C library calls once, which is what this is.
#[unsafe(link_section = ".init_array")]
static LOADED: extern "C" fn() = loaded;
