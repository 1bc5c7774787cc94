//! `cargo xtask ci`: the gate. Cheapest checks first, tests last; every check runs even when one before it failed.

use crate::setup::{build_tools, npm_packages};
use crate::shell::{command, run};
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

    let mut tally = test::test(workspace)?;
    tally.passed += checks.passed;
    tally.failures.splice(0..0, checks.failures);
    Ok(tally)
}
