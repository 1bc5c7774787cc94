//! Programs under observation: compiled by the test, run under `step.c`, and their samples with what is true of them.

use object::{Object, ObjectSection, ObjectSegment, ObjectSymbol};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use vesta_unwind::{AddressSpace, End, Mapping, MappingKind, Registers, Section, Sections, UnwindInfo, Why};

/// A folder of this test run.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn program(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs").join(name)
}

/// Whether a tool is there; a test that needs one that is not is skipped.
pub(crate) fn has(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Counts this test as skipped: adds a line to the file that `cargo xtask test` reads.
pub(crate) fn skip(test: &str, reason: &str) {
    use std::io::Write;
    eprintln!("SKIPPED: {test}: {reason}");
    if let Some(file) = std::env::var_os("VESTA_TEST_SKIPS") {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file).unwrap();
        writeln!(file, "{test}: {reason}").unwrap();
    }
}

/// Compiles; the binary is named like the test.
pub(crate) fn compile(compiler: &str, name: &str, source: &str, flags: &[&str]) -> PathBuf {
    let binary = folder(name).join(name);
    let output = Command::new(compiler)
        .args(flags.iter().filter(|flag| !flag.starts_with("-l")))
        .arg("-o")
        .arg(&binary)
        .arg(program(source))
        .args(flags.iter().filter(|flag| flag.starts_with("-l")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    binary
}

/// What one thread was found doing.
pub(crate) struct Sample {
    pub(crate) registers: [u64; Registers::COUNT],
    pub(crate) expected: Vec<u64>,
    pub(crate) finish: Finish,
    pub(crate) stack: Vec<u8>,
    /// What was mapped: an index into [`Run::spaces`].
    pub(crate) space: usize,
}

impl Sample {
    pub(crate) fn registers(&self) -> Registers {
        Registers::new(self.registers)
    }

    pub(crate) fn stack(&self) -> vesta_unwind::Stack<'_> {
        vesta_unwind::Stack { start: self.registers().sp(), bytes: &self.stack }
    }
}

/// What is known of the end of the expected frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finish {
    Root,
    Switch,
    /// There are more frames, which nobody knows.
    Unknown,
}

impl Finish {
    pub(crate) fn fits(self, end: End) -> bool {
        match self {
            Finish::Root => end == End::Root,
            Finish::Switch => end == End::Incomplete(Why::StackSwitch),
            Finish::Unknown => true,
        }
    }
}

pub(crate) struct Run {
    pub(crate) spaces: Vec<AddressSpace>,
    pub(crate) samples: Vec<Sample>,
    modules: Modules,
    maps: String,
}

impl Run {
    /// Runs a program under `step.c`, to be unwound by tables alone.
    pub(crate) fn new(name: &str, options: &[&str], command: &[&str]) -> Run {
        Run::with(name, options, command, |sections| sections.code = None)
    }

    /// As [`Self::new`], with sections changed, to see what holds without them.
    pub(crate) fn with(name: &str, options: &[&str], command: &[&str], edit: fn(&mut Sections)) -> Run {
        let stepper = compile("cc", &format!("{name}-stepper"), "step.c", &["-O2", "-w"]);
        let output =
            Command::new(stepper).args(options).args(command).stderr(Stdio::inherit()).output().unwrap();
        assert!(output.status.success(), "{}", output.status);
        let mut run = Run {
            spaces: Vec::new(),
            samples: Vec::new(),
            modules: Modules { edit, modules: HashMap::new(), vdso: None },
            maps: String::new(),
        };
        let mut rest = &*output.stdout;
        while let Some(tag) = word(&mut rest) {
            match tag {
                1 => {
                    run.maps = String::from_utf8_lossy(bytes(&mut rest)).into_owned();
                    let space = run.modules.space(&run.maps);
                    run.spaces.push(space);
                }
                2 => {
                    let registers = [(); Registers::COUNT].map(|()| word(&mut rest).unwrap());
                    let finish = match word(&mut rest).unwrap() {
                        0 => Finish::Root,
                        1 => Finish::Switch,
                        _ => Finish::Unknown,
                    };
                    let expected = bytes(&mut rest);
                    let expected =
                        expected.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
                    let stack = bytes(&mut rest).to_vec();
                    let space = run.spaces.len() - 1;
                    run.samples.push(Sample { registers, expected, finish, stack, space });
                }
                3 => {
                    let info = Arc::new(UnwindInfo::new(sections(bytes(&mut rest))));
                    run.modules.vdso = Some(info);
                    let space = run.modules.space(&run.maps);
                    run.spaces.pop();
                    run.spaces.push(space);
                }
                _ => unreachable!("no record of step.c begins with {tag}"),
            }
        }
        assert!(!run.samples.is_empty(), "no sample");
        run
    }

    /// The function of an address, and where in it.
    pub(crate) fn name(&self, address: u64) -> String {
        let Some((start, offset, path)) = self.maps.lines().find_map(|line| {
            let map = Map::parse(line)?;
            (map.start <= address && address < map.end).then_some((map.start, map.offset, map.path))
        }) else {
            return format!("{address:#x}");
        };
        let Some(module) = self.modules.modules.get(path) else { return format!("{path}{address:#x}") };
        let svma = address.wrapping_sub((start - offset).wrapping_add(module.bias_of_offset(offset)));
        let file = path.rsplit('/').next().unwrap_or(path);
        match module.symbols.range(..=svma).next_back() {
            Some((start, (size, name))) if *size == 0 || svma < start + size => {
                format!("{name}+{}", svma - start)
            }
            _ => format!("{file}:{svma:x}"),
        }
    }

    pub(crate) fn names(&self, addresses: &[u64]) -> Vec<String> {
        addresses.iter().map(|address| self.name(*address)).collect()
    }
}

struct Modules {
    edit: fn(&mut Sections),
    modules: HashMap<String, Module>,
    vdso: Option<Arc<UnwindInfo>>,
}

struct Module {
    info: Arc<UnwindInfo>,
    /// By address: size and name.
    symbols: std::collections::BTreeMap<u64, (u64, String)>,
    /// File offset, size in the file, address.
    segments: Vec<(u64, u64, u64)>,
}

impl Module {
    fn bias_of_offset(&self, offset: u64) -> u64 {
        let segment = self
            .segments
            .iter()
            .find(|(start, size, _)| (*start & !0xfff) <= offset && offset < start + size)
            .unwrap_or(&self.segments[0]);
        0u64.wrapping_sub(segment.2.wrapping_sub(segment.0))
    }
}

struct Map<'a> {
    start: u64,
    end: u64,
    executable: bool,
    offset: u64,
    path: &'a str,
}

impl<'a> Map<'a> {
    fn parse(line: &'a str) -> Option<Map<'a>> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let executable = fields.next()?.contains('x');
        let offset = u64::from_str_radix(fields.next()?, 16).ok()?;
        let (start, end) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
        Some(Map { start, end, executable, offset, path: fields.nth(2).unwrap_or("") })
    }
}

impl Modules {
    fn space(&mut self, maps: &str) -> AddressSpace {
        let mut space = AddressSpace::new();
        for map in maps.lines().filter_map(Map::parse).filter(|map| map.executable) {
            let range = map.start..map.end;
            let mapping = match map.path {
                "[vdso]" => {
                    Mapping { bias: range.start, range, info: self.vdso.clone(), kind: MappingKind::Vdso }
                }
                path if path.starts_with('/') => {
                    let module =
                        self.modules.entry(path.to_owned()).or_insert_with(|| Module::load(path, self.edit));
                    let bias = (map.start - map.offset).wrapping_add(module.bias_of_offset(map.offset));
                    Mapping { range, bias, info: Some(Arc::clone(&module.info)), kind: MappingKind::File }
                }
                _ => Mapping { range, bias: 0, info: None, kind: MappingKind::Jit },
            };
            space.insert(mapping);
        }
        space
    }
}

impl Module {
    fn load(path: &str, edit: fn(&mut Sections)) -> Module {
        let bytes = std::fs::read(path).unwrap();
        let mut sections = sections(&bytes);
        edit(&mut sections);
        let file = object::File::parse(&*bytes).unwrap();
        let symbols = file.symbols().chain(file.dynamic_symbols());
        let symbols = symbols
            .filter(|symbol| symbol.kind() == object::SymbolKind::Text && symbol.is_definition())
            .map(|symbol| (symbol.address(), (symbol.size(), symbol.name().unwrap().to_owned())))
            .collect();
        let executable = |segment: &object::Segment<'_, '_>| matches!(segment.flags(), object::SegmentFlags::Elf { p_flags } if p_flags & 1 != 0);
        let segments = file
            .segments()
            .filter(executable)
            .map(|segment| (segment.file_range().0, segment.file_range().1, segment.address()))
            .collect();
        Module { info: Arc::new(UnwindInfo::new(sections)), symbols, segments }
    }
}

/// The sections of an ELF file that say how to unwind.
pub(crate) fn sections(bytes: &[u8]) -> Sections {
    let file = object::File::parse(bytes).unwrap();
    let section = |name: &str| {
        let section = file.section_by_name(name)?;
        Some(Section { address: section.address(), data: section.uncompressed_data().unwrap().into() })
    };
    let text = file.section_by_name(".text");
    let go = file.symbols().find(|symbol| symbol.name() == Ok("runtime.text")).map(|symbol| symbol.address());
    Sections {
        eh_frame: section(".eh_frame"),
        eh_frame_hdr: section(".eh_frame_hdr"),
        debug_frame: section(".debug_frame"),
        gopclntab: section(".gopclntab").or_else(|| section(".data.rel.ro.gopclntab")),
        code: section(".text"),
        text: text.as_ref().map(|text| text.address()..text.address() + text.size()),
        text_address: go.or_else(|| text.map(|text| text.address())).unwrap_or(0),
        got_address: file.section_by_name(".got").map_or(0, |got| got.address()),
    }
}

fn word(rest: &mut &[u8]) -> Option<u64> {
    let (word, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(u64::from_le_bytes(*word))
}

fn bytes<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let size = word(rest).unwrap() as usize;
    let (bytes, tail) = rest.split_at(size);
    *rest = tail;
    bytes
}
