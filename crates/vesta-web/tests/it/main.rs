//! What the server relies on. Every test holds with a built page and without one.
#![expect(clippy::unwrap_used, reason = "tests")]

use vesta_web::{asset, index, is_built};

#[test]
fn the_index_is_an_html_page_that_is_never_cached_forever() {
    let page = index();
    assert_eq!(page.content_type, "text/html; charset=utf-8");
    assert!(!page.immutable);
    assert!(std::str::from_utf8(&page.bytes).unwrap().starts_with("<!doctype html>"));
}

#[test]
fn without_a_build_the_index_says_how_to_make_one() {
    let text = String::from_utf8(index().bytes.into_owned()).unwrap();
    assert_eq!(text.contains("cargo xtask ui"), !is_built());
    assert_eq!(asset("index.html").is_some(), is_built());
}

#[test]
fn everything_the_index_loads_is_there_and_has_a_known_type() {
    let text = String::from_utf8(index().bytes.into_owned()).unwrap();
    let loaded = references(&text);
    assert_eq!(loaded.is_empty(), !is_built(), "a built page loads at least one script");
    for path in loaded {
        let found = asset(&path).unwrap();
        assert_ne!(found.content_type, "application/octet-stream", "{path}");
        assert_eq!(found.immutable, path.starts_with("assets/"), "{path}");
    }
}

#[test]
fn neither_page_needs_inline_script_or_style() {
    let text = String::from_utf8(index().bytes.into_owned()).unwrap();
    assert!(!text.contains("<style"));
    assert!(!text.contains(" style="));
    assert_eq!(text.matches("<script").count(), text.matches(" src=").count());
}

#[test]
fn a_tag_is_quoted_and_stable() {
    let (first, second) = (index().etag, index().etag);
    assert_eq!(first, second);
    assert!(first.len() > 2 && first.starts_with('"') && first.ends_with('"'));
}

#[test]
fn paths_outside_of_the_page_are_not_found() {
    for path in ["", "/", "..", "../package.json", "assets/../../package.json", "assets", "no-such-file.js"] {
        assert!(asset(path).is_none(), "{path:?}");
    }
}

/// The page's own files that the HTML refers to.
fn references(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in ["src=\"/", "href=\"/"] {
        for piece in html.split(attribute).skip(1) {
            let path = piece.split('"').next().unwrap_or_default();
            if !path.starts_with("api/") {
                found.push(path.to_owned());
            }
        }
    }
    found
}
