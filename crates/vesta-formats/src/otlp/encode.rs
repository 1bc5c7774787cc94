//! Writing OpenTelemetry profiles.

use super::schema::Table;
use crate::mappings::Addresses;
use crate::wire::{write_bytes, write_fixed64, write_number, write_varint};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use vesta_profile::{
    Frame, FrameId, LabelSetId, LabelValue, Mapping, Profile, StackId, StringId, StringTable, ValueType,
    low_64_bits,
};

/// Writes an uncompressed message of release 1.10, one OTLP profile per value type. `resource` says what was profiled:
/// `service.name`, `host.name` and the like. The same profile gives the same bytes.
///
/// What the format has no place for is left out: comments, and rows whose values are all 0. A place in a file is written
/// as the address that it had in memory where [`Profile::mappings`] tells.
pub fn encode<'a>(profile: &Profile, resource: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<u8> {
    let mut encoder = Encoder::new(profile);
    let mut attributes = Vec::new();
    for (key, value) in resource {
        let mut message = Vec::new();
        write_bytes(&mut message, 1, key.as_bytes());
        write_bytes(&mut message, 2, &resource_value(key, value));
        write_bytes(&mut attributes, 1, &message);
    }
    let mut scope = Vec::new();
    write_bytes(&mut scope, 1, b"vesta");
    write_bytes(&mut scope, 2, env!("CARGO_PKG_VERSION").as_bytes());
    let mut profiles = Vec::new();
    write_bytes(&mut profiles, 1, &scope);
    for index in 0..profile.value_types.len() {
        let message = encoder.profile(index);
        write_bytes(&mut profiles, 2, &message);
    }
    let mut resource_profiles = Vec::new();
    write_bytes(&mut resource_profiles, 1, &attributes);
    write_bytes(&mut resource_profiles, 2, &profiles);
    let mut output = Vec::new();
    write_bytes(&mut output, 1, &resource_profiles);
    write_bytes(&mut output, 2, &encoder.dictionary());
    output
}

/// Attributes of resources that are numbers by OpenTelemetry's conventions.
const NUMBERS: &[&str] = &["process.pid", "process.parent_pid"];

/// Names of labels for which OpenTelemetry has others.
const ATTRIBUTE_NAMES: &[(&str, &str)] = &[("thread name", "thread.name"), ("thread id", "thread.id")];

/// What samples that differ only in values and times share.
type Identity = (StackId, LabelSetId, u64, u64, StringId);

struct Encoder<'a> {
    profile: &'a Profile,
    addresses: Addresses,
    strings: StringTable,
    /// The tables, but for the strings: what is in them already, and their entries.
    stacks: Vec<Option<u64>>,
    label_sets: Vec<Option<Vec<u64>>>,
    tables: [TableWriter; Table::COUNT],
}

/// Entries of one table, each there once. The first says that there is none.
#[derive(Default)]
struct TableWriter {
    numbers: HashMap<Vec<u8>, u64, FixedState>,
    entries: Vec<Vec<u8>>,
}

/// Observations of one identity.
#[derive(Default)]
struct Series {
    values: Vec<i64>,
    times: Vec<u64>,
}

impl<'a> Encoder<'a> {
    fn new(profile: &'a Profile) -> Self {
        let mut tables: [TableWriter; Table::COUNT] = Default::default();
        for table in &mut tables {
            table.add(Vec::new());
        }
        // Readers may demand that ids have their full length.
        let mut no_link = Vec::new();
        write_bytes(&mut no_link, 1, &[0; 16]);
        write_bytes(&mut no_link, 2, &[0; 8]);
        let mut links = TableWriter::default();
        links.add(no_link);
        tables[Table::Links.position()] = links;
        Encoder {
            profile,
            addresses: Addresses::of(profile),
            strings: StringTable::new(),
            stacks: vec![None; profile.stacks.len()],
            label_sets: vec![None; profile.label_sets.len()],
            tables,
        }
    }

    fn profile(&mut self, index: usize) -> Vec<u8> {
        let profile = self.profile;
        let mut output = Vec::new();
        let value_type = profile.value_types.get(index).cloned().unwrap_or_default();
        write_bytes(&mut output, 1, &self.value_type(&value_type));
        for (identity, series) in self.series(index) {
            let message = self.sample(identity, &series);
            write_bytes(&mut output, 2, &message);
        }
        if let Ok(start @ 1..) = u64::try_from(profile.start_ns) {
            write_fixed64(&mut output, 3, start);
        }
        write_number(&mut output, 4, u64::try_from(profile.duration_ns).unwrap_or(0));
        if let Some(period) = &profile.period {
            write_bytes(&mut output, 5, &self.value_type(&period.value_type));
            write_number(&mut output, 6, period.value.cast_unsigned());
        }
        output
    }

    /// The samples of one value type. Those with a time and those without are apart.
    fn series(&self, index: usize) -> Vec<(Identity, Series)> {
        let samples = &self.profile.samples;
        let mut all: Vec<(Identity, Series)> = Vec::new();
        let mut known: HashMap<(Identity, bool), usize, FixedState> = HashMap::default();
        let values = samples.values.get(index).map(Vec::as_slice).unwrap_or_default();
        for (row, &value) in values.iter().enumerate().filter(|(_, value)| **value != 0) {
            let at = |column: &[u64]| column.get(row).copied().unwrap_or_default();
            let trace = samples.trace_ids.get(row).copied().unwrap_or_default();
            let identity = (
                samples.stacks[row],
                samples.labels[row],
                at(&samples.span_ids),
                at(&samples.local_root_span_ids),
                trace,
            );
            let time = samples.timestamps_ns.get(row).copied().unwrap_or_default();
            let time = u64::try_from(time).unwrap_or(0);
            let place = *known.entry((identity, time > 0)).or_insert(all.len());
            if place == all.len() {
                all.push((identity, Series::default()));
            }
            let Some((_, series)) = all.get_mut(place) else { continue };
            if time > 0 {
                series.values.push(value);
                series.times.push(time);
                continue;
            }
            match series.values.last().and_then(|sum| sum.checked_add(value)) {
                Some(sum) => series.values = vec![sum],
                None if series.values.is_empty() => series.values.push(value),
                None => {
                    known.insert((identity, false), all.len());
                    all.push((identity, Series { values: vec![value], times: Vec::new() }));
                }
            }
        }
        all
    }

    fn sample(&mut self, identity: Identity, series: &Series) -> Vec<u8> {
        let (stack, labels, span, local_root, trace) = identity;
        let mut message = Vec::new();
        write_number(&mut message, 1, self.stack(stack));
        let mut attributes = self.label_set(labels);
        if local_root != 0 {
            attributes.push(self.number_attribute("local root span id", local_root.cast_signed(), 0));
        }
        write_packed(&mut message, 2, attributes);
        let link = self.link(span, trace);
        write_number(&mut message, 3, link);
        let is_one_each = !series.times.is_empty() && series.values.iter().all(|value| *value == 1);
        if !is_one_each {
            write_packed(&mut message, 4, series.values.iter().map(|value| value.cast_unsigned()));
        }
        if !series.times.is_empty() {
            let times: Vec<u8> = series.times.iter().flat_map(|time| time.to_le_bytes()).collect();
            write_bytes(&mut message, 5, &times);
        }
        message
    }

    fn link(&mut self, span: u64, trace: StringId) -> u64 {
        if span == 0 && trace == StringId::EMPTY {
            return 0;
        }
        let mut message = Vec::new();
        write_bytes(&mut message, 1, &trace_bytes(self.profile.strings.get(trace)));
        write_bytes(&mut message, 2, &span.to_be_bytes());
        self.add(Table::Links, message)
    }

    fn stack(&mut self, stack: StackId) -> u64 {
        if let Some(Some(known)) = self.stacks.get(stack.index()) {
            return *known;
        }
        let profile = self.profile;
        let mut locations = Vec::new();
        let mut frames = profile.stacks.get(stack);
        while !frames.is_empty() {
            let inlined = frames.iter().take_while(|id| profile.frames.get(**id).inlined).count();
            let (location, rest) = frames.split_at((inlined + 1).min(frames.len()));
            locations.push(self.location(location));
            frames = rest;
        }
        let mut message = Vec::new();
        write_packed(&mut message, 1, locations);
        let number = self.add(Table::Stacks, message);
        if let Some(slot) = self.stacks.get_mut(stack.index()) {
            *slot = Some(number);
        }
        number
    }

    fn location(&mut self, frames: &[FrameId]) -> u64 {
        let profile = self.profile;
        let frames = frames.iter().map(|&id| profile.frames.get(id));
        let outermost = frames.clone().next_back().unwrap_or_default();
        let offset = frames.clone().map(|frame| frame.address).find(|&address| address != 0).unwrap_or(0);
        let found = self.addresses.locate(outermost.module, outermost.build_id, offset);
        let mut message = Vec::new();
        let address = match found {
            Some((mapping, address)) => {
                let number = self.mapping(mapping);
                write_number(&mut message, 1, number);
                address
            }
            None => offset,
        };
        write_number(&mut message, 2, address);
        // An address alone says which code it is. Without one there is a line, if an empty one: a location of which nothing
        // is known would be the first of the table, which says that there is none.
        let is_place = address != 0 && frames.len() == 1;
        for frame in frames {
            let is_named = frame.function != StringId::EMPTY;
            if is_place && !is_named && frame.file == StringId::EMPTY && frame.line == 0 {
                continue;
            }
            let function = self.function(&frame);
            let mut line = Vec::new();
            write_number(&mut line, 1, function);
            write_number(&mut line, 2, u64::from(frame.line));
            write_bytes(&mut message, 3, &line);
        }
        self.add(Table::Locations, message)
    }

    fn mapping(&mut self, mapping: Mapping) -> u64 {
        let mut message = Vec::new();
        write_number(&mut message, 1, mapping.start);
        write_number(&mut message, 2, mapping.limit);
        write_number(&mut message, 3, mapping.offset);
        let module = self.string(mapping.module);
        write_number(&mut message, 4, module);
        let build_id = self.profile.strings.get(mapping.build_id);
        if !build_id.is_empty() {
            let is_hexadecimal = build_id.bytes().all(|byte| byte.is_ascii_hexdigit());
            let kind = if is_hexadecimal { "gnu" } else { "go" };
            let attribute = self.text_attribute(&format!("process.executable.build_id.{kind}"), build_id);
            write_packed(&mut message, 5, [attribute]);
        }
        self.add(Table::Mappings, message)
    }

    fn function(&mut self, frame: &Frame) -> u64 {
        let mut message = Vec::new();
        for (field, text) in [(1, frame.function), (2, frame.system_name), (3, frame.file)] {
            let text = self.string(text);
            write_number(&mut message, field, text);
        }
        write_number(&mut message, 4, u64::from(frame.start_line));
        self.add(Table::Functions, message)
    }

    /// The attributes of a label set. A key may be there once only.
    fn label_set(&mut self, set: LabelSetId) -> Vec<u64> {
        if let Some(Some(known)) = self.label_sets.get(set.index()) {
            return known.clone();
        }
        let profile = self.profile;
        let mut attributes = Vec::new();
        let mut keys = Vec::new();
        for label in profile.label_sets.get(set) {
            if keys.contains(&label.key) {
                continue;
            }
            keys.push(label.key);
            let key = profile.strings.get(label.key);
            let key =
                ATTRIBUTE_NAMES.iter().find(|(name, _)| *name == key).map_or(key, |(_, attribute)| attribute);
            attributes.push(match label.value {
                LabelValue::Text(text) => self.text_attribute(key, profile.strings.get(text)),
                LabelValue::Number(number, unit) => {
                    let unit = self.string(unit);
                    self.number_attribute(key, number, unit)
                }
            });
        }
        if let Some(slot) = self.label_sets.get_mut(set.index()) {
            *slot = Some(attributes.clone());
        }
        attributes
    }

    fn text_attribute(&mut self, key: &str, value: &str) -> u64 {
        self.attribute(key, &text_value(value), 0)
    }

    fn number_attribute(&mut self, key: &str, number: i64, unit: u64) -> u64 {
        self.attribute(key, &number_value(number), unit)
    }

    fn attribute(&mut self, key: &str, value: &[u8], unit: u64) -> u64 {
        let mut message = Vec::new();
        let key = self.text(key);
        write_number(&mut message, 1, key);
        write_bytes(&mut message, 2, value);
        write_number(&mut message, 3, unit);
        self.add(Table::Attributes, message)
    }

    fn value_type(&mut self, value_type: &ValueType) -> Vec<u8> {
        let (name, unit) = (self.text(&value_type.name), self.text(&value_type.unit));
        let mut message = Vec::new();
        write_number(&mut message, 1, name);
        write_number(&mut message, 2, unit);
        message
    }

    fn text(&mut self, text: &str) -> u64 {
        u64::from(self.strings.intern(text).0)
    }

    fn string(&mut self, id: StringId) -> u64 {
        let text = self.profile.strings.get(id);
        u64::from(self.strings.intern(text).0)
    }

    fn add(&mut self, table: Table, entry: Vec<u8>) -> u64 {
        self.tables[table.position()].add(entry)
    }

    fn dictionary(self) -> Vec<u8> {
        let mut output = Vec::new();
        for table in Table::ALL {
            if table == Table::Strings {
                for text in self.strings.iter() {
                    write_bytes(&mut output, table.field(), text.as_bytes());
                }
                continue;
            }
            for entry in &self.tables[table.position()].entries {
                write_bytes(&mut output, table.field(), entry);
            }
        }
        output
    }
}

impl TableWriter {
    fn add(&mut self, entry: Vec<u8>) -> u64 {
        let next = self.entries.len() as u64;
        match self.numbers.get(&entry) {
            Some(&known) => known,
            None => {
                self.numbers.insert(entry.clone(), next);
                self.entries.push(entry);
                next
            }
        }
    }
}

/// An `AnyValue` of text.
fn text_value(text: &str) -> Vec<u8> {
    let mut value = Vec::new();
    write_bytes(&mut value, 1, text.as_bytes());
    value
}

/// An `AnyValue` of a number.
fn number_value(number: i64) -> Vec<u8> {
    let mut value = Vec::new();
    write_varint(&mut value, 3 << 3);
    write_varint(&mut value, number.cast_unsigned());
    value
}

/// The value of an attribute of a resource.
fn resource_value(key: &str, value: &str) -> Vec<u8> {
    match value.parse() {
        Ok(number) if NUMBERS.contains(&key) => number_value(number),
        _ => text_value(value),
    }
}

/// Adds packed numbers, unless there are none.
fn write_packed(output: &mut Vec<u8>, field: u64, numbers: impl IntoIterator<Item = u64>) {
    let mut packed = Vec::new();
    for number in numbers {
        write_varint(&mut packed, number);
    }
    if !packed.is_empty() {
        write_bytes(output, field, &packed);
    }
}

/// A trace id of 128 bits, of which other profilers know 64 only.
fn trace_bytes(text: &str) -> [u8; 16] {
    let number = match text.len() {
        32 => u128::from_str_radix(text, 16).ok(),
        _ => low_64_bits(text).map(u128::from),
    };
    number.unwrap_or(0).to_be_bytes()
}
