//! Records as the kernel writes them, decoded in place.
//!
//! A pure function over words: whatever the bytes are, it reads nothing beyond them and takes no memory.

use super::formats::{Format, Formats};
use super::system::bytes_of;
use perf_event_open_sys::bindings as sys;
use vesta_unwind::Registers;

/// Registers of the user half that are sampled, by perf's numbers: all but flags and segments.
#[cfg(target_arch = "x86_64")]
pub(super) const REGISTER_MASK: u64 = 0x00ff_01ff;
#[cfg(not(target_arch = "x86_64"))]
pub(super) const REGISTER_MASK: u64 = (1 << 33) - 1;

/// The DWARF number of each bit of the mask, lowest first.
#[cfg(target_arch = "x86_64")]
const DWARF_ORDER: [u8; 17] = [0, 3, 2, 1, 4, 5, 6, 7, 16, 8, 9, 10, 11, 12, 13, 14, 15];

/// At the end of every record but samples: pid and tid, time, CPU, id.
const TRAILER_WORDS: usize = 4;

/// What the kernel says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Record<'a> {
    /// A thread at one moment, or the time it spent blocked.
    Sample(Sample<'a>),
    /// A file or memory was mapped.
    Mmap(Mmap<'a>),
    /// A thread has a new name.
    Comm(Comm<'a>),
    /// A thread or process was started.
    Fork(Fork),
    /// A thread ended.
    Exit(Exit),
    /// A thread got or gave up a CPU. Kept by the sampler, which makes samples of blocked time of them.
    Switch(Switch),
    /// Records did not fit into their ring.
    Lost(Lost),
    /// The kernel stopped an event for the rest of a tick, since it fired too often.
    Throttle {
        /// When.
        time_ns: u64,
    },
    /// A record of a kind that says nothing here.
    Other {
        /// Its kind, as the kernel numbers them.
        kind: u32,
    },
}

/// A thread at one moment. Times are of `CLOCK_MONOTONIC`.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample<'a> {
    /// When. Of blocked time: when it ended.
    pub time_ns: u64,
    /// Process.
    pub pid: u32,
    /// Thread.
    pub tid: u32,
    /// CPU.
    pub cpu: u32,
    /// The index of the event in the options of the sampler.
    pub event: usize,
    /// How much of the event it stands for: nanoseconds for CPU time and for blocked time.
    pub period: u64,
    /// Where the CPU was, in the kernel or not.
    pub ip: u64,
    /// Addresses in the kernel, leaf first.
    pub kernel: &'a [u64],
    /// Registers of the user half; none for threads of the kernel and for 32-bit processes.
    pub registers: Option<Registers>,
    /// The address of the first byte of the stack.
    pub stack_start: u64,
    /// The innermost part of the stack.
    pub stack: &'a [u8],
    /// The data of a tracepoint.
    pub raw: &'a [u8],
}

/// The build id of a mapped file, as the kernel read it.
pub type BuildId<'a> = &'a [u8];

/// A part of the address space of a process has a new content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mmap<'a> {
    /// When.
    pub time_ns: u64,
    /// Process; the kernel's own modules have `u32::MAX`.
    pub pid: u32,
    /// The thread that did it.
    pub tid: u32,
    /// The first address.
    pub start: u64,
    /// How many bytes.
    pub length: u64,
    /// Where in the file it begins.
    pub offset: u64,
    /// The device of the file, major and minor; zero if there is a build id instead.
    pub device: (u32, u32),
    /// The file; zero if there is a build id instead.
    pub inode: u64,
    /// Which file of those that had this inode; zero if there is a build id instead.
    pub generation: u64,
    /// The build id, if the kernel was asked for it and found one.
    pub build_id: Option<BuildId<'a>>,
    /// Whether it may be executed.
    pub executable: bool,
    /// Its path as the process sees it, or a name like `//anon` or `[vdso]`.
    pub path: &'a [u8],
}

/// A thread has a new name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comm<'a> {
    /// When.
    pub time_ns: u64,
    /// Process.
    pub pid: u32,
    /// Thread.
    pub tid: u32,
    /// The name.
    pub name: &'a [u8],
    /// Whether it executes another program now, so that nothing is mapped any more.
    pub is_exec: bool,
}

/// A thread or process was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork {
    /// When.
    pub time_ns: u64,
    /// Its process: another than the parent's, or the same if it is a thread.
    pub pid: u32,
    /// The process that started it.
    pub ppid: u32,
    /// Its thread.
    pub tid: u32,
    /// The thread that started it.
    pub ptid: u32,
}

/// A thread ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// When.
    pub time_ns: u64,
    /// Process.
    pub pid: u32,
    /// Thread.
    pub tid: u32,
}

/// A thread got or gave up a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switch {
    /// When.
    pub time_ns: u64,
    /// Process.
    pub pid: u32,
    /// Thread.
    pub tid: u32,
    /// Whether it gave it up.
    pub out: bool,
    /// Whether it would rather have gone on.
    pub preempted: bool,
}

/// Records that did not fit into their ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// When the first fitted again.
    pub time_ns: u64,
    /// How many were lost, samples and others.
    pub count: u64,
}

/// Why bytes are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It ends before its fields do.
    #[error("a record of kind {kind} with {bytes} bytes ends within its fields")]
    Short {
        /// Its kind.
        kind: u32,
        /// Its size.
        bytes: usize,
    },
    /// It belongs to no event of this sampler.
    #[error("a record of kind {kind} belongs to no event that is open: id {id}")]
    UnknownEvent {
        /// Its kind.
        kind: u32,
        /// The id.
        id: u64,
    },
}

/// Reads one record, which is all of `words`.
pub fn decode<'a>(words: &'a [u64], formats: &Formats) -> Result<Record<'a>, RecordError> {
    let (kind, misc) = words.first().map_or((0, 0), |header| header_fields(*header));
    let short = RecordError::Short { kind, bytes: words.len() * 8 };
    if kind == sys::PERF_RECORD_SAMPLE {
        let id = *words.get(1).ok_or(short)?;
        let format = formats.get(id).ok_or(RecordError::UnknownEvent { kind, id })?;
        return sample(words, format).map(Record::Sample).ok_or(short);
    }
    let body_end = words.len().checked_sub(TRAILER_WORDS).filter(|end| *end >= 1).ok_or(short)?;
    let (body, trailer) = words.split_at(body_end);
    let (pid, tid) = halves(trailer.first().copied().unwrap_or_default());
    let time_ns = trailer.get(1).copied().unwrap_or_default();
    let record = match kind {
        sys::PERF_RECORD_MMAP2 => mmap(body, misc, time_ns).map(Record::Mmap),
        sys::PERF_RECORD_COMM => comm(body, misc, time_ns).map(Record::Comm),
        sys::PERF_RECORD_FORK | sys::PERF_RECORD_EXIT => task(body, kind).map(|(task, time_ns)| match kind {
            sys::PERF_RECORD_FORK => Record::Fork(Fork { time_ns, ..task }),
            _ => Record::Exit(Exit { time_ns, pid: task.pid, tid: task.tid }),
        }),
        sys::PERF_RECORD_SWITCH | sys::PERF_RECORD_SWITCH_CPU_WIDE => Some(Record::Switch(Switch {
            time_ns,
            pid,
            tid,
            out: misc & sys::PERF_RECORD_MISC_SWITCH_OUT != 0,
            preempted: misc & sys::PERF_RECORD_MISC_SWITCH_OUT_PREEMPT != 0,
        })),
        sys::PERF_RECORD_LOST => body.get(2).map(|count| Record::Lost(Lost { time_ns, count: *count })),
        sys::PERF_RECORD_LOST_SAMPLES => {
            body.get(1).map(|count| Record::Lost(Lost { time_ns, count: *count }))
        }
        sys::PERF_RECORD_THROTTLE => Some(Record::Throttle { time_ns }),
        kind => Some(Record::Other { kind }),
    };
    record.ok_or(short)
}

/// Kind and flags of a record.
#[inline]
pub(super) fn header_fields(header: u64) -> (u32, u32) {
    let (kind, misc_and_size) = halves(header);
    (kind, misc_and_size & 0xffff)
}

/// The time of a record, without decoding it.
#[inline]
pub(super) fn time_of(words: &[u64]) -> Option<u64> {
    let (kind, _) = header_fields(*words.first()?);
    match kind {
        sys::PERF_RECORD_SAMPLE => words.get(4).copied(),
        _ => words.get(words.len().checked_sub(TRAILER_WORDS - 1)?).copied(),
    }
}

/// The index of the word with the size of the stack, if a sample of this format has one. Reads through `word`, so that it
/// works on a ring without copying.
#[inline]
pub(super) fn stack_index(word: impl Fn(usize) -> u64, length: usize, format: Format) -> Option<usize> {
    if !format.user {
        return None;
    }
    let mut at: usize = 7;
    if format.callchain {
        at = at.checked_add(1)?.checked_add(usize::try_from(word(at)).ok()?)?;
    }
    if format.raw && at < length {
        at = at.checked_add(raw_words(word(at)))?;
    }
    let abi = (at < length).then(|| word(at))?;
    at += 1;
    if abi != 0 {
        at += usize::try_from(REGISTER_MASK.count_ones()).unwrap_or_default();
    }
    (at < length).then_some(at)
}

/// Low and high half of a word.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "taking it apart is the purpose")]
pub(super) fn halves(word: u64) -> (u32, u32) {
    if cfg!(target_endian = "little") {
        (word as u32, (word >> 32) as u32)
    } else {
        ((word >> 32) as u32, word as u32)
    }
}

/// The words of raw data with its size before it: a multiple of words together.
fn raw_words(first: u64) -> usize {
    let (size, _) = halves(first);
    usize::try_from(size).unwrap_or(usize::MAX / 16).saturating_add(4).div_ceil(8)
}

fn sample(words: &[u64], format: Format) -> Option<Sample<'_>> {
    let ip = *words.get(2)?;
    let (pid, tid) = halves(*words.get(3)?);
    let time_ns = *words.get(4)?;
    let (cpu, _) = halves(*words.get(5)?);
    let period = format.period(*words.get(6)?, tid);
    let mut rest = words.get(7..)?;
    let mut kernel: &[u64] = &[];
    if format.callchain {
        let (count, after) = rest.split_first()?;
        let count = usize::try_from(*count).ok().filter(|count| *count <= after.len())?;
        let (chain, after) = after.split_at(count);
        kernel = kernel_part(chain);
        rest = after;
    }
    let mut raw: &[u8] = &[];
    if format.raw {
        let first = *rest.first()?;
        let data = rest.get(..raw_words(first))?;
        let size = usize::try_from(halves(first).0).ok()?;
        raw = bytes_of(data).get(4..4 + size)?;
        rest = rest.get(data.len()..)?;
    }
    let mut registers = None;
    let mut stack: &[u8] = &[];
    if format.user {
        let (abi, after) = rest.split_first()?;
        rest = after;
        if *abi != 0 {
            let count = usize::try_from(REGISTER_MASK.count_ones()).ok()?;
            let values = rest.get(..count)?;
            rest = rest.get(count..)?;
            if *abi == u64::from(sys::PERF_SAMPLE_REGS_ABI_64) {
                registers = Some(in_dwarf_order(values)?);
            }
        }
        let (size, after) = rest.split_first()?;
        let size_words = usize::try_from(*size).ok()?.div_ceil(8);
        if *size != 0 {
            let copied = usize::try_from(*after.get(size_words)?).ok()?.min(usize::try_from(*size).ok()?);
            stack = bytes_of(after.get(..size_words)?).get(..copied)?;
        }
    }
    let stack_start = registers.map_or(0, |registers| registers.sp());
    Some(Sample {
        time_ns,
        pid,
        tid,
        cpu,
        event: format.event,
        period,
        ip,
        kernel,
        registers,
        stack_start,
        stack,
        raw,
    })
}

#[cfg(target_arch = "x86_64")]
fn in_dwarf_order(values: &[u64]) -> Option<Registers> {
    let mut ordered = [0; Registers::COUNT];
    for (value, number) in values.iter().zip(DWARF_ORDER) {
        *ordered.get_mut(usize::from(number))? = *value;
    }
    Some(Registers::new(ordered))
}

#[cfg(not(target_arch = "x86_64"))]
fn in_dwarf_order(values: &[u64]) -> Option<Registers> {
    Some(Registers::new(values.try_into().ok()?))
}

/// The addresses of the kernel without the markers around them, which are the highest 4095 numbers.
fn kernel_part(chain: &[u64]) -> &[u64] {
    let is_marker = |address: &u64| *address >= u64::MAX - 4094;
    let chain = match chain.split_first() {
        Some((first, rest)) if is_marker(first) => rest,
        _ => chain,
    };
    let end = chain.iter().position(is_marker).unwrap_or(chain.len());
    chain.get(..end).unwrap_or_default()
}

fn mmap(body: &[u64], misc: u32, time_ns: u64) -> Option<Mmap<'_>> {
    let (pid, tid) = halves(*body.get(1)?);
    let bytes = bytes_of(body);
    let has_build_id = misc & sys::PERF_RECORD_MISC_MMAP_BUILD_ID != 0;
    let mut mmap = Mmap {
        time_ns,
        pid,
        tid,
        start: *body.get(2)?,
        length: *body.get(3)?,
        offset: *body.get(4)?,
        device: (0, 0),
        inode: 0,
        generation: 0,
        build_id: None,
        executable: halves(*body.get(8)?).0 & 4 != 0,
        path: until_zero(bytes.get(72..)?),
    };
    if has_build_id {
        let size = usize::from(*bytes.get(40)?).min(20);
        mmap.build_id = Some(bytes.get(44..44 + size)?);
    } else {
        mmap.device = halves(*body.get(5)?);
        mmap.inode = *body.get(6)?;
        mmap.generation = *body.get(7)?;
    }
    Some(mmap)
}

fn comm(body: &[u64], misc: u32, time_ns: u64) -> Option<Comm<'_>> {
    let (pid, tid) = halves(*body.get(1)?);
    let name = until_zero(bytes_of(body).get(16..)?);
    Some(Comm { time_ns, pid, tid, name, is_exec: misc & sys::PERF_RECORD_MISC_COMM_EXEC != 0 })
}

fn task(body: &[u64], _kind: u32) -> Option<(Fork, u64)> {
    let (pid, ppid) = halves(*body.get(1)?);
    let (tid, ptid) = halves(*body.get(2)?);
    let time_ns = *body.get(3)?;
    Some((Fork { time_ns, pid, ppid, tid, ptid }, time_ns))
}

fn until_zero(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.get(..end).unwrap_or_default()
}
