//! What package managers do to paths.

use super::{Origin, after_last, base, first_part, folder};
use crate::FrameKind;
use std::borrow::Cow;

/// Endings of source files.
const SOURCES: [&str; 32] = [
    "py", "pyx", "js", "mjs", "cjs", "ts", "tsx", "jsx", "mts", "cts", "vue", "svelte", "rb", "erb", "rake",
    "php", "java", "kt", "kts", "scala", "groovy", "clj", "cs", "fs", "vb", "rs", "go", "ex", "exs", "erl",
    "swift", "lua",
];

/// Files that came with the language or were installed.
pub(super) fn installed(file: &str) -> Option<Origin<'_>> {
    if file.is_empty() {
        return None;
    }
    python(file).or_else(|| node(file)).or_else(|| ruby(file)).or_else(|| rust(file)).or_else(|| php(file))
}

/// Files with source code that nobody installed: their folder is the package.
pub(super) fn own<'a>(name: &'a str, file: &'a str) -> Option<Origin<'a>> {
    let is_source = base(file).rsplit_once('.').is_some_and(|(_, ending)| SOURCES.contains(&ending));
    if !is_source {
        return None;
    }
    let qualified = if super::java::is_source(file) {
        super::name::java_package(name)
    } else if file.ends_with(".rs") {
        super::name::rust_crate(name)
    } else {
        ""
    };
    let package = if qualified.is_empty() { folder(file) } else { qualified };
    Some(Origin::new(package, FrameKind::Own))
}

fn python(file: &str) -> Option<Origin<'_>> {
    for marker in ["site-packages", "dist-packages"] {
        if let Some(rest) = after_last(file, marker).and_then(|rest| rest.strip_prefix(['/', '\\'])) {
            // The Go toolchain and other programs are installed like packages of Python, with sources of their own.
            let package = first_part(rest);
            let package = package.strip_suffix(".py").unwrap_or(package);
            return Some(Origin::new(package, FrameKind::Library));
        }
    }
    if file.starts_with("<frozen") || is_python_root(file) {
        return Some(Origin::new("python", FrameKind::StandardLibrary));
    }
    match file {
        "<native>" => Some(Origin::new("native", FrameKind::Native)),
        "<runtime>" => Some(Origin::new("python", FrameKind::Runtime)),
        "<__array_function__ internals>" => Some(Origin::new("numpy", FrameKind::Library)),
        _ if file.starts_with("<attrs generated") => Some(Origin::new("attrs", FrameKind::Library)),
        _ => None,
    }
}

/// `.../lib/python3.11/...`, `...\Python311\Lib\...`
fn is_python_root(file: &str) -> bool {
    let digits = |rest: Option<&str>| rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    ["/lib/python", "/lib64/python"].iter().any(|marker| digits(after_last(file, marker)))
        || (digits(after_last(file, "\\Python")) && file.contains("\\Lib\\") && file.ends_with(".py"))
}

fn node(file: &str) -> Option<Origin<'_>> {
    if let Some(rest) = after_last(file, "node_modules").and_then(|rest| rest.strip_prefix(['/', '\\'])) {
        let first = first_part(rest);
        let end = match rest.get(first.len() + 1..) {
            Some(second) if first.starts_with('@') => first.len() + 1 + first_part(second).len(),
            _ => first.len(),
        };
        // pnpm keeps packages under `.pnpm/name@version/node_modules/name`, which the last marker has found.
        let package = match &rest[..end] {
            windows if windows.contains('\\') => Cow::Owned(windows.replace('\\', "/")),
            package => Cow::Borrowed(package),
        };
        return Some(Origin { package, kind: FrameKind::Library });
    }
    // Node.js before 16 names its own files without a scheme.
    let is_old = file.starts_with("internal/") && file.ends_with(".js");
    (file.starts_with("node:") || is_old).then(|| Origin::new("node", FrameKind::StandardLibrary))
}

fn ruby(file: &str) -> Option<Origin<'_>> {
    if let Some(rest) = after_last(file, "/gems/")
        && let Some(package) = without_version(first_part(rest))
    {
        return Some(Origin::new(package, FrameKind::Library));
    }
    let is_standard = file.starts_with("<internal:")
        || (file.ends_with(".rb") && (file.contains("/lib/ruby/") || file.contains("/lib64/ruby/")));
    is_standard.then(|| Origin::new("ruby", FrameKind::StandardLibrary))
}

fn rust(file: &str) -> Option<Origin<'_>> {
    if !file.ends_with(".rs") {
        return None;
    }
    for marker in ["/registry/src/", "/git/checkouts/"] {
        if let Some(rest) = after_last(file, marker) {
            let part = if marker == "/registry/src/" { rest.split('/').nth(1)? } else { first_part(rest) };
            return Some(Origin::new(without_version(part).unwrap_or(part), FrameKind::Library));
        }
    }
    let is_standard =
        file.starts_with("/rustc/") || file.contains("/rustlib/src/") || file.starts_with("library/");
    is_standard.then(|| {
        let library = after_last(file, "library/").map_or("std", first_part);
        Origin::new(library, FrameKind::StandardLibrary)
    })
}

fn php(file: &str) -> Option<Origin<'_>> {
    let rest = after_last(file, "/vendor/").filter(|_| file.ends_with(".php"))?;
    let mut parts = rest.split('/');
    let package = match (parts.next(), parts.next()) {
        (Some(organization), Some(package)) => Cow::Owned(format!("{organization}/{package}")),
        _ => Cow::Borrowed("vendor"),
    };
    Some(Origin { package, kind: FrameKind::Library })
}

/// `name` of `name-1.2.3` or `name-0a1b2c3d4e5f`.
fn without_version(folder: &str) -> Option<&str> {
    let dash = folder
        .match_indices('-')
        .find(|(at, _)| {
            let rest = &folder[at + 1..];
            rest.starts_with(|c: char| c.is_ascii_digit())
                || (rest.len() >= 7 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
        })
        .map(|(at, _)| at)?;
    (dash > 0).then(|| &folder[..dash])
}
