//! A service under a real profiling library.

use crate::server::{Server, send_signal};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread::JoinHandle;

/// A running demo service.
pub(crate) struct Client {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: JoinHandle<String>,
}

impl Client {
    /// Starts a demo service with none of the settings that this machine may have for such libraries.
    pub(crate) fn start(command: &mut Command, variables: &[(&str, &str)]) -> Client {
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("DD_")
                || ["PYTHONPATH", "NODE_OPTIONS", "JAVA_TOOL_OPTIONS"].contains(&&*name)
            {
                command.env_remove(name.as_ref());
            }
        }
        command.envs(variables.iter().copied());
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            BufReader::new(stderr).read_to_string(&mut text).unwrap();
            text
        });
        Client { child, stdout, log }
    }

    /// Waits until the service has answered this many requests (it reports every 50), then interrupts it and waits
    /// for its end, which is when the library sends its last profile. Answers what the library logged.
    pub(crate) fn answer_and_stop(mut self, requests: u32) -> String {
        let wanted = format!("answered {requests} requests");
        let mut line = String::new();
        loop {
            line.clear();
            assert!(
                self.stdout.read_line(&mut line).unwrap() > 0,
                "the service ended early: {}",
                self.log.join().unwrap()
            );
            if line.trim() == wanted {
                break;
            }
        }
        // The rest has to be read as well, or the service would wait for room in the pipe.
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            self.stdout.read_to_string(&mut rest).unwrap();
        });
        send_signal(&self.child, "INT");
        self.child.wait().unwrap();
        rest.join().unwrap();
        self.log.join().unwrap()
    }
}

/// The folder of a demo service.
pub(crate) fn demo(language: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo").join(language).canonicalize().unwrap()
}

/// Fails if a library complained about anything.
#[track_caller]
pub(crate) fn assert_quiet(log: &str) {
    let complaints = ["error", "fail", "warn", "exception", "traceback", "refused", "dropp"];
    let lines: Vec<&str> = log
        .lines()
        .filter(|line| complaints.iter().any(|complaint| line.to_lowercase().contains(complaint)))
        .collect();
    assert!(lines.is_empty(), "the library logs:\n{}", lines.join("\n"));
}

/// Fails unless profiles of `service` have arrived, this function spends most of the CPU time of its own code, and its samples carry the
/// endpoint of the span that ran it.
#[track_caller]
pub(crate) fn assert_hot(server: &Server, service: &str, function: &str, endpoint: &str) {
    let query = format!("service:{service}");
    let top = server.json(&["top", "--json", "--query", &query, "--type", "cpu-time", "--last", "1h"]);
    // What the libraries' samplers count for threads that wait is theirs to say: it differs from run to run.
    let functions = top["functions"].as_array().unwrap();
    let own = |function: &&Value| {
        let file = function["file"].as_str().unwrap_or_default();
        ["app.py", "app.js", "main.go", "Tickets.java"].iter().any(|own| file.ends_with(own))
    };
    assert_eq!(functions.iter().find(own).unwrap()["name"], function, "top of {service}: {top:#}");
    assert!(top["total"].as_i64().unwrap() > 0 && top["profiles"].as_u64().unwrap() > 0, "{top:#}");

    let labels = server.get(&format!("/api/v1/labels?query={query}&type=cpu-time"));
    let endpoints: Vec<&Value> = labels["labels"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|label| label["key"] == "endpoint")
        .flat_map(|label| label["values"].as_array().unwrap())
        .collect();
    assert!(endpoints.iter().any(|value| *value == endpoint), "endpoints of {service}: {labels:#}");
}
