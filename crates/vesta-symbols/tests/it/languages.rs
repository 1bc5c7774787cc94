//! Names of C++ and Rust, with `c++filt` and the source as judges.

use crate::programs::{CPP, Program, functions, nm, resolve};

#[test]
fn names_of_cpp_are_those_of_the_source() {
    for arguments in [&["-O1"][..], &["-O2", "-g"], &["-O1", "-g", "-gdwarf-4"]] {
        let program = Program::compile("c++", CPP, arguments);
        let symbolizer = program.symbolizer();
        let mut seen = Vec::new();
        for (address, name) in nm(&program.path) {
            let symbols = resolve(&symbolizer, address);
            let Some(symbol) = symbols.last() else { continue };
            if name.starts_with("_Z") && !name.contains('.') {
                assert!(
                    symbol.function != symbol.system_name && !symbol.function.starts_with("_Z"),
                    "{symbol:?}"
                );
            }
            seen.push(symbol.function.clone());
        }
        for expected in [
            "shop::total(std::vector<int, std::allocator<int> > const&)",
            "shop::(anonymous namespace)::concealed(int)",
        ] {
            assert!(seen.iter().any(|name| name == expected), "{expected} is not among {seen:#?}");
        }
        assert!(
            seen.iter().any(|name| name.starts_with("shop::Cart<") && name.contains("::add(")),
            "{seen:#?}"
        );
        assert!(seen.contains(&"main".to_owned()) && seen.contains(&"_start".to_owned()));
    }
}

const RUST: &str = r#"
use std::collections::HashMap;
trait Shape { fn area(&self) -> u64; }
struct Square(u64);
impl Shape for Square {
    #[inline(never)]
    fn area(&self) -> u64 { std::hint::black_box(self.0) * self.0 }
}
mod store {
    #[inline(never)]
    pub fn keep<T: Clone>(values: &[T]) -> Vec<T> { let kept = values.iter().map(|value| value.clone()).collect(); std::hint::black_box(kept) }
}
fn main() {
    let mut areas: HashMap<u64, u64> = HashMap::new();
    for side in store::keep(&[1_u64, 2, 3]) {
        areas.insert(side, Square(side).area());
    }
    println!("{}", areas.len());
}
"#;

#[test]
fn names_of_rust_are_those_of_the_source_without_the_hash() {
    for scheme in ["legacy", "v0"] {
        let mangling = format!("-Csymbol-mangling-version={scheme}");
        let mut arguments = vec!["-g", "-Copt-level=2", "--edition=2021", &mangling];
        if scheme == "legacy" {
            arguments.push("-Zunstable-options");
        }
        let bootstrap = Program::compile_with("rustc", RUST, &arguments, &[("RUSTC_BOOTSTRAP", "1")]);
        let symbolizer = bootstrap.symbolizer();
        let functions_of = |(address, _): (u64, String)| {
            resolve(&symbolizer, address).last().map(|symbol| symbol.function.clone()).unwrap_or_default()
        };
        let seen: Vec<String> = nm(&bootstrap.path).into_iter().map(functions_of).collect();
        for expected in ["program::main", "<program::Square as program::Shape>::area"] {
            assert!(seen.iter().any(|name| name == expected), "{scheme}: {expected} is not among them");
        }
        assert!(seen.iter().any(|name| name.starts_with("program::store::keep")), "{scheme}");
        let hashed = |name: &&String| name.rsplit_once("::h").is_some_and(|(_, hash)| hash.len() == 16);
        assert_eq!(seen.iter().find(hashed), None);
    }
}

#[test]
fn assembly_without_sizes_reaches_to_the_next_symbol() {
    let source = "
        .text
        .globl first
        first: nop; nop; nop
        second: nop; nop
        .globl main
        .type main, @function
        main: xorl %eax, %eax; ret
        .size main, .-main
        .type sized, @function
        sized: nop
        label_within: nop; ret
        .size sized, .-sized
        .section .note.GNU-stack
    ";
    if !cfg!(target_arch = "x86_64") {
        return crate::skip::skip("assembly without sizes", "the assembly is of x86-64");
    }
    let folder = tempfile::tempdir().unwrap();
    let (file, path) = (folder.path().join("program.s"), folder.path().join("program"));
    std::fs::write(&file, source).unwrap();
    crate::programs::run(std::process::Command::new("cc").arg(&file).arg("-o").arg(&path));
    let program = Program { folder, path };
    let symbolizer = program.symbolizer();
    let name_at = |address| functions(&resolve(&symbolizer, address)).concat();
    let first = program.address_of("first");
    assert_eq!([0, 2, 3, 4, 5].map(|at| name_at(first + at)), ["first", "first", "second", "second", "main"]);
    let sized = program.address_of("sized");
    assert_eq!([0, 1, 2].map(|at| name_at(sized + at)), ["sized", "sized", "sized"]);
}

#[test]
fn of_several_names_for_one_address_the_well_known_one_is_shown() {
    let source = r#"
        __attribute__((noinline)) int __internal_read(int value) { return value + 1; }
        int read_it(int) __attribute__((weak, alias("__internal_read")));
        int read_it_64(int) __attribute__((alias("__internal_read")));
        static int plain(int value) { return value; }
        static int (*chosen(void))(int) { return plain; }
        int quick(int) __attribute__((ifunc("chosen")));
        int main(int count, char **arguments) { (void)arguments; return __internal_read(count) + quick(count); }
    "#;
    let program = Program::compile("cc", source, &["-O1"]);
    let symbolizer = program.symbolizer();
    let at = |name| functions(&resolve(&symbolizer, program.address_of(name))).concat();
    assert_eq!(at("__internal_read"), "read_it_64");
    assert_eq!(at("plain"), "plain");
    assert_eq!(at("chosen"), "quick");
}
