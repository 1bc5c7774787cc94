//! Processes of tests: none outlives its test, and none is waited for without end.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// Runs a command to its end, and kills its process group if that does not come in time. `Err` tells what it had said.
pub(crate) fn finished(command: &mut Command, patience: Duration) -> Result<Output, String> {
    command.stdin(Stdio::null());
    let mut running = Running::start(command)?;
    running.stdin = None;
    running.finish(patience)
}

/// A process that a test talks to. It is killed with all of its process group when the test is over.
pub(crate) struct Running {
    child: Child,
    shown: String,
    stdin: Option<ChildStdin>,
    stdout: Stream,
    stderr: Stream,
}

/// What a process says, line by line.
struct Stream {
    lines: Receiver<String>,
    said: String,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Result<Running, String> {
        let shown = format!("{command:?}");
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command.spawn().map_err(|error| format!("{shown}: {error}"))?;
        let stdout = Stream::of(child.stdout.take().unwrap());
        let stderr = Stream::of(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        Ok(Running { child, shown, stdin, stdout, stderr })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn say(&mut self, text: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Its input, to be kept open until it has ended for another reason than its end.
    pub(crate) fn take_input(&mut self) -> Option<ChildStdin> {
        self.stdin.take()
    }

    /// The next line of standard output.
    pub(crate) fn hear(&mut self, patience: Duration) -> String {
        let line = self.stdout.next(patience);
        line.unwrap_or_else(|why| self.fail(why))
    }

    /// The next line of standard error.
    pub(crate) fn hear_aside(&mut self, patience: Duration) -> String {
        let line = self.stderr.next(patience);
        line.unwrap_or_else(|why| self.fail(why))
    }

    fn fail(&mut self, why: &str) -> ! {
        self.kill();
        let said = self.all_said();
        panic!("{} {why}; it said:\n{said}", self.shown);
    }

    /// Closes its input and waits for its end.
    pub(crate) fn finish(mut self, patience: Duration) -> Result<Output, String> {
        self.stdin = None;
        let deadline = Instant::now() + patience;
        // Output ends when the last process that holds it has ended.
        for stream in [&mut self.stdout, &mut self.stderr] {
            while let Ok(line) = stream.lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                stream.said += &line;
            }
        }
        if Instant::now() >= deadline {
            let processes = processes_of_group(self.pid());
            self.kill();
            let said = self.all_said();
            return Err(format!(
                "{} is not over after {patience:?}; there were\n{processes}it said:\n{said}",
                self.shown
            ));
        }
        let status = self.wait(deadline)?;
        let said = |stream: &mut Stream| std::mem::take(&mut stream.said).into_bytes();
        Ok(Output { status, stdout: said(&mut self.stdout), stderr: said(&mut self.stderr) })
    }

    /// The end of the process itself, whose output may have been closed before.
    fn wait(&mut self, deadline: Instant) -> Result<ExitStatus, String> {
        let pid = self.pid();
        // `wait` below comes back as soon as the process has ended; one that closed its output and does not end is killed by
        // a watchman.
        let (over, is_over) = channel::<()>();
        let patience = deadline.saturating_duration_since(Instant::now());
        let watchman = thread::spawn(move || {
            let late = is_over.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
            if late {
                signal("KILL", &format!("-{pid}"));
            }
            late
        });
        let status = self.child.wait().map_err(|error| format!("{}: {error}", self.shown));
        drop(over);
        if watchman.join().unwrap_or(false) {
            return Err(format!("{} has closed its output, but does not end", self.shown));
        }
        status
    }

    fn all_said(&mut self) -> String {
        for stream in [&mut self.stdout, &mut self.stderr] {
            while stream.next(Duration::from_secs(2)).is_ok() {}
        }
        format!("{}{}", self.stdout.said, self.stderr.said)
    }

    fn kill(&mut self) {
        signal("KILL", &format!("-{}", self.child.id()));
    }
}

impl Stream {
    fn of(output: impl Read + Send + 'static) -> Stream {
        let (send, lines) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let mut line = Vec::new();
            while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                if send.send(text(&std::mem::take(&mut line))).is_err() {
                    break;
                }
            }
        });
        Stream { lines, said: String::new() }
    }

    fn next(&mut self, patience: Duration) -> Result<String, &'static str> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => {
                self.said += &line;
                Ok(line.trim_end().to_owned())
            }
            Err(RecvTimeoutError::Timeout) => Err("says nothing"),
            Err(RecvTimeoutError::Disconnected) => Err("has ended"),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal by name to a process, or with `-` before its id to a process group.
pub(crate) fn signal(name: &str, to: &str) {
    let mut command = Command::new("kill");
    command.args(["-s", name, "--", to]).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.status();
}

/// Waits until something holds, looking every few milliseconds; `None` when it does not within `patience`.
pub(crate) fn wait_for<T>(patience: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return Some(found);
        }
        if Instant::now() > deadline {
            return None;
        }
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// A line of `/proc/PID/status`, as a number.
pub(crate) fn status_number(pid: u32, key: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

/// All processes, as id, id of the parent and command line.
pub(crate) fn processes() -> Vec<(u32, u32, String)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(|pid| {
        let parent = status_number(pid, "PPid").and_then(|parent| u32::try_from(parent).ok())?;
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        Some((pid, parent, text(&line).replace('\0', " ")))
    })
    .collect()
}

fn processes_of_group(group: u32) -> String {
    let mut shown = String::new();
    for (pid, parent, line) in processes() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Counted from the parenthesis that closes the name: state, parent, process group.
        let fields: Vec<&str> =
            stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().collect()).unwrap_or_default();
        if fields.get(2).is_some_and(|field| *field == group.to_string()) {
            let wait = std::fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
            shown += &format!("  {pid} (of {parent}) {} {wait} {line}\n", fields.first().unwrap_or(&""));
        }
    }
    shown
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Whether a command comes to a good end; nothing of what it says is shown.
pub(crate) fn run_quietly(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
