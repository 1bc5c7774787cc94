//! `cargo xtask screenshots`: the pictures of the documentation, taken of the product with demo services.

use crate::demo;
use crate::service::{get, start_vesta};
use crate::setup;
use crate::shell::{command, run, say};
use crate::ui;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// Profiles of each version of a demo service before the pictures are taken.
const PROFILES: usize = 6;

/// Starts Vesta and the demo services, waits for their profiles, and has a browser take the pictures.
pub(crate) fn screenshots(workspace: &Workspace) -> Result<()> {
    let browser = setup::chromium()?;
    ui::build(workspace)?;
    setup::build_tools()?;
    run("build vesta", &mut command("cargo", &["build", "--workspace", "--bin", "vesta"], &workspace.root))?;
    let data = workspace.scratch("screenshots")?;
    std::fs::remove_dir_all(&data).with_context(|| format!("cannot empty {}", data.display()))?;
    let (mut server, addresses) = start_vesta(&workspace.vesta(), &data, &[])?;
    take(workspace, &browser, addresses.page, "--grep")?;
    let mut services = demo::start(workspace, addresses.sdk);
    for version in ["1.0.3", "1.0.4", "2.4.0"] {
        wait_for_profiles(addresses.page, version)?;
    }
    take(workspace, &browser, addresses.page, "--grep-invert")?;
    for service in &mut services {
        service.stop();
    }
    server.stop();
    Ok(())
}

/// Takes the pictures of an empty page, or all others.
fn take(workspace: &Workspace, browser: &Path, page: SocketAddr, choice: &str) -> Result<()> {
    let pictures = workspace.root.join("docs/images");
    let mut shots = command(
        "npx",
        &["playwright", "test", "--project", "tour", "--workers", "1", choice, "@empty"],
        &workspace.root.join("ui"),
    );
    shots.env("CHROMIUM", browser).env("VESTA_URL", format!("http://{page}")).env("SCREENSHOTS", &pictures);
    run("take pictures", &mut shots)?;
    say(&format!("the pictures are in {}", pictures.display()));
    Ok(())
}

fn wait_for_profiles(page: SocketAddr, version: &str) -> Result<()> {
    say(&format!("waiting for profiles of version {version}"));
    let patience = Instant::now() + Duration::from_secs(240);
    while Instant::now() < patience {
        let answer = get(page, &format!("/api/v1/profiles?query=version:{version}&limit=1"))?;
        let total = answer.split_once("\"total\":").and_then(|(_, rest)| rest.split(',').next());
        if total.and_then(|total| total.parse::<usize>().ok()).is_some_and(|total| total >= PROFILES) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    bail!("no {PROFILES} profiles of version {version} within four minutes; is its language installed?")
}
