//! Symbolizer to bytes.

use hashbrown::HashMap;

use super::{HEADER, MAGIC, NONE, VERSION};
use crate::elf::ElfFile;
use crate::symbol::Symbol;
use crate::symbolizer::Symbolizer;

/// Asks the symbolizer at every address where its answer may change. What lies 4 GiB or more after the first function
/// is left out; no executable has that much code.
#[must_use]
pub fn encode(elf: &ElfFile, symbolizer: &Symbolizer) -> Vec<u8> {
    let boundaries = symbolizer.boundaries();
    let base = boundaries.first().copied().unwrap_or(0);
    let mut tables = Tables::new();
    let mut symbols = Vec::new();
    for address in boundaries {
        let Ok(start) = u32::try_from(address - base) else { break };
        symbols.clear();
        symbolizer.resolve(address, &mut symbols);
        tables.add_row(start, &symbols);
    }
    tables.write(elf, base)
}

struct Tables {
    starts: Vec<u32>,
    row_places: Vec<u32>,
    places: Interned<[u32; 4]>,
    functions: Interned<[u32; 3]>,
    strings: HashMap<String, u32, foldhash::fast::RandomState>,
    ends: Vec<u32>,
    text: Vec<u8>,
}

impl Tables {
    fn new() -> Self {
        let mut tables = Self {
            starts: Vec::new(),
            row_places: Vec::new(),
            places: Interned::default(),
            functions: Interned::default(),
            strings: HashMap::default(),
            ends: Vec::new(),
            text: Vec::new(),
        };
        tables.string("");
        tables
    }

    fn add_row(&mut self, start: u32, symbols: &[Symbol]) {
        let mut place = NONE;
        for symbol in symbols.iter().rev() {
            let function =
                [self.string(&symbol.function), self.string(&symbol.system_name), symbol.start_line];
            let function = self.functions.number(function);
            let file = self.string(&symbol.file);
            place = self.places.number([place, function, file, symbol.line]);
        }
        // The same as before goes on, and before the first function there is nothing anyway.
        if self.row_places.last().copied().unwrap_or(NONE) == place {
            return;
        }
        self.starts.push(start);
        self.row_places.push(place);
    }

    fn string(&mut self, string: &str) -> u32 {
        if let Some(number) = self.strings.get(string) {
            return *number;
        }
        let (Ok(number), Ok(end)) =
            (u32::try_from(self.ends.len()), u32::try_from(self.text.len() + string.len()))
        else {
            return 0;
        };
        self.strings.insert(string.to_owned(), number);
        self.ends.push(end);
        self.text.extend_from_slice(string.as_bytes());
        number
    }

    fn write(self, elf: &ElfFile, base: u64) -> Vec<u8> {
        let build_id = elf.build_id().unwrap_or_default();
        let segments = elf.segments();
        let counts = [
            build_id.len(),
            segments.len(),
            self.starts.len(),
            self.places.all.len(),
            self.functions.all.len(),
            self.ends.len(),
            self.text.len(),
        ];
        let mut out =
            Vec::with_capacity(HEADER + self.starts.len() * 8 + self.places.all.len() * 16 + self.text.len());
        out.extend_from_slice(MAGIC);
        put(&mut out, &[VERSION]);
        put(&mut out, &counts.map(|count| u32::try_from(count).unwrap_or(0)));
        out.extend_from_slice(&base.to_le_bytes());
        for segment in segments {
            let executable = u64::from(segment.executable);
            for value in [segment.offset, segment.file_size, segment.address, segment.memory_size, executable]
            {
                out.extend_from_slice(&value.to_le_bytes());
            }
        }
        put(&mut out, &self.starts);
        put(&mut out, &self.row_places);
        put(&mut out, self.places.all.as_flattened());
        put(&mut out, self.functions.all.as_flattened());
        put(&mut out, &self.ends);
        out.extend_from_slice(build_id.as_bytes());
        out.extend_from_slice(&self.text);
        out
    }
}

/// Each value once, known by its number.
struct Interned<T> {
    all: Vec<T>,
    numbers: HashMap<T, u32, foldhash::fast::RandomState>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { all: Vec::new(), numbers: HashMap::default() }
    }
}

impl<T: Copy + Eq + std::hash::Hash> Interned<T> {
    fn number(&mut self, value: T) -> u32 {
        let next = u32::try_from(self.all.len()).unwrap_or(NONE);
        let number = *self.numbers.entry(value).or_insert(next);
        if number == next {
            self.all.push(value);
        }
        number
    }
}

fn put(out: &mut Vec<u8>, values: &[u32]) {
    out.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}
