//! `cargo xtask run`: Vesta with something real to look at, in one command.

use crate::demo;
use crate::service::{Service, free_address, is_free, wait_until_ready};
use crate::setup;
use crate::shell::{command, run as run_command, say};
use crate::test::import_samples;
use crate::ui;
use crate::workspace::Workspace;
use anyhow::{Context, Result, bail};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const HELP: &str = "\
Build and start Vesta, with demo services under real profilers to look at.

Usage: cargo xtask run [-- OPTIONS OF vesta up]

Profiles are kept in the target folder, under xtask/run. Ctrl-C stops everything.";

/// The ports of `vesta up`.
const PAGE_PORT: u16 = 8378;
const SDK_PORT: u16 = 8126;

/// Sets up, builds, starts Vesta and the demo services, and waits for Ctrl-C.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let passed_on = match arguments.split_first() {
        None => &[],
        Some((first, rest)) if first == "--" => rest,
        Some((first, _)) if first == "--help" || first == "-h" => {
            println!("{HELP}");
            return Ok(());
        }
        Some((first, _)) => bail!("unknown option {first}\n\n{HELP}"),
    };
    let workspace = Workspace::locate()?;
    if let Err(error) = ui::build(&workspace) {
        say(&format!("without the page, the API alone: {error:#}"));
    }
    setup::build_tools()?;
    run_command(
        "build vesta",
        &mut command("cargo", &["build", "--workspace", "--bin", "vesta"], &workspace.root),
    )?;

    // Registered before the first child, so that no Ctrl-C can leave one behind.
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot wait for signals")?;
    let (send, interrupted) = channel();
    std::thread::spawn(move || signals.forever().try_for_each(|_| send.send(())));

    let page = address(PAGE_PORT)?;
    let sdk = address(SDK_PORT)?;
    let data = workspace.scratch("run")?.join("data");
    let mut up = Command::new(workspace.vesta());
    up.args(["up", "--listen", &page.to_string(), "--sdk-listen", &sdk.to_string()]);
    let mut server = Service::start("vesta up", up.arg("--data").arg(&data).args(passed_on))?;
    wait_until_ready(&mut server, page)?;

    let mut services = demo::start(&workspace, sdk);
    if services.is_empty() {
        say("neither Python nor Node nor Go is here: these are uploads recorded earlier");
        import_samples(&workspace, page, None)?;
    }
    println!("\n   Vesta is at http://localhost:{}\n   Ctrl-C stops it.\n", page.port());

    let ended = loop {
        match interrupted.recv_timeout(Duration::from_secs(1)) {
            Ok(()) | Err(RecvTimeoutError::Disconnected) => break None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Some(end) = server.ended() {
            break Some(end);
        }
        services.retain_mut(|service| match service.ended() {
            Some(end) => {
                say(&end);
                false
            }
            None => true,
        });
    };
    say("stopping");
    for mut service in services {
        service.stop();
    }
    match ended {
        Some(end) => bail!("{end}"),
        None => {
            server.stop();
            Ok(())
        }
    }
}

/// The usual port where it is free, else another one, said aloud.
fn address(port: u16) -> Result<SocketAddr> {
    if is_free(port) {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    let other = free_address()?;
    say(&format!("port {port} is taken; {} is used instead", other.port()));
    Ok(other)
}
