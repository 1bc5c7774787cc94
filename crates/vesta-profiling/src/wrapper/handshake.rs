//! What the profiler says before the command starts.

use crate::system;
use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

/// How long the command waits for a profiler that says nothing. Opening events on a machine with many CPUs takes
/// milliseconds; this is for one that hangs.
const PATIENCE_MILLISECONDS: i32 = 10_000;
/// The most that is read: two variables, one of which may hold the `LD_PRELOAD` of the caller.
const MAX_REPLY: u64 = 1 << 18;

/// What a command needs to be watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Variables in its environment.
    pub(super) variables: Vec<(OsString, OsString)>,
    /// The process that may look into its memory, where the kernel allows that to ancestors only.
    pub(super) reader: Option<u32>,
}

/// What the profiler said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// It watches; the command needs this.
    Ready(Needs),
    /// It cannot watch, and has said why.
    Refused,
    /// Nothing, in time.
    Silent,
}

/// Waits for the reply: an empty line ends it.
pub(super) fn receive(socket: OwnedFd) -> Reply {
    if !system::wait_readable(socket.as_raw_fd(), PATIENCE_MILLISECONDS) {
        return Reply::Silent;
    }
    let mut bytes = Vec::new();
    let _ = File::from(socket).take(MAX_REPLY).read_to_end(&mut bytes);
    decode(&bytes)
}

/// The same, without closing the socket: the reply is one message with its length before it.
pub(super) fn receive_framed(socket: &OwnedFd) -> Reply {
    if !system::wait_readable(socket.as_raw_fd(), PATIENCE_MILLISECONDS) {
        return Reply::Silent;
    }
    let Ok(clone) = socket.try_clone() else { return Reply::Silent };
    let mut file = File::from(clone);
    let mut length = [0; 4];
    if file.read_exact(&mut length).is_err() {
        return Reply::Silent;
    }
    let mut bytes = Vec::new();
    let _ = file.take(u64::from(u32::from_le_bytes(length)).min(MAX_REPLY)).read_to_end(&mut bytes);
    decode(&bytes)
}

/// Says that the profiler watches, or not.
pub(super) fn send(socket: &OwnedFd, needs: Option<&Needs>, framed: bool) {
    let Ok(clone) = socket.try_clone() else { return };
    let mut bytes = Vec::new();
    match needs {
        None => bytes.push(b'-'),
        Some(needs) => {
            bytes.push(b'+');
            // A variable without a name, which no environment has.
            let reader = needs.reader.map(|reader| (OsString::new(), OsString::from(reader.to_string())));
            for (name, value) in needs.variables.iter().chain(&reader) {
                bytes.extend_from_slice(name.as_bytes());
                bytes.push(b'=');
                bytes.extend_from_slice(value.as_bytes());
                bytes.push(0);
            }
        }
    }
    let mut message = Vec::new();
    if framed {
        message.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_le_bytes());
    }
    message.append(&mut bytes);
    // A command that is gone needs no reply. `File` gets an error then, since SIGPIPE is ignored.
    let _ = File::from(clone).write_all(&message);
}

fn decode(bytes: &[u8]) -> Reply {
    match bytes.split_first() {
        None => Reply::Silent,
        Some((b'+', rest)) => {
            let mut needs = Needs::default();
            for pair in rest.split(|byte| *byte == 0) {
                let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
                let (name, value) = (&pair[..equals], &pair[equals + 1..]);
                if name.is_empty() {
                    needs.reader = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                } else {
                    let text = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
                    needs.variables.push((text(name), text(value)));
                }
            }
            Reply::Ready(needs)
        }
        Some(_) => Reply::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::{Needs, Reply, receive, receive_framed, send};
    use crate::system;

    #[test]
    fn variables_arrive_as_they_were_sent() {
        let variables = vec![("A".into(), "x=y z".into()), ("LD_PRELOAD".into(), "".into())];
        let with_reader = Needs { variables: variables.clone(), reader: Some(4711) };
        let without = Needs { variables, reader: None };
        for sent in [Some(&with_reader), Some(&without), None] {
            let expected = sent.map_or(Reply::Refused, |needs| Reply::Ready(needs.clone()));
            let Ok((here, there)) = system::socket_pair() else { return };
            send(&there, sent, true);
            assert_eq!(receive_framed(&here), expected);
            send(&there, sent, false);
            drop(there);
            assert_eq!(receive(here), expected);
        }
    }

    #[test]
    fn a_profiler_that_dies_is_silent() {
        let Ok((here, there)) = system::socket_pair() else { return };
        drop(there);
        assert_eq!(receive_framed(&here), Reply::Silent);
        assert_eq!(receive(here), Reply::Silent);
    }
}
