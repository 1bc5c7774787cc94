//! A server in a process of its own.

use crate::command::vesta;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// A running `vesta up`. Killed when the test is over.
pub(crate) struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
    /// The address of page and API.
    pub(crate) url: String,
    /// The address for profiling libraries.
    pub(crate) intake: String,
    /// What it said when it came up.
    pub(crate) banner: String,
    data: TempData,
}

enum TempData {
    Own(TempDir),
    Others(PathBuf),
}

impl Server {
    /// Starts a server with an empty data folder, on free ports.
    pub(crate) fn start(arguments: &[&str]) -> Server {
        let data = TempDir::new().unwrap();
        let path = data.path().join("data");
        Server::spawn(&path, arguments, TempData::Own(data))
    }

    /// Starts a server on a data folder that outlives it.
    pub(crate) fn start_in(data: &Path, arguments: &[&str]) -> Server {
        Server::spawn(data, arguments, TempData::Others(data.to_owned()))
    }

    fn spawn(path: &Path, arguments: &[&str], data: TempData) -> Server {
        let mut command = vesta();
        command.args(["up", "--listen", "127.0.0.1:0"]);
        for (flag, otherwise) in
            [("--otlp-grpc-listen", "off"), ("--otlp-http-listen", "off"), ("--sdk-listen", "127.0.0.1:0")]
        {
            if !arguments.contains(&flag) {
                command.args([flag, otherwise]);
            }
        }
        command.arg("--data").arg(path).args(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            BufReader::new(stderr).read_to_string(&mut text).unwrap();
            text
        });
        // The banner comes when the sockets are bound and the store is open, so it is what to wait for.
        let (mut url, mut intake) = (None, None);
        let mut banner = String::new();
        while stdout.read_line(&mut banner).unwrap() > 0 && !banner.contains("Ctrl-C") {
            let mut words = banner.lines().last().unwrap_or_default().split_whitespace();
            match (words.next(), words.next()) {
                (Some("page"), Some(address)) => url = Some(address.replace("localhost", "127.0.0.1")),
                (Some("intake"), Some(address)) if address.starts_with("http:") => {
                    intake = Some(address.replace("localhost", "127.0.0.1"));
                }
                _ => {}
            }
        }
        let Some(url) = url else {
            let _ = child.wait();
            panic!("vesta up does not come up:\n{banner}{}", log.join().unwrap());
        };
        Server { child, stdout, log: Some(log), url, intake: intake.unwrap_or_default(), banner, data }
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        match &self.data {
            TempData::Own(folder) => folder.path().join("data"),
            TempData::Others(path) => path.clone(),
        }
    }

    /// The address for senders of OpenTelemetry over this protocol, as the banner has it.
    #[track_caller]
    pub(crate) fn otlp(&self, protocol: &str) -> String {
        let line = self.banner.lines().find(|line| line.contains(" otlp ") && line.contains(protocol));
        let address = line.and_then(|line| line.split_whitespace().nth(1));
        let address = address.unwrap_or_else(|| panic!("{protocol} is not in the banner: {}", self.banner));
        address.replace("localhost", "127.0.0.1")
    }

    /// Asks the API.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = ureq::get(format!("{}{path}", self.url)).call();
        answer.unwrap_or_else(|error| panic!("GET {path}: {error}")).body_mut().read_json().unwrap()
    }

    /// Runs `vesta` against this server.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        vesta()
            .current_dir(crate::command::uploads())
            .args(arguments)
            .env("VESTA_SERVER", &self.url)
            .output()
            .unwrap()
    }

    /// Runs `vesta` against this server and reads the JSON that it prints.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{}", crate::command::shown(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the server to stop; how it ended, and its log.
    pub(crate) fn stop(mut self, signal: &str) -> (ExitStatus, String) {
        send_signal(&self.child, signal);
        let status = self.child.wait().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (status, self.log.take().unwrap().join().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a child process.
pub(crate) fn send_signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}
