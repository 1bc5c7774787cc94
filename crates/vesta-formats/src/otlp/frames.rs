//! From locations of the dictionary to frames, and from stacks to stacks.

use super::OtlpError;
use super::attributes::AttributeReader;
use super::output::Output;
use super::schema::Table;
use crate::wire::{Malformed, Reader, Value};
use vesta_profile::{Frame, FrameId, Mapping, StackId, StringId};

/// Turns stacks of the dictionary into stacks of the profile, each when it is first needed.
pub(super) struct StackReader {
    stacks: Vec<Option<StackId>>,
    /// Where in `frames` those of each location are.
    places: Vec<Option<(u32, u32)>>,
    frames: Vec<FrameId>,
    mappings: Vec<Option<Mapping>>,
    stack: Vec<FrameId>,
    lines: Vec<Line>,
}

/// Bytes that a mapping takes in its table.
const MAPPING_BYTES: usize = 128;

#[derive(Clone, Copy, Default)]
struct Line {
    function: u64,
    line: u32,
}

/// What a location says.
#[derive(Default)]
struct Location {
    /// The index of its mapping.
    mapping: Option<u64>,
    address: u64,
    /// `native`, `kernel`, `cpython`, ...; empty if it does not say.
    frame_type: String,
}

impl StackReader {
    pub(super) fn new(output: &Output<'_, '_>) -> Self {
        let entries = |table| output.dictionary.table(table).len();
        StackReader {
            stacks: vec![None; entries(Table::Stacks)],
            places: vec![None; entries(Table::Locations)],
            frames: Vec::new(),
            mappings: vec![None; entries(Table::Mappings)],
            stack: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// A stack of the dictionary.
    pub(super) fn stack<'a>(
        &mut self,
        index: u64,
        attributes: &AttributeReader<'a>,
        output: &mut Output<'a, '_>,
    ) -> Result<StackId, OtlpError> {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        match self.stacks.get(position) {
            Some(Some(stack)) => return Ok(*stack),
            Some(None) => {}
            None => {
                if index != 0 {
                    let what = "a sample refers to a stack that is not there";
                    output.problems.note(what, || format!("stack {index}"));
                }
                return Ok(StackId::EMPTY);
            }
        }
        let entry = output.dictionary.entry(Table::Stacks, index).unwrap_or_default();
        let mut locations = Vec::new();
        let mut reader = Reader::new(entry);
        let most = output.limits.max_stack_depth;
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((1, value))) => collect(value, most + 1, &mut locations, output),
                Ok(Some(_)) => {}
                Err(malformed) => {
                    note(output, "a stack cannot be read", malformed, index);
                    break;
                }
            }
        }
        let stack = self.locations(&locations, attributes, output)?;
        if let Some(slot) = self.stacks.get_mut(position) {
            *slot = Some(stack);
        }
        Ok(stack)
    }

    /// The stack of these locations, leaf first.
    pub(super) fn locations<'a>(
        &mut self,
        locations: &[u64],
        attributes: &AttributeReader<'a>,
        output: &mut Output<'a, '_>,
    ) -> Result<StackId, OtlpError> {
        self.stack.clear();
        let limit = output.limits.max_stack_depth;
        for &location in locations {
            if self.stack.len() > limit {
                break;
            }
            self.append(location, attributes, output)?;
        }
        if self.stack.len() > limit {
            let what = "a stack is too deep, its root end is cut off";
            output.problems.note(what, || format!("more than {limit} frames"));
            self.stack.truncate(limit.saturating_sub(1));
            self.stack.push(named("[truncated stack]", output)?);
        }
        let stacks = &mut output.profile.stacks;
        let known = stacks.len();
        let stack = stacks.intern(&self.stack);
        if stacks.len() > known {
            output.budget.take(self.stack.len() * size_of::<FrameId>() + 12)?;
        }
        Ok(stack)
    }

    /// Adds the frames of a location, leaf first, to the stack at hand.
    fn append<'a>(
        &mut self,
        index: u64,
        attributes: &AttributeReader<'a>,
        output: &mut Output<'a, '_>,
    ) -> Result<(), OtlpError> {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        let (start, length) = match self.places.get(position) {
            Some(Some(place)) => *place,
            Some(None) => self.resolve(index, position, attributes, output)?,
            None => {
                let what = "a stack refers to a location that is not there";
                output.problems.note(what, || format!("location {index}"));
                self.stack.push(named("[missing location]", output)?);
                return Ok(());
            }
        };
        let frames = self.frames.get(start as usize..start as usize + length as usize);
        self.stack.extend_from_slice(frames.unwrap_or_default());
        Ok(())
    }

    fn resolve<'a>(
        &mut self,
        index: u64,
        position: usize,
        attributes: &AttributeReader<'a>,
        output: &mut Output<'a, '_>,
    ) -> Result<(u32, u32), OtlpError> {
        let location = self.location(index, attributes, output);
        let mut mapping = match location.mapping {
            Some(index) => self.mapping(index, attributes, output)?,
            None => Mapping::default(),
        };
        let address = place_in_file(&location, &mapping);
        if location.frame_type == "kernel" {
            mapping.module = kernel_module(mapping.module, output)?;
        }
        let unnamed = self.lines.is_empty();
        if unnamed {
            self.lines.push(Line::default());
        }
        output.budget.take(self.lines.len() * 4)?;
        let start = self.frames.len();
        for position in 0..self.lines.len() {
            let line = self.lines[position];
            // Release 1.7 may have a function where later ones say that there is none.
            let mut frame = if unnamed { Frame::default() } else { function(line.function, output)? };
            frame.line = line.line;
            frame.module = mapping.module;
            frame.build_id = mapping.build_id;
            frame.inlined = position + 1 < self.lines.len();
            if frame.function == StringId::EMPTY {
                match stand_in(&location) {
                    Some(name) if unnamed => frame.function = output.intern_text(&name)?,
                    _ => frame.address = address,
                }
            }
            let known = output.profile.frames.len();
            self.frames.push(output.profile.frames.intern(frame));
            output.budget.take((output.profile.frames.len() - known) * (size_of::<Frame>() + 8))?;
        }
        let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(self.lines.len())) else {
            return Err(OtlpError::TooMany { what: "frames", limit: u32::MAX as usize });
        };
        if let Some(slot) = self.places.get_mut(position) {
            *slot = Some((start, length));
        }
        Ok((start, length))
    }

    /// Reads a location; its lines go into `self.lines`.
    fn location<'a>(
        &mut self,
        index: u64,
        attributes: &AttributeReader<'a>,
        output: &mut Output<'a, '_>,
    ) -> Location {
        let mut location = Location::default();
        self.lines.clear();
        let entry = output.dictionary.entry(Table::Locations, index).unwrap_or_default();
        let most = output.limits.max_labels_per_sample;
        let mut indices = Vec::new();
        let mut reader = Reader::new(entry);
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((1, Value::Varint(mapping)))) => location.mapping = Some(mapping),
                Ok(Some((2, Value::Varint(address)))) => location.address = address,
                Ok(Some((3, Value::Bytes(line)))) => {
                    if self.lines.len() >= output.limits.max_stack_depth {
                        output.problems.note("a location has too many lines", || format!("location {index}"));
                        break;
                    }
                    self.lines.push(Line::read(line, output));
                }
                // Release 1.7 has its attributes one field later, after a flag.
                Ok(Some((4 | 5, value @ Value::Bytes(_)))) => collect(value, most, &mut indices, output),
                Ok(Some(_)) => {}
                Err(malformed) => {
                    note(output, "a location cannot be read", malformed, index);
                    break;
                }
            }
        }
        for index in indices {
            if let Some(attribute) = attributes.attribute(index, output)
                && attribute.key == "profile.frame.type"
            {
                location.frame_type = attribute.value.to_text(output.dictionary).into_owned();
            }
        }
        location
    }

    fn mapping<'a>(
        &mut self,
        index: u64,
        attributes: &AttributeReader<'a>,
        output: &mut Output<'a, '_>,
    ) -> Result<Mapping, OtlpError> {
        let position = usize::try_from(index).unwrap_or(usize::MAX);
        match self.mappings.get(position) {
            Some(Some(mapping)) => return Ok(*mapping),
            Some(None) => {}
            None => {
                if index != 0 {
                    let what = "a location refers to a mapping that is not there";
                    output.problems.note(what, || format!("mapping {index}"));
                }
                return Ok(Mapping::default());
            }
        }
        let mapping = read_mapping(index, attributes, output)?;
        if output.profile.mappings.add(mapping) {
            output.budget.take(MAPPING_BYTES)?;
        }
        if let Some(slot) = self.mappings.get_mut(position) {
            *slot = Some(mapping);
        }
        Ok(mapping)
    }
}

impl Line {
    fn read(message: &[u8], output: &mut Output<'_, '_>) -> Self {
        let mut line = Line::default();
        let mut reader = Reader::new(message);
        loop {
            match reader.field() {
                Ok(None) => return line,
                Ok(Some((1, Value::Varint(index)))) => line.function = index,
                Ok(Some((2, Value::Varint(number)))) => line.line = u32::try_from(number).unwrap_or(0),
                Ok(Some(_)) => {}
                Err(malformed) => {
                    output.problems.note("a line cannot be read", || malformed.why.to_owned());
                    return line;
                }
            }
        }
    }
}

/// Adds numbers, packed or not, as long as there are fewer than `most`.
pub(super) fn collect(value: Value<'_>, most: usize, numbers: &mut Vec<u64>, output: &mut Output<'_, '_>) {
    match value {
        Value::Varint(number) if numbers.len() < most => numbers.push(number),
        Value::Bytes(packed) => {
            let mut reader = Reader::new(packed);
            while reader.left() > 0 && numbers.len() < most {
                match reader.varint() {
                    Ok(number) => numbers.push(number),
                    Err(malformed) => {
                        output.problems.note("a list cannot be read", || malformed.why.to_owned());
                        break;
                    }
                }
            }
        }
        _ => {}
    }
}

fn read_mapping<'a>(
    index: u64,
    attributes: &AttributeReader<'a>,
    output: &mut Output<'a, '_>,
) -> Result<Mapping, OtlpError> {
    let mut mapping = Mapping::default();
    let entry = output.dictionary.entry(Table::Mappings, index).unwrap_or_default();
    let most = output.limits.max_labels_per_sample;
    let mut indices = Vec::new();
    let mut reader = Reader::new(entry);
    loop {
        match reader.field() {
            Ok(None) => break,
            Ok(Some((1, Value::Varint(number)))) => mapping.start = number,
            Ok(Some((2, Value::Varint(number)))) => mapping.limit = number,
            Ok(Some((3, Value::Varint(number)))) => mapping.offset = number,
            Ok(Some((4, Value::Varint(string)))) => mapping.module = output.intern(string)?,
            Ok(Some((5, value))) => collect(value, most, &mut indices, output),
            Ok(Some(_)) => {}
            Err(malformed) => {
                note(output, "a mapping cannot be read", malformed, index);
                break;
            }
        }
    }
    let mut build_id = String::new();
    let mut rank = usize::MAX;
    for index in indices {
        let Some(attribute) = attributes.attribute(index, output) else { continue };
        let key = attribute.key;
        if let Some(found) = BUILD_IDS.iter().position(|known| *known == key)
            && found < rank
        {
            build_id = attribute.value.to_text(output.dictionary).to_ascii_lowercase();
            rank = found;
        }
    }
    mapping.build_id = output.intern_text(&build_id)?;
    Ok(mapping)
}

/// Attributes that tell which build of a file a mapping is of, the best first: the linker's id is the one under which
/// symbols are kept everywhere, the profilers' hash of parts of the file is there for all files.
const BUILD_IDS: &[&str] = &[
    "process.executable.build_id.gnu",
    "process.executable.build_id.go",
    "process.executable.build_id.htlhash",
    "process.executable.build_id.profiling",
];

/// The place in its file of an address that is within the mapping; other addresses stay as they are.
fn place_in_file(location: &Location, mapping: &Mapping) -> u64 {
    if (mapping.start..mapping.limit).contains(&location.address) {
        (location.address - mapping.start).wrapping_add(mapping.offset)
    } else {
        location.address
    }
}

/// A name for a frame that has none, where an address could never get one.
fn stand_in(location: &Location) -> Option<String> {
    match location.frame_type.as_str() {
        // The profiler gave up here.
        "abort-marker" => Some("[incomplete]".to_owned()),
        "" | "native" | "kernel" | "go" | "unknown" => None,
        // The number is a line in an unknown file.
        interpreter if location.mapping.is_none_or(|index| index == 0) => Some(format!("[{interpreter}]")),
        _ => None,
    }
}

/// The module of code of the kernel, by a name that tells it: profilers name modules of the kernel without an ending.
fn kernel_module(module: StringId, output: &mut Output<'_, '_>) -> Result<StringId, OtlpError> {
    let name = output.profile.strings.get(module).to_owned();
    let base = name.rsplit('/').next().unwrap_or_default();
    let tells =
        name.starts_with('[') || base.starts_with("vmlinux") || base.contains(".ko") || name == "kernel";
    match name.as_str() {
        "" => output.intern_text("[kernel]"),
        _ if tells => Ok(module),
        _ => output.intern_text(&format!("{name}.ko")),
    }
}

/// What the dictionary says of a function: the parts of a frame that depend on nothing else.
fn function(index: u64, output: &mut Output<'_, '_>) -> Result<Frame, OtlpError> {
    let mut frame = Frame::default();
    let Some(entry) = output.dictionary.entry(Table::Functions, index) else {
        if index != 0 {
            output
                .problems
                .note("a line refers to a function that is not there", || format!("function {index}"));
        }
        return Ok(frame);
    };
    let mut reader = Reader::new(entry);
    loop {
        match reader.field() {
            Ok(None) => break,
            Ok(Some((1, Value::Varint(string)))) => frame.function = output.intern(string)?,
            Ok(Some((2, Value::Varint(string)))) => frame.system_name = output.intern(string)?,
            Ok(Some((3, Value::Varint(string)))) => frame.file = output.intern(string)?,
            Ok(Some((4, Value::Varint(number)))) => frame.start_line = u32::try_from(number).unwrap_or(0),
            Ok(Some(_)) => {}
            Err(malformed) => {
                note(output, "a function cannot be read", malformed, index);
                break;
            }
        }
    }
    if frame.function == StringId::EMPTY {
        frame.function = frame.system_name;
    }
    if frame.system_name == frame.function {
        frame.system_name = StringId::EMPTY;
    }
    Ok(frame)
}

fn named(name: &str, output: &mut Output<'_, '_>) -> Result<FrameId, OtlpError> {
    let function = output.intern_text(name)?;
    Ok(output.profile.frames.intern(Frame { function, ..Frame::default() }))
}

fn note(output: &mut Output<'_, '_>, what: &'static str, malformed: Malformed, index: u64) {
    output.problems.note(what, || format!("entry {index}: {}", malformed.why));
}
