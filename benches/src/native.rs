//! The native profiler beside `perf record`: what it costs the program, what it costs itself, what it misses.
//!
//! Machines are noisy, so everything that is compared runs in turns, many times over, and counts the CPU time of the
//! program alone, as the program itself reads it. What a sample costs at 99 Hz is too little to be seen in one run of a
//! second; it is measured at a higher frequency as well, where it can be.

mod agent;
mod allocations;
mod cpu;
mod host;
mod runs;

use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The program to measure. Default: `vesta` in the folder of this program.
    #[arg(long, global = true)]
    vesta: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
enum What {
    /// What sampling costs a program that computes: nothing, vesta, perf with stacks and with frame pointers.
    Cpu(cpu::Arguments),
    /// What watching allocations costs: a program that allocates as programs do, and one that does nothing else.
    Allocations(allocations::Arguments),
    /// What watching the whole host costs, with many processes; what is lost and truncated.
    Host(host::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let vesta = match &arguments.vesta {
        Some(vesta) => vesta.clone(),
        None => std::env::current_exe()?.with_file_name("vesta"),
    };
    anyhow::ensure!(
        vesta.exists(),
        "{} is missing: build it with `cargo build --release -p vesta`",
        vesta.display()
    );
    match &arguments.what {
        What::Cpu(arguments) => cpu::run(&vesta, arguments),
        What::Allocations(arguments) => allocations::run(&vesta, arguments),
        What::Host(arguments) => host::run(&vesta, arguments),
    }
}
