//! Numbers about the period of a recording.

use std::collections::BTreeMap;

/// Numbers by name.
#[derive(Default)]
pub(super) struct Metrics(BTreeMap<&'static str, Metric>);

#[derive(Clone, Copy)]
enum Metric {
    Sum(f64),
    Most(f64),
    Last { at_ns: i64, value: f64 },
    Mean { sum: f64, count: f64 },
}

impl Metrics {
    /// Adds to a sum.
    pub(super) fn add(&mut self, name: &'static str, value: f64) {
        if let Metric::Sum(sum) = self.0.entry(name).or_insert(Metric::Sum(0.0)) {
            *sum += value;
        }
    }

    /// Keeps the largest.
    pub(super) fn most(&mut self, name: &'static str, value: f64) {
        if let Metric::Most(most) = self.0.entry(name).or_insert(Metric::Most(value)) {
            *most = most.max(value);
        }
    }

    /// Keeps the latest; events are not in the order of their times.
    pub(super) fn last(&mut self, name: &'static str, at_ns: i64, value: f64) {
        let first = Metric::Last { at_ns, value };
        if let Metric::Last { at_ns: at, value: last } = self.0.entry(name).or_insert(first)
            && *at <= at_ns
        {
            (*at, *last) = (at_ns, value);
        }
    }

    /// Adds to a mean.
    pub(super) fn mean(&mut self, name: &'static str, value: f64) {
        let first = Metric::Mean { sum: 0.0, count: 0.0 };
        if let Metric::Mean { sum, count } = self.0.entry(name).or_insert(first) {
            *sum += value;
            *count += 1.0;
        }
    }

    /// The numbers, as `metrics.json` of other clients has them.
    pub(super) fn finish(self) -> Vec<(String, f64)> {
        let value = |metric: Metric| match metric {
            Metric::Sum(value) | Metric::Most(value) | Metric::Last { value, .. } => value,
            Metric::Mean { sum, count } => sum / count,
        };
        let numbers = self.0.into_iter().map(|(name, metric)| (name.to_owned(), value(metric)));
        numbers.filter(|(_, number)| number.is_finite()).collect()
    }
}
