//! The profiler as people run it: `vesta run`, the real binary.

use crate::checker::{Expectations, Samples};
use crate::process::{finished, text};
use crate::program::{Workshop, sources};
use crate::user::User;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// Programs of these tests run for a few seconds; reading symbols takes a moment more, on a busy machine several.
const PATIENCE: Duration = Duration::from_secs(60);

/// `vesta run` with options, as somebody.
pub(crate) struct Profiler<'a> {
    workshop: &'a Workshop,
    user: User,
    options: Vec<String>,
    file: PathBuf,
}

/// What came of a run.
pub(crate) struct Profiled {
    pub(crate) output: Output,
    pub(crate) samples: Samples,
    what: String,
}

impl<'a> Profiler<'a> {
    pub(crate) fn new(workshop: &'a Workshop, user: User) -> Profiler<'a> {
        let file = workshop.shared(&format!("{user:?}.pb.gz").to_lowercase());
        Profiler { workshop, user, options: Vec::new(), file }
    }

    /// Options of `vesta run`.
    pub(crate) fn options(mut self, options: &[&str]) -> Profiler<'a> {
        self.options.extend(options.iter().map(|&option| option.to_owned()));
        self
    }

    /// CPU time, this many times a second, and nothing else.
    pub(crate) fn cpu(self, hertz: u32) -> Profiler<'a> {
        let event = format!("sCPU freq={hertz}");
        self.options(&["--event", &event])
    }

    /// These events and no others.
    pub(crate) fn events(self, events: &str) -> Profiler<'a> {
        self.options(&["--event", events])
    }

    /// Where the profile is written to.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The command that profiles `program` into [`Profiler::file`].
    pub(crate) fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = self.without_file();
        command.arg("-o").arg(&self.file).args(&self.options).arg(program).args(arguments);
        command
    }

    /// The command that profiles `program` and writes no file.
    pub(crate) fn command_without_file(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = self.without_file();
        command.args(&self.options).arg(program).args(arguments);
        command
    }

    fn without_file(&self) -> Command {
        let mut command = vesta(self.workshop, self.user);
        command.arg("run").current_dir(self.workshop.shared("")).stdin(Stdio::piped());
        command
    }

    /// Profiles a program that ends well.
    #[track_caller]
    pub(crate) fn run(&self, program: &Path, arguments: &[&str]) -> Profiled {
        let profiled = self.run_to_any_end(program, arguments);
        assert!(profiled.output.status.success(), "{}", profiled.said());
        profiled
    }

    /// Profiles a program, however it ends.
    #[track_caller]
    pub(crate) fn run_to_any_end(&self, program: &Path, arguments: &[&str]) -> Profiled {
        let _ = std::fs::remove_file(&self.file);
        let output = finished(&mut self.command(program, arguments), PATIENCE)
            .unwrap_or_else(|error| panic!("{error}"));
        self.profiled(output)
    }

    /// Reads what a run that is over has written.
    #[track_caller]
    pub(crate) fn profiled(&self, output: Output) -> Profiled {
        let samples = Samples::read(&self.file).unwrap_or_else(|error| {
            panic!("no profile as {:?}: {error}\n{}{}", self.user, text(&output.stdout), text(&output.stderr))
        });
        Profiled { output, samples, what: format!("as {:?}, {}", self.user, self.options.join(" ")) }
    }
}

impl Profiled {
    /// Holds the profile against a file of expectations.
    #[track_caller]
    pub(crate) fn expect(&self, expected: &str) {
        let path = sources().join("../expected").join(expected);
        let expectations = Expectations::read(&path).unwrap_or_else(|error| panic!("{error}"));
        if let Err(failure) = expectations.check(&self.samples) {
            panic!("{expected} {failure}{}", self.said());
        }
    }

    /// How it was run and what it said.
    pub(crate) fn said(&self) -> String {
        let Output { status, stdout, stderr } = &self.output;
        format!("{}: {status}\n{}{}", self.what, text(stdout), text(stderr))
    }

    /// The part that `expression` has of all there is of `kind`, in percent.
    pub(crate) fn percent(&self, kind: &str, expression: &str) -> f64 {
        percent(self.samples.matching(kind, expression), self.samples.sum(kind, |_| true))
    }

    /// Says what was found, when something is not as it should be.
    #[track_caller]
    pub(crate) fn ensure(&self, holds: bool, what: &str, kind: &str) {
        assert!(holds, "{what}\n{}{}", self.samples.top(kind), self.said());
    }
}

/// `vesta` with nothing in its environment that changes what it does, where every user can run it.
pub(crate) fn vesta(workshop: &Workshop, user: User) -> Command {
    let linked = workshop.path("vesta");
    if !linked.exists() {
        let built = std::env::var_os("VESTA_TEST_BINARY").map_or_else(built, PathBuf::from);
        // The build's folder may be in a home that is closed to others.
        if std::fs::hard_link(&built, &linked).is_err() {
            std::fs::copy(&built, &linked).unwrap();
        }
    }
    let mut command = user.command(&linked);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("VESTA_")
            || name.starts_with("DD_")
            || name.starts_with("LD_")
            || name.starts_with("RUST")
        {
            command.env_remove(&*name);
        }
    }
    command
}

fn built() -> PathBuf {
    PathBuf::from(option_env!("CARGO_BIN_EXE_vesta").unwrap_or("vesta"))
}

/// `part` of `whole`, in percent.
#[expect(clippy::cast_precision_loss, reason = "shares are compared with margins of percents")]
pub(crate) fn percent(part: i64, whole: i64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
