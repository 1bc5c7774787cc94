//! Telling the release of the format by the fields of a message.

use super::contents::{Contents, Dictionary};
use super::schema::{NONE, ProfileFields, SampleFields, Table};
use crate::wire::{Reader, Value};

/// The release of `opentelemetry-proto` whose fields a message has.
///
/// | release | sent by |
/// | --- | --- |
/// | 1.7 | Collector 0.128 to 0.135, eBPF profiler of June to September 2025 |
/// | 1.8 | Collector 0.136 to 0.139, eBPF profiler of September to November 2025 |
/// | 1.9 | Collector 0.140 to 0.147, eBPF profiler of November 2025 to March 2026 |
/// | 1.10 and 1.11 | Collector since 0.148, eBPF profiler since March 2026 |
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Release {
    /// Several value types in one profile, and a list of locations in each.
    V1_7,
    /// Stacks have a table, profiles one value type and comments.
    V1_8,
    /// Without comments.
    V1_9,
    /// Values of a sample come after its attributes. Attributes may refer to the table of strings.
    #[default]
    V1_10,
}

/// How many samples are looked at when the first ones leave a doubt.
const SAMPLES_LOOKED_AT: usize = 4_096;

impl Release {
    pub(super) fn of(contents: &Contents<'_>) -> Release {
        let mut signs = Signs::default();
        if contents.dictionary.table(Table::Attributes).iter().any(|entry| has_text_key(entry)) {
            return Release::V1_7;
        }
        let profiles = || contents.resources.iter().flat_map(|resource| profiles(resource));
        for profile in profiles() {
            if let Some(release) = signs.profile(profile, &contents.dictionary) {
                return release;
            }
            if signs.samples >= SAMPLES_LOOKED_AT {
                break;
            }
        }
        signs.decide()
    }

    pub(super) fn sample(self) -> SampleFields {
        match self {
            Release::V1_7 => {
                SampleFields { stack: 1, length: 2, values: 3, attributes: 4, link: 5, timestamps: 6 }
            }
            Release::V1_8 | Release::V1_9 => {
                SampleFields { stack: 1, length: NONE, values: 2, attributes: 3, link: 4, timestamps: 5 }
            }
            Release::V1_10 => {
                SampleFields { stack: 1, length: NONE, values: 4, attributes: 2, link: 3, timestamps: 5 }
            }
        }
    }

    pub(super) fn profile(self) -> ProfileFields {
        let since_1_8 = ProfileFields {
            locations: NONE,
            time: 3,
            duration: 4,
            period_type: 5,
            period: 6,
            comments: NONE,
            attributes: 11,
        };
        match self {
            Release::V1_7 => ProfileFields {
                locations: 3,
                time: 4,
                duration: 5,
                period_type: 6,
                period: 7,
                comments: 8,
                attributes: 14,
            },
            Release::V1_8 => ProfileFields { comments: 7, attributes: 12, ..since_1_8 },
            Release::V1_9 | Release::V1_10 => since_1_8,
        }
    }
}

/// What speaks for one release or another.
#[derive(Debug, Default)]
struct Signs {
    /// Profiles have fields as in 1.8.
    comments: bool,
    /// Samples have their values in field 2, or in field 4.
    values_in_2: bool,
    values_in_4: bool,
    samples: usize,
}

impl Signs {
    /// Looks at a profile. Answers the release if there is no doubt.
    fn profile(&mut self, profile: &[u8], dictionary: &Dictionary<'_>) -> Option<Release> {
        let mut reader = Reader::new(profile);
        while let Ok(Some((field, value))) = reader.field() {
            match (field, value) {
                // Lists of locations and the type of the period; duration and period.
                (3 | 6, Value::Bytes(_)) | (5 | 7, Value::Varint(_)) => return Some(Release::V1_7),
                // The id of the profile, the count of attributes that were left out, and its attributes.
                (8, Value::Bytes(_)) | (9, Value::Varint(_)) | (12, _) => self.comments = true,
                (1, Value::Bytes(value_type)) if has_temporality(value_type) => self.comments = true,
                (2, Value::Bytes(sample)) if self.samples < SAMPLES_LOOKED_AT && !self.is_decided() => {
                    self.samples += 1;
                    self.sample(sample, dictionary);
                }
                _ => {}
            }
        }
        None
    }

    fn is_decided(&self) -> bool {
        self.values_in_2 || self.values_in_4
    }

    fn sample(&mut self, sample: &[u8], dictionary: &Dictionary<'_>) {
        let (mut second, mut timestamps) = (None, 0);
        let (mut third, mut fourth) = (false, false);
        let mut reader = Reader::new(sample);
        while let Ok(Some((field, value))) = reader.field() {
            match (field, value) {
                (2, Value::Bytes(numbers)) => second = Some(numbers),
                (3, Value::Bytes(_)) | (4, Value::Varint(_)) => third = true,
                (4, Value::Bytes(_)) | (3, Value::Varint(_)) => fourth = true,
                (5, Value::Bytes(numbers)) => timestamps += numbers.len() / 8,
                _ => {}
            }
        }
        match (third, fourth) {
            (true, false) => self.values_in_2 = true,
            (false, true) => self.values_in_4 = true,
            (true, true) => {}
            // Only field 2 is there: values without attributes, or attributes of events that count one each.
            (false, false) => {
                if second.is_some_and(|numbers| timestamps == 0 || !are_attributes(numbers, dictionary)) {
                    self.values_in_2 = true;
                }
            }
        }
    }

    fn decide(&self) -> Release {
        match (self.comments, self.values_in_2, self.values_in_4) {
            (true, ..) => Release::V1_8,
            (false, true, false) => Release::V1_9,
            _ => Release::V1_10,
        }
    }
}

/// Whether numbers are different indices of attributes that are there.
fn are_attributes(numbers: &[u8], dictionary: &Dictionary<'_>) -> bool {
    let most = dictionary.table(Table::Attributes).len() as u64;
    let mut seen = Vec::new();
    let mut reader = Reader::new(numbers);
    while reader.left() > 0 {
        match reader.varint() {
            Ok(index) if index > 0 && index < most && seen.len() < 128 && !seen.contains(&index) => {
                seen.push(index);
            }
            _ => return false,
        }
    }
    !seen.is_empty()
}

/// Whether an entry of the table of attributes has its key as text.
fn has_text_key(entry: &[u8]) -> bool {
    matches!(Reader::new(entry).field(), Ok(Some((1, Value::Bytes(_)))))
}

fn has_temporality(value_type: &[u8]) -> bool {
    let mut reader = Reader::new(value_type);
    while let Ok(Some((field, value))) = reader.field() {
        if let (3, Value::Varint(1..)) = (field, value) {
            return true;
        }
    }
    false
}

/// The profiles of a resource.
pub(super) fn profiles(resource: &[u8]) -> impl Iterator<Item = &[u8]> {
    messages(resource, 2).flat_map(|scope| messages(scope, 2))
}

/// The messages in a field, as far as the bytes can be read.
pub(super) fn messages(bytes: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || {
        while let Ok(Some((field, value))) = reader.field() {
            if let Value::Bytes(message) = value
                && field == wanted
            {
                return Some(message);
            }
        }
        None
    })
}
