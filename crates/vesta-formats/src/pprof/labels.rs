//! Labels of samples: those that most samples share, and those that differ from sample to sample.

use super::PprofError;
use super::output::Output;
use super::wire::{Reader, Value};
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use vesta_profile::{Label, LabelSetId, LabelSetTable, LabelValue, StringId};

/// Labels that become columns of their own, since hardly two samples share them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Timestamp,
    Span,
    LocalRootSpan,
    Trace,
}

const COLUMNS: [(&[u8], Column); 4] = [
    (b"end_timestamp_ns", Column::Timestamp),
    (b"span id", Column::Span),
    (b"local root span id", Column::LocalRootSpan),
    (b"trace id", Column::Trace),
];

/// A label as the file has it; texts are indices of strings.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
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
pub(super) struct LabelReader {
    /// The column that a key stands for, by the index of its string; empty if no key does.
    columns: Vec<Option<Column>>,
    /// Label sets seen before, by what the file has: places in `labels`.
    known: HashTable<KnownSet>,
    labels: Vec<RawLabel>,
    hasher: FixedState,
    sample: SampleLabels,
    current: Vec<RawLabel>,
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
            known: HashTable::new(),
            labels: Vec::new(),
            hasher: FixedState::default(),
            sample: SampleLabels::default(),
            current: Vec::new(),
            set: Vec::new(),
            blank_seen: false,
        }
    }

    /// Takes in one label of the sample at hand.
    #[inline]
    pub(super) fn read(&mut self, message: &[u8], output: &mut Output<'_>) -> Result<(), PprofError> {
        let mut label = RawLabel::default();
        let mut reader = Reader::new(message);
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((1, Value::Varint(index)))) => label.key = index,
                Ok(Some((2, Value::Varint(index)))) => label.text = index,
                Ok(Some((3, Value::Varint(number)))) => label.number = number.cast_signed(),
                Ok(Some((4, Value::Varint(index)))) => label.unit = index,
                Ok(Some(_)) => {}
                Err(malformed) => {
                    output.problems.note("a label cannot be read", || malformed.why.to_owned());
                    return Ok(());
                }
            }
        }
        let column = usize::try_from(label.key).ok().and_then(|key| *self.columns.get(key)?);
        if let Some(column) = column
            && self.set_column(column, label, output)?
        {
            return Ok(());
        }
        if self.current.len() < output.limits.max_labels_per_sample {
            self.current.push(label);
        } else {
            let limit = output.limits.max_labels_per_sample;
            output.problems.note("a sample has too many labels", || format!("more than {limit}"));
        }
        Ok(())
    }

    /// What the labels of the sample at hand say; the next one read is of the next sample.
    #[inline]
    pub(super) fn finish(&mut self, output: &mut Output<'_>) -> Result<SampleLabels, PprofError> {
        let mut sample = std::mem::take(&mut self.sample);
        if self.current.is_empty() {
            return Ok(sample);
        }
        let hash = self.hasher.hash_one(&self.current[..]);
        let (labels, current) = (&self.labels, &self.current);
        sample.set = match self.known.find(hash, |known| known.of(labels) == &current[..]) {
            Some(known) => known.set,
            None => self.intern(hash, output)?,
        };
        self.current.clear();
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
        output.budget.take(self.labels.len() * size_of::<Label>())?;
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

    /// Puts a label into its column. False if it does not fit there and is an ordinary label after all.
    fn set_column(
        &mut self,
        column: Column,
        label: RawLabel,
        output: &mut Output<'_>,
    ) -> Result<bool, PprofError> {
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

    fn intern(&mut self, hash: u64, output: &mut Output<'_>) -> Result<LabelSetId, PprofError> {
        self.set.clear();
        for raw in &self.current {
            let value = match raw.text {
                0 => LabelValue::Number(raw.number, output.intern(raw.unit)?),
                text => LabelValue::Text(output.intern(text)?),
            };
            self.blank_seen |= value == LabelValue::Number(0, StringId::EMPTY);
            self.set.push(Label { key: output.intern(raw.key)?, value });
        }
        let added = self.current.len() * (size_of::<RawLabel>() + size_of::<Label>()) + 48;
        output.budget.take(added)?;
        let set = output.profile.label_sets.intern(&self.set);
        let (Ok(start), Ok(length)) = (u32::try_from(self.labels.len()), u32::try_from(self.current.len()))
        else {
            return Err(PprofError::TooMany { what: "labels", limit: u32::MAX as usize });
        };
        self.labels.extend_from_slice(&self.current);
        let (labels, hasher) = (&self.labels, &self.hasher);
        self.known
            .insert_unique(hash, KnownSet { start, length, set }, |known| hasher.hash_one(known.of(labels)));
        Ok(set)
    }
}

impl KnownSet {
    fn of(self, labels: &[RawLabel]) -> &[RawLabel] {
        &labels[self.start as usize..][..self.length as usize]
    }
}

/// A string as a decimal number of 64 bits; empty text is 0.
fn decimal(strings: &[&[u8]], index: u64) -> Option<u64> {
    let text = strings.get(usize::try_from(index).ok()?)?;
    if text.is_empty() {
        return Some(0);
    }
    let text = std::str::from_utf8(text).ok()?;
    text.parse().ok().or_else(|| text.parse::<i64>().ok().map(i64::cast_unsigned))
}
