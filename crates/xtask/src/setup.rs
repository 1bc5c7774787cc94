//! What has to be there before anything runs: a browser, npm packages, Python packages.
//!
//! Everything lands in the target folder or in a `node_modules` folder, except packages of the system. A step that
//! fails does not end the chore: the tests that need it are skipped, counted and named at the end.

use crate::shell::{self, command, exists, find, read, say};
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names under which Chromium is installed, by distribution.
const CHROMIUM: &[&str] =
    &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// A Python with the profiling library of Datadog in it.
pub(crate) struct Python {
    /// The folder with `python` and `ddtrace-run`.
    pub(crate) bin: PathBuf,
}

/// A Node with the profiling library of Datadog beside it.
pub(crate) struct Node {
    /// The folder that `NODE_PATH` has to name.
    pub(crate) modules: PathBuf,
}

/// The program of a Chromium, installed if there is none.
pub(crate) fn chromium() -> Result<PathBuf> {
    let chromium = || CHROMIUM.iter().find_map(|name| find(name));
    if let Some(found) = chromium() {
        return Ok(found);
    }
    system_packages(&["chromium"])?;
    chromium().context("there is no chromium, although its package was installed")
}

/// npm packages as their lock file says, when the folder does not hold them already.
pub(crate) fn npm_packages(folder: &Path) -> Result<()> {
    if !exists("npm") {
        bail!("there is no npm; install Node.js 20 or newer");
    }
    // npm writes this file last, so one newer than the lock file means that the folder is complete.
    let installed = folder.join("node_modules/.package-lock.json");
    if is_newer(&installed, &folder.join("package-lock.json")) {
        return Ok(());
    }
    let purpose = format!("install npm packages in {}", name(folder));
    shell::run(&purpose, &mut command("npm", &["ci", "--no-audit", "--no-fund"], folder))
}

/// A virtual environment with `packages` in it, under the target folder.
pub(crate) fn python(workspace: &Workspace, packages: &[&str]) -> Result<Python> {
    let interpreter =
        ["python3", "python"].into_iter().find(|name| exists(name)).context("there is no python3")?;
    let folder = workspace.scratch("python")?;
    let bin = folder.join("bin");
    if !bin.join("pip").exists() {
        let create = || {
            shell::run(
                "create a Python environment",
                command(interpreter, &["-m", "venv", "."], &folder).arg("--clear"),
            )
        };
        if create().is_err() {
            // Debian keeps `venv` in a package of its own.
            system_packages(&["python3-venv"])?;
            create()?;
        }
    }
    let stamp = folder.join("installed-packages");
    let installed = std::fs::read_to_string(&stamp).unwrap_or_default();
    let missing: Vec<&str> =
        packages.iter().copied().filter(|package| !installed.lines().any(|line| line == *package)).collect();
    if !missing.is_empty() {
        let mut install =
            command(bin.join("pip"), &["install", "--quiet", "--disable-pip-version-check"], &folder);
        shell::run(&format!("install {} from PyPI", missing.join(" ")), install.args(&missing))?;
        std::fs::write(&stamp, format!("{installed}{}\n", missing.join("\n")))
            .with_context(|| format!("cannot write {}", stamp.display()))?;
    }
    Ok(Python { bin })
}

/// `dd-trace` for the Node that is here, under the target folder.
pub(crate) fn node(workspace: &Workspace) -> Result<Node> {
    if !exists("node") || !exists("npm") {
        bail!("there is no node; install Node.js 20 or newer");
    }
    let folder = workspace.scratch("node")?;
    let modules = folder.join("node_modules");
    if !modules.join("dd-trace/package.json").exists() {
        std::fs::write(folder.join("package.json"), "{\"private\": true}\n")
            .context("cannot write package.json")?;
        let package = dd_trace_for(&read(&mut command("node", &["--version"], &folder))?)?;
        let install = &["install", "--no-audit", "--no-fund", package];
        shell::run(&format!("install {package} from npm"), &mut command("npm", install, &folder))?;
    }
    Ok(Node { modules })
}

/// The newest `dd-trace` that accepts a Node of this version: version 6 needs Node 22, npm does not mind.
fn dd_trace_for(node_version: &str) -> Result<&'static str> {
    let major =
        node_version.trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    match major {
        Some(22..) => Ok("dd-trace@latest"),
        Some(18..) => Ok("dd-trace@5"),
        _ => bail!("node {node_version} is too old; dd-trace needs Node.js 18 or newer"),
    }
}

/// What building Vesta takes besides a C compiler, which Rust itself needs to link: jemalloc is built with make.
pub(crate) fn build_tools() -> Result<()> {
    if exists("make") { Ok(()) } else { system_packages(&["make"]) }
}

/// Packages of the system, where this may be done without asking.
fn system_packages(packages: &[&str]) -> Result<()> {
    let list = packages.join(" ");
    if !exists("apt-get") {
        bail!("{list} is missing; install it with the package manager of this system");
    }
    let is_root = read(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    let is_sudo = !is_root && read(Command::new("sudo").args(["-n", "true"])).is_ok();
    if !is_root && !is_sudo {
        bail!("{list} is missing; install it: sudo apt-get install {list}");
    }
    let apt = |arguments: &[&str]| {
        let mut command = if is_root { Command::new("apt-get") } else { Command::new("sudo") };
        if is_sudo {
            command.args(["-n", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        shell::run(&format!("apt-get {}", arguments.join(" ")), &mut command)
    };
    apt(&["update", "-qq"])?;
    let mut install = vec!["install", "-qq", "-y", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)?;
    say(&format!("{list} installed"));
    Ok(())
}

/// Whether `made` exists and is not older than `source`.
pub(crate) fn is_newer(made: &Path, source: &Path) -> bool {
    let changed = |path: &Path| std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    match (changed(made), changed(source)) {
        (Some(made), Some(source)) => made >= source,
        _ => false,
    }
}

fn name(folder: &Path) -> String {
    folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::dd_trace_for;

    #[test]
    fn old_node_gets_the_dd_trace_that_still_accepts_it() {
        assert_eq!(dd_trace_for("v20.20.2").ok(), Some("dd-trace@5"));
        assert_eq!(dd_trace_for("v24.1.0").ok(), Some("dd-trace@latest"));
        assert!(dd_trace_for("v16.0.0").is_err());
        assert!(dd_trace_for("nonsense").is_err());
    }
}
