//! Keeps the profiler's own CPU time within what it may cost.

use crate::Budget;
use std::time::Duration;

/// Time that may be saved up: a start, or a library with much debug information, may take a minute's share at once.
const SAVED: Duration = Duration::from_secs(60);
/// How long a change is left to show what it does.
const PATIENCE: Duration = Duration::from_secs(10);
/// Beyond this, samples are too rare to tell anything.
const MOST: u32 = 16;

/// Decides how often to sample. CPU time is paid from an account that fills with time; when it is overdrawn, the
/// frequency is halved, and doubled again when half of what can be saved is there.
#[derive(Debug)]
pub(crate) struct Governor {
    budget: Budget,
    cpus: usize,
    balance_ns: f64,
    since_change: Duration,
    divisor: u32,
}

impl Governor {
    pub(crate) fn new(budget: Budget, cpus: usize) -> Self {
        let balance_ns = budget.allowance(SAVED, cpus).map_or(0.0, nanoseconds);
        Governor { budget, cpus, balance_ns, since_change: Duration::ZERO, divisor: 1 }
    }

    /// What the frequency is divided by.
    pub(crate) fn divisor(&self) -> u32 {
        self.divisor
    }

    /// Takes what the profiler cost in this time. Whether the divisor changed.
    pub(crate) fn spend(&mut self, elapsed: Duration, cpu: Duration) -> bool {
        let Some(allowance) = self.budget.allowance(elapsed, self.cpus) else { return false };
        let most = self.budget.allowance(SAVED, self.cpus).map_or(0.0, nanoseconds);
        self.balance_ns = (self.balance_ns + nanoseconds(allowance) - nanoseconds(cpu)).clamp(-most, most);
        self.since_change = self.since_change.saturating_add(elapsed);
        if self.since_change < PATIENCE {
            return false;
        }
        if self.balance_ns < 0.0 && self.divisor < MOST {
            self.change(self.divisor * 2, 0.0);
            return true;
        }
        if self.balance_ns > most / 2.0 && self.divisor > 1 {
            self.change(self.divisor / 2, most / 4.0);
            return true;
        }
        false
    }

    fn change(&mut self, divisor: u32, balance_ns: f64) {
        self.divisor = divisor;
        self.balance_ns = balance_ns;
        self.since_change = Duration::ZERO;
    }
}

fn nanoseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BudgetOf;

    fn run(governor: &mut Governor, seconds: u64, share: f64) {
        for _ in 0..seconds {
            governor.spend(Duration::from_secs(1), Duration::from_secs_f64(share));
        }
    }

    #[test]
    fn the_frequency_is_halved_beyond_the_budget_and_restored_below() {
        let mut governor = Governor::new(Budget { share: 0.01, of: BudgetOf::Host }, 2);
        run(&mut governor, 300, 0.019);
        assert_eq!(governor.divisor(), 1);
        run(&mut governor, 300, 0.03);
        assert!(governor.divisor() >= 2, "{governor:?}");
        run(&mut governor, 3000, 0.5);
        assert_eq!(governor.divisor(), 16);
        run(&mut governor, 3000, 0.001);
        assert_eq!(governor.divisor(), 1);
    }

    #[test]
    fn no_share_is_no_limit() {
        let mut governor = Governor::new(Budget { share: 0.0, of: BudgetOf::Host }, 2);
        run(&mut governor, 300, 2.0);
        assert_eq!(governor.divisor(), 1);
    }
}
