//! Metrics of the profiler itself, as statsd gauges over a Unix datagram socket.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use vesta_native::Statistics;

/// Metrics are below this name, as `ddprof`'s are.
const PREFIX: &str = "datadog.profiling.native.";

/// The most bytes of a packet: what a server reads at once, whatever its settings.
const PACKET: usize = 1_400;

/// Sends gauges; what nobody receives is lost.
#[derive(Debug)]
pub(crate) struct Statsd {
    path: PathBuf,
}

impl Statsd {
    pub(crate) fn new(path: &Path) -> Statsd {
        Statsd { path: path.to_owned() }
    }

    /// Sends all metrics of a window, and the size of its upload. The socket is opened each time: the agent may have
    /// been restarted since.
    pub(crate) fn send(&self, statistics: &Statistics, pprof_bytes: Option<usize>) -> std::io::Result<()> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect(&self.path)?;
        let size = pprof_bytes
            .and_then(|bytes| u32::try_from(bytes).ok())
            .map(|bytes| ("pprof.size", f64::from(bytes)));
        // Many gauges per packet, as all servers take them: a socket holds some ten packets that nobody has read.
        let mut packet = String::new();
        for (name, value) in statistics.metrics().into_iter().chain(size) {
            let line = format!("{PREFIX}{name}:{value}|g\n");
            if packet.len() + line.len() > PACKET {
                socket.send(packet.trim_end().as_bytes())?;
                packet.clear();
            }
            packet.push_str(&line);
        }
        socket.send(packet.trim_end().as_bytes())?;
        Ok(())
    }
}
