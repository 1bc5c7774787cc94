//! Source code on this machine, to be shown next to the frames of profiles.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The largest file that is read.
const MOST_BYTES: u64 = 2 << 20;
/// The longest path that is looked for, and the most folders in it.
const LONGEST_PATH: usize = 4096;
const MOST_FOLDERS: usize = 64;

/// A folder with source code.
#[derive(Clone, Debug)]
struct Root {
    /// What paths in profiles begin with instead of the folder; empty for anything.
    prefix: String,
    /// The folder as it was configured: what paths may begin with if the profile was taken on this machine.
    folder: PathBuf,
    /// The folder without links. What is outside of it is not shown.
    real: PathBuf,
}

/// The folders with source code that the server may show.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceRoots(Vec<Root>);

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceFile {
    /// Its path below its root.
    pub(crate) path: String,
    /// Its contents.
    pub(crate) text: String,
}

impl SourceRoots {
    /// Reads `[PREFIX=]DIR`, each a folder that must be there.
    pub(crate) fn new(settings: &[String]) -> Result<Self, String> {
        let root = |setting: &String| {
            let (prefix, folder) = setting.split_once('=').unwrap_or(("", setting));
            let folder = PathBuf::from(folder);
            let real = folder
                .canonicalize()
                .map_err(|error| format!("the source root {} cannot be used: {error}", folder.display()))?;
            if !real.is_dir() {
                return Err(format!("the source root {} is not a folder", folder.display()));
            }
            Ok(Root { prefix: prefix.trim_end_matches('/').to_owned(), folder, real })
        };
        settings.iter().map(root).collect::<Result<_, _>>().map(SourceRoots)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The first file below a root that a path in a profile may mean.
    pub(crate) fn find(&self, file: &str) -> Option<SourceFile> {
        let file = file.strip_prefix("file://").unwrap_or(file).replace('\\', "/");
        let too_long = file.len() > LONGEST_PATH || file.matches('/').count() > MOST_FOLDERS;
        if too_long || file.contains('\0') || file.split('/').any(|part| part == "..") {
            return None;
        }
        self.0.iter().find_map(|root| root.find(&file))
    }
}

impl Root {
    fn find(&self, file: &str) -> Option<SourceFile> {
        if !self.prefix.is_empty() {
            let rest = file.strip_prefix(&self.prefix)?.strip_prefix('/')?;
            return self.read(rest);
        }
        if let Ok(rest) = Path::new(file).strip_prefix(&self.folder) {
            return self.read(rest.to_str()?);
        }
        let relative = file.trim_start_matches('/');
        if let Some(found) = self.read(relative) {
            return Some(found);
        }
        // Built elsewhere, as in a container: the path ends like one below this root. The name alone is not enough, for
        // many files are called `index.js`.
        let mut rest = relative;
        while let Some((_, shorter)) = rest.split_once('/') {
            if !shorter.contains('/') {
                return None;
            }
            if let Some(found) = self.read(shorter) {
                return Some(found);
            }
            rest = shorter;
        }
        None
    }

    /// Reads a file below the folder, wherever links may lead from there.
    fn read(&self, relative: &str) -> Option<SourceFile> {
        if relative.is_empty() {
            return None;
        }
        let real = self.folder.join(relative).canonicalize().ok()?;
        let path = real.strip_prefix(&self.real).ok()?.to_str()?.to_owned();
        let text = read_text(&real).ok()?;
        Some(SourceFile { path, text })
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    let kind = std::fs::metadata(path)?;
    if !kind.is_file() || kind.len() > MOST_BYTES {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(MOST_BYTES).read_to_string(&mut text)?;
    Ok(text)
}
