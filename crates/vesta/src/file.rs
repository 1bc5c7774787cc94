//! Reading profiles from files, without a server.

use crate::failure::hinted;
use anyhow::{Context, Result};
use bytes::Bytes;
use std::io::Read;
use std::path::Path;
use vesta_formats::Format;
use vesta_formats::compression::decompress;
use vesta_profile::{CanonicalType, FlameTree, FunctionTable, Granularity, Profile};
use vesta_upload::file::{Contents, FileError};
use vesta_upload::{Limits, Tags, Upload};

/// One value type of a file, as a flame graph.
pub(crate) struct Graph {
    /// The value type.
    pub(crate) value_type: CanonicalType,
    /// Its position in the profile.
    pub(crate) index: usize,
    /// The profile.
    pub(crate) profile: Profile,
    /// The functions of the tree.
    pub(crate) functions: FunctionTable,
    /// The merged call tree.
    pub(crate) tree: FlameTree,
    /// How many samples have a value.
    pub(crate) samples: usize,
}

/// Reads a file, or standard input for `-`.
pub(crate) fn read_bytes(path: &Path) -> Result<Bytes> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        return Ok(bytes.into());
    }
    std::fs::read(path).map(Bytes::from).with_context(|| format!("cannot read {}", path.display()))
}

/// Decodes the bytes of a file. `note` is told about what could not be read of it.
pub(crate) fn decode(path: &Path, bytes: &Bytes, mut note: impl FnMut(String)) -> Result<Contents> {
    let name = path.display().to_string();
    // These errors say what the file is (`is not readable as pprof`), so its name goes before them.
    let read = vesta_upload::file::read(&name, bytes, &Limits::default()).map_err(|error| {
        let message = format!("{name} {error}");
        match error {
            FileError::Upload(cause) => anyhow::Error::new(cause).context(message),
            error => anyhow::Error::new(error).context(message),
        }
    })?;
    read.problems.iter().for_each(|problem| note(format!("{name}: {problem}")));
    Ok(read.contents)
}

/// A file as one profile, with what it says of the process.
pub(crate) struct WholeFile {
    /// The profile.
    pub(crate) profile: Profile,
    /// The family of profilers and the tags, of a captured upload.
    pub(crate) process: Option<(String, Tags)>,
}

/// Reads a file as one profile, in the format that is named, else in the one that it is in.
pub(crate) fn whole(path: &Path, format: Option<Format>, mut note: impl FnMut(String)) -> Result<WholeFile> {
    let bytes = read_bytes(path)?;
    if let Some(format) = format {
        let name = path.display();
        let limits = vesta_formats::Limits::default();
        let plain =
            decompress(&bytes, limits.max_bytes).with_context(|| format!("cannot decompress {name}"))?;
        let decoded = format.decode(&plain, &limits).map_err(|error| {
            let message = format!("{name} {error}");
            anyhow::Error::new(error).context(message)
        })?;
        decoded.problems.iter().for_each(|problem| note(format!("{name}: {problem}")));
        return Ok(WholeFile { profile: decoded.profile, process: None });
    }
    match decode(path, &bytes, &mut note)? {
        Contents::Profile(profile) => Ok(WholeFile { profile: *profile, process: None }),
        Contents::Upload(upload) => {
            let profile = whole_profile(path, &upload, note)?;
            Ok(WholeFile { profile, process: Some((upload.event.family, upload.tags)) })
        }
    }
}

/// Reads a file and merges the samples of one value type: the one named, else the most useful one that is there.
pub(crate) fn graph(path: &Path, wanted: Option<&str>, note: impl FnMut(String)) -> Result<Graph> {
    let profile = whole(path, None, note)?.profile;
    let index = choose_type(path, &profile, wanted)?;
    let values = profile.samples.values.get(index).map(Vec::as_slice).unwrap_or_default();
    let samples = values.iter().filter(|&&value| value != 0).count();
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let rows = profile.samples.stacks.iter().copied().zip(values.iter().copied());
    let tree = FlameTree::from_stacks(&functions, &profile.stacks, rows);
    let value_type = profile.value_types.get(index).map(vesta_profile::ValueType::canonical);
    let value_type = value_type.context("the profile has no such value type")?;
    Ok(Graph { value_type, index, functions, tree, samples, profile })
}

/// The value types of a profile that have values, the most useful one first, with their positions.
pub(crate) fn available(profile: &Profile) -> Vec<(usize, CanonicalType)> {
    let types = profile.value_types.iter().map(vesta_profile::ValueType::canonical).enumerate();
    let mut available: Vec<_> = types.filter(|(index, _)| profile.samples.total(*index) != 0).collect();
    available.sort_by_key(|(_, value_type)| value_type.rank());
    available
}

/// All profiles of an upload as one.
fn whole_profile(path: &Path, upload: &Upload, mut note: impl FnMut(String)) -> Result<Profile> {
    let mut decoded = upload.decode(&Limits::default());
    decoded.problems.iter().for_each(|problem| note(format!("{}: {problem}", path.display())));
    decoded.take_whole(&upload.event).ok_or_else(|| {
        let kinds: Vec<String> = decoded
            .undecoded
            .iter()
            .map(|attachment| format!("{} ({})", attachment.file_name, attachment.content.as_str()))
            .collect();
        let what = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
        hinted(
            format!("{} has no profile that can be read: it has {what}", path.display()),
            "a server keeps it all the same: `vesta import` it",
        )
    })
}

/// The position of the value type that is named, else of the most useful one.
pub(crate) fn choose_type(path: &Path, profile: &Profile, wanted: Option<&str>) -> Result<usize> {
    let available = available(profile);
    let Some(wanted) = wanted else {
        let first = available.first().map(|(index, _)| *index);
        let first = first.or((!profile.value_types.is_empty()).then_some(0));
        return first.with_context(|| format!("{} has no value types", path.display()));
    };
    profile.value_type_index(wanted).ok_or_else(|| {
        let names: Vec<_> = available.iter().map(|(_, value_type)| value_type.name.as_ref()).collect();
        hinted(
            format!("{} has no value type `{wanted}`", path.display()),
            format!("it has {}", if names.is_empty() { "none".to_owned() } else { names.join(", ") }),
        )
    })
}
