//! Which paths belong to which library, as processes tell it ("code provenance").

use crate::FrameKind;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Libraries by the paths of their files and folders.
#[derive(Clone, Debug, Default)]
pub struct Libraries {
    libraries: Vec<Library>,
    /// Paths without the slash at their end.
    by_path: HashMap<String, usize, FixedState>,
}

/// A library that a process had loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// The name in its package registry.
    pub name: String,
    /// What its code is.
    pub kind: FrameKind,
}

impl Libraries {
    /// The most paths that are remembered; those after it are forgotten.
    pub const MAX_PATHS: usize = 200_000;

    /// No library.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether no library is known.
    pub fn is_empty(&self) -> bool {
        self.libraries.is_empty()
    }

    /// Adds a library. Of several that claim a path, the first has it.
    pub fn add(&mut self, library: Library, paths: impl IntoIterator<Item = impl Into<String>>) {
        let index = self.libraries.len();
        for path in paths {
            let mut path = path.into();
            path.truncate(path.trim_end_matches('/').len());
            if !path.is_empty() && self.by_path.len() < Self::MAX_PATHS {
                self.by_path.entry(path).or_insert(index);
            }
        }
        self.libraries.push(library);
    }

    /// Adds all libraries of `other`.
    pub fn merge(&mut self, other: &Libraries) {
        let offset = self.libraries.len();
        self.libraries.extend(other.libraries.iter().cloned());
        for (path, index) in &other.by_path {
            if self.by_path.len() < Self::MAX_PATHS && !self.by_path.contains_key(path) {
                self.by_path.insert(path.clone(), offset + index);
            }
        }
    }

    /// The library that a file belongs to: the one that names it, or else the nearest folder above it.
    pub fn find(&self, file: &str) -> Option<&Library> {
        if self.by_path.is_empty() {
            return None;
        }
        let mut path = file;
        loop {
            if let Some(&index) = self.by_path.get(path) {
                return self.libraries.get(index);
            }
            path = &path[..path.rfind('/')?];
        }
    }
}
