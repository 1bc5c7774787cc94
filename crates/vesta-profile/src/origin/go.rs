//! Go: the name of a function starts with the path that its package is imported by.

use super::Origin;
use crate::FrameKind;

/// The first parts of the import paths of the standard library.
const STANDARD: [&str; 50] = [
    "archive",
    "arena",
    "bufio",
    "bytes",
    "cmp",
    "compress",
    "container",
    "context",
    "crypto",
    "database",
    "debug",
    "embed",
    "encoding",
    "errors",
    "expvar",
    "flag",
    "fmt",
    "go",
    "hash",
    "html",
    "image",
    "index",
    "internal",
    "io",
    "iter",
    "log",
    "maps",
    "math",
    "mime",
    "net",
    "os",
    "path",
    "plugin",
    "reflect",
    "regexp",
    "runtime",
    "slices",
    "sort",
    "strconv",
    "strings",
    "structs",
    "sync",
    "syscall",
    "testing",
    "text",
    "time",
    "unicode",
    "unique",
    "unsafe",
    "vendor",
];

/// How functions of the runtime begin that collect garbage.
const COLLECTION: [&str; 20] = [
    "gc",
    "(*gc",
    "scan",
    "greyobject",
    "mark",
    "markroot",
    "sweep",
    "(*sweep",
    "(*mspan).sweep",
    "bgsweep",
    "bgscavenge",
    "(*scavenge",
    "(*pageAlloc).scavenge",
    "findObject",
    "wb",
    "(*wbBuf",
    "bulkBarrier",
    "stopTheWorld",
    "startTheWorld",
    "tryDeferToSpanScan",
];

/// How functions of the runtime begin that look for work and wait for it.
const SCHEDULING: [&str; 21] = [
    "schedule",
    "findRunnable",
    "findrunnable",
    "park_m",
    "stopm",
    "startm",
    "wakep",
    "mstart",
    "mcall",
    "notesleep",
    "notetsleep",
    "notewakeup",
    "futex",
    "netpoll",
    "epollwait",
    "usleep",
    "osyield",
    "sysmon",
    "stealWork",
    "runqgrab",
    "execute",
];

pub(super) fn origin<'a>(name: &'a str, file: &'a str) -> Option<Origin<'a>> {
    let is_go = file.ends_with(".go") || (file.ends_with(".s") && name != file);
    let is_named_like_go = file.is_empty() && import_path(name).contains('/');
    if !is_go && !is_named_like_go {
        return None;
    }
    let named = if name == file { "" } else { import_path(name) };
    let package = if named.is_empty() { folder_path(file) } else { named };
    let first = super::first_part(package);
    let kind = if STANDARD.contains(&first) {
        standard(name, package)
    } else if is_module(file) {
        FrameKind::Library
    } else if is_go {
        FrameKind::Own
    } else if first.contains('.') && !first.contains(|c: char| c.is_ascii_uppercase()) {
        // Without a file nobody can tell a library from the program.
        FrameKind::Unknown
    } else {
        return None;
    };
    Some(Origin::new(package, kind))
}

fn standard(name: &str, package: &str) -> FrameKind {
    let Some(function) = name.strip_prefix("runtime.").filter(|_| package == "runtime") else {
        return FrameKind::StandardLibrary;
    };
    let is_any = |starts: &[&str]| starts.iter().any(|start| function.starts_with(start));
    match is_any(&COLLECTION) || is_any(&SCHEDULING) {
        true => FrameKind::Runtime,
        false => FrameKind::StandardLibrary,
    }
}

/// `github.com/a/b` of `github.com/a/b.(*T).F[go.shape.int]`; empty for names without a package.
fn import_path(name: &str) -> &str {
    // Type arguments hold paths of their own.
    let plain = &name[..name.find(['[', '(', ' ']).unwrap_or(name.len())];
    let start = plain.rfind('/').map_or(0, |slash| slash + 1);
    plain[start..].find('.').map_or("", |dot| &plain[..start + dot])
}

/// Whether the file is in the module cache, or was when the path was cut for `-trimpath`, or in a vendor folder.
fn is_module(file: &str) -> bool {
    file.contains("@v") || file.contains("/vendor/") || file.contains("/pkg/mod/")
}

/// The package of assembly, whose names have none, and of files: what follows the root of the sources.
fn folder_path(file: &str) -> &str {
    let folder = super::folder(file);
    if let Some(module) = super::after_last(folder, "/pkg/mod/") {
        return module;
    }
    let rest = super::after_last(folder, "/src/").unwrap_or(folder);
    if STANDARD.contains(&super::first_part(rest)) { rest } else { folder }
}
