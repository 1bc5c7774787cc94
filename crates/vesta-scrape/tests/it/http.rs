//! A small HTTP server whose answers a test decides.

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A request.
pub(crate) struct Request {
    /// Path and query.
    pub(crate) path: String,
    /// The lines of its head, in lower case.
    pub(crate) head: String,
    /// Its body.
    pub(crate) body: Vec<u8>,
}

/// Serves until the test ends: what `answer` says, as a status and a body.
pub(crate) fn serve(answer: impl Fn(Request) -> (u16, Vec<u8>) + Send + Sync + 'static) -> SocketAddr {
    listen(Some, answer)
}

/// The same over TLS, with the certificate in this file of `fixtures/tls`.
pub(crate) fn serve_tls(
    certificate: &str,
    answer: impl Fn(Request) -> (u16, Vec<u8>) + Send + Sync + 'static,
) -> SocketAddr {
    let read = |file: &str| std::fs::read(tls_file(file)).unwrap();
    let certificate = CertificateDer::from_pem_slice(&read(certificate)).unwrap();
    let key = PrivateKeyDer::from_pem_slice(&read("server.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let shake_hands = move |mut connection: TcpStream| {
        let mut tls = ServerConnection::new(config.clone()).unwrap();
        // Who does not trust the certificate goes away.
        tls.complete_io(&mut connection).ok().map(|_| StreamOwned::new(tls, connection))
    };
    listen(shake_hands, answer)
}

pub(crate) fn tls_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/tls").join(name)
}

fn listen<S: Read + Write>(
    open: impl Fn(TcpStream) -> Option<S> + Send + Sync + 'static,
    answer: impl Fn(Request) -> (u16, Vec<u8>) + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serve = Arc::new((open, answer));
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let (connection, serve) = (connection.unwrap(), serve.clone());
            std::thread::spawn(move || {
                let (open, answer) = &*serve;
                if let Some(stream) = open(connection) {
                    one(stream, answer);
                }
            });
        }
    });
    address
}

fn one(stream: impl Read + Write, answer: &dyn Fn(Request) -> (u16, Vec<u8>)) {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap() > 2 {}
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let head = head.to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let (status, body) = answer(Request { path, head, body });
    let mut stream = reader.into_inner();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    // The other side may be gone: it does not wait for what it no longer wants.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
