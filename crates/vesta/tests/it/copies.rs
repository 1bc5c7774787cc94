//! Copies of programs.

use std::path::Path;
use std::process::Command;

/// Copies a program by way of a child: while this process writes it, another test may start a child that has it open as
/// well, and what is open for writing cannot be executed.
#[track_caller]
pub(crate) fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success());
}
