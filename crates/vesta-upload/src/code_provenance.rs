//! `code-provenance.json`: which file belongs to which library.

use serde::Deserialize;
use vesta_profile::FrameKind;

/// A library, with the files or folders it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Library {
    /// `library`, or `standard library`.
    #[serde(deserialize_with = "text")]
    pub kind: String,
    /// The name in its package registry.
    #[serde(deserialize_with = "text")]
    pub name: String,
    /// The version.
    #[serde(deserialize_with = "text")]
    pub version: String,
    /// Paths, or prefixes of paths, as they are in file names of frames.
    pub paths: Vec<String>,
}

impl Library {
    /// Whose code it is. Python's profiler lists what is not Python as libraries called `native` and `runtime`.
    pub fn frame_kind(&self) -> FrameKind {
        match (self.kind.as_str(), self.name.as_str()) {
            ("standard library", _) => FrameKind::StandardLibrary,
            ("library", "native") if self.version.is_empty() => FrameKind::Native,
            ("library", "runtime") if self.version.is_empty() => FrameKind::Runtime,
            _ => FrameKind::Library,
        }
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    v1: Vec<Library>,
}

/// Reads `{"v1": [{"kind", "name", "version", "paths"}, ...]}`.
pub(crate) fn decode(json: &[u8]) -> Result<Vec<Library>, serde_json::Error> {
    Ok(serde_json::from_slice::<File>(json)?.v1)
}

/// Text or null.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.unwrap_or_default())
}
