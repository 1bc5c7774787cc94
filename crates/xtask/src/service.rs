//! Child processes that must not outlive the chore.

use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A child process in a process group of its own: Ctrl-C reaches the chore alone, which then stops its children in
/// the order that loses nothing (profiled services first, so that their last upload still finds the server).
pub(crate) struct Service {
    name: String,
    child: Child,
}

impl Service {
    /// Starts `command`. Its standard input is a pipe that closes when the chore is gone, however it went.
    pub(crate) fn start(name: &str, command: &mut Command) -> Result<Service> {
        let child = command
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Service { name: name.to_owned(), child })
    }

    /// Whether the process has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(None) => None,
            Ok(Some(status)) => Some(format!("{} ended: {status}", self.name)),
            Err(error) => Some(format!("{} is lost: {error}", self.name)),
        }
    }

    /// Asks the process to end, and makes it end after a while.
    pub(crate) fn stop(&mut self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let patience = Instant::now() + Duration::from_secs(20);
        while asked.is_ok() && Instant::now() < patience {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        eprintln!("{} does not end by itself and is killed", self.name);
        if let Err(error) = self.child.kill().and_then(|()| self.child.wait().map(|_| ())) {
            eprintln!("cannot kill {}: {error}", self.name);
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

/// Where a server listens.
pub(crate) struct Addresses {
    /// The page and the API.
    pub(crate) page: SocketAddr,
    /// Profiling libraries.
    pub(crate) sdk: SocketAddr,
}

/// Starts `vesta up` on free ports and waits until it is ready.
pub(crate) fn start_vesta(vesta: &Path, data: &Path, extra: &[&str]) -> Result<(Service, Addresses)> {
    let addresses = Addresses { page: free_address()?, sdk: free_address()? };
    let mut server = Command::new(vesta);
    server.args(["up", "--listen", &addresses.page.to_string(), "--sdk-listen", &addresses.sdk.to_string()]);
    server.arg("--data").arg(data).args(extra);
    let mut server = Service::start("vesta up", &mut server)?;
    wait_until_ready(&mut server, addresses.page)?;
    Ok((server, addresses))
}

/// Waits until a server answers `GET /readyz` with 200.
pub(crate) fn wait_until_ready(server: &mut Service, address: SocketAddr) -> Result<()> {
    let patience = Instant::now() + Duration::from_secs(60);
    while Instant::now() < patience {
        if let Some(end) = server.ended() {
            bail!("{end}");
        }
        if get(address, "/readyz").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the server at {address} is not ready after 60 s")
}

/// An address of the loopback interface that nobody listened on a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on the loopback interface")?;
    listener.local_addr().context("cannot find a free port")
}

/// Whether this port of the loopback interface can be listened on.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// The whole answer to a request, head included.
pub(crate) fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
