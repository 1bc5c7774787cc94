//! A client that sends exactly the bytes it is told to: any header, any framing, any socket.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Where to connect.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

/// A request to send.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) chunked: bool,
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// An open connection.
pub(crate) struct Connection {
    reader: BufReader<Box<dyn Read>>,
    writer: Box<dyn Write>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        let headers = vec![("Host".to_owned(), "localhost".to_owned())];
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: Vec::new(),
            chunked: false,
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Request { body: body.into(), ..Self::new("POST", path) }
    }

    /// Sets a header, in place of one of the same name.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn chunked(self) -> Self {
        Request { chunked: true, ..self }
    }

    /// The bytes on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        let framing = ["content-length", "transfer-encoding"];
        let own = |name: &str| framing.contains(&name.to_ascii_lowercase().as_str());
        for (name, value) in self.headers.iter().filter(|(name, _)| !own(name)) {
            bytes.extend(format!("{name}: {value}\r\n").into_bytes());
        }
        if self.chunked {
            bytes.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for chunk in self.body.chunks(11_111) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            if !self.body.is_empty() || self.method != "GET" {
                bytes.extend(format!("Content-Length: {}\r\n", self.body.len()).into_bytes());
            }
            bytes.extend(b"\r\n");
            bytes.extend(&self.body);
        }
        bytes
    }
}

impl Target {
    /// Sends one request on a connection of its own.
    pub(crate) fn send(&self, request: &Request) -> Response {
        self.connect().send(request)
    }

    pub(crate) fn connect(&self) -> Connection {
        // Only so that a broken server fails a test instead of hanging it.
        let patience = Some(Duration::from_secs(120));
        match self {
            Target::Tcp(address) => {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(patience).unwrap();
                let reader = stream.try_clone().unwrap();
                Connection { reader: BufReader::new(Box::new(reader)), writer: Box::new(stream) }
            }
            Target::Unix(path) => {
                let stream = UnixStream::connect(path).unwrap();
                stream.set_read_timeout(patience).unwrap();
                let reader = stream.try_clone().unwrap();
                Connection { reader: BufReader::new(Box::new(reader)), writer: Box::new(stream) }
            }
        }
    }
}

impl Connection {
    pub(crate) fn send(&mut self, request: &Request) -> Response {
        self.write(&request.bytes());
        self.read()
    }

    /// Writes raw bytes. A server may answer and close before it has read them all.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let _ = self.writer.write_all(bytes).and_then(|()| self.writer.flush());
    }

    pub(crate) fn read(&mut self) -> Response {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        let status =
            line.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {line:?}")).parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut response = Response { status, headers, body: Vec::new() };
        response.body = self.read_body(&response);
        response
    }

    fn read_body(&mut self, response: &Response) -> Vec<u8> {
        let mut body = Vec::new();
        if response.header("transfer-encoding") == Some("chunked") {
            loop {
                let mut line = String::new();
                self.reader.read_line(&mut line).unwrap();
                let size = usize::from_str_radix(line.trim(), 16).unwrap();
                let mut chunk = vec![0; size + 2];
                self.reader.read_exact(&mut chunk).unwrap();
                if size == 0 {
                    return body;
                }
                body.extend(&chunk[..size]);
            }
        }
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        body.resize(length, 0);
        if response.status != 304 {
            self.reader.read_exact(&mut body).unwrap();
        }
        body
    }

    /// Whether the server has closed the connection.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.reader.fill_buf(), Ok([]) | Err(_))
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The detail of a problem, after checking that it is one of this status.
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string());
        problem["detail"].as_str().unwrap().to_owned()
    }
}
