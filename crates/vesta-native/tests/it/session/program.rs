//! Programs to profile, and questions about what came out.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use vesta_native::event_spec::{Cadence, EventKind, EventSpec};
use vesta_native::perf::{OpenError, Refused, SamplerOptions, Target};
use vesta_native::{EngineOptions, HookSource, Session, SessionOptions, StartError, Window};
use vesta_profile::{LabelValue, Profile};

/// `program.c`, compiled once per test run, where every user may execute it.
pub(crate) fn program() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let output = folder().join("program");
        compile(include_bytes!("program.c"), &output, &["-O1", "-g", "-pthread"]);
        output
    })
}

/// A folder that every user may read, removed by nobody: programs may outlive the test.
pub(crate) fn folder() -> PathBuf {
    let folder = tempfile::Builder::new().prefix("vesta-session-").tempdir().unwrap().keep();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

pub(crate) fn compile(source: &[u8], output: &Path, options: &[&str]) {
    let mut compiler = Command::new("cc")
        .args(options)
        .args(["-x", "c", "-", "-ldl", "-o"])
        .arg(output)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    compiler.stdin.take().unwrap().write_all(source).unwrap();
    assert!(compiler.wait().unwrap().success(), "{} does not compile", output.display());
}

/// A program; killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) output: BufReader<std::process::ChildStdout>,
}

impl Running {
    /// A shell that stops before it executes the program. `hooks` preload their library into that.
    pub(crate) fn start(path: &Path, arguments: &[&str], hooks: Option<&HookSource>) -> Running {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "kill -STOP $$; exec \"$@\"", "sh"]);
        if let Some(listener) = hooks.and_then(|hooks| hooks.listener.as_ref()) {
            command.arg("env");
            for (mut name, value) in listener.environment(None) {
                name.push("=");
                name.push(value);
                command.arg(name);
            }
        }
        let stopped = Running::of(command.arg(path).args(arguments));
        let stat = format!("/proc/{}/stat", stopped.pid());
        while !std::fs::read_to_string(&stat).unwrap().contains(") T ") {
            std::thread::yield_now();
        }
        stopped
    }

    /// A command that does not stop.
    pub(crate) fn of(command: &mut Command) -> Running {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Running { child, output }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn go_on(&self) {
        assert!(Command::new("kill").args(["-CONT", &self.pid().to_string()]).status().unwrap().success());
    }

    pub(crate) fn wait_for_line(&mut self, wanted: &str) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), wanted);
    }

    pub(crate) fn finish(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A session, or `None` where events are not permitted at all, which is said.
pub(crate) fn session(test: &str, options: SessionOptions) -> Option<Session> {
    match Session::start(options) {
        Ok(session) => Some(session),
        Err(StartError::Sampler(
            error @ OpenError::Event { refused: Refused::Permission | Refused::Filter, .. },
        )) => {
            crate::skip::skip(test, &format!("{error}. {}", error.advice()));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Profiles a program from its start to its end.
pub(crate) fn profile(test: &str, arguments: &[&str], events: &str, engine: EngineOptions) -> Option<Seen> {
    profile_of(test, program(), arguments, events, engine)
}

pub(crate) fn profile_of(
    test: &str,
    path: &Path,
    arguments: &[&str],
    events: &str,
    engine: EngineOptions,
) -> Option<Seen> {
    let events = EventSpec::parse(events).unwrap();
    let hooks = hooks(&events);
    let stopped = Running::start(path, arguments, hooks.as_ref());
    let sampler = Some(SamplerOptions::new(Target::Command(stopped.pid()), events));
    let mut session = session(test, SessionOptions { sampler, hooks, engine })?;
    stopped.go_on();
    let status = run_to_end(&mut session);
    assert!(!status, "the program did not end");
    let windows = session.finish();
    stopped.finish();
    Some(Seen::new(windows))
}

/// Whether any target is left after two minutes.
pub(crate) fn run_to_end(session: &mut Session) -> bool {
    session.run_for(Instant::now() + Duration::from_secs(120), &AtomicBool::new(false)).targets_alive
}

pub(crate) fn hooks(events: &[EventSpec]) -> Option<HookSource> {
    let allocations = events.iter().find(|event| event.kind == EventKind::Allocation);
    let locks = events.iter().any(|event| event.kind == EventKind::Lock);
    if allocations.is_none() && !locks {
        return None;
    }
    let interval = match allocations.map(|event| event.cadence) {
        Some(Cadence::Period(bytes)) => bytes,
        _ => 0,
    };
    let options = vesta_hooks::Options {
        allocation_interval_bytes: interval,
        live_heap: allocations.is_some_and(|event| event.mode.live),
        locks,
        // Programs here do nothing but allocate: some 40,000 samples a second.
        ring_bytes: 64 << 20,
        ..vesta_hooks::Options::default()
    };
    let (listener, ring) = vesta_hooks::Listener::bind(&options).unwrap();
    Some(HookSource { ring, listener: Some(listener), options })
}

/// What a session gave.
pub(crate) struct Seen {
    pub(crate) windows: Vec<Window>,
}

/// A sample, as text.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Names from the root to the leaf, separated by `;`.
    pub(crate) stack: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: i64,
}

impl Seen {
    pub(crate) fn new(windows: Vec<Window>) -> Self {
        Seen { windows }
    }

    pub(crate) fn rows(&self, value_type: &str) -> Vec<Row> {
        self.windows.iter().flat_map(|window| rows(&window.profile, value_type)).collect()
    }

    pub(crate) fn total(&self, value_type: &str) -> i64 {
        self.rows(value_type).iter().map(|row| row.value).sum()
    }

    /// The sum over stacks with a frame of this name.
    pub(crate) fn of(&self, value_type: &str, function: &str) -> i64 {
        self.rows(value_type).iter().filter(|row| row.has(function)).map(|row| row.value).sum()
    }

    pub(crate) fn samples(&self) -> u64 {
        self.windows.first().map_or(0, |window| window.statistics.samples)
    }

    /// All of it, for the message of an assertion.
    pub(crate) fn text(&self, value_type: &str) -> String {
        let mut text = String::new();
        for row in self.rows(value_type) {
            text += &format!("{} {} {:?}\n", row.stack, row.value, row.labels);
        }
        if let Some(window) = self.windows.first() {
            text += &format!("{:#?}", window.statistics);
        }
        text
    }
}

impl Row {
    pub(crate) fn has(&self, function: &str) -> bool {
        self.stack.split(';').any(|frame| frame == function)
    }

    pub(crate) fn label(&self, key: &str) -> &str {
        self.labels.get(key).map_or("", String::as_str)
    }
}

fn rows(profile: &Profile, value_type: &str) -> Vec<Row> {
    let Some(index) = profile.value_types.iter().position(|known| known.name == value_type) else {
        return Vec::new();
    };
    let text = |id| profile.strings.get(id).to_owned();
    let mut rows = Vec::new();
    for row in 0..profile.samples.len() {
        let value = profile.samples.values[index][row];
        if value == 0 {
            continue;
        }
        let mut names = Vec::new();
        for &frame in profile.stacks.get(profile.samples.stacks[row]).iter().rev() {
            let frame = profile.frames.get(frame);
            names.push(match text(frame.function) {
                name if name.is_empty() => format!("{}+{:#x}", text(frame.module), frame.address),
                name => name,
            });
        }
        let mut labels = BTreeMap::new();
        for label in profile.label_sets.get(profile.samples.labels[row]) {
            if let LabelValue::Text(value) = label.value {
                labels.insert(text(label.key), text(value));
            }
        }
        rows.push(Row { stack: names.join(";"), labels, value });
    }
    rows
}

/// Asserts that `part` is this share of `total`, within five in a hundred of the total.
#[track_caller]
pub(crate) fn assert_share(part: i64, total: i64, expected: f64, text: &str) {
    let share = part as f64 / total.max(1) as f64;
    assert!((share - expected).abs() < 0.05, "{share:.3} rather than {expected:.3} of {total}\n{text}");
}
