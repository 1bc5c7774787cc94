//! Measures: what a profile uses, as one number.

use crate::QueryError;

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

impl Measure {
    /// Reads a measure, with or without `@`. A name that is not known is that of a metric.
    pub fn parse(text: &str) -> Result<Measure, QueryError> {
        Ok(match text.strip_prefix('@').unwrap_or(text) {
            "" => {
                return Err(QueryError::BadParameter {
                    parameter: "measure",
                    value: text.to_owned(),
                    hint:
                        "choose cpu_cores, alloc_bytes_per_second, wall_cores, samples, profiles, or a metric"
                            .to_owned(),
                });
            }
            "cpu_cores" => Measure::CpuCores,
            "alloc_bytes_per_second" => Measure::AllocBytesPerSecond,
            "wall_cores" => Measure::WallCores,
            "heap_bytes" => Measure::HeapBytes,
            "lock_wait_cores" => Measure::LockWaitCores,
            "exceptions_per_second" => Measure::ExceptionsPerSecond,
            "samples" => Measure::Samples,
            "profiles" => Measure::Profiles,
            metric => Measure::Metric(metric.to_owned()),
        })
    }

    /// The name that [`Measure::parse`] reads.
    pub fn name(&self) -> &str {
        match self {
            Measure::CpuCores => "cpu_cores",
            Measure::AllocBytesPerSecond => "alloc_bytes_per_second",
            Measure::WallCores => "wall_cores",
            Measure::HeapBytes => "heap_bytes",
            Measure::LockWaitCores => "lock_wait_cores",
            Measure::ExceptionsPerSecond => "exceptions_per_second",
            Measure::Samples => "samples",
            Measure::Profiles => "profiles",
            Measure::Metric(name) => name,
        }
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
            Measure::Metric(_) => "",
        }
    }
}
