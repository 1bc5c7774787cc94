//! `GET /api/v1/export`: a scope as a file for other tools.

use super::answer;
use super::download::file;
use super::flame_graph::FlameGraphAnswer;
use super::scope::{AskedSamples, SampleParams, ScopeParams};
use crate::app::{App, SharedApp};
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use crate::svg::{self, SvgOptions};
use axum::extract::State;
use axum::response::Response;
use vesta_formats::{collapsed, compression, pprof};
use vesta_query::FlameGraphOptions;
use vesta_upload::{Tags, otlp};

/// Nodes of an exported picture: more than anybody can see.
const SVG_NODES: usize = 50_000;
/// Nodes of an exported JSON tree.
const JSON_NODES: usize = 1_000_000;

/// As what to export.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExportParams {
    /// `pprof` (gzip), `otlp` (OpenTelemetry profiles, in protocol buffers), `collapsed`, `svg` or `json` (as
    /// `/api/v1/flamegraph`).
    #[param(default = "pprof", required = false)]
    format: String,
}

/// The merged samples of a scope as a file.
#[utoipa::path(
    get, path = "/api/v1/export", tag = "samples", params(ScopeParams, SampleParams, ExportParams),
    responses(
        (status = 200, description = "The file", content(
            (Vec<u8> = "application/octet-stream"),
            (Vec<u8> = "application/x-protobuf"),
            (String = "text/plain"),
            (String = "image/svg+xml"),
            (FlameGraphAnswer = "application/json"),
        )),
        QueryProblems
    )
)]
pub(crate) async fn export(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Response, Problem> {
    let scope = ScopeParams::read(&mut params)?;
    let samples = SampleParams::read(&mut params)?;
    let wanted = ExportParams { format: params.one("format")?.unwrap_or_else(|| "pprof".to_owned()) };
    params.finish()?;
    let search = scope.query.clone();
    let asked = samples.resolve(&app, scope.resolve(&app).await?).await?;
    match wanted.format.as_str() {
        "pprof" => as_pprof(&app, &asked).await,
        "otlp" => as_otlp(&app, &asked).await,
        "collapsed" => as_collapsed(&app, &asked).await,
        "svg" => as_svg(&app, &asked, &search).await,
        "json" => as_json(&app, &asked).await,
        other => Err(Problem::bad_request(format!("`{other}` is not a format"))
            .hint("choose pprof, otlp, collapsed, svg or json")),
    }
}

async fn as_pprof(app: &App, asked: &AskedSamples) -> Result<Response, Problem> {
    let export = answer(app, "export", asked.engine.export(&asked.question)).await?;
    let name = format!("{}.pprof", export.value_type.name);
    let bytes = off_thread(move || compression::compress_gzip(&pprof::encode(&export.profile))).await?;
    let bytes = bytes.map_err(|error| Problem::internal("cannot compress the profile", &error))?;
    Ok(file(bytes, "application/octet-stream", &name))
}

/// The scope may be about many processes, so the message says nothing of any.
async fn as_otlp(app: &App, asked: &AskedSamples) -> Result<Response, Problem> {
    let export = answer(app, "export", asked.engine.export(&asked.question)).await?;
    let name = format!("{}.otlp", export.value_type.name);
    let bytes = off_thread(move || otlp::message("", &Tags::new(), &export.profile)).await?;
    Ok(file(bytes, "application/x-protobuf", &name))
}

async fn as_collapsed(app: &App, asked: &AskedSamples) -> Result<Response, Problem> {
    let export = answer(app, "export", asked.engine.export(&asked.question)).await?;
    let name = format!("{}.collapsed", export.value_type.name);
    let bytes = off_thread(move || collapsed::encode(&export.profile, 0)).await?;
    Ok(file(bytes, "text/plain; charset=utf-8", &name))
}

async fn as_svg(app: &App, asked: &AskedSamples, search: &str) -> Result<Response, Problem> {
    let options = FlameGraphOptions { max_nodes: SVG_NODES, ..FlameGraphOptions::default() };
    let graph = answer(app, "export", asked.engine.flame_graph(&asked.question, &options)).await?;
    let name = format!("{}.svg", graph.value_type.name);
    let profiles = graph.basis.profiles;
    let about = if search.is_empty() { String::new() } else { format!(" · {search}") };
    let options = SvgOptions {
        title: format!("{}{about} · {profiles} profiles", graph.value_type.name),
        unit: graph.value_type.unit.clone(),
        width: 1600,
    };
    let picture = off_thread(move || svg::flame_graph(&graph.tree, &graph.functions, &options)).await?;
    Ok(file(picture, "image/svg+xml", &name))
}

async fn as_json(app: &App, asked: &AskedSamples) -> Result<Response, Problem> {
    let options = FlameGraphOptions { max_nodes: JSON_NODES, ..FlameGraphOptions::default() };
    let graph = answer(app, "export", asked.engine.flame_graph(&asked.question, &options)).await?;
    let name = format!("{}.json", graph.value_type.name);
    let text = off_thread(move || serde_json::to_vec(&FlameGraphAnswer::from(&graph))).await?;
    let text = text.map_err(|error| Problem::internal("cannot write the tree", &error))?;
    Ok(file(text, "application/json", &name))
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Problem::internal("cannot write the file", &error))
}
