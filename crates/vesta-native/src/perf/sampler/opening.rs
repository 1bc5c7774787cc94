//! Opening the events of a target, and closing them.

use super::super::error::{OpenError, Refused};
use super::super::formats::Format;
use super::super::record::{self, Record};
use super::super::ring::{Ring, page_bytes};
use super::super::{cpus, system, threads};
use super::{CpuRing, Event, Sampler};
use crate::event_spec::{Cadence, EventSpec};
use foldhash::fast::RandomState;
use hashbrown::HashSet;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// How many samples a ring holds if nothing else is said: those of half a second, but no more than 8 MiB of them. Beside a
/// thousand threads that want the CPU, the profiler had to wait for a third of a second.
const SAMPLES_PER_RING: std::ops::RangeInclusive<u64> = 32..=240;

/// Rounds of looking for threads that started while others were opened.
const MAX_SCANS: usize = 100;

impl Sampler {
    pub(super) fn sample_bytes(&self) -> usize {
        usize::try_from(self.options.stack_bytes).unwrap_or_default() + 1024
    }

    pub(super) fn ring_bytes_wanted(&self) -> usize {
        let sample = self.sample_bytes();
        let frequency = |event: &EventSpec| match event.cadence {
            Cadence::Frequency(hertz) => hertz,
            Cadence::Period(_) => 0,
        };
        let in_half_a_second = self.options.events.iter().map(frequency).max().unwrap_or(0) / 2;
        let samples = in_half_a_second.clamp(*SAMPLES_PER_RING.start(), *SAMPLES_PER_RING.end());
        let samples = usize::try_from(samples).unwrap_or(usize::MAX);
        self.options.ring_bytes.unwrap_or(sample.saturating_mul(samples)).max(page_bytes())
    }

    /// Threads of processes, some of which may start others meanwhile.
    pub(super) fn open_processes(&mut self, pids: &[u32], online: &[u32]) -> Result<(), OpenError> {
        let count: usize = pids.iter().map(|pid| threads::of_process(*pid).len()).sum();
        if count == 0 {
            return Err(OpenError::NoProcess { pids: pids.to_vec() });
        }
        if let Err(error) = raise_limit(count, online, self.wanted.len()) {
            return self.open_whole_cpus_for(pids, online, error);
        }
        if self.open_threads(pids, online)? == 0 {
            return Err(OpenError::NoProcess { pids: pids.to_vec() });
        }
        Ok(())
    }

    /// Instead of an event per thread and CPU, one per CPU, if that is permitted.
    pub(super) fn open_whole_cpus_for(
        &mut self,
        pids: &[u32],
        online: &[u32],
        error: OpenError,
    ) -> Result<(), OpenError> {
        self.common.whole_cpus = true;
        if self.open_group(None, online).is_err() {
            return Err(error);
        }
        self.warnings.push(format!("{error}; all processes are sampled, and those of others thrown away"));
        self.only = Some(pids.iter().copied().collect());
        Ok(())
    }

    /// Opens all threads of the processes until no further ones appear. Returns how many were opened.
    pub(super) fn open_threads(&mut self, pids: &[u32], online: &[u32]) -> Result<usize, OpenError> {
        let mut count = 0;
        let mut suspects: HashSet<u32, RandomState> = HashSet::default();
        for scan in 0..MAX_SCANS {
            let mut found = false;
            for pid in pids {
                for tid in threads::of_process(*pid) {
                    if self.opened.contains(&tid) {
                        continue;
                    }
                    // A thread that started after the first scan has most likely inherited the events of the thread that
                    // started it. The record of its start is written after it is listed, so it gets a round of time.
                    if scan > 0 && suspects.insert(tid) {
                        found = true;
                        continue;
                    }
                    found = true;
                    self.opened.insert(tid);
                    if scan > 0 {
                        self.collect();
                        if self.queue_has_fork(tid) {
                            continue;
                        }
                        self.doubtful.insert(tid, self.next_group);
                    }
                    match self.open_group(Some(tid), online) {
                        Ok(()) => count += 1,
                        Err(OpenError::Event { refused: Refused::Gone, .. }) => {}
                        Err(error) => return Err(error),
                    }
                }
            }
            if !found {
                break;
            }
        }
        Ok(count)
    }

    /// Opens the threads that are there now with the rate as it is now, and closes what was open.
    pub(super) fn open_anew(&mut self) -> Result<(), OpenError> {
        let online = cpus::online();
        let pids: Vec<u32> = self.processes.iter().copied().collect();
        let count: usize = pids.iter().map(|pid| threads::of_process(*pid).len()).sum();
        let open = self.open_events();
        raise_limit(count.saturating_add(open / online.len().max(1)), &online, self.wanted.len())?;
        let first_group = self.next_group;
        let opened = std::mem::take(&mut self.opened);
        self.doubtful.clear();
        self.common.on_exec = false;
        if let Err(error) = self.open_threads(&pids, &online) {
            self.opened = opened;
            for group in first_group..self.next_group {
                self.close_group(group);
            }
            return Err(error);
        }
        for id in self.closed.drain(..) {
            self.formats.remove(id);
        }
        let old: HashSet<u32, RandomState> =
            self.rings.iter().flat_map(|ring| &ring.events).map(|event| event.group).collect();
        for group in old.into_iter().filter(|group| *group < first_group) {
            self.close_events(group);
        }
        if self.off_cpu.as_ref().is_some_and(|off_cpu| off_cpu.by_chance) {
            self.disable_switches();
        }
        Ok(())
    }

    pub(super) fn queue_has_fork(&self, tid: u32) -> bool {
        self.queue.any(
            |words| matches!(record::decode(words, &self.formats), Ok(Record::Fork(fork)) if fork.tid == tid),
        )
    }

    /// Opens all events of a thread, or of all threads, on each CPU.
    pub(super) fn open_group(&mut self, thread: Option<u32>, online: &[u32]) -> Result<(), OpenError> {
        let group = self.next_group;
        self.next_group = self.next_group.wrapping_add(1);
        let mut opened = 0;
        for cpu in online {
            for index in 0..self.wanted.len() {
                match self.open_event(thread, *cpu, index, group) {
                    Ok(()) => opened += 1,
                    // The CPU went offline in between.
                    Err(OpenError::Event { refused: Refused::Unsupported, source, .. })
                        if source.raw_os_error() == Some(libc::ENODEV) => {}
                    Err(error) => {
                        self.close_group(group);
                        return Err(error);
                    }
                }
            }
        }
        if opened == 0 {
            let source = io::Error::from_raw_os_error(libc::ENODEV);
            return Err(OpenError::Event { event: self.name_of(0), refused: Refused::Unsupported, source });
        }
        Ok(())
    }

    pub(super) fn open_event(
        &mut self,
        thread: Option<u32>,
        cpu: u32,
        index: usize,
        group: u32,
    ) -> Result<(), OpenError> {
        let fd = self.open_permitted(thread, cpu, index)?;
        let Some(wanted) = self.wanted.get(index) else { return Ok(()) };
        let format =
            Format { group, thread, clock_period_ns: wanted.clock_period(self.divisor), ..wanted.format };
        let id = system::id(&fd)
            .map_err(|source| OpenError::System { call: "ioctl PERF_EVENT_IOC_ID", source })?;
        match self.rings.iter_mut().find(|ring| ring.cpu == cpu) {
            Some(ring) => {
                let redirected = system::set_output(&fd, ring.owner);
                redirected.map_err(|source| OpenError::System {
                    call: "ioctl PERF_EVENT_IOC_SET_OUTPUT",
                    source,
                })?;
                if ring.polled.is_none() && self.poll.add(fd.as_raw_fd(), u64::from(cpu)).is_ok() {
                    ring.polled = Some(fd.as_raw_fd());
                }
                ring.events.push(Event { fd, id, wanted: index, group, ended: false });
            }
            None => {
                let bytes = self.ring_bytes_wanted();
                let sample = usize::try_from(self.options.stack_bytes).unwrap_or_default() + 1024;
                let ring = Ring::map(&fd, bytes, sample.next_power_of_two());
                let ring = ring.map_err(|(bytes, source)| OpenError::Ring { bytes, cpu, source })?;
                if ring.bytes() < bytes && self.warnings.is_empty() {
                    let held = ring.bytes() / sample;
                    self.warnings.push(format!(
                        "the kernel locks no more memory than {} KiB for the samples of a CPU, which holds {held}; \
                         samples may be lost (kernel.perf_event_mlock_kb, ulimit -l)",
                        ring.bytes() / 1024
                    ));
                }
                let owner = fd.as_raw_fd();
                let added = self.poll.add(owner, u64::from(cpu));
                added.map_err(|source| OpenError::System { call: "epoll_ctl", source })?;
                let events = vec![Event { fd, id, wanted: index, group, ended: false }];
                self.rings.push(CpuRing { cpu, ring, owner, events, polled: Some(owner) });
            }
        }
        self.formats.insert(id, format);
        Ok(())
    }

    /// Opens one event, without the kernel if that is not permitted.
    pub(super) fn open_permitted(
        &mut self,
        thread: Option<u32>,
        cpu: u32,
        index: usize,
    ) -> Result<OwnedFd, OpenError> {
        loop {
            let Some(wanted) = self.wanted.get(index) else {
                return Err(OpenError::System {
                    call: "perf_event_open",
                    source: io::ErrorKind::NotFound.into(),
                });
            };
            let mut common = self.common;
            let ring = self.rings.iter().find(|ring| ring.cpu == cpu).map(|ring| ring.ring.bytes());
            if let Some(bytes) = ring {
                common.wake_up_bytes = u32::try_from(bytes / 4).unwrap_or(u32::MAX);
            }
            let error = match system::open(&mut wanted.attributes(common, self.divisor), thread, cpu) {
                Ok(fd) => return Ok(fd),
                Err(error) => error,
            };
            let is_permission = matches!(error.raw_os_error(), Some(libc::EACCES | libc::EPERM));
            if is_permission && wanted.kernel {
                self.exclude_kernel();
                continue;
            }
            return Err(OpenError::Event {
                event: self.name_of(index),
                refused: Refused::of(&error),
                source: error,
            });
        }
    }

    /// From now on without the kernel: no kernel frames, and no stacks of switches, which happen in the kernel.
    pub(super) fn exclude_kernel(&mut self) {
        self.includes_kernel = false;
        for wanted in &mut self.wanted {
            wanted.kernel = false;
            wanted.format.callchain = false;
            if wanted.switches {
                wanted.without_samples();
            }
        }
    }

    pub(super) fn name_of(&self, index: usize) -> String {
        let event = self.wanted.get(index).and_then(|wanted| self.options.events.get(wanted.format.event));
        event.map_or_else(|| String::from("sDUM"), |event| event.label.clone())
    }

    /// Closes the events of a group, and drops what they wrote.
    pub(super) fn close_group(&mut self, group: u32) {
        let first = self.closed.len();
        self.close_events(group);
        for id in self.closed.drain(first..) {
            self.formats.remove(id);
        }
    }

    /// Closes the events of a group. What they wrote is still handed out.
    pub(super) fn close_events(&mut self, group: u32) {
        let closed = &mut self.closed;
        for ring in &mut self.rings {
            let poll = &self.poll;
            // The first event stays: the ring is its.
            let owner = ring.owner;
            for event in ring.events.iter_mut().filter(|event| event.group == group) {
                closed.push(event.id);
                let _ = system::disable(&event.fd);
                event.ended = true;
                if ring.polled == Some(event.fd.as_raw_fd()) {
                    let _ = poll.remove(event.fd.as_raw_fd());
                    ring.polled = None;
                }
            }
            ring.events.retain(|event| event.group != group || event.fd.as_raw_fd() == owner);
            if ring.polled.is_none() {
                ring.poll_next(poll);
            }
        }
    }
}

/// Makes sure that events of so many threads on so many CPUs can be open.
pub(super) fn raise_limit(threads: usize, online: &[u32], events: usize) -> Result<(), OpenError> {
    // Beside them the process needs some for its work.
    let needed = threads.saturating_mul(online.len()).saturating_mul(events).saturating_add(256);
    let limit = system::raise_file_limit(u64::try_from(needed).unwrap_or(u64::MAX));
    match u64::try_from(needed) {
        Ok(wanted) if wanted <= limit => Ok(()),
        _ => Err(OpenError::Files { threads, cpus: online.len(), needed, limit }),
    }
}
