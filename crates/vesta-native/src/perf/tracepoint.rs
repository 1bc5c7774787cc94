//! The numbers of the kernel's tracepoints.

use super::OpenError;
use std::io;
use std::path::Path;

/// Where the kernel may have its tracing files: their own file system, or the older place within debugfs.
const FOLDERS: [&str; 2] = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"];

/// The number of a tracepoint.
pub(super) fn id(group: &str, event: &str) -> Result<u64, OpenError> {
    let label = || format!("{group}:{event}");
    let mut reason = io::Error::from(io::ErrorKind::NotFound);
    let mut mounted = false;
    for folder in FOLDERS.map(Path::new) {
        match std::fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            _ => mounted = true,
        }
        match std::fs::read_to_string(folder.join(group).join(event).join("id")) {
            Ok(text) => {
                let number = text.trim().parse();
                return number.map_err(|_| OpenError::Tracepoint {
                    label: label(),
                    source: io::Error::from(io::ErrorKind::InvalidData),
                });
            }
            Err(error) => reason = error,
        }
    }
    match reason.kind() {
        io::ErrorKind::NotFound if mounted => Err(OpenError::NoSuchTracepoint { label: label() }),
        io::ErrorKind::NotFound => Err(OpenError::TracingNotMounted { label: label() }),
        _ => Err(OpenError::Tracepoint { label: label(), source: reason }),
    }
}
