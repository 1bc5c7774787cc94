//! A Vesta server in a process of its own, stopped when dropped.

use anyhow::{Context, bail};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vesta_benches::{ProcessUsage, Upload};

pub(crate) struct Server {
    process: Child,
    api: SocketAddr,
    agent: ureq::Agent,
}

impl Server {
    /// Starts `vesta server` from the folder of this program.
    pub(crate) fn start(data: &Path) -> anyhow::Result<Server> {
        let program = vesta()?;
        let api = free_address()?;
        let process = Command::new(&program)
            .arg("server")
            .arg("--data")
            .arg(data)
            .args(["--listen", &api.to_string(), "--sdk-listen", &free_address()?.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let mut server = Server { process, api, agent: ureq::Agent::new_with_defaults() };
        server.wait_until_ready()?;
        Ok(server)
    }

    fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        let url = format!("http://{}/readyz", self.api);
        let deadline = Instant::now() + Duration::from_secs(60);
        while self.agent.get(&url).call().is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the server stopped with {status} before it was ready");
            }
            if Instant::now() > deadline {
                bail!("the server was not ready within 60 s");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// A client with connections of its own.
    pub(crate) fn client(&self) -> Client {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Client { agent: config.into(), url: format!("http://{}/profiling/v1/input", self.api) }
    }

    pub(crate) fn usage(&self) -> anyhow::Result<ProcessUsage> {
        ProcessUsage::of(self.process.id())
    }

    /// `/api/v1/status`.
    pub(crate) fn status(&self) -> anyhow::Result<serde_json::Value> {
        let url = format!("http://{}/api/v1/status", self.api);
        Ok(self.agent.get(&url).call()?.body_mut().read_json()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing to do about a process that is gone already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
}

impl Client {
    /// Sends an upload; answers the status code.
    pub(crate) fn send(&self, upload: &Upload) -> anyhow::Result<u16> {
        let response =
            self.agent.post(&self.url).header("Content-Type", &upload.content_type).send(&upload.body[..])?;
        let status = response.status().as_u16();
        // Read to the end, so that the connection is used again.
        response.into_body().read_to_vec()?;
        Ok(status)
    }
}

fn vesta() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("vesta");
    if !program.exists() {
        bail!("{} is missing: build it with `cargo build --release -p vesta`", program.display());
    }
    Ok(program)
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
