//! Names of classes, methods and files as people know them.
//!
//! The JVM makes classes up at run time and numbers them: `Cart$$Lambda$14/0x0000000800c03000`. Numbers and addresses are
//! others in each process, so they are left out: the same lambda is the same function everywhere.

use crate::jfr::names::primitive;
use std::borrow::Cow;

/// What the JVM and libraries call classes that they make up, before a number or a hash.
const GENERATED: [&str; 9] = [
    "$$Lambda$",
    "$$EnhancerBySpringCGLIB$$",
    "$$FastClassBySpringCGLIB$$",
    "$$EnhancerByCGLIB$$",
    "$$FastClassByCGLIB$$",
    "$ByteBuddy$",
    "GeneratedMethodAccessor",
    "GeneratedConstructorAccessor",
    "$Proxy",
];

/// A class with dots, without what differs from process to process.
pub(super) fn class_name(raw: &str) -> Cow<'_, str> {
    let elements = raw.trim_start_matches('[');
    let dimensions = raw.len() - elements.len();
    let class =
        || elements.strip_prefix('L').map_or(elements, |class| class.strip_suffix(';').unwrap_or(class));
    let element = if dimensions == 0 { elements } else { primitive(elements).unwrap_or_else(class) };
    let plain = without_number(without_address(element));
    if dimensions > 0 {
        return Cow::Owned(format!("{}{}", plain.replace('/', "."), "[]".repeat(dimensions)));
    }
    if plain.contains('/') { Cow::Owned(plain.replace('/', ".")) } else { Cow::Borrowed(plain) }
}

/// A method with its class. Functions that are no methods have no class.
pub(super) fn method_name(class: &str, method: &str) -> String {
    match (class, method) {
        ("", method) => method.to_owned(),
        (class, "") => class.to_owned(),
        (class, method) => format!("{class}.{method}"),
    }
}

/// The path of the file that a class must be in, below the root of the sources: recordings do not say it. Java wants the
/// outermost class to have the name of its file, and compilers of other languages leave traces in names.
pub(super) fn source_file(class: &str) -> String {
    let (package, class) = class.rsplit_once('.').unwrap_or(("", class));
    let first = class.find('$').filter(|&at| at > 0);
    let outermost = first.map_or(class, |at| &class[..at]);
    let inner = &class[outermost.len()..];
    let (stem, ending) = if let Some(stem) = outermost.strip_suffix("Kt").filter(|stem| !stem.is_empty()) {
        (stem, "kt")
    } else if inner == "$" || inner.starts_with("$$anonfun$") {
        (outermost, "scala")
    } else if inner.starts_with("$fn__") || inner.starts_with("$eval") {
        (outermost, "clj")
    } else {
        (outermost, "java")
    };
    let slash = if package.is_empty() { "" } else { "/" };
    format!("{}{slash}{stem}.{ending}", package.replace('.', "/"))
}

/// Without the address that the JVM adds to hidden classes: `/0x00007f8177090218`, `+0x00007f8177090218/543846639`.
fn without_address(class: &str) -> &str {
    let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
    let mut rest = class;
    while let Some(at) = rest.rfind(['/', '+', '.']).filter(|&at| is_number(&rest[at + 1..])) {
        rest = &rest[..at];
    }
    rest
}

fn without_number(class: &str) -> &str {
    for made_up in GENERATED {
        let Some(at) = class.find(made_up) else { continue };
        let (start, number) = class.split_at(at + made_up.len());
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_number && (made_up.ends_with('$') || number.bytes().all(|byte| byte.is_ascii_digit())) {
            return start.trim_end_matches('$');
        }
    }
    class
}

#[cfg(test)]
mod tests {
    use super::{class_name, method_name, source_file};

    #[test]
    fn classes_are_named_as_in_source_code() {
        for (raw, name) in [
            ("com/acme/Cart", "com.acme.Cart"),
            ("com.acme.Cart$Line", "com.acme.Cart$Line"),
            ("[B", "byte[]"),
            ("[[Ljava/lang/String;", "java.lang.String[][]"),
            ("[C2", "C2[]"),
            ("com/acme/Cart$$Lambda$14/0x0000000800c03000", "com.acme.Cart$$Lambda"),
            ("com/acme/Cart$$Lambda+0x00007f8177090218/543846639", "com.acme.Cart$$Lambda"),
            ("com.acme.Cart$$Lambda.0x00007f8177090218", "com.acme.Cart$$Lambda"),
            ("java/lang/invoke/LambdaForm$MH/0x0000000800c03400", "java.lang.invoke.LambdaForm$MH"),
            ("com/sun/proxy/$Proxy12", "com.sun.proxy.$Proxy"),
            ("com/acme/Cart$$EnhancerBySpringCGLIB$$1a2b3c4d", "com.acme.Cart$$EnhancerBySpringCGLIB"),
            ("jdk/internal/reflect/GeneratedMethodAccessor7", "jdk.internal.reflect.GeneratedMethodAccessor"),
            ("com/acme/Area51", "com.acme.Area51"),
            ("", ""),
            ("[", "[]"),
        ] {
            assert_eq!(class_name(raw), name, "{raw}");
        }
        assert_eq!(method_name("com.acme.Cart", "total"), "com.acme.Cart.total");
        assert_eq!(method_name("", "__GI_write"), "__GI_write");
    }

    #[test]
    fn files_follow_from_classes() {
        for (class, file) in [
            ("com.acme.Cart$Line", "com/acme/Cart.java"),
            ("com.acme.CartKt", "com/acme/Cart.kt"),
            ("com.acme.Cart$", "com/acme/Cart.scala"),
            ("com.acme.Cart$$anonfun$1", "com/acme/Cart.scala"),
            ("shop.cart$fn__12", "shop/cart.clj"),
            ("com.sun.proxy.$Proxy", "com/sun/proxy/$Proxy.java"),
            ("Main", "Main.java"),
        ] {
            assert_eq!(source_file(class), file, "{class}");
        }
    }
}
