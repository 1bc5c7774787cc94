use std::borrow::Cow;

use rust_embed::{EmbeddedFile, RustEmbed};

use crate::content_type::content_type;

/// One file of the page, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// The body.
    pub bytes: Cow<'static, [u8]>,
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Whether the name carries a hash of the content, so that caches may keep it forever
    /// (`Cache-Control: public, max-age=31536000, immutable`; otherwise `no-cache`).
    pub immutable: bool,
    /// The value of the `ETag` header, quotes included. Equal bytes have equal tags.
    pub etag: String,
}

/// The asset at a path relative to the root of the page, without a leading slash: `assets/index-Df82.js`.
///
/// `None` when there is no such file; the caller decides whether that means 404 or [`index`].
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    let file = Page::get(path)?;
    let etag = etag(&file);
    // Vite puts everything it names by content below assets/, and nothing else there.
    let immutable = path.starts_with("assets/");
    Some(Asset { bytes: file.data, content_type: content_type(path), immutable, etag })
}

/// The page itself, or when it was not built, a page that says how to build it.
#[must_use]
pub fn index() -> Asset {
    asset(INDEX).unwrap_or_else(|| Asset {
        bytes: Cow::Borrowed(NOT_BUILT),
        content_type: content_type(INDEX),
        immutable: false,
        etag: "\"not-built\"".to_owned(),
    })
}

/// Whether the page was built when this crate was.
#[must_use]
pub fn is_built() -> bool {
    Page::get(INDEX).is_some()
}

const INDEX: &str = "index.html";
const NOT_BUILT: &[u8] = include_bytes!("not_built.html");

#[derive(RustEmbed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Page;

/// The first 16 bytes of the SHA-256 that rust-embed keeps per file: 128 bits are plenty to tell two builds apart.
fn etag(file: &EmbeddedFile) -> String {
    use std::fmt::Write as _;

    let hash = file.metadata.sha256_hash();
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in hash.iter().take(16) {
        // Writing to a string cannot fail.
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}
