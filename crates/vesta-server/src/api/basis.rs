//! Small things that many answers have.

use serde::Serialize;
use vesta_profile::{CanonicalType, Kind};
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
