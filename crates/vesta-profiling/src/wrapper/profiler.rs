//! The process that profiles.

use super::handshake::{self, Needs};
use crate::hooks;
use crate::log::{Log, Mode};
use crate::output::Draw;
use crate::service::{PATIENCE, Service, Subject};
use crate::{Settings, system};
use std::ffi::OsString;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use vesta_native::event_spec::EventKind;
use vesta_native::perf::Target;

/// How long standard error of a command that has ended is held for what the profiler still has to say, at most: who
/// reads it to its end waits as long. It takes as long as the last upload or the first failure of that, which is some
/// hundredths of a second where anything answers.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Who waits for the profiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nobody: it stays until the tree of the command is gone.
    Apart,
    /// A parent, which closes its end of the socket when the command has ended.
    Awaited,
}

/// Profiles `target`, which waits to become `command`, in this freshly forked process.
pub(super) fn main(
    settings: &Settings,
    target: u32,
    command: &[OsString],
    socket: OwnedFd,
    kind: Kind,
    draw: Option<Draw>,
) -> ! {
    let settings = settle(settings, socket.as_raw_fd());
    let stop = system::stop_on(&[libc::SIGTERM]);
    let log = Arc::new(Log::open(settings.log_level, &settings.log_mode));
    let program = command.first().map(|name| system::program_name(name)).unwrap_or_default();
    let subject = Subject { program, process_id: target, target: Target::Command(target) };
    let events = settings.all_events(true);
    let (source, variables) = hooks::listen(&settings, &events, &log);
    // Where threads wait is read from their memory, which Yama allows to ancestors only, unless the process agrees.
    let reads_memory = events.iter().any(|event| event.kind == EventKind::OffCpu);
    let needs = Needs { variables, reader: reads_memory.then(std::process::id) };
    let service = match Service::start(&settings, subject, source, draw, Arc::clone(&log)) {
        Ok(service) => service,
        Err(error) => {
            log.error(format!("not profiling: {}", error.line()));
            handshake::send(&socket, None, kind == Kind::Awaited);
            system::exit_now(1);
        }
    };
    handshake::send(&socket, Some(&needs), kind == Kind::Awaited);
    match kind {
        Kind::Apart => drop(socket),
        Kind::Awaited => stop_at_end_of(socket, stop),
    }
    let quiet = || {
        if kind == Kind::Apart {
            let _ = std::thread::Builder::new().spawn(|| {
                std::thread::sleep(LAST_WORDS);
                let_go();
            });
        }
    };
    if kind == Kind::Apart {
        service.on_last_word(let_go);
    }
    service.run(stop, quiet, || PATIENCE);
    system::exit_now(0)
}

/// Lets go of standard output and standard error.
fn let_go() {
    system::silence(&[libc::STDOUT_FILENO, libc::STDERR_FILENO]);
}

/// Makes this process one that disturbs nobody. Paths of the settings become absolute, since it leaves its folder.
fn settle(settings: &Settings, keep: i32) -> Settings {
    system::set_name(c"vesta-profiler");
    system::new_session();
    system::Mask::clear();
    system::ignore(&[
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGQUIT,
        libc::SIGTSTP,
        libc::SIGTTOU,
        libc::SIGTTIN,
        libc::SIGPIPE,
    ]);
    system::close_all_but(keep);
    let silent: &[i32] = match settings.log_mode {
        Mode::Stdout => &[libc::STDIN_FILENO, libc::STDERR_FILENO],
        _ => &[libc::STDIN_FILENO, libc::STDOUT_FILENO],
    };
    system::silence(silent);
    let mut settings = settings.clone();
    settings.output = settings.output.map(|path| system::absolute(&path));
    settings.pprof_prefix =
        settings.pprof_prefix.map(|prefix| system::absolute(prefix.as_ref()).to_string_lossy().into_owned());
    if let Mode::File(path) = &settings.log_mode {
        settings.log_mode = Mode::File(system::absolute(path));
    }
    settings.debug_directories =
        settings.debug_directories.iter().map(|path| system::absolute(path)).collect();
    let _ = std::env::set_current_dir("/");
    if let Some(nice) = settings.nice
        && let Err(error) = system::set_nice(nice)
    {
        settings.warnings.push(format!("the profiler cannot have niceness {nice}: {error}"));
    }
    if let Some(cpus) = &settings.cpu_affinity
        && let Err(error) = system::set_affinity(cpus)
    {
        settings.warnings.push(format!("the profiler cannot run on those CPUs: {error}"));
    }
    settings
}

/// Asks to stop when the other end of the socket is closed.
fn stop_at_end_of(socket: OwnedFd, stop: &'static AtomicBool) {
    let waiting = std::thread::Builder::new().name("vesta-parent".to_owned()).spawn(move || {
        // Nothing is ever sent: what can be read is the end.
        system::wait_readable(socket.as_raw_fd(), -1);
        stop.store(true, Ordering::Relaxed);
    });
    if waiting.is_err() {
        // Without the thread it ends when the targets do.
    }
}
