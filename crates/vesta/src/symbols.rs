//! `vesta symbols`: names for the addresses of native programs.

use crate::arguments::{
    Connection, SymbolsArguments, SymbolsCommand, SymbolsUploadArguments, ValueArguments,
};
use crate::client::{self, Client};
use crate::failure::{self, hinted};
use crate::output::{Align, Table, note, print_json, print_lines};
use crate::quantity;
use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use vesta_formats::compression;
use vesta_symbols::{BuildIdKind, ElfFile, Search, Symbolizer, symbol_file};

/// Folders below one another that are looked into.
const DEEPEST: usize = 32;
/// What compresses a symbol file of 40 MiB to a quarter in half a second.
const LEVEL: i32 = 3;
/// The first bytes of executables and libraries.
const ELF: &[u8] = b"\x7fELF";

/// The answer of `POST /api/v1/symbols`, as far as it is shown.
#[derive(Debug, Deserialize)]
struct Stored {
    stored: bool,
    build_id: String,
    functions: u64,
    bytes: i64,
}

/// The answer of `GET /api/v1/symbols`, and what `--json` prints; its shape is a promise (docs/cli.md).
#[derive(Debug, Serialize, Deserialize)]
struct SymbolFiles {
    files: Vec<SymbolFile>,
    bytes: i64,
    limit_bytes: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SymbolFile {
    build_id: String,
    module: String,
    functions: u64,
    bytes: i64,
    uploaded: String,
    used: String,
}

/// The answer of `GET /api/v1/symbols/missing`.
#[derive(Debug, Deserialize)]
struct MissingAnswer {
    #[serde(rename = "type")]
    value_type: String,
    unit: String,
    total: i64,
    found: u64,
    modules: MissingColumns,
}

#[derive(Debug, Deserialize)]
struct MissingColumns {
    build_id: Vec<String>,
    module: Vec<String>,
    places: Vec<u64>,
    samples: Vec<u64>,
    value: Vec<i64>,
    has_symbols: Vec<bool>,
}

/// What `--json` prints; its shape is a promise (docs/cli.md).
#[derive(Debug, Serialize)]
struct Missing {
    #[serde(rename = "type")]
    value_type: String,
    unit: String,
    total: i64,
    found: u64,
    modules: Vec<MissingModule>,
}

#[derive(Debug, Serialize)]
struct MissingModule {
    build_id: String,
    module: String,
    places: u64,
    samples: u64,
    value: i64,
    has_symbols: bool,
}

/// Runs the command.
pub(crate) fn symbols(arguments: &SymbolsArguments) -> Result<()> {
    match &arguments.command {
        SymbolsCommand::Upload(arguments) => upload(arguments),
        SymbolsCommand::List { json, connection } => list(connection, *json),
        SymbolsCommand::Missing { values, limit, json, connection } => {
            missing(values, *limit, *json, connection)
        }
        SymbolsCommand::Remove { build_ids, connection } => remove(build_ids, connection),
    }
}

fn upload(arguments: &SymbolsUploadArguments) -> Result<()> {
    let client = Client::new(&arguments.connection);
    // Asked first, so that a server that is not there is reported once and before work is done.
    client.get_bytes("/healthz", &Vec::new())?;
    let (mut sent, mut failed) = (0_usize, 0_usize);
    for path in &arguments.binaries {
        let is_folder = fs::metadata(path).with_context(|| path.display().to_string())?.is_dir();
        let found = if is_folder { binaries_below(path) } else { vec![path.clone()] };
        if found.is_empty() {
            note(format!("{}: there is no executable or library in it", path.display()));
        }
        for binary in found {
            match upload_one(&client, &binary, arguments) {
                // A folder has all kinds of files; one that was named is meant.
                Ok(Outcome::WithoutNames(why)) if is_folder => note(format!("{}: {why}", binary.display())),
                Ok(Outcome::WithoutNames(why)) => {
                    failed += 1;
                    failure::report(&hinted(format!("{}: {why}", binary.display()), NAMES_HINT));
                }
                Ok(Outcome::Sent(line)) => {
                    sent += 1;
                    print_lines([line])?;
                }
                Err(error) => {
                    failed += 1;
                    failure::report(&error);
                }
            }
        }
    }
    match (sent, failed) {
        (0, 0) => Err(hinted("there was nothing to send", NAMES_HINT)),
        (_, 0) => Ok(()),
        (_, 1) => bail!("the symbols of 1 binary were not sent"),
        (_, failed) => bail!("the symbols of {failed} binaries were not sent"),
    }
}

const NAMES_HINT: &str =
    "name the binary as the linker made it, before `strip`, or the file with its debug information";

/// What became of a binary.
enum Outcome {
    Sent(String),
    WithoutNames(String),
}

fn upload_one(client: &Client, path: &Path, arguments: &SymbolsUploadArguments) -> Result<Outcome> {
    let of_path = || path.display().to_string();
    let elf = File::open(path).map_err(anyhow::Error::from).and_then(|file| Ok(ElfFile::open(file)?));
    let elf = elf.with_context(of_path)?;
    let mut search = Search {
        path: std::path::absolute(path).with_context(of_path)?,
        lines: !arguments.functions_only,
        inlines: !arguments.functions_only,
        max_debug_bytes: MAX_DEBUG_BYTES,
        ..Search::default()
    };
    for folder in &arguments.debug_directories {
        search.debug_directories.push(std::path::absolute(folder).with_context(of_path)?);
    }
    let symbolizer = Symbolizer::load(&elf, &search);
    for problem in symbolizer.problems() {
        note(format!("{}: {problem}", path.display()));
    }
    if symbolizer.is_stripped() {
        note(format!("{}: it is stripped, so only exported functions have names", path.display()));
    }
    if elf.build_id_kind() == Some(BuildIdKind::Content) {
        note(format!(
            "{}: it has no build id (link with --build-id); its symbols are for this very file, stripped copies \
             of it are others",
            path.display()
        ));
    }
    let symbols = symbol_file::encode(&elf, &symbolizer);
    let decoded = vesta_symbols::SymbolFile::decode(symbols.clone().into()).with_context(of_path)?;
    if decoded.functions() == 0 {
        return Ok(Outcome::WithoutNames("it has no names of functions".to_owned()));
    }
    let body = compression::compress_zstd(&symbols, LEVEL).with_context(of_path)?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let stored: Stored =
        client.post("/api/v1/symbols", &vec![("module", name)], &body).with_context(of_path)?;
    let Stored { stored, build_id, functions, bytes } = stored;
    let what = if stored { "stored" } else { "not stored, the server has more of it:" };
    Ok(Outcome::Sent(format!(
        "{}: {what} {} functions ({}) of build {build_id}",
        path.display(),
        quantity::count(functions),
        quantity::bytes(bytes)
    )))
}

/// More than is read where programs run: here is time, and the debug information of a browser has 2 GiB.
const MAX_DEBUG_BYTES: u64 = 4 << 30;

/// Executables and libraries below a folder, in the order of their paths. Links are not followed.
fn binaries_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => {
                note(format!("{}: {error}", folder.display()));
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEEPEST {
                folders.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_binary(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Whether a file is an executable or a library: ELF, and not one that is still to be linked.
fn is_binary(path: &Path) -> bool {
    let mut head = [0; 18];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head.starts_with(ELF) && matches!(head[16], 2 | 3)
}

fn list(connection: &Connection, as_json: bool) -> Result<()> {
    let answer: SymbolFiles = Client::new(connection).get("/api/v1/symbols", &Vec::new())?;
    if as_json {
        return print_json(&answer);
    }
    let mut lines = vec![format!(
        "{} of {} used by {} symbol {}",
        quantity::bytes(answer.bytes),
        quantity::bytes(answer.limit_bytes),
        answer.files.len(),
        if answer.files.len() == 1 { "file" } else { "files" }
    )];
    if !answer.files.is_empty() {
        let mut table = Table::new(&[
            ("build id", Align::Left),
            ("functions", Align::Right),
            ("size", Align::Right),
            ("stored (UTC)", Align::Left),
            ("module", Align::Left),
        ]);
        for file in answer.files {
            let stored = file.uploaded.get(..19).unwrap_or(&file.uploaded).replace('T', " ");
            let functions = quantity::count(file.functions);
            table.row(vec![file.build_id, functions, quantity::bytes(file.bytes), stored, file.module]);
        }
        lines.push(String::new());
        lines.extend(table.lines());
    }
    print_lines(lines)
}

fn missing(values: &ValueArguments, limit: u32, as_json: bool, connection: &Connection) -> Result<()> {
    let client = Client::new(connection);
    let mut parameters = client::value_parameters(&client, values)?;
    parameters.push(("limit", limit.to_string()));
    let answer: MissingAnswer = client.get("/api/v1/symbols/missing", &parameters)?;
    let missing = answer.into_rows();
    if as_json {
        return print_json(&missing);
    }
    if missing.modules.is_empty() {
        return print_lines(["Everything in this scope has a name."]);
    }
    let mut table = Table::new(&[
        (" ", Align::Right),
        ("", Align::Right),
        ("addresses", Align::Right),
        ("build id", Align::Left),
        ("module", Align::Left),
        ("", Align::Left),
    ]);
    for module in &missing.modules {
        table.row(vec![
            quantity::value(module.value, &missing.unit),
            quantity::percent(module.value, missing.total),
            quantity::count(module.places),
            module.build_id.clone(),
            module.module.clone(),
            if module.has_symbols { "(its symbols do not name them)".to_owned() } else { String::new() },
        ]);
    }
    let mut lines = vec![
        format!(
            "{}: binaries with addresses that have no name, and what was spent below them",
            missing.value_type
        ),
        String::new(),
    ];
    lines.extend(table.lines());
    let more = missing.found.saturating_sub(missing.modules.len() as u64);
    if more > 0 {
        lines.push(format!("and {} more", quantity::count(more)));
    }
    print_lines(lines)
}

impl MissingAnswer {
    fn into_rows(self) -> Missing {
        let columns = self.modules;
        let texts = columns.build_id.into_iter().zip(columns.module);
        let counts = columns.places.into_iter().zip(columns.samples);
        let rest = columns.value.into_iter().zip(columns.has_symbols);
        let modules = texts.zip(counts).zip(rest);
        Missing {
            value_type: self.value_type,
            unit: self.unit,
            total: self.total,
            found: self.found,
            modules: modules
                .map(|(((build_id, module), (places, samples)), (value, has_symbols))| MissingModule {
                    build_id,
                    module,
                    places,
                    samples,
                    value,
                    has_symbols,
                })
                .collect(),
        }
    }
}

fn remove(build_ids: &[String], connection: &Connection) -> Result<()> {
    let client = Client::new(connection);
    for build_id in build_ids {
        // It becomes a part of a path.
        let fits = !build_id.is_empty() && build_id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !fits {
            return Err(failure::usage(
                format!("`{build_id}` is no build id"),
                "`vesta symbols list` shows the build ids of what there is",
            ));
        }
        client.delete(&format!("/api/v1/symbols/{build_id}"))?;
        print_lines([format!("removed the symbols of build {build_id}")])?;
    }
    Ok(())
}
