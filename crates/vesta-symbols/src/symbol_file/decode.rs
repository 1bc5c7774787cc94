//! Bytes to answers. Nothing is unpacked: a lookup is a binary search in the bytes.

use bytes::Bytes;

use super::{FUNCTION, HEADER, MAGIC, NONE, PLACE, SEGMENT, VERSION};
use crate::elf::{Segment, address_of_offset};
use crate::little_endian::{index, u32_at, u64_at};
use crate::symbol::Symbol;

const MAX_BUILD_ID: usize = 256;
const MAX_SEGMENTS: usize = 1 << 16;
/// As deep as the symbolizer goes, and one more for the function itself.
const MAX_INLINED: usize = 257;

/// Why bytes are not a symbol file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SymbolFileError {
    /// It is something else.
    #[error("no symbol file: it does not start with VESTASYM")]
    NotASymbolFile,
    /// It was written by a later Vesta.
    #[error("a symbol file of version {0}; known is 1")]
    Version(u32),
    /// Its tables do not add up to its size.
    #[error("a symbol file of {found} bytes, where its tables have {expected}")]
    Size {
        /// What its header says.
        expected: usize,
        /// What it has.
        found: usize,
    },
    /// Its header cannot be right.
    #[error("a damaged symbol file: {0}")]
    Malformed(&'static str),
}

/// Answers as the symbolizer it was made of.
#[derive(Debug, Clone)]
pub struct SymbolFile {
    bytes: Bytes,
    build_id: String,
    segments: Vec<Segment>,
    base: u64,
    rows: usize,
    places: Table,
    functions: Table,
    strings: Table,
    /// Where tables start.
    starts_at: usize,
    row_places_at: usize,
    text_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Table {
    at: usize,
    count: usize,
}

impl SymbolFile {
    /// Checks the header. Answers of damaged tables are wrong or missing, and nothing else.
    pub fn decode(bytes: Bytes) -> Result<Self, SymbolFileError> {
        if !bytes.starts_with(MAGIC) {
            return Err(SymbolFileError::NotASymbolFile);
        }
        let short = SymbolFileError::Size { expected: HEADER, found: bytes.len() };
        let version = u32_at(&bytes, 8).ok_or(short)?;
        if version != VERSION {
            return Err(SymbolFileError::Version(version));
        }
        let counts =
            counts_of(&bytes).ok_or(SymbolFileError::Size { expected: HEADER, found: bytes.len() })?;
        let [build_id, segments, rows, places, functions, strings, text] = counts;
        if build_id > MAX_BUILD_ID || segments > MAX_SEGMENTS {
            return Err(SymbolFileError::Malformed("a build id beyond 256 bytes, or beyond 65,536 segments"));
        }
        let mut end = Some(HEADER);
        let mut table = |count: usize, size: usize| {
            let at = end.unwrap_or(0);
            end = count.checked_mul(size).and_then(|bytes| end?.checked_add(bytes));
            Table { at, count }
        };
        let segments = table(segments, SEGMENT);
        let starts = table(rows, 4);
        let row_places = table(rows, 4);
        let places = table(places, PLACE);
        let functions = table(functions, FUNCTION);
        let strings = table(strings, 4);
        let build_id = table(build_id, 1);
        let text = table(text, 1);
        let expected = end.ok_or(SymbolFileError::Malformed("tables beyond 64 bits"))?;
        if expected != bytes.len() {
            return Err(SymbolFileError::Size { expected, found: bytes.len() });
        }
        let build_id = std::str::from_utf8(&bytes[build_id.at..build_id.at + build_id.count])
            .map_err(|_| SymbolFileError::Malformed("a build id that is no text"))?
            .to_owned();
        Ok(Self {
            build_id,
            segments: segments_of(&bytes[segments.at..starts.at]),
            base: u64_at(&bytes, HEADER - 8).unwrap_or(0),
            rows,
            places,
            functions,
            strings,
            starts_at: starts.at,
            row_places_at: row_places.at,
            text_at: text.at,
            bytes,
        })
    }

    /// The build id of the file it is about.
    #[must_use]
    pub fn build_id(&self) -> &str {
        &self.build_id
    }

    /// The segments of the file it is about.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// How many functions it knows.
    #[must_use]
    pub fn functions(&self) -> usize {
        self.functions.count
    }

    /// How many bytes it holds.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.bytes.len() + self.segments.len() * size_of::<Segment>()
    }

    /// Adds the functions at an offset in the file it is about, innermost first.
    pub fn resolve_offset(&self, offset: u64, out: &mut Vec<Symbol>) {
        if let Some(address) = address_of_offset(&self.segments, offset) {
            self.resolve(address, out);
        }
    }

    /// Adds the functions at an address as the file it is about states it, innermost first.
    pub fn resolve(&self, address: u64, out: &mut Vec<Symbol>) {
        let Some(mut place) = self.row_place(address) else { return };
        for _ in 0..MAX_INLINED {
            let Some(caller) = self.add_place(place, out) else { return };
            // Callers come first, so that damage cannot lead in circles.
            if caller >= place {
                return;
            }
            place = caller;
        }
    }

    fn row_place(&self, address: u64) -> Option<u32> {
        let wanted = u32::try_from(address.checked_sub(self.base)?).ok()?;
        let (mut low, mut high) = (0, self.rows);
        while low < high {
            let middle = low + (high - low) / 2;
            if u32_at(&self.bytes, self.starts_at + middle * 4)? <= wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let place = u32_at(&self.bytes, self.row_places_at + low.checked_sub(1)? * 4)?;
        (place != NONE).then_some(place)
    }

    /// Adds the function of a place. Says where it was called when it is inlined.
    fn add_place(&self, place: u32, out: &mut Vec<Symbol>) -> Option<u32> {
        let at = self.places.entry(place, PLACE)?;
        let caller = u32_at(&self.bytes, at)?;
        let function = self.functions.entry(u32_at(&self.bytes, at + 4)?, FUNCTION)?;
        out.push(Symbol {
            function: self.string(u32_at(&self.bytes, function)?)?.to_owned(),
            system_name: self.string(u32_at(&self.bytes, function + 4)?)?.to_owned(),
            file: self.string(u32_at(&self.bytes, at + 8)?)?.to_owned(),
            line: u32_at(&self.bytes, at + 12)?,
            start_line: u32_at(&self.bytes, function + 8)?,
            inlined: caller != NONE,
        });
        (caller != NONE).then_some(caller)
    }

    fn string(&self, number: u32) -> Option<&str> {
        let end = u32_at(&self.bytes, self.strings.entry(number, 4)?)?;
        let start = match number.checked_sub(1) {
            Some(before) => u32_at(&self.bytes, self.strings.entry(before, 4)?)?,
            None => 0,
        };
        let text = self.bytes.get(self.text_at..)?;
        std::str::from_utf8(text.get(index(start.into())?..index(end.into())?)?).ok()
    }
}

impl Table {
    fn entry(self, number: u32, size: usize) -> Option<usize> {
        let number = index(number.into()).filter(|number| *number < self.count)?;
        Some(self.at + number * size)
    }
}

fn counts_of(bytes: &[u8]) -> Option<[usize; 7]> {
    let mut counts = [0; 7];
    for (at, count) in counts.iter_mut().enumerate() {
        *count = index(u32_at(bytes, 12 + at * 4)?.into())?;
    }
    // The address of the first row ends the header.
    u64_at(bytes, HEADER - 8).map(|_| counts)
}

fn segments_of(bytes: &[u8]) -> Vec<Segment> {
    let segment = |bytes: &[u8]| {
        Some(Segment {
            offset: u64_at(bytes, 0)?,
            file_size: u64_at(bytes, 8)?,
            address: u64_at(bytes, 16)?,
            memory_size: u64_at(bytes, 24)?,
            executable: u64_at(bytes, 32)? != 0,
        })
    };
    bytes.chunks_exact(SEGMENT).filter_map(segment).collect()
}
