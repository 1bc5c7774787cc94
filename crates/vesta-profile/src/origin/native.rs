//! Native code: modules are shared libraries, programs and the kernel.

use super::{Origin, base, folder};
use crate::FrameKind;

/// Endings of source files of compiled languages without packages.
const SOURCES: [&str; 11] = ["c", "cc", "cpp", "cxx", "h", "hh", "hpp", "inl", "m", "mm", "S"];

/// Programs that run other people's code: what is in them is not the code of the service.
const INTERPRETERS: [&str; 10] =
    ["python", "node", "ruby", "php", "java", "dotnet", "perl", "bash", "sh", "lua"];

/// Shared libraries that are a runtime.
const RUNTIMES: [&str; 5] = ["libjvm", "libclrjit", "libcoreclr", "libclrgc", "libmono"];

pub(super) fn kernel<'a>(file: &'a str, module: &'a str) -> Option<Origin<'a>> {
    let is_kernel = |text: &str| {
        matches!(
            text,
            "[kernel]" | "kernel" | "[vdso]" | "[vsyscall]" | "linux-vdso.so.1" | "[guest.kernel.kallsyms]"
        ) || text.starts_with("[kernel.")
            || base(text).starts_with("vmlinux")
            || text.ends_with(".ko")
            || text.ends_with(".ko.xz")
            || text.ends_with(".ko.zst")
    };
    (is_kernel(module) || (module.is_empty() && is_kernel(file)))
        .then(|| Origin::new("kernel", FrameKind::Kernel))
}

/// Code of a shared library.
pub(super) fn library(module: &str) -> Option<Origin<'_>> {
    let name = shared_library(module)?;
    let kind = if RUNTIMES.contains(&name) { FrameKind::Runtime } else { FrameKind::Native };
    Some(Origin::new(name, kind))
}

/// Code of a program that was compiled from files of C and the like.
pub(super) fn own<'a>(file: &'a str, module: &'a str) -> Option<Origin<'a>> {
    let program = base(module);
    let trimmed = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !module.is_empty() && INTERPRETERS.contains(&trimmed) {
        return Some(Origin::new(program, FrameKind::Native));
    }
    let is_source = base(file).rsplit_once('.').is_some_and(|(_, ending)| SOURCES.contains(&ending));
    if !is_source {
        return None;
    }
    let is_systems = ["/usr/include/", "/usr/src/", "/usr/lib/"].iter().any(|root| file.starts_with(root));
    let kind = if is_systems { FrameKind::Native } else { FrameKind::Own };
    Some(Origin::new(if program.is_empty() { folder(file) } else { program }, kind))
}

/// `libssl` of `/usr/lib/libssl.so.3`, `libc` of `libc-2.31.so`.
fn shared_library(module: &str) -> Option<&str> {
    let file = base(module);
    let end = file.find(".so").filter(|&at| {
        let rest = &file[at + 3..];
        rest.is_empty() || rest.starts_with(['.', ' '])
    });
    let name = match end {
        Some(end) => &file[..end],
        None => file.strip_suffix(".dylib").or_else(|| file.strip_suffix(".node"))?,
    };
    // Modules of Python have the version of the interpreter in their names: `_json.cpython-311-x86_64-linux-gnu`.
    let name = name.split(".cpython-").next().unwrap_or(name);
    let version = name.find('-').filter(|&at| name[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
    Some(&name[..version.unwrap_or(name.len())])
}
