//! The native profiler as a service: settings, the loop that samples and uploads, and the libraries for C and Rust.
//!
//! # Problem
//!
//! Sampling (`vesta-native`) gives profiles; somebody has to decide what to sample, where profiles go, and to keep at it
//! for years without anybody noticing: neither the program that is profiled nor who runs it.
//!
//! # Design
//!
//! - [`Settings`] are those of Datadog's `ddprof`, under its names: flags, then environment, then a file, then defaults.
//!   Only a wrong flag is an error. [`settings::SETTINGS`] is the one list that help, files and documents come from.
//! - [`wrapper::run`] runs a command under the profiler and changes nothing about it. [`watch`](watch::watch) profiles
//!   what runs already. [`Profiler`] profiles the program that it is a part of, and so do the functions for C.
//! - One thread samples, another delivers: a server that does not answer costs no sample and holds up nobody.
//!
//! # Non-goals
//!
//! Sampling, stacks and symbols (`vesta-native`), and what runs in other processes (`vesta-hooks`).
//!
//! ```no_run
//! let profiler = vesta_profiling::Profiler::builder().service("shop").environment("prod").start()?;
//! // ... the program ...
//! profiler.stop(std::time::Duration::from_secs(5));
//! # Ok::<(), vesta_profiling::StartError>(())
//! ```

pub mod settings;

pub mod live;
pub mod watch;
pub mod wrapper;

mod profiler;

pub mod c_api;

mod debuginfod;
mod delivery;
mod envelope;
mod hooks;
mod identity;
mod log;
mod output;
mod plan;
mod service;
mod statsd;
mod system;

pub use delivery::Delivered;
pub use log::{Level, Mode};
pub use output::Draw;
pub use profiler::{Builder, Profiler, StartError};
pub use service::{Service, ServiceError};
pub use settings::{Settings, SettingsError};
