//! Small Go programs of one file.

use crate::skip::skip;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A Go program that was built.
pub(crate) struct GoProgram {
    folder: TempDir,
    /// The executable.
    pub(crate) path: PathBuf,
    /// What the compiler said.
    pub(crate) output: Output,
}

impl GoProgram {
    /// Builds a program; none, said loudly, where there is no Go.
    pub(crate) fn build(test: &str, source: &str, flags: &[&str]) -> Option<GoProgram> {
        if Command::new("go").arg("version").output().is_err() {
            skip(test, "there is no go; install Go 1.26 or newer");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("go.mod"), "module example.com/program\n\ngo 1.22\n").unwrap();
        std::fs::write(folder.path().join("main.go"), source).unwrap();
        let path = folder.path().join("program");
        let output = build(&folder, &path, flags);
        Some(GoProgram { folder, path, output })
    }

    /// Builds it again, with other flags.
    pub(crate) fn rebuild(&self, flags: &[&str]) -> GoProgram {
        let folder = tempfile::tempdir().unwrap();
        for file in ["go.mod", "main.go"] {
            std::fs::copy(self.folder.path().join(file), folder.path().join(file)).unwrap();
        }
        let path = folder.path().join("program");
        let output = build(&folder, &path, flags);
        GoProgram { folder, path, output }
    }
}

fn build(folder: &TempDir, path: &std::path::Path, flags: &[&str]) -> Output {
    let mut command = Command::new("go");
    command.current_dir(folder.path()).arg("build").args(flags).arg("-o").arg(path).arg(".");
    command.env("GOFLAGS", "-buildvcs=false").env("GOTOOLCHAIN", "local").env("GOWORK", "off");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}
