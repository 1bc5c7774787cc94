//! Names that JIT compilers give their functions, in which some hide a file and a line.

use crate::symbol::Symbol;

/// What V8 writes before functions with a source. Before the name comes how far it was optimized.
const V8: [&str; 7] =
    ["JS:", "LazyCompile:", "Function:", "Script:", "Eval:", "InterpretedFunction:", "Callback:"];
const V8_TIERS: [char; 4] = ['*', '~', '^', '+'];
/// V8 writes this for functions without a name.
const ANONYMOUS: &str = "(anonymous)";

/// Takes a name apart, when it is of a kind that is known.
pub(crate) fn symbol(name: &str) -> Symbol {
    let known = cpython(name).or_else(|| v8(name)).or_else(|| java(name));
    known.map_or_else(
        || Symbol::from_system_name(name),
        |symbol| Symbol { system_name: name.to_owned(), ..symbol },
    )
}

/// `py::work:/srv/app.py`
fn cpython(name: &str) -> Option<Symbol> {
    let (function, file) = name.strip_prefix("py::")?.rsplit_once(':')?;
    Some(Symbol { function: function.to_owned(), file: file.to_owned(), ..Symbol::default() })
}

/// `JS:*work /srv/app.js:12:5`, `LazyCompile:~ file:///srv/app.mjs:3`
fn v8(name: &str) -> Option<Symbol> {
    let rest = V8.iter().find_map(|prefix| name.strip_prefix(prefix))?.trim_start_matches(V8_TIERS);
    let (function, place) = rest.rsplit_once(' ').unwrap_or((rest, ""));
    let (file, line) = position(place);
    let function = if function.is_empty() { ANONYMOUS } else { function };
    let file = file.strip_prefix("file://").unwrap_or(file);
    Some(Symbol { function: function.to_owned(), file: file.to_owned(), line, ..Symbol::default() })
}

/// `file:line:column` or `file:line`.
fn position(place: &str) -> (&str, u32) {
    let numbered = |place: &str| place.rsplit_once(':').and_then(|(_, number)| number.parse::<u32>().ok());
    let without = |place: &'_ str| place.rfind(':').unwrap_or(place.len());
    let Some(last) = numbered(place) else { return (place, 0) };
    let file = &place[..without(place)];
    match numbered(file) {
        Some(line) => (&file[..without(file)], line),
        None => (file, last),
    }
}

/// `Ljava/lang/String;::hashCode`, as agents for Java write.
fn java(name: &str) -> Option<Symbol> {
    let (class, method) = name.strip_prefix('L')?.split_once(";::")?;
    Some(Symbol { function: format!("{}::{method}", class.replace('/', ".")), ..Symbol::default() })
}
