//! The demo services under Datadog's own profiling libraries, and a compiled one under Vesta's native profiler, as clients of
//! a server.

use crate::service::Service;
use crate::setup;
use crate::shell::{command, run, say};
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
        ("harbor 3.1.0", go_harbor(workspace, sdk, "3.1.0")),
        ("tickets 3.1.0", java_tickets(workspace, sdk, "3.1.0")),
        ("thumbnails 0.9.1", native_thumbnails(workspace, sdk, "0.9.1")),
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

fn go_harbor(workspace: &Workspace, sdk: SocketAddr, version: &str) -> Result<Service> {
    let mut harbor = Command::new(setup::go(workspace)?);
    harbor.env("HARBOR_PERIOD", format!("{PERIOD_SECONDS}s")).env("HARBOR_STOP_WITH_INPUT", "1");
    harbor.env("DD_PROFILING_ENDPOINT_COUNT_ENABLED", "true").env("DD_TRACE_STARTUP_LOGS", "false");
    Service::start("harbor", profiled(&mut harbor, "harbor", version, sdk))
}

fn java_tickets(workspace: &Workspace, sdk: SocketAddr, version: &str) -> Result<Service> {
    let java = setup::java(workspace)?;
    let mut tickets =
        command("java", &["-javaagent:dd-java-agent.jar", "-Xmx256m", "-jar", "tickets.jar"], &java.jars);
    tickets.env("DD_PROFILING_UPLOAD_PERIOD", PERIOD_SECONDS).env("DD_PROFILING_START_DELAY", "1");
    tickets.env("TICKETS_STOP_WITH_INPUT", "1");
    Service::start("tickets", profiled(&mut tickets, "tickets", version, sdk))
}

fn native_thumbnails(workspace: &Workspace, sdk: SocketAddr, version: &str) -> Result<Service> {
    let program = workspace.scratch("native")?.join("thumbnails");
    let mut compile =
        command("cc", &["-O2", "-g", "-pthread", "app.c", "-lm", "-o"], &workspace.root.join("demo/native"));
    run("compile demo/native", compile.arg(&program))?;
    let mut thumbnails = command(workspace.vesta(), &["run", "--preset", "all"], &workspace.root);
    thumbnails.arg("--upload-period").arg(PERIOD_SECONDS).arg(program);
    thumbnails.env("THUMBNAILS_STOP_WITH_INPUT", "1");
    Service::start("thumbnails", profiled(&mut thumbnails, "thumbnails", version, sdk))
}

/// The environment of a service that is profiled for Vesta.
fn profiled<'a>(command: &'a mut Command, service: &str, version: &str, sdk: SocketAddr) -> &'a mut Command {
    command
        .env("DD_PROFILING_ENABLED", "true")
        .env("DD_TRACE_AGENT_URL", format!("http://{sdk}"))
        .env("DD_SERVICE", service)
        .env("DD_ENV", "demo")
        .env("DD_VERSION", version)
        .stdout(Stdio::null())
}
