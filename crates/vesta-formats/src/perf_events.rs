//! Events of Linux's perf, as value types.

use crate::builder::{Builder, LimitError};

/// The events of a recording.
#[derive(Default)]
pub(crate) struct Events(Vec<Event>);

/// An event by its name, without what is after a colon that says how it was sampled.
struct Event {
    name: String,
    column: usize,
    samples: Option<usize>,
}

impl Events {
    /// The position of an event, whose value types are added if it is new.
    pub(crate) fn find(
        &mut self,
        name: &str,
        has_period: bool,
        builder: &mut Builder<'_>,
    ) -> Result<usize, LimitError> {
        let name = event_name(name);
        if let Some(known) = self.0.iter().position(|event| event.name == name) {
            return Ok(known);
        }
        let is_clock = matches!(name, "cpu-clock" | "task-clock");
        let has_clock = builder.profile.value_types.iter().any(|known| known.name == "cpu-time");
        let (column, samples) = match (is_clock, has_period) {
            (true, true) if has_clock => (builder.value_type(name, "nanoseconds")?, None),
            (true, true) => {
                let time = builder.value_type("cpu-time", "nanoseconds")?;
                (time, Some(builder.value_type("cpu-samples", "count")?))
            }
            _ if is_clock || (name.is_empty() && !has_period) => {
                (builder.value_type("cpu-samples", "count")?, None)
            }
            _ if name.is_empty() => (builder.value_type("events", "count")?, None),
            _ if samples_cpu(name) && has_period => {
                let events = builder.value_type(name, "count")?;
                (events, Some(builder.value_type("cpu-samples", "count")?))
            }
            _ => (builder.value_type(name, "count")?, None),
        };
        builder.take(size_of::<Event>() + name.len())?;
        self.0.push(Event { name: name.to_owned(), column, samples });
        Ok(self.0.len() - 1)
    }

    /// Sets the values of a sample of an event.
    pub(crate) fn set(&self, event: usize, period: i64, values: &mut [i64]) {
        let Some(event) = self.0.get(event) else { return };
        let mut set = |column: Option<usize>, value: i64| {
            if let Some(slot) = column.and_then(|column| values.get_mut(column)) {
                *slot = value;
            }
        };
        set(Some(event.column), period);
        set(event.samples, 1);
    }
}

/// The name of an event without how it was sampled: `cpu-clock` of `cpu-clock:ppp`, `cycles` of `cpu/cycles/P`.
/// Tracepoints keep what is after the colon.
pub(crate) fn event_name(event: &str) -> &str {
    let of_cpu = event.split_once('/').filter(|(unit, _)| unit.starts_with("cpu"));
    let event = of_cpu.and_then(|(_, name)| name.split('/').next()).unwrap_or(event);
    let is_modifier = |text: &str| {
        !text.is_empty() && text.len() <= 8 && text.bytes().all(|byte| b"ukhGHpPSDeIbW".contains(&byte))
    };
    match event.rsplit_once(':') {
        Some((name, modifier)) if is_modifier(modifier) && !name.contains(':') => name,
        Some((name, "")) => name,
        _ => event,
    }
}

/// Whether samples of an event tell where a CPU spends its time.
fn samples_cpu(name: &str) -> bool {
    matches!(name, "cycles" | "cpu-cycles" | "ref-cycles" | "instructions" | "bus-cycles")
}
