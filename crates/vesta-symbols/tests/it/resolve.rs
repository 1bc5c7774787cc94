//! Addresses of programs made by C compilers, with `nm` and `addr2line` of binutils as the judges.

use crate::programs::{Program, addr2line, functions, nm, open, resolve};
use std::path::Path;
use std::process::Command;
use vesta_symbols::{Symbol, Symbolizer};

#[test]
fn every_function_that_nm_knows_is_found_at_its_address_in_every_kind_of_program() {
    for arguments in [&["-O1"][..], &["-O2", "-g"], &["-static"], &["-no-pie", "-g"], &["-O2", "-gdwarf-4"]] {
        let program = Program::c(arguments);
        let symbolizer = program.symbolizer();
        assert_eq!(symbolizer.problems(), [], "{arguments:?}");
        assert!(!symbolizer.is_stripped());
        for name in ["main", "outer", "hidden"] {
            let symbols = resolve(&symbolizer, program.address_of(name));
            assert_eq!(symbols.last().map(|symbol| symbol.function.as_str()), Some(name), "{arguments:?}");
            assert!(!symbols.last().unwrap().inlined);
        }
        assert_eq!(resolve(&symbolizer, 1), []);
    }
}

#[test]
fn stripped_programs_keep_the_names_of_what_they_export_and_import() {
    let program = Program::c(&["-O1", "-rdynamic", "-Wl,-z,lazy"]);
    let (outer, hidden) = (program.address_of("outer"), program.address_of("hidden"));
    program.tool("strip", &["program"]);
    let symbolizer = program.symbolizer();
    assert!(symbolizer.is_stripped());
    assert_eq!(functions(&resolve(&symbolizer, outer + 1)), ["outer"]);
    assert_eq!(resolve(&symbolizer, hidden + 1), []);
    let stubs = stubs_of(&program, &symbolizer);
    assert!(stubs.contains(&"malloc@plt".to_owned()) && stubs.contains(&"free@plt".to_owned()), "{stubs:?}");
}

/// The names of the stubs that `objdump` lists calls to.
fn stubs_of(program: &Program, symbolizer: &Symbolizer) -> Vec<String> {
    let text = program.tool("objdump", &["-d", "program"]);
    let heads = text.lines().filter_map(|line| line.strip_suffix("@plt>:"));
    let mut found = Vec::new();
    for head in heads {
        let (address, name) = head.split_once(" <").unwrap();
        let address = u64::from_str_radix(address, 16).unwrap();
        let symbols = resolve(symbolizer, address);
        assert_eq!(functions(&symbols), [format!("{name}@plt")]);
        found.push(symbols[0].function.clone());
    }
    found
}

#[test]
fn functions_inlined_functions_and_lines_are_those_of_addr2line() {
    for arguments in
        [&["-O2", "-g"][..], &["-O2", "-g", "-gdwarf-4"], &["-O2", "-g", "-gz=zlib", "-static-pie"]]
    {
        let program = Program::c(arguments);
        let symbolizer = program.symbolizer();
        let start = program.address_of("outer");
        let addresses: Vec<u64> = (start..start + 64).chain(within(&program, "hidden")).collect();
        let mut deepest = 0;
        for (address, expected) in addresses.iter().zip(addr2line(&program.path, &addresses)) {
            let symbols = resolve(&symbolizer, *address);
            if symbols.is_empty() {
                // Padding, which belongs to no function; binutils takes that before it.
                continue;
            }
            deepest = deepest.max(symbols.len());
            assert_eq!(plain(&symbols), expected, "{arguments:?} at {address:#x}");
            assert!(symbols.iter().rev().skip(1).all(|symbol| symbol.inlined));
        }
        assert!(deepest >= 3, "{deepest}");
        let outer = resolve(&symbolizer, start);
        assert_eq!(outer.last().unwrap().start_line, 11);
    }
}

fn within(program: &Program, name: &str) -> std::ops::Range<u64> {
    let start = program.address_of(name);
    let next =
        nm(&program.path).into_iter().map(|(address, _)| address).filter(|address| *address > start).min();
    start..next.unwrap()
}

/// Function, file and line of each frame.
fn plain(symbols: &[Symbol]) -> Vec<(String, String, u32)> {
    let frame = |symbol: &Symbol| (symbol.function.clone(), symbol.file.clone(), symbol.line);
    symbols.iter().map(frame).filter(|(_, file, _)| !file.is_empty()).collect()
}

#[test]
fn a_function_goes_by_the_name_that_it_is_exported_under() {
    let source = r#"
        __attribute__((noinline)) int __internal_release(int value) { return value * 3; }
        extern __typeof(__internal_release) release __attribute__((alias("__internal_release")));
        int main(int count, char **arguments) { (void)arguments; return release(count); }"#;
    for debug in ["-g", "-g0"] {
        let program = Program::compile("cc", source, &["-O1", debug]);
        let symbols = resolve(&program.symbolizer(), program.address_of("__internal_release"));
        assert_eq!(functions(&symbols), ["release"], "{debug}");
    }
}

#[test]
fn the_build_id_is_that_of_the_linker_and_without_one_that_of_the_content() {
    let program = Program::c(&["-Wl,--build-id=0x00ABcdef01"]);
    assert_eq!(program.elf().build_id(), Some("00abcdef01"));
    let none = Program::c(&["-Wl,--build-id=none"]);
    assert_eq!(none.elf().build_id(), Some(content_id(&none.path).as_str()));
    // Shorter than what is hashed at either end.
    let short = none.folder.path().join("short");
    std::fs::write(&short, &std::fs::read(&none.path).unwrap()[..3_000]).unwrap();
    assert_eq!(open(&short).build_id(), Some(content_id(&short).as_str()));
}

/// What OpenTelemetry's profilers send as `process.executable.build_id.htlhash`, made with other tools.
fn content_id(path: &Path) -> String {
    let script = "import hashlib, sys; data = open(sys.argv[1], 'rb').read(); \
                  print(hashlib.sha256(data[:4096] + data[-4096:] + len(data).to_bytes(8, 'big')).hexdigest()[:32])";
    let output = Command::new("python3").args(["-c", script]).arg(path).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
