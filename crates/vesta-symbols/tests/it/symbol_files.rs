//! Symbol files answer as the symbolizers they are made of.

use crate::programs::{C, CPP, Program, resolve};
use vesta_symbols::{ElfFile, Symbol, SymbolFile, Symbolizer, symbol_file};

/// Compares the answers at every address of the code, or at each of so many.
pub(crate) fn compare(elf: &ElfFile, symbolizer: &Symbolizer, step: usize) -> usize {
    let bytes = symbol_file::encode(elf, symbolizer);
    let file = SymbolFile::decode(bytes.into()).unwrap();
    assert_eq!((Some(file.build_id()), file.segments()), (elf.build_id(), elf.segments()));
    let mut known = 0;
    for segment in elf.segments().iter().filter(|segment| segment.executable) {
        for within in (0..segment.file_size).step_by(step) {
            let expected = resolve(symbolizer, segment.address + within);
            let mut found: Vec<Symbol> = Vec::new();
            file.resolve_offset(segment.offset + within, &mut found);
            assert_eq!(found, expected, "at {:#x}", segment.address + within);
            known += usize::from(!found.is_empty());
        }
    }
    known
}

#[test]
fn a_symbol_file_answers_as_the_symbolizer_at_every_address() {
    for (compiler, source, arguments) in [
        ("cc", C, &["-O2", "-g"][..]),
        ("cc", C, &["-O0"]),
        ("cc", C, &["-O2", "-g", "-gdwarf-4", "-no-pie"]),
        ("c++", CPP, &["-O2", "-g"]),
    ] {
        let program = Program::compile(compiler, source, arguments);
        assert!(compare(&program.elf(), &program.symbolizer(), 1) > 200, "{compiler} {arguments:?}");
    }
}

#[test]
fn a_symbol_file_of_a_stripped_program_is_small_and_valid() {
    let program = Program::c(&["-O1"]);
    program.tool("strip", &["program"]);
    compare(&program.elf(), &program.symbolizer(), 1);
    let bytes = symbol_file::encode(&program.elf(), &program.symbolizer());
    assert!(bytes.len() < 4_000, "{}", bytes.len());
}

#[test]
fn what_is_no_symbol_file_is_refused_by_reason() {
    let program = Program::c(&["-O1"]);
    let bytes = symbol_file::encode(&program.elf(), &program.symbolizer());
    let refuse = |bytes: Vec<u8>| SymbolFile::decode(bytes.into()).unwrap_err().to_string();
    assert_eq!(refuse(b"\x7fELF".to_vec()), "no symbol file: it does not start with VESTASYM");
    let mut later = bytes.clone();
    later[8] = 9;
    assert_eq!(refuse(later), "a symbol file of version 9; known is 1");
    let (size, cut) = (bytes.len(), bytes.len() - 3);
    assert_eq!(
        refuse(bytes[..cut].to_vec()),
        format!("a symbol file of {cut} bytes, where its tables have {size}")
    );
}
