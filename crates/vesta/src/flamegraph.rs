//! `vesta flamegraph`: a merged flame graph as a file.

use crate::arguments::{FlamegraphArguments, GraphFormat};
use crate::client::{self, Client};
use crate::file::{self, Graph};
use crate::output::{note, write_to};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::path::Path;
use vesta_formats::{collapsed, compression, pprof};
use vesta_profile::{FunctionId, Kind};
use vesta_server::svg::{self, SvgOptions};

/// Runs the command.
pub(crate) fn flamegraph(arguments: &FlamegraphArguments) -> Result<()> {
    let format = if arguments.json { GraphFormat::Json } else { arguments.format };
    let bytes = match &arguments.file {
        Some(path) => {
            client::check_no_scope(&arguments.values)?;
            of_file(path, arguments, format)?
        }
        None => of_server(arguments, format)?,
    };
    write_to(arguments.output.as_deref(), &bytes)
}

fn of_server(arguments: &FlamegraphArguments, format: GraphFormat) -> Result<Vec<u8>> {
    let client = Client::new(&arguments.connection);
    let mut parameters = client::value_parameters(&client, &arguments.values)?;
    let name = match format {
        GraphFormat::Json => {
            parameters.push(("max_nodes", arguments.limit.to_string()));
            return client.get_bytes("/api/v1/flamegraph", &parameters);
        }
        GraphFormat::Collapsed => "collapsed",
        GraphFormat::Pprof => "pprof",
        GraphFormat::Svg => "svg",
    };
    parameters.push(("format", name.to_owned()));
    client.get_bytes("/api/v1/export", &parameters)
}

fn of_file(path: &Path, arguments: &FlamegraphArguments, format: GraphFormat) -> Result<Vec<u8>> {
    let graph = file::graph(path, arguments.values.value_type.as_deref(), note)?;
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    match format {
        GraphFormat::Collapsed => Ok(collapsed::encode(&graph.profile, graph.index).into_bytes()),
        GraphFormat::Pprof => {
            let bytes = pprof::encode(&graph.profile.of_value_type(graph.index));
            compression::compress_gzip(&bytes).context("cannot compress the profile")
        }
        GraphFormat::Json => {
            let mut text = nodes(&graph, limit).to_string();
            text.push('\n');
            Ok(text.into_bytes())
        }
        GraphFormat::Svg => {
            let options = SvgOptions {
                title: format!("{} of {}", graph.value_type.name, path.display()),
                unit: graph.value_type.unit.clone(),
                width: 1600,
            };
            let tree = graph.tree.prune(limit).tree;
            Ok(svg::flame_graph(&tree, &graph.functions, &options).into_bytes())
        }
    }
}

/// The document that `GET /api/v1/flamegraph` answers for a scope, for a file.
fn nodes(graph: &Graph, limit: usize) -> Value {
    let pruned = graph.tree.prune(limit);
    let (functions, tree) = (&graph.functions, &pruned.tree);
    let rows = functions.as_slice();
    let column = |of: fn(&vesta_profile::Function) -> usize| rows.iter().map(of).collect::<Vec<_>>();
    let parents = tree.parents().iter().map(|&parent| i64::from(parent.cast_signed()));
    let node_functions = tree.functions().iter().map(|&function| match function {
        FunctionId::ROOT => -1,
        FunctionId::OTHER => -2,
        FunctionId(row) => i64::from(row),
    });
    json!({
        "type": graph.value_type.name,
        "unit": graph.value_type.unit.as_str(),
        "kind": match graph.value_type.kind { Kind::Delta => "delta", Kind::Snapshot => "snapshot" },
        "total": tree.total(),
        "samples": graph.samples,
        "profiles": 1,
        "from_ms": graph.profile.start_ns / 1_000_000,
        "to_ms": graph.profile.start_ns.saturating_add(graph.profile.duration_ns) / 1_000_000,
        "pruned": { "nodes": pruned.nodes, "value": pruned.value },
        "strings": functions.strings().iter().collect::<Vec<_>>(),
        "functions": {
            "name": column(|function| function.name.index()),
            "file": column(|function| function.file.index()),
            "module": column(|function| function.module.index()),
            "line": rows.iter().map(|function| function.line).collect::<Vec<_>>(),
        },
        "nodes": {
            "parent": parents.collect::<Vec<_>>(),
            "function": node_functions.collect::<Vec<_>>(),
            "self": tree.self_values(),
            "total": tree.totals(),
        },
        "problems": [],
    })
}
