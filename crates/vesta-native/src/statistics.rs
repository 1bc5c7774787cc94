//! What the profiler did in a window, what it lost, and what it cost.

use std::collections::BTreeMap;

/// Counts of one window, under the names of ddprof's metrics where it has them ([`Statistics::metrics`]).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statistics {
    /// Records that the kernel and the hooks handed over.
    pub events: u64,
    /// Samples that the kernel had no room for.
    pub lost: u64,
    /// Allocations and lock waits that the hooks had no room for.
    pub hook_events_lost: u64,
    /// Frees that the hooks had no room for: objects that seem alive until their process ends.
    pub frees_lost: u64,
    /// How many times the kernel stopped an event that fired too often.
    pub throttled: u64,
    /// Records that came after younger ones.
    pub out_of_order: u64,
    /// Blocked threads that were not followed, as there were too many.
    pub waits_lost: u64,
    /// Samples: of the CPU, of waits, of allocations, of locks.
    pub samples: u64,
    /// Frames over all samples.
    pub frames: u64,
    /// Bytes of stack over all samples.
    pub stack_bytes: u64,
    /// Time spent unwinding.
    pub unwind_ns: u64,
    /// Stacks of which the copy ended before the root.
    pub truncated: u64,
    /// Stacks that ended in code without usable rules.
    pub incomplete: u64,
    /// Stacks cut at the most frames.
    pub cut: u64,
    /// Samples without a stack of the program: taken in the kernel of a kernel thread, or of a process that was gone.
    pub without_user_stack: u64,
    /// Samples that waited for the tables of a module, and that were unwound without because too many waited.
    pub waited: u64,
    /// See `waited`.
    pub not_waited: u64,
    /// Samples that kept no time of their own because the window held enough of them.
    pub times_dropped: u64,
    /// Processes followed at the end of the window.
    pub processes: u64,
    /// Samples of processes beyond `maximum_pids`.
    pub over_limit: u64,
    /// Processes that were new in this window.
    pub processes_new: u64,
    /// Readings of `/proc/PID/maps`.
    pub backpopulations: u64,
    /// Mappings with code that were new.
    pub mappings_new: u64,
    /// Modules known at the end of the window.
    pub modules: u64,
    /// Modules that could not be read, by reason.
    pub modules_failed: BTreeMap<String, u64>,
    /// Addresses that got names in this window, beside those known before.
    pub addresses_resolved: u64,
    /// Addresses without a name.
    pub addresses_unresolved: u64,
    /// Readings of perf maps and jitdump files.
    pub jit_reads: u64,
    /// Frees of objects that were not followed.
    pub unmatched_frees: u64,
    /// Objects of the live heap that are followed.
    pub live_objects: u64,
    /// Allocations that were not followed as there were too many.
    pub live_objects_dropped: u64,
    /// CPU time of the profiler's threads.
    pub own_cpu_ns: u64,
    /// Resident memory of the profiler's process.
    pub own_rss_bytes: u64,
    /// How many times the sampling frequency was halved to keep within the budget, at the end of the window.
    pub slowed_down: u32,
    /// Length of the window.
    pub duration_ns: u64,
    /// What is worth a line in the log: text and how often.
    pub problems: BTreeMap<String, u64>,
}

impl Statistics {
    /// Name and value of each, below `datadog.profiling.native.` where ddprof has the metric.
    #[expect(clippy::cast_precision_loss, reason = "metrics are floating point numbers")]
    pub fn metrics(&self) -> Vec<(&'static str, f64)> {
        let per_sample = |value: u64| value as f64 / self.samples.max(1) as f64;
        let millicores = self.own_cpu_ns as f64 * 1000.0 / self.duration_ns.max(1) as f64;
        vec![
            ("event.count", self.events as f64),
            ("event.lost", (self.lost + self.hook_events_lost) as f64),
            ("event.out_of_order", self.out_of_order as f64),
            ("event.dealloc_lost", self.frees_lost as f64),
            ("sample.count", self.samples as f64),
            ("unmatched_deallocation.count", self.unmatched_frees as f64),
            ("unwind.avg_time_ns", per_sample(self.unwind_ns)),
            ("unwind.frames", self.frames as f64),
            ("unwind.errors", self.modules_failed.values().sum::<u64>() as f64),
            ("unwind.stack.truncated_input", self.truncated as f64),
            ("unwind.stack.truncated_output", self.cut as f64),
            ("unwind.stack.incomplete", self.incomplete as f64),
            ("unwind.stack.avg_size", per_sample(self.stack_bytes)),
            ("unwind.stack.avg_depth", per_sample(self.frames)),
            ("symbols.jit.reads", self.jit_reads as f64),
            ("symbols.failed_lookups", self.addresses_unresolved as f64),
            ("profiler.rss", self.own_rss_bytes as f64),
            ("profiler.cpu_usage.millicores", millicores),
            ("profiler.slowed_down", f64::from(self.slowed_down)),
            ("dso.new", self.mappings_new as f64),
            ("dso.size", self.modules as f64),
            ("backpopulate.count", self.backpopulations as f64),
            ("process.count", self.processes as f64),
            ("process.over_limit_samples", self.over_limit as f64),
            ("live.objects", self.live_objects as f64),
            ("live.dropped", self.live_objects_dropped as f64),
            ("profile.duration_ms", self.duration_ns as f64 / 1e6),
        ]
    }

    /// Counts a problem.
    pub(crate) fn problem(&mut self, text: impl Into<String>) {
        /// Distinct texts; a thousand modules with a thousand reasons are one problem.
        const MAXIMUM: usize = 100;
        let text = text.into();
        if self.problems.len() < MAXIMUM || self.problems.contains_key(&text) {
            *self.problems.entry(text).or_default() += 1;
        }
    }
}
