//! The grammar: `event;event`, where an event is words and `key=value` pairs, apart by blanks and commas.

use super::table::{self, SETTINGS, Setting};
use super::{Cadence, EventKind, EventSpec, MAX_EVENTS, Mode, ValueSource};

/// Why a list of events could not be read. Each names the word at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{fault}\n  {text}\n  {:>width$}", "^".repeat(word.chars().count().max(1)), width = *column + word.chars().count().max(1))]
pub struct EventSpecError {
    /// What is wrong, in a sentence without the place.
    pub fault: String,
    /// The word that is wrong.
    pub word: String,
    /// How many characters are before the word.
    pub column: usize,
    /// All of the text.
    pub text: String,
}

/// A word of the text with its place in bytes.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a str,
    start: usize,
}

/// Settings of one event as far as they are read.
#[derive(Default)]
struct Draft<'a> {
    event: Option<(Word<'a>, String)>,
    group: Option<String>,
    id: Option<u64>,
    cadence: Option<Cadence>,
    label: Option<String>,
    value: Option<ValueSource>,
    raw_size: Option<u32>,
    scale: Option<f64>,
    mode: Option<Mode>,
    stack_bytes: Option<u32>,
}

pub(super) fn parse(text: &str) -> Result<Vec<EventSpec>, EventSpecError> {
    let mut events = Vec::new();
    let mut start = 0;
    for part in text.split(';') {
        let words = words(part, start);
        start += part.len() + 1;
        let Some(first) = words.first().copied() else { continue };
        if events.len() == MAX_EVENTS {
            return Err(error(text, first, format!("more than {MAX_EVENTS} events")));
        }
        events.push(parse_event(text, &words, first)?);
    }
    if events.is_empty() {
        let nothing = Word { text: "", start: 0 };
        return Err(error(text, nothing, "no event is named".to_owned()));
    }
    Ok(events)
}

fn parse_event<'a>(text: &str, words: &[Word<'a>], first: Word<'a>) -> Result<EventSpec, EventSpecError> {
    let mut draft = Draft::default();
    for word in words {
        let outcome = match word.text.split_once('=') {
            Some((key, value)) => match table::setting(key) {
                Some(setting) => draft.set(*word, setting, value),
                None => Err(format!("no setting is named `{key}`; there are {}", setting_names())),
            },
            None => draft.name(*word, word.text),
        };
        outcome.map_err(|fault| error(text, *word, fault))?;
    }
    draft.finish().map_err(|(word, fault)| error(text, word.unwrap_or(first), fault))
}

impl<'a> Draft<'a> {
    /// `sched:sched_switch` is a tracepoint in perf's spelling.
    fn name(&mut self, word: Word<'a>, name: &str) -> Result<(), String> {
        if self.event.is_some() {
            return Err(format!("`{name}` is a second name for the same event; separate events with `;`"));
        }
        let (group, event) = match name.split_once(':') {
            Some((group, event)) => (Some(group), event),
            None => (None, name),
        };
        if !is_name(event) || group.is_some_and(|group| !is_name(group)) {
            return Err(format!("`{name}` is not a name: letters, digits and underscores"));
        }
        if let Some(group) = group {
            self.group = Some(group.to_owned());
        }
        self.event = Some((word, event.to_owned()));
        Ok(())
    }

    fn set(&mut self, word: Word<'a>, setting: Setting, value: &str) -> Result<(), String> {
        match setting {
            Setting::Event => return self.name(word, value),
            Setting::Group if is_name(value) => self.group = Some(value.to_owned()),
            Setting::Group => return Err(format!("`{value}` is not the name of a group of tracepoints")),
            Setting::Id => self.id = Some(number(value)?),
            Setting::Label if value.is_empty() => return Err("the label is empty".to_owned()),
            Setting::Label => self.label = Some(value.to_owned()),
            Setting::Frequency => self.set_cadence(Cadence::Frequency(positive(value)?))?,
            Setting::Period => self.set_cadence(Cadence::Period(positive(value)?))?,
            Setting::ValueScale => {
                let scale = value.parse().ok().filter(|scale: &f64| scale.is_finite() && *scale > 0.0);
                self.scale = Some(scale.ok_or_else(|| format!("`{value}` is not a positive number"))?);
            }
            Setting::Mode => self.mode = Some(mode(value)?),
            Setting::ArgumentNumber => {
                let register = table::argument_register(number(value)?);
                let register = register.ok_or_else(|| format!("no register has argument {value}"))?;
                self.set_value(ValueSource::Register(register))?;
            }
            Setting::Register => {
                let register = u16::try_from(number(value)?).ok().and_then(table::dwarf_register);
                let register =
                    register.ok_or_else(|| format!("{value} is not a register that is sampled"))?;
                self.set_value(ValueSource::Register(register))?;
            }
            Setting::RawOffset => {
                let offset = u32::try_from(number(value)?).ok().filter(|offset| *offset < 65_536);
                let offset = offset.ok_or_else(|| format!("{value} is beyond the data of any tracepoint"))?;
                self.set_value(ValueSource::Raw { offset, size: 8 })?;
            }
            Setting::RawSize => match number(value)? {
                size @ (1 | 2 | 4 | 8) => self.raw_size = u32::try_from(size).ok(),
                size => return Err(format!("an integer of {size} bytes cannot be read: 1, 2, 4 or 8")),
            },
            Setting::StackBytes => {
                let bytes =
                    u32::try_from(number(value)?).ok().filter(|bytes| *bytes <= super::MAX_STACK_BYTES);
                let bytes = bytes.ok_or_else(|| format!("{value} is more than 65528 bytes of stack"))?;
                self.stack_bytes = Some(bytes);
            }
        }
        Ok(())
    }

    fn set_cadence(&mut self, cadence: Cadence) -> Result<(), String> {
        match self.cadence.replace(cadence) {
            None => Ok(()),
            Some(_) => Err("frequency and period are set more than once".to_owned()),
        }
    }

    fn set_value(&mut self, value: ValueSource) -> Result<(), String> {
        match self.value.replace(value) {
            None => Ok(()),
            Some(_) => Err("the value comes from more than one place".to_owned()),
        }
    }

    fn finish(self) -> Result<EventSpec, (Option<Word<'a>>, String)> {
        let Draft { event, group, id, cadence, label, value, raw_size, scale, mode, stack_bytes } = self;
        let (word, name) = match (event, id) {
            (Some((word, name)), _) => (Some(word), name),
            (None, Some(id)) => (None, format!("id:{id}")),
            (None, None) => return Err((None, "the event has no name".to_owned())),
        };
        let (kind, default_cadence) = match table::named(&name) {
            Some(named) if group.is_none() => (named.kind.clone(), named.cadence),
            _ if group.is_none() && id.is_none() => {
                let names: Vec<&str> = table::EVENTS.iter().map(|named| named.name).collect();
                let fault = format!(
                    "no event is named `{name}`; there are {}, and tracepoints, which need a group=",
                    names.join(", ")
                );
                return Err((word, fault));
            }
            _ => {
                let group = group.unwrap_or_default();
                (EventKind::Tracepoint { group, event: name.clone(), id }, Cadence::Period(1))
            }
        };
        let value = match (value.unwrap_or(ValueSource::Period), raw_size) {
            (ValueSource::Raw { offset, .. }, Some(size)) => ValueSource::Raw { offset, size },
            (_, Some(_)) => return Err((word, "raw_size= is set without raw_offset=".to_owned())),
            (value, None) => value,
        };
        let label = label.unwrap_or_else(|| match &kind {
            EventKind::Tracepoint { group, .. } if !group.is_empty() => format!("{group}:{name}"),
            _ => name.clone(),
        });
        let mode = mode.unwrap_or(Mode { sum: true, live: false });
        if mode.live && kind != EventKind::Allocation {
            return Err((word, format!("`{name}` has nothing that could be live; only sALLOC has")));
        }
        let cadence = cadence.unwrap_or(default_cadence);
        match (&kind, cadence) {
            (EventKind::Allocation | EventKind::Lock, Cadence::Frequency(_)) => {
                Err((word, format!("`{name}` is sampled by period, not by frequency")))
            }
            (EventKind::OffCpu, Cadence::Period(_)) => {
                Err((word, "`wall` is sampled by frequency, not by period".to_owned()))
            }
            _ => {
                let value_scale = scale.unwrap_or(1.0);
                Ok(EventSpec { name, kind, cadence, label, value, value_scale, mode, stack_bytes })
            }
        }
    }
}

fn words(part: &str, start: usize) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut offset = 0;
    for piece in part.split(|character: char| character.is_whitespace() || character == ',') {
        if !piece.is_empty() {
            words.push(Word { text: piece, start: start + offset });
        }
        // The separators are blanks and commas, which may be longer than a byte.
        offset += piece.len();
        offset += part.get(offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    }
    words
}

fn error(text: &str, word: Word<'_>, fault: String) -> EventSpecError {
    let column = text.get(..word.start).map_or(0, |before| before.chars().count());
    EventSpecError { fault, word: word.text.to_owned(), column, text: text.to_owned() }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
}

fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is not a whole number"))
}

fn positive(text: &str) -> Result<u64, String> {
    // The kernel takes the highest bit of a period for a sign.
    match number(text)? {
        0 => Err("there is no sample after nothing: the number must be positive".to_owned()),
        number if number > u64::MAX / 2 => Err(format!("`{text}` is too large")),
        number => Ok(number),
    }
}

fn mode(text: &str) -> Result<Mode, String> {
    let mut mode = Mode { sum: false, live: false };
    for letter in text.chars() {
        match letter {
            's' | 'S' => mode.sum = true,
            'l' | 'L' => mode.live = true,
            'a' | 'A' | '*' => mode = Mode { sum: true, live: true },
            _ => return Err(format!("`{letter}` is not a mode: s, l or a")),
        }
    }
    match mode {
        Mode { sum: false, live: false } => Err("the mode is empty: s, l or a".to_owned()),
        mode => Ok(mode),
    }
}

fn setting_names() -> String {
    let names: Vec<&str> =
        SETTINGS.iter().filter_map(|(_, spellings, _)| spellings.first().copied()).collect();
    names.join(", ")
}
