//! Names of the linker to names of people.

use std::borrow::Cow;
use std::fmt::{self, Write};

use cpp_demangle::{DemangleOptions, ParseOptions};

/// Longer names stay as they are. The longest in Chromium has some 30,000 bytes, and nobody reads it.
const MAX_MANGLED: usize = 16 << 10;
/// Substitutions let a short name stand for one of exponential length.
const MAX_DEMANGLED: usize = 16 << 10;
/// How deep names nest within names.
const MAX_DEPTH: u32 = 96;

/// The name of a Rust or C++ function as it is written in the source: without the hash of its crate, with its
/// parameters, without its return type. What does not start as mangled names do, or is none in spite of it, stays as
/// it is: `a`, `b` and `_start` are functions of C.
///
/// ```
/// use vesta_symbols::demangle;
///
/// assert_eq!(demangle("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE"), "core::fmt::Formatter::pad");
/// assert_eq!(demangle("_ZNSt6vectorIiSaIiEE9push_backEOi"), "std::vector<int, std::allocator<int> >::push_back(int&&)");
/// assert_eq!(demangle("_start"), "_start");
/// ```
#[must_use]
pub fn demangle(name: &str) -> Cow<'_, str> {
    if name.len() > MAX_MANGLED {
        return Cow::Borrowed(name);
    }
    let plain = plain_of(name);
    let demangled = match plain {
        Some(Mangled::RustV0(plain)) => rust(plain),
        Some(Mangled::Itanium(plain)) if has_rust_hash(plain) => rust(plain).or_else(|| cpp(plain)),
        Some(Mangled::Itanium(plain)) => cpp(plain),
        None => None,
    };
    demangled.filter(|demangled| !demangled.is_empty()).map_or(Cow::Borrowed(name), Cow::Owned)
}

enum Mangled<'a> {
    RustV0(&'a str),
    Itanium(&'a str),
}

/// The mangled name, without the underscores that some linkers add.
fn plain_of(name: &str) -> Option<Mangled<'_>> {
    if name.starts_with("_R") {
        return Some(Mangled::RustV0(name));
    }
    if name.starts_with("_Z") {
        return Some(Mangled::Itanium(name));
    }
    let plain = name.strip_prefix("__Z").or_else(|| name.strip_prefix("___Z"))?;
    Some(Mangled::Itanium(&name[name.len() - plain.len() - 2..]))
}

/// Legacy names of Rust look like those of C++ but for their last part: `17h`, 16 hexadecimal digits, `E`.
fn has_rust_hash(name: &str) -> bool {
    name.match_indices("17h").any(|(at, _)| {
        let rest = &name.as_bytes()[at + 3..];
        rest.len() > 16 && rest[16] == b'E' && rest[..16].iter().all(u8::is_ascii_hexdigit)
    })
}

fn rust(name: &str) -> Option<String> {
    let demangled = rustc_demangle::try_demangle(name).ok()?;
    let mut text = Bounded::default();
    write!(text, "{demangled:#}").ok()?;
    Some(text.0)
}

fn cpp(name: &str) -> Option<String> {
    let parse = ParseOptions::default().recursion_limit(MAX_DEPTH);
    let symbol = cpp_demangle::Symbol::new_with_options(name, &parse).ok()?;
    let options = DemangleOptions::new().no_return_type().recursion_limit(MAX_DEPTH);
    let mut text = Bounded::default();
    symbol.structured_demangle(&mut text, &options).ok()?;
    Some(text.0)
}

/// Text that refuses to grow without end.
#[derive(Default)]
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MAX_DEMANGLED {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
