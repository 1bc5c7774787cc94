//! `GET /api/v1/source`: the lines around a frame, from folders with source code on the server's machine.

use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use crate::params::Params;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use serde::Serialize;

/// Which lines.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SourceLineParams {
    /// The file, as a profile names it.
    file: String,
    /// The line.
    #[param(default = 1, minimum = 1, maximum = 10_000_000, required = false)]
    line: usize,
    /// How many lines to show before it, and after it.
    #[param(default = 8, minimum = 0, maximum = 500, required = false)]
    context: usize,
}

/// Lines of a file.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct SourceAnswer {
    /// The file, as it was asked for.
    file: String,
    /// Where it is, below its root.
    path: String,
    /// The number of the first line; the first of a file is 1.
    first_line: usize,
    lines: Vec<String>,
}

/// Lines of source code, if the server has folders with it: setting `source_roots`.
#[utoipa::path(
    get, path = "/api/v1/source", tag = "server", params(SourceLineParams),
    responses((status = 200, description = "The lines", body = SourceAnswer), QueryProblems)
)]
pub(crate) async fn source(
    _: Reader,
    State(app): State<SharedApp>,
    mut params: Params,
) -> Result<Json<SourceAnswer>, Problem> {
    let wanted = SourceLineParams {
        file: params.required("file")?,
        line: params.number("line", 1, 1..=10_000_000)?,
        context: params.number("context", 8, 0..=500)?,
    };
    params.finish()?;
    let (roots, file) = (app.source_roots.clone(), wanted.file.clone());
    let found = tokio::task::spawn_blocking(move || roots.find(&file)).await;
    let found = found.map_err(|error| Problem::internal("cannot read the file", &error))?;
    let found = found.ok_or_else(|| {
        let hint = match app.source_roots.len() {
            0 => "name a folder with the source code: --source-root [PREFIX=]DIR".to_owned(),
            count => {
                format!("looked in {count} source roots; PREFIX=DIR says which paths a folder stands for")
            }
        };
        Problem::not_found(format!("there is no source file `{}` here", wanted.file)).hint(hint)
    })?;
    let first_line = wanted.line.saturating_sub(wanted.context).max(1);
    let count = (wanted.line - first_line) + wanted.context + 1;
    let lines: Vec<String> = found.text.lines().skip(first_line - 1).take(count).map(str::to_owned).collect();
    Ok(Json(SourceAnswer { file: wanted.file, path: found.path, first_line, lines }))
}
