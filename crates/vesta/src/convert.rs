//! `vesta convert`: a file from one format to another.

use crate::arguments::ConvertArguments;
use crate::failure::{hinted, usage};
use crate::file::{self, WholeFile};
use crate::output::{note, write_to};
use anyhow::{Context, Result};
use std::path::Path;
use vesta_formats::{EncodeError, Format, compression};
use vesta_profile::{CanonicalType, Profile};
use vesta_upload::otlp;

/// Runs the command.
pub(crate) fn convert(arguments: &ConvertArguments) -> Result<()> {
    let from = arguments.from.as_deref().map(|id| named(id, "--from", Format::is_readable)).transpose()?;
    let to = match &arguments.to {
        Some(id) => named(id, "--to", Format::is_writable)?,
        None => by_extension(&arguments.output)?,
    };
    let WholeFile { mut profile, process } = file::whole(&arguments.input, from, note)?;
    let wanted = arguments.value_type.as_deref();
    let bytes = if to.holds_all_value_types() {
        if wanted.is_some() {
            profile = profile.of_value_type(file::choose_type(&arguments.input, &profile, wanted)?);
        }
        match process {
            // The only format that has a place for them.
            Some((family, tags)) if to == Format::Otlp => Ok(otlp::message(&family, &tags, &profile)),
            _ => to.encode(&profile, 0).map_err(anyhow::Error::from),
        }
    } else {
        one(&arguments.input, &profile, to, wanted)
    }?;
    let left_out = to.leaves_out(&profile);
    if !left_out.is_empty() {
        note(format!("{to} has no room for {}: left out", listed(&left_out)));
    }
    let bytes = compressed(&arguments.output, to, bytes)?;
    write_to(Some(&arguments.output), &bytes)
}

/// One value type: the one that is named, else the most useful one that the format holds.
fn one(path: &Path, profile: &Profile, to: Format, wanted: Option<&str>) -> Result<Vec<u8>> {
    let cannot = |error: EncodeError| {
        let names = names(&file::available(profile));
        hinted(format!("cannot convert {}: {error}", path.display()), format!("it has {names}"))
    };
    if wanted.is_some() {
        return to.encode(profile, file::choose_type(path, profile, wanted)?).map_err(cannot);
    }
    let available = file::available(profile);
    for (index, value_type) in &available {
        match to.encode(profile, *index) {
            Ok(bytes) => {
                if available.len() > 1 {
                    let others: Vec<_> =
                        available.iter().filter(|(other, _)| other != index).cloned().collect();
                    note(format!(
                        "{to} holds one value type: wrote {}; --type chooses among the others: {}",
                        value_type.name,
                        names(&others)
                    ));
                }
                return Ok(bytes);
            }
            Err(EncodeError::OtherValueType { .. }) => {}
            Err(error) => return Err(cannot(error)),
        }
    }
    to.encode(profile, file::choose_type(path, profile, None)?).map_err(cannot)
}

/// `a, b and c`.
fn listed(names: &[&str]) -> String {
    match names {
        [several @ .., last] if !several.is_empty() => format!("{} and {last}", several.join(", ")),
        names => names.concat(),
    }
}

fn names(types: &[(usize, CanonicalType)]) -> String {
    let names: Vec<&str> = types.iter().map(|(_, value_type)| value_type.name.as_ref()).collect();
    if names.is_empty() { "no values".to_owned() } else { names.join(", ") }
}

/// The format that a flag names.
fn named(id: &str, flag: &str, fits: fn(Format) -> bool) -> Result<Format> {
    let known = Format::by_id(id).filter(|format| fits(*format));
    known.ok_or_else(|| usage(format!("`{id}` is no format for {flag}"), choices(fits)))
}

/// The format that the name of the output tells.
fn by_extension(output: &Path) -> Result<Format> {
    let name = output.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let hint = || choices(Format::is_writable).replace("one of", "name it with --to:");
    match Format::by_file_name(&name) {
        Some(Format::Otlp) if is_json(&name) => Err(usage(
            format!("cannot write {}: OTLP is written in protocol buffers, not as JSON", output.display()),
            "name it like x.otlp",
        )),
        Some(format) if format.is_writable() => Ok(format),
        Some(format) => {
            Err(usage(format!("cannot write {}: there is no encoder for {format}", output.display()), hint()))
        }
        None if output == Path::new("-") => {
            Err(usage("standard output has no name to tell the format by", hint()))
        }
        None => Err(usage(format!("the name of {} does not tell its format", output.display()), hint())),
    }
}

/// Whether files of this name, compressed or not, are of JSON.
fn is_json(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".json", ".json.gz", ".json.zst", ".json.lz4"].iter().any(|ending| name.ends_with(ending))
}

/// What can be chosen, with the endings of files.
fn choices(fits: fn(Format) -> bool) -> String {
    let all = Format::all().filter(|format| fits(*format)).map(|format| match format.extensions().first() {
        Some(extension) if *extension != format.id() => format!("{} (.{extension})", format.id()),
        _ => format.id().to_owned(),
    });
    format!("one of {}", all.collect::<Vec<_>>().join(", "))
}

/// Compressed as the name says; pprof always is, for that is what its tools write.
fn compressed(output: &Path, to: Format, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let ending = output.extension().unwrap_or_default().to_ascii_lowercase();
    match ending.to_str() {
        Some("gz") => compression::compress_gzip(&bytes),
        Some("zst") => compression::compress_zstd(&bytes, 3),
        Some("lz4") => compression::compress_lz4(&bytes),
        _ if to == Format::Pprof => compression::compress_gzip(&bytes),
        _ => return Ok(bytes),
    }
    .context("cannot compress the file")
}
