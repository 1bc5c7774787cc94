//! Errors as a person sees them: what failed, on which input, and what to do.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// An error with advice. The advice is printed on a line of its own.
#[derive(Debug)]
pub(crate) struct Hinted {
    message: String,
    hint: String,
    is_usage: bool,
}

/// An error with advice on what to do.
pub(crate) fn hinted(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted { message: message.into(), hint: hint.into(), is_usage: false }.into()
}

/// An error in how the program was called; it ends the program with 2 as a wrong flag does.
pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
    Hinted { message: message.into(), hint: hint.into(), is_usage: true }.into()
}

/// Whether the reader of standard output went away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// The exit code for an error.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_usage = hint_of(error).is_some_and(|hinted| hinted.is_usage);
    if is_usage { ExitCode::from(2) } else { ExitCode::FAILURE }
}

/// Prints an error with all its causes, and the advice.
#[expect(clippy::print_stderr, reason = "this is where the program reports errors")]
pub(crate) fn report(error: &anyhow::Error) {
    eprintln!("error: {}", text(error));
    if let Some(hinted) = hint_of(error) {
        eprintln!("  hint: {}", hinted.hint);
    }
}

/// An error with all its causes on one line, each said once: some causes repeat what they are the cause of.
pub(crate) fn text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

fn hint_of(error: &anyhow::Error) -> Option<&Hinted> {
    error.downcast_ref::<Hinted>()
}

impl fmt::Display for Hinted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Hinted {}
