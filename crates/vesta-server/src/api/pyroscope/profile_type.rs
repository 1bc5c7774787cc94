//! Profile types as Pyroscope names them: `process_cpu:cpu:nanoseconds:cpu:nanoseconds`.

use crate::problem::Problem;
use vesta_profile::{CanonicalType, ValueType};

/// A profile type, in its five parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProfileType {
    pub(super) name: String,
    pub(super) sample_type: String,
    pub(super) sample_unit: String,
    pub(super) period_type: String,
    pub(super) period_unit: String,
}

/// A name of Vesta's, and the five parts of Pyroscope's.
type Entry = (&'static str, [&'static str; 5]);

/// The types that Grafana knows by name, with what it shows for them.
const KNOWN: &[Entry] = &[
    ("cpu-time", ["process_cpu", "cpu", "nanoseconds", "cpu", "nanoseconds"]),
    ("cpu-samples", ["process_cpu", "samples", "count", "cpu", "nanoseconds"]),
    ("wall-time", ["wall", "wall", "nanoseconds", "wall", "nanoseconds"]),
    ("wall-samples", ["wall", "samples", "count", "wall", "nanoseconds"]),
    ("alloc-space", ["memory", "alloc_space", "bytes", "space", "bytes"]),
    ("alloc-samples", ["memory", "alloc_objects", "count", "space", "bytes"]),
    ("heap-space", ["memory", "inuse_space", "bytes", "space", "bytes"]),
    ("heap-live-samples", ["memory", "inuse_objects", "count", "space", "bytes"]),
    ("mutex-delay", ["mutex", "delay", "nanoseconds", "contentions", "count"]),
    ("mutex-contentions", ["mutex", "contentions", "count", "contentions", "count"]),
    ("block-delay", ["block", "delay", "nanoseconds", "contentions", "count"]),
    ("block-contentions", ["block", "contentions", "count", "contentions", "count"]),
    ("goroutines", ["goroutine", "goroutine", "count", "goroutine", "count"]),
    ("exception-samples", ["exceptions", "exception", "count", "exceptions", "count"]),
];

/// The first part of types that Pyroscope has no name for.
const OWN: &str = "vesta";

impl ProfileType {
    /// What Vesta's type is called.
    pub(super) fn of(value_type: &CanonicalType) -> ProfileType {
        let unit = value_type.unit.as_str();
        match KNOWN.iter().find(|(name, _)| *name == value_type.name) {
            Some((_, parts)) => ProfileType::new(*parts),
            None => ProfileType::new([OWN, value_type.name.as_ref(), unit, value_type.name.as_ref(), unit]),
        }
    }

    fn new(parts: [&str; 5]) -> ProfileType {
        let [name, sample_type, sample_unit, period_type, period_unit] =
            parts.map(|part| part.replace(':', "_"));
        ProfileType { name, sample_type, sample_unit, period_type, period_unit }
    }

    /// Reads an id.
    pub(super) fn parse(id: &str) -> Result<ProfileType, Problem> {
        let parts: Vec<&str> = id.split(':').collect();
        match parts.as_slice() {
            // Some clients add `:delta`.
            [a, b, c, d, e] | [a, b, c, d, e, _] => Ok(ProfileType::new([a, b, c, d, e])),
            _ => Err(Problem::bad_request(format!("`{id}` is not a profile type"))
                .hint("write one as in process_cpu:cpu:nanoseconds:cpu:nanoseconds")),
        }
    }

    /// The id.
    pub(super) fn id(&self) -> String {
        let ProfileType { name, sample_type, sample_unit, period_type, period_unit } = self;
        format!("{name}:{sample_type}:{sample_unit}:{period_type}:{period_unit}")
    }

    /// The name of Vesta's type. What the period is does not matter: Go's and Java's differ in it.
    pub(super) fn value_type(&self) -> String {
        let is = |parts: &[&str; 5]| {
            let name = parts[0] == self.name || (parts[0] == "goroutine" && self.name == "goroutines");
            name && parts[1] == self.sample_type
        };
        match KNOWN.iter().find(|(_, parts)| is(parts)) {
            Some((name, _)) => (*name).to_owned(),
            None => {
                let value_type = ValueType::new(self.sample_type.as_str(), self.sample_unit.as_str());
                value_type.canonical().name.into_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KNOWN, ProfileType};
    use vesta_profile::ValueType;

    #[test]
    fn every_type_has_an_id_that_leads_back_to_it() {
        let others = ["off-cpu-time", "lock-acquire-wait", "my-own-type", "timeline"];
        for name in KNOWN.iter().map(|(name, _)| *name).chain(others) {
            let value_type = ValueType::new(name, "").canonical();
            let id = ProfileType::of(&value_type).id();
            assert_eq!(
                ProfileType::parse(&id).map(|parsed| parsed.value_type()).ok().as_deref(),
                Some(name),
                "{id}"
            );
        }
    }

    #[test]
    fn ids_of_other_clients_mean_the_same() {
        for (id, name) in [
            ("mutex:delay:nanoseconds:mutex:count", "mutex-delay"),
            ("goroutines:goroutine:count:goroutine:count", "goroutines"),
            ("process_cpu:cpu:nanoseconds:cpu:nanoseconds:delta", "cpu-time"),
            ("memory:alloc_in_new_tlab_bytes:bytes:space:bytes", "alloc-in-new-tlab-bytes"),
        ] {
            assert_eq!(ProfileType::parse(id).map(|parsed| parsed.value_type()).ok().as_deref(), Some(name));
        }
        assert!(ProfileType::parse("cpu").is_err());
    }
}
