//! `jit-PID.dump`, the file of JIT compilers that knows lines and code that moves: perf's jitdump, version 1.
//! Written by V8 (`--perf-prof`), LLVM, Wasmtime, CPython (`-X perf_jit`), .NET and libperf-jvmti.

use crate::code_map::CodeMap;
use crate::jit_name;
use crate::little_endian::{index, size, text_at, u32_at, u64_at};
use crate::problem::Problem;
use crate::symbol::Symbol;

const MAGIC: u32 = 0x4a69_5444;
const VERSION: u32 = 1;
const HEADER: usize = 40;
const RECORD: usize = 16;

const LOAD: u32 = 0;
const MOVE: u32 = 1;
const DEBUG_INFO: u32 = 2;
const CLOSE: u32 = 3;

/// A record holds the code of one function; V8's builtins come as one of 2 MiB.
const MAX_RECORD: usize = 64 << 20;
const MAX_FUNCTIONS: usize = 1 << 20;
/// The most that names and lines take.
const MAX_MEMORY: usize = 256 << 20;

/// The functions of a JIT compiler. Where two claim an address, the later record is right.
#[derive(Debug, Default)]
pub struct JitDump {
    functions: CodeMap<Function>,
    memory: usize,
    /// Lines of the function that the next record loads.
    pending: Option<Lines>,
    /// The start of what is not there yet.
    rest: Vec<u8>,
    state: State,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    BeforeHeader,
    Records,
    /// The compiler has ended, or what follows cannot be told apart.
    Ended,
}

#[derive(Debug)]
struct Function {
    name: Box<str>,
    /// By address from the start of the function.
    lines: Vec<Line>,
    files: Vec<Box<str>>,
}

#[derive(Debug)]
struct Lines {
    code: u64,
    lines: Vec<(u64, Line)>,
    files: Vec<Box<str>>,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    offset: u32,
    line: u32,
    file: u32,
}

impl JitDump {
    /// Reads a whole file.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Self, Vec<Problem>) {
        let mut dump = Self::default();
        let mut problems = dump.append(bytes);
        if !dump.rest.is_empty() && dump.state != State::Ended {
            problems.push(Problem::new(format!("{} bytes at the end are no whole record", dump.rest.len())));
        }
        (dump, problems)
    }

    /// Adds what was written since: the bytes of the file after those that were passed before. A record that is not
    /// complete waits for its rest.
    pub fn append(&mut self, bytes: &[u8]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let held = std::mem::take(&mut self.rest);
        let joined;
        let mut bytes = bytes;
        if !held.is_empty() {
            joined = [&held, bytes].concat();
            bytes = &joined;
        }
        while self.state != State::Ended {
            match self.step(bytes) {
                Ok(Some(used)) => bytes = bytes.get(used..).unwrap_or_default(),
                Ok(None) => {
                    self.rest = bytes.to_vec();
                    break;
                }
                Err(problem) => {
                    self.state = State::Ended;
                    problems.push(problem);
                }
            }
        }
        problems
    }

    /// The name of the function at an address, as the compiler wrote it.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<&str> {
        self.functions.find(address).map(|(_, function)| &*function.name)
    }

    /// Adds the function at an address, with its file and line.
    pub fn resolve(&self, address: u64, out: &mut Vec<Symbol>) {
        let Some((start, function)) = self.functions.find(address) else { return };
        let mut symbol = jit_name::symbol(&function.name);
        let offset = u32::try_from(address - start).unwrap_or(u32::MAX);
        let after = function.lines.partition_point(|line| line.offset <= offset);
        if let Some(line) = after.checked_sub(1).and_then(|at| function.lines.get(at)) {
            symbol.line = line.line;
            let file = index(line.file.into()).and_then(|file| function.files.get(file));
            symbol.file = file.map(ToString::to_string).unwrap_or_default();
        }
        out.push(symbol);
    }

    /// How many functions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes it holds.
    #[must_use]
    pub fn heap_size(&self) -> usize {
        self.memory + self.rest.capacity()
    }

    /// Reads the header or one record. Says how many bytes that took; `None` when it is not complete.
    fn step(&mut self, bytes: &[u8]) -> Result<Option<usize>, Problem> {
        if self.state == State::BeforeHeader {
            return self.read_header(bytes);
        }
        let (Some(kind), Some(length)) = (u32_at(bytes, 0), u32_at(bytes, 4)) else { return Ok(None) };
        let length = index(length.into()).filter(|length| (RECORD..=MAX_RECORD).contains(length));
        let Some(length) = length else {
            return Err(Problem::new("a record that is shorter than its header, or longer than 64 MiB"));
        };
        let Some(record) = bytes.get(..length) else { return Ok(None) };
        match kind {
            LOAD => self.load(record),
            MOVE => self.relocate(record),
            DEBUG_INFO => self.debug_info(record),
            CLOSE => {
                self.state = State::Ended;
                Some(())
            }
            // How to unwind, and what later versions add.
            _ => Some(()),
        };
        Ok(Some(length))
    }

    fn read_header(&mut self, bytes: &[u8]) -> Result<Option<usize>, Problem> {
        if bytes.len() < HEADER {
            return Ok(None);
        }
        if u32_at(bytes, 0) != Some(MAGIC) {
            return Err(Problem::new("no jitdump of a little-endian machine: it does not start with DTiJ"));
        }
        if u32_at(bytes, 4) != Some(VERSION) {
            return Err(Problem::new("a jitdump of another version than 1"));
        }
        let length = u32_at(bytes, 8).and_then(|length| index(length.into())).unwrap_or(0);
        if !(HEADER..=4096).contains(&length) {
            return Err(Problem::new("a jitdump whose header is shorter than 40 or longer than 4,096 bytes"));
        }
        if bytes.len() < length {
            return Ok(None);
        }
        self.state = State::Records;
        Ok(Some(length))
    }

    /// pid, tid, address, address of the code, its size, its number; the name and the code follow.
    fn load(&mut self, record: &[u8]) -> Option<()> {
        let (start, length) = (u64_at(record, 32)?, u64_at(record, 40)?);
        let name = String::from_utf8_lossy(text_at(record, 56)?).into_owned();
        let pending = self.pending.take().filter(|pending| pending.code == start);
        let (lines, files) = pending.map_or_else(Default::default, |pending| pending.relative_to(start));
        self.insert(start, length, Function { name: name.into_boxed_str(), lines, files });
        Some(())
    }

    /// pid, tid, address, old and new address of the code, its size, its number.
    fn relocate(&mut self, record: &[u8]) -> Option<()> {
        let (old, new) = (u64_at(record, 32)?, u64_at(record, 40)?);
        let (range, function) = self.functions.remove(old)?;
        self.memory -= function.memory();
        self.insert(new, range.end - range.start, function);
        Some(())
    }

    /// Address of the code and count; then address, line, discriminator and file of each entry.
    fn debug_info(&mut self, record: &[u8]) -> Option<()> {
        let (code, count) = (u64_at(record, 16)?, u64_at(record, 24)?);
        let mut lines = Lines { code, lines: Vec::new(), files: Vec::new() };
        let mut at = 32;
        while size(lines.lines.len()) < count {
            let (Some(address), Some(line)) = (u64_at(record, at), u32_at(record, at + 8)) else { break };
            let Some(name) = text_at(record, at + 16) else { break };
            at += 16 + name.len() + 1;
            // So says a compiler that the file is that of the entry before.
            if name != b"\xff" {
                let name = String::from_utf8_lossy(name);
                if lines.files.last().is_none_or(|last| **last != *name) {
                    lines.files.push(name.into_owned().into_boxed_str());
                }
            }
            let file = u32::try_from(lines.files.len().saturating_sub(1)).ok()?;
            lines.lines.push((address, Line { offset: 0, line, file }));
        }
        self.pending = Some(lines);
        Some(())
    }

    fn insert(&mut self, start: u64, length: u64, function: Function) {
        let added = function.memory();
        let range = start..start.saturating_add(length);
        if self.len() >= MAX_FUNCTIONS || self.memory + added > MAX_MEMORY || range.is_empty() {
            return;
        }
        self.memory += added;
        let memory = &mut self.memory;
        self.functions.insert(range, function, |gone| *memory -= gone.memory());
    }
}

impl Function {
    fn memory(&self) -> usize {
        let files: usize = self.files.iter().map(|file| file.len() + 16).sum();
        size_of::<Self>() + 16 + self.name.len() + files + self.lines.len() * size_of::<Line>()
    }
}

impl Lines {
    fn relative_to(self, start: u64) -> (Vec<Line>, Vec<Box<str>>) {
        let relative = |(address, line): (u64, Line)| {
            let offset = u32::try_from(address.checked_sub(start)?).ok()?;
            Some(Line { offset, ..line })
        };
        let mut lines: Vec<Line> = self.lines.into_iter().filter_map(relative).collect();
        lines.sort_by_key(|line| line.offset);
        (lines, self.files)
    }
}
