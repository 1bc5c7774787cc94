//! What a session is asked to do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use vesta_symbols::Fetch;

/// Where the events of hooks come from.
#[derive(Debug)]
pub struct HookSource {
    /// The ring that hooks write to.
    pub ring: vesta_hooks::Ring,
    /// What hands the ring to processes that load the preload library; `None` when the hooks run in this process.
    pub listener: Option<vesta_hooks::Listener>,
    /// What the hooks were asked for.
    pub options: vesta_hooks::Options,
}

/// Bounds and choices of a [`Session`](crate::Session) that do not concern the sampler or the hooks.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// How many processes with samples are followed at a time; `None` is no limit. Samples of processes beyond it are
    /// kept under the frame `[processes over limit]`. Default 100, as ddprof.
    pub maximum_pids: Option<usize>,
    /// Whether samples keep the time they were taken at.
    pub timeline: bool,
    /// How many samples with a time a window holds; those beyond it are added up without one. Default 262,144, which
    /// is 44 CPUs busy for 59 s at 99 Hz.
    pub maximum_timed_samples: usize,
    /// Whether `wall-time` is a column: CPU time plus time off the CPU.
    pub wall: bool,
    /// Whether each service of the host gets profiles of its own: by `DD_SERVICE` of the process, its systemd unit, or
    /// the name of its binary.
    pub split_by_service: bool,
    /// The most frames of one stack. Default 2,048; ddprof cuts at 512.
    pub maximum_frames: usize,
    /// How addresses get names.
    pub symbols: SymbolOptions,
    /// What the profiler may cost.
    pub budget: Budget,
    /// Bytes of unwind tables kept in memory, roughly; the least recently used modules lose theirs. Default 32 MiB.
    pub unwind_table_bytes: usize,
    /// Bytes of raw samples that wait while the tables of their modules load. Default 16 MiB.
    pub waiting_bytes: usize,
    /// Objects of the live heap that are followed, over all processes. Default 262,144, which is 128 GiB at one sample
    /// per 512 KiB.
    pub maximum_live_objects: usize,
    /// The folder that `/proc` is. Another one when the host's is mounted into a container.
    pub proc: PathBuf,
}

/// How addresses get names.
#[derive(Clone)]
pub struct SymbolOptions {
    /// Whether addresses get names at all; without, frames keep module, build id and address for a server to resolve.
    pub enabled: bool,
    /// Whether frames get source files and lines, from DWARF.
    pub lines: bool,
    /// Whether functions that the compiler inlined get frames of their own.
    pub inlined_functions: bool,
    /// The most bytes of debug information read for one module; larger ones have names of functions only.
    pub maximum_debug_bytes: u64,
    /// Folders with debug information by build id, beside `/usr/lib/debug`.
    pub debug_directories: Vec<PathBuf>,
    /// Gets debug information that no folder has; nothing leaves the machine without it.
    pub debuginfod: Option<Arc<dyn Fetch>>,
}

impl std::fmt::Debug for SymbolOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SymbolOptions")
            .field("enabled", &self.enabled)
            .field("lines", &self.lines)
            .field("inlined_functions", &self.inlined_functions)
            .field("maximum_debug_bytes", &self.maximum_debug_bytes)
            .field("debug_directories", &self.debug_directories)
            .field("debuginfod", &self.debuginfod.is_some())
            .finish()
    }
}

/// What the profiler may cost before it samples less often.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// The part of one CPU (`OneCpu`) or of all of them (`Host`) that the profiler's own threads may take; 0 is no
    /// limit. Default 0.01.
    pub share: f64,
    /// What the share is of.
    pub of: BudgetOf,
}

/// What [`Budget::share`] is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetOf {
    /// All CPUs of the host.
    Host,
    /// One CPU.
    OneCpu,
}

impl Default for EngineOptions {
    fn default() -> Self {
        EngineOptions {
            maximum_pids: Some(100),
            timeline: false,
            maximum_timed_samples: 1 << 18,
            wall: false,
            split_by_service: false,
            maximum_frames: 2048,
            symbols: SymbolOptions::default(),
            budget: Budget::default(),
            unwind_table_bytes: 32 << 20,
            waiting_bytes: 16 << 20,
            maximum_live_objects: 1 << 18,
            proc: PathBuf::from("/proc"),
        }
    }
}

impl Default for SymbolOptions {
    fn default() -> Self {
        SymbolOptions {
            enabled: true,
            lines: true,
            inlined_functions: false,
            maximum_debug_bytes: 64 << 20,
            debug_directories: Vec::new(),
            debuginfod: None,
        }
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget { share: 0.01, of: BudgetOf::Host }
    }
}

impl Budget {
    /// The CPU time that the profiler's threads may take in this time on a machine with this many CPUs.
    pub(crate) fn allowance(&self, elapsed: Duration, cpus: usize) -> Option<Duration> {
        let cpus = u32::try_from(cpus.max(1)).unwrap_or(1);
        let of = match self.of {
            BudgetOf::Host => f64::from(cpus),
            BudgetOf::OneCpu => 1.0,
        };
        (self.share > 0.0).then(|| elapsed.mul_f64((self.share * of).min(f64::from(cpus))))
    }
}
