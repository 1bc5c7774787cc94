//! Runs a command, samples it, and prints collapsed stacks with what the profiler did:
//! `sample_command [-e EVENTS] [-p] command arguments...`
//!
//! Events are in ddprof's grammar, by default `sCPU`; `-e 'sCPU; wall'` adds blocked time, `-e 'sCPU; sALLOC mode=sl;
//! lock'` allocations, live heap and locks. `-p` splits by process, and `-a PID` attaches for ten seconds instead, `-a host` to all; `-n WINDOWS`
//! does so several times and prints the last.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people")]

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::process::{Child, Command};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use vesta_native::event_spec::{Cadence, EventKind, EventSpec};
use vesta_native::perf::{SamplerOptions, Target};
use vesta_native::{EngineOptions, HookSource, Session, SessionOptions, Window};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let (mut events, mut by_process, mut attach, mut windows) = (String::from("sCPU"), false, None, 1);
    while let Some(option) = arguments.next_if(|argument| argument.to_string_lossy().starts_with('-')) {
        match option.to_string_lossy().as_ref() {
            "-p" => by_process = true,
            "-e" => events = value(&mut arguments)?,
            "-a" => attach = Some(value(&mut arguments)?),
            "-n" => windows = value(&mut arguments)?.parse::<u32>()?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let events = EventSpec::parse(&events)?;
    let hooks = if attach.is_some() { None } else { hooks(&events)? };
    let environment = hooks.as_ref().and_then(|hooks| hooks.listener.as_ref());
    let environment = environment
        .map(|listener| listener.environment(std::env::var_os("LD_PRELOAD").as_deref()))
        .unwrap_or_default();

    let (child, target) = match attach {
        Some(host) if host == "host" => (None, Target::Host),
        Some(pid) => (None, Target::Processes(vec![pid.parse()?])),
        None => {
            let child = start_stopped(arguments, environment)?;
            let pid = child.id();
            (Some(child), Target::Command(pid))
        }
    };
    let sampler = Some(SamplerOptions::new(target, events));
    let mut session = Session::start(SessionOptions { sampler, hooks, engine: EngineOptions::default() })?;
    for warning in session.warnings() {
        eprintln!("warning: {warning}");
    }
    if let Some(child) = &child {
        Command::new("kill").args(["-CONT", &child.id().to_string()]).status()?;
    }
    let seconds = if child.is_some() { 3600 } else { 10 };
    let never = AtomicBool::new(false);
    for _ in 1..windows {
        session.run_for(Instant::now() + Duration::from_secs(seconds), &never);
        if let Some(window) = session.rotate().first() {
            let statistics = &window.statistics;
            eprintln!(
                "{} samples, {} lost, {} truncated, {} waited, {} processes, {:.1} ms of CPU, {} MiB resident",
                statistics.samples,
                statistics.lost,
                statistics.truncated,
                statistics.waited,
                statistics.processes,
                statistics.own_cpu_ns as f64 / 1e6,
                statistics.own_rss_bytes >> 20
            );
        }
    }
    session.run_for(Instant::now() + Duration::from_secs(seconds), &never);
    for window in session.finish() {
        print(&window, by_process);
    }
    if let Some(mut child) = child {
        child.wait()?;
    }
    Ok(())
}

fn value(arguments: &mut impl Iterator<Item = OsString>) -> Result<String, Box<dyn Error>> {
    let text = arguments.next().ok_or("an option lacks its value")?;
    text.into_string().map_err(|_| "an option is no text".into())
}

fn hooks(events: &[EventSpec]) -> Result<Option<HookSource>, Box<dyn Error>> {
    let allocations = events.iter().find(|event| event.kind == EventKind::Allocation);
    let locks = events.iter().any(|event| event.kind == EventKind::Lock);
    if allocations.is_none() && !locks {
        return Ok(None);
    }
    let interval = match allocations.map(|event| event.cadence) {
        Some(Cadence::Period(bytes)) => bytes,
        Some(Cadence::Frequency(_)) => 512 << 10,
        None => 0,
    };
    let options = vesta_hooks::Options {
        allocation_interval_bytes: interval,
        live_heap: allocations.is_some_and(|event| event.mode.live),
        locks,
        ..vesta_hooks::Options::default()
    };
    let (listener, ring) = vesta_hooks::Listener::bind(&options)?;
    Ok(Some(HookSource { ring, listener: Some(listener), options }))
}

/// A shell that stops itself, and executes the command when it is continued.
fn start_stopped(
    arguments: impl Iterator<Item = OsString>,
    environment: Vec<(OsString, OsString)>,
) -> Result<Child, Box<dyn Error>> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "kill -STOP $$; exec \"$@\"", "sh"]);
    if !environment.is_empty() {
        // The hooks are for the command, not for the shell.
        command.arg("env");
    }
    for (mut assignment, value) in environment {
        assignment.push("=");
        assignment.push(value);
        command.arg(assignment);
    }
    let mut child = command.args(arguments).spawn()?;
    loop {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
        if stat.contains(") T ") {
            return Ok(child);
        }
        if child.try_wait()?.is_some() {
            return Err("the shell that executes the command ended".into());
        }
        std::thread::yield_now();
    }
}

fn print(window: &Window, by_process: bool) {
    let profile = &window.profile;
    for (index, value_type) in profile.value_types.iter().enumerate() {
        let mut stacks: BTreeMap<String, i64> = BTreeMap::new();
        for row in 0..profile.samples.len() {
            let value = profile.samples.values[index][row];
            let mut text = String::new();
            if by_process {
                for label in profile.label_sets.get(profile.samples.labels[row]) {
                    if let vesta_profile::LabelValue::Text(value) = label.value
                        && profile.strings.get(label.key) == "process_id"
                    {
                        text = format!("{};", profile.strings.get(value));
                    }
                }
            }
            for &frame in profile.stacks.get(profile.samples.stacks[row]).iter().rev() {
                let frame = profile.frames.get(frame);
                let name = match profile.strings.get(frame.function) {
                    "" => format!("{}+{:#x}", profile.strings.get(frame.module), frame.address),
                    name => name.to_owned(),
                };
                text.push_str(&name);
                text.push(';');
            }
            text.pop();
            if value != 0 {
                *stacks.entry(text).or_default() += value;
            }
        }
        println!("# {} in {}: {}", value_type.name, value_type.unit, profile.samples.total(index));
        let mut stacks: Vec<(String, i64)> = stacks.into_iter().collect();
        stacks.sort_by_key(|(_, value)| -value);
        for (stack, value) in stacks {
            println!("{stack} {value}");
        }
    }
    eprintln!("{:#?}", window.statistics);
}
