//! Names of classes.

use std::borrow::Cow;

/// The name of a class as people write it: `java.util.Map$Entry` for `java/util/Map$Entry`, `int[]` for `[I`,
/// `java.lang.String[][]` for `[[Ljava/lang/String;`. A name that is none of those stays as it is.
pub fn java_class_name(name: &str) -> Cow<'_, str> {
    let element = name.trim_start_matches('[');
    let dimensions = name.len() - element.len();
    if dimensions == 0 {
        return match name.contains('/') {
            true => Cow::Owned(name.replace('/', ".")),
            false => Cow::Borrowed(name),
        };
    }
    let element =
        match (primitive(element), element.strip_prefix('L').and_then(|class| class.strip_suffix(';'))) {
            (Some(primitive), _) => Cow::Borrowed(primitive),
            (None, Some(class)) => Cow::Owned(class.replace('/', ".")),
            (None, None) => return Cow::Borrowed(name),
        };
    // The deepest array Java allows; whatever says more is no name of a class.
    match dimensions {
        ..256 => Cow::Owned(format!("{element}{}", "[]".repeat(dimensions))),
        _ => Cow::Borrowed(name),
    }
}

/// The primitive type whose arrays have this letter in their names.
pub(super) fn primitive(letter: &str) -> Option<&'static str> {
    Some(match letter {
        "Z" => "boolean",
        "B" => "byte",
        "C" => "char",
        "S" => "short",
        "I" => "int",
        "J" => "long",
        "F" => "float",
        "D" => "double",
        _ => return None,
    })
}
