//! The executable and the libraries that are loaded into this process: their symbols, and the slots through which they
//! call each other.
#![expect(unsafe_op_in_unsafe_fn, reason = "everything here reads the dynamic linker's memory")]

use crate::architecture::{RELOCATION_ADDRESS, RELOCATION_CALL, RELOCATION_GLOBAL};
use core::ffi::{CStr, c_char, c_int, c_void};

/// What the dynamic linker says about one object.
#[repr(C)]
struct PhdrInfo {
    base: usize,
    name: *const c_char,
    headers: *const ProgramHeader,
    count: u16,
    /// How many objects were ever added, which tells whether there is anything new.
    additions: u64,
    removals: u64,
}

#[repr(C)]
struct ProgramHeader {
    kind: u32,
    flags: u32,
    offset: u64,
    address: u64,
    physical: u64,
    file_size: u64,
    memory_size: u64,
    alignment: u64,
}

#[repr(C)]
struct Symbol {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: u64,
    size: u64,
}

#[repr(C)]
struct Relocation {
    offset: u64,
    info: u64,
    addend: i64,
}

unsafe extern "C" {
    /// The one function that is called by name: glibc has it since 2.2.4, musl since 1.0.
    fn dl_iterate_phdr(
        callback: unsafe extern "C" fn(*mut PhdrInfo, usize, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
}

const LOAD: u32 = 1;
const DYNAMIC: u32 = 2;
const RELRO: u32 = 0x6474_e552;
const EXECUTABLE: u32 = 1;
const WRITABLE: u32 = 2;

/// One loaded object.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    base: usize,
    headers: *const ProgramHeader,
    count: usize,
    /// What it is loaded to, from the lowest to the highest byte.
    start: usize,
    end: usize,
    symbols: usize,
    strings: usize,
    strings_bytes: usize,
    versions: usize,
    gnu_hash: usize,
    hash: usize,
    calls: (usize, usize),
    relocations: (usize, usize),
    /// It looks for symbols in itself first.
    symbolic: bool,
    /// Its own name, as it says itself or as it was found.
    name: *const c_char,
}

/// A word of memory that holds the address of a function.
#[derive(Clone, Copy)]
pub(crate) struct Slot {
    pub(crate) address: usize,
    /// The function's name, ended by a zero.
    pub(crate) name: *const u8,
    /// It may hold the address of code that looks for the function at the first call.
    pub(crate) lazy: bool,
    /// The object has a function of that name itself, and prefers it.
    pub(crate) own: bool,
}

/// Calls `each` with every loaded object in the order in which symbols are looked up, until it says `false`.
///
/// # Safety
/// Not from a signal handler that may have interrupted the dynamic linker.
pub(crate) unsafe fn each_object(each: &mut dyn FnMut(&Object) -> bool) {
    unsafe extern "C" fn callback(info: *mut PhdrInfo, _: usize, data: *mut c_void) -> c_int {
        let each = &mut *data.cast::<&mut dyn FnMut(&Object) -> bool>();
        match Object::new(&*info) {
            Some(object) if !each(&object) => 1,
            _ => 0,
        }
    }
    let mut each = each;
    dl_iterate_phdr(callback, (&raw mut each).cast());
}

/// How many objects were ever loaded.
///
/// # Safety
/// As [`each_object`].
pub(crate) unsafe fn additions() -> u64 {
    unsafe extern "C" fn callback(info: *mut PhdrInfo, size: usize, data: *mut c_void) -> c_int {
        if size >= 48 {
            *data.cast::<u64>() = (*info).additions;
        }
        1
    }
    let mut additions = 0u64;
    dl_iterate_phdr(callback, (&raw mut additions).cast());
    additions
}

impl Object {
    unsafe fn new(info: &PhdrInfo) -> Option<Object> {
        let mut object = Object {
            base: info.base,
            headers: info.headers,
            count: usize::from(info.count),
            start: usize::MAX,
            end: 0,
            symbols: 0,
            strings: 0,
            strings_bytes: 0,
            versions: 0,
            gnu_hash: 0,
            hash: 0,
            calls: (0, 0),
            relocations: (0, 0),
            symbolic: false,
            name: info.name,
        };
        let mut dynamic = 0;
        for header in object.headers() {
            let address = info.base.wrapping_add(header.address as usize);
            if header.kind == LOAD {
                object.start = object.start.min(address);
                object.end = object.end.max(address.wrapping_add(header.memory_size as usize));
            } else if header.kind == DYNAMIC {
                dynamic = address;
            }
        }
        if dynamic == 0 || !object.contains(dynamic) {
            return None;
        }
        let (mut calls, mut calls_bytes, mut relocations, mut relocations_bytes) = (0, 0, 0, 0);
        let mut own_name = None;
        let mut entry = dynamic as *const [u64; 2];
        // Objects seen have some 30 entries; the bound is for a table without an end.
        for _ in 0..1_000 {
            let [tag, value] = *entry;
            entry = entry.add(1);
            let value = value as usize;
            match tag {
                0 => break,
                2 => calls_bytes = value,
                4 => object.hash = object.pointer(value),
                5 => object.strings = object.pointer(value),
                6 => object.symbols = object.pointer(value),
                7 => relocations = object.pointer(value),
                8 => relocations_bytes = value,
                10 => object.strings_bytes = value,
                16 => object.symbolic = true,
                30 => object.symbolic |= value & 2 != 0,
                14 => own_name = Some(value),
                23 => calls = object.pointer(value),
                0x6fff_fef5 => object.gnu_hash = object.pointer(value),
                0x6fff_fff0 => object.versions = object.pointer(value),
                _ => {}
            }
        }
        if object.symbols == 0 || object.strings == 0 {
            return None;
        }
        let inside = |start: usize, bytes: usize| start != 0 && bytes <= object.end.saturating_sub(start);
        if !inside(object.strings, object.strings_bytes) {
            return None;
        }
        if inside(calls, calls_bytes) {
            object.calls = (calls, calls_bytes);
        }
        if inside(relocations, relocations_bytes) {
            object.relocations = (relocations, relocations_bytes);
        }
        if let Some(offset) = own_name.filter(|offset| *offset < object.strings_bytes) {
            object.name = (object.strings + offset) as *const c_char;
        }
        Some(object)
    }

    /// The linker of glibc turns addresses in the table into those in memory, others leave them as in the file.
    fn pointer(&self, value: usize) -> usize {
        if self.contains(value) {
            return value;
        }
        let moved = self.base.wrapping_add(value);
        if self.contains(moved) { moved } else { 0 }
    }

    unsafe fn headers(&self) -> &'static [ProgramHeader] {
        if self.headers.is_null() { &[] } else { core::slice::from_raw_parts(self.headers, self.count) }
    }

    /// Whether the address is in the object's memory.
    pub(crate) fn contains(&self, address: usize) -> bool {
        (self.start..self.end).contains(&address)
    }

    /// Whether the address is in its code.
    pub(crate) unsafe fn contains_code(&self, address: usize) -> bool {
        self.in_header(address, |header| header.kind == LOAD && header.flags & EXECUTABLE != 0)
    }

    unsafe fn in_header(&self, address: usize, wanted: impl Fn(&ProgramHeader) -> bool) -> bool {
        self.headers().iter().filter(|header| wanted(header)).any(|header| {
            let start = self.base.wrapping_add(header.address as usize);
            (start..start.wrapping_add(header.memory_size as usize)).contains(&address)
        })
    }

    /// Whether the address is in memory that was made read-only after the object was loaded, or always was.
    pub(crate) unsafe fn is_read_only(&self, address: usize) -> bool {
        self.in_header(address, |header| header.kind == RELRO)
            || !self.in_header(address, |header| header.kind == LOAD && header.flags & WRITABLE != 0)
    }

    /// Its own name: `libc.so.6`. Empty for the executable.
    pub(crate) unsafe fn name(&self) -> &'static [u8] {
        if self.name.is_null() {
            return b"";
        }
        let path = CStr::from_ptr(self.name).to_bytes();
        path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
    }

    /// Whether this is a C library.
    pub(crate) unsafe fn is_c_library(&self) -> bool {
        let name = self.name();
        name.starts_with(b"libc.so") || name.starts_with(b"libc.musl") || name.starts_with(b"ld-musl")
    }

    /// Whether this is a dynamic linker and nothing else, or part of the kernel.
    pub(crate) unsafe fn is_linker(&self) -> bool {
        let name = self.name();
        name.starts_with(b"ld-linux") || name.starts_with(b"ld.so") || name.starts_with(b"linux-vdso")
    }

    unsafe fn text(&self, offset: u32) -> Option<&'static [u8]> {
        let offset = offset as usize;
        (offset < self.strings_bytes)
            .then(|| CStr::from_ptr((self.strings + offset) as *const c_char).to_bytes())
    }

    /// The address of a function or variable that the object gives to others: of its newest version, when there are
    /// several.
    pub(crate) unsafe fn find(&self, name: &[u8]) -> Option<usize> {
        if self.gnu_hash != 0 {
            return self.find_gnu(name);
        }
        self.find_classic(name)
    }

    unsafe fn find_gnu(&self, name: &[u8]) -> Option<usize> {
        let table = self.gnu_hash as *const u32;
        let (buckets, first, bloom_words, shift) = (*table, *table.add(1), *table.add(2), *table.add(3));
        if buckets == 0 || !bloom_words.is_power_of_two() {
            return None;
        }
        let mut hash = 5381u32;
        for byte in name {
            hash = hash.wrapping_mul(33).wrapping_add(u32::from(*byte));
        }
        let bloom = table.add(4).cast::<u64>();
        let word = *bloom.add(((hash / 64) & (bloom_words - 1)) as usize);
        let mask = 1u64 << (hash % 64) | 1u64 << (hash.wrapping_shr(shift) % 64);
        if word & mask != mask {
            return None;
        }
        let heads = bloom.add(bloom_words as usize).cast::<u32>();
        let chains = heads.add(buckets as usize);
        let start = *heads.add((hash % buckets) as usize);
        if start < first {
            return None;
        }
        let mut fallback = None;
        for index in start..start.saturating_add(100_000) {
            let entry = *chains.add((index - first) as usize);
            if entry | 1 == hash | 1
                && let Some((address, newest)) = self.matching(index, name)
            {
                if newest {
                    return Some(address);
                }
                fallback = Some(address);
            }
            if entry & 1 != 0 {
                break;
            }
        }
        fallback
    }

    unsafe fn find_classic(&self, name: &[u8]) -> Option<usize> {
        if self.hash == 0 {
            return None;
        }
        let table = self.hash as *const u32;
        let (buckets, chains) = (*table, *table.add(1));
        if buckets == 0 {
            return None;
        }
        let mut hash = 0u32;
        for byte in name {
            hash = (hash << 4).wrapping_add(u32::from(*byte));
            hash = (hash ^ (hash >> 24 & 0xf0)) & 0x0fff_ffff;
        }
        let mut index = *table.add(2 + (hash % buckets) as usize);
        let mut fallback = None;
        for _ in 0..100_000 {
            if index == 0 || index >= chains {
                break;
            }
            if let Some((address, newest)) = self.matching(index, name) {
                if newest {
                    return Some(address);
                }
                fallback = Some(address);
            }
            index = *table.add(2 + buckets as usize + index as usize);
        }
        fallback
    }

    /// The symbol's address if it has this name and is defined here, and whether it is the newest version.
    unsafe fn matching(&self, index: u32, name: &[u8]) -> Option<(usize, bool)> {
        let symbol = &*(self.symbols as *const Symbol).add(index as usize);
        // Functions that choose their code at start (type 10) are none that we look for.
        let usable = matches!(symbol.info & 15, 0..=2) && symbol.section != 0 && symbol.value != 0;
        if !usable || self.text(symbol.name)? != name {
            return None;
        }
        let hidden = self.versions != 0 && *(self.versions as *const u16).add(index as usize) & 0x8000 != 0;
        let address = self.base.wrapping_add(symbol.value as usize);
        self.contains(address).then_some((address, !hidden))
    }

    /// Calls `each` with every slot for a function of another object, or possibly of another one.
    pub(crate) unsafe fn each_slot(&self, each: &mut dyn FnMut(Slot)) {
        for (table, bytes) in [self.calls, self.relocations] {
            if table == 0 {
                continue;
            }
            let relocations =
                core::slice::from_raw_parts(table as *const Relocation, bytes / size_of::<Relocation>());
            for relocation in relocations {
                let kind = relocation.info as u32;
                if !matches!(kind, RELOCATION_CALL | RELOCATION_GLOBAL | RELOCATION_ADDRESS) {
                    continue;
                }
                let address = self.base.wrapping_add(relocation.offset as usize);
                let fits = address.is_multiple_of(8) && self.contains(address) && self.contains(address + 7);
                if !fits || relocation.addend != 0 {
                    continue;
                }
                let symbol = &*(self.symbols as *const Symbol).add((relocation.info >> 32) as usize);
                if (symbol.name as usize) < self.strings_bytes {
                    let name = (self.strings + symbol.name as usize) as *const u8;
                    let own = self.symbolic && symbol.section != 0;
                    each(Slot { address, name, lazy: kind == RELOCATION_CALL, own });
                }
            }
        }
    }
}

/// The first definition among all loaded objects.
///
/// # Safety
/// As [`each_object`].
pub(crate) unsafe fn find(name: &[u8]) -> Option<usize> {
    let mut found = None;
    each_object(&mut |object| {
        found = object.find(name);
        found.is_none()
    });
    found
}
