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
use std::path::{Path, PathBuf};
use std::time::Duration;
use vesta_formats::FormatError;
use vesta_upload::file::{About, Contents, FileError, captured, envelopes};
use vesta_upload::{Built, Tag};

/// How often a server that is too busy is asked again, for one file.
const ATTEMPTS: u32 = 20;

/// Runs the command.
pub(crate) fn import(arguments: &ImportArguments) -> Result<()> {
    let about = about(arguments)?;
    let client = Client::new(&arguments.connection);
    // Asked first, so that a server that is not there is reported once and not for every file.
    client.get_bytes("/healthz", &Vec::new())?;
    let files = files(&arguments.files)?;
    let bar = progress_bar(files.len());
    let (mut imported, mut skipped, mut bytes) = (0usize, 0usize, 0usize);
    for file in &files {
        bar.set_message(file.path.display().to_string());
        match send(&client, &file.path, &about) {
            Ok(size) => {
                imported += 1;
                bytes += size;
            }
            // Nobody said that all files of a folder are profiles.
            Err(error) if file.is_of_folder && is_no_profile(&error) => skipped += 1,
            Err(error) => bar.suspend(|| failure::report(&error)),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let all = files.len() - skipped;
    let size = quantity::bytes(i64::try_from(bytes).unwrap_or(i64::MAX));
    let others = match skipped {
        0 => String::new(),
        1 => "; 1 other file is no profile".to_owned(),
        skipped => format!("; {skipped} other files are no profiles"),
    };
    print_lines([format!("imported {imported} of {all} files ({size}) to {}{others}", client.server())])?;
    match all - imported {
        0 if all == 0 && skipped > 0 => bail!("there was no profile to import"),
        0 => Ok(()),
        1 => bail!("1 file was not imported"),
        failed => bail!("{failed} files were not imported"),
    }
}

/// A file to send.
struct Found {
    path: PathBuf,
    is_of_folder: bool,
}

/// The files that were named, and those of folders, by name. Links are not followed, and hidden files are left out.
fn files(named: &[PathBuf]) -> Result<Vec<Found>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(Found { path: path.clone(), is_of_folder: false });
            continue;
        }
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            let cannot = || format!("cannot read {}", folder.display());
            let mut entries = Vec::new();
            for entry in std::fs::read_dir(&folder).with_context(cannot)? {
                entries.push(entry.with_context(cannot)?);
            }
            entries.sort_by_key(std::fs::DirEntry::file_name);
            for entry in entries.iter().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
            {
                match entry.file_type().with_context(cannot)? {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() => files.push(Found { path: entry.path(), is_of_folder: true }),
                    _ => {}
                }
            }
        }
    }
    Ok(files)
}

/// Whether a file was not sent because it has nothing to do with profiles.
fn is_no_profile(error: &anyhow::Error) -> bool {
    let is_none = |format: &FormatError| matches!(format, FormatError::Unknown | FormatError::Empty);
    error.chain().any(|cause| match cause.downcast_ref::<FileError>() {
        Some(FileError::Format(format)) => is_none(format),
        _ => cause.downcast_ref::<FormatError>().is_some_and(is_none),
    })
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
    let uploads = match file::decode(path, &bytes, note)? {
        Contents::Upload(upload) => vec![captured(&upload, about)],
        Contents::Profile(profile) => {
            let name = path.file_name().map_or_else(|| "profile".into(), |name| name.to_string_lossy());
            envelopes(&name, &bytes, &profile, about, last_changed(path))
                .with_context(|| format!("cannot make an upload of {}", path.display()))?
        }
    };
    uploads.iter().try_for_each(|upload| send_upload(client, path, upload))?;
    Ok(bytes.len())
}

/// Sends an upload, again and again if the server is too busy.
fn send_upload(client: &Client, path: &Path, upload: &Built) -> Result<()> {
    for _ in 0..ATTEMPTS {
        match client.upload(&upload.content_type, &upload.body).with_context(|| path.display().to_string())? {
            None => return Ok(()),
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
