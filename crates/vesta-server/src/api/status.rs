//! `GET /api/v1/status`: how the server and its store are doing.

use super::basis::millis;
use super::retention::RetentionSettings;
use crate::app::SharedApp;
use crate::extract::Reader;
use crate::openapi::QueryProblems;
use axum::Json;
use axum::extract::State;
use serde::Serialize;

/// How the server is doing.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct StatusAnswer {
    version: &'static str,
    uptime_seconds: u64,
    profiles: u64,
    /// Bytes of the log of raw uploads.
    log_bytes: u64,
    table_bytes: u64,
    table_files: u64,
    /// Rows that are not in a file yet.
    memory_rows: u64,
    /// Folders with source code that frames can be looked up in.
    source_roots: usize,
    /// When the oldest profile that is still there was received.
    oldest_ms: Option<i64>,
    newest_ms: Option<i64>,
    disk_total_bytes: u64,
    disk_free_bytes: u64,
    /// Bytes that the retention lets the store use.
    disk_limit_bytes: u64,
    retention: RetentionSettings,
    limits: LimitsAnswer,
    queued_uploads: u64,
    queued_bytes: u64,
    /// Since the start of the server.
    counters: Counters,
}

/// What is too much.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct LimitsAnswer {
    body_bytes: u64,
    decompressed_bytes: u64,
    memory_bytes: u64,
    uploads: usize,
    queries: usize,
    query_seconds: u64,
    connections: usize,
}

/// What happened since the start of the server.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct Counters {
    stored_uploads: u64,
    received_bytes: u64,
    duplicate_uploads: u64,
    overloaded_uploads: u64,
    disk_full_uploads: u64,
    /// Uploads of which a part could not be decoded.
    decode_failures: u64,
    flushes: u64,
    compactions: u64,
    failures: u64,
    retired_bytes: u64,
    damaged_records: u64,
    replayed_uploads: u64,
}

/// How the server is doing.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "server",
    responses((status = 200, description = "The status", body = StatusAnswer), QueryProblems)
)]
pub(crate) async fn status(_: Reader, State(app): State<SharedApp>) -> Json<StatusAnswer> {
    let status = app.store.status();
    let config = &app.config;
    Json(StatusAnswer {
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: app.started.elapsed().as_secs(),
        profiles: status.profiles,
        log_bytes: status.log_bytes,
        table_bytes: status.table_bytes,
        table_files: status.table_files,
        memory_rows: status.memory_rows,
        source_roots: app.source_roots.len(),
        oldest_ms: status.oldest.map(millis),
        newest_ms: status.newest.map(millis),
        disk_total_bytes: status.disk_total,
        disk_free_bytes: status.disk_free,
        disk_limit_bytes: status.disk_limit,
        retention: status.retention.into(),
        limits: LimitsAnswer {
            body_bytes: config.limit_body.0,
            decompressed_bytes: config.limit_decompressed.0,
            memory_bytes: config.limit_memory.0,
            uploads: config.limit_uploads,
            queries: config.limit_queries,
            query_seconds: config.limit_query_time.0.as_secs(),
            connections: config.limit_connections,
        },
        queued_uploads: status.queued_uploads,
        queued_bytes: status.queued_bytes,
        counters: Counters {
            stored_uploads: status.appended,
            received_bytes: status.received_bytes,
            duplicate_uploads: status.duplicates,
            overloaded_uploads: status.overloaded,
            disk_full_uploads: status.disk_full,
            decode_failures: status.decode_problems,
            flushes: status.flushes,
            compactions: status.compactions,
            failures: status.failures,
            retired_bytes: status.retired_bytes,
            damaged_records: status.damaged_records,
            replayed_uploads: status.replayed,
        },
    })
}
