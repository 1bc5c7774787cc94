//! How a sampler sees where threads are blocked: by looking at them, from the stacks of some switches, or by chance.

use super::super::blocked::Looker;
use super::super::off_cpu::{AheadOf, OffCpu, OffCpuOptions};
use super::super::record::Record;
use super::super::usage::monotonic_ns;
use super::super::{system, threads};
use super::Sampler;
use super::blocked_threads::{LookBudget, OffCpuState, hand_out_blocked};
use crate::event_spec::{Cadence, EventKind};
use hashbrown::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Records of switches per CPU and second, on average over a second. Each costs the target 0.3 µs and the sampler 0.08 µs
/// (measured), so that is 0.4 % of the CPU. Beyond it the durations of waits are not followed any more.
const MAX_SWITCHES: u64 = 10_000;

impl Sampler {
    /// Where threads are blocked is looked at, which counts short and long waits right at a bounded cost. Where that is not
    /// permitted, some of the switches carry a stack, which needs the kernel's half.
    pub(super) fn choose_how_to_see_blocked(&mut self) {
        self.looks = self.pids().iter().any(|pid| Looker::is_permitted(*pid));
        if self.looks {
            for wanted in self.wanted.iter_mut().filter(|wanted| wanted.switches) {
                wanted.without_samples();
            }
        }
    }

    /// Whether a thread is blocked is known from its next switch on; who is asleep already has to be asked.
    pub(super) fn start_off_cpu(&mut self) {
        let Some(event) = self.options.events.iter().position(|event| event.kind == EventKind::OffCpu) else {
            return;
        };
        let Some(Cadence::Frequency(hertz)) = self.options.events.get(event).map(|event| event.cadence)
        else {
            return;
        };
        let stack_bytes = self.options.events.get(event).and_then(|event| event.stack_bytes);
        let stack_bytes = stack_bytes.unwrap_or(self.options.stack_bytes);
        if !self.looks && !self.includes_kernel {
            self.warnings.push(String::from(
                "where threads are blocked cannot be seen: that needs the right to trace the target (the same user, and \
                 kernel.yama.ptrace_scope at 0, or the capability SYS_PTRACE), or to sample the kernel",
            ));
        }
        let now = monotonic_ns();
        let tick = Duration::from_nanos(1_000_000_000 / hertz.clamp(1, 1000));
        let options = OffCpuOptions {
            sampled_switches: !self.looks
                && self.wanted.iter().any(|wanted| wanted.switches && wanted.format.user),
            ticks: self.looks,
            threshold_ns: u64::try_from(self.options.off_cpu_threshold.as_nanos()).unwrap_or(u64::MAX),
            max_threads: 1 << 16,
        };
        let mut machine = OffCpu::new(options, now);
        let mut all_threads = HashMap::default();
        for pid in self.pids() {
            for tid in threads::of_process(pid) {
                all_threads.insert(tid, pid);
                if !self.common.on_exec && threads::is_asleep(pid, tid) {
                    machine.switched_out(pid, tid, now, false);
                }
            }
        }
        self.off_cpu = Some(OffCpuState {
            event,
            machine,
            looker: Looker::new(stack_bytes),
            tick,
            next_tick_ns: now,
            place_bytes: Arc::default(),
            dropped_places: 0,
            candidates: Vec::new(),
            ahead: AheadOf::default(),
            budget: LookBudget::new(now),
            threads: all_threads,
            switches: (0, now),
            by_chance: false,
            random: now | 1,
        });
    }

    /// Looks at blocked threads, if it is time.
    pub(super) fn tick(&mut self, now: u64) {
        let Some(off_cpu) = &mut self.off_cpu else { return };
        if now < off_cpu.next_tick_ns {
            return;
        }
        let tick = u64::try_from(off_cpu.tick.as_nanos()).unwrap_or(u64::MAX);
        off_cpu.next_tick_ns = (off_cpu.next_tick_ns + tick).max(now + tick / 2);
        if off_cpu.by_chance {
            off_cpu.look_by_chance(now, &mut self.queue);
            return;
        }
        off_cpu.look_ahead(&mut self.queue, &self.formats);
        let looks = off_cpu.budget.looks(now);
        let tick = off_cpu.machine.tick(now, &off_cpu.ahead, looks, &mut off_cpu.candidates);
        let mut looks = 0;
        for candidate in off_cpu.candidates.drain(..) {
            looks += u64::from(!candidate.place_is_known);
            off_cpu.looker.look(candidate, now, tick, &mut self.queue);
        }
        off_cpu.budget.spend(looks, monotonic_ns().saturating_sub(now));
    }

    /// Stops following switches if they are too frequent.
    pub(super) fn bound_switches(&mut self, take: &mut dyn FnMut(Record<'_>)) {
        let cpus = u64::try_from(self.rings.len()).unwrap_or(1);
        let Some(off_cpu) = self.off_cpu.as_mut().filter(|off_cpu| self.looks && !off_cpu.by_chance) else {
            return;
        };
        let now = monotonic_ns();
        let (count, since_ns) = off_cpu.switches;
        let elapsed = now.saturating_sub(since_ns);
        if elapsed < 1_000_000_000 {
            return;
        }
        off_cpu.switches = (0, now);
        let per_second = u128::from(count) * 1_000_000_000 / u128::from(elapsed);
        if per_second <= u128::from(MAX_SWITCHES * cpus) {
            return;
        }
        let (event, formats) = (off_cpu.event, &self.formats);
        off_cpu.machine.settle(now, &mut |blocked| hand_out_blocked(&blocked, event, formats, take));
        off_cpu.machine.forget();
        off_cpu.by_chance = true;
        self.disable_switches();
        self.warnings.push(format!(
            "the target switches between threads {per_second} times a second, more than {}: where threads are blocked is \
             sampled, and their exact durations are not known",
            MAX_SWITCHES * cpus
        ));
    }

    pub(super) fn disable_switches(&self) {
        for event in self.rings.iter().flat_map(|ring| &ring.events) {
            if self.wanted.get(event.wanted).is_some_and(|wanted| wanted.switches) {
                let _ = system::disable(&event.fd);
            }
        }
    }
}
