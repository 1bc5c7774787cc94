//! Programs of Go, with symbols and without. What Go's own tools say of the one with symbols is true for both.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::hostile::{damage, read_everything};
use crate::programs::{addr2line, open, resolve, run};
use crate::skip::skip;
use crate::symbol_files::compare;
use tempfile::TempDir;
use vesta_symbols::{Search, Symbol, Symbolizer};

const SOURCE: &str = r#"package main

import "fmt"

type stack[T any] struct{ values []T }

//go:noinline
func (s *stack[T]) push(value T) { s.values = append(s.values, value) }

func inner(value int) int {
	if value%3 == 0 {
		return value * 31
	}
	return value + 1
}

func middle(value int) int { return inner(value) + inner(value+1) }

//go:noinline
func outer(value int) int {
	return middle(value) ^ inner(value)
}

func main() {
	var s stack[int]
	s.push(outer(7))
	func() { defer fmt.Println(len(s.values)) }()
}
"#;

const CGO: &str = "\n/*\n#include <stdlib.h>\n__attribute__((noinline)) int native(int value) { return value * abs(value); }\n*/\nimport \"C\"\n\nfunc init() { println(C.native(3)) }\n";

/// Builds the program; `None` when there is no Go.
fn build(folder: &Path, name: &str, source: &str, arguments: &[&str]) -> Option<PathBuf> {
    let go = go()?;
    std::fs::write(folder.join("main.go"), source).unwrap();
    let path = folder.join(name);
    let mut command = Command::new(go);
    command.current_dir(folder).env("GOFLAGS", "-mod=mod").env("GO111MODULE", "off");
    run(command.arg("build").arg("-o").arg(&path).args(arguments).arg("main.go"));
    Some(path)
}

fn go() -> Option<PathBuf> {
    let candidates = [PathBuf::from("go"), PathBuf::from("/usr/local/go/bin/go")];
    candidates.into_iter().find(|go| Command::new(go).arg("version").output().is_ok())
}

fn symbolizer(path: &Path) -> Symbolizer {
    let symbolizer = Symbolizer::load(open(path), &Search { path: path.to_owned(), ..Search::default() });
    assert_eq!(symbolizer.problems(), []);
    symbolizer
}

/// Functions of the program with symbols: address, size, name.
fn functions_of(path: &Path) -> Vec<(u64, u64, String)> {
    let text = run(Command::new(go().unwrap()).args(["tool", "nm", "-size", "-type"]).arg(path));
    let function = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [address, size, kind, name] = words[..] else { return None };
        let address = u64::from_str_radix(address, 16).ok()?;
        (kind == "T" || kind == "t").then(|| Some((address, size.parse().ok()?, name.to_owned())))?
    };
    text.lines().filter_map(function).collect()
}

/// What `go tool addr2line` says: function and `file:line`.
fn positions(path: &Path, addresses: &[u64]) -> Vec<(String, String)> {
    use std::io::Write;
    use std::process::Stdio;
    let mut command = Command::new(go().unwrap());
    command.args(["tool", "addr2line"]).arg(path).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let input: String = addresses.iter().map(|address| format!("{address:#x}\n")).collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    lines.chunks(2).map(|pair| (pair[0].to_owned(), pair[1].to_owned())).collect()
}

#[test]
fn stripped_programs_of_go_have_the_same_functions_files_and_lines() {
    const NAME: &str = "stripped programs of go have the same functions files and lines";
    let folder = TempDir::new().unwrap();
    let cgo = SOURCE.replacen(
        "\nimport \"fmt\"",
        &format!("{}\nimport \"fmt\"", CGO.split("\nfunc").next().unwrap()),
        1,
    ) + "\nfunc init() { println(C.native(3)) }\n";
    for (kind, source, arguments) in
        [("plain", SOURCE, &[][..]), ("pie", SOURCE, &["-buildmode=pie"]), ("cgo", &cgo, &[])]
    {
        let Some(full) = build(folder.path(), kind, source, arguments) else {
            return skip(NAME, "Go is not installed");
        };
        let mut stripped = arguments.to_vec();
        stripped.extend(["-ldflags", "-s -w"]);
        let stripped = build(folder.path(), &format!("{kind}-stripped"), source, &stripped).unwrap();
        let (full_symbolizer, stripped_symbolizer) = (symbolizer(&full), symbolizer(&stripped));
        assert!(!stripped_symbolizer.is_stripped() && open(&stripped).is_go());

        let functions: Vec<(u64, u64, String)> = functions_of(&full)
            .into_iter()
            .filter(|(_, size, name)| *size > 0 && name.contains('.'))
            .collect();
        assert!(functions.len() > 1_000, "{kind}");
        let mut compared = 0;
        let addresses: Vec<u64> =
            functions.iter().flat_map(|(start, size, _)| [*start, start + size / 2]).collect();
        for (address, (function, position)) in addresses.iter().zip(positions(&full, &addresses)) {
            let symbols = resolve(&full_symbolizer, *address);
            let Some(outermost) = symbols.last().filter(|_| function != "?") else { continue };
            assert_eq!(plain(&outermost.function), plain(&function), "{kind} at {address:#x}");
            let innermost = &symbols[0];
            if position != "?:0" && !innermost.file.is_empty() {
                assert_eq!(
                    format!("{}:{}", innermost.file, innermost.line),
                    position,
                    "{kind} at {address:#x}"
                );
                compared += 1;
            }
            // Without symbols the linker lays out the same code, though not the same data.
            assert_eq!(resolve(&stripped_symbolizer, *address), symbols, "{kind} at {address:#x}");
        }
        assert!(compared > functions.len(), "{kind}: {compared} of {}", addresses.len());
    }
}

/// Types of generic functions are written out in the symbol table only.
fn plain(name: &str) -> String {
    name.split('[').next().unwrap().to_owned()
}

#[test]
fn inlined_functions_of_go_are_those_of_its_debug_information() {
    const NAME: &str = "inlined functions of go are those of its debug information";
    let folder = TempDir::new().unwrap();
    let Some(path) = build(folder.path(), "program", SOURCE, &[]) else {
        return skip(NAME, "Go is not installed");
    };
    let symbolizer = symbolizer(&path);
    let (start, size, _) = functions_of(&path).into_iter().find(|(_, _, name)| name == "main.outer").unwrap();
    let addresses: Vec<u64> = (start..start + size).collect();
    let mut deepest = 0;
    for (address, expected) in addresses.iter().zip(addr2line(&path, &addresses)) {
        let symbols = resolve(&symbolizer, *address);
        deepest = deepest.max(symbols.len());
        let found =
            symbols.iter().map(|Symbol { function, file, line, .. }| (function.clone(), file.clone(), *line));
        // Old binutils do not know the line of the first instruction.
        if expected.iter().all(|(_, _, line)| *line != 0) {
            assert_eq!(found.collect::<Vec<_>>(), expected, "at {address:#x}");
        }
    }
    assert_eq!(deepest, 3);
    assert_eq!(resolve(&symbolizer, start).last().unwrap().start_line, 20);
}

#[test]
fn symbol_files_of_go_answer_at_every_address_and_damaged_tables_do_no_harm() {
    const NAME: &str = "symbol files of go answer at every address and damaged tables do no harm";
    let folder = TempDir::new().unwrap();
    let source = "package main\nfunc main() { println(len(\"x\")) }\n";
    let Some(path) = build(folder.path(), "program", source, &["-ldflags", "-s -w"]) else {
        return skip(NAME, "Go is not installed");
    };
    assert!(compare(&open(&path), &symbolizer(&path), 11) > 10_000);

    // Without section headers the table is found by its first bytes.
    let bytes = std::fs::read(&path).unwrap();
    let mut bare = bytes.clone();
    bare[40..48].fill(0);
    bare[60..64].fill(0);
    let elf = vesta_symbols::ElfFile::from_bytes(bare).unwrap();
    let (bare, whole) = (elf.unwind_sections().unwrap(), open(&path).unwind_sections().unwrap());
    assert_eq!(bare.gopclntab.unwrap().address, whole.gopclntab.as_ref().unwrap().address);
    assert_eq!(bare.go_text_start, whole.go_text_start);

    let table = whole.gopclntab.unwrap();
    let at = memchr_of(&bytes, &table.data[..64]);
    damage(&table.data[..72], 24, |mut start| {
        start.extend_from_slice(&table.data[start.len()..]);
        let mut damaged = bytes.clone();
        damaged[at..at + start.len()].copy_from_slice(&start);
        read_everything(damaged);
    });
}

fn memchr_of(bytes: &[u8], needle: &[u8]) -> usize {
    bytes.windows(needle.len()).position(|window| window == needle).unwrap()
}
