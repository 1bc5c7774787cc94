//! The thin parent of a command whose profile has to be complete when the command returns.

use super::{become_command, complain, handshake, profiler};
use crate::Settings;
use crate::output::Draw;
use crate::system::{self, Change, Fork, Mask, User};
use handshake::{Needs, Reply};
use std::ffi::OsString;
use std::os::fd::OwnedFd;

/// Runs a command as a child and answers its exit code, or ends as it did by a signal.
pub(super) fn run(settings: &Settings, command: &[OsString], user: Option<&User>, draw: Option<Draw>) -> i32 {
    // Nothing may come between: a signal for the command must not end its parent, nor get lost.
    let mask = Mask::block_all();
    let started = start(settings, command, user, draw, &mask);
    let (child, profiler) = match started {
        Ok(started) => started,
        Err(error) => {
            mask.apply();
            complain(&format!("not profiling: {error}"), 0);
            return become_command(command, user, &Needs::default());
        }
    };
    let end = accompany(child);
    if let Some((process, socket)) = profiler {
        drop(socket);
        wait_for(process);
    }
    match end {
        Change::Killed(signal) => system::die_by(signal),
        Change::Exited(code) => code,
        Change::Stopped | Change::Continued => 1,
    }
}

/// Starts the command, which waits, and the profiler, then lets the command go.
fn start(
    settings: &Settings,
    command: &[OsString],
    user: Option<&User>,
    draw: Option<Draw>,
    mask: &Mask,
) -> std::io::Result<(i32, Option<(i32, OwnedFd)>)> {
    let (gate, gate_of_child) = system::socket_pair()?;
    let (here, there) = system::socket_pair()?;
    let child = match system::fork()? {
        Fork::Child => {
            drop((gate, here, there));
            let needs = match handshake::receive(gate_of_child) {
                Reply::Ready(needs) => needs,
                Reply::Refused | Reply::Silent => Needs::default(),
            };
            mask.apply();
            system::exit_now(become_command(command, user, &needs));
        }
        Fork::Parent(child) => child,
    };
    drop(gate_of_child);
    let target = u32::try_from(child).unwrap_or_default();
    let profiler = match system::fork() {
        Ok(Fork::Child) => {
            drop((gate, here));
            profiler::main(settings, target, command, there, profiler::Kind::Awaited, draw);
        }
        Ok(Fork::Parent(process)) => {
            drop(there);
            let reply = handshake::receive_framed(&here);
            if let Reply::Ready(needs) = &reply {
                handshake::send(&gate, Some(needs), false);
            }
            Some((process, here))
        }
        Err(error) => {
            complain(&format!("not profiling: {error}"), 0);
            None
        }
    };
    // Closing the gate lets the command go, whatever was sent through it.
    drop(gate);
    Ok((child, profiler))
}

/// Passes signals on until the command has ended.
fn accompany(child: i32) -> Change {
    loop {
        match system::wait(child, true) {
            Some(end @ (Change::Exited(_) | Change::Killed(_))) => return end,
            Some(Change::Stopped) => {
                // The shell waits for this process: it has to see it stopped as well. What continues this one
                // continues the group, and so the command; who continues only this one means the command.
                system::stop_self();
                system::send(child, libc::SIGCONT);
                continue;
            }
            Some(Change::Continued) => continue,
            None => {}
        }
        let Some(signal) = system::next_signal(None) else { continue };
        match signal.number {
            libc::SIGCHLD | libc::SIGCONT if signal.is_from_kernel => {}
            libc::SIGCHLD => {}
            // A timer that was set before this program began would have been the command's.
            libc::SIGALRM => system::send(child, signal.number),
            // What a terminal sends goes to the whole group, and so to the command already.
            _ if signal.is_from_kernel => {}
            number => system::send(child, number),
        }
    }
}

/// Waits until the profiler has written the file. Who interrupts now does not want it.
fn wait_for(process: i32) {
    loop {
        match system::wait(process, true) {
            Some(Change::Exited(_) | Change::Killed(_)) => return,
            Some(_) => continue,
            None => {}
        }
        if !system::is_there(u32::try_from(process).unwrap_or_default()) {
            return;
        }
        if let Some(signal) = system::next_signal(Some(1_000))
            && matches!(signal.number, libc::SIGINT | libc::SIGTERM | libc::SIGQUIT | libc::SIGHUP)
        {
            system::send(process, libc::SIGKILL);
        }
    }
}
