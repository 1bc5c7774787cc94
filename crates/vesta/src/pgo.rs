//! `vesta pgo`: profiles for compilers, of what ran in production.

use crate::arguments::{PgoArguments, PgoFormat, ScopeArguments};
use crate::client::{self, Client, Parameters};
use crate::failure::{hinted, usage};
use crate::file;
use crate::output::{note, write_to};
use crate::quantity;
use anyhow::{Context, Result, bail};
use bytes::Bytes;
use serde::Deserialize;
use std::path::Path;
use vesta_formats::compression;
use vesta_formats::pgo::{PgoError, autofdo, go};
use vesta_profile::Profile;
use vesta_upload::Limits;
use vesta_upload::file::Contents;

/// The time that is looked at when nobody says: a week has every day in it.
const LAST: &str = "now-7d";

/// The answer of `GET /api/v1/profiles`, as far as it is used.
#[derive(Debug, Deserialize)]
struct Listed {
    columns: Columns,
}

#[derive(Debug, Deserialize)]
struct Columns {
    id: Vec<String>,
    cpu_cores: Vec<Option<f64>>,
}

/// Profiles as one, and how many that were.
#[derive(Default)]
struct Merged {
    profile: Profile,
    profiles: usize,
}

/// Runs the command.
pub(crate) fn pgo(arguments: &PgoArguments) -> Result<()> {
    let merged = if arguments.files.is_empty() { of_server(arguments)? } else { of_files(arguments)? };
    let bytes = match arguments.format {
        PgoFormat::Go => {
            let pprof = go(&merged.profile).map_err(explained)?;
            note(said(&merged, "go build -pgo=FILE"));
            compression::compress_gzip(&pprof).context("cannot compress the profile")?
        }
        PgoFormat::Autofdo => {
            let sample = autofdo(&merged.profile).map_err(explained)?;
            note(said(&merged, "clang -O2 -g -fprofile-sample-use=FILE, rustc -Zprofile-sample-use=FILE"));
            let (used, all) = (sample.used, sample.used.saturating_add(sample.unused));
            let of = quantity::count(all.unsigned_abs());
            let functions = sample.functions;
            note(format!(
                "{} of {of} samples are in {functions} functions that a compiler can find again",
                quantity::count(used.unsigned_abs())
            ));
            sample.text.into_bytes()
        }
    };
    write_to(arguments.output.as_deref(), &bytes)
}

fn said(merged: &Merged, usage: &str) -> String {
    let time = merged.profile.value_type_index("cpu-time").map(|index| merged.profile.samples.total(index));
    let time = time.map(|time| format!(" with {} of CPU time", quantity::nanoseconds(time)));
    let plural = if merged.profiles == 1 { "" } else { "s" };
    format!("merged {} profile{plural}{}: {usage}", merged.profiles, time.unwrap_or_default())
}

fn explained(error: PgoError) -> anyhow::Error {
    let hint = match error {
        PgoError::NoStartLines => {
            "Go says it since 1.20; of programs in C, C++ and Rust it takes debug information (-g)"
        }
        _ => "`vesta profiles --query ...` lists what is there",
    };
    hinted(error.to_string(), hint)
}

/// The profiles that spend the most CPU, from their uploads: tables do not keep the lines at which functions start.
fn of_server(arguments: &PgoArguments) -> Result<Merged> {
    let client = Client::new(&arguments.connection);
    let mut parameters = client::scope_parameters(&arguments.scope);
    if arguments.scope.from.is_none() && arguments.scope.last.is_none() {
        parameters.push(("from", LAST.to_owned()));
    }
    parameters.push(("sort", "-cpu_cores".to_owned()));
    parameters.push(("limit", arguments.limit.to_string()));
    let Columns { id, cpu_cores } = client.get::<Listed>("/api/v1/profiles", &parameters)?.columns;
    let mut merged = Merged::default();
    for (id, _) in id.iter().zip(cpu_cores).filter(|(_, cores)| cores.is_some()) {
        let name = format!("profile {id}");
        let body = client.get_bytes(&format!("/api/v1/profiles/{id}/upload"), &Parameters::new())?;
        merged.add(Path::new(&name), &body.into())?;
    }
    if merged.profiles == 0 {
        return Err(hinted(
            "no profile in scope has CPU time",
            "`vesta profiles` with the same --query lists what is there; --last and --from look further back",
        ));
    }
    Ok(merged)
}

fn of_files(arguments: &PgoArguments) -> Result<Merged> {
    let ScopeArguments { query, from, to, last } = &arguments.scope;
    if !query.is_empty() || from.is_some() || to.is_some() || last.is_some() {
        return Err(usage(
            "--query, --from, --to and --last ask a server, but FILEs are read without one",
            "leave out the FILEs, or the flags",
        ));
    }
    let mut merged = Merged::default();
    for path in &arguments.files {
        merged.add(path, &file::read_bytes(path)?)?;
    }
    if merged.profiles == 0 {
        bail!("there is no CPU time in these files");
    }
    Ok(merged)
}

impl Merged {
    /// Adds what has CPU time.
    fn add(&mut self, path: &Path, bytes: &Bytes) -> Result<()> {
        let profiles = match file::decode(path, bytes, note)? {
            Contents::Profile(profile) => vec![*profile],
            Contents::Upload(upload) => {
                let decoded = upload.decode(&Limits::default());
                decoded.profiles.into_iter().map(|(_, profile)| profile).collect()
            }
        };
        let has_cpu = |profile: &Profile| {
            let column = |name| profile.value_type_index(name).map(|index| profile.samples.total(index));
            ["cpu-time", "cpu-samples"].into_iter().filter_map(column).any(|total| total > 0)
        };
        let before = self.profile.samples.len();
        profiles.iter().filter(|profile| has_cpu(profile)).for_each(|profile| self.profile.merge(profile));
        self.profiles += usize::from(self.profile.samples.len() > before);
        Ok(())
    }
}
