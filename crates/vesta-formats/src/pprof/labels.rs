//! Labels of samples: those that most samples share, and those that differ from sample to sample.

use super::PprofError;
use super::output::Output;
use crate::wire::{Malformed, Reader, Value};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::ops::Range;
use vesta_profile::{Label, LabelSetId, LabelSetTable, LabelValue, StringId};

/// Labels that become columns of their own, since hardly two samples share them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Timestamp,
    Span,
    LocalRootSpan,
    Trace,
}

/// How many label sets there is room for from the start: growing on the way shows in small files.
const PRESIZED: usize = 256;

const COLUMNS: [(&[u8], Column); 4] = [
    (b"end_timestamp_ns", Column::Timestamp),
    (b"span id", Column::Span),
    (b"local root span id", Column::LocalRootSpan),
    (b"trace id", Column::Trace),
];

/// A label as the file has it; texts are indices of strings.
#[derive(Clone, Copy, Default)]
struct RawLabel {
    key: u64,
    text: u64,
    number: i64,
    unit: u64,
}

/// What the labels of one sample say.
#[derive(Clone, Copy, Default)]
pub(super) struct SampleLabels {
    pub(super) set: LabelSetId,
    pub(super) timestamp_ns: i64,
    pub(super) span_id: u64,
    pub(super) local_root_span_id: u64,
    pub(super) trace_id: StringId,
}

/// Reads the labels of one sample after another.
///
/// Labels that are not columns are not even read, as long as they were seen before: their bytes name the label set.
/// In a minute of Python, 45,643 samples have 2,696 different sets.
pub(super) struct LabelReader {
    /// The column that a key stands for, by the index of its string.
    columns: Vec<Option<Column>>,
    /// Label sets by the bytes of their labels: places in `bytes`.
    known: HashTable<KnownSet>,
    bytes: Vec<u8>,
    hasher: FixedState,
    /// What the sample at hand says so far.
    sample: SampleLabels,
    /// The labels of the sample at hand that are no columns: the last unbroken run within its message, and copies of
    /// those before it.
    run: Range<usize>,
    before: Vec<u8>,
    set: Vec<Label>,
    /// Whether a label has neither text nor a number other than 0.
    blank_seen: bool,
}

#[derive(Clone, Copy)]
struct KnownSet {
    start: u32,
    length: u32,
    set: LabelSetId,
}

impl LabelReader {
    pub(super) fn new(output: &Output<'_>) -> Self {
        let column_of =
            |text: &&[u8]| COLUMNS.iter().find(|(name, _)| name == text).map(|&(_, column)| column);
        LabelReader {
            columns: output.strings().iter().map(column_of).collect(),
            known: HashTable::with_capacity(PRESIZED),
            bytes: Vec::new(),
            hasher: FixedState::default(),
            sample: SampleLabels::default(),
            run: 0..0,
            before: Vec::new(),
            set: Vec::new(),
            blank_seen: false,
        }
    }

    /// Takes in one label of the sample at hand: `label`, which is the field at `place` of `message`.
    #[inline(always)]
    pub(super) fn read(
        &mut self,
        message: &[u8],
        place: Range<usize>,
        label: &[u8],
        output: &mut Output<'_>,
    ) -> Result<(), PprofError> {
        if let Some(column) = self.column(label)
            && self.set_column(column, label, output)?
        {
            return Ok(());
        }
        if self.run.end == place.start {
            self.run.end = place.end;
        } else {
            self.before.extend_from_slice(message.get(self.run.clone()).unwrap_or_default());
            self.run = place;
        }
        Ok(())
    }

    /// What the labels of the sample at hand say; the next one read is of the next sample.
    #[inline(always)]
    pub(super) fn finish(
        &mut self,
        message: &[u8],
        output: &mut Output<'_>,
    ) -> Result<SampleLabels, PprofError> {
        let mut sample = std::mem::take(&mut self.sample);
        let run = message.get(std::mem::take(&mut self.run)).unwrap_or_default();
        sample.set = if self.before.is_empty() {
            self.set_of(run, output)?
        } else {
            let mut labels = std::mem::take(&mut self.before);
            labels.extend_from_slice(run);
            let set = self.set_of(&labels, output)?;
            labels.clear();
            self.before = labels;
            set
        };
        Ok(sample)
    }

    /// Ends with the last sample. A label with neither text nor number may be an empty text or the number 0, for the
    /// wire format writes neither. If its key has text elsewhere, it was an empty text and says nothing: left out.
    pub(super) fn settle(self, output: &mut Output<'_>) -> Result<(), PprofError> {
        if !self.blank_seen {
            return Ok(());
        }
        let profile = &mut output.profile;
        let mut has_text = vec![false; profile.strings.len()];
        let old = std::mem::take(&mut profile.label_sets);
        let sets = (0_u32..).map(LabelSetId).take(old.len());
        for label in sets.clone().flat_map(|id| old.get(id)) {
            has_text[label.key.index()] |= matches!(label.value, LabelValue::Text(_));
        }
        // As large as the one before at most, and that one goes when it is done: not counted twice.
        let mut new = LabelSetTable::new();
        let mut renamed = Vec::with_capacity(old.len());
        let mut kept = Vec::new();
        for id in sets {
            kept.clear();
            kept.extend(old.get(id).iter().filter(|label| {
                let blank = label.value == LabelValue::Number(0, StringId::EMPTY);
                !(blank && has_text[label.key.index()])
            }));
            renamed.push(new.intern(&kept));
        }
        for id in &mut profile.samples.labels {
            *id = renamed[id.index()];
        }
        profile.label_sets = new;
        Ok(())
    }

    /// The column that a label stands for, if any.
    #[inline(always)]
    fn column(&self, label: &[u8]) -> Option<Column> {
        let key = match label {
            // The key first, below 128 or below 16,384: what every client writes.
            [0x08, key, ..] if *key < 0x80 => usize::from(*key),
            [0x08, low, high, ..] if *high < 0x80 => usize::from(*low & 0x7f) | usize::from(*high) << 7,
            _ => usize::try_from(RawLabel::read(label).ok()?.key).ok()?,
        };
        *self.columns.get(key)?
    }

    /// Puts a label into its column. False if it does not fit there and is an ordinary label after all.
    #[inline]
    fn set_column(
        &mut self,
        column: Column,
        label: &[u8],
        output: &mut Output<'_>,
    ) -> Result<bool, PprofError> {
        let Ok(label) = RawLabel::read(label) else { return Ok(false) };
        if column == Column::Trace {
            self.sample.trace_id = match (label.text, label.number) {
                (0, 0) => StringId::EMPTY,
                (0, number) => {
                    output.budget.take(40)?;
                    output.profile.strings.intern(&number.cast_unsigned().to_string())
                }
                (text, _) => output.intern(text)?,
            };
            return Ok(true);
        }
        // Numbers are 64 bits without a sign, in two's complement; some clients write them as text instead.
        let number = match label.text {
            0 => Some(label.number.cast_unsigned()),
            text => decimal(output.strings(), text),
        };
        let Some(number) = number else {
            output.problems.note("an id or a time is not a number", || format!("string {}", label.text));
            return Ok(false);
        };
        match column {
            Column::Timestamp => self.sample.timestamp_ns = number.cast_signed(),
            Column::Span => self.sample.span_id = number,
            Column::LocalRootSpan => self.sample.local_root_span_id = number,
            Column::Trace => {}
        }
        Ok(true)
    }

    #[inline]
    fn set_of(&mut self, labels: &[u8], output: &mut Output<'_>) -> Result<LabelSetId, PprofError> {
        if labels.is_empty() {
            return Ok(LabelSetId::EMPTY);
        }
        let hash = self.hasher.hash_one(labels);
        match self.known.find(hash, |known| known.of(&self.bytes) == labels) {
            Some(known) => Ok(known.set),
            None => self.intern(labels, hash, output),
        }
    }

    #[cold]
    fn intern(
        &mut self,
        labels: &[u8],
        hash: u64,
        output: &mut Output<'_>,
    ) -> Result<LabelSetId, PprofError> {
        self.set.clear();
        let mut reader = Reader::new(labels);
        while let Ok(Some((_, Value::Bytes(label)))) = reader.field() {
            if self.set.len() >= output.limits.max_labels_per_sample {
                let limit = output.limits.max_labels_per_sample;
                output.problems.note("a sample has too many labels", || format!("more than {limit}"));
                break;
            }
            let raw = match RawLabel::read(label) {
                Ok(raw) => raw,
                Err(malformed) => {
                    output.problems.note("a label cannot be read", || malformed.why.to_owned());
                    continue;
                }
            };
            let value = match raw.text {
                0 => LabelValue::Number(raw.number, output.intern(raw.unit)?),
                text => LabelValue::Text(output.intern(text)?),
            };
            self.blank_seen |= value == LabelValue::Number(0, StringId::EMPTY);
            self.set.push(Label { key: output.intern(raw.key)?, value });
        }
        let added = labels.len() + self.set.len() * size_of::<Label>() + 2 * size_of::<KnownSet>() + 16;
        output.budget.take(added)?;
        let set = output.profile.label_sets.intern(&self.set);
        let (Ok(start), Ok(length)) = (u32::try_from(self.bytes.len()), u32::try_from(labels.len())) else {
            return Err(PprofError::TooMany { what: "labels", limit: u32::MAX as usize });
        };
        self.bytes.extend_from_slice(labels);
        let (bytes, hasher) = (&self.bytes, &self.hasher);
        self.known
            .insert_unique(hash, KnownSet { start, length, set }, |known| hasher.hash_one(known.of(bytes)));
        Ok(set)
    }
}

impl KnownSet {
    #[inline]
    fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes.get(start..start + self.length as usize).unwrap_or_default()
    }
}

impl RawLabel {
    #[inline]
    fn read(message: &[u8]) -> Result<Self, Malformed> {
        let mut label = RawLabel::default();
        let mut reader = Reader::new(message);
        while let Some((field, value)) = reader.field()? {
            match (field, value) {
                (1, Value::Varint(index)) => label.key = index,
                (2, Value::Varint(index)) => label.text = index,
                (3, Value::Varint(number)) => label.number = number.cast_signed(),
                (4, Value::Varint(index)) => label.unit = index,
                _ => {}
            }
        }
        Ok(label)
    }
}

/// A string as a decimal number of 64 bits, with or without a sign; empty text is 0.
fn decimal(strings: &[&[u8]], index: u64) -> Option<u64> {
    let text = *strings.get(usize::try_from(index).ok()?)?;
    let (digits, negative) = match text {
        [b'-', digits @ ..] => (digits, true),
        digits => (digits, false),
    };
    let (groups, rest) = digits.as_chunks::<8>();
    let mut number = 0_u64;
    for group in groups {
        number = number.checked_mul(100_000_000)?.checked_add(eight_digits(u64::from_le_bytes(*group))?)?;
    }
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        if digit > 9 {
            return None;
        }
    }
    Some(if negative { number.wrapping_neg() } else { number })
}

/// Eight digits at once, the first in the lowest byte: pairs, then pairs of pairs, then both halves.
fn eight_digits(text: u64) -> Option<u64> {
    const LOW: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    // A byte is a digit if its upper half is 3, also after 6 more than it.
    if text & !LOW != ZEROS || text.wrapping_add(0x0606_0606_0606_0606) & !LOW != ZEROS {
        return None;
    }
    let digits = text & LOW;
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_reads_as_the_standard_library_reads_it() {
        let mut texts: Vec<String> =
            ["0", "9", "00000000", "12345678901", "18446744073709551615"].map(Into::into).into();
        texts.extend((0..64).map(|bits| (u64::MAX >> bits).to_string()));
        for text in texts {
            assert_eq!(decimal(&[text.as_bytes()], 0), text.parse().ok(), "{text}");
            // One wrong byte, anywhere.
            for position in 0..text.len() {
                for wrong in [b'/', b':', b'a', 0, 0xff] {
                    let mut bytes = text.clone().into_bytes();
                    bytes[position] = wrong;
                    assert_eq!(decimal(&[&bytes], 0), None, "{text} with {wrong} at {position}");
                }
            }
        }
        assert_eq!(decimal(&[b"-2"], 0), Some(u64::MAX - 1));
        assert_eq!(decimal(&[b"18446744073709551616"], 0), None);
        assert_eq!(decimal(&[b""], 0), Some(0));
        assert_eq!(decimal(&[], 0), None);
    }
}
