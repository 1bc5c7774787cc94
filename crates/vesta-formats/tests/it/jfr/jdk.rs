//! The JDKs of this machine, and what they record.

use crate::skip::skip;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A JDK and what its JVM recorded of `Mix.java`.
pub(crate) struct Jdk {
    home: PathBuf,
    folder: PathBuf,
}

impl Jdk {
    /// A recording of two chunks.
    pub(crate) fn mix(&self) -> PathBuf {
        self.folder.join("mix.jfr")
    }

    /// Each chunk of that recording in a file of its own: of a second one that has the types of the first, the JDK's
    /// tool computes times by the clock of the first, and is off by some nanoseconds.
    pub(crate) fn chunks(&self) -> Vec<PathBuf> {
        self.chunks_of(&std::fs::read(self.mix()).unwrap())
    }

    /// Each chunk of a recording of two in a file of its own.
    pub(crate) fn chunks_of(&self, recording: &[u8]) -> Vec<PathBuf> {
        let mut paths = Vec::new();
        let mut rest = recording;
        while let Some(size) = rest.get(8..16) {
            let size = usize::try_from(u64::from_be_bytes(size.try_into().unwrap())).unwrap();
            let path =
                self.folder.join(format!("chunk-{}-{:?}.jfr", paths.len(), std::thread::current().id()));
            std::fs::write(&path, &rest[..size]).unwrap();
            paths.push(path);
            rest = &rest[size..];
        }
        assert_eq!(paths.len(), 2);
        paths
    }

    /// A chunk as it was while the JVM wrote it.
    pub(crate) fn unfinished(&self) -> PathBuf {
        self.folder.join("unfinished.jfr")
    }

    /// What the JDK's own tool prints.
    pub(crate) fn tool(&self, arguments: &[&str], recording: &Path) -> Vec<u8> {
        let output = Command::new(self.home.join("bin/jfr")).args(arguments).arg(recording).output().unwrap();
        assert!(output.status.success(), "{}: {}", self.name(), String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    /// Its major version: 17, 25.
    pub(crate) fn version(&self) -> u32 {
        let release = std::fs::read_to_string(self.home.join("release")).unwrap();
        let version = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION=\"")).unwrap();
        let (major, _) = version.split_once(['.', '"']).unwrap();
        major.parse().unwrap()
    }

    pub(crate) fn name(&self) -> String {
        self.home.display().to_string()
    }

    fn record(home: PathBuf, number: usize) -> Jdk {
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("jfr-{}-{number}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let repository =
            format!("-XX:FlightRecorderOptions:repository={}", folder.join("repository").display());
        let output = Command::new(home.join("bin/java"))
            .arg(repository)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/java/Mix.java"))
            .arg(&folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Jdk { home, folder }
    }
}

impl Drop for Jdk {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Every JDK of this machine that has the recorder and its tool, each with a recording. Without any, the test is
/// counted as skipped.
pub(crate) fn jdks(test: &str) -> &'static [Jdk] {
    static JDKS: OnceLock<Vec<Jdk>> = OnceLock::new();
    let jdks = JDKS.get_or_init(|| {
        homes().into_iter().enumerate().map(|(number, home)| Jdk::record(home, number)).collect()
    });
    if jdks.is_empty() {
        skip(test, "no JDK with bin/jfr");
    }
    jdks
}

fn homes() -> Vec<PathBuf> {
    let mut homes: Vec<PathBuf> = std::env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    homes.extend(installed.map(|entry| entry.path()));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    homes.extend(std::env::split_paths(&on_path).filter_map(|folder| {
        let java = folder.join("java").canonicalize().ok()?;
        Some(java.parent()?.parent()?.to_path_buf())
    }));
    let mut homes: Vec<PathBuf> = homes
        .into_iter()
        .filter(|home| home.join("bin/java").exists() && home.join("bin/jfr").exists())
        .filter_map(|home| home.canonicalize().ok())
        .collect();
    homes.sort();
    homes.dedup();
    homes
}
