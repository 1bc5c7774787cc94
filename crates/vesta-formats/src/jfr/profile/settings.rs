//! What the settings of a chunk say about the events in it.

use hashbrown::HashMap;

/// The settings of one chunk, by event and name. Of several recordings at once, the finest setting holds.
#[derive(Default)]
pub(super) struct Settings {
    /// Names of events by the ids of their types.
    events: HashMap<i64, &'static str>,
    values: Vec<Setting>,
}

struct Setting {
    event: i64,
    name: &'static str,
    value: String,
}

/// The events and the settings that say anything about samples, of the thousand that a chunk has.
const EVENTS: [&str; 5] = [
    "jdk.ActiveRecording",
    "jdk.ExecutionSample",
    "jdk.ObjectAllocationInNewTLAB",
    "datadog.ExecutionSample",
    "datadog.MethodSample",
];
const NAMES: [&str; 11] = [
    "period",
    "interval",
    "wall",
    "alloc",
    "event",
    "engine",
    "version",
    "cstack",
    "cpuEngine",
    "wallEngine",
    "jstackdepth",
];

/// The most that are kept, and the longest value.
const MOST: usize = 1_000;
const LONGEST: usize = 256;

/// What samplers take when nobody says: 20 ms is in the default settings of the JDK, 10 ms and 50 ms are async-profiler's.
const DEFAULT_EXECUTION_NS: i64 = 20_000_000;
const DEFAULT_CPU_NS: i64 = 10_000_000;
const DEFAULT_WALL_NS: i64 = 50_000_000;

/// What samples of a chunk stand for.
pub(super) struct Periods {
    /// Whether async-profiler wrote the chunk.
    pub(super) is_async: bool,
    /// How many of another event than time its samples stand for; 0 for samples of time.
    pub(super) events: i64,
    pub(super) execution_ns: i64,
    /// Whether the settings said so.
    pub(super) is_execution_known: bool,
    pub(super) wall_ns: i64,
    pub(super) datadog_cpu_ns: i64,
    pub(super) datadog_wall_ns: i64,
    /// The mean distance of sampled allocations in bytes; 0 if it is not known.
    pub(super) allocation_bytes: i64,
}

impl Settings {
    pub(super) fn add_event(&mut self, id: u64, name: &str) {
        if let Some(&name) = EVENTS.iter().find(|known| **known == name)
            && self.events.len() < MOST
        {
            self.events.insert(id.cast_signed(), name);
        }
    }

    pub(super) fn add(&mut self, event: i64, name: &str, value: &str) {
        if let Some(&name) = NAMES.iter().find(|known| **known == name)
            && self.values.len() < MOST
            && value.len() <= LONGEST
        {
            self.values.push(Setting { event, name, value: value.to_owned() });
        }
    }

    /// What holds for this event, in file order.
    fn of<'a>(&'a self, event: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_wanted = move |setting: &&Setting| {
            setting.name == name && self.events.get(&setting.event).is_some_and(|known| *known == event)
        };
        self.values.iter().filter(is_wanted).map(|setting| setting.value.as_str())
    }

    fn shortest(&self, event: &str, name: &str) -> Option<i64> {
        self.of(event, name).filter_map(nanoseconds).filter(|&period| period > 0).min()
    }

    /// Settings of async-profiler or Datadog's engine as a whole, for people.
    pub(super) fn of_engine(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_wanted = move |setting: &&Setting| {
            !matches!(setting.name, "period" | "interval" | "wall" | "alloc")
                && self.events.get(&setting.event).is_some_and(|event| *event == "jdk.ActiveRecording")
        };
        self.values.iter().filter(is_wanted).map(|setting| (setting.name, setting.value.as_str()))
    }

    pub(super) fn periods(&self) -> Periods {
        let engine = self.of("jdk.ActiveRecording", "engine").last();
        let event = self.of("jdk.ActiveRecording", "event").last().unwrap_or("cpu");
        let sampler = "jdk.ExecutionSample";
        let is_time = ["", "cpu", "itimer", "ctimer", "wall", "cpu-clock", "task-clock"].contains(&event);
        let known = self.shortest(sampler, "period").or_else(|| self.shortest(sampler, "interval"));
        let is_async = engine.is_some();
        let default = if is_async { DEFAULT_CPU_NS } else { DEFAULT_EXECUTION_NS };
        let only_wall = event == "wall" || engine == Some("wall");
        let wall = self.shortest(sampler, "wall").or(known.filter(|_| only_wall));
        Periods {
            is_async,
            events: if is_async && !is_time { known.unwrap_or(1) } else { 0 },
            execution_ns: known.unwrap_or(default),
            is_execution_known: known.is_some() || is_async,
            wall_ns: wall.unwrap_or(DEFAULT_WALL_NS),
            datadog_cpu_ns: self.shortest("datadog.ExecutionSample", "interval").unwrap_or(DEFAULT_CPU_NS),
            datadog_wall_ns: self.shortest("datadog.MethodSample", "interval").unwrap_or(DEFAULT_WALL_NS),
            allocation_bytes: self.shortest("jdk.ObjectAllocationInNewTLAB", "alloc").unwrap_or(0),
        }
    }
}

/// `20 ms` in nanoseconds; a number alone is that already.
fn nanoseconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let scale = match unit.trim() {
        "" | "ns" => 1,
        "us" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        "d" => 86_400_000_000_000,
        _ => return None,
    };
    number.parse::<i64>().ok()?.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::nanoseconds;

    #[test]
    fn periods_are_read_with_their_units() {
        assert_eq!(nanoseconds("9 ms"), Some(9_000_000));
        assert_eq!(nanoseconds("10ms"), Some(10_000_000));
        assert_eq!(nanoseconds("10000000"), Some(10_000_000));
        assert_eq!(nanoseconds("1 s"), Some(1_000_000_000));
        assert_eq!(nanoseconds("everyChunk"), None);
        assert_eq!(nanoseconds("99999999999 d"), None);
        assert_eq!(nanoseconds(""), None);
    }
}
