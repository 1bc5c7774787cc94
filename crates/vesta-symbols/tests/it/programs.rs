//! Programs made by the compilers of this machine.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use vesta_symbols::{ElfFile, Search, Symbol, Symbolizer};

/// Three functions, of which the compiler puts one into another.
pub(crate) const C: &str = r#"
#include <stdlib.h>
#include <string.h>
static inline __attribute__((always_inline)) unsigned inner(unsigned value) {
    for (unsigned at = 0; at < value % 7; at++) value = value * 31 + at;
    return value;
}
static inline __attribute__((always_inline)) unsigned middle(unsigned value) {
    return inner(value) + inner(value + 1);
}
__attribute__((noinline)) unsigned outer(unsigned value) {
    return middle(value) ^ inner(value);
}
__attribute__((noinline)) static unsigned hidden(unsigned value) {
    char *memory = malloc(value % 100 + 1);
    memset(memory, 1, value % 100 + 1);
    unsigned result = outer(value) + memory[0];
    free(memory);
    return result;
}
int main(int count, char **arguments) {
    (void)arguments;
    return (int)hidden((unsigned)count);
}
"#;

/// Names of every kind that C++ mangles.
pub(crate) const CPP: &str = r#"
#include <algorithm>
#include <string>
#include <vector>
namespace shop {
template <typename T> struct Cart {
    std::vector<T> items;
    __attribute__((noinline)) void add(const T &item) { items.push_back(item); }
};
namespace {
__attribute__((noinline)) int concealed(int value) { return value * 3; }
}
__attribute__((noinline)) int total(const std::vector<int> &values) {
    int sum = 0;
    std::for_each(values.begin(), values.end(), [&](int value) { sum += concealed(value); });
    return sum;
}
}
int main(int count, char **) {
    shop::Cart<std::string> names;
    names.add("one");
    std::vector<int> values(count, 2);
    return shop::total(values) + (int)names.items.size();
}
"#;

pub(crate) struct Program {
    pub(crate) folder: TempDir,
    pub(crate) path: PathBuf,
}

impl Program {
    /// Compiles a source with a compiler of the machine.
    pub(crate) fn compile(compiler: &str, source: &str, arguments: &[&str]) -> Self {
        Self::compile_with(compiler, source, arguments, &[])
    }

    pub(crate) fn compile_with(
        compiler: &str,
        source: &str,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let folder = TempDir::new().unwrap();
        let extension = match compiler {
            "c++" => "cpp",
            "rustc" => "rs",
            _ => "c",
        };
        let path = folder.path().join("program");
        let file = folder.path().join(format!("program.{extension}"));
        std::fs::write(&file, source).unwrap();
        let mut command = Command::new(compiler);
        command.envs(environment.iter().copied());
        run(command.current_dir(folder.path()).arg(&file).arg("-o").arg(&path).args(arguments));
        Self { folder, path }
    }

    pub(crate) fn c(arguments: &[&str]) -> Self {
        Self::compile("cc", C, arguments)
    }

    /// Runs a tool in the folder of the program.
    pub(crate) fn tool(&self, name: &str, arguments: &[&str]) -> String {
        run(Command::new(name).current_dir(self.folder.path()).args(arguments))
    }

    pub(crate) fn elf(&self) -> ElfFile {
        open(&self.path)
    }

    pub(crate) fn search(&self) -> Search {
        Search { path: self.path.clone(), ..Search::default() }
    }

    pub(crate) fn symbolizer(&self) -> Symbolizer {
        Symbolizer::load(self.elf(), &self.search())
    }

    /// Functions by name, as `nm` prints them.
    pub(crate) fn address_of(&self, name: &str) -> u64 {
        nm(&self.path).into_iter().find(|(_, found)| found == name).expect("nm knows it").0
    }
}

/// The functions of a program, as `nm` prints them.
pub(crate) fn nm(path: &Path) -> Vec<(u64, String)> {
    let text = run(Command::new("nm").arg("--defined-only").arg(path));
    let functions = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        let kind = words.next()?;
        let name = words.next()?.to_owned();
        matches!(kind, "t" | "T" | "w" | "W" | "i").then_some((address, name))
    });
    functions.collect()
}

pub(crate) fn open(path: &Path) -> ElfFile {
    ElfFile::open(File::open(path).unwrap()).unwrap()
}

pub(crate) fn resolve(symbolizer: &Symbolizer, address: u64) -> Vec<Symbol> {
    let mut symbols = Vec::new();
    symbolizer.resolve(address, &mut symbols);
    symbols
}

pub(crate) fn functions(symbols: &[Symbol]) -> Vec<&str> {
    symbols.iter().map(|symbol| symbol.function.as_str()).collect()
}

/// What `addr2line -i` says: function, file and line of each frame.
pub(crate) fn addr2line(program: &Path, addresses: &[u64]) -> Vec<Vec<(String, String, u32)>> {
    let mut command = Command::new("addr2line");
    command.args(["-f", "-i", "-a", "-e"]).arg(program);
    command.args(addresses.iter().map(|address| format!("{address:#x}")));
    let text = run(&mut command);
    let mut answers: Vec<Vec<(String, String, u32)>> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("0x") {
            answers.push(Vec::new());
            continue;
        }
        let (file, number) = lines.next().unwrap().rsplit_once(':').unwrap();
        let number = number.split(' ').next().unwrap().parse().unwrap_or(0);
        if file != "??" {
            answers.last_mut().unwrap().push((line.to_owned(), file.to_owned(), number));
        }
    }
    answers
}

pub(crate) fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
