//! The demo services under Datadog's own profiling libraries, as clients of a server.

use crate::service::Service;
use crate::setup;
use crate::shell::{command, say};
use crate::workspace::Workspace;
use anyhow::Result;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

/// How often the demo services send a profile, in seconds: the libraries' own minute is long to wait at first sight.
const PERIOD_SECONDS: &str = "10";

/// Starts the demo services whose language is here. The shop runs in two versions, so that there is something to
/// compare: in the second it remembers its searches.
pub(crate) fn start(workspace: &Workspace, sdk: SocketAddr) -> Vec<Service> {
    let started = [
        ("shop 1.0.3", python_shop(workspace, sdk, "1.0.3", &[])),
        ("shop 1.0.4", python_shop(workspace, sdk, "1.0.4", &[("SHOP_REMEMBERS", "1")])),
        ("parcels 2.4.0", node_parcels(workspace, sdk, "2.4.0")),
    ];
    let mut services = Vec::new();
    for (name, service) in started {
        match service {
            Ok(service) => services.push(service),
            Err(error) => say(&format!("without the demo service `{name}`: {error:#}")),
        }
    }
    services
}

fn python_shop(
    workspace: &Workspace,
    sdk: SocketAddr,
    version: &str,
    extra: &[(&str, &str)],
) -> Result<Service> {
    let python = setup::python(workspace, &["ddtrace"])?;
    let mut shop = command(python.bin.join("ddtrace-run"), &[], &workspace.root.join("demo/python"));
    shop.arg(python.bin.join("python")).arg("app.py").env("DD_PROFILING_UPLOAD_INTERVAL", PERIOD_SECONDS);
    shop.envs(extra.iter().copied()).env("SHOP_STOP_WITH_INPUT", "1");
    Service::start("shop", profiled(&mut shop, "shop", version, sdk))
}

fn node_parcels(workspace: &Workspace, sdk: SocketAddr, version: &str) -> Result<Service> {
    let node = setup::node(workspace)?;
    let mut parcels =
        command("node", &["--require", "dd-trace/init", "app.js"], &workspace.root.join("demo/node"));
    parcels.env("NODE_PATH", node.modules).env("DD_PROFILING_UPLOAD_PERIOD", PERIOD_SECONDS);
    parcels.env("PARCELS_STOP_WITH_INPUT", "1");
    Service::start("parcels", profiled(&mut parcels, "parcels", version, sdk))
}

/// The environment of a service that Datadog's libraries profile for Vesta.
fn profiled<'a>(command: &'a mut Command, service: &str, version: &str, sdk: SocketAddr) -> &'a mut Command {
    command
        .env("DD_PROFILING_ENABLED", "true")
        .env("DD_TRACE_AGENT_URL", format!("http://{sdk}"))
        .env("DD_SERVICE", service)
        .env("DD_ENV", "demo")
        .env("DD_VERSION", version)
        .stdout(Stdio::null())
}
