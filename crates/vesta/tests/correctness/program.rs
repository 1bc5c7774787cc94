//! Programs to profile: compiled from `programs/` into a folder of the test, where every user can run them.

use crate::process::{finished, text};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Where the sources are.
pub(crate) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/correctness/programs")
}

/// A folder for programs that other users may read, and one in it that they may write to.
pub(crate) struct Workshop {
    folder: TempDir,
}

impl Workshop {
    pub(crate) fn new() -> Workshop {
        let folder = tempfile::Builder::new().prefix("vesta-correctness-").tempdir().unwrap();
        let shared = folder.path().join("out");
        std::fs::create_dir(&shared).unwrap();
        for (path, mode) in [(folder.path(), 0o755), (&shared, 0o777)] {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        Workshop { folder }
    }

    /// A path in the folder that every user may write to.
    pub(crate) fn shared(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Compiles C or assembly with `cc`.
    pub(crate) fn c(&self, name: &str, sources: &[&str], flags: &[&str]) -> PathBuf {
        self.compile("cc", name, sources, flags)
    }

    /// Compiles C++ with `c++`.
    pub(crate) fn cpp(&self, name: &str, sources: &[&str], flags: &[&str]) -> PathBuf {
        self.compile("c++", name, sources, flags)
    }

    /// Compiles with any compiler that takes arguments as `cc` does. What the flags name as `@` is the test's folder.
    pub(crate) fn compile(&self, compiler: &str, name: &str, sources: &[&str], flags: &[&str]) -> PathBuf {
        let output = self.path(name);
        let folder = self.folder.path().to_string_lossy();
        let mut command = Command::new(compiler);
        command.current_dir(self::sources()).args(["-O2", "-pthread", "-o"]).arg(&output).args(sources);
        command.args(flags.iter().map(|flag| flag.replace('@', &folder)));
        run_tool(&mut command);
        output
    }

    /// Compiles one file of Rust.
    pub(crate) fn rust(&self, name: &str, source: &str, flags: &[&str]) -> PathBuf {
        let output = self.path(name);
        let mut command = Command::new("rustc");
        command.current_dir(sources()).args(["--edition", "2024", "-O", "-o"]).arg(&output);
        run_tool(command.args(flags).arg(source));
        output
    }

    /// Compiles one file of Go.
    pub(crate) fn go(&self, go: &Path, name: &str, source: &str, flags: &[&str]) -> PathBuf {
        let output = self.path(name);
        let mut command = Command::new(go);
        command.current_dir(sources()).env("CGO_ENABLED", "0").env("GOTOOLCHAIN", "local");
        run_tool(command.env("GOFLAGS", "").arg("build").args(flags).arg("-o").arg(&output).arg(source));
        output
    }

    /// Runs a tool on files of the test's folder.
    pub(crate) fn tool(&self, program: &str, arguments: &[&str]) {
        run_tool(Command::new(program).current_dir(self.folder.path()).args(arguments));
    }
}

/// The range of addresses of each of these functions, as the file states them. Asks `nm`, not what is under test.
pub(crate) fn function_ranges(binary: &Path, names: &[&str]) -> Vec<std::ops::Range<u64>> {
    let output = run_tool(Command::new("nm").arg("-S").arg(binary));
    names
        .iter()
        .map(|name| {
            let line = output.lines().find(|line| line.split_whitespace().nth(3) == Some(name)).unwrap();
            let mut numbers = line.split_whitespace().map_while(|word| u64::from_str_radix(word, 16).ok());
            let (address, size) = (numbers.next().unwrap(), numbers.next().unwrap());
            address..address + size
        })
        .collect()
}

/// Whether a program can be started at all.
pub(crate) fn exists(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok()
}

/// Runs a tool to its successful end and gives back what it printed.
pub(crate) fn run_tool(command: &mut Command) -> String {
    let output = finished(command, Duration::from_secs(120)).unwrap_or_else(|error| panic!("{error}"));
    assert!(output.status.success(), "{command:?}:\n{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}
