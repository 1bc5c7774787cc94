//! How long a large tree takes and how much memory on top of its input: `tree_memory [STACKS] [ROUNDS]`.
//!
//! Peaks are those of the kernel for the whole process (Linux), reset before every round, so the finished tree and
//! everything used on the way are in them.
#![expect(
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a measurement prints what it measures, and its numbers are small"
)]

#[path = "../benches/workload/stacks.rs"]
mod stacks;

use std::time::Instant;
use vesta_profile::{FlameTree, FunctionTable, Granularity};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<u32>().unwrap_or(1));
    let (count, rounds) = (arguments.next().unwrap_or(3_000_000), arguments.next().unwrap_or(7));
    let profile = stacks::profile(count);
    let mut millis = Vec::new();
    for round in 0..rounds {
        reset_peak();
        let before = kilobytes("VmRSS:");
        let (start, cpu) = (Instant::now(), cpu_nanos());
        let functions = FunctionTable::new(&profile.strings, &profile.frames, Granularity::Function);
        let values = profile.samples.stacks.iter().copied().zip(profile.samples.values[0].iter().copied());
        let tree = FlameTree::from_stacks(&functions, &profile.stacks, values);
        let (elapsed, cpu) = (start.elapsed(), (cpu_nanos() - cpu) / 1_000_000);
        let extra = kilobytes("VmHWM:").saturating_sub(before) / 1000;
        millis.push(cpu);
        if round == 0 {
            let frames: usize = profile.stacks.iter().map(<[_]>::len).sum();
            println!("{count} stacks, {:.1} frames each", frames as f64 / f64::from(count));
        }
        println!(
            "{} nodes in {cpu} ms on a core ({} ms elapsed), {extra} MB on top of the input",
            tree.len(),
            elapsed.as_millis()
        );
        assert_eq!(tree.total(), profile.samples.total(0));
    }
    millis.sort_unstable();
    println!("minimum {} ms, median {} ms on a core", millis[0], millis[millis.len() / 2]);
}

/// Forgets the highest memory use so far (proc(5), `clear_refs`). Where that is not allowed the first round counts.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Time this process has run on a core: what others do on the machine is not in it.
fn cpu_nanos() -> u64 {
    let times = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    times.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn kilobytes(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0)
}
