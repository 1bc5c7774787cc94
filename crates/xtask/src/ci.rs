//! `cargo xtask ci`: the gate. Cheapest checks first, tests last; every check runs even when one before it failed.

use crate::setup::{aarch64_compiler, build_tools, npm_packages, rust_target};
use crate::shell::{command, run, say};
use crate::tally::Tally;
use crate::test;
use crate::workspace::Workspace;
use anyhow::Result;

/// Runs every check and every test.
pub(crate) fn ci(workspace: &Workspace) -> Result<Tally> {
    let root = &workspace.root;
    let ui = root.join("ui");
    let mut checks = Tally::default();
    checks.check(run("formatting", &mut command("cargo", &["fmt", "--all", "--check"], root)));
    checks.check(npm_packages(&ui));
    if checks.failures.len() < 2 {
        for (purpose, script) in [
            ("formatting of the page", "format:check"),
            ("lints of the page", "lint"),
            ("types of the page", "typecheck"),
        ] {
            checks.check(run(purpose, &mut command("npm", &["run", "--silent", script], &ui)));
        }
    }
    build_tools()?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    checks.check(run("lints", &mut command("cargo", &clippy, root)));
    let doc = ["doc", "--workspace", "--no-deps", "--quiet"];
    checks.check(run("documentation", command("cargo", &doc, root).env("RUSTDOCFLAGS", "-D warnings")));
    cross_check(workspace, &mut checks);

    let mut tally = test::test(workspace)?;
    tally.passed += checks.passed;
    tally.failures.splice(0..0, checks.failures);
    tally.skipped.splice(0..0, checks.skipped);
    Ok(tally)
}

/// Checks that what depends on the processor still compiles for the other one.
fn cross_check(workspace: &Workspace, checks: &mut Tally) {
    const TARGET: &str = "aarch64-unknown-linux-gnu";
    const CRATES: [&str; 4] = ["vesta-symbols", "vesta-unwind", "vesta-hooks", "vesta-native"];
    if let Err(error) = rust_target(TARGET).and_then(|()| aarch64_compiler()) {
        say(&format!("no check for {TARGET}: {error:#}"));
        checks.skipped.push(format!("native code for {TARGET}: {error:#}"));
        return;
    }
    let mut check = command("cargo", &["check", "--quiet", "--target", TARGET], &workspace.root);
    check.args(CRATES.iter().flat_map(|name| ["--package", name]));
    checks.check(run(&format!("native code for {TARGET}"), &mut check));
}
