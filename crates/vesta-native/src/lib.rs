//! Sampling of native processes on Linux: perf events, processes and their modules, containers, stacks and symbols into
//! profiles.
//!
//! # Problem
//!
//! The kernel says that thread 4711 was at address 0x7f…, with these registers and this piece of stack, and what was
//! mapped, forked and executed in between, on each CPU apart. Hooks say the like of allocations and locks. A person wants
//! to know which functions of which service that was, even if the process is gone and its binary deleted, and does not
//! want to pay for it.
//!
//! # Design constraints
//!
//! - [`perf`] takes events from the kernel, a [`Session`] makes profiles of them. A sample is unwound at once into
//!   addresses (offsets in files), and added up. Names are found once per window and address, on another thread.
//! - Nothing waits for a file: a sample whose module has no unwind tables yet is kept until a thread has read them. What
//!   does not wait is unwound by frame pointers, marked, and counted.
//! - Everything is bounded: processes, modules, open files, tables, waiting samples, stacks, live objects, names. What is
//!   beyond a bound is counted ([`Statistics`]) and, if it is a sample, kept under a marker.
//! - A stack that does not reach its root ends in `[truncated]` or `[incomplete]`. Beyond the root is a frame with the name
//!   of the binary, as Datadog's profiler has it.
//! - The profiler's own CPU time has a [`Budget`].
//!
//! # Non-goals
//!
//! How to unwind (`vesta-unwind`), what an executable says (`vesta-symbols`), what runs inside the target (`vesta-hooks`),
//! and what becomes of the profiles (`vesta-profiling`).
//!
//! ```no_run
//! use std::sync::atomic::AtomicBool;
//! use std::time::{Duration, Instant};
//! use vesta_native::event_spec::EventSpec;
//! use vesta_native::perf::{SamplerOptions, Target};
//! use vesta_native::{EngineOptions, Session, SessionOptions};
//!
//! let sampler = SamplerOptions::new(Target::Processes(vec![4711]), EventSpec::parse("sCPU")?);
//! let engine = EngineOptions::default();
//! let mut session = Session::start(SessionOptions { sampler: Some(sampler), hooks: None, engine })?;
//! session.run_for(Instant::now() + Duration::from_secs(10), &AtomicBool::new(false));
//! for window in session.finish() {
//!     println!("{} samples of {:?}", window.statistics.samples, window.pids);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod event_spec;
pub mod perf;

mod addresses;
mod aggregation;
mod budget;
mod clock;
mod column;
mod container;
mod engine;
mod jit;
mod kernel_symbols;
mod live_heap;
mod loader;
mod maps;
mod module;
mod modules;
mod names;
mod options;
mod proc_files;
mod process;
mod processes;
mod profiles;
mod session;
mod space;
mod statistics;
mod system;
mod window;

pub use options::{Budget, BudgetOf, EngineOptions, HookSource, SymbolOptions};
pub use session::{Session, SessionOptions, StartError, Status};
pub use statistics::Statistics;
pub use vesta_symbols::Fetch;
pub use window::{Service, Window};
