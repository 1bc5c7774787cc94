//! The server's own metrics, in the OpenMetrics text format.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use vesta_store::Store;

/// The content type of [`Metrics::render`].
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Families of which uploads are counted apart. Any other is `other`: clients choose the family, and a new label value
/// takes memory for good.
const FAMILIES: &[&str] =
    &["python", "node", "go", "java", "ruby", "dotnet", "php", "native", "otel", "chrome", "pyroscope"];

/// Everything that is counted here. What the store counts is read from its status.
pub(crate) struct Metrics {
    registry: Registry,
    uploads: Family<UploadLabels, Counter>,
    upload_bytes: Counter,
    ack_seconds: Histogram,
    dropped: Family<EndpointLabels, Counter>,
    dropped_bytes: Counter,
    query_seconds: Family<RouteLabels, Histogram, fn() -> Histogram>,
    responses: Family<ResponseLabels, Counter>,
    pub(crate) queries_running: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct UploadLabels {
    outcome: &'static str,
    family: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndpointLabels {
    endpoint: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResponseLabels {
    listener: &'static str,
    status: u16,
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Stored,
    Duplicate,
    Invalid,
    TooLarge,
    Unauthorized,
    Overloaded,
    DiskFull,
    Failed,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Stored => "stored",
            Outcome::Duplicate => "duplicate",
            Outcome::Invalid => "invalid",
            Outcome::TooLarge => "too_large",
            Outcome::Unauthorized => "unauthorized",
            Outcome::Overloaded => "overloaded",
            Outcome::DiskFull => "disk_full",
            Outcome::Failed => "failed",
        }
    }
}

impl Metrics {
    pub(crate) fn new(store: Arc<Store>) -> Self {
        let mut registry = Registry::with_prefix("vesta");
        let uploads = Family::<UploadLabels, Counter>::default();
        let upload_bytes = Counter::default();
        let ack_seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        let dropped = Family::<EndpointLabels, Counter>::default();
        let dropped_bytes = Counter::default();
        let query_seconds = Family::new_with_constructor(query_histogram as fn() -> Histogram);
        let responses = Family::<ResponseLabels, Counter>::default();
        let queries_running = Gauge::default();
        registry.register("uploads", "Uploads, by what became of them and who sent them", uploads.clone());
        registry.register("upload_bytes", "Bytes of the bodies of uploads read", upload_bytes.clone());
        registry.register(
            "upload_ack_seconds",
            "From the last byte of an upload to its acknowledgement",
            ack_seconds.clone(),
        );
        registry.register(
            "dropped_requests",
            "Requests for other parts of an agent, dropped",
            dropped.clone(),
        );
        registry.register("dropped_request_bytes", "Bytes of dropped requests", dropped_bytes.clone());
        registry.register("query_seconds", "Time to answer queries", query_seconds.clone());
        registry.register("queries_running", "Queries being answered or waiting", queries_running.clone());
        registry.register("responses", "Responses, by listener and status", responses.clone());
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What is running", build);
        registry.register_collector(Box::new(StoreCollector(store)));
        Metrics {
            registry,
            uploads,
            upload_bytes,
            ack_seconds,
            dropped,
            dropped_bytes,
            query_seconds,
            responses,
            queries_running,
        }
    }

    pub(crate) fn count_upload(&self, outcome: Outcome, family: &str) {
        let family = FAMILIES.iter().find(|known| **known == family).copied();
        let labels = UploadLabels { outcome: outcome.name(), family: family.unwrap_or("other") };
        self.uploads.get_or_create(&labels).inc();
    }

    pub(crate) fn count_upload_bytes(&self, bytes: usize) {
        self.upload_bytes.inc_by(bytes as u64);
    }

    pub(crate) fn observe_ack(&self, time: Duration) {
        self.ack_seconds.observe(time.as_secs_f64());
    }

    pub(crate) fn count_dropped(&self, endpoint: &'static str, bytes: usize) {
        self.dropped.get_or_create(&EndpointLabels { endpoint }).inc();
        self.dropped_bytes.inc_by(bytes as u64);
    }

    pub(crate) fn observe_query(&self, route: &'static str, time: Duration) {
        self.query_seconds.get_or_create(&RouteLabels { route }).observe(time.as_secs_f64());
    }

    pub(crate) fn count_response(&self, listener: &'static str, status: u16) {
        self.responses.get_or_create(&ResponseLabels { listener, status }).inc();
    }

    /// All metrics as text.
    pub(crate) fn render(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn query_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.002, 2.0, 15))
}

struct StoreCollector(Arc<Store>);

impl std::fmt::Debug for StoreCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreCollector")
    }
}

impl Collector for StoreCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let (status, symbols) = (self.0.status(), self.0.symbol_files().status());
        let gauges = [
            ("profiles", "Profiles stored", status.profiles),
            ("log_bytes", "Bytes of the log of raw uploads", status.log_bytes),
            ("table_bytes", "Bytes of the tables", status.table_bytes),
            ("table_files", "Files of the tables", status.table_files),
            ("memory_rows", "Rows not in a file yet", status.memory_rows),
            ("memory_row_bytes", "Bytes of rows not in a file yet", status.memory_bytes),
            ("queued_uploads", "Uploads waiting to be written or decoded", status.queued_uploads),
            ("queued_bytes", "Bytes of uploads waiting to be written or decoded", status.queued_bytes),
            ("disk_free_bytes", "Bytes free on the disk of the data folder", status.disk_free),
            ("disk_limit_bytes", "Bytes that retention lets the store use", status.disk_limit),
            ("symbol_files", "Symbol files", symbols.files),
            ("symbol_file_bytes", "Bytes of symbol files", symbols.bytes),
            ("process_resident_bytes", "Memory of this process", resident_bytes()),
        ];
        for (name, help, value) in gauges {
            let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let kind = gauge.metric_type();
            gauge.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        let counters = [
            ("stored_uploads", "Uploads stored", status.appended),
            ("received_bytes", "Bytes of the bodies of uploads stored", status.received_bytes),
            ("duplicate_uploads", "Uploads that were already there", status.duplicates),
            ("decode_failures", "Uploads of which a part could not be decoded", status.decode_problems),
            ("flushes", "Flushes of rows to files", status.flushes),
            ("compactions", "Compactions", status.compactions),
            ("store_failures", "Flushes, compactions and retention runs that failed", status.failures),
            ("retired_bytes", "Bytes deleted by retention", status.retired_bytes),
            ("damaged_records", "Damaged records found in the log", status.damaged_records),
            ("stored_symbol_files", "Symbol files stored", symbols.stored),
            ("removed_symbol_files", "Symbol files removed to stay below their bound", symbols.removed),
            ("named_places", "Places in binaries that symbol files had a name for", symbols.named),
            ("replayed_uploads", "Uploads taken from the log when the store was opened", status.replayed),
        ];
        for (name, help, value) in counters {
            let counter = ConstCounter::new(value);
            let kind = counter.metric_type();
            counter.encode(encoder.encode_descriptor(name, help, None, kind)?)?;
        }
        Ok(())
    }
}

/// The resident memory of this process; 0 where `/proc` does not say.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}
