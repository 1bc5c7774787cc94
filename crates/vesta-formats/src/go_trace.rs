//! Execution traces of Go, which tell of everything its scheduler does: when each goroutine ran, could have run, waited
//! and for what; collections of garbage; what the program says of itself; and samples of the CPU with their times.
//!
//! This reads the second version of the format, which Go writes since 1.22. A trace is a row of generations, each with
//! tables of its own. Within one, every thread has its own stream of events, whose order among threads comes from what
//! they mean: see `frontier` and `scheduler`.
//!
//! What becomes of it:
//!
//! - `goroutine-time`: what goroutines did, one sample for each time that one did something else, with the labels
//!   `goroutine id`, `goroutine` (the function it started with) and `state`: `running`, `runnable`, `syscall`,
//!   `GC mark assist`, the runtime's name for work of its own, or what it waited for in Go's words (`chan receive`,
//!   `select`, `sync`, `network`, `sleep`). The stack is where it waits, and where it ran if a CPU sample tells; else its
//!   first function.
//! - `off-cpu-time`: the part of that in which it waited.
//! - `cpu-samples`, `cpu-time`: samples of the CPU. The period is not in the trace; it is taken for Go's own, 10 ms.
//! - `timeline`: what was not one goroutine's, with the label `event`: `concurrent gc` (marking and sweeping), `stop_the_world`,
//!   `proc` (the times a proc was in use), and `task` and `region` of `runtime/trace`.
//! - Spans of Datadog's tracer, which logs their ids in tasks, are the spans of samples.
//!
//! Sizes of the heap, other logs and experiments are not read. Before Go 1.25 a trace does not say when it was taken;
//! then the profile has no start, and times count from the start of the trace.

mod clock;
mod frontier;
mod generations;
mod goroutine;
mod memory;
mod output;
mod scheduler;
mod tables;
mod wire;

use crate::{Decoded, Limits};
use clock::Clock;
use generations::{Generation, Generations};
use output::Output;
use scheduler::Scheduler;
use tables::{Destination, Tables};

/// Why a file could not be read as an execution trace at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GoTraceError {
    /// The file is larger than allowed.
    #[error("{size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The most that is allowed.
        limit: usize,
    },
    /// It does not start as a trace does.
    #[error("it does not start with the version of Go that wrote it")]
    NoHeader,
    /// It was written by a version of Go with another format.
    #[error("it was written by Go 1.{version}; traces are read from Go 1.22 on")]
    TooOld {
        /// The minor version.
        version: u32,
    },
    /// There is nothing in it, or nothing that can be read.
    #[error("it has no event that can be read")]
    NoEvents,
}

/// The length of the line that says which version of Go wrote a trace.
const HEADER: usize = 16;
/// The first version of Go that writes this format, and the last one known.
const FIRST_VERSION: u32 = 22;
const LAST_VERSION: u32 = 26;

/// Whether these bytes start as an execution trace does.
pub fn looks_like(bytes: &[u8]) -> bool {
    version(bytes).is_some()
}

/// Reads an execution trace.
///
/// If it breaks off, what is there is read. If what should be before an event is missing, that event happens anyway, and
/// a problem says so.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Decoded, GoTraceError> {
    if bytes.len() > limits.max_bytes {
        return Err(GoTraceError::TooLarge { size: bytes.len(), limit: limits.max_bytes });
    }
    let version = version(bytes).ok_or(GoTraceError::NoHeader)?;
    if version < FIRST_VERSION {
        return Err(GoTraceError::TooOld { version });
    }
    let mut output = Box::new(Output::new(limits));
    if version > LAST_VERSION {
        let what = "it is of a version of Go that is newer than this reader";
        output.problems.note(what, || format!("Go 1.{version}"));
    }
    let mut generations = Generations::new(bytes.get(HEADER..).unwrap_or_default());
    let mut reading = Reading::Before(output);
    while !reading.output().is_full() {
        let Some(generation) = generations.next(&mut reading.output().memory) else { break };
        reading = reading.read(&generation);
        let batches = generation.batches.len();
        reading.output().memory.give_back(batches.saturating_sub(1) * generations::BATCH_BYTES);
    }
    if let Some((at, why)) = generations.broken {
        let at = at + HEADER;
        reading.output().problems.note("the trace breaks off", || format!("{why} at byte {at}"));
    }
    let Reading::During { scheduler, start_ns, has_date } = reading else {
        return Err(GoTraceError::NoEvents);
    };
    let end_ns = scheduler.now_ns();
    let (mut profile, problems) = scheduler.finish();
    profile.start_ns = if has_date { start_ns } else { 0 };
    profile.duration_ns = end_ns.saturating_sub(start_ns);
    Ok(Decoded { profile, problems: problems.into_vec() })
}

/// How far the reading is: what ticks mean is known from the first whole generation on.
enum Reading<'l> {
    Before(Box<Output<'l>>),
    During { scheduler: Box<Scheduler<'l>>, start_ns: i64, has_date: bool },
}

impl<'l> Reading<'l> {
    fn output(&mut self) -> &mut Output<'l> {
        match self {
            Reading::Before(output) => output,
            Reading::During { scheduler, .. } => &mut scheduler.output,
        }
    }

    fn read(mut self, generation: &Generation<'_>) -> Self {
        let Output { profile, memory, limits, problems, .. } = self.output();
        let tables = Tables::read(generation, &mut Destination { profile, memory, limits, problems });
        let start = generation.batches.iter().map(|batch| batch.ticks).min().unwrap_or(0);
        let is_first = matches!(self, Reading::Before(_));
        let mut reading = match (self, tables.frequency) {
            (Reading::Before(mut output), None) => {
                let what = "a generation does not say how fast its clock was, and is not read";
                output.problems.note(what, || format!("generation {}", generation.number));
                return Reading::Before(output);
            }
            (Reading::Before(output), Some(frequency)) => {
                let (ticks, moment_ns) = tables.moment.unwrap_or((start, 1));
                let clock = Clock::new(frequency, ticks, moment_ns);
                let scheduler = Box::new(Scheduler::new(*output, clock, start));
                let has_date = tables.moment.is_some();
                Reading::During { scheduler, start_ns: clock.nanoseconds(start), has_date }
            }
            (during, _) => during,
        };
        if let Reading::During { scheduler, .. } = &mut reading {
            scheduler.begin(generation.number, is_first, start);
            frontier::run(generation, &tables, scheduler);
            tables.finish(&mut scheduler.output.memory);
        }
        reading
    }
}

/// The minor version of Go in the first line: `go 1.26 trace` and zeros.
fn version(bytes: &[u8]) -> Option<u32> {
    let head = std::str::from_utf8(bytes.get(..HEADER)?).ok()?;
    let number = head.strip_prefix("go 1.")?.trim_end_matches('\0').strip_suffix(" trace")?;
    number.parse().ok()
}
