//! What watching allocations costs.

use crate::native::runs::{Programs, Turns, Under};
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many times each way is measured.
    #[arg(long, default_value_t = 15)]
    turns: usize,
    /// Millions of steps of the program that works between its allocations; 1,000 are some 1.4 seconds.
    #[arg(long, default_value_t = 1000)]
    steps: u32,
    /// Rounds of the program that does little else than to allocate.
    #[arg(long, default_value_t = 5000)]
    rounds: u32,
    /// Millions of pairs of malloc and free of the program that does nothing else.
    #[arg(long, default_value_t = 100)]
    millions: u32,
}

pub(crate) fn run(vesta: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let programs = Programs::new()?;
    let words = programs.compile("words", "words.cc", include_str!("programs/words.cc"), &[])?;
    let pairs = programs.compile("pairs", "pairs.c", include_str!("programs/pairs.c"), &[])?;
    let ways = || {
        vec![
            Under::Nothing,
            // Hooked, and for all practical purposes never sampled.
            Under::vesta(&["--event", "sALLOC period=1000000000000000"]),
            Under::vesta(&["--event", "sALLOC"]),
            Under::vesta(&["--event", "sALLOC mode=sl"]),
        ]
    };

    let steady = programs.compile("steady", "steady.c", include_str!("programs/steady.c"), &[])?;
    let (steps, rounds) = (arguments.steps.to_string(), arguments.rounds.to_string());
    for (what, command) in [
        ("1,000 bytes every 10 µs of work, 100 MB a second", [steady.as_os_str(), steps.as_ref()]),
        (
            "maps of strings, built and thrown away, more than 1 GB a second",
            [words.as_os_str(), rounds.as_ref()],
        ),
    ] {
        let turns = Turns::take(vesta, &programs, &command, ways(), arguments.turns)?;
        println!("{what}:\n");
        println!("| under | CPU time of the program, median | slowdown, median (quartiles) | of the least |");
        println!("| --- | --- | --- | --- |");
        for (way, under) in turns.ways().enumerate() {
            let (median, first, third) = turns.slowdown(way);
            println!(
                "| {} | {:.1} ms | {median:+.2} % ({first:+.2} to {third:+.2}) | {:+.2} % |",
                under.name(),
                turns.median(way) / 1e6,
                (turns.least(way) / turns.least(0) - 1.0) * 100.0
            );
        }
        println!();
    }

    let millions = arguments.millions.to_string();
    let command = [pairs.as_os_str(), millions.as_ref()];
    let turns = Turns::take(vesta, &programs, &command, ways(), arguments.turns)?;
    let count = f64::from(arguments.millions) * 1e6;
    println!("malloc(64) and free, and nothing else:\n");
    println!("| under | CPU time of a pair, median | least | more than alone, of medians | of the least |");
    println!("| --- | --- | --- | --- | --- |");
    for (way, under) in turns.ways().enumerate() {
        let (median, least) = (turns.median(way) / count, turns.least(way) / count);
        println!(
            "| {} | {median:.2} ns | {least:.2} ns | {:+.2} ns | {:+.2} ns |",
            under.name(),
            median - turns.median(0) / count,
            least - turns.least(0) / count
        );
    }
    Ok(())
}
