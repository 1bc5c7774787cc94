//! How long it takes to load a module and to find the functions of an address, on this very benchmark: a Rust program
//! with debug information of its lines.
//!
//! `cargo bench -p vesta-symbols`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a benchmark")]

use std::fs::File;
use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use vesta_symbols::{ElfFile, PerfMap, Search, Symbol, SymbolFile, Symbolizer, demangle, symbol_file};

fn main() {
    divan::main();
}

/// Headers and build id: what every mapping of every process costs.
#[divan::bench]
fn open() -> ElfFile {
    elf()
}

/// With and without debug information.
#[divan::bench(args = [false, true])]
fn load(bencher: Bencher<'_, '_>, lines: bool) {
    let elf = elf();
    bencher.bench_local(|| Symbolizer::load(black_box(&elf), &search(lines)));
}

/// Addresses that were asked for before, as most are.
#[divan::bench(args = [false, true])]
fn lookup(bencher: Bencher<'_, '_>, lines: bool) {
    let elf = elf();
    let symbolizer = Symbolizer::load(&elf, &search(lines));
    let addresses = addresses(&elf);
    let mut out: Vec<Symbol> = Vec::new();
    bencher.counter(ItemsCount::of_iter(addresses.iter())).bench_local(|| {
        for address in &addresses {
            out.clear();
            symbolizer.resolve(black_box(*address), &mut out);
        }
    });
}

#[divan::bench]
fn symbol_file_encode(bencher: Bencher<'_, '_>) {
    let elf = elf();
    let symbolizer = Symbolizer::load(&elf, &search(true));
    let size = symbol_file::encode(&elf, &symbolizer).len();
    bencher.counter(BytesCount::new(size)).bench_local(|| symbol_file::encode(&elf, black_box(&symbolizer)));
}

#[divan::bench]
fn symbol_file_lookup(bencher: Bencher<'_, '_>) {
    let elf = elf();
    let file = symbol_file::encode(&elf, &Symbolizer::load(&elf, &search(true)));
    let file = SymbolFile::decode(file.into()).unwrap();
    let addresses = addresses(&elf);
    let mut out: Vec<Symbol> = Vec::new();
    bencher.counter(ItemsCount::of_iter(addresses.iter())).bench_local(|| {
        for address in &addresses {
            out.clear();
            file.resolve(black_box(*address), &mut out);
        }
    });
}

/// 60,000 functions, as a large Java service has.
#[divan::bench]
fn perf_map(bencher: Bencher<'_, '_>) {
    let line = |at: u64| {
        format!("{:x} 100 void com.example.service{at}.Handler.handle(java.lang.String)\n", at << 8)
    };
    let text: String = (1..60_000).map(line).collect();
    bencher.counter(BytesCount::of_str(&text)).bench_local(|| PerfMap::parse(black_box(text.as_bytes())));
}

#[divan::bench(args = ["_RNvNtCs4fqI2P2rA04_11demangle_me3foo3bar", "_ZNSt6vectorIiSaIiEE9push_backEOi", "main"])]
fn demangling(name: &str) -> String {
    demangle(black_box(name)).into_owned()
}

fn elf() -> ElfFile {
    ElfFile::open(File::open(std::env::current_exe().unwrap()).unwrap()).unwrap()
}

fn search(lines: bool) -> Search {
    Search { path: std::env::current_exe().unwrap(), lines, inlines: lines, ..Search::default() }
}

/// A thousand addresses across the code.
fn addresses(elf: &ElfFile) -> Vec<u64> {
    let code = elf.segments().iter().find(|segment| segment.executable).unwrap();
    (0..1_000).map(|at| code.address + code.file_size / 1_000 * at).collect()
}
