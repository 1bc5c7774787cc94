//! `vesta run`, `vesta attach` and `vesta host`: native programs under the profiler.

pub(crate) mod flags;
pub(crate) mod live;

use crate::arguments::{AttachArguments, HostArguments, RunArguments};
use crate::failure::{hinted, usage};
use crate::output::{note, print_lines};
use anyhow::Result;
use flags::ProfilerFlags;
use std::path::Path;
use vesta_native::event_spec::EventSpec;
use vesta_profile::{FlameTree, FunctionTable, Granularity, Profile};
use vesta_profiling::watch::{self, WatchError, Watched};
use vesta_profiling::{Settings, wrapper};
use vesta_server::svg::{self, SvgOptions};

/// Nodes of a flame graph that is written as a picture; what is pruned is in nodes called (other).
const MAX_NODES: usize = 8_192;

/// Runs a command under the profiler. Comes back only when there is nothing to run: this process becomes the command,
/// or ends as the command did.
pub(crate) fn run(arguments: &RunArguments) -> Result<()> {
    let Some(settings) = prepare(&arguments.profiler, "run")? else { return Ok(()) };
    if arguments.command.is_empty() {
        if settings.show_config || settings.capture_config.is_some() {
            return Ok(());
        }
        return Err(usage(
            "there is no command to run",
            "vesta run ./app --its-flags; `vesta attach --pid PID` profiles what runs already",
        ));
    }
    std::process::exit(wrapper::run(&settings, &arguments.command, Some(draw)))
}

/// Profiles processes that run already.
pub(crate) fn attach(arguments: &AttachArguments) -> Result<()> {
    let Some(settings) = prepare(&arguments.profiler, "attach")? else { return Ok(()) };
    if arguments.pid.is_empty() {
        return Err(usage("there is no process to attach to", "vesta attach --pid PID"));
    }
    let what = match arguments.pid.as_slice() {
        [pid] => format!("process {pid}"),
        pids => format!("{} processes", pids.len()),
    };
    watch(&settings, Watched::Processes(arguments.pid.clone()), &what)
}

/// Profiles all processes of this host.
pub(crate) fn host(arguments: &HostArguments) -> Result<()> {
    let Some(settings) = prepare(&arguments.profiler, "host")? else { return Ok(()) };
    watch(&settings, Watched::Host, "this host")
}

fn watch(settings: &Settings, watched: Watched, what: &str) -> Result<()> {
    if !settings.enabled {
        note("profiling is turned off by --enable or DD_PROFILING_ENABLED");
        return Ok(());
    }
    let to = match (&settings.output, &settings.endpoint) {
        (Some(file), _) => format!("to {}", file.display()),
        (None, Some(endpoint)) => format!("to {endpoint} every {} s", settings.upload_period.as_secs_f64()),
        (None, None) => "to nowhere".to_owned(),
    };
    let started = || note(format!("profiling {what} {to}; Ctrl-C ends it"));
    let delivered =
        watch::watch(settings, watched, Some(draw), started).map_err(|error| explained(&error))?;
    let Some(delivered) = delivered else {
        return Err(hinted("the last profile did not get out in time", "check the address of the server"));
    };
    let mut seen = format!("{} samples", delivered.samples);
    if delivered.uploads + delivered.failed > 0 {
        seen.push_str(&format!(", {} profiles sent", delivered.uploads));
    }
    if delivered.failed > 0 {
        seen.push_str(&format!(", {} profiles not", delivered.failed));
    }
    match &delivered.file {
        Some(file) => seen.push_str(&format!("; `vesta view {}` shows them", file.display())),
        None if settings.output.is_some() => {
            return Err(hinted("the file could not be written", "see above"));
        }
        None => {}
    }
    note(seen);
    Ok(())
}

/// What is wrong, and what to do about it.
fn explained(error: &WatchError) -> anyhow::Error {
    let hint = match (error, error.advice()) {
        (_, Some(advice)) => advice,
        (WatchError::NoProcess(_), None) => {
            "`ps -e` lists those that there are; in a container, only its own have numbers".to_owned()
        }
        (_, None) => "`vesta top FILE` and `vesta view FILE` take profiles of other machines".to_owned(),
    };
    hinted(error.to_string(), hint)
}

/// Reads settings and does what needs no profiler. `None` when that was all.
fn prepare(flags: &ProfilerFlags, command: &str) -> Result<Option<Settings>> {
    if flags.wants_extended_help() {
        print_lines([flags::extended_help(command)])?;
        return Ok(None);
    }
    if flags.values().iter().any(|(name, value)| name == "event" && value == "help") {
        print_lines([EventSpec::help()])?;
        return Ok(None);
    }
    let settings = Settings::load(flags.values()).map_err(|error| {
        usage(error.to_string(), format!("`vesta {command} --help-extended` lists all settings"))
    })?;
    if settings.show_config {
        print_lines([settings.document().trim_end()])?;
    }
    if let Some(path) = &settings.capture_config {
        capture(path, &settings)?;
    }
    Ok(Some(settings))
}

fn capture(path: &Path, settings: &Settings) -> Result<()> {
    std::fs::write(path, settings.document())
        .map_err(|error| hinted(format!("cannot write {}: {error}", path.display()), "name another file"))
}

/// A flame graph of one value type.
fn draw(profile: &Profile, index: usize, title: &str) -> Vec<u8> {
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let values = profile.samples.values.get(index).map(Vec::as_slice).unwrap_or_default();
    let rows = profile.samples.stacks.iter().copied().zip(values.iter().copied());
    let tree = FlameTree::from_stacks(&functions, &profile.stacks, rows).prune(MAX_NODES).tree;
    let unit = profile.value_types.get(index).map(|value_type| value_type.canonical().unit);
    let unit = unit.unwrap_or(vesta_profile::Unit::Count);
    let options = SvgOptions { title: title.to_owned(), unit, width: 1600 };
    svg::flame_graph(&tree, &functions, &options).into_bytes()
}
