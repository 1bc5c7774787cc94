//! `vesta import`: files to a server, as uploads.

use crate::arguments::ImportArguments;
use crate::client::Client;
use crate::failure::{self, usage};
use crate::file;
use crate::output::{note, print_lines};
use crate::quantity;
use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use std::path::Path;
use std::time::Duration;
use vesta_upload::Tag;
use vesta_upload::file::{About, Contents, captured, envelope};

/// How often a server that is too busy is asked again, for one file.
const ATTEMPTS: u32 = 20;

/// Runs the command.
pub(crate) fn import(arguments: &ImportArguments) -> Result<()> {
    let about = about(arguments)?;
    let client = Client::new(&arguments.connection);
    // Asked first, so that a server that is not there is reported once and not for every file.
    client.get_bytes("/healthz", &Vec::new())?;
    let bar = progress_bar(arguments.files.len());
    let (mut imported, mut bytes) = (0usize, 0usize);
    for path in &arguments.files {
        bar.set_message(path.display().to_string());
        match send(&client, path, &about) {
            Ok(size) => {
                imported += 1;
                bytes += size;
            }
            Err(error) => bar.suspend(|| failure::report(&error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let all = arguments.files.len();
    let size = quantity::bytes(i64::try_from(bytes).unwrap_or(i64::MAX));
    print_lines([format!("imported {imported} of {all} files ({size}) to {}", client.server())])?;
    match all - imported {
        0 => Ok(()),
        1 => bail!("1 file was not imported"),
        failed => bail!("{failed} files were not imported"),
    }
}

fn about(arguments: &ImportArguments) -> Result<About> {
    let now = Timestamp::now();
    let start = arguments.start.as_deref().map(|text| parse_time(text, now)).transpose()?;
    let pairs = [
        ("service", &arguments.service),
        ("env", &arguments.env),
        ("version", &arguments.version),
        ("host", &arguments.host),
    ];
    let named = pairs
        .into_iter()
        .filter_map(|(key, value)| value.clone().map(|value| Tag { key: key.to_owned(), value }));
    let mut tags: Vec<Tag> = named.collect();
    for text in &arguments.tag {
        let tag = Tag::parse(text).filter(|tag| !tag.value.is_empty());
        tags.push(tag.ok_or_else(|| usage(format!("`{text}` is not a tag"), "write --tag KEY:VALUE"))?);
    }
    if let Some(tag) = tags.iter().find(|tag| tag.to_string().contains(',')) {
        return Err(usage(
            format!("`{tag}` has a comma in it"),
            "uploads separate tags by commas; repeat --tag",
        ));
    }
    Ok(About { start, language: arguments.language.clone(), tags })
}

fn parse_time(text: &str, now: Timestamp) -> Result<Timestamp> {
    let now = vesta_store::Timestamp(now.as_microsecond());
    let time = vesta_query::time::parse_time(text, now)
        .map_err(|error| usage(format!("--start: {error}"), error.hint()))?;
    Timestamp::from_microsecond(time.0).context("--start is out of range")
}

/// Sends one file and answers its size.
fn send(client: &Client, path: &Path, about: &About) -> Result<usize> {
    let bytes = file::read_bytes(path)?;
    let size = bytes.len();
    let built = match file::decode(path, &bytes, note)? {
        Contents::Upload(upload) => captured(&upload, about),
        Contents::Profile(profile) => {
            let name = path.file_name().map_or_else(|| "profile".into(), |name| name.to_string_lossy());
            envelope(&name, &bytes, &profile, about, last_changed(path))
                .with_context(|| format!("cannot make an upload of {}", path.display()))?
        }
    };
    for _ in 0..ATTEMPTS {
        match client.upload(&built.content_type, &built.body).with_context(|| path.display().to_string())? {
            None => return Ok(size),
            Some(wait) => std::thread::sleep(wait.min(Duration::from_secs(30))),
        }
    }
    bail!("{}: the server is still too busy after {ATTEMPTS} attempts", path.display())
}

/// When a file was last changed, else now.
fn last_changed(path: &Path) -> Timestamp {
    let changed = std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    changed.and_then(|time| time.try_into().ok()).unwrap_or_else(Timestamp::now)
}

/// A bar on standard error, if that is a terminal.
fn progress_bar(files: usize) -> ProgressBar {
    let bar = ProgressBar::new(files as u64);
    let style = ProgressStyle::with_template("{pos}/{len} {bar:30} {eta} {wide_msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
