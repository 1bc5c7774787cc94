//! From attributes of the dictionary to labels.

use super::OtlpError;
use super::any_value::{AnyValue, key_value};
use super::output::Output;
use super::release::Release;
use super::resource::Resource;
use super::schema::Table;
use crate::wire::{Reader, Value};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::borrow::Cow;
use vesta_profile::{Label, LabelSetId, LabelValue, StringId};

/// Names of attributes for which other profilers' labels have a name of their own.
const LABEL_NAMES: &[(&str, &str)] = &[("thread.name", "thread name"), ("thread.id", "thread id")];

/// The label that is a column of its own. OpenTelemetry has no attribute for it.
const LOCAL_ROOT_SPAN: &str = "local root span id";

/// What the attributes of a sample say.
#[derive(Clone, Copy, Default)]
pub(super) struct SampleLabels {
    pub(super) set: LabelSetId,
    pub(super) local_root_span_id: u64,
}

/// What tells processes apart, in the order in which it is shown.
const OF_PROCESSES: &[&str] =
    &["service.name", "host.name", "container.id", "process.executable.name", "process.pid"];

/// Reads lists of attributes as label sets. A list seen before, byte for byte, is found by its bytes alone.
pub(super) struct AttributeReader<'a> {
    release: Release,
    /// The label of each attribute, once it is known.
    labels: Vec<Option<Label>>,
    /// Units by key, which release 1.7 keeps apart.
    units: HashMap<Cow<'a, str>, u64, FixedState>,
    known: HashMap<&'a [u8], SampleLabels, FixedState>,
    /// Labels that all samples of the resource at hand get.
    of_resource: Vec<Label>,
    set: Vec<Label>,
}

/// One attribute of the dictionary.
pub(super) struct Attribute<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) value: AnyValue<'a>,
    pub(super) unit: u64,
}

impl<'a> AttributeReader<'a> {
    pub(super) fn new(release: Release, output: &Output<'a, '_>) -> Self {
        let dictionary = output.dictionary;
        let mut units = HashMap::default();
        if release == Release::V1_7 {
            for entry in dictionary.table(Table::Stacks) {
                let [key, unit] = two_numbers(entry);
                units.insert(dictionary.text(key), unit);
            }
        }
        AttributeReader {
            release,
            labels: vec![None; dictionary.table(Table::Attributes).len()],
            units,
            known: HashMap::default(),
            of_resource: Vec::new(),
            set: Vec::new(),
        }
    }

    /// Begins with another resource, whose attributes its samples get where they tell processes apart.
    pub(super) fn resource(
        &mut self,
        resource: &Resource,
        is_one_of_many: bool,
        output: &mut Output<'a, '_>,
    ) -> Result<(), OtlpError> {
        self.known.clear();
        self.of_resource.clear();
        for key in OF_PROCESSES.iter().filter(|_| is_one_of_many) {
            if let Some(value) = resource.get(key) {
                let (key, value) = (output.intern_text(key)?, output.intern_text(value)?);
                self.of_resource.push(Label { key, value: LabelValue::Text(value) });
            }
        }
        Ok(())
    }

    /// The labels of packed indices.
    pub(super) fn packed(
        &mut self,
        bytes: &'a [u8],
        output: &mut Output<'a, '_>,
    ) -> Result<SampleLabels, OtlpError> {
        if let Some(&known) = self.known.get(bytes) {
            return Ok(known);
        }
        let mut indices = Vec::new();
        let mut reader = Reader::new(bytes);
        while reader.left() > 0 && indices.len() <= output.limits.max_labels_per_sample {
            match reader.varint() {
                Ok(index) => indices.push(index),
                Err(malformed) => {
                    output.problems.note("attributes cannot be read", || malformed.why.to_owned());
                    break;
                }
            }
        }
        let labels = self.loose(&indices, output)?;
        output.budget.take(48)?;
        self.known.insert(bytes, labels);
        Ok(labels)
    }

    /// The labels of indices that were not packed, or came in pieces.
    pub(super) fn loose(
        &mut self,
        indices: &[u64],
        output: &mut Output<'a, '_>,
    ) -> Result<SampleLabels, OtlpError> {
        self.set.clear();
        self.set.extend_from_slice(&self.of_resource);
        let mut local_root_span_id = 0;
        for &index in indices {
            if self.set.len() >= output.limits.max_labels_per_sample {
                output.problems.note("a sample has too many attributes", || format!("{}", indices.len()));
                break;
            }
            let Some(label) = self.label(index, output)? else { continue };
            if let LabelValue::Number(span, _) = label.value
                && output.profile.strings.get(label.key) == LOCAL_ROOT_SPAN
            {
                local_root_span_id = span.cast_unsigned();
                continue;
            }
            match self.set.iter_mut().find(|known| known.key == label.key) {
                // What a sample says of its process goes before what its resource says.
                Some(known) => *known = label,
                None => self.set.push(label),
            }
        }
        let sets = &mut output.profile.label_sets;
        let known = sets.len();
        let set = sets.intern(&self.set);
        if sets.len() > known {
            output.budget.take(self.set.len() * size_of::<Label>() + 12)?;
        }
        Ok(SampleLabels { set, local_root_span_id })
    }

    fn label(&mut self, index: u64, output: &mut Output<'a, '_>) -> Result<Option<Label>, OtlpError> {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        match self.labels.get(position) {
            Some(Some(label)) => return Ok(Some(*label).filter(has_key)),
            Some(None) => {}
            None => {
                let what = "an attribute is referred to that is not there";
                output.problems.note(what, || format!("attribute {index}"));
                return Ok(None);
            }
        }
        let Some(attribute) = self.attribute(index, output) else { return Ok(None) };
        let key = LABEL_NAMES.iter().find(|(name, _)| *name == attribute.key).map(|(_, label)| *label);
        let key = output.intern_text(key.unwrap_or(&attribute.key))?;
        let value = match attribute.value {
            AnyValue::Integer(number) => LabelValue::Number(number, output.intern(attribute.unit)?),
            other => LabelValue::Text(output.intern_text(&other.to_text(output.dictionary))?),
        };
        let label = Label { key, value };
        if let Some(slot) = self.labels.get_mut(position) {
            *slot = Some(label);
        }
        Ok(Some(label).filter(has_key))
    }

    /// An attribute of the dictionary.
    pub(super) fn attribute(&self, index: u64, output: &Output<'a, '_>) -> Option<Attribute<'a>> {
        let dictionary = output.dictionary;
        let entry = dictionary.entry(Table::Attributes, index)?;
        if self.release == Release::V1_7 {
            let (key, value) = key_value(entry, dictionary);
            let unit = self.units.get(&key).copied().unwrap_or_default();
            return Some(Attribute { key, value, unit });
        }
        Some(key_value_and_unit(entry, dictionary))
    }
}

/// The first attribute of a table is there to say that there is none; before release 1.8 it may be one like others.
fn has_key(label: &Label) -> bool {
    label.key != StringId::EMPTY
}

/// Reads an entry of the table of attributes, since release 1.8.
pub(super) fn key_value_and_unit<'a>(
    entry: &'a [u8],
    dictionary: &super::contents::Dictionary<'a>,
) -> Attribute<'a> {
    let mut attribute = Attribute { key: Cow::Borrowed(""), value: AnyValue::Empty, unit: 0 };
    let mut reader = Reader::new(entry);
    while let Ok(Some((field, value))) = reader.field() {
        match (field, value) {
            (1, Value::Varint(index)) => attribute.key = dictionary.text(index),
            (2, Value::Bytes(message)) => attribute.value = AnyValue::read(message, dictionary),
            (3, Value::Varint(index)) => attribute.unit = index,
            _ => {}
        }
    }
    attribute
}

/// The numbers in fields 1 and 2.
pub(super) fn two_numbers(message: &[u8]) -> [u64; 2] {
    let mut numbers = [0; 2];
    let mut reader = Reader::new(message);
    while let Ok(Some((field, value))) = reader.field() {
        match (field, value) {
            (1, Value::Varint(number)) => numbers[0] = number,
            (2, Value::Varint(number)) => numbers[1] = number,
            _ => {}
        }
    }
    numbers
}
