//! `vesta scrape`: profiles from programs that serve them over HTTP.

use crate::arguments::ScrapeArguments;
use crate::failure::{hinted, usage};
use crate::output::{note, print_lines};
use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::path::Path;
use std::time::{Duration, Instant};
use vesta_export::{Deadline, Endpoint, Protocol, Trust};
use vesta_scrape::{Kind, Outcome, Output, Settings, Target};
use vesta_upload::Tag;

/// How long a CPU profile takes when nobody says: as long as Go's own.
const CPU_SECONDS: u32 = 30;
/// The most programs of one command: each has a thread.
const MAX_TARGETS: usize = 256;
/// Longer than anybody waits.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Runs the command.
pub(crate) fn scrape(arguments: &ScrapeArguments) -> Result<()> {
    let settings = settings(arguments)?;
    let stop = Deadline::after(FOREVER);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot wait for signals")?;
    let stopping = stop.clone();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            // Who asks again does not want to wait for what is left to be read and sent.
            if stopping.remaining().is_none() {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            stopping.shorten(Instant::now());
        }
    });
    if settings.every.is_some() {
        let what = match settings.targets.as_slice() {
            [target] => target.to_string(),
            targets => format!("{} programs", targets.len()),
        };
        note(format!("scraping {what}; Ctrl-C ends it"));
    }
    report(&vesta_scrape::run(&settings, &stop, &|text| note(text)))
}

fn report(outcome: &Outcome) -> Result<()> {
    let Outcome { uploads, failed, files, silent_targets } = outcome;
    print_lines([format!("{uploads} uploads, {files} files written, {failed} failures")])?;
    match (failed, silent_targets) {
        (0, 0) => Ok(()),
        (0, silent) => Err(hinted(
            format!("{silent} of the programs gave no profile"),
            "see above; `curl URL/debug/pprof/` shows what a program serves",
        )),
        (failed, _) => Err(hinted(format!("{failed} uploads or files failed"), "see above")),
    }
}

fn settings(arguments: &ScrapeArguments) -> Result<Settings> {
    if arguments.targets.len() > MAX_TARGETS {
        return Err(usage(
            format!("there are more than {MAX_TARGETS} programs"),
            "run the command several times",
        ));
    }
    let targets: Result<Vec<Target>, _> = arguments.targets.iter().map(|text| Target::parse(text)).collect();
    let targets = targets.map_err(|error| usage(error.to_string(), "see `vesta scrape --help`"))?;
    let every = arguments.every.map(|period| period.0);
    if every.is_some_and(|every| every < Duration::from_secs(1)) {
        return Err(usage("--every is less than a second", "write --every 60s"));
    }
    let cpu = arguments.seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let cpu = cpu.or(every).unwrap_or(Duration::from_secs(CPU_SECONDS.into()));
    let output = arguments.output.as_deref().map(|path| output(path, every.is_some()));
    if matches!(output, Some(Output::File(_))) && targets.len() > 1 {
        return Err(usage(
            "one file cannot hold the profiles of several programs",
            "name a folder with -o DIR/",
        ));
    }
    Ok(Settings {
        targets,
        kinds: if arguments.types.is_empty() { Kind::DEFAULT.to_vec() } else { arguments.types.clone() },
        every,
        cpu,
        service: arguments.service.clone(),
        family: arguments.language.clone(),
        tags: tags(arguments)?,
        headers: headers(&arguments.header)?,
        bearer_token_file: arguments.bearer_token_file.clone(),
        trust: trust(arguments)?,
        endpoint: endpoint(arguments)?,
        output,
    })
}

fn trust(arguments: &ScrapeArguments) -> Result<Trust> {
    match &arguments.ca_cert {
        Some(path) => Ok(Trust::only(path)?),
        None if arguments.insecure => Ok(Trust::Anybody),
        None => Ok(Trust::System),
    }
}

/// A folder is what is one, what ends like one, and what has to hold the files of several periods.
fn output(path: &Path, is_repeated: bool) -> Output {
    let ends_so = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if is_repeated || ends_so || path.is_dir() {
        Output::Folder(path.to_owned())
    } else {
        Output::File(path.to_owned())
    }
}

fn endpoint(arguments: &ScrapeArguments) -> Result<Option<Endpoint>> {
    let (usual, parse): (_, fn(&str) -> _) = match arguments.protocol {
        Protocol::Datadog => ("http://127.0.0.1:8378", Endpoint::parse),
        Protocol::Otlp => ("http://127.0.0.1:4318", Endpoint::otlp),
    };
    let server = match (&arguments.server, &arguments.output) {
        (Some(server), _) => server,
        (None, Some(_)) => return Ok(None),
        (None, None) => usual,
    };
    let endpoint = parse(server)
        .map_err(|error| usage(format!("--server: {error}"), format!("write --server {usual}")))?;
    Ok(Some(endpoint.with_api_key(arguments.token.as_deref().unwrap_or_default())))
}

fn tags(arguments: &ScrapeArguments) -> Result<Vec<Tag>> {
    let named = [("env", &arguments.env), ("version", &arguments.version)];
    let named = named
        .into_iter()
        .filter_map(|(key, value)| value.clone().map(|value| Tag { key: key.to_owned(), value }));
    let mut tags: Vec<Tag> = named.collect();
    for text in &arguments.tag {
        let tag = Tag::parse(text).filter(|tag| !tag.value.is_empty());
        tags.push(tag.ok_or_else(|| usage(format!("`{text}` is not a tag"), "write --tag KEY:VALUE"))?);
    }
    let service = Tag { key: "service".to_owned(), value: arguments.service.clone().unwrap_or_default() };
    if let Some(tag) = tags.iter().chain([&service]).find(|tag| tag.to_string().contains(',')) {
        return Err(usage(
            format!("`{tag}` has a comma in it"),
            "uploads separate tags by commas; repeat --tag",
        ));
    }
    Ok(tags)
}

fn headers(texts: &[String]) -> Result<Vec<(String, String)>> {
    let header = |text: &String| {
        let (name, value) = text.split_once(':')?;
        let is_token =
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        let is_text = value.chars().all(|c| c.is_ascii_graphic() || c == ' ');
        (is_token && is_text).then(|| (name.to_owned(), value.trim().to_owned()))
    };
    texts
        .iter()
        .map(|text| {
            let wrong = || usage(format!("`{text}` is no header"), "write --header 'Name: value'");
            header(text).ok_or_else(wrong)
        })
        .collect()
}
