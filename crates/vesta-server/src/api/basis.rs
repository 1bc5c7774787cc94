//! Small things that many answers have.

use serde::Serialize;
use vesta_profile::{CanonicalType, Kind};
use vesta_query::Basis;
use vesta_store::Timestamp;

/// Milliseconds since the Unix epoch.
pub(crate) fn millis(time: Timestamp) -> i64 {
    time.0.div_euclid(1000)
}

/// Whether values add up over time.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ValueKind {
    /// What happened within the period: adds up over time.
    Delta,
    /// What was there at the end of the period: the latest counts, per process.
    Snapshot,
}

impl From<Kind> for ValueKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Delta => ValueKind::Delta,
            Kind::Snapshot => ValueKind::Snapshot,
        }
    }
}

/// A value type as the API shows it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TypeName {
    /// The name, the same for every client library.
    pub(crate) name: String,
    /// `nanoseconds`, `bytes`, `count`, or what the profiler calls it.
    pub(crate) unit: String,
    /// Whether values add up over time.
    pub(crate) kind: ValueKind,
    /// One sentence for people; empty for types that Vesta does not know.
    pub(crate) description: String,
}

impl From<&CanonicalType> for TypeName {
    fn from(value_type: &CanonicalType) -> Self {
        TypeName {
            name: value_type.name.to_string(),
            unit: value_type.unit.as_str().to_owned(),
            kind: value_type.kind.into(),
            description: value_type.description.to_owned(),
        }
    }
}

/// What stands behind an answer about samples.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BasisAnswer {
    /// The samples behind the answer.
    pub(crate) samples: u64,
    /// The profiles behind the answer.
    pub(crate) profiles: u64,
    /// The time that those profiles cover, from the first start to the last end, within the range.
    pub(crate) seconds: f64,
    /// The sum of the durations of those profiles.
    pub(crate) process_seconds: f64,
    /// How often endpoints were called, of those that the filters leave; null if no profile says so.
    pub(crate) calls: Option<u64>,
}

impl From<&Basis> for BasisAnswer {
    fn from(basis: &Basis) -> Self {
        BasisAnswer {
            samples: basis.samples,
            profiles: basis.profiles,
            seconds: basis.covered.as_secs_f64(),
            process_seconds: basis.process_time.as_secs_f64(),
            calls: basis.calls,
        }
    }
}
