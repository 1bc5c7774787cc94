//! Names of addresses, kept from window to window.

use crate::SymbolOptions;
use crate::addresses::{Address, Marker};
use crate::jit::Jit;
use crate::kernel_symbols::KernelSymbols;
use crate::module::{Module, SourceId};
use crate::proc_files::ProcFiles;
use hashbrown::HashMap;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vesta_profile::{Frame, StringTable};
use vesta_symbols::{ElfFile, Search, Symbol, address_of_offset, look_up};

/// Frames kept, over all addresses; beyond it everything is looked up afresh. 64 bytes each.
const MAXIMUM_FRAMES: usize = 1 << 19;
/// Text of names kept. Names of C++ templates have kilobytes.
const MAXIMUM_TEXT: usize = 48 << 20;
/// Inlined functions at one address.
const MAXIMUM_INLINED: usize = 64;
/// How perf calls the kernel.
const KERNEL: &str = "[kernel.kallsyms]";
/// What code made at run time is said to be in.
const JIT: &str = "[jit]";

/// Frames by address.
#[derive(Debug, Default)]
pub(crate) struct Names {
    strings: StringTable,
    frames: Vec<Frame>,
    by_address: HashMap<Address, Range<u32>>,
    kernel: Option<KernelSymbols>,
    pub(crate) outcome: Outcome,
}

/// What came of a window's look-ups.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) resolved: u64,
    pub(crate) unresolved: u64,
    pub(crate) jit_reads: u64,
    pub(crate) problems: Vec<String>,
}

/// What addresses refer to.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    pub(crate) modules: HashMap<SourceId, Arc<Module>>,
    pub(crate) jits: HashMap<SourceId, Arc<Jit>>,
}

impl Names {
    /// Finds the frames of all addresses that have none yet.
    pub(crate) fn resolve(
        &mut self,
        addresses: &[Address],
        sources: &Sources,
        options: &SymbolOptions,
        proc: &ProcFiles,
    ) {
        self.outcome = Outcome::default();
        if self.frames.len() > MAXIMUM_FRAMES || self.strings.heap_size() > MAXIMUM_TEXT {
            *self = Names { kernel: self.kernel.take(), ..Names::default() };
        }
        // Code made at run time may be made anew at the same place.
        self.by_address.retain(|address, _| !sources.jits.contains_key(&address.source));
        let mut by_source: BTreeMap<SourceId, Vec<u64>> = BTreeMap::new();
        for address in addresses.iter().filter(|address| !self.by_address.contains_key(*address)) {
            by_source.entry(address.source).or_default().push(address.offset);
        }
        for (source, mut offsets) in by_source {
            offsets.sort_unstable();
            match source {
                SourceId::MARKER => self.add_markers(&offsets),
                SourceId::KERNEL => self.add_kernel(&offsets, proc),
                _ => match (sources.modules.get(&source), sources.jits.get(&source)) {
                    (Some(module), _) => self.add_module(module, &offsets, options),
                    (None, Some(jit)) => self.add_jit(jit, &offsets),
                    (None, None) => {}
                },
            }
        }
    }

    /// The frames of an address, innermost first, with strings of [`Names::strings`].
    pub(crate) fn get(&self, address: Address) -> &[Frame] {
        let Some(range) = self.by_address.get(&address) else { return &[] };
        self.frames.get(range.start as usize..range.end as usize).unwrap_or_default()
    }

    pub(crate) fn strings(&self) -> &StringTable {
        &self.strings
    }

    fn add_markers(&mut self, offsets: &[u64]) {
        for &offset in offsets {
            let address = Address { source: SourceId::MARKER, offset };
            let name = Marker::of(address).map_or("[unknown]", Marker::name);
            let module = if name == Marker::Kernel.name() { KERNEL } else { "" };
            let frame = Frame {
                function: self.strings.intern(name),
                module: self.strings.intern(module),
                ..Frame::default()
            };
            self.add(address, &[frame]);
        }
    }

    fn add_kernel(&mut self, offsets: &[u64], proc: &ProcFiles) {
        let kernel = self.kernel.take().unwrap_or_else(|| KernelSymbols::read(proc));
        for &offset in offsets {
            let frame = match kernel.find(offset) {
                Some((name, module)) => {
                    // As modules are loaded under any name, theirs says that they are the kernel's.
                    let module = module.map_or(KERNEL.to_owned(), |module| format!("[kernel.{module}]"));
                    self.outcome.resolved += 1;
                    Frame {
                        function: self.strings.intern(name),
                        module: self.strings.intern(&module),
                        ..Frame::default()
                    }
                }
                None => {
                    self.outcome.unresolved += 1;
                    Frame { module: self.strings.intern(KERNEL), address: offset, ..Frame::default() }
                }
            };
            self.add(Address { source: SourceId::KERNEL, offset }, &[frame]);
        }
        self.kernel = Some(kernel);
    }

    fn add_jit(&mut self, jit: &Jit, offsets: &[u64]) {
        self.outcome.jit_reads += u64::from(jit.refresh());
        let mut symbols = Vec::new();
        for &offset in offsets {
            symbols.clear();
            jit.resolve(offset, &mut symbols);
            let frame = match symbols.first() {
                Some(symbol) => {
                    self.outcome.resolved += 1;
                    self.frame_of(symbol, JIT, "")
                }
                None => {
                    self.outcome.unresolved += 1;
                    let function = self.strings.intern("[anonymous code]");
                    Frame { function, module: self.strings.intern(JIT), ..Frame::default() }
                }
            };
            self.add(Address { source: jit.id(), offset }, &[frame]);
        }
    }

    /// Of a large module, reading what some addresses need takes a hundredth of the time and the memory that its tables
    /// take, so that nothing of them is kept: addresses that have a name are not asked for again.
    fn add_module(&mut self, module: &Module, offsets: &[u64], options: &SymbolOptions) {
        let Some(elf) = self.open(module).filter(|_| options.enabled) else {
            return self.add_raw(module, offsets);
        };
        let headers = module.headers(&elf);
        let (mut places, mut raw) = (Vec::with_capacity(offsets.len()), Vec::new());
        for &offset in offsets {
            match address_of_offset(&headers.segments, offset) {
                Some(address) => places.push((address, offset)),
                None => raw.push(offset),
            }
        }
        places.sort_unstable();
        let addresses: Vec<u64> = places.iter().map(|(address, _)| *address).collect();
        let mut frames = Vec::new();
        let problems = look_up(&elf, &search(module, options), &addresses, |address, symbols| {
            frames.clear();
            for symbol in symbols.iter().take(MAXIMUM_INLINED) {
                frames.push(self.frame_of(symbol, &module.path, &headers.build_id));
            }
            let first = places.partition_point(|(other, _)| *other < address);
            for (_, offset) in places[first..].iter().take_while(|(other, _)| *other == address) {
                if frames.is_empty() {
                    raw.push(*offset);
                } else {
                    self.outcome.resolved += 1;
                    self.add(Address { source: module.id, offset: *offset }, &frames);
                }
            }
        });
        let problems = problems.iter().take(8);
        self.outcome.problems.extend(problems.map(|problem| format!("{}: {problem}", module.path)));
        self.add_raw(module, &raw);
    }

    /// The file, with its headers read; `None` when it cannot be.
    fn open(&mut self, module: &Module) -> Option<ElfFile> {
        match module.elf() {
            Ok(elf) => {
                module.headers(&elf);
                Some(elf)
            }
            Err(reason) => {
                self.outcome.problems.push(format!("{}: {reason}", module.path));
                None
            }
        }
    }

    /// Addresses for somebody else to find the names of.
    fn add_raw(&mut self, module: &Module, offsets: &[u64]) {
        for &offset in offsets {
            self.outcome.unresolved += 1;
            let frame = self.raw(module, offset);
            self.add(Address { source: module.id, offset }, &[frame]);
        }
    }

    fn raw(&mut self, module: &Module, offset: u64) -> Frame {
        let build_id = module.known_headers().map_or("", |headers| &headers.build_id);
        Frame {
            module: self.strings.intern(&module.path),
            build_id: self.strings.intern(build_id),
            address: offset,
            ..Frame::default()
        }
    }

    fn frame_of(&mut self, symbol: &Symbol, module: &str, build_id: &str) -> Frame {
        Frame {
            function: self.strings.intern(&symbol.function),
            system_name: self.strings.intern(&symbol.system_name),
            file: self.strings.intern(&symbol.file),
            line: symbol.line,
            start_line: symbol.start_line,
            module: self.strings.intern(module),
            build_id: self.strings.intern(build_id),
            address: 0,
            inlined: symbol.inlined,
        }
    }

    fn add(&mut self, address: Address, frames: &[Frame]) {
        let start = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        self.frames.extend_from_slice(frames);
        let end = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
        self.by_address.insert(address, start..end);
    }
}

fn search(module: &Module, options: &SymbolOptions) -> Search {
    let mut debug_directories: Vec<PathBuf> = vec![Path::new("/usr/lib/debug").to_owned()];
    debug_directories.extend(options.debug_directories.iter().cloned());
    Search {
        root: module.root(),
        path: PathBuf::from(&module.path),
        lines: options.lines,
        inlines: options.inlined_functions,
        max_debug_bytes: options.maximum_debug_bytes,
        debug_directories,
        debuginfod: options.debuginfod.clone(),
    }
}
