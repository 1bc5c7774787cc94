//! Events as text, the same from this reader as from what the JDK's tool prints.

use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use vesta_formats::jfr::{self, Chunk, Event, EventType, Field, Interest, Record, Value, Visitor};
use vesta_formats::{Limits, Problem};

/// Sorted texts of events by type.
pub(crate) type Events = BTreeMap<String, Vec<String>>;

/// Deeper structures are those that lead in circles.
const MAX_DEPTH: usize = 40;

/// All events of a recording, with at most so many frames of each stack.
pub(crate) fn print_all(recording: &[u8], stack_depth: usize) -> (Events, Vec<Problem>) {
    let mut printer = Printer::new(stack_depth);
    let problems = jfr::read(recording, &Limits::default(), &mut printer).unwrap();
    printer.events.values_mut().for_each(|events| events.sort());
    (printer.events, problems)
}

/// What `jfr print --json` printed.
pub(crate) fn print_tool(output: &[u8]) -> Events {
    let mut json: Json = serde_json::from_slice(output).unwrap();
    let mut events = Events::new();
    for event in json["recording"]["events"].as_array_mut().unwrap() {
        let text = normal(event["values"].take()).to_string();
        events.entry(event["type"].as_str().unwrap().to_owned()).or_default().push(text);
    }
    events.values_mut().for_each(|events| events.sort());
    events
}

/// Prints all fields of all events.
pub(crate) struct Printer {
    pub(crate) events: Events,
    stack_depth: usize,
}

impl Printer {
    pub(crate) fn new(stack_depth: usize) -> Self {
        Printer { events: Events::new(), stack_depth }
    }

    fn record(&self, chunk: &Chunk<'_>, record: Record<'_>, depth: usize) -> Json {
        let is_stack = record.type_name() == "jdk.types.StackTrace";
        let fields: Map<String, Json> = record
            .fields()
            .map(|(field, value)| {
                let limit = if is_stack && field.name() == "frames" { self.stack_depth } else { usize::MAX };
                (field.name().to_owned(), self.value(chunk, field, value, limit, depth))
            })
            .collect();
        Json::Object(fields)
    }

    fn value(
        &self,
        chunk: &Chunk<'_>,
        field: Field<'_>,
        value: Value<'_>,
        limit: usize,
        depth: usize,
    ) -> Json {
        if depth > MAX_DEPTH {
            return json!("too deep");
        }
        match value {
            Value::Absent => Json::Null,
            Value::Boolean(boolean) => json!(boolean),
            Value::Integer(ns) if field.unit().is_timestamp() => json!(format!("time {}", in_years(ns))),
            Value::Integer(ns) if field.unit().is_timespan() => json!(format!("span {}", in_years(ns))),
            Value::Integer(unit) if field.type_name() == "char" => {
                json!(char::from_u32(unit.try_into().unwrap()).unwrap().to_string())
            }
            Value::Integer(integer) => json!(integer),
            Value::Float(float) => number(float),
            Value::Text(text) => json!(text.to_str()),
            Value::Record(record) => self.record(chunk, record, depth + 1),
            Value::Array(array) => {
                array.iter().take(limit).map(|value| self.value(chunk, field, value, limit, depth)).collect()
            }
            Value::Reference(reference) => match chunk.record(reference) {
                None => Json::Null,
                Some(record) if record.is_simple() => match record.fields().next() {
                    Some((field, value)) => self.value(chunk, field, value, limit, depth + 1),
                    None => Json::Null,
                },
                Some(record) => self.record(chunk, record, depth + 1),
            },
        }
    }
}

impl Visitor for Printer {
    fn event_type(&mut self, _: &Chunk<'_>, _: &EventType<'_>) -> Option<Interest> {
        Some(Interest::default())
    }

    fn event(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        let name = event.event_type().unwrap().name().to_owned();
        let text = self.record(event.chunk(), event.record(), 0).to_string();
        self.events.entry(name).or_default().push(text);
        ControlFlow::Continue(())
    }
}

/// The tool prints times as dates and durations in words of ISO 8601; here they are nanoseconds.
fn normal(json: Json) -> Json {
    match json {
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (name, normal(value))).collect(),
        Json::Array(elements) => elements.into_iter().map(normal).collect(),
        Json::Number(number) if number.is_f64() => self::number(number.as_f64().unwrap()),
        // The lowest and highest of 64 bits have a sign or not, as the JDK's version wants.
        Json::Number(number) if number.is_u64() => json!(number.as_u64().unwrap().cast_signed()),
        Json::String(text) => match (span(&text), time(&text)) {
            (Some(ns), _) => json!(format!("span {}", in_years(ns))),
            (_, Some(ns)) => json!(format!("time {}", in_years(ns))),
            _ => Json::String(text),
        },
        other => other,
    }
}

/// Without what a float of 32 bits cannot hold.
fn number(float: f64) -> Json {
    json!(float as f32)
}

/// What "none" and "forever" are, the JDK prints as the most it can say in that unit.
fn in_years(ns: i64) -> String {
    const YEAR: i64 = 365 * 86_400 * 1_000_000_000;
    match ns / YEAR {
        ..-200 => "never".to_owned(),
        201.. => "forever".to_owned(),
        _ => ns.to_string(),
    }
}

/// `PT1H2M3.5S`, in nanoseconds.
pub(crate) fn span(text: &str) -> Option<i64> {
    let mut rest = text.strip_prefix("PT")?;
    let mut ns = 0_i64;
    while !rest.is_empty() {
        let unit_at = rest.find(['H', 'M', 'S'])?;
        let (number, unit) = rest.split_at(unit_at);
        let each: i64 = match unit.as_bytes()[0] {
            b'H' => 3_600_000_000_000,
            b'M' => 60_000_000_000,
            _ => 1_000_000_000,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let seconds: i64 = if matches!(whole, "-" | "-0") { 0 } else { whole.parse().ok()? };
        let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
        let fraction = if number.starts_with('-') { -fraction } else { fraction };
        ns = ns.saturating_add(seconds.saturating_mul(each)).saturating_add(fraction);
        rest = &unit[1..];
    }
    Some(ns)
}

/// `2026-11-26T21:10:39.123456789Z`, in nanoseconds since 1970.
fn time(text: &str) -> Option<i64> {
    if text.starts_with("-999999999-01-01T") {
        return Some(i64::MIN);
    }
    if text.starts_with("+999999999-12-31T") {
        return Some(i64::MAX);
    }
    let (date, clock) = text.split_once('T')?;
    let (clock, offset) = match clock.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let sign_at = clock.rfind(['+', '-'])?;
            let (hours, minutes) = clock[sign_at + 1..].split_once(':')?;
            let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
            let east = clock.as_bytes()[sign_at] == b'+';
            (&clock[..sign_at], if east { minutes * 60 } else { -minutes * 60 })
        }
    };
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut clock = clock.splitn(3, ':');
    let (hours, minutes) = (clock.next()?.parse::<i64>().ok()?, clock.next()?.parse::<i64>().ok()?);
    let seconds = clock.next().unwrap_or("0");
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let seconds = seconds.parse::<i64>().ok()?;
    let fraction: i64 = format!("{fraction:0<9}").parse().ok()?;
    let seconds = days(year, month, day) * 86_400 + hours * 3600 + minutes * 60 + seconds - offset;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

/// Days since 1970, in years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + day - 1 - 719_468
}
