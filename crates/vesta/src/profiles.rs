//! `vesta profiles`: a list of profiles.

use crate::arguments::ProfilesArguments;
use crate::client::{self, Client};
use crate::output::{Align, Table, print_json, print_lines};
use crate::quantity;
use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What `--json` prints; its shape is a promise (docs/cli.md).
#[derive(Debug, Serialize)]
struct Profiles {
    /// How many profiles are in the scope.
    total: u64,
    /// Those that are listed, one object each.
    profiles: Vec<Map<String, Value>>,
}

/// The answer of `GET /api/v1/profiles`: one list per column, aligned.
#[derive(Debug, Deserialize)]
struct ProfilesAnswer {
    total: u64,
    next_cursor: Option<String>,
    columns: Map<String, Value>,
}

/// The most that one request lists.
const PAGE: u32 = 500;

/// Runs the command.
pub(crate) fn profiles(arguments: &ProfilesArguments) -> Result<()> {
    let client = Client::new(&arguments.connection);
    let mut listed = Profiles { total: 0, profiles: Vec::new() };
    let mut cursor = None;
    let mut wanted = arguments.limit;
    loop {
        let mut parameters = client::scope_parameters(&arguments.scope);
        parameters.push(("sort", arguments.sort.clone()));
        parameters.push(("limit", wanted.min(PAGE).to_string()));
        parameters.extend(cursor.map(|cursor| ("cursor", cursor)));
        let answer: ProfilesAnswer = client.get("/api/v1/profiles", &parameters)?;
        let before = listed.profiles.len();
        listed.total = answer.total;
        listed.profiles.extend(rows(&answer.columns));
        let received = u32::try_from(listed.profiles.len() - before).unwrap_or(u32::MAX);
        wanted = wanted.saturating_sub(received);
        cursor = answer.next_cursor;
        if wanted == 0 || received == 0 || cursor.is_none() {
            break;
        }
    }
    if arguments.json { print_json(&listed) } else { print_lines(lines(&listed)) }
}

fn rows(columns: &Map<String, Value>) -> Vec<Map<String, Value>> {
    let length = columns.get("id").and_then(Value::as_array).map_or(0, Vec::len);
    let row = |index: usize| {
        let cells = columns
            .iter()
            .map(|(name, column)| (name.clone(), column.get(index).cloned().unwrap_or(Value::Null)));
        cells.collect()
    };
    (0..length).map(row).collect()
}

fn lines(listed: &Profiles) -> Vec<String> {
    let text = |row: &Map<String, Value>, key: &str| {
        let text = row.get(key).and_then(Value::as_str).unwrap_or_default();
        if text.is_empty() { "-".to_owned() } else { text.to_owned() }
    };
    let whole = |row: &Map<String, Value>, key: &str| row.get(key).and_then(Value::as_i64).unwrap_or(0);
    let number = |row: &Map<String, Value>, key: &str| row.get(key).and_then(Value::as_f64);
    let mut table = Table::new(&[
        ("profile", Align::Left),
        ("start (UTC)", Align::Left),
        ("period", Align::Right),
        ("service", Align::Left),
        ("env", Align::Left),
        ("version", Align::Left),
        ("host", Align::Left),
        ("language", Align::Left),
        ("cpu cores", Align::Right),
        ("allocated/s", Align::Right),
        ("samples", Align::Right),
    ]);
    for row in &listed.profiles {
        let (start_ms, end_ms) = (whole(row, "start_ms"), whole(row, "end_ms"));
        table.row(vec![
            text(row, "id"),
            time(start_ms),
            quantity::nanoseconds(end_ms.saturating_sub(start_ms).saturating_mul(1_000_000)),
            text(row, "service"),
            text(row, "env"),
            text(row, "version"),
            text(row, "host"),
            text(row, "language"),
            number(row, "cpu_cores").map_or_else(|| "-".to_owned(), |cores| format!("{cores:.2}")),
            number(row, "alloc_bytes_per_second").map_or_else(|| "-".to_owned(), rate),
            quantity::count(row.get("samples").and_then(Value::as_u64).unwrap_or(0)),
        ]);
    }
    if listed.profiles.is_empty() {
        return vec!["There are no profiles in this scope.".to_owned()];
    }
    let mut lines = table.lines();
    let hidden = listed.total.saturating_sub(listed.profiles.len() as u64);
    if hidden > 0 {
        lines.push(format!("and {hidden} more; --limit shows them"));
    }
    lines
}

#[expect(clippy::cast_possible_truncation, reason = "three digits are shown; the cast saturates")]
fn rate(bytes_per_second: f64) -> String {
    quantity::bytes(bytes_per_second as i64)
}

fn time(unix_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(unix_ms)
        .map_or_else(|_| unix_ms.to_string(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}
