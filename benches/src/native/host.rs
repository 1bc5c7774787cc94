//! What watching the whole host costs, with many processes.

use crate::native::agent::Agent;
use crate::native::runs::Programs;
use anyhow::Context;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use vesta_benches::ProcessUsage;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Processes to watch, of twenty different programs.
    #[arg(long, default_value_t = 200)]
    processes: usize,
    /// How long to watch them, after a period of warming up.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// How often a profile is sent. The product's own period by default.
    #[arg(long, default_value_t = 59)]
    period: u64,
    /// Milliseconds between two requests of a process.
    #[arg(long, default_value_t = 400)]
    pause: u32,
}

/// Ends its processes when it is dropped.
struct Children(Vec<Child>);

impl Drop for Children {
    fn drop(&mut self) {
        for child in &mut self.0 {
            // Nothing to do about a process that is gone already.
            drop(child.kill());
            drop(child.wait());
        }
    }
}

pub(crate) fn run(vesta: &Path, arguments: &Arguments) -> anyhow::Result<()> {
    const PROGRAMS: usize = 20;
    let programs = Programs::new()?;
    let source = include_str!("programs/service.cc");
    let mut binaries = Vec::new();
    for number in 0..PROGRAMS {
        let flags = [format!("-DVARIANT={number}"), "-g".to_owned()];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        binaries.push(programs.compile(&format!("service-{number}"), "service.cc", source, &flags)?);
    }
    let mut services = Children(Vec::new());
    for number in 0..arguments.processes {
        let mut command = Command::new(&binaries[number % PROGRAMS]);
        let pause = arguments.pause.to_string();
        services.0.push(command.arg(pause).stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?);
    }

    let agent = Agent::start()?;
    let mut profiler = Children(vec![
        Command::new(vesta)
            .args(["host", "--maximum-pids=-1", "--url", &agent.url])
            .args(["--upload-period", &arguments.period.to_string()])
            .spawn()
            .context("start vesta host")?,
    ]);
    let pid = profiler.0[0].id();
    let first = agent.next(Duration::from_secs(arguments.period + 60))?;
    let host = HostUsage::now()?;
    let (start, before) = (Instant::now(), ProcessUsage::of(pid)?);
    std::thread::sleep(Duration::from_secs(arguments.seconds));
    let (elapsed, after, host) = (start.elapsed(), ProcessUsage::of(pid)?, HostUsage::now()?.since(host));
    Command::new("kill").args(["-s", "INT", &pid.to_string()]).status()?;
    profiler.0[0].wait()?;

    let periods = std::iter::once(first).chain(agent.rest()).collect::<Vec<_>>();
    let sum = |name: &str| periods.iter().map(|period| period.get(name)).sum::<f64>();
    let samples = sum("sample.count");
    let own = after.cpu.saturating_sub(before.cpu);
    println!(
        "{} processes of {PROGRAMS} programs, {:.0} s, the host {:.0} % busy:",
        arguments.processes,
        elapsed.as_secs_f64(),
        host.busy * 100.0
    );
    println!("| figure | measured |");
    println!("| --- | --- |");
    let all = elapsed.as_secs_f64() * host.cpus;
    println!(
        "| CPU of the profiler | {:.2} s, {:.2} % of the host, {:.2} % of one CPU |",
        own.as_secs_f64(),
        own.as_secs_f64() / all * 100.0,
        own.as_secs_f64() / elapsed.as_secs_f64() * 100.0
    );
    let mebibytes = |bytes: u64| bytes / (1 << 20);
    println!(
        "| resident memory | {} MiB, at most {} MiB |",
        mebibytes(after.resident_bytes),
        mebibytes(after.peak_bytes)
    );
    println!("| samples | {samples} in {} periods |", periods.len());
    let percent = |part: f64| part * 100.0 / samples.max(1.0);
    for (what, name) in [
        ("lost", "event.lost"),
        ("truncated, the copy of the stack ended", "unwind.stack.truncated_input"),
        ("incomplete, no way to go on", "unwind.stack.incomplete"),
        ("cut at the most frames", "unwind.stack.truncated_output"),
    ] {
        println!("| {what} | {:.3} % |", percent(sum(name)));
    }
    let (of_services, truncated) = agent.samples_of_services();
    println!("| truncated, of {of_services} samples of the {PROGRAMS} programs alone | {truncated} |");
    let last = periods.last().context("no period")?;
    println!(
        "| unwinding, per stack | {:.2} µs of {:.0} frames |",
        last.get("unwind.avg_time_ns") / 1000.0,
        last.get("unwind.stack.avg_depth")
    );
    Ok(())
}

/// How busy the host is, of `/proc/stat`.
#[derive(Clone, Copy)]
struct HostUsage {
    cpus: f64,
    busy: f64,
    total: f64,
}

impl HostUsage {
    fn now() -> anyhow::Result<HostUsage> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let mut lines = stat.lines();
        let first = lines.next().context("empty /proc/stat")?;
        let numbers: Vec<f64> =
            first.split_whitespace().skip(1).filter_map(|number| number.parse().ok()).collect();
        let idle: f64 = numbers.iter().skip(3).take(2).sum();
        let total: f64 = numbers.iter().take(8).sum();
        let cpus = lines.take_while(|line| line.starts_with("cpu")).count();
        Ok(HostUsage { cpus: u32::try_from(cpus).map(f64::from)?, busy: total - idle, total })
    }

    /// `busy` becomes the share that was busy in between.
    fn since(self, before: HostUsage) -> HostUsage {
        HostUsage { busy: (self.busy - before.busy) / (self.total - before.total).max(1.0), ..self }
    }
}
