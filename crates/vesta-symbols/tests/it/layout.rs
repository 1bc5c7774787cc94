//! Where linkers put segments, and what is left when section headers are gone.

use crate::programs::{C, Program, functions, open, resolve};
use crate::skip::skip;
use vesta_symbols::{ElfFile, Segment, Symbolizer, address_of_offset, bias_of_mapping};

fn segment(offset: u64, address: u64, size: u64, executable: bool) -> Segment {
    Segment { offset, file_size: size, address, memory_size: size, executable }
}

#[test]
fn the_bias_is_that_of_the_segment_with_code_even_where_two_share_a_page() {
    // As lld lays out a Rust library: the mapping of code starts at 0x1000, within the segment before.
    let lld = [
        segment(0, 0, 0x1a40, false),
        segment(0x1a40, 0x2a40, 0x3000, true),
        segment(0x4a40, 0x6a40, 0x100, false),
    ];
    let bias = bias_of_mapping(&lld, 0x7f00_0000_2000, 0x1000).unwrap();
    assert_eq!(bias + 0x2a40, 0x7f00_0000_2a40);
    // A mapping that starts further in, after a part of the code was mapped apart.
    assert_eq!(bias_of_mapping(&lld, 0x7f00_0000_3000, 0x2000), Some(bias));
    assert_eq!(bias_of_mapping(&lld, 0x7f00_0000_3000, 0x100_0000), None);
    assert_eq!(address_of_offset(&lld, 0x1a40), Some(0x2a40));
    assert_eq!(address_of_offset(&lld, 0x1a3f), Some(0x1a3f));
    assert_eq!(address_of_offset(&lld, 0x9_0000), None);
    // Programs at fixed addresses have a bias of 0.
    assert_eq!(bias_of_mapping(&[segment(0x1000, 0x40_1000, 0x500, true)], 0x40_1000, 0x1000), Some(0));
}

#[test]
fn the_bias_of_this_very_process_leads_to_its_functions() {
    let elf = open(&std::env::current_exe().unwrap());
    let here = std::env::current_exe().unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let line =
        maps.lines().find(|line| line.contains(" r-xp ") && line.ends_with(here.to_str().unwrap())).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    let hexadecimal = |text: &str| u64::from_str_radix(text, 16).unwrap();
    let start = hexadecimal(words[0].split('-').next().unwrap());
    let bias = bias_of_mapping(elf.segments(), start, hexadecimal(words[2])).unwrap();
    let address = the_bias_of_this_very_process_leads_to_its_functions as fn() as usize as u64;
    let symbolizer = Symbolizer::load(&elf, &vesta_symbols::Search { path: here, ..Default::default() });
    let symbols = resolve(&symbolizer, address - bias);
    let name = "the_bias_of_this_very_process_leads_to_its_functions";
    assert!(symbols.last().unwrap().function.contains(name), "{symbols:?}");
}

#[test]
fn programs_of_lld_and_other_linkers_are_read_as_well() {
    const NAME: &str = "programs of lld and other linkers are read as well";
    let linkers: Vec<&str> =
        ["lld", "gold", "mold"].into_iter().filter(|linker| has_linker(linker)).collect();
    if !linkers.contains(&"lld") {
        skip(NAME, "lld is not installed");
    }
    for linker in linkers {
        let program = Program::c(&["-O2", "-g", &format!("-fuse-ld={linker}")]);
        let symbolizer = program.symbolizer();
        for name in ["main", "outer", "hidden"] {
            let symbols = resolve(&symbolizer, program.address_of(name) + 1);
            assert_eq!(functions(&symbols).last(), Some(&name), "{linker}");
        }
        let executable = |segment: &&Segment| segment.executable;
        let code = program.elf().segments().iter().find(executable).copied().unwrap();
        let mapped = code.offset & !0xfff;
        let bias = bias_of_mapping(program.elf().segments(), 0x5000_0000_0000, mapped).unwrap();
        assert_eq!(bias.wrapping_add(code.address), 0x5000_0000_0000 + code.offset - mapped, "{linker}");
    }
}

fn has_linker(linker: &str) -> bool {
    std::process::Command::new(format!("ld.{linker}")).arg("--version").output().is_ok()
}

#[test]
fn without_section_headers_the_program_headers_lead_to_exports_and_unwind_tables() {
    let program = Program::compile("cc", C, &["-O1", "-rdynamic", "-Wl,--hash-style=both"]);
    let outer = program.address_of("outer");
    let whole = program.elf().unwind_sections().unwrap();
    let mut bytes = std::fs::read(&program.path).unwrap();
    bytes[40..48].fill(0);
    bytes[60..64].fill(0);
    let elf = ElfFile::from_bytes(bytes).unwrap();
    assert_eq!(elf.build_id(), program.elf().build_id());
    let sections = elf.unwind_sections().unwrap();
    let (expected, found) = (whole.eh_frame.unwrap(), sections.eh_frame.unwrap());
    assert_eq!(found.address, expected.address);
    assert!(found.data.starts_with(&expected.data));
    assert_eq!(sections.eh_frame_hdr.unwrap().data, whole.eh_frame_hdr.unwrap().data);
    assert_eq!(sections.text, whole.text);
    let symbolizer = Symbolizer::load(elf, &program.search());
    assert_eq!(functions(&resolve(&symbolizer, outer)), ["outer"]);
}

#[test]
fn code_comes_along_where_tables_leave_most_of_it_out() {
    const NAME: &str = "code_comes_along_where_tables_leave_most_of_it_out";
    assert!(Program::c(&[]).elf().unwind_sections().unwrap().code.is_none());
    if std::process::Command::new("musl-gcc").arg("--version").output().is_err() {
        return skip(NAME, "there is no musl-gcc; `apt-get install musl-tools`");
    }
    let program = Program::compile("musl-gcc", C, &["-static"]);
    let code = program.elf().unwind_sections().unwrap().code.unwrap();
    let main = usize::try_from(program.address_of("main") - code.address).unwrap();
    assert!(main < code.data.len());
}

#[test]
fn files_for_other_machines_are_refused_by_name() {
    let refuse = |bytes: &[u8]| ElfFile::from_bytes(bytes.to_vec()).unwrap_err().to_string();
    assert_eq!(refuse(b"#!/bin/sh"), "no ELF file: it does not start with \\x7fELF");
    let mut bytes = std::fs::read(Program::c(&[]).path).unwrap();
    bytes[18] = 243;
    assert_eq!(
        refuse(&bytes),
        "an ELF file for machine 243; known are 64-bit little-endian x86-64 and aarch64"
    );
    bytes[4] = 1;
    assert!(refuse(&bytes).contains("a 32-bit machine"));
    assert_eq!(refuse(&bytes[..20]), "a damaged ELF file: shorter than its header");
}

#[test]
fn libraries_for_aarch64_are_read_on_any_machine() {
    const NAME: &str = "libraries for aarch64 are read on any machine";
    let source = "
        int imported(int);
        __attribute__((noinline)) int exported(int value) { return imported(value) + 1; }
        __attribute__((noinline)) static int hidden(int value) { return imported(value) * 3; }
        int caller(int value) { return hidden(exported(value)) + 2; }
    ";
    let arguments =
        ["--target=aarch64-linux-gnu", "-fuse-ld=lld", "-nostdlib", "-shared", "-fPIC", "-O1", "-g"];
    if !has_linker("lld") || std::process::Command::new("clang").arg("--version").output().is_err() {
        return skip(NAME, "clang or lld is not installed");
    }
    let program = Program::compile("clang", source, &arguments);
    assert_eq!(program.elf().machine(), vesta_symbols::Machine::Aarch64);
    let symbolizer = program.symbolizer();
    let text = program.tool("readelf", &["-sW", "program"]);
    let mut seen = Vec::new();
    for line in text.lines().filter(|line| line.contains(" FUNC ") && !line.contains(" UND ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let symbols = resolve(&symbolizer, u64::from_str_radix(words[1], 16).unwrap());
        assert_eq!(functions(&symbols), [words[7]]);
        assert!(symbols[0].line > 0);
        seen.push(words[7]);
    }
    assert!(seen.contains(&"hidden") && seen.contains(&"exported"), "{seen:?}");
    let text = program.tool("readelf", &["-SW", "program"]);
    let plt = text.lines().find(|line| line.contains(" .plt ")).unwrap();
    let address = plt.split_whitespace().skip_while(|word| *word != "PROGBITS").nth(1).unwrap();
    let address = u64::from_str_radix(address, 16).unwrap();
    // A head of 32 bytes, then stubs of 16: of `exported` and `imported`.
    let stubs: Vec<String> = (0..2)
        .flat_map(|stub| resolve(&symbolizer, address + 32 + stub * 16))
        .map(|symbol| symbol.function)
        .collect();
    assert!(stubs.contains(&"imported@plt".to_owned()), "{stubs:?}");
}
