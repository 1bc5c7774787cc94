//! Where the code of a function comes from: the package it is part of, and whose that is.
//!
//! Profilers say little about it, and each something else, so it is read from what package managers and compilers do to
//! paths and names. What a process tells of its libraries goes first; see [`Libraries`].

mod go;
mod java;
mod name;
mod native;
mod path;

use crate::{FrameKind, Libraries};
use std::borrow::Cow;

/// Where the code of a function comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin<'a> {
    /// What a reader of the code would call the package; empty if nothing tells.
    pub package: Cow<'a, str>,
    /// Whose it is.
    pub kind: FrameKind,
}

impl<'a> Origin<'a> {
    /// Decides from the name, the file and the module of a function.
    pub fn of(name: &'a str, file: &'a str, module: &'a str, libraries: &'a Libraries) -> Origin<'a> {
        native::kernel(file, module)
            .or_else(|| name::runtime(name, file, module))
            .or_else(|| provided(file, libraries))
            .or_else(|| go::origin(name, file))
            .or_else(|| java::origin(name, file))
            .or_else(|| path::installed(file))
            .or_else(|| native::library(module))
            .or_else(|| name::known(name, file, module))
            .or_else(|| native::own(file, module))
            .or_else(|| path::own(name, file))
            .unwrap_or_else(|| name::unknown(name, file, module))
    }

    fn new(package: &'a str, kind: FrameKind) -> Origin<'a> {
        Origin { package: Cow::Borrowed(package), kind }
    }
}

/// What the process says of the file.
fn provided<'a>(file: &str, libraries: &'a Libraries) -> Option<Origin<'a>> {
    let library = libraries.find(file)?;
    match library.kind {
        // Its folder also holds what is installed into it, and every language has a better name for it than `stdlib`.
        FrameKind::StandardLibrary => (!file.contains("-packages/") && path::installed(file).is_none())
            .then(|| Origin::new(&library.name, library.kind)),
        kind => Some(Origin::new(&library.name, kind)),
    }
}

/// The last part of a path.
fn base(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The folder of a path, without the slash.
fn folder(path: &str) -> &str {
    path.rfind(['/', '\\']).map_or("", |end| &path[..end])
}

/// What comes after the last occurrence of `marker`.
fn after_last<'a>(text: &'a str, marker: &str) -> Option<&'a str> {
    text.rfind(marker).map(|at| &text[at + marker.len()..])
}

/// What comes before the first slash of either kind.
fn first_part(path: &str) -> &str {
    path.split(['/', '\\']).next().unwrap_or(path)
}
