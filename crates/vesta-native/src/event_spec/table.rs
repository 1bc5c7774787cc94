//! The events that have a name, and the settings that every event has.

use super::{Cadence, EventKind};
use perf_event_open_sys::bindings as sys;
use std::fmt::Write;

/// A name that stands for an event with a cadence.
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) kind: EventKind,
    pub(super) cadence: Cadence,
}

const fn hardware(name: &'static str, what: &'static str, config: u32, cadence: Cadence) -> Named {
    Named { name, what, kind: EventKind::Hardware(config as u64), cadence }
}

const fn software(name: &'static str, what: &'static str, config: u32, cadence: Cadence) -> Named {
    Named { name, what, kind: EventKind::Software(config as u64), cadence }
}

use Cadence::{Frequency, Period};

/// `ddprof`'s events with its defaults, then Vesta's.
pub(super) static EVENTS: [Named; 22] = [
    hardware("hCPU", "CPU cycles", sys::PERF_COUNT_HW_CPU_CYCLES, Frequency(99)),
    hardware("hREF", "reference CPU cycles", sys::PERF_COUNT_HW_REF_CPU_CYCLES, Frequency(1000)),
    hardware("hINST", "instructions", sys::PERF_COUNT_HW_INSTRUCTIONS, Frequency(1000)),
    hardware("hCREF", "cache references", sys::PERF_COUNT_HW_CACHE_REFERENCES, Period(999)),
    hardware("hCMISS", "cache misses", sys::PERF_COUNT_HW_CACHE_MISSES, Period(999)),
    hardware("hBRANCH", "branch instructions", sys::PERF_COUNT_HW_BRANCH_INSTRUCTIONS, Period(999)),
    hardware("hBMISS", "branch misses", sys::PERF_COUNT_HW_BRANCH_MISSES, Period(999)),
    hardware("hBUS", "bus cycles", sys::PERF_COUNT_HW_BUS_CYCLES, Frequency(1000)),
    hardware(
        "hBSTF",
        "stalled cycles, front end",
        sys::PERF_COUNT_HW_STALLED_CYCLES_FRONTEND,
        Frequency(1000),
    ),
    hardware("hBSTB", "stalled cycles, back end", sys::PERF_COUNT_HW_STALLED_CYCLES_BACKEND, Frequency(1000)),
    Named { name: "sCPU", what: "CPU time", kind: EventKind::CpuTime, cadence: Frequency(99) },
    software("sPF", "page faults", sys::PERF_COUNT_SW_PAGE_FAULTS, Period(1)),
    software("sCS", "context switches", sys::PERF_COUNT_SW_CONTEXT_SWITCHES, Period(1)),
    software("sMig", "migrations between CPUs", sys::PERF_COUNT_SW_CPU_MIGRATIONS, Frequency(99)),
    software("sPFMAJ", "major page faults", sys::PERF_COUNT_SW_PAGE_FAULTS_MAJ, Period(99)),
    software("sPFMIN", "minor page faults", sys::PERF_COUNT_SW_PAGE_FAULTS_MIN, Period(99)),
    software("sALGN", "alignment faults", sys::PERF_COUNT_SW_ALIGNMENT_FAULTS, Frequency(99)),
    software("sEMU", "emulation faults", sys::PERF_COUNT_SW_EMULATION_FAULTS, Frequency(99)),
    software("sDUM", "nothing: records of processes only", sys::PERF_COUNT_SW_DUMMY, Period(1)),
    Named {
        name: "sALLOC",
        what: "allocated bytes, and with mode=l those still in use",
        kind: EventKind::Allocation,
        cadence: Period(524_288),
    },
    Named { name: "wall", what: "time blocked, by stack", kind: EventKind::OffCpu, cadence: Frequency(49) },
    // 1 ms of waiting on average between two samples.
    Named {
        name: "lock",
        what: "nanoseconds waited for contended locks",
        kind: EventKind::Lock,
        cadence: Period(1_000_000),
    },
];

/// A setting of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    Event,
    Group,
    Id,
    Frequency,
    Period,
    Label,
    ValueScale,
    Mode,
    ArgumentNumber,
    Register,
    RawOffset,
    RawSize,
    StackBytes,
}

/// Every spelling of a setting, the one to show first, and what it does.
pub(super) static SETTINGS: [(Setting, &[&str], &str); 13] = [
    (Setting::Event, &["event", "eventname", "ev", "e"], "name of an event above, or of a tracepoint"),
    (Setting::Group, &["group", "groupname", "gr", "g"], "group of the tracepoint, such as syscalls"),
    (Setting::Id, &["id", "i"], "number of the tracepoint, when it cannot be looked up"),
    (Setting::Frequency, &["frequency", "freq", "f"], "samples per second and thread"),
    (Setting::Period, &["period", "per", "p"], "one sample after so many events"),
    (Setting::Label, &["label", "l"], "name to show for the samples"),
    (Setting::ValueScale, &["value_scale", "scale", "s"], "what values are multiplied by"),
    (Setting::Mode, &["mode", "m"], "s sums, l what is live, a both"),
    (Setting::ArgumentNumber, &["arg_num", "argno", "n"], "the value is this argument of a function, from 1"),
    (Setting::Register, &["register", "regno", "r"], "the value is this register, as perf numbers them"),
    (
        Setting::RawOffset,
        &["raw_offset", "argoff", "o"],
        "the value is at this offset in the tracepoint's data",
    ),
    (Setting::RawSize, &["raw_size", "argsz", "z"], "and has this size: 1, 2, 4 or 8 bytes (8)"),
    (Setting::StackBytes, &["stack_sample_size", "y"], "bytes of stack to copy, at most 65528"),
];

pub(super) fn named(name: &str) -> Option<&'static Named> {
    EVENTS.iter().find(|event| event.name == name)
}

pub(super) fn setting(word: &str) -> Option<Setting> {
    let found = SETTINGS.iter().find(|(_, spellings, _)| spellings.contains(&word));
    found.map(|(setting, _, _)| *setting)
}

/// The registers of perf in DWARF numbering; none where DWARF has no number for one.
#[cfg(target_arch = "x86_64")]
static DWARF_OF_PERF: [Option<u16>; 24] = [
    Some(0), // rax
    Some(3), // rbx
    Some(2), // rcx
    Some(1), // rdx
    Some(4), // rsi
    Some(5), // rdi
    Some(6), // rbp
    Some(7), // rsp
    Some(16),
    None, // flags and segments
    None,
    None,
    None,
    None,
    None,
    None,
    Some(8),
    Some(9),
    Some(10),
    Some(11),
    Some(12),
    Some(13),
    Some(14),
    Some(15),
];

#[cfg(target_arch = "x86_64")]
pub(super) fn dwarf_register(perf: u16) -> Option<u16> {
    *DWARF_OF_PERF.get(usize::from(perf))?
}

#[cfg(target_arch = "x86_64")]
pub(super) fn perf_register(dwarf: u16) -> Option<u16> {
    (0..).zip(&DWARF_OF_PERF).find(|(_, number)| **number == Some(dwarf)).map(|(perf, _)| perf)
}

/// The register of an argument, from 1, in DWARF numbering.
#[cfg(target_arch = "x86_64")]
pub(super) fn argument_register(number: u64) -> Option<u16> {
    // rdi, rsi, rdx, rcx, r8, r9.
    let registers: [u16; 6] = [5, 4, 1, 2, 8, 9];
    registers.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn dwarf_register(perf: u16) -> Option<u16> {
    (perf < 33).then_some(perf)
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn perf_register(dwarf: u16) -> Option<u16> {
    (dwarf < 33).then_some(dwarf)
}

#[cfg(not(target_arch = "x86_64"))]
pub(super) fn argument_register(number: u64) -> Option<u16> {
    u16::try_from(number.checked_sub(1)?).ok().filter(|register| *register < 8)
}

pub(super) fn help() -> String {
    let mut text = String::from(
        "Events, separated by `;`, each a name with settings: \"sCPU freq=49; sALLOC mode=sl\".\n\nNames:\n",
    );
    for Named { name, what, cadence, .. } in &EVENTS {
        let _ = writeln!(text, "  {name:<8} {what} ({cadence})");
    }
    text.push_str(
        "  others   a tracepoint of the kernel: event=sys_enter_openat group=syscalls (period=1)\n",
    );
    text.push_str("\nSettings, separated by blanks or commas:\n");
    for (_, spellings, what) in &SETTINGS {
        let _ =
            writeln!(text, "  {:<18} {what}", format!("{}=", spellings.first().copied().unwrap_or_default()));
    }
    text.push_str("\nPresets:\n");
    for (name, events) in super::preset::PRESETS {
        let _ = writeln!(text, "  {name:<18} {events}");
    }
    text
}
