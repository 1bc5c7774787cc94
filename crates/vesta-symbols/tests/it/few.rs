//! Questions about few addresses, of which as little as possible is read.

use std::path::Path;

use crate::programs::{CPP, Program, nm, open, resolve};
use vesta_symbols::{Search, Symbol, Symbolizer, look_up};

/// Asks for all of these at once and one by one; both must be what a symbolizer says.
fn compare(path: &Path, search: &Search, addresses: &[u64]) {
    let symbolizer = Symbolizer::load(open(path), search);
    let check = |address: u64, symbols: &[Symbol]| {
        let expected = resolve(&symbolizer, address);
        assert_eq!(symbols, expected, "{address:#x} of {}", path.display());
    };
    let mut answered = Vec::new();
    let problems = look_up(open(path), search, addresses, |address, symbols| {
        check(address, symbols);
        answered.push(address);
    });
    assert_eq!(problems, symbolizer.problems());
    let mut expected = addresses.to_vec();
    expected.sort_unstable();
    expected.dedup();
    assert_eq!(answered, expected);
    let step = (addresses.len() / 40).max(1);
    for address in addresses.iter().step_by(step) {
        look_up(open(path), search, &[*address], check);
    }
}

/// Addresses all over the code, first and last bytes of functions among them.
fn addresses(path: &Path, step: usize) -> Vec<u64> {
    let elf = open(path);
    let code = elf.segments().iter().filter(|segment| segment.executable);
    let mut all: Vec<u64> = code
        .flat_map(|segment| {
            (segment.address.saturating_sub(4)..segment.address + segment.memory_size + 4).step_by(step)
        })
        .collect();
    all.extend(nm(path).into_iter().flat_map(|(start, _)| [start, start.saturating_sub(1), start + 5]));
    all
}

#[test]
fn few_addresses_get_the_answers_that_a_symbolizer_of_everything_gives() {
    let rust = "fn main() { let mut all: Vec<String> = std::env::args().collect(); all.sort(); \
                println!(\"{}\", all.iter().map(|one| one.len()).sum::<usize>()); }";
    let programs = [
        Program::c(&["-O2", "-g"]),
        Program::c(&["-O1", "-g", "-gdwarf-4", "-gz=zlib", "-static"]),
        Program::c(&["-O2"]),
        Program::compile("c++", CPP, &["-O2", "-g"]),
        Program::compile("rustc", rust, &["-O", "-g"]),
    ];
    for program in &programs {
        // A static program has a megabyte of C's library, with labels and assembly.
        let step = if std::fs::metadata(&program.path).unwrap().len() > 200_000 { 211 } else { 7 };
        let addresses = addresses(&program.path, step);
        for (lines, inlines) in [(true, true), (true, false), (false, false)] {
            compare(&program.path, &Search { lines, inlines, ..program.search() }, &addresses);
        }
    }
}

#[test]
fn few_addresses_of_stripped_programs_are_found_in_separate_files_as_well() {
    let program = Program::c(&["-O2", "-g"]);
    let addresses = addresses(&program.path, 3);
    program.tool("objcopy", &["--only-keep-debug", "program", "program.debug"]);
    program.tool("strip", &["--strip-all", "program"]);
    compare(&program.path, &program.search(), &addresses);
    program.tool("objcopy", &["--add-gnu-debuglink=program.debug", "program"]);
    compare(&program.path, &program.search(), &addresses);
    let limit = Search { max_debug_bytes: 10, ..program.search() };
    compare(&program.path, &limit, &addresses);
}

#[test]
fn few_addresses_without_any_table_get_no_answers() {
    let program = Program::c(&["-O2", "-static", "-s"]);
    let mut empty = 0;
    look_up(open(&program.path), &program.search(), &[0, 1, u64::MAX], |_, symbols| {
        empty += usize::from(symbols.is_empty());
    });
    assert_eq!(empty, 3);
}
