//! `/tmp/perf-PID.map`, to which JIT compilers add one line per function: `start size name`, the numbers hexadecimal.
//! Written by V8 (`--perf-basic-prof`), Java (`jcmd PID Compiler.perfmap`), CPython (`-X perf`), .NET, LuaJIT and more.

use crate::code_map::CodeMap;
use crate::jit_name;
use crate::problem::Problem;
use crate::symbol::Symbol;

/// A large Java service has 60,000 functions; what comes after these is left out.
const MAX_FUNCTIONS: usize = 1 << 20;
const MAX_TEXT: usize = 128 << 20;
/// Longer lines are no functions.
const MAX_LINE: usize = 16 << 10;

/// The functions of a JIT compiler. Where two claim an address, the later line is right.
#[derive(Debug, Default)]
pub struct PerfMap {
    functions: CodeMap<Box<str>>,
    text: usize,
    /// The start of a line of which the rest is not there yet.
    rest: Vec<u8>,
    /// Whether the rest of a line that is too long has yet to be skipped.
    skipping: bool,
}

impl PerfMap {
    /// Reads a whole file.
    ///
    /// ```
    /// let (map, problems) = vesta_symbols::PerfMap::parse(b"7f00 20 py::work:/srv/app.py\n");
    /// assert_eq!(map.lookup(0x7f1f), Some("py::work:/srv/app.py"));
    /// assert!(problems.is_empty());
    /// ```
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Self, Vec<Problem>) {
        let mut map = Self::default();
        let mut problems = map.append(bytes);
        if !map.rest.is_empty() {
            problems.extend(map.append(b"\n"));
        }
        (map, problems)
    }

    /// Adds what was written since: the bytes of the file after those that were passed before. A line that is not
    /// complete waits for its rest.
    pub fn append(&mut self, bytes: &[u8]) -> Vec<Problem> {
        let mut damaged = Damage::default();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\n") {
                None => self.hold(line, &mut damaged),
                Some(_) if self.skipping => self.skipping = false,
                Some(line) if self.rest.is_empty() => self.add_line(line, &mut damaged),
                Some(line) => {
                    let mut whole = std::mem::take(&mut self.rest);
                    whole.extend_from_slice(line);
                    self.add_line(&whole, &mut damaged);
                }
            }
        }
        damaged.problems()
    }

    /// The name of the function at an address, as the compiler wrote it.
    #[must_use]
    pub fn lookup(&self, address: u64) -> Option<&str> {
        self.functions.find(address).map(|(_, name)| &**name)
    }

    /// Adds the function at an address, with the file and line that V8 and CPython put into its name.
    pub fn resolve(&self, address: u64, out: &mut Vec<Symbol>) {
        out.extend(self.lookup(address).map(jit_name::symbol));
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
        self.text + self.len() * 48 + self.rest.capacity()
    }

    fn hold(&mut self, start: &[u8], damaged: &mut Damage) {
        if self.skipping {
            return;
        }
        if self.rest.len() + start.len() > MAX_LINE {
            self.skipping = true;
            self.rest = Vec::new();
            damaged.lines += 1;
        } else {
            self.rest.extend_from_slice(start);
        }
    }

    fn add_line(&mut self, line: &[u8], damaged: &mut Damage) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let parsed = if line.len() > MAX_LINE { None } else { parse_line(line) };
        let Some((start, size, name)) = parsed else {
            damaged.lines += 1;
            return;
        };
        if self.len() >= MAX_FUNCTIONS || self.text + name.len() > MAX_TEXT {
            damaged.over += 1;
            return;
        }
        self.text += name.len();
        // Some stubs are written with a size of 0, and then nothing is in them.
        let end = start.saturating_add(size);
        if start == end {
            self.text -= name.len();
            return;
        }
        let text = &mut self.text;
        self.functions.insert(start..end, name.into_boxed_str(), |name| *text -= name.len());
    }
}

fn parse_line(line: &[u8]) -> Option<(u64, u64, String)> {
    let line = String::from_utf8_lossy(line);
    let (start, rest) = line.trim().split_once(' ')?;
    let (size, name) = rest.trim_start().split_once(' ')?;
    let number = |text: &str| u64::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok();
    Some((number(start)?, number(size)?, name.trim_start().to_owned()))
}

#[derive(Default)]
struct Damage {
    lines: usize,
    over: usize,
}

impl Damage {
    fn problems(self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.lines > 0 {
            problems.push(Problem::new(format!("{} lines that are not `start size name`", self.lines)));
        }
        if self.over > 0 {
            problems.push(Problem::new(format!(
                "{} functions more than {MAX_FUNCTIONS}, or than 128 MiB",
                self.over
            )));
        }
        problems
    }
}
