//! Listeners: sockets bound and ready to accept.

use crate::access::Policy;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// What arrives at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Purpose {
    /// The API and the page, and uploads at their exact paths.
    Api,
    /// Uploads of profiling libraries, below any prefix of the path.
    Intake,
}

/// A socket that accepts connections.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) purpose: Purpose,
    pub(crate) policy: Policy,
    socket: Socket,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener, SocketAddr),
    Unix(UnixListener, PathBuf),
}

/// One accepted connection.
pub(crate) enum Stream {
    Tcp(TcpStream, SocketAddr),
    Unix(UnixStream),
}

/// Who demands tokens, as the configuration says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Demand {
    pub(crate) no_auth: bool,
    pub(crate) require_auth: bool,
}

impl Listener {
    /// Binds a TCP socket. Beyond loopback it demands tokens, unless that is ruled out; on loopback only if told to.
    pub(crate) async fn tcp(purpose: Purpose, address: &str, demand: Demand) -> io::Result<Self> {
        let socket = TcpListener::bind(address).await?;
        let bound = socket.local_addr()?;
        let loopback = bound.ip().to_canonical().is_loopback();
        let demands_tokens = !demand.no_auth && (demand.require_auth || !loopback);
        let policy =
            Policy { demands_tokens, checks_host: loopback && !demands_tokens && purpose == Purpose::Api };
        Ok(Listener { purpose, policy, socket: Socket::Tcp(socket, bound) })
    }

    /// Binds a Unix socket, in place of one that nobody listens at any more.
    ///
    /// Profiling libraries cannot send tokens to a socket, so its file mode is what guards it: everybody on this
    /// machine may connect, or only the owner and its group when tokens are demanded elsewhere (`require_auth`).
    pub(crate) fn unix(path: &Path, demand: Demand) -> io::Result<Self> {
        clear_stale_socket(path)?;
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let socket = UnixListener::bind(path)?;
        let mode = if demand.require_auth { 0o660 } else { 0o666 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
        let policy = Policy { demands_tokens: false, checks_host: false };
        Ok(Listener { purpose: Purpose::Intake, policy, socket: Socket::Unix(socket, path.to_owned()) })
    }

    /// The address of a TCP socket, with the port that was taken.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match &self.socket {
            Socket::Tcp(_, address) => Some(*address),
            Socket::Unix(..) => None,
        }
    }

    /// What to call the listener in logs.
    pub(crate) fn name(&self) -> String {
        match &self.socket {
            Socket::Tcp(_, address) => address.to_string(),
            Socket::Unix(_, path) => path.display().to_string(),
        }
    }

    pub(crate) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Socket::Tcp(socket, _) => {
                let (stream, peer) = socket.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::Tcp(stream, peer))
            }
            Socket::Unix(socket, _) => socket.accept().await.map(|(stream, _)| Stream::Unix(stream)),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Socket::Unix(_, path) = &self.socket {
            // Whoever starts next clears it away otherwise.
            let _ = fs::remove_file(path);
        }
    }
}

fn clear_stale_socket(path: &Path) -> io::Result<()> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !metadata.file_type().is_socket() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file that is not a socket"));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        _ => Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there")),
    }
}
