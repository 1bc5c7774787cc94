//! Samples of threads and records of processes, from the kernel's perf events.
//!
//! A [`Sampler`] opens the events of a [`Target`], and [`Sampler::drain`] hands out what the kernel wrote: samples with
//! registers and a copy of the stack, and the records of mappings, names, forks and exits that give them a meaning, all in
//! the order of time.
//!
//! ```no_run
//! use vesta_native::event_spec::EventSpec;
//! use vesta_native::perf::{Record, Sampler, SamplerOptions, Target};
//!
//! let options = SamplerOptions::new(Target::Processes(vec![4711]), EventSpec::parse("sCPU")?);
//! let mut sampler = Sampler::open(&options).inspect_err(|error| eprintln!("{}", error.advice()))?;
//! while sampler.is_alive() {
//!     sampler.wait(std::time::Duration::from_millis(100))?;
//!     sampler.drain(&mut |record| {
//!         if let Record::Sample(sample) = record {
//!             println!("{} {} {}", sample.tid, sample.period, sample.stack.len());
//!         }
//!     });
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What the kernel permits
//!
//! At `perf_event_paranoid` 2, the default of most kernels, a user may sample the user half of the own processes. Samples
//! within the kernel, the whole host, and tracepoints need 1 or less, or `CAP_PERFMON`. Kernel samples are asked for first
//! and dropped when refused. [`OpenError::advice`] says what to change when nothing works.
//!
//! # What a sample of CPU time means
//!
//! The clock of a thread counts its CPU time on each CPU apart and fires after each full period. A thread that ends before
//! its first period has passed is not seen, so processes that live for a few milliseconds are underestimated, unless the
//! whole host is sampled, where the clock is that of the CPU.

mod attributes;
mod blocked;
mod cpus;
mod error;
mod formats;
pub mod off_cpu;
mod queue;
mod record;
mod ring;
mod sampler;
mod system;
mod threads;
mod tracepoint;
mod usage;

pub use error::{OpenError, Refused};
pub use formats::{Format, Formats};
pub use record::{BuildId, Comm, Exit, Fork, Lost, Mmap, Record, RecordError, Sample, Switch, decode};
pub use sampler::{Losses, Sampler};
pub use usage::CpuUsage;

use crate::event_spec::EventSpec;
use std::time::Duration;

/// What to sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A process that waits to execute a program. Sampling begins with that `exec`, and follows forks and further ones.
    Command(u32),
    /// Processes that run: their threads, and those and the processes that they start from now on.
    Processes(Vec<u32>),
    /// Every process on every CPU.
    Host,
}

/// How to sample. Made by [`SamplerOptions::new`], then changed field by field.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SamplerOptions {
    /// What to sample.
    pub target: Target,
    /// What counts. Events that hooks sample are ignored here. May be empty: then there are the records of processes only.
    pub events: Vec<EventSpec>,
    /// How much of a stack to copy: at most 65,528 bytes, in steps of 8.
    pub stack_bytes: u32,
    /// Whether samples within the kernel are wanted; they are left out when the kernel refuses them.
    pub kernel: bool,
    /// Blocked times shorter than this become fewer samples of this length, of the same sum.
    pub off_cpu_threshold: Duration,
    /// The size of the ring of each CPU; `None` for 32 samples. Made smaller if the kernel locks no more memory.
    pub ring_bytes: Option<usize>,
    /// How long records may wait for earlier ones of other CPUs.
    pub reorder_window: Duration,
}

impl SamplerOptions {
    /// The defaults: 32,000 bytes of stack, kernel samples if permitted.
    pub fn new(target: Target, events: Vec<EventSpec>) -> SamplerOptions {
        SamplerOptions {
            target,
            events,
            stack_bytes: 32_000,
            kernel: true,
            off_cpu_threshold: Duration::from_millis(1),
            ring_bytes: None,
            // A record is in its ring some microseconds after its time was taken, unless a hypervisor stops the CPU there.
            reorder_window: Duration::from_millis(10),
        }
    }
}
