//! Threads that are blocked: where they are, since when, and what it may cost to look.

use crate::perf::blocked::{Look, Looker};
use crate::perf::formats::Formats;
use crate::perf::off_cpu::{self, Ahead, AheadOf, Blocked, Candidate, OffCpu, Tick};
use crate::perf::queue::Queue;
use crate::perf::record::{self, Record, Sample};
use crate::perf::usage::monotonic_ns;
use foldhash::fast::RandomState;
use hashbrown::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Bytes of stacks of blocked threads that are kept until they wake up.
const MAX_PLACE_BYTES: usize = 32 << 20;

/// What looks may cost at once: some thousands, after a pause.
const MAX_SAVED_NS: u64 = 50_000_000;

/// Looks per tick, whatever they cost, and whatever was saved: the last ones should not be much later than the first.
const LOOKS: std::ops::RangeInclusive<usize> = 4..=32;

/// What goes on off the CPU, of one target.
#[derive(Debug)]
pub(super) struct OffCpuState {
    pub(super) event: usize,
    pub(super) machine: OffCpu<Place>,
    pub(super) looker: Looker,
    pub(super) tick: Duration,
    pub(super) next_tick_ns: u64,
    /// Bytes of all places that are kept.
    pub(super) place_bytes: Arc<AtomicUsize>,
    pub(super) dropped_places: u64,
    pub(super) candidates: Vec<Candidate>,
    pub(super) ahead: AheadOf,
    pub(super) budget: LookBudget,
    /// All threads of the target with their processes.
    pub(super) threads: HashMap<u32, u32, RandomState>,
    /// Switches since a time.
    pub(super) switches: (u64, u64),
    /// Switches are too frequent to be followed: any thread may be blocked, and is looked at by chance.
    pub(super) by_chance: bool,
    pub(super) random: u64,
}

/// Looks cost a hundredth of a CPU at most, over time.
#[derive(Debug)]
pub(super) struct LookBudget {
    /// Time that may be spent.
    saved_ns: u64,
    /// What a look costs.
    look_ns: u64,
    since_ns: u64,
}

/// The record that tells where a thread is blocked: of the kernel, or of a look.
#[derive(Debug)]
pub(super) struct Place {
    words: Box<[u64]>,
    all: Arc<AtomicUsize>,
}

impl Place {
    fn new(words: &[u64], all: &Arc<AtomicUsize>) -> Place {
        all.fetch_add(size_of_val(words), Ordering::Relaxed);
        Place { words: words.into(), all: Arc::clone(all) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.all.fetch_sub(size_of_val(&*self.words), Ordering::Relaxed);
    }
}

impl LookBudget {
    pub(super) fn new(now_ns: u64) -> LookBudget {
        LookBudget { saved_ns: MAX_SAVED_NS, look_ns: 10_000, since_ns: now_ns }
    }

    /// How many threads may be looked at now.
    pub(super) fn looks(&mut self, now_ns: u64) -> usize {
        self.saved_ns = (self.saved_ns + now_ns.saturating_sub(self.since_ns) / 100).min(MAX_SAVED_NS);
        self.since_ns = now_ns;
        let affordable = usize::try_from(self.saved_ns / self.look_ns.max(1000)).unwrap_or(usize::MAX);
        affordable.clamp(*LOOKS.start(), *LOOKS.end())
    }

    pub(super) fn spend(&mut self, looks: u64, took_ns: u64) {
        if let Some(look_ns) = took_ns.checked_div(looks) {
            self.saved_ns = self.saved_ns.saturating_sub(took_ns);
            self.look_ns = (self.look_ns * 7 + look_ns) / 8;
        }
    }
}

impl OffCpuState {
    /// What the records say that are still to be brought into order.
    pub(super) fn look_ahead(&mut self, queue: &mut Queue, formats: &Formats) {
        self.ahead.clear();
        for words in queue.look_ahead() {
            match record::decode(words, formats) {
                Ok(Record::Sample(sample)) if sample.event == self.event && sample.registers.is_some() => {
                    let ahead = self.ahead.entry(sample.tid).or_default();
                    *ahead = Ahead { pid: sample.pid, blocked: false, sampled: true };
                }
                Ok(Record::Switch(switch)) if switch.pid != 0 => {
                    let ahead = self.ahead.entry(switch.tid).or_default();
                    ahead.pid = switch.pid;
                    ahead.sampled &= switch.out && !ahead.blocked;
                    ahead.blocked = switch.out && !switch.preempted;
                }
                Ok(Record::Exit(exit)) => {
                    self.ahead.entry(exit.tid).or_default().blocked = false;
                }
                _ => {}
            }
        }
    }

    /// Looks at some of all threads; each stands for the others too.
    pub(super) fn look_by_chance(&mut self, now_ns: u64, queue: &mut Queue) {
        let looks = self.budget.looks(now_ns);
        let last_ns = std::mem::replace(&mut self.switches.1, now_ns);
        let all = self.threads.len();
        if all == 0 {
            return;
        }
        let distance_ns = now_ns.saturating_sub(last_ns);
        let chosen = looks.min(all);
        let (of, some) = (u64::try_from(all).unwrap_or(1), u64::try_from(chosen).unwrap_or(1).max(1));
        let tick = Tick { distance_ns, stands_for_ns: distance_ns.saturating_mul(of) / some };
        self.candidates.clear();
        let thread = |(tid, pid): (&u32, &u32)| Candidate { pid: *pid, tid: *tid, place_is_known: false };
        self.candidates.extend(self.threads.iter().map(thread));
        for index in 0..chosen {
            let rest = u64::try_from(all - index).unwrap_or(1).max(1);
            let other = usize::try_from(off_cpu::next_random(&mut self.random) % rest).unwrap_or_default();
            self.candidates.swap(index, index + other);
        }
        for candidate in self.candidates.drain(..).take(chosen) {
            self.looker.look(candidate, now_ns, tick, queue);
        }
        self.budget.spend(some, monotonic_ns().saturating_sub(now_ns));
    }

    pub(super) fn looked_at(&mut self, look: Look<'_>, words: &[u64], take: &mut dyn FnMut(Record<'_>)) {
        if self.by_chance {
            if let Some(registers) = look.registers {
                take(Record::Sample(Sample {
                    time_ns: look.ended_ns,
                    pid: look.pid,
                    tid: look.tid,
                    cpu: 0,
                    event: self.event,
                    period: look.tick.stands_for_ns,
                    ip: registers.ip(),
                    kernel: &[],
                    registers: Some(registers),
                    stack_start: registers.sp(),
                    stack: look.stack,
                    raw: &[],
                }));
            }
            return;
        }
        let place = match look.registers {
            Some(_) => self.place(words),
            None => None,
        };
        self.machine.looked_at(look.tid, look.began_ns, look.ended_ns, look.tick, place);
    }

    /// Takes what concerns blocked threads. Returns whether the record is used up.
    pub(super) fn takes(
        &mut self,
        record: &Record<'_>,
        words: &[u64],
        formats: &Formats,
        take: &mut dyn FnMut(Record<'_>),
    ) -> bool {
        let event = self.event;
        self.switches.0 += u64::from(matches!(record, Record::Switch(_)));
        let mut emit = |blocked: Blocked<'_, Place>| hand_out_blocked(&blocked, event, formats, take);
        match record {
            Record::Switch(switch) if switch.pid == 0 || self.by_chance => {}
            Record::Switch(switch) if switch.out => {
                self.machine.switched_out(switch.pid, switch.tid, switch.time_ns, switch.preempted);
            }
            Record::Switch(switch) => self.machine.switched_in(switch.tid, switch.time_ns, &mut emit),
            Record::Exit(exit) => {
                self.machine.switched_in(exit.tid, exit.time_ns, &mut emit);
                self.threads.remove(&exit.tid);
                return false;
            }
            Record::Sample(sample) if sample.event == event => {
                // Threads of the kernel have no registers of a user half: that they sleep is of no interest.
                if sample.registers.is_some()
                    && let Some(place) = self.place(words)
                {
                    self.machine.sampled(sample.pid, sample.tid, sample.period, place);
                }
            }
            _ => return false,
        }
        true
    }

    fn place(&mut self, words: &[u64]) -> Option<Place> {
        if self.place_bytes.load(Ordering::Relaxed) > MAX_PLACE_BYTES {
            self.dropped_places += 1;
            return None;
        }
        Some(Place::new(words, &self.place_bytes))
    }
}

/// Hands out a wait that is over, as a sample of where it was.
pub(super) fn hand_out_blocked(
    blocked: &Blocked<'_, Place>,
    event: usize,
    formats: &Formats,
    take: &mut dyn FnMut(Record<'_>),
) {
    let Blocked { pid, tid, end_ns, weight_ns, place } = *blocked;
    let sample = match (Look::decode(&place.words), record::decode(&place.words, formats)) {
        (Some(look), _) => Sample {
            time_ns: end_ns,
            pid,
            tid,
            cpu: 0,
            event,
            period: weight_ns,
            ip: look.registers.map_or(0, |registers| registers.ip()),
            kernel: &[],
            registers: look.registers,
            stack_start: look.registers.map_or(0, |registers| registers.sp()),
            stack: look.stack,
            raw: &[],
        },
        (None, Ok(Record::Sample(sample))) => Sample { time_ns: end_ns, period: weight_ns, event, ..sample },
        _ => return,
    };
    take(Record::Sample(sample));
}
