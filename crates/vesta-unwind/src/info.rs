//! The tables of one module.

use crate::arch::native as arch;
use crate::cfi::{self, Scratch};
use crate::gopclntab::GoTable;
use crate::rule::{Complex, Function, Reading, Rule};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Bytes of a section, and the address that the file states for them.
#[derive(Clone)]
pub struct Section {
    /// The address of the first byte.
    pub address: u64,
    /// The bytes, not compressed.
    pub data: Arc<[u8]>,
}

impl std::fmt::Debug for Section {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Section({} bytes at {:#x})", self.data.len(), self.address)
    }
}

/// The sections of one module that say how to unwind, at addresses as the file states them.
#[derive(Clone, Debug, Default)]
pub struct Sections {
    /// `.eh_frame`.
    pub eh_frame: Option<Section>,
    /// `.eh_frame_hdr`: the index of `.eh_frame`.
    pub eh_frame_hdr: Option<Section>,
    /// `.debug_frame`: what Go's linker writes, and assemblers of code that throws no exceptions.
    pub debug_frame: Option<Section>,
    /// `.gopclntab` (`.data.rel.ro.gopclntab`): Go's own tables, which are there in stripped binaries too.
    pub gopclntab: Option<Section>,
    /// `.text`, where the tables leave functions out that are worth to be read instead.
    pub code: Option<Section>,
    /// The addresses of code.
    pub text: Option<Range<u64>>,
    /// The address of `.text`, for pointers relative to it; also where Go's code begins, if its tables do not say.
    pub text_address: u64,
    /// The address of `.got`, for pointers relative to it.
    pub got_address: u64,
}

/// How to unwind the functions of one module. Decodes each function when it is first met; to be shared between the
/// processes that map the module.
#[derive(Debug)]
pub struct UnwindInfo {
    sections: Sections,
    go: Option<GoTable>,
    /// Tells this module from all others, in caches that outlive it.
    id: u64,
    decoded: RwLock<Decoded>,
    /// Functions of `.eh_frame`, where it has no index.
    eh_frame: OnceLock<Box<[(u64, u32)]>>,
    debug_frame: OnceLock<Box<[(u64, u32)]>>,
}

/// The functions that were met so far.
#[derive(Debug, Default)]
struct Decoded {
    functions: BTreeMap<u64, Function>,
    heap_size: usize,
}

/// How much decoded functions of one module may take before they are thrown away to begin anew. All of `libLLVM.so`
/// would take more, what one process executes of it takes less than 2 MiB.
const MAX_DECODED: usize = 16 << 20;

impl UnwindInfo {
    /// Tables made of sections; of them only the header of Go's is read.
    pub fn new(sections: Sections) -> UnwindInfo {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let text = sections.text_address;
        UnwindInfo {
            go: sections.gopclntab.as_ref().and_then(|section| GoTable::new(section, text)),
            sections,
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            decoded: RwLock::default(),
            eh_frame: OnceLock::new(),
            debug_frame: OnceLock::new(),
        }
    }

    /// How much memory it takes, with the sections and what was decoded of them so far.
    pub fn heap_size(&self) -> usize {
        let sections = &self.sections;
        let all = [
            &sections.eh_frame,
            &sections.eh_frame_hdr,
            &sections.debug_frame,
            &sections.gopclntab,
            &sections.code,
        ];
        let sections: usize = all.into_iter().flatten().map(|section| section.data.len()).sum();
        let indexes =
            [&self.eh_frame, &self.debug_frame].map(|index| index.get().map_or(0, |it| size_of_val(&**it)));
        let decoded = self.decoded.read().unwrap_or_else(PoisonError::into_inner).heap_size;
        sections + indexes.into_iter().sum::<usize>() + decoded
    }

    /// Whether Go code is in it, which has a calling convention of its own.
    pub(crate) fn is_go(&self) -> bool {
        self.go.is_some()
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// How an address unwinds.
    pub(crate) fn rule(&self, svma: u64, scratch: &mut Scratch) -> Rule {
        self.with_function(svma, scratch, |function| function.rule(svma)).unwrap_or(Rule::Unknown)
    }

    /// How an address unwinds of which no table speaks, as far as the code there tells: it is that of an instruction.
    pub(crate) fn read(&self, svma: u64) -> Reading {
        self.sections.code.as_ref().map_or_else(Reading::default, |code| arch::read(code, svma))
    }

    /// How an address unwinds whose rule is complex.
    pub(crate) fn complex(&self, svma: u64, scratch: &mut Scratch) -> Option<Arc<Complex>> {
        self.with_function(svma, scratch, |function| match function.rule(svma) {
            Rule::Complex(at) => function.complex.get(usize::from(at)).cloned(),
            _ => None,
        })?
    }

    fn with_function<T>(
        &self,
        svma: u64,
        scratch: &mut Scratch,
        f: impl FnOnce(&Function) -> T,
    ) -> Option<T> {
        {
            // A panic elsewhere leaves nothing half done here.
            let decoded = self.decoded.read().unwrap_or_else(PoisonError::into_inner);
            let before = decoded.functions.range(..=svma).next_back();
            if let Some((_, function)) = before.filter(|(_, function)| svma < function.end) {
                return Some(f(function));
            }
        }
        let function = self.decode(svma, scratch)?;
        let answer = f(&function);
        let mut decoded = self.decoded.write().unwrap_or_else(PoisonError::into_inner);
        if decoded.heap_size > MAX_DECODED {
            *decoded = Decoded::default();
        }
        decoded.heap_size += function.heap_size();
        if let Some(replaced) = decoded.functions.insert(function.start, function) {
            decoded.heap_size = decoded.heap_size.saturating_sub(replaced.heap_size());
        }
        Some(answer)
    }

    /// Finds the function of an address, and decodes it.
    fn decode(&self, svma: u64, scratch: &mut Scratch) -> Option<Function> {
        let sections = &self.sections;
        if let (Some(table), Some(section)) = (&self.go, &sections.gopclntab)
            && let Some(function) = table.function(section, svma)
        {
            return Some(function);
        }
        let inside = |function: &Function| function.start <= svma && svma < function.end;
        if let Some(section) = &sections.eh_frame {
            let header = sections.eh_frame_hdr.as_ref().ok_or(());
            let offset = match header.and_then(|header| cfi::search_header(header, section, svma)) {
                Ok(offset) => offset,
                Err(()) => search(self.eh_frame.get_or_init(|| cfi::index_eh_frame(sections, section)), svma),
            };
            let function = offset.and_then(|offset| cfi::decode_eh_frame(sections, section, offset, scratch));
            if let Some(function) = function.filter(inside) {
                return Some(function);
            }
        }
        let section = sections.debug_frame.as_ref()?;
        let index = self.debug_frame.get_or_init(|| cfi::index_debug_frame(sections, section));
        let function = cfi::decode_debug_frame(sections, section, search(index, svma)?, scratch);
        function.filter(inside)
    }
}

/// Where the last function that begins at an address or before is described.
fn search(index: &[(u64, u32)], svma: u64) -> Option<usize> {
    let after = index.partition_point(|(start, _)| *start <= svma);
    let (_, offset) = index.get(after.checked_sub(1)?)?;
    usize::try_from(*offset).ok()
}
