//! How long threads were blocked, and where: a state machine without system calls.
//!
//! The kernel tells each time a thread gives up a CPU and gets one again, which gives every duration exactly. It does not
//! tell where each time: a stack costs up to 32 KiB, and busy servers block 100,000 times a second. So stacks are sampled,
//! in two ways that complement each other:
//!
//! - **Ticks.** Some tens of times a second, whoever is blocked at that moment is looked at, once for each time it blocks.
//!   Long waits are all seen, and count with their exact duration.
//! - **Switches.** Where the kernel permits it, some of the switches carry a stack. They stand for the short waits, those
//!   that no tick saw: duration times the number of switches that each stands for.
//!
//! A wait of duration d meets a tick with probability d/T if it is shorter than the distance T of ticks. It then counts d;
//! if it meets none, it is sampled with probability 1/p and counts p·d. The expectation is d in both cases, whatever the
//! mix of short and long. Without sampled switches, a wait that meets a tick counts max(d, T), which is d on average as
//! well.
//!
//! A look costs some 10 µs. Where more threads are to be looked at than the budget allows, chance decides who is, and each
//! of them stands for the others too.
//!
//! Sums are of blocked time. At the end of a wait longer than a tick, a thread that is ready and waits for a CPU counts
//! until it has one.

use foldhash::fast::RandomState;
use hashbrown::HashMap;

/// How to count.
#[derive(Clone, Copy, Debug)]
pub struct OffCpuOptions {
    /// Whether switches carry stacks.
    pub sampled_switches: bool,
    /// Whether blocked threads can be looked at.
    pub ticks: bool,
    /// Waits that count less become fewer of this length, of the same sum.
    pub threshold_ns: u64,
    /// The most threads that are followed.
    pub max_threads: usize,
}

/// Blocked threads. `T` is what is known of where a thread is blocked.
#[derive(Debug)]
pub struct OffCpu<T> {
    options: OffCpuOptions,
    threads: HashMap<u32, Thread<T>, RandomState>,
    last_tick_ns: u64,
    /// Ticks run ahead of the records, which wait to be brought into order.
    recent_ticks: [u64; RECENT_TICKS],
    random: u64,
    /// Threads that were not followed since there were too many.
    pub dropped_threads: u64,
}

/// A wait, or a part of one, and what it counts.
#[derive(Debug)]
pub struct Blocked<'a, T> {
    /// Process.
    pub pid: u32,
    /// Thread.
    pub tid: u32,
    /// When the wait, or this part of it, ended.
    pub end_ns: u64,
    /// The time it stands for.
    pub weight_ns: u64,
    /// Where.
    pub place: &'a T,
}

/// What is known of a thread from records that are not in order yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ahead {
    /// Process.
    pub pid: u32,
    /// Whether it is blocked.
    pub blocked: bool,
    /// Whether the switch was sampled, so that it is known where.
    pub sampled: bool,
}

/// What is known of threads from records that are not in order yet, by thread.
pub type AheadOf = HashMap<u32, Ahead, RandomState>;

/// A thread to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Process.
    pub pid: u32,
    /// Thread.
    pub tid: u32,
    /// Whether it is known where it is blocked, so that only the time of the look is missing.
    pub place_is_known: bool,
}

/// A tick as its looks have to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// The time since the last tick.
    pub distance_ns: u64,
    /// The time that each look stands for: more than the distance if not everybody is looked at.
    pub stands_for_ns: u64,
}

/// A look that succeeded.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at_ns: u64,
    took_ns: u64,
    tick: Tick,
}

#[derive(Debug)]
struct Thread<T> {
    pid: u32,
    /// Since when it is blocked; `None` between a sampled switch and the record of that switch.
    since_ns: Option<u64>,
    place: Option<T>,
    /// How many switches the sampled one stands for; 0 if it was not sampled.
    period: u64,
    /// The look, if it was looked at.
    seen: Option<Seen>,
    /// What was counted at ends of windows.
    counted_ns: u64,
    failed_looks: u8,
}

/// How many ticks are remembered: as many as records may be late.
const RECENT_TICKS: usize = 8;

/// A look that fails so often is given up for this wait.
const MAX_FAILED_LOOKS: u8 = 3;

impl<T> OffCpu<T> {
    /// No thread is known yet.
    pub fn new(options: OffCpuOptions, now_ns: u64) -> Self {
        OffCpu {
            options,
            threads: HashMap::default(),
            last_tick_ns: now_ns,
            recent_ticks: [now_ns; RECENT_TICKS],
            random: now_ns | 1,
            dropped_threads: 0,
        }
    }

    /// How many threads are blocked.
    pub fn len(&self) -> usize {
        self.threads.len()
    }

    /// Whether no thread is blocked.
    pub fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// A switch was sampled: the thread is about to give up its CPU.
    pub fn sampled(&mut self, pid: u32, tid: u32, period: u64, place: T) {
        if let Some(thread) = self.thread(pid, tid) {
            *thread = Thread { place: Some(place), period: period.max(1), ..Thread::new(pid) };
        }
    }

    /// The thread gave up its CPU.
    pub fn switched_out(&mut self, pid: u32, tid: u32, time_ns: u64, preempted: bool) {
        if preempted {
            self.threads.remove(&tid);
        } else if let Some(thread) = self.thread(pid, tid) {
            if thread.since_ns.is_some() {
                *thread = Thread::new(pid);
            }
            thread.since_ns = Some(time_ns);
        }
    }

    /// The thread got a CPU again, or ended.
    pub fn switched_in(&mut self, tid: u32, time_ns: u64, emit: &mut dyn FnMut(Blocked<'_, T>)) {
        let Some(thread) = self.threads.remove(&tid) else { return };
        let Some(since_ns) = thread.since_ns else { return };
        let weight = thread.weight(since_ns, time_ns, self.options.sampled_switches, &self.recent_ticks);
        let weight_ns = self.at_least_threshold(weight.saturating_sub(thread.counted_ns));
        if let Some(place) = &thread.place
            && weight_ns > 0
        {
            emit(Blocked { pid: thread.pid, tid, end_ns: time_ns, weight_ns, place });
        }
    }

    /// A tick: fills in the threads to look at, at most `looks` of them where the place is not known. `ahead` is what the
    /// records say that were not given to this machine yet.
    pub fn tick(
        &mut self,
        now_ns: u64,
        ahead: &AheadOf,
        looks: usize,
        candidates: &mut Vec<Candidate>,
    ) -> Tick {
        let distance_ns = now_ns.saturating_sub(self.last_tick_ns);
        self.last_tick_ns = now_ns;
        self.recent_ticks.rotate_right(1);
        self.recent_ticks[0] = now_ns;
        candidates.clear();
        if self.options.ticks {
            candidates.extend(
                ahead.iter().filter(|(_, ahead)| ahead.blocked).map(|(tid, ahead)| Candidate {
                    pid: ahead.pid,
                    tid: *tid,
                    place_is_known: ahead.sampled,
                }),
            );
            let unseen = |thread: &Thread<T>| {
                thread.since_ns.is_some() && thread.seen.is_none() && thread.failed_looks < MAX_FAILED_LOOKS
            };
            let threads =
                self.threads.iter().filter(|(tid, thread)| unseen(thread) && !ahead.contains_key(*tid));
            candidates.extend(threads.map(|(tid, thread)| Candidate {
                pid: thread.pid,
                tid: *tid,
                place_is_known: thread.place.is_some(),
            }));
        }
        let all = candidates.len();
        let looks = looks.max(1);
        if all > looks {
            // Whether the place is known must not make a difference: those are the sampled switches.
            for index in 0..looks {
                let rest = u64::try_from(all - index).unwrap_or(u64::MAX);
                let other = usize::try_from(next_random(&mut self.random) % rest).unwrap_or_default();
                candidates.swap(index, index + other);
            }
            candidates.truncate(looks);
        }
        let (all, looks) = (u64::try_from(all).unwrap_or(u64::MAX), u64::try_from(looks).unwrap_or(u64::MAX));
        let stands_for_ns =
            if all > looks { distance_ns.saturating_mul(all) / looks.max(1) } else { distance_ns };
        Tick { distance_ns, stands_for_ns }
    }

    /// What came of looking at a thread, from the time of the tick to the end of the look, and in the order of time with
    /// its switches by that end. Counts if the thread was blocked all the while.
    pub fn looked_at(&mut self, tid: u32, began_ns: u64, ended_ns: u64, tick: Tick, place: Option<T>) {
        let Some(thread) = self.threads.get_mut(&tid) else { return };
        if thread.seen.is_some() || thread.since_ns.is_none_or(|since| since > began_ns) {
            return;
        }
        if let Some(place) = place {
            thread.place.get_or_insert(place);
        }
        match &thread.place {
            Some(_) => {
                let took_ns = ended_ns.saturating_sub(began_ns);
                thread.seen = Some(Seen { at_ns: began_ns, took_ns, tick });
            }
            None => thread.failed_looks = thread.failed_looks.saturating_add(1),
        }
    }

    /// The end of a window: what is blocked counts up to now. To be called after a tick and its looks.
    pub fn settle(&mut self, now_ns: u64, emit: &mut dyn FnMut(Blocked<'_, T>)) {
        let OffCpuOptions { sampled_switches, ticks, .. } = self.options;
        for (tid, thread) in &mut self.threads {
            let (Some(since_ns), Some(place)) = (thread.since_ns, &thread.place) else { continue };
            // Not seen and sampled: the thread blocked after the last tick. It counts when it wakes up.
            if thread.seen.is_none() && ticks {
                continue;
            }
            let weight = thread.weight(since_ns, now_ns, sampled_switches, &self.recent_ticks);
            let weight_ns = weight.saturating_sub(thread.counted_ns);
            if weight_ns > 0 {
                thread.counted_ns = weight;
                emit(Blocked { pid: thread.pid, tid: *tid, end_ns: now_ns, weight_ns, place });
            }
        }
    }

    /// How it counts.
    pub fn options(&self) -> &OffCpuOptions {
        &self.options
    }

    /// Changes how to count from now on.
    pub fn set_options(&mut self, options: OffCpuOptions) {
        self.options = options;
    }

    /// Forgets everything: records were lost, so that who is blocked is not known any more.
    pub fn forget(&mut self) {
        self.threads.clear();
    }

    /// The place of the thread, kept for as long as it is blocked.
    fn thread(&mut self, pid: u32, tid: u32) -> Option<&mut Thread<T>> {
        if self.threads.len() >= self.options.max_threads && !self.threads.contains_key(&tid) {
            self.dropped_threads += 1;
            return None;
        }
        Some(self.threads.entry(tid).or_insert_with(|| Thread::new(pid)))
    }

    /// A weight below the threshold becomes the threshold or nothing, of the same expectation.
    fn at_least_threshold(&mut self, weight: u64) -> u64 {
        let threshold = self.options.threshold_ns;
        if weight >= threshold {
            weight
        } else if next_random(&mut self.random) % threshold < weight {
            threshold
        } else {
            0
        }
    }
}

impl<T> Thread<T> {
    fn new(pid: u32) -> Self {
        Thread { pid, since_ns: None, place: None, period: 0, seen: None, counted_ns: 0, failed_looks: 0 }
    }

    /// What the wait counts if it ends now.
    fn weight(&self, since_ns: u64, now_ns: u64, sampled_switches: bool, recent_ticks: &[u64]) -> u64 {
        let duration = now_ns.saturating_sub(since_ns);
        match self.seen {
            Some(_) if sampled_switches => duration,
            Some(Seen { at_ns, took_ns, tick }) => {
                // Who was missed by a look has another chance at the next tick, if there is one.
                let first = match duration < tick.distance_ns {
                    true => for_look(tick.stands_for_ns, duration, took_ns),
                    false => tick.stands_for_ns,
                };
                if tick.stands_for_ns <= tick.distance_ns {
                    // Everybody was looked at, so the wait was found as soon as it met a tick.
                    first.max(duration)
                } else {
                    // The first look stands for the ticks that passed by, every later tick for itself.
                    let last =
                        recent_ticks.iter().copied().filter(|tick| *tick <= now_ns).max().unwrap_or(at_ns);
                    first.saturating_add(last.saturating_sub(at_ns))
                }
            }
            None => duration.saturating_mul(self.period),
        }
    }
}

/// A wait is missed if it ends while it is looked at: those that are not, stand for them.
fn for_look(stands_for_ns: u64, duration_ns: u64, took_ns: u64) -> u64 {
    let rest = duration_ns.saturating_sub(took_ns).max(duration_ns / 4).max(1);
    let weight = u128::from(stands_for_ns) * u128::from(duration_ns) / u128::from(rest);
    u64::try_from(weight).unwrap_or(u64::MAX)
}

/// Xorshift: quality is not needed, independence of the program that is profiled is.
pub(super) fn next_random(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random >> 11
}
