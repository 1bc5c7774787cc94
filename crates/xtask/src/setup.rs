//! What has to be there before anything runs: a browser, npm packages, Python packages, Go programs.
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

/// The profiling agent of Datadog for Java, and a service to put it on.
pub(crate) struct Java {
    /// The folder with `dd-java-agent.jar` and `tickets.jar`.
    pub(crate) jars: PathBuf,
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

/// The demo service in Go, with the profiling library of Datadog in it, under the target folder. Modules and what was
/// compiled of them stay in the caches of Go, so only the first build takes a minute.
pub(crate) fn go(workspace: &Workspace) -> Result<PathBuf> {
    if !exists("go") {
        bail!("there is no go; install Go 1.26 or newer");
    }
    let program = workspace.scratch("go")?.join("harbor");
    let mut build = command("go", &["build", "-o"], &workspace.root.join("demo/go"));
    build.arg(&program).arg(".").env("GOFLAGS", "-mod=readonly -buildvcs=false");
    shell::run("build demo/go", &mut build)?;
    Ok(program)
}

/// Pyroscope's client for Node, under the target folder: the folder that `NODE_PATH` has to name.
pub(crate) fn pyroscope_node(workspace: &Workspace) -> Result<PathBuf> {
    if !exists("node") || !exists("npm") {
        bail!("there is no node; install Node.js 20 or newer");
    }
    let folder = workspace.scratch("node-pyroscope")?;
    let modules = folder.join("node_modules");
    if !modules.join("@pyroscope/nodejs/package.json").exists() {
        std::fs::write(folder.join("package.json"), "{\"private\": true}\n")
            .context("cannot write package.json")?;
        let install = &["install", "--no-audit", "--no-fund", "@pyroscope/nodejs"];
        shell::run("install @pyroscope/nodejs from npm", &mut command("npm", install, &folder))?;
    }
    Ok(modules)
}

/// The folder of two programs in Go: one that Pyroscope's client profiles, and one that asks what Grafana asks.
pub(crate) fn pyroscope_go(workspace: &Workspace) -> Result<PathBuf> {
    if !exists("go") {
        bail!("there is no go; install Go 1.26 or newer");
    }
    let programs = workspace.scratch("go-pyroscope")?;
    let source = workspace.root.join("crates/vesta/tests/pyroscope/go");
    let mut build = command("go", &["build", "-o"], &source);
    // A folder, and so one program for each package.
    build.arg(programs.join("")).arg("./...").env("GOFLAGS", "-mod=readonly -buildvcs=false");
    shell::run("build the programs for Pyroscope", &mut build)?;
    Ok(programs)
}

/// Releases of OpenTelemetry's format before the newest one, each with the file that names the versions of modules that
/// write it, and the tag of the code for it.
const OTLP_RELEASES: &[(&str, &str, &str)] =
    &[("1.7", "1.7.mod", "otlp1_7"), ("1.8", "1.8.mod", ""), ("1.9", "1.9.mod", "")];

/// The folder of programs in Go with the code that OpenTelemetry generates: a sender for each release of the format, and one
/// that checks messages.
pub(crate) fn otlp(workspace: &Workspace) -> Result<PathBuf> {
    if !exists("go") {
        bail!("there is no go; install Go 1.26 or newer");
    }
    let programs = workspace.scratch("go-otlp")?;
    let source = workspace.root.join("crates/vesta/tests/otlp");
    let build = |program: &str, arguments: &[&str]| {
        let mut build = command("go", &["build", "-ldflags=-s -w", "-o"], &source);
        build.arg(programs.join(program)).args(arguments);
        build.env("GOFLAGS", "-mod=readonly -buildvcs=false");
        shell::run(&format!("build {program} for OpenTelemetry"), &mut build)
    };
    build("check", &["./check"])?;
    build("send-1.10", &["./send"])?;
    for (release, modules, tag) in OTLP_RELEASES {
        let (modules, tags) = (format!("-modfile={modules}"), format!("-tags={tag}"));
        build(&format!("send-{release}"), &[&modules, &tags, "./send"])?;
    }
    Ok(programs)
}

/// A program in Rust that Pyroscope's client profiles, under the target folder. It is no part of the workspace, so that
/// nothing of Vesta is built with the dependencies of the client; of those, nothing is kept but the program.
pub(crate) fn pyroscope_rust(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.scratch("rust-pyroscope")?;
    let program = folder.join("foundry");
    let source = workspace.root.join("crates/vesta/tests/pyroscope/rust");
    // Not by their times: a fresh clone has the same files, and building takes a minute of a core.
    let stamp = folder.join("sources");
    let mut sources = String::new();
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"].map(|file| source.join(file)) {
        let text = std::fs::read_to_string(&file);
        sources += &text.with_context(|| format!("cannot read {}", file.display()))?;
    }
    if program.exists() && std::fs::read_to_string(&stamp).is_ok_and(|built| built == sources) {
        return Ok(program);
    }
    let target = folder.join("build");
    let mut build = command("cargo", &["build", "--quiet", "--locked", "--target-dir"], &source);
    shell::run("build the program in Rust for Pyroscope", build.arg(&target))?;
    let built = target.join("debug/foundry");
    std::fs::copy(&built, &program).with_context(|| format!("cannot copy {}", built.display()))?;
    std::fs::remove_dir_all(&target).with_context(|| format!("cannot remove {}", target.display()))?;
    std::fs::write(&stamp, sources).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(program)
}

/// Maven's coordinates of Datadog's agent for Java. The version is fixed: what it records changes from one to the next.
const JAVA_AGENT: &str = "com.datadoghq:dd-java-agent:1.68.1";
/// Maven's own plugin that fetches a file by its coordinates.
const MAVEN_COPY: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";

/// Datadog's agent for Java and the demo service compiled with it, under the target folder.
pub(crate) fn java(workspace: &Workspace) -> Result<Java> {
    let jars = workspace.scratch("java")?;
    fetch_jar(JAVA_AGENT, &jars)?;
    let source = workspace.root.join("demo/java/Tickets.java");
    pack_jar(&source, "com.acme.tickets.Tickets", "dd-java-agent.jar", "tickets.jar", &jars)?;
    Ok(Java { jars })
}

/// Maven's coordinates of Pyroscope's agent for Java.
const PYROSCOPE_JAVA_AGENT: &str = "io.pyroscope:agent:2.9.2";

/// The folder of Pyroscope's agent for Java, `agent.jar`, and of a program to put it on, `brewery.jar`.
pub(crate) fn pyroscope_java(workspace: &Workspace) -> Result<PathBuf> {
    let jars = workspace.scratch("java-pyroscope")?;
    fetch_jar(PYROSCOPE_JAVA_AGENT, &jars)?;
    let source = workspace.root.join("crates/vesta/tests/pyroscope/Brewery.java");
    pack_jar(&source, "Brewery", "agent.jar", "brewery.jar", &jars)?;
    Ok(jars)
}

/// Brings a file of Maven's into a folder, under its name without the version. Maven keeps what it fetched in the home
/// folder.
fn fetch_jar(coordinates: &str, folder: &Path) -> Result<()> {
    let name = coordinates.split(':').nth(1).unwrap_or_default();
    let stamp = folder.join("agent-version");
    let is_there = folder.join(format!("{name}.jar")).exists();
    if is_there && std::fs::read_to_string(&stamp).ok().as_deref() == Some(coordinates) {
        return Ok(());
    }
    if !exists("mvn") {
        system_packages(&["maven"])?;
    }
    let (artifact, output) =
        (format!("-Dartifact={coordinates}"), format!("-DoutputDirectory={}", folder.display()));
    let arguments = ["--quiet", "--batch-mode", MAVEN_COPY, &artifact, &output, "-Dmdep.stripVersion=true"];
    shell::run(&format!("fetch {coordinates} with Maven"), &mut command("mvn", &arguments, folder))?;
    std::fs::write(&stamp, coordinates).with_context(|| format!("cannot write {}", stamp.display()))
}

/// Compiles a program of one file against a jar of the same folder, and packs it into another.
fn pack_jar(source: &Path, main: &str, library: &str, packed: &str, folder: &Path) -> Result<()> {
    if !exists("javac") {
        system_packages(&["default-jdk-headless"])?;
    }
    if is_newer(&folder.join(packed), source) {
        return Ok(());
    }
    let mut compile = command("javac", &["-nowarn", "-cp", library, "-d", "classes"], folder);
    shell::run(&format!("compile {}", name(source)), compile.arg(source))?;
    let pack = ["--create", "--file", packed, "--main-class", main, "-C", "classes", "."];
    shell::run(&format!("pack {packed}"), &mut command("jar", &pack, folder))
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

/// Rust's standard library for another kind of machine, installed if it is not there and can be had.
pub(crate) fn rust_target(target: &str) -> Result<()> {
    let here = std::env::temp_dir();
    let libraries = read(&mut command("rustc", &["--print", "target-libdir", "--target", target], &here))?;
    if Path::new(&libraries).exists() {
        return Ok(());
    }
    if !exists("rustup") {
        bail!("its standard library is not installed, and there is no rustup to install it");
    }
    read(&mut command("rustup", &["target", "add", target], &here))
        .map(drop)
        .context("its standard library cannot be installed")
}

/// A C compiler for aarch64 and that machine's C library: libzstd is in C.
pub(crate) fn aarch64_compiler() -> Result<()> {
    if exists("aarch64-linux-gnu-gcc") {
        return Ok(());
    }
    system_packages(&["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"])
}

/// What the tests of the native profiler compile and link with, besides the C compiler: another C library, another
/// allocator, another linker and the format of compressed symbol tables. Tests that miss one of them say so themselves.
pub(crate) fn native_tools() -> Result<()> {
    let missing: Vec<&str> = [
        ("musl-gcc", "musl-tools"),
        ("ld.lld", "lld"),
        ("clang", "clang"),
        ("xz", "xz-utils"),
        ("dwz", "dwz"),
        ("setpriv", "util-linux"),
        ("addr2line", "binutils"),
        ("jeprof", "libjemalloc-dev"),
    ]
    .into_iter()
    .filter(|(program, _)| !exists(program))
    .map(|(_, package)| package)
    .collect();
    if missing.is_empty() { Ok(()) } else { system_packages(&missing) }
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
