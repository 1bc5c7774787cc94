//! `cargo xtask test`: installs what the tests need and runs all of them.

use crate::service::start_vesta;
use crate::setup;
use crate::shell::{command, read, run, say};
use crate::tally::Tally;
use crate::ui;
use crate::workspace::Workspace;
use anyhow::{Context, Result};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

/// Python packages: the client under test, and readers of the tables that are not ours.
const PYTHON_PACKAGES: &[&str] = &["ddtrace", "deltalake", "duckdb", "pyarrow", "pyroscope-io"];

/// For servers that are asked by browsers of two tests at once: the page waits as well.
const PATIENT: [&str; 2] = ["--limit-query-time", "4m"];

/// Runs every test. What could not be installed is named among the skipped tests.
pub(crate) fn test(workspace: &Workspace) -> Result<Tally> {
    setup::build_tools()?;
    let mut tally = Tally::default();
    let page = available("the page and its tests", ui::build(workspace), &mut tally);
    rust_tests(workspace, &mut tally)?;
    if page.is_some() {
        page_tests(workspace, &mut tally)?;
        let browser = available("tests in a browser", setup::chromium(), &mut tally);
        if let Some(browser) = browser {
            let outcome = browser_tests(workspace, &browser, &mut tally);
            if let Err(error) = outcome {
                tally.check(Err(error.context("browser tests")));
            }
        }
    }
    Ok(tally)
}

/// Keeps what was set up, or counts everything that needs it as one skipped test.
fn available<T>(what: &str, outcome: Result<T>, tally: &mut Tally) -> Option<T> {
    outcome
        .map_err(|error| {
            say(&format!("no {what}: {error:#}"));
            tally.skipped.push(format!("{what}: {error:#}"));
        })
        .ok()
}

fn rust_tests(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let skips = workspace.scratch("reports")?.join("skipped-tests");
    std::fs::write(&skips, "").with_context(|| format!("cannot write {}", skips.display()))?;
    let mut cargo = command("cargo", &["test", "--workspace", "--no-fail-fast"], &workspace.root);
    cargo.env("VESTA_TEST_SKIPS", &skips).env("INSTA_UPDATE", "no");
    // What is missing here is counted by the tests that miss it, through the file of skips.
    match setup::python(workspace, PYTHON_PACKAGES) {
        Ok(python) => drop(cargo.env("VESTA_TEST_PYTHON", python.bin.join("python"))),
        Err(error) => say(&format!("no Python clients: {error:#}")),
    }
    match setup::node(workspace) {
        Ok(node) => drop(cargo.env("VESTA_TEST_NODE_MODULES", node.modules)),
        Err(error) => say(&format!("no Node clients: {error:#}")),
    }
    match setup::go(workspace) {
        Ok(program) => drop(cargo.env("VESTA_TEST_GO_SERVICE", program)),
        Err(error) => say(&format!("no Go clients: {error:#}")),
    }
    match setup::pyroscope_node(workspace) {
        Ok(modules) => drop(cargo.env("VESTA_TEST_PYROSCOPE_MODULES", modules)),
        Err(error) => say(&format!("no Node client of Pyroscope: {error:#}")),
    }
    match setup::pyroscope_go(workspace) {
        Ok(programs) => drop(cargo.env("VESTA_TEST_PYROSCOPE_GO", programs)),
        Err(error) => say(&format!("no Go client of Pyroscope: {error:#}")),
    }
    match setup::otlp(workspace) {
        Ok(programs) => drop(cargo.env("VESTA_TEST_OTLP", programs)),
        Err(error) => say(&format!("no clients of OpenTelemetry: {error:#}")),
    }
    match setup::pyroscope_rust(workspace) {
        Ok(program) => drop(cargo.env("VESTA_TEST_PYROSCOPE_RUST", program)),
        Err(error) => say(&format!("no Rust client of Pyroscope: {error:#}")),
    }
    match setup::pyroscope_java(workspace) {
        Ok(jars) => drop(cargo.env("VESTA_TEST_PYROSCOPE_JAVA", jars)),
        Err(error) => say(&format!("no Java client of Pyroscope: {error:#}")),
    }
    match setup::java(workspace) {
        Ok(java) => drop(cargo.env("VESTA_TEST_JAVA", java.jars)),
        Err(error) => say(&format!("no Java client: {error:#}")),
    }
    if let Err(error) = setup::native_tools() {
        say(&format!("some tests of the native profiler will be skipped: {error:#}"));
    }
    say("cargo test --workspace");
    let failures_before = tally.failures.len();
    let mut child = cargo.stdout(Stdio::piped()).spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    for line in BufReader::new(output).lines() {
        let line = line.context("cannot read the output of cargo")?;
        println!("{line}");
        tally.add_cargo_line(&line);
    }
    let status = child.wait().context("cargo is lost")?;
    tally.add_skip_file(&skips);
    // A crate that does not compile, or a test process that was killed, fails without naming a test.
    if !status.success() && tally.failures.len() == failures_before {
        tally.failures.push(format!("cargo test ended with {status}"));
    }
    Ok(())
}

fn page_tests(workspace: &Workspace, tally: &mut Tally) -> Result<()> {
    let report = workspace.scratch("reports")?.join("vitest.json");
    forget(&report);
    let output = format!("--outputFile.json={}", report.display());
    let arguments = ["vitest", "run", "--reporter=default", "--reporter=json", &output];
    let outcome = run("tests of the page", &mut command("npx", &arguments, &workspace.root.join("ui")));
    let counted = tally.failures.len();
    let read = tally.add_vitest(&report);
    if tally.failures.len() == counted {
        tally.failures.extend(outcome.and(read).err().map(|error| format!("{error:#}")));
    }
    Ok(())
}

/// Runs Playwright against two real servers, one open and one that demands a token, both with the sample uploads.
fn browser_tests(workspace: &Workspace, browser: &Path, tally: &mut Tally) -> Result<()> {
    run("build vesta", &mut command("cargo", &["build", "--workspace", "--bin", "vesta"], &workspace.root))?;
    let data = workspace.scratch("e2e")?;
    std::fs::remove_dir_all(&data).with_context(|| format!("cannot empty {}", data.display()))?;
    let vesta = workspace.vesta();
    let protected_data = data.join("protected");
    let token = create_token(&vesta, &protected_data)?;
    let (mut open, open_addresses) = start_vesta(&vesta, &data.join("open"), &PATIENT)?;
    let guarded = [&PATIENT[..], &["--require-auth"]].concat();
    let (mut protected, protected_addresses) = start_vesta(&vesta, &protected_data, &guarded)?;
    import_samples(workspace, open_addresses.page, None)?;
    import_samples(workspace, protected_addresses.page, Some(&token))?;

    let open_url = format!("http://{}", open_addresses.page);
    let protected_url = format!("http://{}", protected_addresses.page);
    let everything = ["routed", "smoke"];
    playwright(workspace, browser, "open", &everything, &[("VESTA_URL", &open_url)], tally)?;
    let signed_in = [("VESTA_URL", protected_url.as_str()), ("VESTA_TOKEN", &token)];
    playwright(workspace, browser, "protected", &["smoke"], &signed_in, tally)?;
    open.stop();
    protected.stop();
    Ok(())
}

/// Runs some of Playwright's projects against one server.
fn playwright(
    workspace: &Workspace,
    browser: &Path,
    server: &str,
    projects: &[&str],
    variables: &[(&str, &str)],
    tally: &mut Tally,
) -> Result<()> {
    let report = workspace.scratch("reports")?.join(format!("playwright-{server}.json"));
    forget(&report);
    let mut tests =
        command("npx", &["playwright", "test", "--reporter=list,json"], &workspace.root.join("ui"));
    tests.args(projects.iter().flat_map(|project| ["--project", project]));
    tests
        .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
        .env("CHROMIUM", browser)
        .envs(variables.iter().copied());
    let outcome = run(&format!("tests in a browser, {server} server"), &mut tests);
    let counted = tally.failures.len();
    let read = tally.add_playwright(&report);
    if tally.failures.len() == counted {
        tally.failures.extend(outcome.and(read).err().map(|error| format!("{error:#}")));
    }
    Ok(())
}

fn create_token(vesta: &Path, data: &Path) -> Result<String> {
    let mut create = Command::new(vesta);
    create.args(["token", "create", "--scope", "admin", "--name", "browser tests", "--data"]).arg(data);
    read(&mut create).context("cannot create a token")
}

/// Sends the uploads of the repository, as if they had been made just now.
pub(crate) fn import_samples(workspace: &Workspace, server: SocketAddr, token: Option<&str>) -> Result<()> {
    let folder = workspace.root.join("fixtures/uploads");
    let mut import = Command::new(workspace.vesta());
    import.args(["import", "--server", &format!("http://{server}"), "--start", "now-10m"]);
    if let Some(token) = token {
        import.args(["--token", token]);
    }
    let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let bodies = entries.flatten().map(|entry| entry.path());
    import.args(bodies.filter(|path| path.extension().is_some_and(|extension| extension == "body")));
    run("import the sample uploads", &mut import)
}

/// Removes a report of an earlier run, so that it cannot be taken for one of this run.
fn forget(report: &Path) {
    if report.exists() && std::fs::remove_file(report).is_err() {
        say(&format!("cannot remove {}", report.display()));
    }
}
