//! Writing pprof.

use crate::mappings::Addresses;
use crate::wire::{write_bytes, write_number, write_varint};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use std::hash::Hash;
use vesta_profile::{
    Frame, FrameId, LabelSetId, LabelValue, Mapping, Profile, StackId, StringId, StringTable, ValueType,
};

/// Writes an uncompressed pprof. The same profile gives the same bytes.
///
/// Everything that the model holds comes back when the bytes are decoded, with one exception: text labels that are
/// empty cannot be told from the number 0 and say nothing, so they are left out.
///
/// A place in a file is written as the address that it had in memory where [`Profile::mappings`] tells, so that other
/// tools find its name; else as it is, in a mapping of the whole file from address 0 on.
pub fn encode(profile: &Profile) -> Vec<u8> {
    let mut encoder = Encoder::new(profile);
    let mut output = Vec::new();
    for value_type in &profile.value_types {
        let message = encoder.value_type(value_type);
        write_bytes(&mut output, 1, &message);
    }
    encoder.samples(&mut output);
    let comments: Vec<u64> = profile.comments.iter().map(|text| encoder.text(text)).collect();
    let period = profile.period.as_ref().map(|period| (encoder.value_type(&period.value_type), period.value));

    for mapping in encoder.mappings() {
        write_bytes(&mut output, 3, &mapping);
    }
    for location in &encoder.location_messages {
        write_bytes(&mut output, 4, location);
    }
    for (number, function) in encoder.functions.iter() {
        write_bytes(&mut output, 5, &function.message(number));
    }
    for text in encoder.strings.iter() {
        write_bytes(&mut output, 6, text.as_bytes());
    }
    write_number(&mut output, 9, profile.start_ns.cast_unsigned());
    write_number(&mut output, 10, profile.duration_ns.cast_unsigned());
    if let Some((value_type, value)) = period {
        write_bytes(&mut output, 11, &value_type);
        write_number(&mut output, 12, value.cast_unsigned());
    }
    for comment in comments {
        // Written even if it is string 0, the empty comment.
        write_varint(&mut output, 13 << 3);
        write_varint(&mut output, comment);
    }
    output
}

struct Encoder<'a> {
    profile: &'a Profile,
    strings: StringTable,
    /// The number of each string of the profile in `strings`, plus 1; 0 until it is used.
    texts: Vec<u32>,
    functions: Numbered<Function>,
    mappings: Numbered<Mapping>,
    addresses: Addresses,
    /// By their frames: one, or several of which all but the last are inlined.
    locations: HashMap<&'a [FrameId], u64, FixedState>,
    location_messages: Vec<Vec<u8>>,
    /// Whether any frame of a mapping has a function: only then Go's pprof does not go looking for names.
    mapping_has_functions: Vec<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Function {
    name: u64,
    system_name: u64,
    file: u64,
    start_line: u32,
}

/// Things numbered from 1 in the order in which they first come.
struct Numbered<T> {
    numbers: HashMap<T, u64, FixedState>,
    order: Vec<T>,
}

impl<'a> Encoder<'a> {
    fn new(profile: &'a Profile) -> Self {
        Encoder {
            addresses: Addresses::of(profile),
            profile,
            strings: StringTable::new(),
            texts: vec![0; profile.strings.len()],
            functions: Numbered::new(),
            mappings: Numbered::new(),
            locations: HashMap::default(),
            location_messages: Vec::new(),
            mapping_has_functions: Vec::new(),
        }
    }

    fn samples(&mut self, output: &mut Vec<u8>) {
        let samples = &self.profile.samples;
        let mut stacks: Vec<Option<Vec<u8>>> = vec![None; self.profile.stacks.len()];
        let mut label_sets: Vec<Option<Vec<u8>>> = vec![None; self.profile.label_sets.len()];
        let keys = ["end_timestamp_ns", "span id", "local root span id", "trace id"];
        let [timestamp, span, local_root, trace] = keys;
        let (mut message, mut values) = (Vec::new(), Vec::new());
        for row in 0..samples.len() {
            message.clear();
            let stack = samples.stacks[row];
            if let Some(slot) = stacks.get_mut(stack.index()) {
                let packed = slot.get_or_insert_with(|| self.stack(stack));
                if !packed.is_empty() {
                    write_bytes(&mut message, 1, packed);
                }
            }
            values.clear();
            for column in &samples.values {
                write_varint(&mut values, column[row].cast_unsigned());
            }
            write_bytes(&mut message, 2, &values);
            let set = samples.labels[row];
            if let Some(slot) = label_sets.get_mut(set.index()) {
                message.extend_from_slice(slot.get_or_insert_with(|| self.label_set(set)));
            }
            let at = |column: &[u64]| column.get(row).copied().unwrap_or_default();
            let time = samples.timestamps_ns.get(row).copied().unwrap_or_default();
            self.number_label(&mut message, timestamp, time.cast_unsigned());
            self.number_label(&mut message, span, at(&samples.span_ids));
            self.number_label(&mut message, local_root, at(&samples.local_root_span_ids));
            let trace_id = samples.trace_ids.get(row).copied().unwrap_or_default();
            if trace_id != StringId::EMPTY {
                let (key, text) = (self.text(trace), self.string(trace_id));
                write_label(&mut message, [key, text, 0, 0]);
            }
            write_bytes(output, 2, &message);
        }
    }

    /// The location numbers of a stack, packed.
    fn stack(&mut self, stack: StackId) -> Vec<u8> {
        let mut packed = Vec::new();
        let mut frames = self.profile.stacks.get(stack);
        while !frames.is_empty() {
            let inlined = frames.iter().take_while(|id| self.profile.frames.get(**id).inlined).count();
            let (location, rest) = frames.split_at((inlined + 1).min(frames.len()));
            let number = self.location(location);
            write_varint(&mut packed, number);
            frames = rest;
        }
        packed
    }

    fn location(&mut self, frames: &'a [FrameId]) -> u64 {
        if let Some(&number) = self.locations.get(frames) {
            return number;
        }
        let number = self.location_messages.len() as u64 + 1;
        self.locations.insert(frames, number);
        let mut message = Vec::new();
        write_number(&mut message, 1, number);
        let frames = frames.iter().map(|&id| self.profile.frames.get(id));
        let outermost = frames.clone().next_back().unwrap_or_default();
        let offset = frames.clone().map(|frame| frame.address).find(|&address| address != 0);
        let (mapping, address) = self.mapping(&outermost, offset.unwrap_or_default());
        write_number(&mut message, 2, mapping);
        write_number(&mut message, 3, address);
        let several = frames.len() > 1;
        for frame in frames {
            let named = frame.function != StringId::EMPTY;
            if !named && frame.file == StringId::EMPTY && frame.line == 0 && !several {
                continue;
            }
            if let Some(has) = usize::try_from(mapping)
                .ok()
                .and_then(|number| self.mapping_has_functions.get_mut(number.checked_sub(1)?))
            {
                *has |= named;
            }
            let function = self.function(&frame);
            let mut line = Vec::new();
            write_number(&mut line, 1, function);
            write_number(&mut line, 2, u64::from(frame.line));
            write_bytes(&mut message, 4, &line);
        }
        self.location_messages.push(message);
        number
    }

    fn function(&mut self, frame: &Frame) -> u64 {
        let name = self.string(frame.function);
        let system_name =
            if frame.system_name == StringId::EMPTY { frame.function } else { frame.system_name };
        let system_name = self.string(system_name);
        let file = self.string(frame.file);
        self.functions.add(Function { name, system_name, file, start_line: frame.start_line })
    }

    /// The number of the mapping of a frame, 0 if it has none, and the address in memory of a place in its file.
    fn mapping(&mut self, frame: &Frame, offset: u64) -> (u64, u64) {
        let found = self.addresses.locate(frame.module, frame.build_id, offset);
        let Some((mapping, address)) = found else { return (0, offset) };
        let number = self.mappings.add(mapping);
        self.mapping_has_functions.resize(self.mappings.order.len(), false);
        (number, address)
    }

    /// The mappings that frames refer to. Those whose place in memory is not known map their file from address 0 on, so
    /// that the addresses of frames stay as they are.
    fn mappings(&mut self) -> Vec<Vec<u8>> {
        let mappings = std::mem::take(&mut self.mappings.order);
        let flags = std::mem::take(&mut self.mapping_has_functions);
        let message = |((number, mapping), has): ((u64, Mapping), bool)| {
            let mut message = Vec::new();
            write_number(&mut message, 1, number);
            write_number(&mut message, 2, mapping.start);
            write_number(&mut message, 3, mapping.limit);
            write_number(&mut message, 4, mapping.offset);
            let (module, build_id) = (self.string(mapping.module), self.string(mapping.build_id));
            write_number(&mut message, 5, module);
            write_number(&mut message, 6, build_id);
            for field in [7, 8, 9] {
                write_number(&mut message, field, u64::from(has));
            }
            message
        };
        (1..).zip(mappings).zip(flags).map(message).collect()
    }

    fn label_set(&mut self, set: LabelSetId) -> Vec<u8> {
        let mut output = Vec::new();
        for label in self.profile.label_sets.get(set) {
            let key = self.string(label.key);
            match label.value {
                LabelValue::Text(StringId::EMPTY) => {}
                LabelValue::Text(text) => {
                    let text = self.string(text);
                    write_label(&mut output, [key, text, 0, 0]);
                }
                LabelValue::Number(number, unit) => {
                    let unit = self.string(unit);
                    write_label(&mut output, [key, 0, number.cast_unsigned(), unit]);
                }
            }
        }
        output
    }

    fn number_label(&mut self, message: &mut Vec<u8>, key: &str, number: u64) {
        if number != 0 {
            let key = self.text(key);
            write_label(message, [key, 0, number, 0]);
        }
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

    /// The number in the file of a string of the profile.
    fn string(&mut self, id: StringId) -> u64 {
        match self.texts.get_mut(id.index()) {
            Some(0) => {
                let number = self.strings.intern(self.profile.strings.get(id)).0;
                self.texts[id.index()] = number + 1;
                u64::from(number)
            }
            Some(number) => u64::from(*number - 1),
            None => 0,
        }
    }
}

impl Function {
    fn message(self, number: u64) -> Vec<u8> {
        let mut message = Vec::new();
        write_number(&mut message, 1, number);
        write_number(&mut message, 2, self.name);
        write_number(&mut message, 3, self.system_name);
        write_number(&mut message, 4, self.file);
        write_number(&mut message, 5, u64::from(self.start_line));
        message
    }
}

impl<T: Copy + Eq + Hash> Numbered<T> {
    fn new() -> Self {
        Numbered { numbers: HashMap::default(), order: Vec::new() }
    }

    fn add(&mut self, thing: T) -> u64 {
        let next = self.order.len() as u64 + 1;
        let number = *self.numbers.entry(thing).or_insert(next);
        if number == next {
            self.order.push(thing);
        }
        number
    }

    fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        (1..).zip(&self.order)
    }
}

fn write_label(output: &mut Vec<u8>, [key, text, number, unit]: [u64; 4]) {
    let mut message = Vec::new();
    write_number(&mut message, 1, key);
    write_number(&mut message, 2, text);
    write_number(&mut message, 3, number);
    write_number(&mut message, 4, unit);
    write_bytes(output, 3, &message);
}
