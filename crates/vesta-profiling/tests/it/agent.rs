//! Something that takes uploads and keeps them.

use bytes::Bytes;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use vesta_profile::{FlameTree, FunctionTable, Granularity, Profile};
use vesta_upload::{DecodedUpload, Headers, Limits, Upload};

/// A running agent.
pub(crate) struct Agent {
    pub(crate) url: String,
    uploads: Receiver<Upload>,
}

impl Agent {
    pub(crate) fn start() -> Agent {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (send, uploads) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let (content_type, body) = read(&mut stream);
                let headers = Headers::new(content_type, []);
                let upload = Upload::parse(&headers, Bytes::from(body), &Limits::default()).unwrap();
                let _ = send.send(upload);
                stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").unwrap();
            }
        });
        Agent { url, uploads }
    }

    /// The next upload.
    pub(crate) fn upload(&self) -> Upload {
        self.uploads.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// All uploads that have come.
    pub(crate) fn uploads(&self) -> Vec<Upload> {
        self.uploads.try_iter().collect()
    }
}

/// The profile of an upload.
pub(crate) fn profile(upload: &Upload) -> Profile {
    let DecodedUpload { profiles, problems, .. } = upload.decode(&Limits::default());
    assert!(problems.is_empty(), "{problems:?}");
    profiles.into_iter().next().unwrap().1
}

/// The part of a value type that was spent in or below a function.
pub(crate) fn share(profile: &Profile, value_type: &str, function: &str) -> f64 {
    let index = profile.value_type_index(value_type).unwrap();
    let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
    let rows = profile.samples.stacks.iter().copied().zip(profile.samples.values[index].iter().copied());
    let tree = FlameTree::from_stacks(&functions, &profile.stacks, rows);
    let rows = vesta_profile::top(&tree, &functions, vesta_profile::TopBy::Name);
    let row = rows.iter().find(|row| functions.name(row.function).contains(function));
    row.map_or(0.0, |row| row.total as f64 / tree.total() as f64)
}

fn read(stream: &mut impl BufRead) -> (String, Vec<u8>) {
    let (mut content_type, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        let line = line.trim();
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name.to_ascii_lowercase().as_str() {
            "content-type" => content_type = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (content_type, body)
}
