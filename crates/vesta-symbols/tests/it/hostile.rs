//! Damaged files: no panic, no endless loop, no memory beyond the file's.

use crate::jit::Dump;
use crate::programs::{Program, resolve};
use vesta_symbols::{
    ElfFile, JitDump, PerfMap, Search, Symbol, SymbolFile, Symbolizer, look_up, symbol_file,
};

/// Calls with the bytes cut off, flipped and overwritten at many places.
pub(crate) fn damage(bytes: &[u8], places: usize, mut check: impl FnMut(Vec<u8>)) {
    let step = (bytes.len() / places).max(1);
    for at in (0..bytes.len()).step_by(step) {
        check(bytes[..at].to_vec());
        for value in [bytes[at] ^ 0xff, bytes[at] ^ 1, 0x80] {
            let mut damaged = bytes.to_vec();
            damaged[at] = value;
            check(damaged);
        }
        let mut damaged = bytes.to_vec();
        let end = bytes.len().min(at + 8);
        damaged[at..end].fill(0xff);
        check(damaged);
    }
}

/// Reads all there is of a program that may be damaged.
pub(crate) fn read_everything(bytes: Vec<u8>) {
    let Ok(elf) = ElfFile::from_bytes(bytes) else { return };
    let search =
        Search { path: "/nowhere/program".into(), debug_directories: Vec::new(), ..Search::default() };
    let _sections = elf.unwind_sections();
    let symbolizer = Symbolizer::load(&elf, &search);
    for segment in elf.segments().iter().filter(|segment| segment.executable) {
        for at in 0..64 {
            let symbols = resolve(&symbolizer, segment.address.wrapping_add(segment.memory_size / 64 * at));
            // All but the outermost function are inlined into another.
            let outermost = symbols.len().saturating_sub(1);
            assert!(symbols.iter().enumerate().all(|(at, symbol)| symbol.inlined == (at < outermost)));
        }
    }
    let code = elf.segments().iter().filter(|segment| segment.executable);
    let addresses: Vec<u64> = code
        .flat_map(|segment| {
            (0..16).map(|at| segment.address.wrapping_add((segment.memory_size / 16).wrapping_mul(at)))
        })
        .collect();
    let mut answers = 0;
    look_up(&elf, &search, &addresses, |_, _| answers += 1);
    assert!(answers <= addresses.len());
    let encoded = symbol_file::encode(&elf, &symbolizer);
    SymbolFile::decode(encoded.into()).unwrap();
}

#[test]
fn damaged_programs_do_no_harm() {
    for arguments in [&["-O2", "-g"][..], &["-O1", "-gz=zlib", "-g", "-gdwarf-4"]] {
        let bytes = std::fs::read(Program::c(arguments).path).unwrap();
        damage(&bytes, 150, read_everything);
        // The headers decide about most.
        damage(&bytes[..1024], 512, |mut start| {
            start.extend_from_slice(&bytes[start.len()..]);
            read_everything(start);
        });
    }
}

#[test]
fn damaged_symbol_files_give_wrong_answers_at_most() {
    let program = Program::c(&["-O2", "-g"]);
    let bytes = symbol_file::encode(&program.elf(), &program.symbolizer());
    let address = program.address_of("outer");
    damage(&bytes, 3_000, |bytes| {
        let Ok(file) = SymbolFile::decode(bytes.into()) else { return };
        let mut out: Vec<Symbol> = Vec::new();
        for at in 0..40 {
            file.resolve(address + at, &mut out);
            file.resolve_offset(at * 100, &mut out);
        }
        assert!(out.len() <= 80 * 257);
    });
}

#[test]
fn damaged_jit_dumps_and_perf_maps_do_no_harm() {
    damage(&Dump::example(), 1_000, |bytes| {
        let (dump, _) = JitDump::parse(&bytes);
        for address in (0..0x9000).step_by(64) {
            dump.resolve(address, &mut Vec::new());
        }
        assert!(dump.heap_size() < 1 << 20);
        let (map, _) = PerfMap::parse(&bytes);
        assert!(map.heap_size() < 1 << 20);
    });
    damage(
        b"1000 100 old\n0xffffffffffffffff ffffffffffffffff py::a:b\n1010 8 JS:*x y:1:2\n",
        100,
        |bytes| {
            let (map, _) = PerfMap::parse(&bytes);
            for address in 0xff0..0x1200 {
                map.resolve(address, &mut Vec::new());
            }
        },
    );
}

#[test]
fn damaged_names_do_no_harm() {
    for name in [
        "_ZN4shop4CartINSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEEE3addERKS6_",
        "_ZZN4shop5totalERKSt6vectorIiSaIiEEENKUliE_clEi.constprop.0",
        "_RNvNtCs4fqI2P2rA04_11demangle_me3foo3bar",
        "_RINvMsr_NtCs3ssYzQotkvD_3std4pathNtB5_7PathBuf3newKh7_KjaEB9_",
        "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE.llvm.123456",
    ] {
        damage(name.as_bytes(), 200, |bytes| {
            let name = String::from_utf8_lossy(&bytes).into_owned();
            assert!(vesta_symbols::demangle(&name).len() <= 16 << 10);
        });
    }
}

#[test]
fn debug_information_that_nests_without_end_does_not_overflow_the_stack() {
    // A unit of version 4 at 0x1000, with a function of 16 bytes in which half a million inlined ones nest.
    let source = r#"
        .text
        nop
        .section .debug_abbrev
        .byte 1, 0x11, 1, 0x11, 1, 0x12, 7, 0, 0
        .byte 2, 0x2e, 1, 0x11, 1, 0x12, 7, 0, 0
        .byte 3, 0x1d, 1, 0, 0
        .byte 0
        .section .debug_info
        .long end - start
        start: .short 4
        .long 0
        .byte 8
        .byte 1
        .quad 0x1000, 16
        .byte 2
        .quad 0x1000, 16
        .rept 500000
        .byte 3
        .endr
        .rept 500002
        .byte 0
        .endr
        end:
    "#;
    let folder = tempfile::tempdir().unwrap();
    let (file, path) = (folder.path().join("deep.s"), folder.path().join("deep.o"));
    std::fs::write(&file, source).unwrap();
    crate::programs::run(std::process::Command::new("cc").arg("-c").arg(&file).arg("-o").arg(&path));
    let search = Search { path: path.clone(), ..Search::default() };
    let symbolizer = Symbolizer::load(crate::programs::open(&path), &search);
    assert_eq!(resolve(&symbolizer, 0x1004), []);
    let expected = ["debug information that nests more than 1,000 deep"];
    let problems: Vec<String> = symbolizer.problems().iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected);
    // The range of the unit has it, or no unit has.
    for (address, problem) in [(0x1004, &expected[..]), (0x2000, &[])] {
        let elf = crate::programs::open(&path);
        let problems = look_up(elf, &search, &[address], |_, symbols| assert_eq!(symbols, []));
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, problem);
    }
}
