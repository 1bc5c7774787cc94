//! A native program as it was linked and as it is deployed, of which addresses are known.

use crate::command::shown;
use crate::skip::skip;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;
use vesta_symbols::{ElfFile, Search, Symbolizer};

const SOURCE: &str = r"
#include <stdlib.h>
static inline __attribute__((always_inline)) long price_item(long n) {
    long sum = 0;
    for (long i = 0; i < n; i++) sum += (sum ^ i) * 31;
    return sum;
}
__attribute__((noinline)) long fill_cart(long n) { return price_item(n) + 1; }
int main(int argc, char **argv) { return (int)fill_cart(argc * 1000); }
";

/// The program `shop`, and `stripped`, which is the same without names.
pub(crate) struct NativeProgram {
    /// Where both are.
    pub(crate) folder: TempDir,
    /// Of both.
    pub(crate) build_id: String,
    /// The place in the file of code of `price_item`, which is inlined into `fill_cart`.
    pub(crate) inlined: u64,
    /// The place in the file of the call of that in `main`.
    pub(crate) call: u64,
}

impl NativeProgram {
    /// Builds it; none, said loudly, where there is no compiler.
    pub(crate) fn build(test: &str) -> Option<NativeProgram> {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("shop.c"), SOURCE).unwrap();
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).current_dir(folder.path()).args(arguments).output();
            match output {
                Ok(output) if output.status.success() => true,
                Ok(output) => panic!("{program}: {}", shown(&output)),
                Err(error) => {
                    skip(test, &format!("{program}: {error}"));
                    false
                }
            }
        };
        let built = run("cc", &["-O2", "-g", "-Wl,--build-id", "-o", "shop", "shop.c"])
            && run("strip", &["-o", "stripped", "shop"]);
        if !built {
            return None;
        }
        let path = folder.path().join("shop");
        let elf = ElfFile::open(File::open(&path).unwrap()).unwrap();
        let symbolizer = Symbolizer::load(&elf, &Search { path, ..Search::default() });
        let (mut inlined, mut call) = (None, None);
        for segment in elf.segments().iter().filter(|segment| segment.executable) {
            for offset in segment.offset..segment.offset + segment.file_size {
                let mut symbols = Vec::new();
                symbolizer.resolve(offset - segment.offset + segment.address, &mut symbols);
                let names: Vec<&str> = symbols.iter().map(|symbol| symbol.function.as_str()).collect();
                match names[..] {
                    ["price_item", "fill_cart"] => inlined = Some(offset),
                    ["main"] => call = Some(offset),
                    _ => {}
                }
            }
        }
        let build_id = elf.build_id().unwrap().to_owned();
        Some(NativeProgram { folder, build_id, inlined: inlined.unwrap(), call: call.unwrap() })
    }

    /// The path of a file beside the program.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}
