//! What Grafana asks of a Pyroscope server besides its profiles: settings, recording rules, features.
//!
//! Vesta keeps none of these, and says so in the way that pages go on from: what is listed is empty, what is to be kept or
//! fetched from elsewhere is refused with a code.

use super::messages::Empty;
use super::receive;
use crate::app::{App, SharedApp};
use crate::connect;
use crate::extract::Reader;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::response::Response;

/// Lists that are there, and empty.
const EMPTY: &[&str] = &[
    "/settings.v1.SettingsService/Get",
    "/settings.v1.RecordingRulesService/ListRecordingRules",
    "/capabilities.v1.FeatureFlagsService/GetFeatureFlags",
    "/adhocprofiles.v1.AdHocProfileService/List",
];

/// Answers one call of any of these services.
pub(crate) async fn service(
    reader: Result<Reader, Problem>,
    State(app): State<SharedApp>,
    request: Request,
) -> Response {
    match serve(reader, &app, request).await {
        Ok(response) => response,
        Err(problem) => connect::refuse(problem),
    }
}

async fn serve(reader: Result<Reader, Problem>, app: &App, request: Request) -> Result<Response, Problem> {
    let path = request.uri().path().to_owned();
    let (codec, _) = receive(reader, app, request).await?;
    if EMPTY.contains(&path.as_str()) {
        return Ok(codec.answer(&Empty {}));
    }
    let call = path.trim_start_matches('/');
    let hint = match call.split_once('.') {
        Some(("settings", _)) => "Vesta keeps no settings of Grafana and records no rules",
        Some(("adhocprofiles", _)) => "open the file on Vesta's own page instead",
        _ => "Vesta shows sources that its own setting names, on its own page",
    };
    Err(Problem::not_implemented(format!("the call `{call}` is not known here")).hint(hint))
}
