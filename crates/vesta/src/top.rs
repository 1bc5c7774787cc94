//! `vesta top`: the functions that spend the most.

use crate::arguments::TopArguments;
use crate::client::{self, Client};
use crate::output::{Align, Table, note, print_json, print_lines, shortened};
use crate::{file, quantity};
use anyhow::Result;
use serde::{Deserialize, Serialize};
use std::path::Path;
use vesta_profile::{TopBy, top as top_functions};

/// What `--json` prints; its shape is a promise (docs/cli.md).
#[derive(Debug, Serialize)]
struct Top {
    #[serde(rename = "type")]
    value_type: String,
    unit: String,
    total: i64,
    samples: u64,
    profiles: u64,
    functions: Vec<TopFunction>,
}

#[derive(Debug, Serialize)]
struct TopFunction {
    name: String,
    file: String,
    #[serde(rename = "self")]
    self_value: i64,
    total: i64,
}

/// The answer of `GET /api/v1/top`, as far as it is shown.
#[derive(Debug, Deserialize)]
struct TopAnswer {
    #[serde(rename = "type")]
    value_type: String,
    unit: String,
    total: i64,
    samples: u64,
    profiles: u64,
    functions: FunctionColumns,
}

#[derive(Debug, Deserialize)]
struct FunctionColumns {
    name: Vec<String>,
    file: Vec<String>,
    #[serde(rename = "self")]
    self_values: Vec<i64>,
    total: Vec<i64>,
}

/// Runs the command.
pub(crate) fn top(arguments: &TopArguments) -> Result<()> {
    let limit = arguments.limit.unwrap_or(if arguments.json { 100 } else { 20 });
    let answer = match &arguments.file {
        Some(path) => {
            client::check_no_scope(&arguments.values)?;
            of_file(path, arguments.values.value_type.as_deref(), limit)?
        }
        None => of_server(arguments, limit)?,
    };
    if arguments.json { print_json(&answer) } else { print_lines(lines(&answer)) }
}

fn of_file(path: &Path, value_type: Option<&str>, limit: u32) -> Result<Top> {
    let graph = file::graph(path, value_type, note)?;
    let strings = graph.functions.strings();
    let rows = top_functions(&graph.tree, &graph.functions, TopBy::Function).into_iter();
    let functions = rows.take(limit as usize).map(|row| {
        let function = graph.functions.get(row.function);
        TopFunction {
            name: strings.get(function.name).to_owned(),
            file: strings.get(function.file).to_owned(),
            self_value: row.self_value,
            total: row.total,
        }
    });
    Ok(Top {
        functions: functions.collect(),
        value_type: graph.value_type.name.to_string(),
        unit: graph.value_type.unit.as_str().to_owned(),
        total: graph.tree.total(),
        samples: graph.samples as u64,
        profiles: 1,
    })
}

fn of_server(arguments: &TopArguments, limit: u32) -> Result<Top> {
    let client = Client::new(&arguments.connection);
    let mut parameters = client::value_parameters(&client, &arguments.values)?;
    parameters.push(("limit", limit.to_string()));
    let answer: TopAnswer = client.get("/api/v1/top", &parameters)?;
    let columns = answer.functions;
    let names = columns.name.into_iter().zip(columns.file);
    let values = columns.self_values.into_iter().zip(columns.total);
    let functions = names.zip(values).map(|((name, file), (self_value, total))| TopFunction {
        name,
        file,
        self_value,
        total,
    });
    Ok(Top {
        functions: functions.collect(),
        value_type: answer.value_type,
        unit: answer.unit,
        total: answer.total,
        samples: answer.samples,
        profiles: answer.profiles,
    })
}

fn lines(top: &Top) -> Vec<String> {
    let amount = |value| quantity::value(value, &top.unit);
    let profiles = if top.profiles == 1 { "profile" } else { "profiles" };
    let mut lines = vec![format!(
        "{}: {} in {} samples of {} {profiles}",
        top.value_type,
        amount(top.total),
        quantity::count(top.samples),
        quantity::count(top.profiles),
    )];
    if top.functions.is_empty() {
        lines.push("There is nothing in this scope.".to_owned());
        return lines;
    }
    let mut table = Table::new(&[
        ("self", Align::Right),
        ("", Align::Right),
        ("total", Align::Right),
        ("", Align::Right),
        ("function", Align::Left),
        ("file", Align::Left),
    ]);
    for function in &top.functions {
        table.row(vec![
            amount(function.self_value),
            quantity::percent(function.self_value, top.total),
            amount(function.total),
            quantity::percent(function.total, top.total),
            function.name.clone(),
            shortened(&function.file),
        ]);
    }
    lines.push(String::new());
    lines.extend(table.lines());
    lines
}
