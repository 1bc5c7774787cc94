//! A server that answers requests as told and keeps them.

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Receiver<Request>,
}

impl Server {
    /// Answers the first request with the first of these, and so on; the last is for all that follow. What comes after an
    /// empty line is the body.
    pub(crate) fn tcp(answers: &[&str]) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        serve(address, answers, move || listener.accept().unwrap().0)
    }

    /// The same over TLS, with a certificate of `fixtures/tls`.
    pub(crate) fn tls(certificate: &str, answers: &[&str]) -> Server {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("https://{}", listener.local_addr().unwrap());
        let certificate = CertificateDer::from_pem_file(tls_file(certificate)).unwrap();
        let key = PrivateKeyDer::from_pem_file(tls_file("server.key")).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        let config = Arc::new(config.unwrap());
        serve(address, answers, move || {
            let shake_hands = |mut connection: TcpStream| {
                let mut tls = ServerConnection::new(config.clone()).unwrap();
                // Who does not trust the certificate goes away.
                tls.complete_io(&mut connection).ok().map(|_| StreamOwned::new(tls, connection))
            };
            listener.incoming().find_map(|connection| shake_hands(connection.unwrap())).unwrap()
        })
    }

    /// The same at a Unix socket.
    pub(crate) fn unix(path: &Path, answers: &[&str]) -> Server {
        let listener = UnixListener::bind(path).unwrap();
        serve(format!("unix://{}", path.display()), answers, move || listener.accept().unwrap().0)
    }

    /// The next request.
    pub(crate) fn request(&self) -> Request {
        self.requests.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    /// How many requests have come that nobody has looked at.
    pub(crate) fn waiting(&self) -> usize {
        self.requests.try_iter().count()
    }
}

/// A file of `fixtures/tls`.
pub(crate) fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tls").join(name)
}

fn serve<S: Read + Write + Send + 'static>(
    address: String,
    answers: &[&str],
    mut accept: impl FnMut() -> S + Send + 'static,
) -> Server {
    let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
    let (send, requests) = channel();
    std::thread::spawn(move || {
        for round in 0.. {
            let mut stream = BufReader::new(accept());
            let request = read(&mut stream);
            let _ = send.send(request);
            let answer = answers.get(round).or(answers.last()).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
            let length = match head.contains("Content-Length") {
                true => String::new(),
                false => format!("Content-Length: {}\r\n", body.len()),
            };
            let text = format!("HTTP/1.1 {head}\r\n{length}Connection: close\r\n\r\n{body}");
            let _ = stream.get_mut().write_all(text.as_bytes());
        }
    });
    Server { address, requests }
}

fn read(stream: &mut impl BufRead) -> Request {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length")).unwrap();
    let mut body = vec![0; length.1.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    Request { line: lines[0].clone(), headers, body }
}
