//! Profiles from programs that serve them over HTTP, as Go's `net/http/pprof` does, sent as a profiling library would.
//!
//! # Problem
//!
//! Many programs have no profiling library, but a debug port with `/debug/pprof/`. What it answers is not what a continuous
//! profiler needs: CPU profiles last as long as they are asked for, heap, mutex and block profiles count from the start of
//! the process, and heap and goroutines are as they are at the moment.
//!
//! # Design
//!
//! - A [`Target`] is the base of such endpoints, or one profile. One thread per target; a slow target delays no other.
//! - One period is one upload: the CPU profile runs while it lasts, everything else is read at its end. Counters become
//!   what was added since the reading before ([`vesta_profile::Counters`]), so the files are those of Datadog's library for
//!   Go: `cpu.pprof`, `delta-heap.pprof`, `delta-mutex.pprof`, `delta-block.pprof`, `goroutines.pprof`.
//! - A target that restarted is another process with a runtime id of its own. One that does not answer is asked again at the
//!   next period; what its counters grew by in between goes into an upload from the last reading on.
//! - Where OpenTelemetry's protocol is spoken, the profiles of an upload are sent as a message, which holds all of them.
//! - Answers are bounded in size and time, and so are attempts. A kind of profile that a target does not have (404) is
//!   asked for once.
//! - [`run`] blocks until it is told to stop, and then sends what the counters have. A CPU profile cannot be cut short: one
//!   that ends within seconds is waited for, any other is given up, and said to be.
//!
//! # Non-goals
//!
//! Finding targets, keeping uploads that could not be sent, and formats other than pprof.

mod answer;
mod fetch;
mod files;
mod kind;
mod run;
mod settings;
mod state;
mod target;

pub use fetch::FetchError;
pub use kind::Kind;
pub use run::{Outcome, run};
pub use settings::{Output, Settings};
pub use target::{Target, TargetError};
