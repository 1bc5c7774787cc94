//! A program that profiles itself: `DD_TRACE_AGENT_URL=http://localhost:8126 cargo run --example in_process`.

use std::hint::black_box;
use std::time::Duration;
use vesta_profiling::{Profiler, StartError};

/// What the profile has to show.
#[inline(never)]
fn collatz(start: u64) -> u64 {
    let mut steps = 0;
    let mut number = start;
    while number != 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { number * 3 + 1 };
        steps += 1;
    }
    steps
}

fn main() -> Result<(), StartError> {
    let profiler = Profiler::builder().service("collatz").environment("dev").version("1.0").start()?;
    let longest = (1..3_000_000_u64).map(|start| black_box(collatz(start))).max();
    let is_sent = profiler.stop(Duration::from_secs(5));
    assert!(longest.is_some() && is_sent, "the profile did not get out in time");
    Ok(())
}
