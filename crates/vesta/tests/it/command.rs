//! Runs `vesta` to its end and shows everything that came out of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// `vesta` with nothing in its environment that changes what it does.
pub(crate) fn vesta() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vesta"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VESTA_") {
            command.env_remove(name);
        }
    }
    command.env("COLUMNS", "100").stdin(Stdio::null());
    command
}

/// The folder of captured uploads.
pub(crate) fn uploads() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/uploads")
}

/// Runs `vesta` with these arguments in the folder of captured uploads.
pub(crate) fn run(arguments: &[&str]) -> Output {
    vesta().current_dir(uploads()).args(arguments).output().unwrap()
}

/// What `vesta` prints on standard output when all goes well.
#[track_caller]
pub(crate) fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(output.status.success(), "vesta {} fails:\n{}", arguments.join(" "), shown(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Exit code, standard output and standard error, for snapshots.
pub(crate) fn shown(output: &Output) -> String {
    let code = output.status.code().map_or_else(|| "a signal".to_owned(), |code| code.to_string());
    format!(
        "exit code: {code}\n----- stdout -----\n{}----- stderr -----\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
