//! Hands the ring to processes that load the preload library.

use crate::architecture::number;
use crate::layout::{self, Control, Hello, MAGIC, VARIABLE, Welcome};
use crate::options::Options;
use crate::ring::{Ring, fill_random, os_error};
use crate::system;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The preload library, as a file.
pub const PRELOAD_LIBRARY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/libvesta_preload.so"));

/// Waits, on a thread of its own, for processes that load the preload library, and gives them the ring. Dropping it ends
/// that; processes that have the ring keep it.
///
/// The socket has a random name and no file, so it is reached from other roots and mount namespaces (not from other network
/// namespaces). Its name is no secret on the machine, what the variable holds besides is: a process that does not know it
/// gets nothing.
#[derive(Debug)]
pub struct Listener {
    preload_path: PathBuf,
    name: String,
    token: String,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Makes a ring, a socket with a random name, and writes the preload library to a file in the folder for temporary
    /// files, or where else it can be run from.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub fn bind(options: &Options) -> Result<(Listener, Ring), ListenError> {
        let ring = Ring::new(options).map_err(ListenError::Memory)?;
        let file = ring.file().map_err(ListenError::Memory)?;
        let preload_path = write_library().map_err(ListenError::Library)?;
        let name = random_text().map_err(ListenError::Socket)?;
        let token = random_text().map_err(ListenError::Socket)?;
        let address = SocketAddr::from_abstract_name(&name).map_err(ListenError::Socket)?;
        let socket = UnixListener::bind_addr(&address).map_err(ListenError::Socket)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (thread_stop, thread_token, options) = (Arc::clone(&stop), token.clone(), *ring.options());
        let listen = move || {
            crate::in_process::exclude_current_thread();
            for connection in socket.incoming() {
                if thread_stop.load(Ordering::Acquire) {
                    break;
                }
                match connection {
                    // Whoever does not speak our language gets nothing, and no more than a moment.
                    Ok(connection) => drop(welcome(connection, &thread_token, &options, &file)),
                    // No descriptors, for example: not to spin.
                    Err(_) => std::thread::sleep(Duration::from_millis(10)),
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("vesta-listen".to_owned())
            .spawn(listen)
            .map_err(ListenError::Socket)?;
        Ok((Listener { preload_path, name, token, stop, thread: Some(thread) }, ring))
    }

    /// The variables to set for the target. `preload` is the `LD_PRELOAD` that it would have without.
    pub fn environment(&self, preload: Option<&OsStr>) -> Vec<(OsString, OsString)> {
        let path = self.preload_path.as_os_str();
        let mut libraries = preload.unwrap_or_default().to_owned();
        if !libraries.is_empty() {
            libraries.push(":");
        }
        libraries.push(path);
        let mut place = OsString::from(format!("{}:{}:", self.name, self.token));
        place.push(path);
        vec![("LD_PRELOAD".into(), libraries), (VARIABLE.into(), place)]
    }

    /// Where the preload library was written. It stays there, for programs that outlive this one.
    pub fn preload_path(&self) -> &Path {
        &self.preload_path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        let wake =
            SocketAddr::from_abstract_name(&self.name).and_then(|name| UnixStream::connect_addr(&name));
        if let (Ok(_), Some(thread)) = (wake, self.thread.take()) {
            let _ = thread.join();
        }
    }
}

/// Gives the ring to one process.
fn welcome(mut connection: UnixStream, token: &str, options: &Options, ring: &OwnedFd) -> io::Result<()> {
    let patience = Some(Duration::from_millis(500));
    connection.set_read_timeout(patience)?;
    connection.set_write_timeout(patience)?;
    let mut bytes = [0u8; size_of::<Hello>()];
    connection.read_exact(&mut bytes)?;
    // SAFETY: numbers and bytes only.
    let hello: Hello = unsafe { std::mem::transmute(bytes) };
    let wrong = hello.token.iter().zip(token.as_bytes()).fold(0, |wrong, (a, b)| wrong | (a ^ b));
    if hello.magic != MAGIC || wrong != 0 {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let welcome = Welcome { magic: MAGIC, options: *options, pid: peer(&connection)?, padding: 0 };
    let mut control = Control::new(ring.as_raw_fd());
    let address = (&raw const welcome) as usize;
    // SAFETY: the message is memory of our own.
    let sent = unsafe {
        layout::message(false, connection.as_raw_fd(), address, size_of::<Welcome>(), &mut control)
    };
    sent.map(drop).map_err(os_error)
}

/// The process at the other end, by the numbers of our own pid namespace.
fn peer(connection: &UnixStream) -> io::Result<u32> {
    const SOCKET_LEVEL: usize = 1;
    const PEER_CREDENTIALS: usize = 17;
    let mut credentials = [0u32; 3];
    let mut length = 12u32;
    let socket = connection.as_raw_fd() as usize;
    let (address, size) = ((&raw mut credentials) as usize, (&raw mut length) as usize);
    // SAFETY: the kernel writes three numbers.
    unsafe { system::call(number::GETSOCKOPT, [socket, SOCKET_LEVEL, PEER_CREDENTIALS, address, size, 0]) }
        .map_err(os_error)?;
    Ok(credentials[0])
}

/// 32 hexadecimal digits.
fn random_text() -> io::Result<String> {
    let mut bytes = [0u8; 16];
    fill_random(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// Writes the library to a file of which the name tells the content, so that there is one per version and user, not one
/// per run. It has to stay: a program that starts after us and does not find it would have the linker complain.
fn write_library() -> io::Result<PathBuf> {
    let hash = PRELOAD_LIBRARY.iter().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let name = format!("libvesta-preload-{hash:016x}.so");
    let home = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    let folders = [Some(std::env::temp_dir()), home, Some("/dev/shm".into()), Some("/var/tmp".into())];
    let mut first = None;
    for folder in folders.into_iter().flatten() {
        match write_library_to(&folder, &name) {
            Ok(path) => return Ok(path),
            Err(error) => drop(first.get_or_insert(error)),
        }
    }
    Err(first.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

fn write_library_to(folder: &Path, name: &str) -> io::Result<PathBuf> {
    let folder = folder.canonicalize()?;
    // These separate the entries of LD_PRELOAD and the parts of our variable.
    if folder.as_os_str().as_bytes().iter().any(|byte| b": $".contains(byte)) {
        return Err(io::ErrorKind::InvalidFilename.into());
    }
    let path = folder.join(name);
    if is_ours(&path) {
        return Ok(path);
    }
    let temporary = folder.join(format!("{name}.{}", random_text()?));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&temporary)?;
    let written = file.write_all(PRELOAD_LIBRARY).and_then(|()| {
        // Whatever the umask: the target may run as another user.
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        can_be_run(&temporary)?;
        fs::rename(&temporary, &path)
    });
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    written?;
    // In a folder that everybody may write to, somebody else's file of that name cannot be replaced.
    if is_ours(&path) { Ok(path) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// Whether the file is what we would write, and nobody but us or root can change it.
fn is_ours(path: &Path) -> bool {
    let Ok(file) = fs::OpenOptions::new().read(true).custom_flags(0o400_000).open(path) else { return false };
    let Ok(metadata) = file.metadata() else { return false };
    let own = fs::metadata("/proc/self").map_or(0, |process| process.uid());
    let trusted = (metadata.uid() == own || metadata.uid() == 0)
        && metadata.mode() & 0o022 == 0
        && metadata.mode() & 0o555 == 0o555
        && metadata.len() == PRELOAD_LIBRARY.len() as u64;
    let mut bytes = Vec::with_capacity(PRELOAD_LIBRARY.len());
    trusted
        && file.take(PRELOAD_LIBRARY.len() as u64 + 1).read_to_end(&mut bytes).is_ok()
        && bytes == PRELOAD_LIBRARY
        && can_be_run(path).is_ok()
}

/// Folders mounted `noexec` take files, but not as libraries.
fn can_be_run(path: &Path) -> io::Result<()> {
    const READ_AND_EXECUTE: usize = 5;
    let file = fs::File::open(path)?;
    // SAFETY: a fresh mapping that nothing looks at.
    unsafe {
        let mapped = system::map(0, 4096, READ_AND_EXECUTE, system::MAP_PRIVATE, file.as_raw_fd(), 0);
        system::unmap(mapped.map_err(os_error)?, 4096);
    }
    Ok(())
}

/// Why allocations and locks cannot be watched in other processes.
#[derive(Debug)]
#[non_exhaustive]
pub enum ListenError {
    /// No shared memory for the ring.
    Memory(io::Error),
    /// No socket, or no thread that listens to it.
    Socket(io::Error),
    /// No folder takes the preload library.
    Library(io::Error),
}

impl std::fmt::Display for ListenError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ListenError::Memory(source) => {
                write!(formatter, "no shared memory for events of hooks: {source}")
            }
            ListenError::Socket(source) => write!(formatter, "no socket for processes with hooks: {source}"),
            ListenError::Library(source) => write!(
                formatter,
                "no folder takes the library with the hooks: {source}; set TMPDIR to one that may hold executables"
            ),
        }
    }
}

impl std::error::Error for ListenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ListenError::Memory(source) | ListenError::Socket(source) | ListenError::Library(source) => {
                Some(source)
            }
        }
    }
}
