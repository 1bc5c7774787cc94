//! Programs compiled for a benchmark, run under one profiler or the other, in turns.

use anyhow::{Context, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A folder of programs.
pub(crate) struct Programs {
    folder: TempDir,
}

impl Programs {
    pub(crate) fn new() -> anyhow::Result<Programs> {
        Ok(Programs { folder: tempfile::tempdir()? })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Compiles C (`.c`) or C++ (`.cc`) with frame pointers, so that every way to walk stacks has what it needs.
    pub(crate) fn compile(
        &self,
        name: &str,
        file: &str,
        source: &str,
        flags: &[&str],
    ) -> anyhow::Result<PathBuf> {
        let from = self.path(file);
        std::fs::write(&from, source)?;
        let compiler = if file.ends_with(".cc") { "c++" } else { "cc" };
        let program = self.path(name);
        let status = Command::new(compiler)
            .args(["-O2", "-fno-omit-frame-pointer", "-o"])
            .arg(&program)
            .arg(&from)
            .args(flags)
            .status()
            .with_context(|| format!("start {compiler}"))?;
        if !status.success() {
            bail!("{compiler} cannot compile {file}");
        }
        Ok(program)
    }
}

/// What a program runs under.
#[derive(Clone, Debug)]
pub(crate) enum Under {
    /// Nothing.
    Nothing,
    /// `vesta run` with these options.
    Vesta(Vec<String>),
    /// `perf record` with this frequency and this call graph.
    Perf(u32, &'static str),
}

impl Under {
    pub(crate) fn vesta(options: &[&str]) -> Under {
        Under::Vesta(options.iter().map(|&option| option.to_owned()).collect())
    }

    pub(crate) fn name(&self) -> String {
        match self {
            Under::Nothing => "alone".to_owned(),
            Under::Vesta(options) => format!("vesta run {}", options.join(" ")),
            Under::Perf(hertz, graph) => format!("perf record -F {hertz} --call-graph {graph}"),
        }
    }

    fn command(&self, vesta: &Path, programs: &Programs) -> Command {
        match self {
            Under::Nothing => Command::new("env"),
            Under::Vesta(options) => {
                let mut command = Command::new(vesta);
                command.arg("run").arg("-o").arg(programs.path("profile.pb.gz")).args(options);
                command
            }
            Under::Perf(hertz, graph) => {
                let mut command = Command::new("perf");
                command.args(["record", "-q", "-F", &hertz.to_string(), "--call-graph", graph, "-o"]);
                command.arg(programs.path("perf.data")).arg("--");
                command
            }
        }
    }

    /// Runs a program to its end; the CPU time that it says it took, in nanoseconds.
    pub(crate) fn cpu_ns(
        &self,
        vesta: &Path,
        programs: &Programs,
        program: &[&OsStr],
    ) -> anyhow::Result<f64> {
        let mut command = self.command(vesta, programs);
        // The environment lies above the stack. With this much, every copy of the stack is a full one, which costs the most.
        command.args(program).env("PADDING", "x".repeat(40_000)).stdin(Stdio::null()).stderr(Stdio::piped());
        let output = command.output().with_context(|| format!("start {command:?}"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let number =
            text.lines().find_map(|line| line.strip_prefix("cpu_ns ")).and_then(|number| number.parse().ok());
        number.with_context(|| format!("{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// What came of many turns: for each way, the CPU time of each turn.
pub(crate) struct Turns {
    ways: Vec<(Under, Vec<f64>)>,
}

impl Turns {
    /// Runs the program in every way, one after the other, so many times. The first turn warms up and does not count;
    /// every turn begins with another way, so that none is always after the same.
    pub(crate) fn take(
        vesta: &Path,
        programs: &Programs,
        program: &[&OsStr],
        ways: Vec<Under>,
        turns: usize,
    ) -> anyhow::Result<Turns> {
        let mut ways: Vec<(Under, Vec<f64>)> = ways.into_iter().map(|way| (way, Vec::new())).collect();
        for turn in 0..=turns {
            for position in 0..ways.len() {
                let index = (position + turn) % ways.len();
                let time = ways[index].0.cpu_ns(vesta, programs, program)?;
                if turn > 0 {
                    ways[index].1.push(time);
                }
            }
        }
        Ok(Turns { ways })
    }

    pub(crate) fn ways(&self) -> impl Iterator<Item = &Under> {
        self.ways.iter().map(|(way, _)| way)
    }

    /// The median time of a way.
    pub(crate) fn median(&self, way: usize) -> f64 {
        median(self.ways[way].1.clone())
    }

    /// The least time of a way: the turn that was disturbed the least.
    pub(crate) fn least(&self, way: usize) -> f64 {
        self.ways[way].1.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// How much more a way took than the first, in percent: the median over turns of both in the same turn, and its
    /// spread from the first quartile to the third.
    pub(crate) fn slowdown(&self, way: usize) -> (f64, f64, f64) {
        let pairs = self.ways[way].1.iter().zip(&self.ways[0].1);
        let mut ratios: Vec<f64> = pairs.map(|(time, alone)| (time / alone - 1.0) * 100.0).collect();
        ratios.sort_by(f64::total_cmp);
        let quartile = |quarter: usize| ratios[(ratios.len() - 1) * quarter / 4];
        (median(ratios.clone()), quartile(1), quartile(3))
    }
}

/// The median; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[length / 2],
        length => f64::midpoint(values[length / 2 - 1], values[length / 2]),
    }
}
