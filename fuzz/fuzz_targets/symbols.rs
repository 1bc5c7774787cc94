//! Everything that tells names of addresses: executables with their debug information, symbol files, jitdumps and perf
//! maps. What a symbolizer knows, its symbol file knows as well.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vesta_symbols::{ElfFile, JitDump, PerfMap, Search, SymbolFile, Symbolizer, symbol_file};

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    let (map, _) = PerfMap::parse(bytes);
    map.resolve(0x1000, &mut out);
    let (dump, _) = JitDump::parse(bytes);
    dump.resolve(0x1000, &mut out);
    if let Ok(file) = SymbolFile::decode(bytes.to_vec().into()) {
        for offset in (0..0x1_0000).step_by(0x100) {
            file.resolve_offset(offset, &mut out);
        }
    }
    let Ok(elf) = ElfFile::from_bytes(bytes.to_vec()) else { return };
    let _ = elf.unwind_sections();
    let search = Search { debug_directories: Vec::new(), max_debug_bytes: 16 << 20, ..Search::default() };
    let symbolizer = Symbolizer::load(&elf, &search);
    let file = SymbolFile::decode(symbol_file::encode(&elf, &symbolizer).into()).expect("what was written is read");
    for segment in elf.segments().iter().filter(|segment| segment.executable) {
        for at in 0..64 {
            let address = segment.address.wrapping_add(segment.memory_size / 64 * at);
            let (mut expected, mut found) = (Vec::new(), Vec::new());
            symbolizer.resolve(address, &mut expected);
            file.resolve(address, &mut found);
            // Beyond 4 GiB after the first function a symbol file knows nothing.
            assert!(found.is_empty() || found == expected);
        }
    }
});
