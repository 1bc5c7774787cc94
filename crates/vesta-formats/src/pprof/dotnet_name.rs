//! Names of functions as .NET's profiling library writes them: assembly, namespace, type and method, each with a mark.

/// The marks in the order in which they come. The first is missing where the assembly is not known.
const MARKS: [&str; 7] = ["|lm:", "|ns:", "|ct:", "|cg:", "|fn:", "|fg:", "|sg:"];

/// `Shop.Cart.Total<T>` for `|lm:Shop |ns:Shop |ct:Cart |cg: |fn:Total |fg:<T> |sg:(int count)`; `None` for a name that
/// is not like that.
pub(super) fn readable(name: &str) -> Option<String> {
    if !name.trim_start().starts_with('|') {
        return None;
    }
    let mut parts = [""; MARKS.len()];
    let mut rest = name;
    for (index, mark) in MARKS.iter().enumerate() {
        let Some((before, after)) = rest.split_once(mark) else {
            if index == 0 { continue } else { return None }
        };
        if let Some(part) = index.checked_sub(1).and_then(|index| parts.get_mut(index)) {
            *part = before.trim();
        }
        rest = after;
    }
    let [_, namespace, class, class_parameters, function, function_parameters, _] = parts;
    let mut readable = String::with_capacity(name.len());
    for part in [namespace, class].into_iter().filter(|part| !part.is_empty() && *part != UNKNOWN_TYPE) {
        readable.push_str(part);
        readable.push('.');
    }
    if !class_parameters.is_empty() && readable.pop().is_some() {
        push_parameters(&mut readable, class_parameters);
        readable.push('.');
    }
    readable.push_str(function);
    push_parameters(&mut readable, function_parameters);
    (!function.is_empty()).then_some(readable)
}

/// What the library writes for a type that it could not find.
const UNKNOWN_TYPE: &str = "Unknown-Type";

/// Type parameters have marks of their own: `<|ns: |ct:T0>`.
fn push_parameters(readable: &mut String, parameters: &str) {
    let mut rest = parameters;
    let mut is_namespace = false;
    while let Some(at) = rest.find('|') {
        let (before, marked) = rest.split_at(at);
        readable.push_str(before.trim_end_matches(' '));
        if is_namespace && !before.trim().is_empty() {
            readable.push('.');
        }
        is_namespace = marked.starts_with("|ns:");
        let is_separator = before.ends_with(", ");
        if is_separator {
            readable.push(' ');
        }
        rest = MARKS.iter().find_map(|mark| marked.strip_prefix(mark)).unwrap_or_else(|| {
            readable.push('|');
            marked.get(1..).unwrap_or_default()
        });
    }
    readable.push_str(rest);
}
