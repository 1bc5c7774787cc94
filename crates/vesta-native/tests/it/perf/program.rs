//! Programs to sample, and what comes out.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use vesta_native::perf::{OpenError, Record, Refused, Sampler, SamplerOptions};

/// `target.c`, compiled once per test run, where every user may execute it.
pub(crate) fn target() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("vesta-perf-").tempdir().unwrap().keep();
        open_to_all(&folder);
        let output = folder.join("target");
        // By way of standard input, since not every user may read the checkout.
        let mut compiler = Command::new("cc")
            .args(["-O1", "-pthread", "-x", "c", "-", "-o"])
            .arg(&output)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        compiler.stdin.take().unwrap().write_all(include_bytes!("target.c")).unwrap();
        let status = compiler.wait().unwrap();
        assert!(status.success(), "the target does not compile");
        output
    })
}

pub(crate) fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A program that runs; killed when dropped.
pub(crate) struct Running {
    pub(crate) child: Child,
    pub(crate) output: BufReader<ChildStdout>,
}

impl Running {
    /// Starts the target at once.
    pub(crate) fn start(arguments: &[&str]) -> Running {
        Running::of(Command::new(target()).args(arguments))
    }

    /// A shell that executes the target when it is told to go on.
    pub(crate) fn waiting(arguments: &[&str]) -> Running {
        let script = format!("read line; exec {} {}", target().display(), arguments.join(" "));
        Running::of(Command::new("sh").args(["-c", &script]))
    }

    fn of(command: &mut Command) -> Running {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Running { child, output }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a line.
    pub(crate) fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    pub(crate) fn close_input(&mut self) {
        drop(self.child.stdin.take());
    }

    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// The numbers of the next line.
    pub(crate) fn numbers(&mut self) -> Vec<u64> {
        self.line().split_whitespace().filter_map(|word| word.parse().ok()).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sums over what a sampler handed out.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) samples: u64,
    /// Sum of periods by process.
    pub(crate) by_pid: BTreeMap<u32, u64>,
    pub(crate) by_tid: BTreeMap<u32, u64>,
    pub(crate) forks: Vec<(u32, u32, u32)>,
    pub(crate) execs: Vec<String>,
    pub(crate) exits: Vec<u32>,
    pub(crate) mapped: Vec<String>,
    pub(crate) lost: u64,
    pub(crate) with_kernel: u64,
    pub(crate) with_stack: u64,
    /// Records that came after younger ones.
    late: u64,
    latest_ns: u64,
}

impl Seen {
    pub(crate) fn total(&self) -> u64 {
        self.by_pid.values().sum()
    }

    pub(crate) fn add(&mut self, record: &Record<'_>) {
        let time_ns = match record {
            Record::Sample(sample) => {
                self.samples += 1;
                *self.by_pid.entry(sample.pid).or_default() += sample.period;
                *self.by_tid.entry(sample.tid).or_default() += sample.period;
                self.with_kernel += u64::from(!sample.kernel.is_empty());
                let has_stack =
                    sample.registers.is_some_and(|registers| registers.sp() == sample.stack_start)
                        && !sample.stack.is_empty();
                self.with_stack += u64::from(has_stack);
                sample.time_ns
            }
            Record::Mmap(mmap) => {
                self.mapped.push(String::from_utf8_lossy(mmap.path).into_owned());
                mmap.time_ns
            }
            Record::Comm(comm) => {
                if comm.is_exec {
                    self.execs.push(String::from_utf8_lossy(comm.name).into_owned());
                }
                comm.time_ns
            }
            Record::Fork(fork) => {
                self.forks.push((fork.ppid, fork.pid, fork.tid));
                fork.time_ns
            }
            Record::Exit(exit) => {
                self.exits.push(exit.tid);
                exit.time_ns
            }
            Record::Lost(lost) => {
                self.lost += lost.count;
                self.latest_ns
            }
            _ => self.latest_ns,
        };
        self.late += u64::from(time_ns < self.latest_ns);
        self.latest_ns = self.latest_ns.max(time_ns);
    }

    /// Records came in the order of time. A CPU that is taken away from the machine while the kernel writes a record may
    /// be longer about it than the reorder window: that is rare, and counted.
    #[track_caller]
    pub(crate) fn assert_in_order(&self, sampler: &Sampler) {
        assert_eq!(self.late, sampler.losses().out_of_order, "{self:?}");
        assert!(self.late * 100 <= self.samples, "{self:?}");
    }
}

/// A sampler, or `None` where perf events are not permitted at all, which is said.
pub(crate) fn sampler(test: &str, options: &SamplerOptions) -> Option<Sampler> {
    match Sampler::open(options) {
        Ok(sampler) => Some(sampler),
        Err(error @ OpenError::Event { refused: Refused::Permission | Refused::Filter, .. }) => {
            crate::skip::skip(test, &format!("{error}. {}", error.advice()));
            None
        }
        Err(error) => panic!("{error}. {}", error.advice()),
    }
}

/// Drains until all of the target has ended.
pub(crate) fn drain_to_end(sampler: &mut Sampler, seen: &mut Seen) {
    while sampler.is_alive() {
        sampler.wait(Duration::from_millis(200)).unwrap();
        sampler.drain(&mut |record| seen.add(&record));
    }
    sampler.settle(&mut |record| seen.add(&record));
}

/// Drains for so long.
pub(crate) fn drain_for(sampler: &mut Sampler, time: Duration, seen: &mut Seen) {
    let end = std::time::Instant::now() + time;
    while let Some(left) = end.checked_duration_since(std::time::Instant::now()) {
        sampler.wait(left).unwrap();
        sampler.drain(&mut |record| seen.add(&record));
    }
}

/// Whether two numbers differ by less than a part of the second.
pub(crate) fn is_within(number: u64, expected: u64, part: f64) -> bool {
    (number as f64 - expected as f64).abs() <= expected as f64 * part
}
