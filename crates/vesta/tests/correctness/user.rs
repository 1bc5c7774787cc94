//! Who runs the profiler: root, or somebody who may do nothing special.

use crate::process::{finished, text};
use crate::program::Workshop;
use crate::skip::skip;
use std::ffi::OsStr;
use std::process::Command;
use std::time::Duration;

/// A user of a profiler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// May do everything.
    Root,
    /// Has no capabilities, no groups, and nothing but what others may read.
    Ordinary,
}

impl User {
    /// A command that this user runs.
    pub(crate) fn command(self, program: impl AsRef<OsStr>) -> Command {
        if self == User::Root || !is_root() {
            return Command::new(program);
        }
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "--no-new-privs",
            "--inh-caps=-all",
        ]);
        command.arg("--bounding-set=-all").arg(program).env("HOME", "/nonexistent");
        command
    }
}

/// The users under whom CPU time can be sampled here. Says which of them cannot.
pub(crate) fn users(test: &str, workshop: &Workshop) -> Vec<User> {
    permitted(test, workshop, "perf_permitted", &[User::Root, User::Ordinary])
}

/// Root if there is root, else whoever runs the tests; for tests of things that do not depend on privileges.
pub(crate) fn anyone(test: &str, workshop: &Workshop) -> Option<User> {
    let user = if is_root() { User::Root } else { User::Ordinary };
    permitted(test, workshop, "perf_permitted", &[user]).pop()
}

/// Root, where there is root and root may sample.
pub(crate) fn root(test: &str, workshop: &Workshop) -> Option<User> {
    permitted(test, workshop, "perf_permitted", &[User::Root]).pop()
}

/// Whether tests run as root.
pub(crate) fn is_root() -> bool {
    crate::process::status_number(std::process::id(), "Uid") == Some(0)
}

/// Asks the kernel with a program of its own, so that a profiler that wrongly believes it may not sample fails its tests.
fn permitted(test: &str, workshop: &Workshop, question: &str, users: &[User]) -> Vec<User> {
    let program = workshop.c(question, &[&format!("{question}.c")], &[]);
    let mut able = Vec::new();
    for &user in users {
        if user == User::Root && !is_root() {
            skip(test, "the part of root: the tests do not run as root");
            continue;
        }
        match finished(&mut user.command(&program), Duration::from_secs(20)) {
            Ok(output) if output.status.success() => able.push(user),
            Ok(output) => skip(test, &format!("the part of {user:?}: {}", text(&output.stderr).trim())),
            Err(error) => skip(test, &format!("the part of {user:?}: {error}")),
        }
    }
    able
}
