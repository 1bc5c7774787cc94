//! Events, rings and records of one target.

mod blocked_threads;
mod blocking;
mod opening;
mod wanted_events;

use super::attributes::{Common, Wanted};
use super::blocked::Look;
use super::error::{OpenError, Refused};
use super::formats::{Format, Formats};
use super::queue::Queue;
use super::record::{self, Lost, Record, RecordError, Sample};
use super::ring::Ring;
use super::system::{self, Poll};
use super::usage::monotonic_ns;
use super::{SamplerOptions, Target, cpus, threads};
use crate::event_spec::{EventSpec, MAX_STACK_BYTES};
use blocked_threads::{OffCpuState, hand_out_blocked};
use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashSet};
use opening::raise_limit;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;
use wanted_events::wanted;

/// An event sampler on one target. Ends when dropped.
#[derive(Debug)]
pub struct Sampler {
    options: SamplerOptions,
    wanted: Vec<Wanted>,
    common: Common,
    rings: Vec<CpuRing>,
    poll: Poll,
    formats: Formats,
    queue: Queue,
    off_cpu: Option<OffCpuState>,
    /// Threads that were opened; only for targets that are processes.
    opened: HashSet<u32, RandomState>,
    /// Threads that may be covered twice: opened, but perhaps inherited from the thread that started them as well.
    doubtful: HashMap<u32, u32, RandomState>,
    /// Whole CPUs are sampled for the sake of these processes.
    only: Option<HashSet<u32, RandomState>>,
    next_group: u32,
    /// The processes of a target that is not the host, as far as records tell.
    processes: HashSet<u32, RandomState>,
    /// With so many, those that ended are forgotten.
    prune_at: usize,
    /// Ids of events that are closed, of which the rings may still have records.
    closed: Vec<u64>,
    /// Whether the target is beyond the exec that it was to begin with.
    is_started: bool,
    /// Whether blocked threads can be looked at.
    looks: bool,
    divisor: u32,
    includes_kernel: bool,
    losses: Losses,
    warnings: Vec<String>,
}

/// What got lost, since the sampler was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// Records that did not fit into their ring: mostly samples.
    pub records: u64,
    /// How many times the kernel stopped an event that fired too often.
    pub throttled: u64,
    /// Records that came after younger ones had been handed out; handed out all the same.
    pub out_of_order: u64,
    /// Records that could not be read.
    pub broken: u64,
    /// Blocked threads that were not followed, since there were too many or their stacks too large.
    pub blocked: u64,
}

#[derive(Debug)]
struct CpuRing {
    cpu: u32,
    ring: Ring,
    /// The event that the ring belongs to is the first; all others write into it.
    owner: RawFd,
    events: Vec<Event>,
    /// The one that is polled.
    polled: Option<RawFd>,
}

#[derive(Debug)]
struct Event {
    fd: OwnedFd,
    id: u64,
    wanted: usize,
    group: u32,
    /// Its thread is gone, and those that inherited it.
    ended: bool,
}

impl Sampler {
    /// Opens the events of the target.
    pub fn open(options: &SamplerOptions) -> Result<Sampler, OpenError> {
        let mut options = options.clone();
        options.stack_bytes = options.stack_bytes.min(MAX_STACK_BYTES) / 8 * 8;
        let wanted = wanted(&options)?;
        let online = cpus::online();
        let mut sampler = Sampler {
            common: Common {
                on_exec: matches!(options.target, Target::Command(_)),
                whole_cpus: options.target == Target::Host,
                wake_up_bytes: 0,
            },
            wanted,
            rings: Vec::new(),
            poll: Poll::new().map_err(|source| OpenError::System { call: "epoll_create1", source })?,
            formats: Formats::default(),
            queue: Queue::default(),
            off_cpu: None,
            opened: HashSet::default(),
            doubtful: HashMap::default(),
            only: None,
            next_group: 0,
            processes: HashSet::default(),
            prune_at: 64,
            closed: Vec::new(),
            is_started: !matches!(options.target, Target::Command(_)),
            looks: false,
            divisor: 1,
            includes_kernel: options.kernel,
            losses: Losses::default(),
            warnings: Vec::new(),
            options,
        };
        // However large rings are, as often as the smallest: what is told late of blocked threads is told in vain.
        let soon = sampler.sample_bytes() * 8;
        let bytes = sampler.ring_bytes_wanted().div_ceil(4).min(soon);
        sampler.common.wake_up_bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        if sampler.options.target != Target::Host {
            sampler.processes = sampler.pids().into_iter().collect();
        }
        sampler.choose_how_to_see_blocked();
        match sampler.options.target.clone() {
            Target::Host => sampler.open_group(None, &online)?,
            Target::Command(pid) => {
                raise_limit(1, &online, sampler.wanted.len())?;
                sampler.open_group(Some(pid), &online)?;
            }
            Target::Processes(pids) => sampler.open_processes(&pids, &online)?,
        }
        if sampler.rings.is_empty() {
            let source = io::Error::from_raw_os_error(libc::ENODEV);
            return Err(OpenError::Event {
                event: String::from("sCPU"),
                refused: Refused::Unsupported,
                source,
            });
        }
        sampler.start_off_cpu();
        Ok(sampler)
    }

    /// Waits until rings are a quarter full or something ended, or the time is over. Returns whether there is something to
    /// drain before the time was over.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<bool> {
        let mut timeout = timeout;
        if let Some(deadline) = self.next_deadline() {
            let until_tick = deadline.saturating_sub(monotonic_ns());
            timeout = timeout.min(Duration::from_nanos(until_tick));
        }
        let ready = self.poll.wait(timeout)?;
        let any = !ready.is_empty();
        self.replace_ended(&ready);
        Ok(any)
    }

    /// Hands out the records that are there, oldest first, but those within the reorder window; returns when it begins, in
    /// nanoseconds of `CLOCK_MONOTONIC`. Copies out of the rings before the first is handed out.
    pub fn drain(&mut self, take: &mut dyn FnMut(Record<'_>)) -> u64 {
        self.end_polls();
        // Before the heads are read: what is older than this is in the rings, but for the reorder window.
        let now = monotonic_ns();
        self.collect();
        self.tick(now);
        let window = u64::try_from(self.options.reorder_window.as_nanos()).unwrap_or(u64::MAX);
        let until_ns = now.saturating_sub(window);
        self.hand_out(until_ns, take);
        until_ns
    }

    /// Hands out all that is there, and what blocked threads have waited until now. For the end of a window, when records
    /// of the next are not to be in it.
    pub fn settle(&mut self, take: &mut dyn FnMut(Record<'_>)) {
        self.end_polls();
        let now = monotonic_ns();
        self.collect();
        if let Some(off_cpu) = &mut self.off_cpu {
            off_cpu.next_tick_ns = now;
        }
        self.tick(now);
        self.collect();
        self.hand_out(u64::MAX, take);
        if let Some(off_cpu) = &mut self.off_cpu {
            let (event, formats) = (off_cpu.event, &self.formats);
            off_cpu.machine.settle(now, &mut |blocked| hand_out_blocked(&blocked, event, formats, take));
        }
    }

    /// When [`drain`](Self::drain) should be called at the latest, in nanoseconds of `CLOCK_MONOTONIC`, whatever the rings
    /// hold: `None` unless blocked threads are looked at. [`wait`](Self::wait) heeds it.
    pub fn next_deadline(&self) -> Option<u64> {
        self.off_cpu.as_ref().map(|off_cpu| off_cpu.next_tick_ns)
    }

    /// Follows another process too. Nothing happens if that is not asked of this target, or the process is gone.
    pub fn add_process(&mut self, pid: u32) -> Result<(), OpenError> {
        if let Some(only) = &mut self.only {
            only.insert(pid);
            return Ok(());
        }
        match self.options.target {
            Target::Host => Ok(()),
            Target::Command(_) | Target::Processes(_) => {
                self.processes.insert(pid);
                let on_exec = std::mem::take(&mut self.common.on_exec);
                let outcome = self.open_threads(&[pid], &cpus::online());
                self.common.on_exec = on_exec;
                outcome.map(|_| ())
            }
        }
    }

    /// Samples CPUs that came online since. Of use for whole hosts; other targets are not followed to new CPUs.
    pub fn refresh_cpus(&mut self) -> Result<(), OpenError> {
        if !self.common.whole_cpus {
            return Ok(());
        }
        let online = cpus::online();
        self.rings.retain(|ring| online.contains(&ring.cpu) || ring.polled.is_some());
        let new: Vec<u32> =
            online.into_iter().filter(|cpu| !self.rings.iter().any(|ring| ring.cpu == *cpu)).collect();
        if new.is_empty() { Ok(()) } else { self.open_group(None, &new) }
    }

    /// Makes samples `divisor` times as rare as the options say: 1 is what they say. The period of each sample says what it
    /// stands for. Threads that inherited their events are opened anew, since the kernel changes the rate of those that it
    /// was asked for only (seen on 6.18); if they are too many for the limit of open files, they keep their rate.
    pub fn set_frequency_divisor(&mut self, divisor: u32) -> io::Result<()> {
        if divisor.max(1) == self.divisor {
            return Ok(());
        }
        self.divisor = divisor.max(1);
        if !self.common.whole_cpus && self.is_started && self.open_anew().is_ok() {
            return Ok(());
        }
        let mut outcome = Ok(());
        let formats = &mut self.formats;
        for event in self.rings.iter().flat_map(|ring| &ring.events).filter(|event| !event.ended) {
            if let Some(wanted) = self.wanted.get(event.wanted).filter(|wanted| wanted.adjustable) {
                let set = system::set_period(&event.fd, wanted.cadence.divided(self.divisor));
                if set.is_ok()
                    && let Some(format) = formats.get(event.id)
                {
                    let clock_period_ns = wanted.clock_period(self.divisor);
                    formats.insert(event.id, Format { clock_period_ns, ..format });
                }
                outcome = outcome.and(set);
            }
        }
        outcome
    }

    /// Whether anything of the target is still there.
    pub fn is_alive(&self) -> bool {
        self.rings.iter().any(|ring| ring.polled.is_some())
    }

    /// The events of the options; [`Sample::event`] is an index into them.
    pub fn events(&self) -> &[EventSpec] {
        &self.options.events
    }

    /// Whether samples within the kernel are taken too.
    pub fn includes_kernel(&self) -> bool {
        self.includes_kernel
    }

    /// What got lost so far.
    pub fn losses(&self) -> Losses {
        let mut losses = self.losses;
        losses.out_of_order += self.queue.out_of_order;
        losses.broken += self.queue.broken;
        if let Some(off_cpu) = &self.off_cpu {
            losses.blocked += off_cpu.machine.dropped_threads + off_cpu.dropped_places;
        }
        losses
    }

    /// What is not as asked for, in sentences for people.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The size of the smallest ring.
    pub fn ring_bytes(&self) -> usize {
        self.rings.iter().map(|ring| ring.ring.bytes()).min().unwrap_or_default()
    }

    /// How many events are open.
    pub fn open_events(&self) -> usize {
        self.rings.iter().map(|ring| ring.events.len()).sum()
    }

    /// The processes of the target as it was opened.
    fn pids(&self) -> Vec<u32> {
        match &self.options.target {
            Target::Host => threads::processes(),
            Target::Command(pid) => vec![*pid],
            Target::Processes(pids) => pids.clone(),
        }
    }

    fn collect(&mut self) {
        for ring in &mut self.rings {
            ring.ring.collect(&self.formats, &mut self.queue);
        }
    }

    fn hand_out(&mut self, until_ns: u64, take: &mut dyn FnMut(Record<'_>)) {
        let Sampler {
            queue, formats, off_cpu, only, losses, doubtful, processes, prune_at, is_started, ..
        } = self;
        let follow = !self.common.whole_cpus;
        let mut covered_twice = Vec::new();
        queue.hand_out(until_ns, |words| {
            if let Some(off_cpu) = off_cpu
                && let Some(look) = Look::decode(words)
            {
                off_cpu.looked_at(look, words, take);
                return;
            }
            let record = match record::decode(words, formats) {
                Ok(record) => record,
                // Of an event that is closed.
                Err(RecordError::UnknownEvent { .. }) => return,
                Err(_) => {
                    losses.broken += 1;
                    return;
                }
            };
            if !doubtful.is_empty()
                && let Some(group) = covering_group(words, &record, formats, doubtful)
            {
                covered_twice.push(group);
            }
            match &record {
                Record::Fork(fork) if follow => {
                    // Not removed when its first thread ends: others may go on.
                    processes.insert(fork.pid);
                    if processes.len() > *prune_at {
                        processes.retain(|pid| threads::exists(*pid));
                        *prune_at = processes.len() * 2 + 64;
                    }
                }
                Record::Comm(comm) => *is_started |= comm.is_exec,
                _ => {}
            }
            if let Some(only) = only
                && !belongs(&record, only)
            {
                return;
            }
            match record {
                Record::Lost(Lost { count, .. }) => {
                    losses.records += count;
                    if let Some(off_cpu) = off_cpu {
                        // Who woke up meanwhile is not known.
                        off_cpu.machine.forget();
                    }
                    take(record);
                }
                Record::Throttle { .. } => {
                    losses.throttled += 1;
                    take(record);
                }
                Record::Switch(_) | Record::Exit(_) | Record::Sample(_) => {
                    let is_used_up =
                        off_cpu.as_mut().is_some_and(|off_cpu| off_cpu.takes(&record, words, formats, take));
                    if !is_used_up {
                        take(record);
                    }
                }
                Record::Other { .. } => {}
                record => {
                    if let (Some(off_cpu), Record::Fork(fork)) = (off_cpu.as_mut(), &record) {
                        off_cpu.threads.insert(fork.tid, fork.pid);
                    }
                    take(record);
                }
            }
        });
        self.bound_switches(take);
        for group in covered_twice {
            self.doubtful.retain(|_, doubted| *doubted != group);
            self.close_group(group);
        }
    }

    fn end_polls(&mut self) {
        loop {
            match self.poll.wait(Duration::ZERO) {
                Ok(ready) if ready.iter().any(|ready| ready.hung_up) => self.replace_ended(&ready),
                _ => return,
            }
        }
    }

    /// A descriptor of a thread that ended is readable for ever: another of its ring is polled from now on.
    fn replace_ended(&mut self, ready: &[system::Ready]) {
        for ready in ready.iter().filter(|ready| ready.hung_up) {
            let Some(ring) = self.rings.iter_mut().find(|ring| u64::from(ring.cpu) == ready.key) else {
                continue;
            };
            if let Some(fd) = ring.polled.take() {
                let _ = self.poll.remove(fd);
                for event in &mut ring.events {
                    event.ended |= event.fd.as_raw_fd() == fd;
                }
            }
            ring.poll_next(&self.poll);
        }
    }
}

impl AsRawFd for Sampler {
    /// Readable when there is something to drain, for waiting for more than the sampler.
    fn as_raw_fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }
}

impl CpuRing {
    fn poll_next(&mut self, poll: &Poll) {
        for event in self.events.iter_mut().filter(|event| !event.ended) {
            if poll.add(event.fd.as_raw_fd(), u64::from(self.cpu)).is_ok() {
                self.polled = Some(event.fd.as_raw_fd());
                return;
            }
            event.ended = true;
        }
    }
}

/// Whether a record is of one of the processes, or one that they start.
fn belongs(record: &Record<'_>, only: &mut HashSet<u32, RandomState>) -> bool {
    match record {
        Record::Sample(Sample { pid, .. })
        | Record::Mmap(record::Mmap { pid, .. })
        | Record::Comm(record::Comm { pid, .. })
        | Record::Exit(record::Exit { pid, .. })
        | Record::Switch(record::Switch { pid, .. }) => only.contains(pid),
        Record::Fork(fork) => {
            let belongs = only.contains(&fork.ppid);
            if belongs {
                only.insert(fork.pid);
            }
            belongs
        }
        Record::Lost(_) | Record::Throttle { .. } | Record::Other { .. } => true,
    }
}

/// The group of events of a thread that another group covers as well, as this record shows.
fn covering_group(
    words: &[u64],
    record: &Record<'_>,
    formats: &Formats,
    doubtful: &HashMap<u32, u32, RandomState>,
) -> Option<u32> {
    let (tid, id) = match record {
        Record::Sample(sample) => (sample.tid, words.get(1)),
        Record::Fork(fork) => (fork.tid, words.last()),
        Record::Exit(exit) => (exit.tid, words.last()),
        Record::Switch(switch) => (switch.tid, words.last()),
        Record::Mmap(mmap) => (mmap.tid, words.last()),
        Record::Comm(comm) => (comm.tid, words.last()),
        _ => return None,
    };
    let own = *doubtful.get(&tid)?;
    let group = formats.get(*id?)?.group;
    (group != own).then_some(own)
}
