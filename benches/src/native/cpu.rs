//! What sampling costs a program that computes.

use crate::native::agent::Agent;
use crate::native::runs::{Programs, Turns, Under};
use std::path::Path;
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many times each way is measured.
    #[arg(long, default_value_t = 15)]
    turns: usize,
    /// Millions of steps of the program; 1,000 are some 1.4 seconds.
    #[arg(long, default_value_t = 1500)]
    millions: u32,
    /// The high frequency at which the cost of a sample is measured.
    #[arg(long, default_value_t = 1999)]
    high: u32,
}

pub(crate) fn run(vesta: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    let programs = Programs::new()?;
    let program = programs.compile("work", "work.c", include_str!("programs/work.c"), &[])?;
    let millions = arguments.millions.to_string();
    let command = [program.as_os_str(), millions.as_ref()];

    println!(
        "| under | CPU time of the program, median | least | slowdown, median (quartiles) | of the least |"
    );
    println!("| --- | --- | --- | --- | --- |");
    let events = |hertz: u32| format!("sCPU freq={hertz}");
    let (usual, often) = (events(99), events(arguments.high));
    let ways = |hertz: u32, event: &str| {
        vec![
            Under::Nothing,
            Under::vesta(&["--budget", "0", "--event", event]),
            Under::Perf(hertz, "dwarf"),
            Under::Perf(hertz, "fp"),
        ]
    };
    let turns = Turns::take(vesta, &programs, &command, ways(99, &usual), arguments.turns)?;
    show(&turns);
    let turns = Turns::take(vesta, &programs, &command, ways(arguments.high, &often), arguments.turns)?;
    show(&turns);
    println!();
    for (way, under) in turns.ways().enumerate().skip(1) {
        let alone = turns.median(0);
        let samples = f64::from(arguments.high) * alone / 1e9;
        let (slowdown, ..) = turns.slowdown(way);
        let per_sample = alone * slowdown / 100.0 / samples;
        println!(
            "{}: {:.1} µs of the program's time per sample, which at 99 Hz is {:.2} %",
            under.name(),
            per_sample / 1000.0,
            per_sample * 99.0 / 1e9 * 100.0
        );
    }
    unwinding(vesta, &program, &millions)
}

fn show(turns: &Turns) {
    for (way, under) in turns.ways().enumerate() {
        let (median, first, third) = turns.slowdown(way);
        println!(
            "| {} | {:.1} ms | {:.1} ms | {median:+.2} % ({first:+.2} to {third:+.2}) | {:+.2} % |",
            under.name(),
            turns.median(way) / 1e6,
            turns.least(way) / 1e6,
            (turns.least(way) / turns.least(0) - 1.0) * 100.0
        );
    }
}

/// How long the profiler takes for a stack, as it counts it itself.
fn unwinding(vesta: &Path, program: &Path, millions: &str) -> anyhow::Result<()> {
    let agent = Agent::start()?;
    let status = Command::new(vesta)
        .args(["run", "--budget", "0", "--event", "sCPU freq=999", "--url", &agent.url])
        .arg(program)
        .arg(millions)
        .env("PADDING", "x".repeat(40_000))
        .stdout(std::process::Stdio::null())
        .status()?;
    anyhow::ensure!(status.success(), "vesta run ends with {status}");
    let metrics = agent.first()?;
    let (time, depth) = (metrics.get("unwind.avg_time_ns"), metrics.get("unwind.stack.avg_depth"));
    println!(
        "unwinding: {:.2} µs per stack of {depth:.0} frames on average, {:.2} µs per 30 frames; {} samples, {} lost, {} truncated",
        time / 1000.0,
        time / depth.max(1.0) * 30.0 / 1000.0,
        metrics.get("sample.count"),
        metrics.get("event.lost"),
        metrics.get("unwind.stack.truncated_input")
    );
    Ok(())
}
