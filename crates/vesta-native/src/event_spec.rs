//! What to sample, as a person writes it: `sCPU`, `sCPU freq=49; sALLOC mode=sl`, `event=sys_enter_openat group=syscalls`.
//!
//! The grammar and the names are those of Datadog's `ddprof`, so that its configurations work as they are; `wall` and
//! `lock` are Vesta's own. Parsing touches no file: tracepoints get their number when they are opened.

mod parse;
mod preset;
mod table;

pub use parse::EventSpecError;
pub use preset::{PresetError, preset, preset_names};

use std::fmt;
use vesta_unwind::Registers;

/// The most events one profiler takes: each is an event per CPU and per thread.
pub const MAX_EVENTS: usize = 10;

/// The most of a stack that the kernel copies: the size of a record is a 16-bit number.
pub const MAX_STACK_BYTES: u32 = 65_528;

/// One kind of event to sample.
#[derive(Clone, Debug, PartialEq)]
pub struct EventSpec {
    /// The name as written: `sCPU`, or the name of a tracepoint.
    pub name: String,
    /// What counts.
    pub kind: EventKind,
    /// How often a sample is taken.
    pub cadence: Cadence,
    /// The name under which samples are shown: `label=`, else `group:event` or the name.
    pub label: String,
    /// Where the value of a sample comes from.
    pub value: ValueSource,
    /// What the value is multiplied by.
    pub value_scale: f64,
    /// What is made of the samples: sums, what is live, or both. Of interest to allocations.
    pub mode: Mode,
    /// How much of the stack to copy, where that differs from the other events.
    pub stack_bytes: Option<u32>,
}

/// What an event counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// CPU time of threads, in nanoseconds.
    CpuTime,
    /// An event that the CPU counts; `PERF_TYPE_HARDWARE`.
    Hardware(u64),
    /// An event that the kernel counts; `PERF_TYPE_SOFTWARE`.
    Software(u64),
    /// A tracepoint of the kernel.
    Tracepoint {
        /// Its group, such as `sched`. May be empty if there is an `id`.
        group: String,
        /// Its name, such as `sched_switch`.
        event: String,
        /// Its number, if it was given.
        id: Option<u64>,
    },
    /// Time that threads spend blocked. How it is sampled depends on what is permitted: see
    /// [`off_cpu`](crate::perf::off_cpu).
    OffCpu,
    /// Allocations, sampled in the process by hooks rather than by the kernel.
    Allocation,
    /// Waits for contended locks, sampled in the process by hooks rather than by the kernel.
    Lock,
}

/// How often an event is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// This many times a second.
    Frequency(u64),
    /// Each time after this many.
    Period(u64),
}

/// Where the value of a sample comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// The period: how many events the sample stands for.
    Period,
    /// A register, in DWARF numbering.
    Register(u16),
    /// An integer in the raw data of a tracepoint.
    Raw {
        /// Where it begins.
        offset: u32,
        /// Its size: 1, 2, 4 or 8 bytes.
        size: u32,
    },
}

/// What is made of the samples of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Sums of what happened (`s`).
    pub sum: bool,
    /// What is still there at the end of a period (`l`); of allocations only.
    pub live: bool,
}

impl EventSpec {
    /// Reads a list of events, separated by `;`.
    ///
    /// ```
    /// use vesta_native::event_spec::{Cadence, EventSpec};
    ///
    /// let events = EventSpec::parse("sCPU freq=49; sALLOC mode=sl")?;
    /// assert_eq!(events[0].cadence, Cadence::Frequency(49));
    /// assert!(events[1].mode.live);
    /// # Ok::<(), vesta_native::event_spec::EventSpecError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Vec<EventSpec>, EventSpecError> {
        parse::parse(text)
    }

    /// CPU time, `frequency` times a second.
    pub fn cpu(frequency: u64) -> EventSpec {
        EventSpec::with("sCPU", EventKind::CpuTime, Cadence::Frequency(frequency))
    }

    /// Time that threads spend blocked, looked at `frequency` times a second.
    pub fn off_cpu(frequency: u64) -> EventSpec {
        EventSpec::with("wall", EventKind::OffCpu, Cadence::Frequency(frequency))
    }

    /// What all names and settings mean, for people.
    pub fn help() -> String {
        table::help()
    }

    /// Whether the kernel samples it, rather than hooks in the process.
    pub fn is_sampled_by_kernel(&self) -> bool {
        !matches!(self.kind, EventKind::Allocation | EventKind::Lock)
    }

    /// The value of a sample: what `value` points at, times `value_scale`; the period if the sample lacks it. What is
    /// not a number or negative counts as nothing.
    pub fn value_of(&self, period: u64, registers: Option<&Registers>, raw: &[u8]) -> u64 {
        let value = match self.value {
            ValueSource::Period => period,
            ValueSource::Register(number) => registers.map_or(period, |registers| registers.get(number)),
            ValueSource::Raw { offset, size } => raw_integer(raw, offset, size).unwrap_or(period),
        };
        if self.value_scale == 1.0 {
            return value;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a scaled value is approximate by nature, and casts of floats saturate"
        )]
        let scaled = (value as f64 * self.value_scale).round() as u64;
        scaled
    }

    fn with(name: &str, kind: EventKind, cadence: Cadence) -> EventSpec {
        EventSpec {
            name: name.to_owned(),
            kind,
            cadence,
            label: name.to_owned(),
            value: ValueSource::Period,
            value_scale: 1.0,
            mode: Mode { sum: true, live: false },
            stack_bytes: None,
        }
    }
}

impl fmt::Display for Cadence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cadence::Frequency(hertz) => write!(formatter, "freq={hertz}"),
            Cadence::Period(period) => write!(formatter, "period={period}"),
        }
    }
}

/// Written so that [`EventSpec::parse`] reads the same again.
impl fmt::Display for EventSpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let EventSpec { name, kind, cadence, label, value, value_scale, mode, stack_bytes } = self;
        match kind {
            EventKind::Tracepoint { group, id, .. } => {
                write!(formatter, "event={name} group={group}")?;
                if let Some(id) = id {
                    write!(formatter, " id={id}")?;
                }
            }
            _ => write!(formatter, "{name}")?,
        }
        write!(formatter, " {cadence}")?;
        if !matches!(kind, EventKind::Tracepoint { .. }) && label != name {
            write!(formatter, " label={label}")?;
        }
        match value {
            ValueSource::Period => {}
            ValueSource::Register(dwarf) => {
                write!(formatter, " register={}", table::perf_register(*dwarf).unwrap_or(*dwarf))?;
            }
            ValueSource::Raw { offset, size } => write!(formatter, " raw_offset={offset} raw_size={size}")?,
        }
        if *value_scale != 1.0 {
            write!(formatter, " value_scale={value_scale}")?;
        }
        match mode {
            Mode { sum: true, live: true } => write!(formatter, " mode=sl")?,
            Mode { live: true, .. } => write!(formatter, " mode=l")?,
            Mode { .. } => {}
        }
        if let Some(bytes) = stack_bytes {
            write!(formatter, " stack_sample_size={bytes}")?;
        }
        Ok(())
    }
}

fn raw_integer(raw: &[u8], offset: u32, size: u32) -> Option<u64> {
    let start = usize::try_from(offset).ok()?;
    let field = raw.get(start..start.checked_add(usize::try_from(size).ok()?)?)?;
    let mut bytes = [0; 8];
    bytes.get_mut(..field.len())?.copy_from_slice(field);
    Some(u64::from_le_bytes(bytes))
}
