//! What the kernel is asked for, for each event.

use super::formats::Format;
use super::record::REGISTER_MASK;
use perf_event_open_sys::bindings::{self as sys, perf_event_attr};

/// What is the same for all events of a sampler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common {
    /// Sampling begins when the process executes a program.
    pub(super) on_exec: bool,
    /// Whole CPUs are sampled rather than threads.
    pub(super) whole_cpus: bool,
    /// Bytes of records after which waiters wake up.
    pub(super) wake_up_bytes: u32,
}

/// One event to open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) kind: u32,
    pub(super) config: u64,
    pub(super) cadence: Rate,
    pub(super) kernel: bool,
    pub(super) stack_bytes: u32,
    pub(super) format: Format,
    /// Records of mappings, names, forks and exits come with this event.
    pub(super) processes: bool,
    /// Records of threads that get and give up CPUs come with this event.
    pub(super) switches: bool,
    /// Whether budget and back-off change its rate.
    pub(super) adjustable: bool,
}

/// How often to sample, as the kernel takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rate {
    /// The kernel adapts the period.
    Frequency(u64),
    Period(u64),
}

impl Rate {
    /// The number to give to the kernel when samples are to be `divisor` times as rare.
    pub(super) fn divided(self, divisor: u32) -> u64 {
        match self {
            Rate::Frequency(hertz) => (hertz / u64::from(divisor.max(1))).max(1),
            Rate::Period(period) => period.saturating_mul(u64::from(divisor.max(1))).min(u64::MAX / 2),
        }
    }
}

impl Wanted {
    /// The records that come with the event, without its samples.
    pub(super) fn without_samples(&mut self) {
        self.kind = sys::PERF_TYPE_SOFTWARE;
        self.config = u64::from(sys::PERF_COUNT_SW_DUMMY);
        self.cadence = Rate::Period(1);
        self.format = Format { event: self.format.event, group: self.format.group, ..Format::default() };
        self.adjustable = false;
    }

    /// The period of samples, if the event is a clock, or zero.
    pub(super) fn clock_period(&self, divisor: u32) -> u64 {
        let clocks = [sys::PERF_COUNT_SW_CPU_CLOCK, sys::PERF_COUNT_SW_TASK_CLOCK].map(u64::from);
        let is_clock = self.kind == sys::PERF_TYPE_SOFTWARE && clocks.contains(&self.config);
        if is_clock { self.cadence.divided(divisor) } else { 0 }
    }

    pub(super) fn attributes(&self, common: Common, divisor: u32) -> perf_event_attr {
        let mut attributes = perf_event_attr {
            type_: self.kind,
            size: u32::try_from(size_of::<perf_event_attr>()).unwrap_or_default(),
            config: self.config,
            sample_type: self.format.sample_type(),
            clockid: libc::CLOCK_MONOTONIC,
            ..Default::default()
        };
        match self.cadence {
            Rate::Frequency(_) => {
                attributes.set_freq(1);
                attributes.__bindgen_anon_1.sample_freq = self.cadence.divided(divisor);
            }
            Rate::Period(_) => attributes.__bindgen_anon_1.sample_period = self.cadence.divided(divisor),
        }
        if self.format.user {
            attributes.sample_regs_user = REGISTER_MASK;
            attributes.sample_stack_user = self.stack_bytes;
        }
        attributes.set_sample_id_all(1);
        attributes.set_use_clockid(1);
        attributes.set_exclude_hv(1);
        attributes.set_exclude_kernel(u64::from(!self.kernel));
        attributes.set_exclude_callchain_user(1);
        attributes.set_watermark(1);
        attributes.__bindgen_anon_2.wakeup_watermark = common.wake_up_bytes;
        if common.whole_cpus {
            // Without it the clock of a CPU samples its idle loop.
            attributes.set_exclude_idle(1);
        } else {
            attributes.set_inherit(1);
        }
        if common.on_exec {
            attributes.set_disabled(1);
            attributes.set_enable_on_exec(1);
        }
        if self.processes {
            attributes.set_mmap(1);
            attributes.set_mmap2(1);
            attributes.set_comm(1);
            attributes.set_comm_exec(1);
            attributes.set_task(1);
        }
        attributes.set_context_switch(u64::from(self.switches));
        attributes
    }
}
