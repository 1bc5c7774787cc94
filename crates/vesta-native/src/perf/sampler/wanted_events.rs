//! Which of the kernel's events the options ask for.

use super::super::attributes::{Rate, Wanted};
use super::super::error::OpenError;
use super::super::formats::Format;
use super::super::{SamplerOptions, Target, tracepoint};
use crate::event_spec::{Cadence, EventKind, EventSpec, MAX_STACK_BYTES};
use perf_event_open_sys::bindings as sys;

/// The index of an event that is not of the options: it has records of processes, but no samples.
const NO_EVENT: usize = usize::MAX;

/// Every so many switches of a thread on a CPU carry a stack, where threads cannot be looked at. Not by frequency: the
/// kernel adapts the period of switches to between 1 and 26,000,000 within seconds (seen on 6.18).
const SWITCHES_PER_SAMPLE: u64 = 97;

/// The events to open, the one with the records of processes first.
pub(super) fn wanted(options: &SamplerOptions) -> Result<Vec<Wanted>, OpenError> {
    let mut wanted = Vec::new();
    for (index, event) in options.events.iter().enumerate() {
        if event.is_sampled_by_kernel() {
            wanted.push(wanted_event(index, event, options)?);
        }
    }
    // Blocked time last: its event can be stopped alone.
    wanted.sort_by_key(|wanted| wanted.switches);
    if wanted.first().is_none_or(|wanted| wanted.switches) {
        let mut records = Wanted {
            kind: 0,
            config: 0,
            cadence: Rate::Period(1),
            kernel: false,
            stack_bytes: 0,
            format: Format { event: NO_EVENT, ..Format::default() },
            processes: true,
            switches: false,
            adjustable: false,
        };
        records.without_samples();
        wanted.insert(0, records);
    }
    if let Some(first) = wanted.first_mut() {
        first.processes = true;
    }
    Ok(wanted)
}

fn wanted_event(index: usize, event: &EventSpec, options: &SamplerOptions) -> Result<Wanted, OpenError> {
    let rate = match event.cadence {
        Cadence::Frequency(hertz) => Rate::Frequency(hertz),
        Cadence::Period(period) => Rate::Period(period),
    };
    let (kind, config, cadence) = match &event.kind {
        EventKind::CpuTime => {
            let clock = match options.target {
                Target::Host => sys::PERF_COUNT_SW_CPU_CLOCK,
                Target::Command(_) | Target::Processes(_) => sys::PERF_COUNT_SW_TASK_CLOCK,
            };
            // The kernel turns the frequency of a clock into a period at once, and its back-off takes a period.
            let period = match event.cadence {
                Cadence::Frequency(hertz) => 1_000_000_000 / hertz.clamp(1, 1_000_000_000),
                Cadence::Period(period) => period,
            };
            (sys::PERF_TYPE_SOFTWARE, u64::from(clock), Rate::Period(period))
        }
        EventKind::Hardware(config) => (sys::PERF_TYPE_HARDWARE, *config, rate),
        EventKind::Software(config) => (sys::PERF_TYPE_SOFTWARE, *config, rate),
        EventKind::Tracepoint { id: Some(id), .. } => (sys::PERF_TYPE_TRACEPOINT, *id, rate),
        EventKind::Tracepoint { group, event, id: None } => {
            (sys::PERF_TYPE_TRACEPOINT, tracepoint::id(group, event)?, rate)
        }
        EventKind::OffCpu => {
            let switches = u64::from(sys::PERF_COUNT_SW_CONTEXT_SWITCHES);
            (sys::PERF_TYPE_SOFTWARE, switches, Rate::Period(SWITCHES_PER_SAMPLE))
        }
        EventKind::Allocation | EventKind::Lock => {
            (sys::PERF_TYPE_SOFTWARE, u64::from(sys::PERF_COUNT_SW_DUMMY), Rate::Period(1))
        }
    };
    let has_samples = config != u64::from(sys::PERF_COUNT_SW_DUMMY) || kind != sys::PERF_TYPE_SOFTWARE;
    let kernel = options.kernel || matches!(event.kind, EventKind::OffCpu | EventKind::Tracepoint { .. });
    Ok(Wanted {
        kind,
        config,
        cadence,
        kernel,
        stack_bytes: event.stack_bytes.unwrap_or(options.stack_bytes).min(MAX_STACK_BYTES) / 8 * 8,
        format: Format {
            event: index,
            callchain: kernel && has_samples,
            raw: kind == sys::PERF_TYPE_TRACEPOINT,
            user: has_samples,
            ..Format::default()
        },
        processes: false,
        switches: event.kind == EventKind::OffCpu,
        adjustable: has_samples && event.kind != EventKind::OffCpu,
    })
}
