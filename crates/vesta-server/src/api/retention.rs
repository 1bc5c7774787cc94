//! `/api/v1/settings/retention`: how long data are kept, and how much of them.

use crate::app::SharedApp;
use crate::extract::{Admin, Reader};
use crate::openapi::QueryProblems;
use crate::problem::Problem;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use vesta_store::Retention;

/// When data are deleted: whichever comes first, oldest first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionSettings {
    /// Older data are deleted.
    #[schema(minimum = 60)]
    max_age_seconds: u64,
    /// The share of the disk to stay below: above 0, at most 1.
    max_disk_share: f64,
    /// The bytes to stay below in all; null for no limit besides the share.
    max_bytes: Option<u64>,
}

impl From<Retention> for RetentionSettings {
    fn from(retention: Retention) -> Self {
        RetentionSettings {
            max_age_seconds: retention.max_age.as_secs(),
            max_disk_share: retention.max_disk_share,
            max_bytes: retention.max_bytes,
        }
    }
}

/// The retention.
#[utoipa::path(
    get, path = "/api/v1/settings/retention", tag = "settings",
    responses((status = 200, description = "The retention", body = RetentionSettings), QueryProblems)
)]
pub(crate) async fn show(_: Reader, State(app): State<SharedApp>) -> Json<RetentionSettings> {
    Json(app.store.status().retention.into())
}

/// Sets the retention, now and for later starts. Needs a token of scope `admin` where tokens are needed.
#[utoipa::path(
    put, path = "/api/v1/settings/retention", tag = "settings", request_body = RetentionSettings,
    responses((status = 200, description = "The retention as it is now", body = RetentionSettings), QueryProblems)
)]
pub(crate) async fn set(
    _: Admin,
    State(app): State<SharedApp>,
    body: Bytes,
) -> Result<Json<RetentionSettings>, Problem> {
    let wanted: RetentionSettings = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request(format!("the body is not a retention: {error}")))?;
    if wanted.max_age_seconds < 60 {
        return Err(Problem::bad_request("`max_age_seconds` is at least 60"));
    }
    if !(wanted.max_disk_share > 0.0 && wanted.max_disk_share <= 1.0) {
        return Err(Problem::bad_request("`max_disk_share` is above 0 and at most 1"));
    }
    let retention = Retention {
        max_age: Duration::from_secs(wanted.max_age_seconds),
        max_disk_share: wanted.max_disk_share,
        max_bytes: wanted.max_bytes,
    };
    app.store
        .set_retention(retention)
        .await
        .map_err(|error| Problem::internal("cannot keep the retention", &error))?;
    tracing::info!(?retention, "the retention was changed");
    Ok(Json(app.store.status().retention.into()))
}
