//! What benchmarks measure besides time: the CPU and memory of another process, and percentiles.

use anyhow::Context;
use std::time::Duration;

/// What a process has used so far, as Linux counts it.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessUsage {
    /// CPU time, user and system, of all its threads.
    pub cpu: Duration,
    /// Memory it holds now.
    pub resident_bytes: u64,
    /// The most memory it has held.
    pub peak_bytes: u64,
}

impl ProcessUsage {
    /// Reads `/proc`.
    pub fn of(pid: u32) -> anyhow::Result<ProcessUsage> {
        let stat_path = format!("/proc/{pid}/stat");
        let stat = std::fs::read_to_string(&stat_path).with_context(|| format!("read {stat_path}"))?;
        // The command name may hold spaces; fields are counted from the parenthesis that closes it.
        let (_, fields) = stat.rsplit_once(')').context("no command name in stat")?;
        let field = |number: usize| -> anyhow::Result<u64> {
            let text = fields.split_whitespace().nth(number - 3).context("short stat")?;
            text.parse().with_context(|| format!("field {number} of {stat_path}"))
        };
        // User and system time (proc(5), fields 14 and 15) in clock ticks, which Linux fixes at 100 a second.
        let cpu = Duration::from_millis((field(14)? + field(15)?) * 10);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("read status")?;
        Ok(ProcessUsage {
            cpu,
            resident_bytes: status_bytes(&status, "VmRSS:"),
            peak_bytes: status_bytes(&status, "VmHWM:"),
        })
    }
}

fn status_bytes(status: &str, key: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap_or("0");
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) * 1024
}

/// Percentiles of a set of durations.
#[derive(Clone, Copy, Debug, Default)]
pub struct Percentiles {
    /// Half are at most this.
    pub p50: Duration,
    /// 90 % are at most this.
    pub p90: Duration,
    /// 99 % are at most this.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

/// The percentiles of `durations`, by the nearest-rank method.
pub fn percentiles(durations: &mut [Duration]) -> Percentiles {
    durations.sort_unstable();
    let at = |percent: usize| {
        let rank = (durations.len() * percent).div_ceil(100).saturating_sub(1);
        durations.get(rank).copied().unwrap_or_default()
    };
    Percentiles { p50: at(50), p90: at(90), p99: at(99), max: at(100) }
}
