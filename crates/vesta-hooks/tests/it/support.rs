//! Compiling programs, running them with hooks, and keeping what came.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use vesta_hooks::{AllocationKind, Event, Listener, LockKind, Lost, Options, ProcessStart, Ring};

pub(crate) use crate::skip::skip;

/// Whether a program runs here.
pub(crate) fn exists(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A folder with programs made of the sources beside this file.
pub(crate) struct Programs {
    folder: tempfile::TempDir,
}

impl Programs {
    pub(crate) fn new() -> Programs {
        Programs { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Compiles `source` with `compiler` and these arguments to `name`.
    pub(crate) fn compile(&self, compiler: &str, source: &str, name: &str, arguments: &[&str]) -> PathBuf {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/programs").join(source);
        let output = self.folder().join(name);
        let mut command = Command::new(compiler);
        if compiler == "rustc" {
            command
                .args(["--edition", "2024", "-O", "--cap-lints", "allow"])
                .arg("-o")
                .arg(&output)
                .arg(source);
        } else {
            command.args(["-O1", "-g", "-Wall", "-Werror"]).arg("-o").arg(&output).arg(source);
        }
        let status = command.args(arguments).current_dir(self.folder()).status().unwrap();
        assert!(status.success(), "{command:?}");
        output
    }

    /// Compiles C for this machine's C library.
    pub(crate) fn c(&self, source: &str) -> PathBuf {
        self.compile("cc", source, source.trim_end_matches(".c"), &["-pthread", "-ldl"])
    }
}

/// Options under which everything of 64 bytes or more is a sample of its own: the chance that one is missed is e^-64.
pub(crate) fn everything() -> Options {
    Options { allocation_interval_bytes: 1, stack_bytes: 2048, ring_bytes: 32 << 20, ..Options::default() }
}

#[derive(Clone, Debug)]
pub(crate) struct Allocation {
    pub(crate) pid: u32,
    pub(crate) tid: u32,
    pub(crate) time_ns: u64,
    pub(crate) ip: u64,
    pub(crate) stack: Vec<u8>,
    pub(crate) truncated: bool,
    pub(crate) address: u64,
    pub(crate) size: u64,
    pub(crate) weight_bytes: f64,
    pub(crate) kind: AllocationKind,
    pub(crate) tracked: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct LockWait {
    pub(crate) ip: u64,
    pub(crate) wait_ns: u64,
    pub(crate) weight: f64,
    pub(crate) kind: LockKind,
    pub(crate) address: u64,
}

/// What came.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) allocations: Vec<Allocation>,
    pub(crate) frees: Vec<(u32, u64, u64)>,
    pub(crate) locks: Vec<LockWait>,
    pub(crate) starts: Vec<ProcessStart>,
    /// Sizes of what is allocated and not freed, by process and address, as a profiler would keep them.
    pub(crate) alive: BTreeMap<(u32, u64), (u64, u64)>,
    pub(crate) lost: Lost,
}

impl Seen {
    pub(crate) fn keep(&mut self, event: Event<'_>) {
        match event {
            Event::Allocation(allocation) => {
                let place = allocation.place;
                assert_eq!(
                    place.stack_start, place.registers[7],
                    "the stack starts where its pointer points"
                );
                assert!(allocation.weight >= 1.0);
                if allocation.tracked {
                    self.alive.insert((place.pid, allocation.address), (allocation.size, place.time_ns));
                }
                self.allocations.push(Allocation {
                    pid: place.pid,
                    tid: place.tid,
                    time_ns: place.time_ns,
                    ip: place.registers[16],
                    stack: place.stack.to_vec(),
                    truncated: place.truncated,
                    address: allocation.address,
                    size: allocation.size,
                    weight_bytes: allocation.weight_bytes(),
                    kind: allocation.kind,
                    tracked: allocation.tracked,
                });
            }
            Event::Free(free) => {
                let key = (free.pid, free.address);
                if self.alive.get(&key).is_some_and(|(_, time_ns)| *time_ns <= free.time_ns) {
                    self.alive.remove(&key);
                }
                self.frees.push((free.pid, free.address, free.time_ns));
            }
            Event::Lock(wait) => self.locks.push(LockWait {
                ip: wait.place.registers[16],
                wait_ns: wait.wait_ns,
                weight: wait.weight,
                kind: wait.kind,
                address: wait.address,
            }),
            Event::ProcessStart(start) => self.starts.push(start),
            Event::LiveReset { pid, .. } => self.alive.retain(|(of, _), _| *of != pid),
        }
    }

    pub(crate) fn drain(&mut self, ring: &mut Ring) -> usize {
        let count = ring.drain(u64::MAX, usize::MAX, &mut |event| self.keep(event));
        self.lost = ring.lost();
        count
    }

    /// How many allocations of this size came.
    pub(crate) fn count(&self, size: u64) -> usize {
        self.allocations.iter().filter(|allocation| allocation.size == size).count()
    }
}

/// Runs a command with hooks until it ends, and reads the ring meanwhile.
pub(crate) fn watch(options: &Options, command: &mut Command) -> (Seen, Output) {
    let (listener, mut ring) = Listener::bind(options).unwrap();
    let preload = command
        .get_envs()
        .find(|(name, _)| *name == "LD_PRELOAD")
        .and_then(|(_, value)| value.map(ToOwned::to_owned));
    command.envs(listener.environment(preload.as_deref()));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
    let child = command.spawn().unwrap();
    let waiting = std::thread::spawn(move || child.wait_with_output().unwrap());
    let mut seen = Seen::default();
    loop {
        let ended = waiting.is_finished();
        seen.drain(&mut ring);
        if ended {
            break;
        }
        ring.wait(Duration::from_millis(20));
    }
    (seen, waiting.join().unwrap())
}

/// As [`watch`], for a command that must succeed and have nothing to complain about, of which nothing is lost.
pub(crate) fn watch_well(options: &Options, command: &mut Command) -> (Seen, String) {
    let (seen, output) = watch(options, command);
    let text = String::from_utf8(output.stdout).unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {:?}\n{text}\n{complaints}", output.status);
    assert_eq!(complaints, "");
    assert_eq!(seen.lost, Lost::default());
    (seen, text)
}
