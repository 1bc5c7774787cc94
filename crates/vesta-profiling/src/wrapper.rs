//! Running a command under the profiler, so that nothing about the command changes: not its process id, parent, group,
//! terminal, signals, exit status, nor its environment beyond what hooks need.
//!
//! Without a file to write, the process that was started becomes the command, and the profiler is a process that is
//! nobody's child: it opens its events first, and stays until the last process of the command's tree is gone.
//!
//! With a file, which has to be complete when the command returns, the process that was started stays as a thin parent:
//! it passes signals on, stops and continues with the command, waits for the file, and ends as the command did.

mod handshake;
mod parent;
mod profiler;

use crate::Settings;
use crate::output::Draw;
use crate::system::{self, Fork, User};
use handshake::{Needs, Reply};
use std::ffi::OsString;
use std::io;

/// What a shell answers when a command is not there.
const NOT_FOUND: i32 = 127;
/// What a shell answers when a command cannot be executed.
const NOT_EXECUTABLE: i32 = 126;

/// Runs a command under the profiler. Comes back, with the exit code for this process, only when the command could not
/// be started or a file was asked for.
///
/// The process must have one thread.
pub fn run(settings: &Settings, command: &[OsString], draw: Option<Draw>) -> i32 {
    let user = match settings.switch_user.as_deref().map(User::find).transpose() {
        Ok(user) => user,
        Err(_) => {
            let name = settings.switch_user.as_deref().unwrap_or_default();
            return complain(&format!("there is no user `{name}` to run the command as"), NOT_EXECUTABLE);
        }
    };
    if !settings.enabled {
        return become_command(command, user.as_ref(), &Needs::default());
    }
    if system::threads() > 1 {
        complain("not profiling: the process has threads already", 0);
        return become_command(command, user.as_ref(), &Needs::default());
    }
    if settings.output.is_some() {
        return parent::run(settings, command, user.as_ref(), draw);
    }
    let needs = start_apart(settings, command).unwrap_or_else(|error| {
        complain(&format!("not profiling: {error}"), 0);
        Needs::default()
    });
    become_command(command, user.as_ref(), &needs)
}

/// Starts a profiler of this process that is no child of it. Answers what the command needs.
fn start_apart(settings: &Settings, command: &[OsString]) -> io::Result<Needs> {
    let target = std::process::id();
    let (here, there) = system::socket_pair()?;
    let was_pending = system::is_child_signal_pending();
    match system::fork()? {
        Fork::Child => {
            // The process in between ends at once, so that the profiler is adopted by whoever adopts orphans.
            system::new_session();
            if !matches!(system::fork(), Ok(Fork::Child)) {
                system::exit_now(0);
            }
            drop(here);
            profiler::main(settings, target, command, there, profiler::Kind::Apart, None);
        }
        Fork::Parent(between) => {
            drop(there);
            system::wait(between, false);
            if !was_pending && system::is_child_signal_pending() {
                // The command must not find a signal about a child that it does not know.
                system::take_child_signal();
            }
            match handshake::receive(here) {
                Reply::Ready(needs) => Ok(needs),
                // The profiler has said why.
                Reply::Refused | Reply::Silent => Ok(Needs::default()),
            }
        }
    }
}

/// Becomes the command. Comes back when that is not possible.
fn become_command(command: &[OsString], user: Option<&User>, needs: &Needs) -> i32 {
    let name = command.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(Err(error)) = user.map(User::become_it) {
        return complain(
            &format!("cannot run {name} as another user: {error}; that takes root"),
            NOT_EXECUTABLE,
        );
    }
    if let Some(reader) = needs.reader {
        system::let_read_memory(reader);
    }
    let error = system::exec(command, &needs.variables);
    match error.kind() {
        io::ErrorKind::NotFound => complain(&format!("{name}: command not found"), NOT_FOUND),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            complain(&format!("{name}: {text}"), NOT_EXECUTABLE)
        }
    }
}

/// Says what is wrong and answers the code. The log is for the profiler; this is for who started the command.
#[expect(clippy::print_stderr, reason = "who starts a command reads standard error")]
fn complain(text: &str, code: i32) -> i32 {
    eprintln!("vesta: {text}");
    code
}
