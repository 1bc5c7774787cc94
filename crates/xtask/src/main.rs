//! The project's own chores: `cargo xtask test`, `run`, `ci`, `ui` and `screenshots`.
//!
//! # Problem
//!
//! Testing a profiler takes more than Rust: the page's packages, a browser, and the very clients whose uploads must
//! arrive. One command has to get all of it from a fresh clone, and say loudly what it could not get.
//!
//! # Design
//!
//! Few dependencies, so that this compiles in seconds and speaks before the long build starts. Each file is one
//! chore or one thing that chores need:
//!
//! - [`setup`]: what has to be there before anything runs (browser, npm packages, Python packages)
//! - [`mod@test`], [`run`], [`ci`], [`ui`], [`screenshots`]: the commands
//! - [`demo`]: services worth profiling
//! - [`tally`]: counts of passed, failed and skipped tests, and the last line of the gate
//! - [`service`]: child processes that must not outlive the chore
//! - [`shell`]: running a command and saying what it is for
//!
//! # Non-goals
//!
//! No releases, no deployment. Nothing here is needed to build or run Vesta itself: `cargo build` is enough.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]

mod ci;
mod demo;
mod run;
mod screenshots;
mod service;
mod setup;
mod shell;
mod tally;
mod test;
mod ui;
mod workspace;

use std::process::ExitCode;
use tally::Tally;
use workspace::Workspace;

const HELP: &str = "\
The project's own chores.

Usage: cargo xtask <COMMAND>

Commands:
  run          Build and start Vesta, with demo services under real profilers to look at
  test         Install what the tests need and run every test: Rust, page, browser, real clients
  ci           The gate: formatting, lints, generated files, then `test`
  ui           Build the page into ui/dist
  screenshots  Take the pictures of the documentation, of the page with the demo services

CONTRIBUTING.md says more.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.first().map(String::as_str) {
        Some("run") => run::run(&arguments[1..]).map(|()| None),
        Some("test") => Workspace::locate().and_then(|workspace| test::test(&workspace)).map(Some),
        Some("ci") => Workspace::locate().and_then(|workspace| ci::ci(&workspace)).map(Some),
        Some("screenshots") => {
            Workspace::locate().and_then(|workspace| screenshots::screenshots(&workspace)).map(|()| None)
        }
        Some("ui") => Workspace::locate().and_then(|workspace| ui::build(&workspace)).map(|()| None),
        Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprintln!("error: there is no chore `{other}`\n\n{HELP}");
            return ExitCode::from(2);
        }
        None => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(tally)) => finish(&tally),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Ends a chore that ran tests: what was skipped and what failed, then one line with the counts.
fn finish(tally: &Tally) -> ExitCode {
    for skipped in &tally.skipped {
        println!("SKIPPED: {skipped}");
    }
    for failure in &tally.failures {
        println!("FAILED: {failure}");
    }
    println!("{} passed, {} failed, {} skipped", tally.passed, tally.failures.len(), tally.skipped.len());
    if tally.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
