//! An agent that takes uploads in, or misbehaves.

use crate::checker::Samples;
use bytes::Bytes;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;
use vesta_upload::{Headers, Limits, Upload};

/// What the agent does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manners {
    /// Takes it and says so.
    Accepts,
    /// Reads all of it and answers with this status.
    Answers(u16),
    /// Takes the connection and never says a word.
    Silent,
    /// Closes the connection in the middle of the request.
    HangsUp,
}

/// An agent on a port of its own, until it is dropped.
pub(crate) struct Agent {
    pub(crate) url: String,
    /// Connections that were made, in the order in which they came.
    pub(crate) connections: Receiver<()>,
    uploads: Receiver<Upload>,
}

impl Agent {
    pub(crate) fn start(manners: Manners) -> Agent {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (send_upload, uploads) = channel();
        let (send_connection, connections) = channel();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // The test is over when nobody listens any more.
                if send_connection.send(()).is_err() {
                    break;
                }
                let sender = send_upload.clone();
                thread::spawn(move || serve(&stream, manners, &sender));
            }
        });
        Agent { url, connections, uploads }
    }

    /// Forgets what has come already.
    pub(crate) fn forget(&self) {
        self.uploads.try_iter().for_each(drop);
    }

    /// The next upload.
    #[track_caller]
    pub(crate) fn upload(&self, patience: Duration) -> Received {
        match self.uploads.recv_timeout(patience) {
            Ok(upload) => Received::new(&upload),
            Err(error) => panic!("no upload within {patience:?}: {error}"),
        }
    }
}

/// An upload, read.
pub(crate) struct Received {
    pub(crate) samples: Samples,
    pub(crate) metrics: Vec<(String, f64)>,
}

impl Received {
    fn new(upload: &Upload) -> Received {
        let decoded = upload.decode(&Limits::default());
        assert!(decoded.undecoded.is_empty(), "{:?}", decoded.undecoded);
        assert!(
            upload.problems.is_empty() && decoded.problems.is_empty(),
            "{:?} {:?}",
            upload.problems,
            decoded.problems
        );
        let mut profiles = decoded.profiles;
        assert_eq!(profiles.len(), 1, "one profile per upload");
        Received { samples: Samples::new(profiles.remove(0).1), metrics: decoded.metrics }
    }

    /// A metric by the end of its name.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let found = self.metrics.iter().find(|(key, _)| key.ends_with(name));
        found.unwrap_or_else(|| panic!("there is no {name}, only {:?}", self.metrics)).1
    }
}

fn serve(stream: &TcpStream, manners: Manners, uploads: &Sender<Upload>) {
    let mut reader = BufReader::new(stream);
    if manners == Manners::Silent {
        // Until the client gives up.
        let _ = std::io::copy(&mut reader, &mut std::io::sink());
        return;
    }
    while let Some((headers, length)) = head(&mut reader) {
        if manners == Manners::HangsUp {
            return;
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let status = if let Manners::Answers(status) = manners { status } else { 200 };
        if manners == Manners::Accepts && length > 0 {
            let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            let headers = Headers::from_pairs(pairs);
            // An upload that cannot be read is missed by the test that waits for it.
            match Upload::parse(&headers, Bytes::from(body), &Limits::default()) {
                Ok(upload) => drop(uploads.send(upload)),
                Err(error) => eprintln!("an upload cannot be read: {error}"),
            }
        }
        let answer = format!(
            "HTTP/1.1 {status} As Told\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{{}}"
        );
        let mut out = stream;
        if out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// Request line and headers, and how long the body is.
fn head(reader: &mut impl BufRead) -> Option<(Vec<(String, String)>, usize)> {
    let mut headers = Vec::new();
    let mut length = 0;
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        let (name, value) = (name.to_ascii_lowercase(), value.trim().to_owned());
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        headers.push((name, value));
    }
    Some((headers, length))
}
