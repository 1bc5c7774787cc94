//! Counts of tests, from what the test runners say.

use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

/// What a chore's tests came to. Checks such as formatting count as one test each.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// How many tests passed.
    pub(crate) passed: u64,
    /// What failed: one line each.
    pub(crate) failures: Vec<String>,
    /// What was not run, and why: one line each.
    pub(crate) skipped: Vec<String>,
}

impl Tally {
    /// Counts a check that either holds or does not.
    pub(crate) fn check(&mut self, outcome: Result<()>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(error) => {
                eprintln!("error: {error:#}");
                self.failures.push(format!("{error:#}"));
            }
        }
    }

    /// Counts one line of `cargo test`'s output.
    pub(crate) fn add_cargo_line(&mut self, line: &str) {
        if let Some(outcome) = line.strip_prefix("test ") {
            match outcome.rsplit_once(" ... ") {
                Some((_, "ok")) => self.passed += 1,
                Some((name, "FAILED")) => self.failures.push(name.to_owned()),
                Some((name, ignored)) if ignored.starts_with("ignored") => {
                    self.skipped.push(format!("{name}: {ignored}"));
                }
                _ => {}
            }
        }
    }

    /// Takes tests that ended early back out of the passed ones: a Rust test cannot tell its runner that it did not
    /// run, so it adds a line to this file instead.
    pub(crate) fn add_skip_file(&mut self, file: &Path) {
        let lines = std::fs::read_to_string(file).unwrap_or_default();
        for line in lines.lines().filter(|line| !line.is_empty()) {
            self.passed = self.passed.saturating_sub(1);
            self.skipped.push(line.to_owned());
        }
    }

    /// Counts vitest's JSON report.
    pub(crate) fn add_vitest(&mut self, report: &Path) -> Result<()> {
        let report = read_json(report)?;
        for test in items(&report, "testResults").flat_map(|file| items(file, "assertionResults")) {
            let name = test["fullName"].as_str().unwrap_or("a page test");
            self.add(name, test["status"].as_str().unwrap_or("failed"));
        }
        Ok(())
    }

    /// Counts Playwright's JSON report.
    pub(crate) fn add_playwright(&mut self, report: &Path) -> Result<()> {
        let report = read_json(report)?;
        for error in items(&report, "errors") {
            self.failures.push(error["message"].as_str().unwrap_or("Playwright failed").to_owned());
        }
        for suite in items(&report, "suites") {
            self.add_suite(suite);
        }
        Ok(())
    }

    fn add_suite(&mut self, suite: &Value) {
        for spec in items(suite, "specs") {
            let name = spec["title"].as_str().unwrap_or("a browser test");
            for test in items(spec, "tests") {
                let project = test["projectName"].as_str().unwrap_or_default();
                self.add(&format!("{name} [{project}]"), test["status"].as_str().unwrap_or("unexpected"));
            }
        }
        for inner in items(suite, "suites") {
            self.add_suite(inner);
        }
    }

    fn add(&mut self, name: &str, status: &str) {
        match status {
            "passed" | "expected" => self.passed += 1,
            "pending" | "skipped" | "todo" | "disabled" => self.skipped.push(name.to_owned()),
            other => self.failures.push(format!("{name} ({other})")),
        }
    }
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn read_json(file: &Path) -> Result<Value> {
    let text = std::fs::read(file).with_context(|| format!("there is no report at {}", file.display()))?;
    serde_json::from_slice(&text).with_context(|| format!("cannot read the report {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn outcomes_of_cargo_test_are_counted() {
        let mut tally = Tally::default();
        for line in [
            "running 4 tests",
            "test a::reads ... ok",
            "test a::writes ... FAILED",
            "test a::waits ... ignored, needs a network",
            "test src/lib.rs - (line 18) ... ok",
            "test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out",
        ] {
            tally.add_cargo_line(line);
        }
        let expected = Tally {
            passed: 2,
            failures: vec!["a::writes".to_owned()],
            skipped: vec!["a::waits: ignored, needs a network".to_owned()],
        };
        assert_eq!(tally, expected);
    }
}
