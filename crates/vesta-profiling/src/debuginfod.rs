//! Debug information from `debuginfod` servers, for modules that no folder of this host has it of.
//!
//! The protocol is `GET SERVER/buildid/BUILDID/debuginfo`, and the cache is that of elfutils, so that what gdb has fetched
//! need not come again (<https://sourceware.org/elfutils/Debuginfod.html>). It runs beside sampling, on the thread that
//! finds names.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use ureq::Agent;
use ureq::http::StatusCode;
use vesta_export::Trust;
use vesta_native::Fetch;

/// The most time that one file takes.
const TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Failures in a row after which a server is not asked any more.
const PATIENCE: u32 = 3;
/// The most bytes of one file: larger ones would not be read anyway.
const MAX_BYTES: u64 = 256 << 20;

/// Servers, and what has come from them.
pub(crate) struct Debuginfod {
    servers: Vec<String>,
    cache: PathBuf,
    agent: Agent,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Build ids that no server knows.
    unknown: HashSet<String>,
    /// Failures in a row, by server.
    failures: Vec<u32>,
}

impl Debuginfod {
    /// Asks these servers in their order, and keeps what they send in a folder.
    pub(crate) fn new(servers: Vec<String>, cache: PathBuf) -> Debuginfod {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("vesta/", env!("CARGO_PKG_VERSION")))
            .tls_config(Trust::System.config())
            .build();
        let state = State { failures: vec![0; servers.len()], ..State::default() };
        Debuginfod { servers, cache, agent: config.into(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of a server; `None` if it does not know it.
    fn fetch(&self, server: &str, build_id: &str, path: &Path) -> io::Result<Option<File>> {
        let url = format!("{}/buildid/{build_id}/debuginfo", server.trim_end_matches('/'));
        let mut response = self.agent.get(&url).call().map_err(io::Error::other)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status => return Err(io::Error::other(format!("{url} answers {status}"))),
        }
        store(path, &mut response.body_mut().with_config().limit(MAX_BYTES).reader()).map(Some)
    }
}

impl Fetch for Debuginfod {
    fn debug_file(&self, build_id: &str) -> io::Result<Option<File>> {
        if self.state().unknown.contains(build_id) {
            return Ok(None);
        }
        let path = self.cache.join(build_id).join("debuginfo");
        // An empty file is how elfutils remembers that no server knew it; that may have changed since.
        if let Ok(file) = File::open(&path)
            && file.metadata().is_ok_and(|metadata| metadata.len() > 0)
        {
            return Ok(Some(file));
        }
        let mut failure = None;
        for (index, server) in self.servers.iter().enumerate() {
            if self.state().failures.get(index).is_none_or(|failures| *failures >= PATIENCE) {
                continue;
            }
            let fetched = self.fetch(server, build_id, &path);
            if let Some(failures) = self.state().failures.get_mut(index) {
                *failures = if fetched.is_err() { *failures + 1 } else { 0 };
            }
            match fetched {
                Ok(Some(file)) => return Ok(Some(file)),
                Ok(None) => {}
                Err(error) => failure = Some(error),
            }
        }
        self.state().unknown.insert(build_id.to_owned());
        failure.map_or(Ok(None), Err)
    }
}

/// Writes a file in one step: others may read the cache at the same time.
fn store(path: &Path, content: &mut impl Read) -> io::Result<File> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    let partial = folder.join(format!("vesta-{}", std::process::id()));
    let written = File::create(&partial).and_then(|mut file| {
        io::copy(content, &mut file)?;
        file.flush()?;
        fs::rename(&partial, path)
    });
    if written.is_err() {
        // What is left of it is of no use, and there may be no room for more.
        let _ = fs::remove_file(&partial);
    }
    written.and_then(|()| File::open(path))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed step fails the test")]
mod tests {
    use super::Debuginfod;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::mpsc::{Receiver, channel};
    use vesta_native::Fetch;

    /// A server that knows one build id, and the paths that it is asked for.
    fn server() -> (String, Receiver<String>) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (send, asked) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = BufReader::new(stream.unwrap());
                let mut request = String::new();
                while stream.read_line(&mut request).unwrap() > 2 {}
                let path = request.split(' ').nth(1).unwrap().to_owned();
                let (status, body) = match path.as_str() {
                    "/buildid/c0ffee/debuginfo" => ("200 OK", "names and lines"),
                    "/buildid/dead/debuginfo" => ("500 Internal Server Error", ""),
                    _ => ("404 Not Found", ""),
                };
                let length = body.len();
                let head =
                    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
                // Before the answer, so that whoever has the answer finds it.
                send.send(path).unwrap();
                stream.get_mut().write_all(format!("{head}{body}").as_bytes()).unwrap();
            }
        });
        (url, asked)
    }

    #[test]
    fn what_a_server_knows_is_fetched_once_and_what_it_does_not_is_asked_once() {
        let (url, asked) = server();
        let folder = tempfile::tempdir().unwrap();
        let debuginfod = Debuginfod::new(vec![url.clone()], folder.path().to_owned());
        for _ in 0..2 {
            let mut text = String::new();
            debuginfod.debug_file("c0ffee").unwrap().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "names and lines");
            assert!(debuginfod.debug_file("bead").unwrap().is_none());
        }
        let again = Debuginfod::new(vec![url], folder.path().to_owned());
        assert!(again.debug_file("c0ffee").unwrap().is_some(), "from the folder");
        let asked: Vec<String> = asked.try_iter().collect();
        assert_eq!(asked, ["/buildid/c0ffee/debuginfo", "/buildid/bead/debuginfo"]);
    }

    #[test]
    fn a_server_that_fails_is_named_and_given_up_after_a_while() {
        let (url, asked) = server();
        let folder = tempfile::tempdir().unwrap();
        let debuginfod = Debuginfod::new(vec![url], folder.path().to_owned());
        let error = debuginfod.debug_file("dead").unwrap_err();
        assert!(error.to_string().contains("/buildid/dead/debuginfo answers 500"), "{error}");
        assert!(debuginfod.debug_file("dead").unwrap().is_none(), "one report is enough");
        assert_eq!(asked.try_iter().count(), 1);

        let nobody = Debuginfod::new(vec!["http://127.0.0.1:1".to_owned()], folder.path().to_owned());
        let failed = ["aa", "bb", "cc", "dd"].map(|build_id| nobody.debug_file(build_id).is_err());
        assert_eq!(failed, [true, true, true, false]);
    }
}
