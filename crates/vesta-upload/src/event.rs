//! `event.json`: what an upload is about.

use crate::multipart::Clipped;
use crate::tags::LONGEST_TAG;
use crate::{Limits, Problem, Tags};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::time::Duration;

/// What `event.json` says.
#[derive(Clone, Debug)]
pub struct Event {
    /// Which client library wrote it: `python`, `node`, `go`, `java`, `ruby`, `dotnet`, `php`, `native`, ... Empty when
    /// it does not say.
    pub family: String,
    /// The version of the format: `4`, and `3` before.
    pub version: String,
    /// Start of the period.
    pub start: Timestamp,
    /// End of the period. Clocks jump: it may be before the start.
    pub end: Timestamp,
    /// The file names of the attachments that the client meant to send.
    pub attachments: Vec<String>,
    /// The tags of the profiler, as the client sent them.
    pub tags: Tags,
    /// What is known of the process besides: entry point, working folder, ...
    pub process_tags: Tags,
    /// Requests finished within the period, by endpoint.
    pub endpoint_counts: BTreeMap<String, i64>,
    /// Label keys that the user has set.
    pub custom_attributes: Vec<String>,
    /// Settings of the profiler, the runtime, the platform.
    pub info: Option<Value>,
    /// What the client library says about itself.
    pub internal: Option<Value>,
    /// Every other key, as it came.
    pub extra: Map<String, Value>,
}

/// Why `event.json` is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// Not JSON.
    #[error("it is not readable JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no object.
    #[error("it is JSON, but not an object")]
    NotAnObject,
    /// A field without which an upload cannot be placed.
    #[error("the field `{0}` is missing")]
    MissingField(&'static str),
    /// A field that cannot be read.
    #[error("the field `{field}` is `{found}`, but it must be a time such as 2026-11-20T23:12:12.709Z")]
    BadTime {
        /// The name of the field.
        field: &'static str,
        /// What it holds.
        found: String,
    },
}

impl Event {
    /// Reads `event.json`. Only the period must be there and readable; whatever else is missing or of another type is
    /// left empty, with a problem if it is of another type.
    pub fn decode(json: &[u8], limits: &Limits) -> Result<(Event, Vec<Problem>), EventError> {
        let json = json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json);
        let Value::Object(map) = serde_json::from_slice(json).map_err(EventError::Json)? else {
            return Err(EventError::NotAnObject);
        };
        let mut fields = Fields { map, problems: Vec::new() };
        let start = fields.time("start")?;
        let end = fields.time("end")?;
        let mut tags = Tags::new();
        for key in ["tags_profiler", "profiler_tags", "tags"] {
            fields.tags(key, &mut tags, limits.tags);
        }
        let mut process_tags = Tags::new();
        fields.tags("process_tags", &mut process_tags, limits.tags);
        let event = Event {
            family: fields.text("family").trim().to_ascii_lowercase(),
            version: fields.text("version"),
            start,
            end,
            attachments: fields.texts("attachments"),
            tags,
            process_tags,
            endpoint_counts: fields.counts("endpoint_counts"),
            custom_attributes: fields.texts("custom_attributes"),
            info: fields.take("info"),
            internal: fields.take("internal"),
            extra: fields.map,
        };
        Ok((event, fields.problems))
    }

    /// How long the period is; nothing if it ends before it starts.
    pub fn duration(&self) -> Duration {
        Duration::try_from(self.end.duration_since(self.start)).unwrap_or_default()
    }
}

/// The fields of the event that were not read yet.
struct Fields {
    map: Map<String, Value>,
    problems: Vec<Problem>,
}

impl Fields {
    /// Takes a field; null counts as missing.
    fn take(&mut self, key: &str) -> Option<Value> {
        self.map.remove(key).filter(|value| !value.is_null())
    }

    fn time(&mut self, field: &'static str) -> Result<Timestamp, EventError> {
        let value = self.take(field).ok_or(EventError::MissingField(field))?;
        let bad = || EventError::BadTime { field, found: Clipped(&value.to_string()).to_string() };
        let text = value.as_str().ok_or_else(bad)?.trim();
        parse_time(text).ok_or_else(bad)
    }

    fn text(&mut self, key: &str) -> String {
        match self.take(key) {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            Some(other) => {
                self.unexpected(key, "text", &other);
                String::new()
            }
        }
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(values)) => {
                let count = values.len();
                let texts: Vec<String> = values
                    .into_iter()
                    .filter_map(|value| if let Value::String(text) = value { Some(text) } else { None })
                    .collect();
                if texts.len() < count {
                    self.problem(format!(
                        "{} values of `{key}` are not text and were left out",
                        count - texts.len()
                    ));
                }
                texts
            }
            Some(other) => {
                self.unexpected(key, "a list of texts", &other);
                Vec::new()
            }
        }
    }

    /// Reads tags in any of the forms that clients have used: a list separated by commas, an array, an object.
    fn tags(&mut self, key: &str, tags: &mut Tags, limit: usize) {
        let left_out = match self.take(key) {
            None => 0,
            Some(Value::String(list)) => tags.extend_from_list(&list, limit),
            Some(Value::Array(values)) => {
                values.iter().filter_map(Value::as_str).map(|text| tags.extend_from_list(text, limit)).sum()
            }
            Some(Value::Object(map)) => map
                .iter()
                .map(|(key, value)| {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    tags.extend_from_list(&format!("{key}:{value}"), limit)
                })
                .sum(),
            Some(other) => {
                self.unexpected(key, "a list of tags", &other);
                0
            }
        };
        if left_out > 0 {
            self.problem(format!(
                "{left_out} tags of `{key}` were left out: at most {limit} are kept, of at most {LONGEST_TAG} bytes each"
            ));
        }
    }

    fn counts(&mut self, key: &str) -> BTreeMap<String, i64> {
        match self.take(key) {
            None => BTreeMap::new(),
            Some(Value::Object(map)) => {
                let count = map.len();
                let counts: BTreeMap<String, i64> = map
                    .into_iter()
                    .filter_map(|(name, value)| value.as_i64().map(|value| (name, value)))
                    .filter(|&(_, value)| value >= 0)
                    .collect();
                if counts.len() < count {
                    let left_out = count - counts.len();
                    self.problem(format!("{left_out} values of `{key}` are not counts and were left out"));
                }
                counts
            }
            Some(other) => {
                self.unexpected(key, "an object of counts", &other);
                BTreeMap::new()
            }
        }
    }

    fn unexpected(&mut self, key: &str, expected: &str, found: &Value) {
        let found = found.to_string();
        self.problem(format!("`{key}` must be {expected}, but it is `{}`; it was left out", Clipped(&found)));
    }

    fn problem(&mut self, message: String) {
        self.problems.push(Problem::in_part("event.json", message));
    }
}

/// RFC 3339 with 0 to 9 digits of fraction. A time without a zone counts as UTC.
fn parse_time(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}
