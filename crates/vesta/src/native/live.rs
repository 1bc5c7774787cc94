//! `vesta top --live`: the functions that spend the most, while they do.

mod screen;
mod table;

use crate::arguments::TopArguments;
use crate::failure::usage;
use crate::output::{note, print_lines};
use anyhow::{Context, Result};
use screen::{Input, Screen};
use std::collections::VecDeque;
use std::io::{self, IsTerminal};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use table::{Second, Shown, Sort};
use vesta_profiling::Settings;
use vesta_profiling::live::Live;
use vesta_profiling::watch::{Watched, stop_on_signals};

/// How often the view changes.
const REFRESH: Duration = Duration::from_secs(1);
/// How often keys are looked at in between.
const KEYS: Duration = Duration::from_millis(100);
/// The seconds that the view adds up: enough samples to be calm, few enough to follow what happens.
const KEPT: usize = 10;

/// Runs the view until a key or a signal ends it, or no process is left.
pub(crate) fn live(arguments: &TopArguments) -> Result<()> {
    let chosen = usize::from(!arguments.pid.is_empty())
        + usize::from(arguments.all)
        + usize::from(!arguments.command.is_empty());
    if chosen != 1 {
        return Err(usage(
            "--live takes one of --pid PID, --all, or a command after --",
            "vesta top --live --pid PID; vesta top --live -- ./app",
        ));
    }
    if arguments.file.is_some() || !arguments.values.profile.is_empty() || arguments.json {
        return Err(usage("--live looks at what runs, not at a file or a server", "leave --live out"));
    }
    let mut child = None;
    let (watched, what) = if arguments.all {
        (Watched::Host, "this host".to_owned())
    } else if let Some((program, rest)) = arguments.command.split_first() {
        // Its output would be written over the view.
        let quiet = || Stdio::null();
        let mut command = std::process::Command::new(program);
        command.args(rest).stdin(quiet()).stdout(quiet()).stderr(quiet());
        let started = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let pid = started.id();
        child = Some(Started(started));
        (Watched::Processes(vec![pid]), program.display().to_string())
    } else {
        let pids: Vec<String> = arguments.pid.iter().map(u32::to_string).collect();
        (Watched::Processes(arguments.pid.clone()), format!("process {}", pids.join(", ")))
    };
    let mut flags = vec![("do-export".to_owned(), "0".to_owned()), ("timeline".to_owned(), "off".to_owned())];
    if let Some(event) = &arguments.event {
        flags.push(("event".to_owned(), event.clone()));
    } else {
        flags.push(("preset".to_owned(), "cpu_only".to_owned()));
    }
    let settings = Settings::load(&flags)
        .map_err(|error| usage(error.to_string(), "`vesta run -e help` lists events"))?;
    let live = Live::start(&settings, watched).map_err(|error| super::explained(&error))?;
    let stop = stop_on_signals();
    let shown = Shown::new(what, arguments.limit);
    let outcome = if io::stdout().is_terminal() && io::stdin().is_terminal() {
        interactive(live, shown, stop)
    } else {
        plain(live, shown, stop)
    };
    drop(child);
    outcome
}

/// A command that ends with the view.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A table each time, one below the other.
fn plain(mut live: Live, mut shown: Shown, stop: &AtomicBool) -> Result<()> {
    live.warnings().iter().for_each(note);
    let mut seconds = VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        let glance = live.glance(REFRESH, stop);
        remember(&mut seconds, Second::new(&glance.windows));
        shown.update(&seconds);
        print_lines(shown.lines(usize::MAX, usize::MAX))?;
        print_lines([""])?;
        if !glance.are_targets_alive {
            break;
        }
    }
    Ok(())
}

fn interactive(mut live: Live, mut shown: Shown, stop: &AtomicBool) -> Result<()> {
    let mut screen = Screen::open().context("cannot use this terminal")?;
    let mut seconds = VecDeque::new();
    let mut next = Instant::now();
    shown.note(live.warnings().first().cloned());
    screen.draw(&shown)?;
    loop {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Keys are answered within a tenth of a second, and sampling goes on meanwhile.
        let glance = live.glance(KEYS, stop);
        remember_within(&mut seconds, Second::new(&glance.windows));
        if Instant::now() >= next || !glance.are_targets_alive {
            next = Instant::now() + REFRESH;
            if !shown.is_paused {
                shown.update(&seconds);
            }
            if !glance.are_targets_alive {
                shown.note(Some("the last process has ended; q leaves".to_owned()));
            }
            screen.draw(&shown)?;
        }
        let mut wait = if glance.are_targets_alive { Duration::ZERO } else { KEYS };
        while let Some(input) = screen.input(wait)? {
            wait = Duration::ZERO;
            match (input, shown.typing.is_some()) {
                (Input::Interrupt, _) | (Input::Key('q'), false) => return Ok(()),
                (Input::Key(key), true) => shown.type_key(key),
                (Input::Erase, true) => shown.erase(),
                (Input::Enter | Input::Escape, true) => shown.typing = None,
                (Input::Escape, false) => shown.filter.clear(),
                (Input::Key('p' | ' '), false) => shown.is_paused = !shown.is_paused,
                (Input::Key('s'), false) => {
                    shown.sort = if shown.sort == Sort::Own { Sort::Total } else { Sort::Own };
                }
                (Input::Key('/'), false) => {
                    shown.filter.clear();
                    shown.typing = Some(());
                }
                _ => {}
            }
            screen.draw(&shown)?;
        }
    }
}

fn remember(seconds: &mut VecDeque<Second>, second: Second) {
    seconds.push_back(second);
    if seconds.len() > KEPT {
        seconds.pop_front();
    }
}

/// Adds a part of a second to the last one, until that is whole.
fn remember_within(seconds: &mut VecDeque<Second>, part: Second) {
    match seconds.back_mut() {
        Some(last) if last.length < REFRESH => last.add(part),
        _ => remember(seconds, part),
    }
}
