//! The page: `ui/` into `ui/dist`, from where `vesta-web` embeds it.

use crate::setup::{is_newer, npm_packages};
use crate::shell::{command, run, say};
use crate::workspace::Workspace;
use anyhow::Result;
use std::path::{Path, PathBuf};

/// Builds the page unless it is newer than everything it is made of.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let ui = workspace.root.join("ui");
    npm_packages(&ui)?;
    let page = ui.join("dist/index.html");
    if sources(&ui).iter().all(|source| is_newer(&page, source)) {
        say("the page is up to date");
        return Ok(());
    }
    run("build the page", &mut command("npm", &["run", "--silent", "build"], &ui))
}

/// Everything below `ui/` that the page is made of.
fn sources(ui: &Path) -> Vec<PathBuf> {
    let mut found = ["index.html", "package.json", "package-lock.json", "vite.config.ts", "tsconfig.json"]
        .map(|name| ui.join(name))
        .to_vec();
    let mut folders = vec![ui.join("src"), ui.join("public")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.retain(|path| path.exists());
    found
}
