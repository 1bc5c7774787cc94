//! Uploads of Pyroscope's clients: what their envelope says besides, and what it means for their profiles.
//!
//! Those clients have no envelope: they say in a URL or in labels what the values of a profile count, and send the
//! profile as it is. The server puts what they say into the field `pyroscope` of `event.json`, and the profile beside
//! it, byte for byte.

use serde_json::{Value, json};
use std::collections::HashMap;
use vesta_formats::pyroscope::Layout;
use vesta_profile::{
    Frame, FrameId, FrameTable, Label, LabelSetId, LabelSetTable, LabelValue, Profile, StackId, StackTable,
    ValueType,
};

/// The field of `event.json`.
const FIELD: &str = "pyroscope";

/// The file name of the profile before, of which only the difference counts.
pub const PREVIOUS_PROFILE: &str = "previous.pprof";

/// The file name of the labels that the contexts of a recording mean.
pub const CONTEXT_LABELS: &str = "labels.pb";

/// What a client said of the profile that it sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The client: `gospy`, `nodespy`, ...
    pub spy: String,
    /// What the numbers of stacks without value types count; none for formats that say so themselves.
    pub counted: Option<Counted>,
    /// The value types that count from the start of the process.
    pub cumulative: Vec<String>,
}

/// What the numbers of stacks count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Under which name and unit.
    pub value_type: ValueType,
    /// What each has to be multiplied with, to be in that unit.
    pub scale: i64,
}

impl Note {
    /// The field of `event.json` that holds this.
    pub fn to_field(&self) -> (&'static str, Value) {
        let counted = self.counted.as_ref().map(|counted| {
            let ValueType { name, unit } = &counted.value_type;
            json!({ "type": name, "unit": unit, "scale": counted.scale })
        });
        (FIELD, json!({ "spy": self.spy, "counted": counted, "cumulative": self.cumulative }))
    }

    pub(crate) fn of(fields: &serde_json::Map<String, Value>) -> Option<Note> {
        let field = fields.get(FIELD)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let counted = field.get("counted").and_then(|counted| {
            let value_type = ValueType::new(text(counted.get("type")?)?, text(counted.get("unit")?)?);
            Some(Counted { value_type, scale: counted.get("scale")?.as_i64()? })
        });
        let cumulative = field.get("cumulative").and_then(Value::as_array);
        Some(Note {
            spy: field.get("spy").and_then(text).unwrap_or_default(),
            counted,
            cumulative: cumulative.into_iter().flatten().filter_map(text).collect(),
        })
    }

    /// Makes of a profile what its client meant.
    pub(crate) fn apply(&self, profile: &mut Profile) {
        if let Some(Counted { value_type, scale }) = &self.counted
            && profile.value_types == [ValueType::new("samples", "count")]
        {
            profile.value_types = vec![value_type.clone()];
            for value in profile.samples.values.iter_mut().flatten() {
                *value = value.saturating_mul(*scale);
            }
        }
        if self.spy == "nodespy" {
            take_names_apart(profile);
        }
        name_labels(profile);
    }

    /// Takes from a profile what its predecessor counted already.
    pub(crate) fn subtract(&self, profile: &mut Profile, previous: &Profile) {
        let (rows, columns) = (profile.samples.len(), profile.value_types.len());
        let mut rows_of: HashMap<(StackId, LabelSetId), Vec<usize>> = HashMap::new();
        for (row, key) in
            profile.samples.stacks.iter().copied().zip(profile.samples.labels.iter().copied()).enumerate()
        {
            rows_of.entry(key).or_default().push(row);
        }
        // Merging tells the stacks and labels of the other profile in terms of this one.
        let mut merged = profile.clone();
        merged.merge(previous);
        for column in 0..columns {
            if !self.cumulative.contains(&profile.value_types[column].name) {
                continue;
            }
            for row in rows..merged.samples.len() {
                let key = (merged.samples.stacks[row], merged.samples.labels[row]);
                let mut left = merged.samples.values[column][row];
                for &row in rows_of.get(&key).into_iter().flatten() {
                    let value = &mut profile.samples.values[column][row];
                    let taken = left.min(*value).max(0);
                    *value -= taken;
                    left -= taken;
                }
            }
        }
    }
}

/// The layout of an attachment, by its file name; none if it is not one of Pyroscope's own.
pub(crate) fn layout(extension: &str) -> Option<Layout> {
    match extension {
        "lines" => Some(Layout::Lines),
        "trie" => Some(Layout::Trie),
        "tree" => Some(Layout::Tree),
        _ => None,
    }
}

/// Labels that Vesta knows, under the names that Datadog's libraries give them.
const LABELS: &[(&str, &str)] =
    &[("endpoint", "trace endpoint"), ("thread_name", "thread name"), ("thread_id", "thread id")];

/// Labels whose value is the id of a span. The second is the name that integrations with tracers gave it at first.
const SPANS: [&str; 2] = ["span_id", "profile_id"];

/// Gives labels the names that Vesta knows. Spans become what they are for other clients: not a label, of which there
/// would be one for every request, but the span of the sample.
fn name_labels(profile: &mut Profile) {
    let mut keys = HashMap::new();
    for (theirs, ours) in LABELS {
        let theirs = profile.strings.intern(theirs);
        keys.insert(theirs, profile.strings.intern(ours));
    }
    let spans = SPANS.map(|key| profile.strings.intern(key));
    let span_of = |label: &Label| match label.value {
        LabelValue::Text(text) if spans.contains(&label.key) => span_id(profile.strings.get(text)),
        _ => None,
    };
    let mut sets = LabelSetTable::new();
    let mut labels = Vec::new();
    let moved: Vec<(LabelSetId, u64)> = profile
        .label_sets
        .iter()
        .map(|set| {
            labels.clear();
            let mut span = 0;
            for label in set {
                match span_of(label) {
                    Some(id) => span = id,
                    None => {
                        let key = keys.get(&label.key).copied().unwrap_or(label.key);
                        labels.push(Label { key, value: label.value });
                    }
                }
            }
            (sets.intern(&labels), span)
        })
        .collect();
    let samples = &mut profile.samples;
    if moved.iter().any(|(_, span)| *span != 0) {
        samples.span_ids.resize(samples.labels.len(), 0);
    }
    for (row, set) in samples.labels.iter_mut().enumerate() {
        let (labels, span) = moved.get(set.index()).copied().unwrap_or_default();
        *set = labels;
        if let Some(known) = samples.span_ids.get_mut(row).filter(|known| span != 0 && **known == 0) {
            *known = span;
        }
    }
    profile.label_sets = sets;
}

/// The number that 16 hexadecimal digits are.
fn span_id(text: &str) -> Option<u64> {
    let is_id = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| u64::from_str_radix(text, 16).ok()).flatten()
}

/// Node's client writes functions as `FILE:FUNCTION:LINE`, so that each line would be a function of its own.
fn take_names_apart(profile: &mut Profile) {
    let mut frames = FrameTable::new();
    let renamed: Vec<FrameId> = profile
        .frames
        .as_slice()
        .iter()
        .map(|frame| {
            let name = profile.strings.get(frame.function);
            match function_within(name, profile.strings.get(frame.file)).map(str::to_owned) {
                Some(name) => Frame { function: profile.strings.intern(&name), ..*frame },
                None => *frame,
            }
        })
        .map(|frame| frames.intern(frame))
        .collect();
    let mut stacks = StackTable::new();
    let mut buffer = Vec::new();
    let moved: Vec<StackId> = profile
        .stacks
        .iter()
        .map(|stack| {
            buffer.clear();
            buffer.extend(stack.iter().filter_map(|frame| renamed.get(frame.index())));
            stacks.intern(&buffer)
        })
        .collect();
    for stack in &mut profile.samples.stacks {
        *stack = moved.get(stack.index()).copied().unwrap_or_default();
    }
    (profile.frames, profile.stacks) = (frames, stacks);
}

/// The function of `FILE:FUNCTION:LINE`, where `FILE` is the end of `file` or all of it.
fn function_within<'a>(name: &'a str, file: &str) -> Option<&'a str> {
    let (rest, line) = name.rsplit_once(':')?;
    if line.is_empty() || !line.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let is_file =
        |start: &str| start == file || start.strip_prefix('.').is_some_and(|end| file.ends_with(end));
    let cuts = rest.match_indices(':').map(|(at, _)| at);
    let at = cuts.filter(|&at| is_file(&rest[..at])).max()?;
    let function = &rest[at + 1..];
    (!function.is_empty()).then_some(function)
}

#[cfg(test)]
mod tests {
    use super::function_within;

    #[test]
    fn names_of_the_node_client_are_taken_apart() {
        for (name, file, function) in [
            (":Garbage Collection:0", "", Some("Garbage Collection")),
            ("node:internal/timers:listOnTimeout:524", "node:internal/timers", Some("listOnTimeout")),
            ("./app.js:(anonymous:L#6:C#21):6", "/srv/app.js", Some("(anonymous:L#6:C#21)")),
            ("./app.js:hot:6", "/srv/other.js", None),
            ("plain", "/srv/app.js", None),
            ("./app.js:hot:six", "/srv/app.js", None),
        ] {
            assert_eq!(function_within(name, file), function, "{name}");
        }
    }
}
