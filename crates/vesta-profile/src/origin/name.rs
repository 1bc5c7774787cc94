//! What names alone tell, where there is no file or the file says nothing.

use super::{Origin, base, folder};
use crate::FrameKind;
use std::borrow::Cow;

/// Names that runtimes give to what they do themselves, in lower case.
const RUNTIME: [&str; 22] = [
    "(garbage collector)",
    "garbage collection",
    "garbage collector",
    "(gc)",
    "[gc]",
    "gc",
    "(marking)",
    "(sweeping)",
    "(idle)",
    "[idle]",
    "idle",
    "(program)",
    "(root)",
    "non js threads activity",
    "(non-js threads)",
    "node.js",
    "(compiler)",
    "(bytecode compiler)",
    "(atomics wait)",
    "(parser)",
    "[compile]",
    "[opcache]",
];

/// Namespaces that come with a platform.
const STANDARD: [&str; 2] = ["System.", "std::"];

/// Namespaces of well-known libraries, for languages whose files do not tell.
const LIBRARIES: [&str; 14] = [
    "Microsoft.",
    "Newtonsoft.",
    "Npgsql.",
    "Serilog.",
    "NLog.",
    "Grpc.",
    "Google.",
    "Datadog.",
    "StackExchange.",
    "RabbitMQ.",
    "MongoDB.",
    "Polly.",
    "Dapper.",
    "OpenTelemetry.",
];

pub(super) fn runtime<'a>(name: &'a str, file: &str, module: &str) -> Option<Origin<'a>> {
    if !file.is_empty() || !module.is_empty() || name.len() > 32 {
        return None;
    }
    let lower = name.to_ascii_lowercase();
    RUNTIME.contains(&lower.as_str()).then(|| Origin::new("runtime", FrameKind::Runtime))
}

/// Names that begin with a namespace that is known.
pub(super) fn known<'a>(name: &'a str, file: &'a str, module: &'a str) -> Option<Origin<'a>> {
    let assembly = base(module).strip_suffix(".dll").unwrap_or(base(module));
    let is_standard = |text: &str| STANDARD.iter().any(|start| text.starts_with(start));
    let is_library = |text: &str| LIBRARIES.iter().any(|start| text.starts_with(start));
    let is_platform = assembly == "System" || assembly == "mscorlib" || assembly == "netstandard";
    if is_platform || (assembly != base(module) && is_standard(assembly)) {
        return Some(Origin::new(assembly, FrameKind::StandardLibrary));
    }
    if assembly != base(module) && is_library(assembly) {
        return Some(Origin::new(assembly, FrameKind::Library));
    }
    let plain = name.trim_start_matches(['<', '&', '(']);
    let is_rust = ["std::", "core::", "alloc::"].iter().any(|start| plain.starts_with(start));
    // A namespace of C++ is called `std` as well; both come with the language.
    if is_rust && !is_own_source(file) {
        return Some(Origin::new(rust_crate(name), FrameKind::StandardLibrary));
    }
    if let Some((package, _)) = name.split_once('|').filter(|_| file.is_empty() && !name.starts_with('|')) {
        // PHP says which of its own modules an internal function is of: `standard|strlen`.
        return Some(Origin::new(package, FrameKind::StandardLibrary));
    }
    // In other languages such names are classes of the program.
    let is_qualified = file.is_empty() || is_qualified_by_namespace(file);
    let kind = match (is_standard(name), is_library(name)) {
        _ if !is_qualified => return None,
        (true, _) => FrameKind::StandardLibrary,
        (_, true) => FrameKind::Library,
        _ => return None,
    };
    Some(Origin::new(java_package(name), kind))
}

/// What is left to say: the module, or what the name seems to be qualified with.
pub(super) fn unknown<'a>(name: &'a str, file: &'a str, module: &'a str) -> Origin<'a> {
    let is_special = name.is_empty() || name.starts_with('[') || name.starts_with('(');
    let package = if !module.is_empty() && !module.starts_with('[') {
        base(module)
    } else if is_special || name == file {
        folder(file)
    } else if name.contains("::") {
        rust_crate(name)
    } else {
        let package = java_package(name);
        if package.is_empty() { folder(file) } else { package }
    };
    Origin { package: Cow::Borrowed(package), kind: FrameKind::Unknown }
}

/// `com.acme.shop` of `com.acme.shop.Cart.total`; packages are lower case and classes are not. Of namespaces of .NET
/// the class is told by its place only: the last but one part. Empty if the name is not qualified like that.
pub(super) fn java_package(name: &str) -> &str {
    let name = &name[..name.find(['(', '<', ' ', '$', '[']).unwrap_or(name.len())];
    let (mut end, mut start) = (0, 0);
    while let Some(length) = name[start..].find(['.', '/']) {
        let part = &name[start..start + length];
        if part.starts_with(|c: char| c.is_ascii_uppercase()) {
            // `System.Text.Json.Utf8JsonReader.Read`
            let rest = &name[start..];
            let parts = rest.split('.').count();
            return match parts {
                _ if end > 0 => &name[..end],
                0..3 => "",
                _ => {
                    let class = rest.rsplitn(3, '.').last().map_or(0, str::len);
                    &name[..start + class]
                }
            };
        }
        end = start + length;
        start = end + 1;
    }
    if name[..end].contains(['.', '/']) { &name[..end] } else { "" }
}

/// `tokio` of `<tokio::task::Task as Future>::poll`; empty for names without a path.
pub(super) fn rust_crate(name: &str) -> &str {
    let plain = name.trim_start_matches(['<', '&', '(', '*']);
    let first = plain.split("::").next().unwrap_or_default();
    let is_word = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_word && first.len() < plain.len() { first } else { "" }
}

/// Whether names in a file of this language start with the namespace.
fn is_qualified_by_namespace(file: &str) -> bool {
    let ending = base(file).rsplit_once('.').map_or("", |(_, ending)| ending);
    matches!(ending, "cs" | "fs" | "vb")
}

fn is_own_source(file: &str) -> bool {
    !file.is_empty() && !file.starts_with("/rustc/") && !file.starts_with("/usr/")
}
