//! Measures: what a profile uses, as one number.

use crate::QueryError;
use std::borrow::Cow;

/// A number that profiles have, to plot or to sort by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Measure {
    /// CPU time per second, in cores.
    CpuCores,
    /// Memory allocated per second, in bytes.
    AllocBytesPerSecond,
    /// Wall time per second, summed over threads.
    WallCores,
    /// Memory in use when the profile was taken, in bytes.
    HeapBytes,
    /// Time spent waiting for locks per second, summed over threads.
    LockWaitCores,
    /// Exceptions thrown per second.
    ExceptionsPerSecond,
    /// Samples taken.
    Samples,
    /// How many profiles there are.
    Profiles,
    /// A metric that the profiler sent with the profile, by its name.
    Metric(String),
}

/// Measures that the table of profiles has a column for, by its name.
const COLUMNS: [(&str, Measure); 7] = [
    ("cpu_cores", Measure::CpuCores),
    ("wall_cores", Measure::WallCores),
    ("alloc_bytes_per_second", Measure::AllocBytesPerSecond),
    ("heap_bytes", Measure::HeapBytes),
    ("lock_wait_cores", Measure::LockWaitCores),
    ("exceptions_per_second", Measure::ExceptionsPerSecond),
    ("samples", Measure::Samples),
];

/// Other names, as Datadog has them.
const ALIASES: [(&str, Measure); 2] =
    [("prof_core_cpu_cores", Measure::CpuCores), ("metrics.core_cpu_cores", Measure::CpuCores)];

/// What metrics are told apart from other names by.
const METRIC: &str = "metrics.";

/// Units of metrics that their name does not end with: those of the Go and Ruby libraries, and shares of Java.
const METRIC_UNITS: [(&str, &str); 7] = [
    ("jvm_cpu_load", "ratio"),
    ("jvm_machine_cpu_load", "ratio"),
    ("go_gc_pause_time", "ratio"),
    ("go_max_gc_pause_time", "nanoseconds"),
    ("go_num_goroutine", "goroutines"),
    ("ruby_global_lock_wait_time_total", "nanoseconds"),
    ("dotnet_gc_memory_pressure", "%"),
];

/// Units by how the names of metrics end, longer endings first. `.NET` counts durations in nanoseconds.
const METRIC_ENDINGS: [(&str, &str); 24] = [
    ("_bytes_per_second", "bytes/s"),
    ("_bytes_per_sec", "bytes/s"),
    ("_allocs_per_sec", "allocations/s"),
    ("_frees_per_sec", "frees/s"),
    ("_gcs_per_sec", "collections/s"),
    ("_per_second", "/s"),
    ("_per_sec", "/s"),
    ("_duration_mean", "nanoseconds"),
    ("_duration_max", "nanoseconds"),
    ("_duration_sum", "nanoseconds"),
    ("_duration", "nanoseconds"),
    ("_size_mean", "bytes"),
    ("_size_max", "bytes"),
    ("_size_sum", "bytes"),
    ("_size", "bytes"),
    ("_bytes", "bytes"),
    ("_nanoseconds", "nanoseconds"),
    ("_ns", "nanoseconds"),
    ("_milliseconds", "milliseconds"),
    ("_ms", "milliseconds"),
    ("_seconds", "seconds"),
    ("_percent", "%"),
    ("_ratio", "ratio"),
    ("_cores", "cores"),
];

impl Measure {
    /// Reads a measure, with or without `@`. `metrics.x`, and a name that is not known, is that of a metric.
    pub fn parse(text: &str) -> Result<Measure, QueryError> {
        let name = text.strip_prefix('@').unwrap_or(text);
        if matches!(name, "" | METRIC) {
            let hint = "choose cpu_cores, alloc_bytes_per_second, wall_cores, samples, profiles, or a metric";
            return Err(QueryError::BadParameter {
                parameter: "measure",
                value: text.to_owned(),
                hint: hint.to_owned(),
            });
        }
        Ok(Self::known(name).unwrap_or_else(|| Measure::Metric(name.to_owned())))
    }

    /// Reads a measure that is spelled out: unlike for [`Measure::parse`], metrics must begin with `metrics.`.
    pub(crate) fn known(name: &str) -> Option<Measure> {
        let (columns, aliases) = (COLUMNS.into_iter(), ALIASES.into_iter());
        match columns.chain(aliases).find(|(known, _)| *known == name) {
            Some((_, measure)) => Some(measure),
            None if name == "profiles" => Some(Measure::Profiles),
            None => name
                .strip_prefix(METRIC)
                .filter(|metric| !metric.is_empty())
                .map(|metric| Measure::Metric(metric.to_owned())),
        }
    }

    /// Those that the table of profiles has a column for.
    pub(crate) fn with_columns() -> impl Iterator<Item = Measure> {
        COLUMNS.into_iter().map(|(_, measure)| measure)
    }

    /// The name that [`Measure::parse`] reads, and searches after an `@`.
    pub fn name(&self) -> Cow<'_, str> {
        match self {
            Measure::Metric(name) => Cow::Owned(format!("{METRIC}{name}")),
            Measure::Profiles => Cow::Borrowed("profiles"),
            other => Cow::Borrowed(other.column().unwrap_or_default()),
        }
    }

    /// The column of the table of profiles that holds it, if it has one of its own.
    pub(crate) fn column(&self) -> Option<&'static str> {
        COLUMNS.iter().find(|(_, measure)| measure == self).map(|(column, _)| *column)
    }

    /// The unit of the numbers, as shown; empty if it is not known.
    pub fn unit(&self) -> &'static str {
        match self {
            Measure::CpuCores | Measure::WallCores | Measure::LockWaitCores => "cores",
            Measure::HeapBytes => "bytes",
            Measure::ExceptionsPerSecond => "exceptions/s",
            Measure::AllocBytesPerSecond => "bytes/s",
            Measure::Samples => "samples",
            Measure::Profiles => "profiles",
            Measure::Metric(name) => metric_unit(&name.to_ascii_lowercase()),
        }
    }
}

fn metric_unit(name: &str) -> &'static str {
    let whole = METRIC_UNITS.iter().find(|(known, _)| *known == name);
    whole.or_else(|| METRIC_ENDINGS.iter().find(|(end, _)| name.ends_with(end))).map_or("", |(_, unit)| unit)
}
