//! From locations of the file to frames of the profile.

use super::PprofError;
use super::contents::Contents;
use super::dotnet_name;
use super::ids::Ids;
use super::output::Output;
use crate::wire::{Malformed, Reader, Value};
use vesta_profile::{Frame, FrameId, Mapping, StringId};

/// Turns locations into frames, each when it is first needed: files hold locations that no sample refers to.
pub(super) struct FrameReader<'a> {
    locations: Vec<&'a [u8]>,
    location_ids: Ids,
    functions: Vec<&'a [u8]>,
    function_ids: Ids,
    mappings: Vec<&'a [u8]>,
    mapping_ids: Ids,
    /// Where in `frames` those of each location are.
    places: Vec<Option<Place>>,
    frames: Vec<FrameId>,
    /// One line each, of the location at hand.
    lines: Vec<Line>,
    /// The mapping read last, by its id: most locations are in the program itself.
    mapping: (u64, Mapping),
}

/// Bytes that a mapping takes in its table.
const MAPPING_BYTES: usize = 128;

#[derive(Clone, Copy)]
struct Place {
    start: u32,
    length: u32,
}

#[derive(Clone, Copy, Default)]
struct Line {
    function: u64,
    line: u32,
}

impl<'a> FrameReader<'a> {
    pub(super) fn new(contents: &mut Contents<'a>, output: &mut Output<'a>) -> Self {
        let mut take = |what, entries: &mut Vec<&'a [u8]>| {
            let entries = std::mem::take(entries);
            let (ids, doubles) = Ids::of(&entries);
            for _ in 0..doubles.min(1) {
                output.problems.note(what, || format!("{doubles} in all"));
            }
            (entries, ids)
        };
        let (locations, location_ids) = take("locations share an id", &mut contents.locations);
        let (functions, function_ids) = take("functions share an id", &mut contents.functions);
        let (mappings, mapping_ids) = take("mappings share an id", &mut contents.mappings);
        let places = vec![None; locations.len()];
        FrameReader {
            locations,
            location_ids,
            functions,
            function_ids,
            mappings,
            mapping_ids,
            places,
            frames: Vec::new(),
            lines: Vec::new(),
            mapping: (0, Mapping::default()),
        }
    }

    /// Adds the frames of location `id`, leaf first, to `stack`.
    pub(super) fn append(
        &mut self,
        id: u64,
        stack: &mut Vec<FrameId>,
        output: &mut Output<'a>,
    ) -> Result<(), PprofError> {
        let Some(position) = self.location_ids.position(id) else {
            output
                .problems
                .note("a sample refers to a location that is not there", || format!("location {id}"));
            let function = output.profile.strings.intern("[missing location]");
            stack.push(output.profile.frames.intern(Frame { function, ..Frame::default() }));
            return Ok(());
        };
        let place = match self.places[position] {
            Some(place) => place,
            None => self.resolve(position, output)?,
        };
        let start = place.start as usize;
        stack.extend_from_slice(&self.frames[start..start + place.length as usize]);
        Ok(())
    }

    fn resolve(&mut self, position: usize, output: &mut Output<'a>) -> Result<Place, PprofError> {
        let (mut mapping, mut address) = (0, 0);
        self.lines.clear();
        let mut reader = Reader::new(self.locations[position]);
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((2, Value::Varint(id)))) => mapping = id,
                Ok(Some((3, Value::Varint(number)))) => address = number,
                Ok(Some((4, Value::Bytes(line)))) => {
                    if self.lines.len() >= output.limits.max_stack_depth {
                        output.problems.note("a location has too many lines", || format!("entry {position}"));
                        break;
                    }
                    self.lines.push(Line::read(line, output));
                }
                Ok(Some(_)) => {}
                Err(malformed) => {
                    note_broken(output, "a location cannot be read", malformed, position);
                    break;
                }
            }
        }
        if self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        if self.mapping.0 != mapping {
            self.mapping = (mapping, self.mapping(mapping, output)?);
        }
        let mapping = self.mapping.1;
        if (mapping.start..mapping.limit).contains(&address) {
            address = (address - mapping.start).wrapping_add(mapping.offset);
        }

        output.budget.take(self.lines.len() * 4)?;
        let start = self.frames.len();
        for index in 0..self.lines.len() {
            let line = self.lines[index];
            let mut frame = self.function(line.function, output)?;
            frame.line = line.line;
            frame.module = mapping.module;
            frame.build_id = mapping.build_id;
            frame.inlined = index + 1 < self.lines.len();
            if frame.function == StringId::EMPTY {
                frame.address = address;
            }
            let known = output.profile.frames.len();
            self.frames.push(output.profile.frames.intern(frame));
            output.budget.take((output.profile.frames.len() - known) * (size_of::<Frame>() + 8))?;
        }
        let (Ok(start), Ok(length)) = (u32::try_from(start), u32::try_from(self.lines.len())) else {
            return Err(PprofError::TooMany { what: "frames", limit: u32::MAX as usize });
        };
        let place = Place { start, length };
        self.places[position] = Some(place);
        Ok(place)
    }

    /// What the file says of function `id`: the parts of a frame that depend on nothing else.
    fn function(&self, id: u64, output: &mut Output<'a>) -> Result<Frame, PprofError> {
        let mut frame = Frame::default();
        let Some(position) = self.function_ids.position(id) else {
            if id != 0 {
                let what = "a line refers to a function that is not there";
                output.problems.note(what, || format!("function {id}"));
            }
            return Ok(frame);
        };
        let mut reader = Reader::new(self.functions[position]);
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((2, Value::Varint(index)))) => frame.function = output.intern(index)?,
                Ok(Some((3, Value::Varint(index)))) => frame.system_name = output.intern(index)?,
                Ok(Some((4, Value::Varint(index)))) => frame.file = output.intern(index)?,
                Ok(Some((5, Value::Varint(number)))) => frame.start_line = line_number(number),
                Ok(Some(_)) => {}
                Err(malformed) => {
                    note_broken(output, "a function cannot be read", malformed, position);
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
        if let Some(readable) = dotnet_name::readable(output.profile.strings.get(frame.function)) {
            output.budget.take(readable.len() + 16)?;
            frame.system_name = frame.function;
            frame.function = output.profile.strings.intern(&readable);
        }
        Ok(frame)
    }

    fn mapping(&self, id: u64, output: &mut Output<'a>) -> Result<Mapping, PprofError> {
        let mut mapping = Mapping::default();
        if id == 0 {
            return Ok(mapping);
        }
        let Some(position) = self.mapping_ids.position(id) else {
            let what = "a location refers to a mapping that is not there";
            output.problems.note(what, || format!("mapping {id}"));
            return Ok(mapping);
        };
        let mut reader = Reader::new(self.mappings[position]);
        loop {
            match reader.field() {
                Ok(None) => break,
                Ok(Some((2, Value::Varint(number)))) => mapping.start = number,
                Ok(Some((3, Value::Varint(number)))) => mapping.limit = number,
                Ok(Some((4, Value::Varint(number)))) => mapping.offset = number,
                Ok(Some((5, Value::Varint(index)))) => mapping.module = output.intern(index)?,
                Ok(Some((6, Value::Varint(index)))) => mapping.build_id = output.intern(index)?,
                Ok(Some(_)) => {}
                Err(malformed) => {
                    note_broken(output, "a mapping cannot be read", malformed, position);
                    break;
                }
            }
        }
        let build_id = output.profile.strings.get(mapping.build_id);
        if build_id.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let build_id = build_id.to_ascii_lowercase();
            output.budget.take(build_id.len() + 16)?;
            mapping.build_id = output.profile.strings.intern(&build_id);
        }
        if output.profile.mappings.add(mapping) {
            output.budget.take(MAPPING_BYTES)?;
        }
        Ok(mapping)
    }
}

impl Line {
    fn read(message: &[u8], output: &mut Output<'_>) -> Self {
        let mut line = Line::default();
        let mut reader = Reader::new(message);
        loop {
            match reader.field() {
                Ok(None) => return line,
                Ok(Some((1, Value::Varint(id)))) => line.function = id,
                Ok(Some((2, Value::Varint(number)))) => line.line = line_number(number),
                Ok(Some(_)) => {}
                Err(malformed) => {
                    output.problems.note("a line cannot be read", || malformed.why.to_owned());
                    return line;
                }
            }
        }
    }
}

/// The line within a number that may hold a column above it: Node packs `column << 32 | line` where a source map is
/// missing. Negative ones mean that the line is not known.
fn line_number(number: u64) -> u32 {
    if number.cast_signed() < 0 { 0 } else { u32::try_from(number & 0xffff_ffff).unwrap_or(0) }
}

fn note_broken(output: &mut Output<'_>, what: &'static str, malformed: Malformed, position: usize) {
    output.problems.note(what, || format!("entry {position}: {}", malformed.why));
}
